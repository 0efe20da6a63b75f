//! `proz NAME …`: runs the program `proz-NAME`, as cargo and git do.
//!
//! So a VM brings tools of its own, and this program knows none of them.

use crate::{
    args::Program,
    error::{CliError, Outcome},
};
use clap::CommandFactory as _;
use std::{
    collections::BTreeSet,
    env,
    env::consts::EXE_SUFFIX,
    ffi::{OsStr, OsString},
    path::PathBuf,
    process::{Command, ExitCode},
};
use strsim::osa_distance;

/// Runs `proz-NAME` with the words behind the name; the first word is the name.
pub(crate) fn run(words: &[OsString]) -> Outcome {
    let Some((name, arguments)) = words.split_first() else {
        return Err(CliError::new("expected a command"));
    };
    let shown = name.display();
    let Some(program) = find(name) else {
        let error = CliError::new(format!("there is no command `{shown}`"));
        let name = name.to_string_lossy();
        return Err(match closest(&name, &known()) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint(format!(
                "`proz help` lists the commands; a program `proz-{name}` beside `proz` or in PATH would be one"
            )),
        });
    };
    if env::args_os().nth(1).as_deref() != Some(name) {
        return Err(CliError::new(format!(
            "options before `{shown}` do not reach the program `proz-{shown}`"
        ))
        .hint(format!("write them behind `{shown}`")));
    }
    replace(Command::new(&program).args(arguments), &program)
}

/// `proz help NAME` for a command that is a program of its own: its own help.
pub(crate) fn help() -> Option<ExitCode> {
    let mut words = env::args_os().skip(1);
    let (first, name) = (words.next()?, words.next()?);
    if first != "help" || own().contains(&*name.to_string_lossy()) {
        return None;
    }
    let program = find(&name)?;
    let mut command = Command::new(&program);
    command.args(words).arg("--help");
    Some(replace(&mut command, &program).unwrap_or_else(|error| error.report()))
}

/// Becomes another program, so that it alone receives the signals of the terminal.
#[cfg(unix)]
fn replace(command: &mut Command, program: &std::path::Path) -> Outcome {
    use std::os::unix::process::CommandExt as _;
    let error = command.exec();
    Err(CliError::because(
        format!("cannot run `{}`", program.display()),
        error,
    ))
}

/// Runs another program and ends as it does.
#[cfg(not(unix))]
fn replace(command: &mut Command, program: &std::path::Path) -> Outcome {
    let status = command
        .status()
        .map_err(|error| CliError::because(format!("cannot run `{}`", program.display()), error))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(crate::error::UNUSABLE)))
}

/// The program of a command: beside this one, else in PATH.
fn find(name: &OsStr) -> Option<PathBuf> {
    let text = name.to_str()?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if text.is_empty() || !text.chars().all(is_name) {
        return None;
    }
    let file = format!("proz-{text}{EXE_SUFFIX}");
    let places = folders().into_iter().map(|folder| folder.join(&file));
    places.into_iter().find(|path| path.is_file())
}

/// Where programs are looked for, in this order.
fn folders() -> Vec<PathBuf> {
    let own = env::current_exe().ok();
    let own = own.and_then(|program| Some(program.parent()?.to_owned()));
    let path = env::var_os("PATH").unwrap_or_default();
    own.into_iter().chain(env::split_paths(&path)).collect()
}

/// Commands of this program.
fn own() -> BTreeSet<String> {
    let command = Program::command();
    let names = command.get_subcommands().map(clap::Command::get_name);
    names.chain(["help"]).map(ToOwned::to_owned).collect()
}

/// Commands of this program, and those that are programs of their own.
fn known() -> BTreeSet<String> {
    let files = folders()
        .into_iter()
        .filter_map(|folder| folder.read_dir().ok())
        .flatten()
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().into_string().ok());
    let external = files.filter_map(|file| {
        let name = file.strip_prefix("proz-")?.strip_suffix(EXE_SUFFIX)?;
        // Not what a compiler leaves beside a program.
        (!name.contains('.')).then(|| name.to_owned())
    });
    own().into_iter().chain(external).collect()
}

/// The known name that differs least, if it differs little.
fn closest<'a>(name: &str, known: &'a BTreeSet<String>) -> Option<&'a str> {
    let near = known
        .iter()
        .map(|candidate| (osa_distance(name, candidate), candidate.as_str()));
    let (distance, best) = near.min()?;
    (distance <= 1 + name.chars().count() / 4).then_some(best)
}
