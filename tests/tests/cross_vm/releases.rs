//! Both releases of the Wasm plugin in one process: side by side, by requirement, swapped.

use crate::world::{ALICE, Vm, World, args, assert_status, block, host_with, module};
use alloy_primitives::{Address, U256};
use proz_host::{
    GenerationState, Host, Mode, Status, StatusCode, TransactOptions, Transaction, VmFactoryConfig,
    container,
};
use proz_manifest::Candidate;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

fn leaked(require: &[&str]) -> &'static Host {
    let require = require.iter().map(|text| text.parse().unwrap()).collect();
    Box::leak(Box::new(host_with(VmFactoryConfig {
        require,
        ..VmFactoryConfig::default()
    })))
}

fn release(host: &Host, version: &str) -> Candidate {
    let mut taken = host.factory().discovery().taken.iter();
    let is_it = |c: &&Candidate| {
        c.manifest.id.as_str() == "proz-wasm" && c.manifest.version.to_string() == version
    };
    taken.find(is_it).unwrap().clone()
}

fn active(host: &Host) -> (u64, String) {
    let mut generations = host.factory().registry().generations().into_iter();
    let found = generations.find(|g| g.id == "proz-wasm" && g.state == GenerationState::Active);
    found.map(|g| (g.generation, g.version)).unwrap()
}

fn create(world: &mut World, requirement: &str, code: &[u8]) -> (Status, Option<Address>) {
    let result = world.create(container::encode("wasm", requirement, code).unwrap());
    (result.status, result.created)
}

#[test]
fn a_container_chooses_its_release() {
    let mut world = World::on(leaked(&["evm", "wasm@=1.0.0", "wasm@=1.1.0"]));
    let (native, stylus) = (module(Vm::Native, "counter"), module(Vm::Stylus, "counter"));
    for (requirement, code, expected) in [
        ("=1.0.0", &native, StatusCode::SUCCESS),
        ("=1.1.0", &native, StatusCode::SUCCESS),
        ("^1.1[stylus]", &stylus, StatusCode::SUCCESS),
        ("", &stylus, StatusCode::SUCCESS),
        ("=1.0.0", &stylus, StatusCode::CODE_REFUSED),
    ] {
        let (status, created) = create(&mut world, requirement, code);
        assert_eq!(status.0, expected, "{requirement}");
        if let Some(counter) = created {
            world.ok(counter, "increment()", &[]);
            assert_eq!(world.slot(counter, 0), U256::from(1), "{requirement}");
        }
    }
}

/// Ends the load even when the test fails.
struct StopAtEnd<'a>(&'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn swapping_releases_under_load_loses_no_transaction() {
    const SWAPS: usize = 40;
    let host = leaked(&["evm", "wasm@=1.0.0"]);
    let (older, newer) = (release(host, "1.0.0"), release(host, "1.1.0"));
    let mut world = World::on(host);
    let token = world.deploy(Vm::Native, "Token", args!["Gold", "AU"]);
    world.ok(token, "mint(address,uint256)", args![ALICE, 1_000]);
    let input = proz_artifact::encode_call(
        "transfer(address,uint256)",
        args![Address::repeat_byte(7), 5],
    );
    let transaction = Transaction {
        sender: ALICE,
        to: Some(token),
        gas_limit: 1_000_000,
        input: input.unwrap().into(),
        ..Transaction::default()
    };
    let options = || TransactOptions {
        mode: Mode::Simulation,
        ..TransactOptions::default()
    };
    let state = &world.state;
    let expected = host
        .execute(&block(), state, &transaction, options())
        .unwrap();
    assert_status(&expected, StatusCode::SUCCESS);
    let (stop, done) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let result = host
                        .execute(&block(), state, &transaction, options())
                        .unwrap();
                    assert_eq!(result.gas_used, expected.gas_used);
                    assert_eq!(result.state_changes, expected.state_changes);
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let _guard = StopAtEnd(&stop);
        for round in 0..SWAPS {
            let next = if round % 2 == 0 { &newer } else { &older };
            let before = done.load(Ordering::Relaxed);
            host.factory().swap(active(host).0, next).unwrap();
            assert_eq!(active(host).1, next.manifest.version.to_string());
            while done.load(Ordering::Relaxed) < before + 20 {
                std::thread::yield_now();
            }
        }
    });
    println!(
        "{} transactions over {SWAPS} swaps of the Wasm plugin",
        done.load(Ordering::Relaxed)
    );
}
