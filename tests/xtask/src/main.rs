//! The project's own commands. `cargo xtask help` lists them.

mod campaign;
mod check;
mod demo;
mod stage;
mod statetests;
mod tasks;

use std::{env, path::PathBuf, process::ExitCode};

const HELP: &str = "\
The project's own commands.

Usage: cargo xtask <COMMAND>

  demo    Builds everything, then deploys and calls contracts through the plugins
  test    Builds everything, then runs every test
  check   Format, clippy, documentation and tidiness; what CI runs after the tests
  bench   Runs the benches; names filter them: `cargo xtask bench evm`. `bench statetests` times
          the official state tests here and on revme
  campaign
          Long runs of what tests do in short: `campaign nodes [--blocks COUNT] [--seed NUMBER]` plays
          random histories on several nodes that must agree
  stage   Builds the plugins and the program, and puts them into target/release/plugins
  help    Prints this
";

/// Result of a task: what failed, in one line.
pub(crate) type Outcome = Result<(), String>;

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let command = arguments.next().unwrap_or_else(|| "help".into());
    let rest: Vec<String> = arguments.collect();
    let outcome = match command.as_str() {
        "demo" => stage::stage().and_then(|()| demo::run()),
        "test" => tasks::test(&rest),
        "check" => check::run(),
        "campaign" => campaign::run(&rest),
        "bench" => match rest.split_first() {
            Some((first, rest)) if first == "statetests" => statetests::bench(rest),
            _ => tasks::bench(&rest),
        },
        "stage" => stage::stage(),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        other => Err(format!("no command `{other}`\n\n{HELP}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Root of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).map(PathBuf::from).unwrap_or(here)
}

/// Folder of the optimised profile's artefacts.
pub(crate) fn artefacts() -> PathBuf {
    let target =
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    target.join("release")
}
