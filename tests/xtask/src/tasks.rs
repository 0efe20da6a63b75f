//! Running cargo: tests and benches.

use crate::{Outcome, root, stage};
use std::{env, ffi::OsStr, process::Command};

/// Runs cargo in the workspace.
pub(crate) fn cargo<S: AsRef<OsStr>>(arguments: &[S]) -> Outcome {
    cargo_with(arguments, &[])
}

/// Runs cargo with additional environment variables.
pub(crate) fn cargo_with<S: AsRef<OsStr>>(arguments: &[S], vars: &[(&str, &str)]) -> Outcome {
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(program)
        .args(arguments)
        .envs(vars.iter().copied())
        .current_dir(root())
        .status()
        .map_err(|error| format!("cannot run cargo: {error}"))?;
    if status.success() {
        return Ok(());
    }
    let words: Vec<_> = arguments
        .iter()
        .map(|a| a.as_ref().to_string_lossy())
        .collect();
    Err(format!("`cargo {}` failed: {status}", words.join(" ")))
}

/// Runs every test; `filter` goes to the test runner.
pub(crate) fn test(filter: &[String]) -> Outcome {
    stage::stage()?;
    let mut arguments = vec!["test".to_owned(), "--release".into(), "--workspace".into()];
    arguments.extend_from_slice(filter);
    cargo(&arguments)
}

/// Runs the benches whose names contain a filter.
pub(crate) fn bench(filter: &[String]) -> Outcome {
    stage::stage()?;
    let mut arguments = vec!["bench".to_owned(), "--workspace".into(), "--benches".into()];
    if !filter.is_empty() {
        arguments.push("--".into());
        arguments.extend_from_slice(filter);
    }
    cargo(&arguments)
}
