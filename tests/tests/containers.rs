//! Code in containers: routed by VM and requirement, refused where nothing loaded can run it.
#![allow(clippy::unwrap_used, reason = "a test")]

use alloy_primitives::{Address, Bytes, U256, address};
use proz_host::{
    Block, ChainConfig, ExecutionResult, Host, Revision, SearchPath, StatusCode, TransactOptions,
    Transaction, VmFactoryConfig, container,
    inspection::{FrameCode, Inspector},
};
use proz_interface::v1::TraceMask;
use proz_sdk_testing::mock::Environment;
use proz_state::{AccountInfo, MemoryDb};
use proz_tests::plugins_dir;
use std::cell::RefCell;

const SENDER: Address = address!("0x00000000000000000000000000000000000a11ce");
const CONTRACT: Address = address!("0x000000000000000000000000000000000000c0de");
const INNER: Address = address!("0x000000000000000000000000000000000000beef");

/// Returns 42.
const ANSWER: &[u8] = &[0x60, 0x2a, 0x60, 0x00, 0x52, 0x60, 0x20, 0x60, 0x00, 0xf3];
/// Stores 1 in slot 0, calls `INNER` with all gas, and hands its answer on; reverts if the call fails.
const FORWARD: &[u8] = &[
    0x60, 0x01, 0x60, 0x00, 0x55, 0x60, 0x20, 0x60, 0x00, 0x60, 0x00, 0x60, 0x00, 0x60, 0x00, 0x61,
    0xbe, 0xef, 0x5a, 0xf1, 0x60, 0x1b, 0x57, 0x60, 0x00, 0x80, 0xfd, 0x5b, 0x60, 0x20, 0x60, 0x00,
    0xf3,
];

fn host_with(chain: ChainConfig) -> Host {
    let plugins = VmFactoryConfig {
        search_path: SearchPath::explicit([plugins_dir()]),
        ..VmFactoryConfig::default()
    };
    Host::new(chain, plugins).unwrap()
}

fn host() -> Host {
    host_with(ChainConfig::prozchain())
}

/// A host by rules that both releases of the EVM know.
fn shanghai() -> Host {
    host_with(ChainConfig {
        containers: true,
        ..ChainConfig::ethereum(Revision::Shanghai)
    })
}

fn block() -> Block {
    Block {
        gas_limit: 60_000_000,
        base_fee: U256::ZERO.into(),
        ..Environment::new(Revision::Osaka).block
    }
}

fn world(codes: &[(Address, Vec<u8>)]) -> MemoryDb {
    let mut state = MemoryDb::new();
    let rich = AccountInfo {
        balance: U256::from(1) << 100,
        ..AccountInfo::default()
    };
    state.insert_account(SENDER, rich);
    for (address, code) in codes {
        state.set_code(*address, Bytes::copy_from_slice(code));
    }
    state
}

fn transaction(to: Option<Address>, input: Vec<u8>) -> Transaction {
    Transaction {
        sender: SENDER,
        to,
        gas_limit: 1_000_000,
        input: input.into(),
        ..Transaction::default()
    }
}

/// VM and version of each frame, such as `evm@1.1.0`.
#[derive(Default)]
struct Machines(Vec<String>);

impl Inspector for Machines {
    fn mask(&self) -> TraceMask {
        TraceMask::FRAMES
    }

    fn frame_code(&mut self, code: FrameCode<'_>) {
        self.0.push(code.name.to_owned());
    }
}

/// Calls `CONTRACT`; returns the result and what ran its frames.
fn call(host: &Host, state: &MemoryDb) -> (ExecutionResult, Vec<String>) {
    let machines = RefCell::new(Machines::default());
    let options = TransactOptions {
        inspector: Some(&machines),
        ..TransactOptions::default()
    };
    let transaction = transaction(Some(CONTRACT), Vec::new());
    let result = host
        .execute(&block(), state, &transaction, options)
        .unwrap();
    (result, machines.into_inner().0)
}

/// Asserts that a transaction halts for want of a VM, that its gas is gone, and that nothing but
/// its nonce came of it.
#[track_caller]
fn assert_unavailable(host: &Host, state: &MemoryDb, transaction: &Transaction) {
    let mut after = state.clone();
    let result = host.transact(&block(), &mut after, transaction).unwrap();
    assert_eq!(result.status.0, StatusCode::VM_UNAVAILABLE);
    assert_eq!((result.gas_used, result.created), (1_000_000, None));
    let changed: Vec<_> = result.state_changes.iter().collect();
    assert!(
        changed
            .iter()
            .all(|(a, slots)| a.address == SENDER && slots.is_empty())
    );
}

#[test]
fn two_versions_of_one_vm_run_in_one_transaction_each_for_the_code_that_asks_for_it() {
    let host = shanghai();
    let inner = container::encode("evm", "=1.0.0", ANSWER).unwrap();
    let state = world(&[(CONTRACT, FORWARD.to_vec()), (INNER, inner)]);
    let (result, machines) = call(&host, &state);
    assert!(result.is_success(), "{}", result.status);
    assert_eq!(U256::from_be_slice(&result.return_data), U256::from(42));
    assert_eq!(machines, ["evm@1.1.0", "evm@1.0.0"]);
}

#[test]
fn a_requirement_may_ask_for_features() {
    let host = shanghai();
    let run = |requirement: &str| {
        let code = container::encode("evm", requirement, ANSWER).unwrap();
        call(&host, &world(&[(CONTRACT, code)])).1
    };
    assert_eq!(run(""), ["evm@1.1.0"]);
    assert_eq!(run("^1.0"), ["evm@1.1.0"]);
    assert_eq!(run("<1.1"), ["evm@1.0.0"]);
    assert_eq!(run("^1.0[osaka]"), ["evm@1.1.0"]);
    let code = container::encode("evm", "<1.1[osaka]", ANSWER).unwrap();
    let transaction = transaction(Some(CONTRACT), Vec::new());
    assert_unavailable(&host, &world(&[(CONTRACT, code)]), &transaction);
}

#[test]
fn a_vm_that_nothing_active_offers_halts_the_frame_that_meets_it() {
    let host = host();
    let absent = container::encode("movevm", "^2.1", ANSWER).unwrap();
    let outer = transaction(Some(CONTRACT), Vec::new());
    let direct = world(&[(CONTRACT, absent.clone())]);
    assert_unavailable(&host, &direct, &outer);
    let creation = transaction(None, absent.clone());
    assert_unavailable(&host, &world(&[]), &creation);
    // A caller catches it: it has written before, and reverts by its own choice.
    let nested = world(&[(CONTRACT, FORWARD.to_vec()), (INNER, absent)]);
    let (result, machines) = call(&host, &nested);
    assert_eq!(result.status.0, StatusCode::REVERT);
    assert_eq!(machines, ["evm@1.1.0"]);
    assert!(result.gas_used < 1_000_000, "{}", result.gas_used);
}

#[test]
fn malformed_containers_are_not_deployed() {
    let host = host();
    let good = container::encode("evm", "^1", ANSWER).unwrap();
    let mut codes = vec![
        (
            "a requirement that is none",
            container::encode("evm", "^one", ANSWER).unwrap(),
        ),
        ("cut off", good[..good.len() - 1].to_vec()),
        ("the magic alone", container::MAGIC.to_vec()),
    ];
    let mut version = good.clone();
    version[2] = 9;
    codes.push(("an unknown version", version));
    let mut name = good;
    name[9] = b'E';
    codes.push(("an upper-case VM", name));
    for (what, code) in codes {
        let mut state = world(&[]);
        let result = host
            .transact(&block(), &mut state, &transaction(None, code))
            .unwrap();
        assert_eq!(result.status.0, StatusCode::CODE_REFUSED, "{what}");
        assert_eq!(
            (result.created, result.gas_used),
            (None, 1_000_000),
            "{what}"
        );
    }
}

#[test]
fn an_exact_ethereum_knows_no_containers() {
    let host = host_with(ChainConfig::ethereum(Revision::Osaka));
    let code = container::encode("evm", "^1", ANSWER).unwrap();
    // As a contract's code 0xef is an invalid instruction; as init code it is run, and halts likewise.
    let (result, _) = call(&host, &world(&[(CONTRACT, code.clone())]));
    assert_eq!(result.status.0, StatusCode::INVALID_INSTRUCTION);
    let mut state = world(&[]);
    let result = host
        .transact(&block(), &mut state, &transaction(None, code))
        .unwrap();
    assert_eq!(result.status.0, StatusCode::INVALID_INSTRUCTION);
}

#[test]
fn evm_code_cannot_return_a_container_as_the_code_to_deploy() {
    // CODECOPY of what follows, RETURN of it.
    let container = container::encode("evm", "^1", ANSWER).unwrap();
    let length = u8::try_from(container.len()).unwrap();
    let mut init_code = vec![
        0x60, length, 0x60, 0x0c, 0x60, 0x00, 0x39, 0x60, length, 0x60, 0x00, 0xf3,
    ];
    init_code.extend(container);
    let mut state = world(&[]);
    let result = host()
        .transact(&block(), &mut state, &transaction(None, init_code))
        .unwrap();
    assert!(!result.is_success());
    assert_eq!(result.created, None);
}
