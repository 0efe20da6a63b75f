//! The factory's options reach the machines that it makes from loaded libraries.
#![allow(clippy::unwrap_used, reason = "a test")]

use alloy_primitives::{Address, Bytes, U256, address, hex};
use proz_host::{
    ChainConfig, ExecutionResult, FactoryError, Host, Revision, SearchPath, StatusCode,
    Transaction, VmFactoryConfig,
};
use proz_state::MemoryDb;
use proz_tests::{arena::block, chains::configure, plugins_dir};
use std::collections::BTreeSet;

const CONTRACT: Address = address!("0x000000000000000000000000000000000000c0de");
const IDENTITY: Address = address!("0x0000000000000000000000000000000000000004");
const SHA256: Address = address!("0x0000000000000000000000000000000000000002");

/// The newest releases, with options of the EVM.
fn config(evm: &str) -> VmFactoryConfig {
    let mut config = VmFactoryConfig {
        search_path: SearchPath::explicit([plugins_dir()]),
        require: vec![
            "evm@^1.1".parse().unwrap(),
            "plugin:proz-precompiles@^2".parse().unwrap(),
        ],
        ..VmFactoryConfig::default()
    };
    configure(&mut config, "evm", evm);
    config
}

fn host(evm: &str) -> Host {
    Host::new(ChainConfig::ethereum(Revision::Cancun), config(evm)).unwrap()
}

fn run_at(host: &Host, to: Address, code: &[u8]) -> ExecutionResult {
    let mut state = MemoryDb::new();
    state.set_code(CONTRACT, Bytes::copy_from_slice(code));
    let transaction = Transaction {
        to: Some(to),
        gas_limit: 1_000_000,
        ..Transaction::default()
    };
    host.call(&block(1), &state, &transaction).unwrap()
}

fn run(evm: &str, code: &[u8]) -> ExecutionResult {
    run_at(&host(evm), CONTRACT, code)
}

/// Asserts how code ends by Ethereum's rules and with one option.
#[track_caller]
fn assert_ends(code: &[u8], plain: StatusCode, options: &str, status: StatusCode) {
    assert_eq!(run("", code).status.0, plain);
    assert_eq!(run(options, code).status.0, status);
}

#[test]
fn each_option_of_the_evm_has_its_effect() {
    // CALLER, SELFDESTRUCT
    assert_ends(
        &hex!("33ff"),
        StatusCode::SUCCESS,
        "disabled_opcodes = [\"SELFDESTRUCT\"]",
        StatusCode::INSTRUCTION_DISABLED,
    );
    // Three items on the stack
    assert_ends(
        &hex!("5f5f5f00"),
        StatusCode::SUCCESS,
        "stack_limit = 2",
        StatusCode::STACK_OVERFLOW,
    );
    // MSTORE at 64 KiB
    assert_ends(
        &hex!("5f6201000052"),
        StatusCode::SUCCESS,
        "max_memory_size = 65536",
        StatusCode::MEMORY_LIMIT,
    );
    // MSTORE at 4 MiB costs more gas than there is
    assert_ends(
        &hex!("5f6240000052"),
        StatusCode::OUT_OF_GAS,
        "charge_memory_expansion = false",
        StatusCode::SUCCESS,
    );
}

#[test]
fn a_depth_limit_fails_calls_and_not_their_callers() {
    // Calls itself; returns what the call pushed.
    let code = hex!("5f5f5f5f5f305af15f5260205ff3");
    let succeeded = |options: &str| U256::from_be_slice(&run(options, &code).return_data);
    assert_eq!(succeeded(""), U256::from(1));
    let limited = "call_depth_limit = 0";
    assert_eq!(succeeded(limited), U256::ZERO);
}

#[test]
fn creations_are_limited_in_number_and_size() {
    // Twice CREATE of nothing; returns the second address.
    let code = hex!("5f5f5ff0505f5f5ff05f5260205ff3");
    let second = |options: &str| U256::from_be_slice(&run(options, &code).return_data);
    assert_ne!(second(""), U256::ZERO);
    let limited = "create_contract_limit = 1";
    assert_eq!(second(limited), U256::ZERO);

    // MSTORE of PUSH1 64, PUSH0, RETURN; CREATE with it: 64 bytes of code; returns the address.
    let code = hex!("6360405ff35f526004601c5ff05f5260205ff3");
    let created = |options: &str| U256::from_be_slice(&run(options, &code).return_data);
    assert_ne!(created(""), U256::ZERO);
    let limited = "max_code_size = 63";
    assert_eq!(created(limited), U256::ZERO);
}

#[test]
fn the_newest_rules_may_be_lowered() {
    let options = "revision = \"shanghai\"";
    let transaction = Transaction {
        to: Some(CONTRACT),
        gas_limit: 100_000,
        ..Transaction::default()
    };
    let mut state = MemoryDb::new();
    state.set_code(CONTRACT, Bytes::from_static(&[0]));
    let error = host(options)
        .call(&block(1), &state, &transaction)
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("required evm that runs Cancun; loaded: evm@1.1.0"),
        "{text}"
    );
}

#[test]
fn asking_for_compiled_code_changes_no_result() {
    let code = hex!("602a5f5260205ff3");
    let compiled = "machine = { enable_jit = true }";
    let (here, there) = (run("", &code), run(compiled, &code));
    assert_eq!(
        (here.gas_used, here.return_data),
        (there.gas_used, there.return_data)
    );
}

#[test]
fn precompiles_may_be_limited_to_some_addresses() {
    let host = |addresses: Option<BTreeSet<Address>>| {
        let config = VmFactoryConfig {
            precompile_addresses: addresses,
            ..config("")
        };
        Host::new(ChainConfig::ethereum(Revision::Cancun), config).unwrap()
    };
    let (all, only_identity) = (host(None), host(Some(BTreeSet::from([IDENTITY]))));
    // Of the empty input: the hash, or nothing where there is no precompile.
    let returned = |host: &Host, to: Address| run_at(host, to, &[]).return_data.len();
    assert_eq!(returned(&all, SHA256), 32);
    assert_eq!(returned(&only_identity, SHA256), 0);
    let gas = |to: Address| run_at(&only_identity, to, &[]).gas_used;
    assert_eq!(gas(IDENTITY), 21_000 + 15);
    assert_eq!(gas(SHA256), 21_000);
}

#[test]
fn a_wrong_option_is_refused_by_the_plugin_and_the_refusal_told() {
    let refusal = |config: VmFactoryConfig| {
        let error = Host::new(ChainConfig::ethereum(Revision::Cancun), config)
            .err()
            .unwrap();
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        text
    };
    let text = refusal(config("stack_limit = 5000"));
    assert!(
        text.contains("expected 1 to 1024 items, found 5000"),
        "{text}"
    );

    let text = refusal(config("stack_limt = 3"));
    assert!(text.contains("stack_limt"), "{text}");
}

#[test]
fn a_requirement_that_nothing_satisfies_is_told_with_what_there_is() {
    let with = |requirement: &str| {
        let mut config = config("");
        config.require = vec![requirement.parse().unwrap()];
        let error: FactoryError = Host::new(ChainConfig::ethereum(Revision::Cancun), config)
            .err()
            .unwrap();
        error.to_string()
    };
    let text = with("evm@^3");
    assert!(
        text.contains("evm@^3") && text.contains("proz-evm 1.1.0"),
        "{text}"
    );
    let text = with("movevm@^1");
    assert!(text.contains("nothing offers `movevm@^1`"), "{text}");
}
