//! Repeats the recorded sessions of `sdk/WALKTHROUGH.md` and `plugins/prozvm/README.md`: each command, and what it
//! prints.
//!
//! Within a line `[..]` stands for anything; a line `...` stands for any number of lines.
#![allow(clippy::unwrap_used, reason = "a test")]

use proz_tests::{program, workspace_root};
use std::{env, fs, path::Path, process::Command};

/// One command of the session and what it must print.
struct Step {
    command: String,
    expected: Vec<String>,
}

/// The steps in the `console` blocks of a document.
fn steps(document: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut is_inside = false;
    for line in document.lines() {
        match line {
            "```console" => is_inside = true,
            "```" => is_inside = false,
            _ if !is_inside => {}
            _ => match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => steps.push(Step {
                    command: command.to_owned(),
                    expected: Vec::new(),
                }),
                (None, Some(step)) => step.expected.push(line.to_owned()),
                (None, None) => panic!("output without a command: {line}"),
            },
        }
    }
    steps
}

/// Whether a line is what was expected, `[..]` standing for anything.
fn is_line(expected: &str, found: &str) -> bool {
    let mut parts = expected.split("[..]");
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = found.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<_> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Whether lines are what was expected, `...` standing for any number of them.
fn is_output(expected: &[String], found: &[&str]) -> bool {
    match (expected.split_first(), found.split_first()) {
        (None, None) => true,
        (Some((wanted, behind)), _) if wanted == "..." => {
            is_output(behind, found) || (!found.is_empty() && is_output(expected, &found[1..]))
        }
        (Some((wanted, expected)), Some((line, found))) => {
            is_line(wanted, line) && is_output(expected, found)
        }
        _ => false,
    }
}

fn run(command: &str, folder: &Path) -> String {
    let tools = program().parent().unwrap().to_path_buf();
    let path = env::var_os("PATH").unwrap();
    let path = env::join_paths([tools].into_iter().chain(env::split_paths(&path)));
    let home = env::var_os("CARGO_HOME").unwrap_or_else(|| {
        let home = env::var_os("HOME").unwrap();
        Path::new(&home).join(".cargo").into_os_string()
    });
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(folder)
        .env("PATH", path.unwrap())
        .env("CARGO_HOME", home)
        .env("KIT", workspace_root().join("sdk/prozvm"))
        .env("XDG_CONFIG_HOME", folder)
        .env("XDG_DATA_HOME", folder)
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("PROZ_PLUGIN_PATH")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "`{command}` failed:\n{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

/// Repeats the session of a document of this repository.
fn repeat(document: &str) {
    let document = fs::read_to_string(workspace_root().join(document)).unwrap();
    let steps = steps(&document);
    assert!(steps.len() >= 10, "{} steps", steps.len());
    let folder = tempfile::tempdir().unwrap();
    for step in steps {
        let found = run(&step.command, folder.path());
        let lines: Vec<_> = found.lines().collect();
        assert!(
            is_output(&step.expected, &lines),
            "$ {}\nexpected:\n{}\nfound:\n{found}",
            step.command,
            step.expected.join("\n")
        );
    }
}

#[test]
fn the_recorded_session_is_what_happens() {
    repeat("sdk/WALKTHROUGH.md");
}

#[test]
fn a_contract_in_c_goes_from_source_to_chain_as_recorded() {
    let has = |tool: &str| Command::new(tool).arg("--version").output().is_ok();
    if !has("clang-19") || !has("ld.lld-19") {
        println!("skipped: clang-19 and lld-19 are not installed");
        return;
    }
    repeat("plugins/prozvm/README.md");
}

#[test]
fn patterns_match_what_they_say_and_nothing_else() {
    for (expected, found, matches) in [
        ("a", "a", true),
        ("a", "ab", false),
        ("a[..]", "abc", true),
        ("a[..]c", "abc", true),
        ("a[..]c", "abd", false),
        ("[..]b[..]", "abc", true),
    ] {
        assert_eq!(is_line(expected, found), matches, "{expected} {found}");
    }
    let lines = |text: &[&str]| text.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert!(is_output(&lines(&["a", "...", "d"]), &["a", "b", "c", "d"]));
    assert!(!is_output(&lines(&["a", "...", "d"]), &["a", "b", "c"]));
    assert!(!is_output(&lines(&["a"]), &["a", "b"]));
}
