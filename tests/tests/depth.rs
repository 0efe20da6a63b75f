//! Recursion to the depth limit: 1,024 nested frames, on a thread whose native stack could not hold them.
#![allow(clippy::unwrap_used, reason = "a test")]

use alloy_primitives::{Address, Bytes, U256, address, hex};
use proz_artifact::{ReadOptions, encode_call, read_file};
use proz_host::{
    Block, ChainConfig, ExecutionResult, Host, Revision, SearchPath, Transaction, VmFactoryConfig,
    container,
};
use proz_sdk_testing::mock::Environment;
use proz_state::MemoryDb;
use proz_tests::{arena::install_plugin, plugins_dir, recursion, workspace_root};
use std::{sync::OnceLock, thread};

const A: Address = address!("0x000000000000000000000000000000000000aaaa");
const B: Address = address!("0x000000000000000000000000000000000000bbbb");
const C: Address = address!("0x000000000000000000000000000000000000cccc");
const D: Address = address!("0x000000000000000000000000000000000000dddd");
const E: Address = address!("0x000000000000000000000000000000000000eeee");
/// Native stack of the thread that executes, in bytes: a tenth of what 1,024 nested frames take.
const STACK_BYTES: usize = 256 * 1024;

fn block() -> Block {
    Block {
        gas_limit: u64::MAX,
        base_fee: U256::ZERO.into(),
        ..Environment::new(Revision::Cancun).block
    }
}

/// The shipped machines, and the stack machine of the examples.
fn host() -> &'static Host {
    static HOST: OnceLock<Host> = OnceLock::new();
    HOST.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        install_plugin("sdk/examples/stack-vm", "stack-vm.toml", folder.path());
        let plugins = VmFactoryConfig {
            search_path: SearchPath::explicit([folder.path().to_path_buf(), plugins_dir()]),
            ..VmFactoryConfig::default()
        };
        let chain = ChainConfig {
            containers: true,
            ..ChainConfig::ethereum(Revision::Cancun)
        };
        Host::new(chain, plugins).unwrap()
    })
}

/// Calls `to` with all the gas there can be: each call keeps back a 64th.
fn call(state: &MemoryDb, to: Address, input: Vec<u8>) -> ExecutionResult {
    let transaction = Transaction {
        to: Some(to),
        gas_limit: 1 << 62,
        input: input.into(),
        ..Transaction::default()
    };
    let host = host();
    thread::scope(|scope| {
        let execute = || host.call(&block(), state, &transaction).unwrap();
        let thread = thread::Builder::new().stack_size(STACK_BYTES);
        thread.spawn_scoped(scope, execute).unwrap().join().unwrap()
    })
}

fn recurse(peer: Address, depth: u64) -> Vec<u8> {
    let arguments = [peer.to_string(), depth.to_string()];
    encode_call("recurse(address,uint256)", &arguments).unwrap()
}

fn assert_reached(result: &ExecutionResult, depth: u64) {
    assert!(result.is_success(), "{}", result.status);
    assert_eq!(U256::from_be_slice(&result.return_data), U256::from(depth));
}

/// `Probe.recurse` for the stack machine.
const STACK_RECURSE: [u8; 60] = hex!(
    "5301" "010124" "30" "0300" "21000e" // depth; on if it is not zero
    "5020" "60" // return 0
    "0104" "12c2eb10" "5004" "35" "5020" "010101" "11" "5020" // recurse(self, depth - 1)
    "010100" "010104" "30" "34" "52" "210031" // call the peer; on if it succeeded
    "010100" "5020" "60" // return 0
    "010100" "53" "010101" "10" "5020" "60" // return its answer + 1
);

fn probes() -> MemoryDb {
    let probe = workspace_root().join("tests/fixtures/solidity/artifacts/Probe.json");
    let probe = read_file(&probe, &ReadOptions::default()).unwrap();
    let code = Bytes::from(probe.runtime_code().unwrap().to_vec());
    let mut state = MemoryDb::new();
    state.set_code(A, code.clone());
    state.set_code(B, code);
    state
}

#[test]
fn two_contracts_of_one_vm_call_each_other_to_the_depth_limit_and_no_deeper() {
    let state = probes();
    assert_reached(&call(&state, A, recurse(B, 1_000)), 1_000);
    assert_reached(&call(&state, A, recurse(B, 1_024)), 1_024);
    assert_reached(&call(&state, A, recurse(B, 1_025)), 1_024);
    assert_reached(&call(&state, A, recurse(A, 5_000)), 1_024);
}

#[test]
fn contracts_of_two_vms_call_each_other_to_the_depth_limit_and_no_deeper() {
    let selector = &recurse(A, 0)[..4];
    assert!(
        STACK_RECURSE.windows(4).any(|w| w == selector),
        "{selector:02x?}"
    );
    let mut state = probes();
    let prozvm = proz_prozvm_asm::assemble(recursion::PROZVM, &proz_prozvm_syscalls::CHAIN);
    for (account, vm_type, code) in [
        (C, "stack", STACK_RECURSE.to_vec()),
        (D, "prozvm", prozvm.unwrap().encode()),
        (E, "wasm", wat::parse_str(recursion::WASM).unwrap()),
    ] {
        let code = container::encode(vm_type, "", &code).unwrap();
        state.set_code(account, code.into());
    }
    for outer in [A, C, D, E] {
        for peer in [A, C, D, E] {
            assert_reached(&call(&state, outer, recurse(peer, 3)), 3);
            assert_reached(&call(&state, outer, recurse(peer, 1_024)), 1_024);
            assert_reached(&call(&state, outer, recurse(peer, 1_025)), 1_024);
        }
    }
}

/// Code that creates itself, and returns the address of what it created.
#[test]
fn creations_nest_to_the_depth_limit() {
    // CODECOPY of all of it, CREATE, MSTORE, RETURN.
    const CREATOR: &[u8] = &[
        0x38, 0x5f, 0x5f, 0x39, 0x38, 0x5f, 0x5f, 0xf0, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3,
    ];
    let mut state = MemoryDb::new();
    state.set_code(A, Bytes::from_static(CREATOR));
    let result = call(&state, A, Vec::new());
    assert!(result.is_success(), "{}", result.status);
    let created = result
        .state_changes
        .iter()
        .filter(|(account, _)| account.created);
    assert_eq!(created.count(), 1_024);
}
