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
    demo.market()
}

struct Demo {
    program: PathBuf,
    state: PathBuf,
}

/// Folder of the Solidity artefacts.
const ARTEFACTS: &str = "tests/fixtures/solidity/artifacts";

impl Demo {
    /// Two tokens, a pair, a router: minted, pooled, swapped, transferred.
    fn market(&self) -> Outcome {
        let artefact = |name: &str| format!("{ARTEFACTS}/{name}.json");
        let (token, pair, router) = (artefact("Token"), artefact("Pair"), artefact("Router"));

        self.proz("What is loaded", &["plugin", "list"])?;
        for name in ["Gold", "Silver"] {
            let symbol = &name[..2];
            let title = format!("Deploy an ERC-20: {name}");
            self.proz(
                &title,
                &["deploy", &token, "--args", name, symbol, "--name", name],
            )?;
        }
        let pair = [
            "deploy", &pair, "--args", "@Gold", "@Silver", "--name", "Pair",
        ];
        self.proz("Deploy a constant-product pair of both", &pair)?;
        self.proz("Deploy a router", &["deploy", &router, "--name", "Router"])?;
        for name in ["Gold", "Silver"] {
            self.write(name, &["mint(address,uint256)", "@sender", "1000000e18"])?;
            self.write(name, &["approve(address,uint256)", "@Router", "1000000e18"])?;
        }
        self.write(
            "Router",
            &[
                "addLiquidity",
                "@Pair",
                "5000e18",
                "20000e18",
                "0",
                "0",
                "@sender",
                "9999999999",
            ],
        )?;
        self.proz(
            "Swap 100 Gold for Silver: calls, events, state changes",
            &[
                "run",
                "Router",
                "--trace",
                "--write",
                "--call",
                "swapExactInput",
                "@Pair",
                "@Gold",
                "100e18",
                "1e18",
                "@sender",
                "9999999999",
            ],
        )?;
        self.write("Silver", &["transfer(address,uint256)", "@Pair", "1e18"])?;
        self.proz(
            "What a transfer would cost",
            &["estimate", "Gold", "--call", "transfer", "@Pair", "1e18"],
        )?;
        self.fails(
            "A transfer of more than there is: reverted, nothing changes",
            &["run", "Gold", "--call", "transfer", "@Pair", "9000000e18"],
        )
    }

    /// Calls a contract and keeps the changes.
    fn write(&self, contract: &str, call: &[&str]) -> Outcome {
        let title = format!("{contract}: {}", call[0]);
        let mut arguments = vec!["run", contract, "--write", "--call"];
        arguments.extend_from_slice(call);
        self.proz(&title, &arguments)
    }

    /// Shows a command that must fail.
    fn fails(&self, title: &str, arguments: &[&str]) -> Outcome {
        match self.proz(title, arguments) {
            Ok(()) => Err(format!("`proz {}` did not fail", arguments.join(" "))),
            Err(_) => Ok(()),
        }
    }

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
