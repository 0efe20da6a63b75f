//! What the program says of code that is refused and of gas that no chain takes.
#![allow(clippy::unwrap_used, reason = "a test")]

use proz_tests::{plugins_dir, program};
use std::{fs, process::Command};

const FLOATING: &str = "(module (memory (export \"memory\") 1) (func (export \"main\") (result i32) \
                        (drop (f32.const 1)) i32.const 0))";
const LARGE: &str = "(module (memory (export \"memory\") 17) (global (export \"output_ptr\") (mut i32) \
                     (i32.const 0)) (global (export \"output_len\") (mut i32) (i32.const 0)) \
                     (func (export \"main\") (result i32) i32.const 0))";

/// Runs a command on a module; returns the exit code and what it said on stderr.
fn proz(module: &str, command: &str, options: &[&str]) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("module.wat"), module).unwrap();
    let output = Command::new(program())
        .args([command, "module.wat", "--plugins"])
        .arg(plugins_dir())
        .args(options)
        .current_dir(folder.path())
        .env_remove("PROZ_PLUGIN_PATH")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), said)
}

#[test]
fn refused_code_is_told_with_the_reason() {
    for command in ["deploy", "run"] {
        let (code, said) = proz(FLOATING, command, &[]);
        assert_eq!(code, 1);
        for part in [
            "refused by wasm@1",
            "`f32.const` (floating point)",
            "hint: `proz validate`",
        ] {
            assert!(
                said.contains(part),
                "{command}: expected {part}, found {said}"
            );
        }
    }
}

#[test]
fn a_requirement_that_nothing_satisfies_is_named() {
    for (versions, expected) in [
        (
            "^9",
            "nothing that is active satisfies `wasm@^9`; active: evm@",
        ),
        (
            "garbage!",
            "refused by the host: invalid requirement `wasm@garbage!`",
        ),
    ] {
        let (code, said) = proz(LARGE, "deploy", &["--vm-version", versions]);
        assert_eq!(code, 1);
        assert!(said.contains(expected), "expected {expected}, found {said}");
    }
}

#[test]
fn gas_that_no_transaction_may_have_is_told() {
    const WARNING: &str = "may have more than 16777216 gas (EIP-7825), this one has 30000000";
    for (options, warns) in [
        (&["--gas", "30000000"][..], true),
        (&["--gas", "30000000", "--revision", "prague"], false),
        (&["--gas", "16777216"], false),
    ] {
        let (_, said) = proz(LARGE, "deploy", options);
        assert_eq!(said.contains(WARNING), warns, "{options:?}: {said}");
    }
    // A simulation may have what it likes; what is written may not.
    let gas = ["--gas", "30000000"];
    let (_, said) = proz(LARGE, "run", &gas);
    assert!(!said.contains(WARNING), "{said}");
    let written = [&gas[..], &["--write", "--state", "state.json"]].concat();
    let (_, said) = proz(LARGE, "run", &written);
    assert!(said.contains(WARNING), "{said}");
}

#[test]
fn a_contract_that_no_transfer_can_pay_is_told() {
    let (code, said) = proz(LARGE, "validate", &[]);
    assert_eq!(code, 0);
    assert!(
        said.contains("more than the 2300 that Solidity's"),
        "{said}"
    );
    // One page is enough to be paid, unless preparing alone costs more than the stipend.
    let (_, said) = proz(&LARGE.replace(" 17)", " 1)"), "validate", &[]);
    let cost = said.split(" gas before any code runs").next().unwrap();
    let cost = cost.rsplit(' ').next().and_then(|cost| cost.parse().ok());
    assert!(cost.is_none_or(|cost: u64| cost > 2_300), "{said}");
}
