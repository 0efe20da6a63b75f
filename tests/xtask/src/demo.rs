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
    demo.market()?;
    demo.two_machines()?;
    demo.three_machines()
}

struct Demo {
    program: PathBuf,
    state: PathBuf,
}

/// Folder of the Solidity artefacts.
const ARTEFACTS: &str = "tests/fixtures/solidity/artifacts";

/// Folder of the Wasm modules, which speak the Solidity ABI.
const MODULES: &str = "tests/fixtures/wasm/artifacts";

/// Folder of the ProzVM programs, which speak it as well.
const PROGRAMS: &str = "tests/fixtures/prozvm/artifacts";

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
        self.swap(
            "Swap 100 Gold for Silver: calls, events, state changes",
            "Router",
            "@Pair",
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

    /// A market in Wasm called by a router in Solidity, and the reverse.
    fn two_machines(&self) -> Outcome {
        let abi = |name: &str| format!("{ARTEFACTS}/{name}.json");
        let module = |name: &str| format!("{MODULES}/{name}.wasm");
        self.proz(
            "A constant-product pair in Wasm: what its VM sees in it",
            &["validate", &module("pair")],
        )?;
        self.proz(
            "Deploy it for the tokens in Solidity",
            &[
                "deploy",
                &module("pair"),
                "--abi",
                &abi("Pair"),
                "--args",
                "@Gold",
                "@Silver",
                "--name",
                "WasmPair",
            ],
        )?;
        let add = ["addLiquidity", "@WasmPair", "5000e18", "20000e18"];
        let rest = ["0", "0", "@sender", "9999999999"];
        self.write("Router", &[&add[..], &rest[..]].concat())?;
        self.swap(
            "A router in Solidity swaps through the pair in Wasm",
            "Router",
            "@WasmPair",
        )?;
        self.proz(
            "Deploy a router in Wasm",
            &[
                "deploy",
                &module("router"),
                "--abi",
                &abi("Router"),
                "--name",
                "WasmRouter",
            ],
        )?;
        self.write("Gold", &["approve", "@WasmRouter", "1000000e18"])?;
        self.swap(
            "A router in Wasm swaps through the pair in Solidity",
            "WasmRouter",
            "@Pair",
        )?;
        self.fails(
            "Too little comes out: the router in Solidity undoes the swap in Wasm",
            &[
                "run",
                "Router",
                "--trace",
                "--call",
                "swapExactInput",
                "@WasmPair",
                "@Gold",
                "100e18",
                "9000e18",
                "@sender",
                "9999999999",
            ],
        )
    }

    /// One call through every machine: a probe in Solidity, the router in Wasm, a pair in ProzVM, the tokens in
    /// Solidity.
    fn three_machines(&self) -> Outcome {
        let abi = |name: &str| format!("{ARTEFACTS}/{name}.json");
        let pair = format!("{PROGRAMS}/pair.pz");
        self.proz(
            "A constant-product pair in ProzVM: what its VM sees in it",
            &["validate", &pair],
        )?;
        self.proz(
            "Deploy it for the tokens in Solidity",
            &[
                "deploy",
                &pair,
                "--abi",
                &abi("Pair"),
                "--args",
                "@Gold",
                "@Silver",
                "--name",
                "ProzPair",
            ],
        )?;
        let add = ["addLiquidity", "@ProzPair", "5000e18", "20000e18"];
        let rest = ["0", "0", "@sender", "9999999999"];
        self.write("Router", &[&add[..], &rest[..]].concat())?;
        self.swap(
            "A router in Solidity swaps through the pair in ProzVM",
            "Router",
            "@ProzPair",
        )?;
        self.proz(
            "Deploy a probe in Solidity, which forwards calls",
            &["deploy", &abi("Probe"), "--name", "Probe"],
        )?;
        self.write("Gold", &["transfer", "@Probe", "1000e18"])?;
        let [gold, router, pair, probe] =
            ["Gold", "WasmRouter", "ProzPair", "Probe"].map(|name| self.address(name));
        let (gold, router, pair, probe) = (gold?, router?, pair?, probe?);
        // approve(address,uint256)
        let approve = format!("0x095ea7b3{}{}", word(&router), "f".repeat(64));
        self.write("Probe", &["forwardCall", "@Gold", "0", &approve])?;
        // swapExactInput(address,address,uint256,uint256,address,uint256), 100 Gold for at least so much Silver.
        let swap = |least: u128| {
            let [amount, least, deadline] = [100_000_000_000_000_000_000, least, 9_999_999_999]
                .map(|n: u128| format!("{n:064x}"));
            let [pair, gold, probe] = [&pair, &gold, &probe].map(|account| word(account));
            format!("0xe20c448d{pair}{gold}{amount}{least}{probe}{deadline}")
        };
        let through = swap(1);
        let dear = swap(9_000_000_000_000_000_000_000);
        let run = [
            "run",
            "Probe",
            "--trace",
            "--write",
            "--call",
            "forwardCall",
        ];
        let call = |data| [&run[..], &["@WasmRouter", "0", data]].concat();
        self.proz(
            "Solidity calls Wasm, Wasm calls ProzVM, ProzVM calls Solidity",
            &call(through.as_str()),
        )?;
        self.fails(
            "Too little comes out: one revert undoes the swap in every machine",
            &call(dear.as_str()),
        )
    }

    /// The address of a contract, 40 digits, from the file of names beside the state.
    fn address(&self, name: &str) -> Result<String, String> {
        let file = self.state.with_extension("names.json");
        let text = fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        let found = text
            .split_once(&format!("\"{name}\""))
            .and_then(|(_, rest)| rest.split_once("0x"))
            .and_then(|(_, rest)| rest.get(..40));
        found
            .map(str::to_owned)
            .ok_or_else(|| format!("{} does not name {name}", file.display()))
    }

    /// Swaps 100 Gold through a pair and shows the calls.
    fn swap(&self, title: &str, router: &str, pair: &str) -> Outcome {
        let call = ["run", router, "--trace", "--write", "--call"];
        let arguments = [
            "swapExactInput",
            pair,
            "@Gold",
            "100e18",
            "1e18",
            "@sender",
            "9999999999",
        ];
        self.proz(title, &[&call[..], &arguments[..]].concat())
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

/// An address of 40 digits as a word.
fn word(address: &str) -> String {
    format!("{address:0>64}")
}
