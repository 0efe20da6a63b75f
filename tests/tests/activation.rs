//! Which release runs a block, through the real host: by schedule, by feature, the same on replay;
//! and a missing one stops the block before anything is executed.
#![allow(clippy::unwrap_used, reason = "a test")]

use alloy_primitives::{Address, Bytes, address, hex};
use proz_host::{
    Activation, ActivationRule, ChainConfig, ExecutionError, ExecutionResult, Host, Revision,
    RevisionSchedule, RevisionStart, SearchPath, TransactOptions, VmFactoryConfig,
    inspection::{FrameCode, Inspector},
};
use proz_interface::v1::TraceMask;
use proz_state::{MemoryDb, StateDbMut as _};
use proz_tests::{
    arena::{block, transaction, world},
    plugins_dir,
};
use std::cell::RefCell;

const CONTRACT: Address = address!("0x000000000000000000000000000000000000c0de");
/// Counts in slot 0, returns the sum.
const COUNTER: [u8; 14] = hex!("5f54600101805f555f5260205ff3");
/// Where the newer rules and the newer release begin.
const FORK: u64 = 100;

fn host(rules: &[(&str, u64)], require: &[&str]) -> Host {
    let revisions = RevisionSchedule::new([
        (RevisionStart::Block(0), Revision::Shanghai),
        (RevisionStart::Block(FORK), Revision::Osaka),
    ]);
    let chain = ChainConfig {
        revisions: revisions.unwrap(),
        ..ChainConfig::prozchain()
    };
    let rules = rules.iter().map(|(vm, from_block)| ActivationRule {
        vm: vm.parse().unwrap(),
        from_block: *from_block,
    });
    let plugins = VmFactoryConfig {
        search_path: SearchPath::explicit([plugins_dir()]),
        require: require.iter().map(|text| text.parse().unwrap()).collect(),
        activation: Activation::new(rules.collect()),
        ..VmFactoryConfig::default()
    };
    Host::new(chain, plugins).unwrap()
}

fn state() -> MemoryDb {
    let mut state = world();
    state.set_code(CONTRACT, Bytes::from_static(&COUNTER));
    state
}

/// VMs that ran a frame.
#[derive(Default)]
struct Ran(Vec<String>);

impl Inspector for Ran {
    fn mask(&self) -> TraceMask {
        TraceMask::FRAMES
    }

    fn frame_code(&mut self, code: FrameCode<'_>) {
        self.0.push(code.name.to_owned());
    }
}

fn execute(
    host: &Host,
    number: u64,
    state: &MemoryDb,
    to: Address,
) -> (Result<ExecutionResult, ExecutionError>, Vec<String>) {
    let ran = RefCell::new(Ran::default());
    let options = TransactOptions {
        inspector: Some(&ran),
        ..TransactOptions::default()
    };
    let result = host.execute(
        &block(number),
        state,
        &transaction(Some(to), Bytes::new()),
        options,
    );
    (result, ran.into_inner().0)
}

/// Which VM runs plain code at a height.
fn vm_at(host: &Host, number: u64) -> String {
    let (result, ran) = execute(host, number, &state(), CONTRACT);
    assert!(result.unwrap().is_success());
    assert_eq!(ran.len(), 1);
    ran.into_iter().next().unwrap()
}

#[test]
fn each_release_runs_its_blocks_and_runs_them_again() {
    let host = host(&[("evm@=1.0.0", 0), ("evm@^1.1", FORK)], &[]);
    let heights = [0, 50, FORK - 1, FORK, FORK + 1, 1_000_000];
    let run_all = || {
        let mut state = self::state();
        let run = |number: &u64| {
            let (result, ran) = execute(&host, *number, &state, CONTRACT);
            let result = result.unwrap();
            state.apply(&result.state_changes).unwrap();
            (ran, result.gas_used, result.return_data, state.state_root())
        };
        heights.iter().map(run).collect::<Vec<_>>()
    };
    let first = run_all();
    let vms: Vec<_> = first.iter().map(|(ran, ..)| ran[0].as_str()).collect();
    let (old, new) = ("evm@1.0.0", "evm@1.1.0");
    assert_eq!(vms, [old, old, old, new, new, new]);
    // A replay of the old blocks, after the new ones, on the same host.
    assert_eq!(run_all(), first);
}

#[test]
fn rules_may_name_the_plugin_and_come_in_any_order() {
    let host = host(&[("evm", FORK), ("plugin:proz-evm@=1.0.0", 0)], &[]);
    assert_eq!(vm_at(&host, FORK - 1), "evm@1.0.0");
    assert_eq!(vm_at(&host, FORK), "evm@1.1.0");
}

#[test]
fn features_count_in_matching() {
    // Any 1.x, but only one of the two has the feature.
    let host = host(&[("evm@^1[shanghai]", 0), ("evm@^1.0[osaka]", FORK)], &[]);
    assert_eq!(vm_at(&host, FORK), "evm@1.1.0");
    assert_eq!(vm_at(&host, 0), "evm@1.1.0", "the highest that has it");
    let host = self::host(&[("evm@=1.0.0[osaka]", 0)], &[]);
    let (result, _) = execute(&host, 1, &state(), CONTRACT);
    assert!(
        matches!(result, Err(ExecutionError::VmUnavailable { .. })),
        "1.0.0 lacks it"
    );
}

/// The blocks before go on; from the block on not even a transfer is executed.
#[test]
fn a_missing_release_stops_its_block_before_anything_is_executed() {
    let nobody = Address::repeat_byte(0x0b);
    for (rules, required) in [
        (vec![("evm@^1", 0), ("evm@^9", FORK)], "evm@^9"),
        (
            vec![("evm@^1", 0), ("plugin:proz-precompiles@^9", FORK)],
            "plugin:proz-precompiles@^9",
        ),
        (
            vec![("precompile@^2", 0), ("precompile@^9[bls]", FORK)],
            "precompile@^9[bls]",
        ),
        (vec![("movevm@^1", FORK)], "movevm@^1"),
    ] {
        let host = self::host(&rules, &[]);
        for to in [CONTRACT, nobody] {
            let before = state();
            let (result, _) = execute(&host, FORK - 1, &before, to);
            assert!(result.unwrap().is_success(), "{required}");

            let (result, ran) = execute(&host, FORK, &before, to);
            let error = result.unwrap_err();
            let ExecutionError::VmUnavailable {
                block,
                required: found,
                loaded,
            } = &error
            else {
                panic!("{error}")
            };
            assert_eq!((*block, found.as_str()), (FORK, required));
            assert!(loaded.contains("evm@1.1.0"), "{loaded}");
            assert!(ran.is_empty(), "nothing ran");
        }
    }
}

#[test]
fn what_the_schedule_needs_must_be_loaded_not_only_found() {
    let host = host(&[("evm@=1.0.0", 0), ("evm@=1.1.0", FORK)], &["evm@=1.1.0"]);
    let (result, _) = execute(&host, 0, &state(), CONTRACT);
    let error = result.unwrap_err().to_string();
    assert_eq!(
        error,
        "no VM for this code at block 0: required evm@=1.0.0; loaded: evm@1.1.0"
    );
    assert_eq!(vm_at(&host, FORK), "evm@1.1.0");
}

/// Unloading what a schedule needs stops its blocks; loading it again lets them go on.
#[test]
fn a_schedule_follows_what_is_loaded_while_the_host_runs() {
    let host = host(&[("evm@=1.0.0", 0), ("evm@=1.1.0", FORK)], &[]);
    let registry = host.factory().registry();
    let generations = registry.generations();
    let old = generations
        .iter()
        .find(|g| g.version == "1.0.0" && g.vm_type == "evm")
        .unwrap();
    registry.unload(old.generation).unwrap();
    assert!(execute(&host, 0, &state(), CONTRACT).0.is_err());
    assert_eq!(vm_at(&host, FORK), "evm@1.1.0", "the other blocks go on");
    registry.roll_back().unwrap();
    assert_eq!(vm_at(&host, 0), "evm@1.0.0");
}
