//! The factory's options reach the machines that it makes from loaded libraries.
#![allow(clippy::unwrap_used, reason = "a test")]

use alloy_primitives::{Address, Bytes, U256, address, hex};
use proz_host::{
    ChainConfig, EvmOptions, ExecutionResult, FactoryError, Host, Revision, SearchPath, StatusCode,
    Transaction, VmFactoryConfig,
};
use proz_state::MemoryDb;
use proz_tests::{arena::block, plugins_dir};
use std::collections::BTreeSet;

const CONTRACT: Address = address!("0x000000000000000000000000000000000000c0de");
const IDENTITY: Address = address!("0x0000000000000000000000000000000000000004");
const SHA256: Address = address!("0x0000000000000000000000000000000000000002");

fn config(evm: EvmOptions) -> VmFactoryConfig {
    VmFactoryConfig {
        search_path: SearchPath::explicit([plugins_dir()]),
        require: vec![
            "evm@^1.1".parse().unwrap(),
            "plugin:proz-precompiles@^2".parse().unwrap(),
        ],
        evm,
        ..VmFactoryConfig::default()
    }
}

fn host(evm: EvmOptions) -> Host {
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

fn run(evm: EvmOptions, code: &[u8]) -> ExecutionResult {
    run_at(&host(evm), CONTRACT, code)
}

/// Asserts how code ends by Ethereum's rules and with one option.
#[track_caller]
fn assert_ends(code: &[u8], plain: StatusCode, options: EvmOptions, status: StatusCode) {
    assert_eq!(run(EvmOptions::default(), code).status.0, plain);
    assert_eq!(run(options, code).status.0, status);
}

#[test]
fn each_option_of_the_evm_has_its_effect() {
    let ethereum = EvmOptions::default;
    // CALLER, SELFDESTRUCT
    assert_ends(
        &hex!("33ff"),
        StatusCode::SUCCESS,
        EvmOptions {
            disabled_opcodes: vec!["SELFDESTRUCT".into()],
            ..ethereum()
        },
        StatusCode::INSTRUCTION_DISABLED,
    );
    // Three items on the stack
    assert_ends(
        &hex!("5f5f5f00"),
        StatusCode::SUCCESS,
        EvmOptions {
            stack_limit: Some(2),
            ..ethereum()
        },
        StatusCode::STACK_OVERFLOW,
    );
    // MSTORE at 64 KiB
    assert_ends(
        &hex!("5f6201000052"),
        StatusCode::SUCCESS,
        EvmOptions {
            max_memory_size: Some(65_536),
            ..ethereum()
        },
        StatusCode::MEMORY_LIMIT,
    );
    // MSTORE at 4 MiB costs more gas than there is
    assert_ends(
        &hex!("5f6240000052"),
        StatusCode::OUT_OF_GAS,
        EvmOptions {
            charge_memory_expansion: Some(false),
            ..ethereum()
        },
        StatusCode::SUCCESS,
    );
}

#[test]
fn a_depth_limit_fails_calls_and_not_their_callers() {
    // Calls itself; returns what the call pushed.
    let code = hex!("5f5f5f5f5f305af15f5260205ff3");
    let succeeded = |options: EvmOptions| U256::from_be_slice(&run(options, &code).return_data);
    assert_eq!(succeeded(EvmOptions::default()), U256::from(1));
    let limited = EvmOptions {
        call_depth_limit: Some(0),
        ..EvmOptions::default()
    };
    assert_eq!(succeeded(limited), U256::ZERO);
}

#[test]
fn creations_are_limited_in_number_and_size() {
    // Twice CREATE of nothing; returns the second address.
    let code = hex!("5f5f5ff0505f5f5ff05f5260205ff3");
    let second = |options: EvmOptions| U256::from_be_slice(&run(options, &code).return_data);
    assert_ne!(second(EvmOptions::default()), U256::ZERO);
    let limited = EvmOptions {
        create_contract_limit: Some(1),
        ..EvmOptions::default()
    };
    assert_eq!(second(limited), U256::ZERO);

    // MSTORE of PUSH1 64, PUSH0, RETURN; CREATE with it: 64 bytes of code; returns the address.
    let code = hex!("6360405ff35f526004601c5ff05f5260205ff3");
    let created = |options: EvmOptions| U256::from_be_slice(&run(options, &code).return_data);
    assert_ne!(created(EvmOptions::default()), U256::ZERO);
    let limited = EvmOptions {
        max_code_size: Some(63),
        ..EvmOptions::default()
    };
    assert_eq!(created(limited), U256::ZERO);
}

#[test]
fn the_newest_rules_may_be_lowered() {
    let options = EvmOptions {
        revision: Some("shanghai".into()),
        ..EvmOptions::default()
    };
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
        text.contains("Cancun is not executed here; the newest rules are Shanghai"),
        "{text}"
    );
}

#[test]
fn asking_for_compiled_code_changes_no_result() {
    let code = hex!("602a5f5260205ff3");
    let compiled = EvmOptions {
        enable_jit: Some(true),
        ..EvmOptions::default()
    };
    let (here, there) = (run(EvmOptions::default(), &code), run(compiled, &code));
    assert_eq!(
        (here.gas_used, here.return_data),
        (there.gas_used, there.return_data)
    );
}

#[test]
fn precompiles_may_be_limited_to_some_addresses() {
    let only_identity = EvmOptions {
        precompile_addresses: Some(BTreeSet::from([IDENTITY])),
        ..EvmOptions::default()
    };
    // Of the empty input: the hash, or nothing where there is no precompile.
    let returned =
        |options: EvmOptions, to: Address| run_at(&host(options), to, &[]).return_data.len();
    assert_eq!(returned(EvmOptions::default(), SHA256), 32);
    assert_eq!(returned(only_identity.clone(), SHA256), 0);
    let gas = |options: EvmOptions, to: Address| run_at(&host(options), to, &[]).gas_used;
    assert_eq!(gas(only_identity.clone(), IDENTITY), 21_000 + 15);
    assert_eq!(gas(only_identity, SHA256), 21_000);
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
    let wrong = config(EvmOptions {
        stack_limit: Some(5_000),
        ..EvmOptions::default()
    });
    let text = refusal(wrong);
    assert!(
        text.contains("expected 1 to 1024 items, found 5000"),
        "{text}"
    );

    let mut unknown = config(EvmOptions::default());
    let table = toml::from_str("stack_limt = 3").unwrap();
    unknown.options.insert("evm".into(), table);
    let text = refusal(unknown);
    assert!(text.contains("stack_limt"), "{text}");
}

#[test]
fn a_requirement_that_nothing_satisfies_is_told_with_what_there_is() {
    let with = |requirement: &str| {
        let mut config = config(EvmOptions::default());
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
