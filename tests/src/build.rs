//! Builds plugins as a stranger would: outside the workspace, each with its own manifest and lock file.
//!
//! Each build happens once per process. All share the target directory `target/bad-plugins`, so the interface and the
//! SDK are compiled once.

use std::collections::BTreeMap;
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::workspace_root;

/// The results of this process's builds, by what they were built from.
static BUILT: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());

/// Builds the plugin crate in `folder` (relative to the workspace); returns its library.
///
/// # Panics
///
/// When it cannot be built.
pub fn build_plugin(folder: &str) -> PathBuf {
    once(folder, |target| {
        cargo_build(Command::new(env!("CARGO")), folder, "--lib", target);
        target
            .join("release")
            .join(library_name(&crate_name(folder)))
    })
}

/// Builds the examples of the crate in `folder`, each a plugin of its own; returns the library of `example`.
///
/// # Panics
///
/// When they cannot be built or `example` is not one of them.
pub fn build_example(folder: &str, example: &str) -> PathBuf {
    let examples = once(&format!("{folder} examples"), |target| {
        cargo_build(Command::new(env!("CARGO")), folder, "--examples", target);
        target.join("release").join("examples")
    });
    existing(&examples, example)
}

/// Builds the examples of the crate in `folder` with another toolchain, such as `nightly`.
///
/// Returns `None`, and says so, when rustup does not have the toolchain.
///
/// # Panics
///
/// When they cannot be built or `example` is not one of them.
pub fn build_example_with(toolchain: &str, folder: &str, example: &str) -> Option<PathBuf> {
    let list = Command::new("rustup").args(["toolchain", "list"]).output();
    let has_toolchain = list.is_ok_and(|list| {
        String::from_utf8_lossy(&list.stdout)
            .lines()
            .any(|line| line.starts_with(toolchain))
    });
    if !has_toolchain {
        println!("skipped: no {toolchain} toolchain");
        return None;
    }
    let examples = once(&format!("{folder} examples {toolchain}"), |target| {
        let target = target.join(toolchain);
        let mut command = Command::new("rustup");
        command.args(["run", toolchain, "cargo"]);
        cargo_build(command, folder, "--examples", &target);
        target.join("release").join("examples")
    });
    Some(existing(&examples, example))
}

/// Compiles `source` (relative to the workspace) with the C compiler and `arguments`; returns the result.
///
/// # Panics
///
/// When it cannot be compiled.
pub fn build_c(source: &str, arguments: &[&str]) -> PathBuf {
    let key = format!("{source} {}", arguments.join(" "));
    once(&key, |target| {
        let name: String = key
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        let output = target.join("c").join(name);
        let fresh = output.with_extension(std::process::id().to_string());
        fs::create_dir_all(target.join("c")).expect("the target directory can be written");
        let mut command = Command::new("cc");
        command
            .arg(workspace_root().join(source))
            .args(arguments)
            .arg("-o")
            .arg(&fresh);
        run(&mut command);
        // Renamed into place: another test process may have the old file open.
        fs::rename(&fresh, &output).expect("the library was built");
        output
    })
}

/// Returns what `build` made, which happens once per process.
fn once(key: &str, build: impl FnOnce(&Path) -> PathBuf) -> PathBuf {
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(result) = built.get(key) {
        return result.clone();
    }
    let result = build(&workspace_root().join("target").join("bad-plugins"));
    built.insert(key.to_owned(), result.clone());
    result
}

fn existing(folder: &Path, example: &str) -> PathBuf {
    let library = folder.join(library_name(example));
    assert!(library.is_file(), "{} was not built", library.display());
    library
}

fn cargo_build(mut command: Command, folder: &str, what: &str, target: &Path) {
    command
        .args(["build", "--quiet", "--release", what, "--manifest-path"])
        .arg(workspace_root().join(folder).join("Cargo.toml"))
        .arg("--target-dir")
        .arg(target);
    // Set by the `cargo` that runs the tests, and not meant for another one.
    for variable in [
        "CARGO_TARGET_DIR",
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTC_WORKSPACE_WRAPPER",
    ] {
        command.env_remove(variable);
    }
    run(&mut command);
}

fn run(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?} failed:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn library_name(name: &str) -> String {
    format!("{DLL_PREFIX}{}{DLL_SUFFIX}", name.replace('-', "_"))
}

/// Returns the name of the library of the crate in `folder`.
fn crate_name(folder: &str) -> String {
    let manifest = workspace_root().join(folder).join("Cargo.toml");
    let text = fs::read_to_string(&manifest).expect("the crate has a manifest");
    let manifest: toml::Table = text.parse().expect("the crate's manifest is TOML");
    let name = |table: &str| manifest.get(table)?.get("name")?.as_str();
    name("lib")
        .or_else(|| name("package"))
        .expect("the crate has a name")
        .to_owned()
}
