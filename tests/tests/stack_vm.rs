//! A machine from outside the project among the project's: deployed by a transaction and by a
//! Solidity factory, called from Solidity, calling Solidity; one gas budget, one journal, one revert.
#![allow(clippy::unwrap_used, reason = "a test")]

use alloy_primitives::{Address, U256, hex};
use proz_host::{ChainConfig, ExecutionResult, SearchPath, StatusCode, VmFactoryConfig, container};
use proz_tests::{
    arena::{Arena, Deployed, SENDER, install_plugin},
    plugins_dir, program,
};
use std::{process::Command, sync::OnceLock};
use tempfile::TempDir;

/// Adds the first word of the input to slot 0, logs the sum under topic 7, returns it.
const COUNTER: [u8; 26] = hex!(
    "5301" // header
    "010040" "010030" "10" // slot 0 + input
    "0300" "0100" "41" // store a copy
    "0300" "5020" "010107" "5101" // log a copy
    "5020" "60" // return
);
/// Reverts with its input.
const REVERT: [u8; 6] = hex!("5301" "0100" "55" "61");
/// Calls input[0] with value input[32] and gas input[64] and what follows as input; returns whether
/// it succeeded, and its output.
const FORWARD: [u8; 24] =
    hex!("5301" "010160" "55" "010120" "30" "0100" "30" "010140" "30" "52" "5020" "0100" "56" "60");
/// Gas of `COUNTER` on a cold slot that is zero: 13 steps, EIP-2929 and EIP-2200, the log, 64 bytes
/// appended.
const COUNTER_GAS: u64 = 13 * 3 + 2_100 + 20_000 + (375 + 375 + 8 * 32) + 64;

/// A folder with the plugin as its author would install it.
fn installed() -> &'static TempDir {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        install_plugin("sdk/examples/stack-vm", "stack-vm.toml", folder.path());
        folder
    })
}

/// The EVM and the stack machine, with a `Probe` that does what a test asks of it.
fn arena() -> (Arena, Deployed) {
    let mut arena = Arena::new(
        ChainConfig::prozchain(),
        VmFactoryConfig {
            search_path: SearchPath::explicit([installed().path().to_path_buf(), plugins_dir()]),
            ..VmFactoryConfig::default()
        },
    );
    let probe = arena.deploy_fixture("Probe");
    (arena, probe)
}

fn container(code: &[u8]) -> Vec<u8> {
    container::encode("stack", "^0.1[calls]", code).unwrap()
}

fn word(number: u64) -> [u8; 32] {
    U256::from(number).to_be_bytes()
}

fn text(bytes: &[u8]) -> String {
    hex::encode_prefixed(bytes)
}

/// The input of [`FORWARD`].
fn forward(target: Address, input: &[u8]) -> Vec<u8> {
    let all_gas = U256::MAX.to_be_bytes::<32>();
    [&target.into_word()[..], &word(0), &all_gas, input].concat()
}

/// What `tryCall` and its like return: success, output, gas.
fn tried(result: &ExecutionResult) -> (bool, Vec<u8>, u64) {
    assert!(result.is_success(), "{}", result.status);
    let data = &result.return_data;
    let number = |at: usize| U256::from_be_slice(&data[at..at + 32]).to::<u64>();
    let output = number(32) as usize;
    let size = number(output) as usize;
    let output = data[output + 32..output + 32 + size].to_vec();
    (number(0) == 1, output, number(64))
}

#[test]
fn costs_exactly_what_its_table_says() {
    let (mut arena, _) = arena();
    let counter = arena.deploy(container(&COUNTER));
    let result = arena.transact(counter, word(5).to_vec());
    assert!(result.is_success(), "{}", result.status);
    assert_eq!(result.return_data[..], word(5));
    assert_eq!(result.gas_used, 21_000 + 31 * 4 + 16 + COUNTER_GAS);
    let log = result.events().iter().next().unwrap();
    assert_eq!((log.address, log.data), (counter, &word(5)[..]));
    assert_eq!(log.topics[0][..], word(7));
    assert_eq!(arena.slot(counter, 0), U256::from(5));
}

#[test]
fn is_deployed_and_called_by_a_solidity_contract() {
    let (mut arena, probe) = arena();
    let init_code = text(&container(&COUNTER));
    let input = probe.call("create", &["0", &init_code]);
    let result = arena.transact(probe.address, input);
    assert!(result.is_success(), "{}", result.status);
    let counter = Address::from_slice(&result.return_data[12..32]);
    let account = arena.state.get(&counter).unwrap();
    let code = arena.state.get_code(&account.info.code_hash).unwrap();
    assert_eq!(code[..], container(&COUNTER));

    for (added, sum) in [(5, 5), (7, 12)] {
        let arguments = [&counter.to_string(), "0", &text(&word(added))];
        let result = arena.transact(probe.address, probe.call("forwardCall", &arguments));
        assert_eq!(result.return_data[..], word(sum));
        assert_eq!(result.events().iter().next().unwrap().address, counter);
    }
    assert_eq!(arena.slot(counter, 0), U256::from(12));
}

#[test]
fn calls_a_solidity_contract_as_itself() {
    let (mut arena, probe) = arena();
    let forwarder = arena.deploy(container(&FORWARD));
    let result = arena.transact(
        forwarder,
        forward(probe.address, &probe.call("context", &[])),
    );
    assert!(result.is_success(), "{}", result.status);
    // Success, then the context: self, sender, origin, …
    let expected = [probe.address, forwarder, SENDER].map(|address| address.into_word().0);
    assert_eq!(result.return_data[..32], word(1));
    assert_eq!(result.return_data[32..128], *expected.as_flattened());

    let store = probe.call("store", &[&text(&word(3)), &text(&word(9))]);
    let result = arena.transact(forwarder, forward(probe.address, &store));
    assert_eq!(result.return_data[..], word(1));
    assert_eq!(arena.slot(probe.address, 3), U256::from(9));
}

#[test]
fn a_revert_undoes_its_own_frame_and_no_other() {
    let (mut arena, probe) = arena();
    let reverter = arena.deploy(container(&REVERT));
    let forwarder = arena.deploy(container(&FORWARD));

    // Solidity sees the revert of the machine, with its data and the gas that is left.
    let arguments = [&reverter.to_string(), "0", "100000", &text(b"no")];
    let result = arena.transact(probe.address, probe.call("tryCall", &arguments));
    let (success, output, gas) = tried(&result);
    assert_eq!((success, &output[..]), (false, &b"no"[..]));
    assert!(gas < 3_000, "a revert keeps the rest: {gas}");

    // The machine sees the revert of Solidity, and goes on.
    let revert = probe.call("revertRaw", &[&text(b"never")]);
    let result = arena.transact(forwarder, forward(probe.address, &revert));
    assert!(result.is_success(), "{}", result.status);
    assert_eq!(result.return_data[..], [&word(0)[..], b"never"].concat());

    // Solidity → machine → Solidity, which stores and then the whole reverts from within.
    let store = probe.call("store", &[&text(&word(3)), &text(&word(9))]);
    let batch = probe.call(
        "batch",
        &[&format!(
            "[{},{}]",
            text(&probe.call(
                "forwardCall",
                &[
                    &forwarder.to_string(),
                    "0",
                    &text(&forward(probe.address, &store))
                ]
            )),
            text(&probe.call("forwardCall", &[&reverter.to_string(), "0", &text(b"all")])),
        )],
    );
    let result = arena.transact(probe.address, batch);
    assert_eq!(result.status.0, StatusCode::REVERT);
    assert_eq!(result.return_data[..], b"all"[..]);
    assert_eq!(
        arena.slot(probe.address, 3),
        U256::ZERO,
        "undone through both machines"
    );
}

#[test]
fn a_static_call_forbids_it_to_write() {
    let (mut arena, probe) = arena();
    let counter = arena.deploy(container(&COUNTER));
    let arguments = [&counter.to_string(), "50000", &text(&word(5))];
    let result = arena.transact(probe.address, probe.call("tryStaticcall", &arguments));
    let (success, output, gas) = tried(&result);
    assert_eq!((success, output.len()), (false, 0));
    assert!(
        (50_000..60_000).contains(&gas),
        "a violation takes all gas of the frame: {gas}"
    );
    assert_eq!(arena.slot(counter, 0), U256::ZERO);
    assert_eq!(result.events().iter().count(), 0);

    // Static mode goes through the machine into Solidity.
    let forwarder = arena.deploy(container(&FORWARD));
    let store = probe.call("store", &[&text(&word(3)), &text(&word(9))]);
    let input = forward(probe.address, &store);
    let arguments = [&forwarder.to_string(), "200000", &text(&input)];
    let result = arena.transact(probe.address, probe.call("tryStaticcall", &arguments));
    let (success, output, _) = tried(&result);
    assert_eq!((success, output), (true, word(0).to_vec()));
    assert_eq!(arena.slot(probe.address, 3), U256::ZERO);
}

#[test]
fn code_that_its_validator_refuses_is_not_deployed() {
    let (mut arena, probe) = arena();
    let input = probe.call("create", &["0", &text(&container(&hex!("5301ff")))]);
    let result = arena.transact(probe.address, input);
    assert_eq!(result.return_data[..32], word(0), "no address");
}

#[test]
fn passes_the_conformance_kit_as_the_program_runs_it() {
    let checked = Command::new(program())
        .args(["plugin", "check", "--json"])
        .arg(installed().path())
        .output()
        .unwrap();
    let report: serde_json::Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert!(checked.status.success(), "{report:#}");
    let conformance = &report["plugins"][0]["conformance"];
    let count = |verdict: &str| conformance[verdict].as_u64().unwrap();
    println!(
        "stack-vm: {} cases passed, {} failed, {} not covered",
        count("passed"),
        count("failed"),
        count("not_covered")
    );
    assert_eq!(count("failed"), 0);
    assert!(count("passed") > 50, "{conformance:#}");
}
