//! The artefacts are what their sources make: programs of the executables, executables of the C.

use proz_prozvm_link::{LinkOptions, link};
use std::path::{Path, PathBuf};
use std::process::Command;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/fixtures/prozvm")
}

#[test]
fn programs_are_linked_from_the_executables_beside_them() {
    let mut count = 0;
    for entry in std::fs::read_dir(fixtures().join("artifacts")).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_none_or(|extension| extension != "elf") {
            continue;
        }
        let program = link(&std::fs::read(&file).unwrap(), &LinkOptions::default()).unwrap();
        let expected = std::fs::read(file.with_extension("pz")).unwrap();
        assert!(
            program.encode() == expected,
            "{} has changed: run tests/fixtures/prozvm/build.sh",
            file.with_extension("pz").display()
        );
        count += 1;
    }
    assert_eq!(count, 11);
}

/// The compiler that made the artefacts, when this machine has it.
fn has_compiler() -> bool {
    let output = |program: &str| Command::new(program).arg("--version").output();
    let says = |program: &str, version: &str| {
        output(program).is_ok_and(|found| String::from_utf8_lossy(&found.stdout).contains(version))
    };
    says("clang-19", "19.1.7") && says("ld.lld-19", "19.1.7") && says("python3", "Python 3")
}

#[test]
fn executables_are_compiled_from_the_c_of_the_kit() {
    if !has_compiler() {
        println!("skipped: this machine lacks clang-19 19.1.7, ld.lld-19 or python3");
        return;
    }
    let output = Command::new(fixtures().join("build.sh"))
        .args(["--check", "--c"])
        // Programs are the other test's; it needs no compiler.
        .env("PZLINK", "true")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    assert!(text(&output.stdout).contains("as their sources make them"));
}
