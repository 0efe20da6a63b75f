//! The cheap checks: format, lints, documentation, tidiness.

use crate::{
    Outcome, root,
    tasks::{cargo, cargo_with},
};
use std::process::Command;

/// Runs all of them.
pub(crate) fn run() -> Outcome {
    cargo(&["fmt", "--all", "--check"])?;
    cargo(&[
        "clippy",
        "--release",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ])?;
    cargo_with(
        &["doc", "--release", "--workspace", "--no-deps"],
        &[("RUSTDOCFLAGS", "-D warnings")],
    )?;
    engines_stay_below_the_plugin_line()?;
    no_unfinished_markers()
}

/// Engine crates that no host crate may depend on.
const ENGINES: [&str; 5] = [
    "revm-interpreter",
    "revm-precompile",
    "wasmtime",
    "cranelift-codegen",
    "proz-prozvm-core",
];

/// Host crates, the program included.
const HOST: [&str; 8] = [
    "proz-interface",
    "proz-manifest",
    "proz-loader",
    "proz-state",
    "proz-host",
    "proz-statetest",
    "proz-artifact",
    "proz",
];

fn engines_stay_below_the_plugin_line() -> Outcome {
    for package in HOST {
        let output = Command::new("cargo")
            .args([
                "tree", "--edges", "normal", "--prefix", "none", "-p", package,
            ])
            .current_dir(root())
            .output()
            .map_err(|error| format!("cannot run cargo tree: {error}"))?;
        let tree = String::from_utf8_lossy(&output.stdout);
        for engine in ENGINES {
            if tree
                .lines()
                .any(|line| line.starts_with(&format!("{engine} ")))
            {
                return Err(format!("{package} depends on the engine {engine}"));
            }
        }
    }
    Ok(())
}

/// Words that mark work as unfinished, split so that this file does not contain them.
const MARKERS: [&str; 4] = [
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("FIX", "ME"),
    concat!("X", "XX"),
];

fn no_unfinished_markers() -> Outcome {
    for marker in MARKERS {
        let output = Command::new("git")
            .args(["grep", "-nIF", marker, "--", "*.rs", "*.toml", "*.md"])
            .current_dir(root())
            .output()
            .map_err(|error| format!("cannot run git grep: {error}"))?;
        if output.status.success() {
            let found = String::from_utf8_lossy(&output.stdout).into_owned();
            return Err(format!("unfinished:\n{found}"));
        }
    }
    Ok(())
}
