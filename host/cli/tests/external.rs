//! Commands that are programs of their own: `proz NAME` runs `proz-NAME`.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output},
};

/// A folder with a program `proz-hello` that prints its arguments and ends with 7.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    script(
        &folder.path().join("proz-hello"),
        "echo hello \"$@\"; exit 7",
    );
    folder
}

fn script(path: &Path, body: &str) {
    fs::write(path, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn proz(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_proz"))
        .args(arguments)
        .env_clear()
        .env("PATH", folder)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[test]
fn another_program_gets_the_words_and_gives_the_exit_code() {
    let folder = folder();
    let (code, stdout, stderr) = proz(folder.path(), &["hello", "--json", "a b", "--", "-x"]);
    assert_eq!((code, &*stderr), (7, ""));
    assert_eq!(stdout, "hello --json a b -- -x\n");
}

#[test]
fn help_of_another_program_is_its_own() {
    let folder = folder();
    assert_eq!(proz(folder.path(), &["help", "hello"]).1, "hello --help\n");
    let (code, stdout, _) = proz(folder.path(), &["help", "run"]);
    assert_eq!(code, 0);
    assert!(stdout.contains("Usage: proz run"), "{stdout}");
    assert!(proz(folder.path(), &["help"]).1.contains("proz-NAME"));
}

#[test]
fn a_slip_of_the_pen_is_met_with_a_suggestion() {
    let folder = folder();
    for (typed, meant) in [("hlelo", "hello"), ("rnu", "run"), ("estimat", "estimate")] {
        let (code, stdout, stderr) = proz(folder.path(), &[typed]);
        assert_eq!((code, &*stdout), (2, ""));
        assert_eq!(
            stderr,
            format!("error: there is no command `{typed}`\nhint: did you mean `{meant}`?\n")
        );
    }
    let (code, _, stderr) = proz(folder.path(), &["quux"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("hint: `proz help` lists"), "{stderr}");
    let (code, _, stderr) = proz(folder.path(), &["../hello"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("no command `../hello`"), "{stderr}");
}

#[test]
fn options_of_this_program_are_not_swallowed() {
    let folder = folder();
    let (code, stdout, stderr) = proz(folder.path(), &["--json", "hello"]);
    assert_eq!((code, &*stdout), (2, ""));
    assert!(stderr.contains("write them behind `hello`"), "{stderr}");
}

#[test]
fn a_program_that_cannot_run_is_an_error_with_its_cause() {
    let folder = folder();
    let broken = folder.path().join("proz-broken");
    fs::write(&broken, "no program").unwrap();
    let (code, _, stderr) = proz(folder.path(), &["broken"]);
    assert_eq!(code, 2);
    assert!(stderr.starts_with("error: cannot run `"), "{stderr}");
    assert!(stderr.contains("\n  because: "), "{stderr}");
}
