//! Contracts in a scripting language, by a plugin from outside the project around an interpreter
//! that nobody here wrote: created and called by Solidity, and calling it.
#![allow(clippy::unwrap_used, reason = "a test")]

use alloy_primitives::{Address, U256, hex, keccak256};
use proz_host::{ChainConfig, SearchPath, StatusCode, VmFactoryConfig, container};
use proz_tests::{
    arena::{Arena, Deployed, install_plugin},
    plugins_dir, workspace_root,
};
use std::{fs, sync::OnceLock};
use tempfile::TempDir;

/// Writes to the Solidity contract that it is given, then does as its second argument says.
const CALLER: &str = r#"
    fn main() {
        invoke(arg(0), "store(bytes32,bytes32)", [3, 9]);
        store(0, 1);
        if arg(1) == 1 { throw "not after all"; }
        if arg(1) == 2 { invoke(arg(0), "panicAssert()", []); }
        invoke_static(arg(0), "load(bytes32)", [3])
    }
"#;

/// The EVM and the script machine, with a `Probe` that does what a test asks of it.
fn arena() -> (Arena, Deployed) {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        install_plugin("sdk/examples/script-vm", "script-vm.toml", folder.path());
        folder
    });
    let search_path = SearchPath::explicit([folder.path().to_path_buf(), plugins_dir()]);
    let mut arena = Arena::new(
        ChainConfig::prozchain(),
        VmFactoryConfig {
            search_path,
            ..VmFactoryConfig::default()
        },
    );
    let probe = arena.deploy_fixture("Probe");
    (arena, probe)
}

fn container(source: &str) -> Vec<u8> {
    container::encode("script", "^0.1[calls]", source.as_bytes()).unwrap()
}

fn counter() -> Vec<u8> {
    let path = workspace_root().join("sdk/examples/script-vm/contracts/counter.rhai");
    container(&fs::read_to_string(path).unwrap())
}

fn word(number: u64) -> [u8; 32] {
    U256::from(number).to_be_bytes()
}

fn call(signature: &str, arguments: &[[u8; 32]]) -> Vec<u8> {
    [&keccak256(signature)[..4], arguments.as_flattened()].concat()
}

fn text(bytes: &[u8]) -> String {
    hex::encode_prefixed(bytes)
}

#[test]
fn is_created_with_an_argument_and_called_by_solidity() {
    let (mut arena, probe) = arena();
    let init_code = [counter(), word(40).to_vec()].concat();
    let input = probe.call("create", &["0", &text(&init_code)]);
    let result = arena.transact(probe.address, input);
    let counter = Address::from_slice(&result.return_data[12..32]);
    assert_eq!(arena.slot(counter, 0), U256::from(40));

    let add = call("add(uint256)", &[word(2)]);
    let arguments = [&counter.to_string(), "0", &text(&add)];
    let result = arena.transact(probe.address, probe.call("forwardCall", &arguments));
    assert_eq!(result.return_data[..], word(42));
    let log = result.events().iter().next().unwrap();
    assert_eq!((log.address, log.data), (counter, &word(42)[..]));
    assert_eq!(log.topics[0], keccak256("Added(uint256)"));
}

#[test]
fn calls_contracts_of_its_own_and_of_other_machines() {
    let (mut arena, probe) = arena();
    let first = arena.deploy([counter(), word(1).to_vec()].concat());
    let second = arena.deploy([counter(), word(100).to_vec()].concat());
    let forward = call("forward(address,uint256)", &[second.into_word().0, word(5)]);
    let result = arena.transact(first, forward);
    assert_eq!(result.return_data[..], word(105));
    assert_eq!(
        (arena.slot(first, 1), arena.slot(second, 0)),
        (U256::from(105), U256::from(105))
    );

    let caller = arena.deploy(container(CALLER));
    let result = arena.transact(
        caller,
        call("go()", &[probe.address.into_word().0, word(0)]),
    );
    assert!(result.is_success(), "{}", result.status);
    assert_eq!(result.return_data[..], word(9));
    assert_eq!(arena.slot(probe.address, 3), U256::from(9));
}

#[test]
fn a_revert_goes_through_both_machines_and_undoes_what_both_did() {
    let (mut arena, probe) = arena();
    let caller = arena.deploy(container(CALLER));
    let error = |data: &[u8]| keccak256("Error(string)")[..4] == data[..4];
    let panic = |data: &[u8]| keccak256("Panic(uint256)")[..4] == data[..4];
    for (ending, is_expected) in [(1, &error as &dyn Fn(&[u8]) -> bool), (2, &panic)] {
        let input = call("go()", &[probe.address.into_word().0, word(ending)]);
        let arguments = [&caller.to_string(), "0", &text(&input)];
        let result = arena.transact(probe.address, probe.call("forwardCall", &arguments));
        assert_eq!(result.status.0, StatusCode::REVERT);
        assert!(is_expected(&result.return_data), "{}", result.return_data);
        assert_eq!(arena.slot(probe.address, 3), U256::ZERO);
        assert_eq!(arena.slot(caller, 0), U256::ZERO);
    }
}

#[test]
fn a_static_call_goes_through_it() {
    let (mut arena, probe) = arena();
    let caller = arena.deploy(container(CALLER));
    let input = call("go()", &[probe.address.into_word().0, word(0)]);
    let arguments = [&caller.to_string(), "200000", &text(&input)];
    let result = arena.transact(probe.address, probe.call("tryStaticcall", &arguments));
    assert_eq!(result.return_data[..32], word(0), "refused");
    assert_eq!(arena.slot(probe.address, 3), U256::ZERO);
}

#[test]
fn an_endless_script_ends_with_its_gas_and_takes_no_more() {
    let (mut arena, probe) = arena();
    let endless = arena.deploy(container("fn main() { loop {} }"));
    let arguments = [&endless.to_string(), "0", "1000000", "0x"];
    let result = arena.transact(probe.address, probe.call("tryCall", &arguments));
    assert!(result.is_success(), "{}", result.status);
    assert_eq!(result.return_data[..32], word(0));
    assert!(
        (1_000_000..1_100_000).contains(&result.gas_used),
        "{}",
        result.gas_used
    );
}

#[test]
fn a_script_that_does_not_compile_is_not_deployed() {
    let (mut arena, probe) = arena();
    for source in ["fn main() {", "let x = 1;", "fn main() { import \"x\"; }"] {
        let input = probe.call("create", &["0", &text(&container(source))]);
        let result = arena.transact(probe.address, input);
        assert_eq!(result.return_data[..32], word(0), "{source}");
    }
}
