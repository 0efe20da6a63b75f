//! What an author does: a new plugin from the program's template builds, passes its tests and the
//! check, is packaged, signed and loaded. Nothing is edited by hand.
#![allow(clippy::unwrap_used, reason = "a test")]

use proz_tests::{program, workspace_root};
use std::{
    env::consts::{DLL_PREFIX, DLL_SUFFIX},
    fs,
    path::Path,
    process::{Command, Output},
};

/// Runs a command in a folder; it must succeed.
#[track_caller]
fn run(folder: &Path, program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Output {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("HOME", folder)
        .env("CARGO_HOME", cargo_home())
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{arguments:?} failed:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

fn cargo_home() -> std::path::PathBuf {
    let home = || Path::new(&std::env::var_os("HOME").unwrap()).join(".cargo");
    std::env::var_os("CARGO_HOME").map_or_else(home, Into::into)
}

/// Makes a plugin outside of the workspace, tests and builds it, checks and packages it.
fn make(name: &str, kind: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let proz = program();
    let sdk = workspace_root().join("sdk");
    let sdk = sdk.to_str().unwrap();
    run(
        folder.path(),
        &proz,
        &[&["plugin", "new", name, "--sdk", sdk, "--kind"], kind].concat(),
    );
    let folder = folder.path().join(name);

    // Compiled where the other plugins of the tests are, so that the SDK is compiled once.
    let target = workspace_root().join("target/bad-plugins");
    let target = target.to_str().unwrap();
    run(&folder, "cargo", &["fmt", "--check"]);
    run(
        &folder,
        "cargo",
        &["test", "--release", "--quiet", "--target-dir", target],
    );
    run(
        &folder,
        "cargo",
        &["build", "--release", "--quiet", "--target-dir", target],
    );
    let library = format!("{DLL_PREFIX}{}{DLL_SUFFIX}", name.replace('-', "_"));
    fs::create_dir_all(folder.join("target/release")).unwrap();
    fs::copy(
        Path::new(target).join("release").join(&library),
        folder.join("target/release").join(&library),
    )
    .unwrap();

    let manifest = format!("{name}.toml");
    let checked = run(&folder, &proz, &["plugin", "check", "--json", &manifest]);
    let report: serde_json::Value = serde_json::from_slice(&checked.stdout).unwrap();
    let cases = &report["plugins"][0]["conformance"];
    assert_eq!(cases["failed"], 0, "{report:#}");
    assert!(cases["passed"].as_u64().unwrap() > 10, "{report:#}");
    println!(
        "{name}: {} cases passed, {} not covered",
        cases["passed"], cases["not_covered"]
    );

    run(&folder, &proz, &["plugin", "keygen", "author"]);
    let package = [
        "plugin", "package", &manifest, "--to", "dist", "--key", "author",
    ];
    run(&folder, &proz, &package);
    let packaged = format!("dist/{manifest}");
    run(
        &folder,
        &proz,
        &["plugin", "verify", &packaged, "--key", "author.pub"],
    );
    run(&folder, &proz, &["plugin", "check", "dist"]);
    let listed = run(
        &folder,
        &proz,
        &[
            "plugin",
            "list",
            "--plugins",
            "dist",
            "--json",
            "--require",
            &format!("plugin:{name}@=0.1.0"),
        ],
    );
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed["plugins"][0]["id"], name);
}

#[test]
fn a_new_machine_builds_and_passes_unchanged() {
    make("fresh-vm", &["vm", "--vm-type", "fresh"]);
}

#[test]
fn a_new_precompile_builds_and_passes_unchanged() {
    make("fresh-pack", &["precompile"]);
}

#[test]
fn a_new_plugin_never_overwrites_and_refuses_bad_names() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("taken")).unwrap();
    for (name, message) in [
        ("taken", "taken exists already"),
        ("Big", "invalid plugin id `Big`"),
        ("1st", "`1st` is no name of a crate"),
    ] {
        let output = Command::new(program())
            .args(["plugin", "new", name, "--kind", "vm"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains(message), "{told}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
