//! The demo: contracts deployed and called through the plugins, command by command.

use crate::{Outcome, artefacts, root};
use std::{fs, path::PathBuf, process::Command};

/// Runs it in a fresh folder.
pub(crate) fn run() -> Outcome {
    let folder = artefacts().join("demo");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|e| format!("cannot create {}: {e}", folder.display()))?;
    let demo = Demo {
        program: artefacts().join(format!("proz{}", std::env::consts::EXE_SUFFIX)),
        state: folder.join("state.json"),
    };
    demo.proz("What is loaded", &["plugin", "list"])
}

struct Demo {
    program: PathBuf,
    state: PathBuf,
}

impl Demo {
    /// Shows a command and runs it.
    fn proz(&self, title: &str, arguments: &[&str]) -> Outcome {
        println!("\n── {title}");
        println!("$ proz {}", arguments.join(" "));
        let status = Command::new(&self.program)
            .args(arguments)
            .env("PROZ_STATE", &self.state)
            .current_dir(root())
            .status()
            .map_err(|e| format!("cannot run {}: {e}", self.program.display()))?;
        if status.success() {
            return Ok(());
        }
        Err(format!("`proz {}` failed: {status}", arguments.join(" ")))
    }
}
