//! Long runs of what tests do in short.

use crate::{Outcome, artefacts, root, stage, tasks::cargo};
use std::process::Command;

const HELP: &str = "\
Usage: cargo xtask campaign nodes [--blocks COUNT] [--seed NUMBER] [--keep FILE]";

/// Runs a campaign by name; the rest of the arguments is its own.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    match arguments.split_first() {
        Some((first, rest)) if first == "nodes" => nodes(rest),
        _ => Err(HELP.to_owned()),
    }
}

/// Random histories on several nodes.
fn nodes(arguments: &[String]) -> Outcome {
    stage::stage()?;
    // The examples are releases that only some nodes have installed.
    cargo(&[
        "build",
        "--release",
        "-p",
        "proz-two-nodes",
        "--bins",
        "--examples",
    ])?;
    let status = Command::new(artefacts().join("proz-two-nodes"))
        .arg("campaign")
        .args(arguments)
        .current_dir(root())
        .status()
        .map_err(|error| format!("cannot run proz-two-nodes: {error}"))?;
    if status.success() {
        return Ok(());
    }
    Err("nodes differ, or the arguments are wrong; see above".to_owned())
}
