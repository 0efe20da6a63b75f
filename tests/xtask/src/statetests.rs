//! The official state tests on this host and on revm's own runner, side by side.
//!
//! Both programs read the same unpacked files, take turns, and are measured by the CPU time of the
//! whole process, user and system, so that the number of cores and other work on the machine
//! matter little. Files that revme passes over are left out for both.

use crate::{Outcome, artefacts, root, stage};
use std::{
    env, fs,
    io::BufReader,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const HELP: &str = "\
Usage: cargo xtask bench statetests [--peer PROGRAM] [--rounds COUNT] [CORPUS…]

The peer is `revme`, looked for in PATH unless it is named:
cargo install revme --version 43.0.3 --locked";

/// Turns of each program; the least counts.
const ROUNDS: u32 = 3;

/// Clock ticks of /proc in a second, on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// Largest window of the archives, as a power of two.
const WINDOW_LOG: u32 = 27;

/// Files that revme 43.0.3 passes over: those whose outcome it does not have, and slow ones.
const PASSED_OVER: [&str; 17] = [
    "CALLBlake2f_MaxRounds.json",
    "Call50000_sha256.json",
    "InitCollision.json",
    "InitCollisionParis.json",
    "RevertInCreateInInit.json",
    "RevertInCreateInInitCreate2.json",
    "RevertInCreateInInitCreate2Paris.json",
    "RevertInCreateInInit_Paris.json",
    "ValueOverflow.json",
    "ValueOverflowParis.json",
    "create2collisionStorage.json",
    "create2collisionStorageParis.json",
    "dynamicAccountOverwriteEmpty.json",
    "dynamicAccountOverwriteEmpty_Paris.json",
    "loopMul.json",
    "static_Call50000_sha256.json",
    "test_init_collision_create_opcode.json",
];

/// A folder that it passes over.
const FOLDER_PASSED_OVER: &str = "eip7610_create_collision";

struct Options {
    peer: PathBuf,
    rounds: u32,
    /// Parts of names; empty for all.
    corpora: Vec<String>,
}

/// Runs both and prints the table.
pub(crate) fn bench(arguments: &[String]) -> Outcome {
    let options = parse(arguments)?;
    stage::stage()?;
    let peer = Command::new(&options.peer)
        .arg("--version")
        .output()
        .map_err(|error| format!("cannot run `{}`: {error}\n\n{HELP}", options.peer.display()))?;
    println!("peer: {}", String::from_utf8_lossy(&peer.stdout).trim());
    println!("| corpus | cases | proz, CPU s | revme, CPU s | ratio |");
    println!("|---|---|---|---|---|");
    let mut total = (0.0, 0.0);
    for corpus in unpacked(&options.corpora)? {
        let name = corpus.file_name().unwrap_or_default().to_string_lossy();
        let mut best = (f64::MAX, f64::MAX);
        let mut cases = String::new();
        for _ in 0..options.rounds {
            let (ours, output) = timed(Command::new(artefacts().join("proz")).args([
                "statetest".as_ref(),
                "--plugins".as_ref(),
                artefacts().join("plugins").as_os_str(),
                corpus.as_os_str(),
            ]))?;
            cases = passed(&output)?;
            let (theirs, _) = timed(
                Command::new(&options.peer)
                    .args(["statetest", "--omit-progress", "--keep-going"])
                    .arg(&corpus),
            )?;
            best = (best.0.min(ours), best.1.min(theirs));
        }
        total = (total.0 + best.0, total.1 + best.1);
        print_row(&name, &cases, best);
    }
    print_row("all", "", total);
    Ok(())
}

fn print_row(name: &str, cases: &str, (ours, theirs): (f64, f64)) {
    println!(
        "| {name} | {cases} | {ours:.2} | {theirs:.2} | {:.2} |",
        ours / theirs
    );
}

fn parse(arguments: &[String]) -> Result<Options, String> {
    let mut options = Options {
        peer: "revme".into(),
        rounds: ROUNDS,
        corpora: Vec::new(),
    };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(HELP);
        match argument.as_str() {
            "--peer" => options.peer = value()?.into(),
            "--rounds" => options.rounds = value()?.parse().map_err(|_| HELP)?,
            name if !name.starts_with('-') => options.corpora.push(name.to_owned()),
            _ => return Err(HELP.to_owned()),
        }
    }
    Ok(options)
}

/// Unpacks the corpora below the target folder, once; those of a format that the peer has no
/// runner for are left out.
fn unpacked(names: &[String]) -> Result<Vec<PathBuf>, String> {
    let corpora = env::var_os("PROZ_CORPORA")
        .map_or_else(|| root().join("../shared/corpora"), PathBuf::from)
        .join("state-tests");
    let target = artefacts().join("state-tests");
    let mut folders = Vec::new();
    for corpus in list(&corpora)? {
        let name = corpus.file_name().unwrap_or_default().to_string_lossy();
        let is_wanted =
            names.is_empty() || names.iter().any(|wanted| name.contains(wanted.as_str()));
        if !corpus.is_dir() || name.contains("VMTests") || !is_wanted {
            continue;
        }
        let folder = target.join(&*name);
        let done = target.join(format!("{name}.unpacked"));
        if !done.exists() {
            for archive in list(&corpus)? {
                unpack(&archive, &folder)
                    .map_err(|error| format!("cannot unpack {}: {error}", archive.display()))?;
            }
            fs::write(&done, "")
                .map_err(|error| format!("cannot write {}: {error}", done.display()))?;
        }
        folders.push(folder);
    }
    if folders.is_empty() {
        return Err(format!("no such corpus in {}\n\n{HELP}", corpora.display()));
    }
    Ok(folders)
}

fn list(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries =
        fs::read_dir(folder).map_err(|e| format!("cannot read {}: {e}", folder.display()))?;
    let mut paths: Vec<_> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
    paths.sort();
    Ok(paths)
}

fn unpack(archive: &Path, folder: &Path) -> std::io::Result<()> {
    let mut decoder = zstd::Decoder::new(fs::File::open(archive)?)?;
    decoder.window_log_max(WINDOW_LOG)?;
    fs::create_dir_all(folder)?;
    for entry in tar::Archive::new(BufReader::new(decoder)).entries()? {
        let mut entry = entry?;
        if !is_passed_over(&entry.path()?) {
            entry.unpack_in(folder)?;
        }
    }
    Ok(())
}

fn is_passed_over(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    PASSED_OVER.contains(&&*name) || path.iter().any(|part| part == FOLDER_PASSED_OVER)
}

/// Runs a program to its end: CPU seconds and what it printed.
fn timed(command: &mut Command) -> Result<(f64, String), String> {
    let before = children_ticks()?;
    let output = command
        .stderr(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run {command:?}: {error}"))?;
    let seconds = (children_ticks()? - before) as f64 / TICKS_PER_SECOND;
    Ok((
        seconds,
        String::from_utf8_lossy(&output.stdout).into_owned(),
    ))
}

/// CPU time of the children that have ended, user and system.
fn children_ticks() -> Result<u64, String> {
    let stat = fs::read_to_string("/proc/self/stat").map_err(|e| format!("no /proc: {e}"))?;
    // Fields are counted from the one after the program's name, which may contain anything.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let field = |place| fields.split_whitespace().nth(place)?.parse::<u64>().ok();
    match (field(13), field(14)) {
        (Some(user), Some(system)) => Ok(user + system),
        _ => Err("/proc/self/stat is not what it is on Linux".to_owned()),
    }
}

/// Number of cases that passed; a case that did not is an error.
fn passed(output: &str) -> Result<String, String> {
    let last = output.lines().last().unwrap_or_default();
    match last.split_once(" passed, 0 failed, 0 skipped") {
        Some((count, _)) => Ok(count.to_owned()),
        None => Err(format!("expected every case to pass, found: {last}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_that_does_not_pass_spoils_the_comparison() {
        let line = "Cancun 3\n17619 passed, 0 failed, 0 skipped in 2196 files\n";
        assert_eq!(passed(line), Ok("17619".to_owned()));
        assert!(passed("1 passed, 1 failed, 0 skipped in 1 files").is_err());
        assert!(passed("1 passed, 0 failed, 2 skipped in 1 files").is_err());
        assert!(passed("").is_err());
    }

    #[test]
    fn what_the_peer_passes_over_is_left_out() {
        for (path, is_left_out) in [
            ("stPreCompiledContracts/CALLBlake2f_MaxRounds.json", true),
            ("paris/eip7610_create_collision/a.json", true),
            ("stExample/add11.json", false),
        ] {
            assert_eq!(is_passed_over(Path::new(path)), is_left_out, "{path}");
        }
        assert!(PASSED_OVER.is_sorted());
    }

    #[test]
    fn options_are_read() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let options = parse(&words("--peer /bin/x --rounds 5 legacy")).expect("good options");
        assert_eq!(
            (options.rounds, options.peer.as_path()),
            (5, Path::new("/bin/x"))
        );
        assert_eq!(options.corpora, ["legacy"]);
        assert!(parse(&words("--round 5")).is_err());
        assert!(parse(&words("--rounds many")).is_err());
    }
}
