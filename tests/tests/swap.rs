//! Versions swapped while transactions run: none fails, none is mixed, none waits.
#![allow(clippy::unwrap_used, reason = "a test")]

use alloy_primitives::{Address, Bytes, U256, address};
use proz_host::{
    ChainConfig, FactoryError, GenerationState, Host, RegistryError, Revision, SearchPath,
    TransactOptions, Transaction, VmFactoryConfig,
    inspection::{FrameCode, FrameStart, Inspector},
};
use proz_interface::v1::TraceMask;
use proz_manifest::Candidate;
use proz_state::MemoryDb;
use proz_tests::{
    arena::{block, transaction, world},
    plugins_dir,
};
use std::{
    cell::RefCell,
    collections::BTreeSet,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

const CONTRACT: Address = address!("000000000000000000000000000000000000c0de");
/// Nested calls of one transaction.
const DEPTH: u64 = 40;

/// Calls itself as often as its call data says, then counts each frame in slot 0.
const RECURSION: &[u8] = &[
    0x5f, 0x35, 0x80, 0x60, 0x07, 0x57, 0x00, // n; stop at zero
    0x5b, 0x60, 0x01, 0x90, 0x03, 0x5f, 0x52, // memory[0] = n - 1
    0x5f, 0x5f, 0x60, 0x20, 0x5f, 0x5f, 0x30, 0x5a, 0xf1, // call itself
    0x5f, 0x54, 0x60, 0x01, 0x01, 0x5f, 0x55, 0x00, // slot[0] += 1
];

fn host(generation_cap: usize) -> Host {
    let plugins = VmFactoryConfig {
        search_path: SearchPath::explicit([plugins_dir()]),
        require: vec!["evm@=1.0.0".parse().unwrap()],
        generation_cap: Some(generation_cap),
        ..VmFactoryConfig::default()
    };
    Host::new(ChainConfig::ethereum(Revision::Shanghai), plugins).unwrap()
}

fn contract_world() -> MemoryDb {
    let mut state = world();
    state.set_code(CONTRACT, Bytes::from_static(RECURSION));
    state
}

fn recursion() -> Transaction {
    let depth = U256::from(DEPTH).to_be_bytes::<32>();
    Transaction {
        gas_limit: 10_000_000,
        ..transaction(Some(CONTRACT), depth.into())
    }
}

/// Candidate of an EVM release.
fn release(host: &Host, version: &str) -> Candidate {
    let mut taken = host.factory().discovery().taken.iter();
    let is_it = |c: &&Candidate| {
        c.manifest.id.as_str() == "proz-evm" && c.manifest.version.to_string() == version
    };
    taken.find(is_it).unwrap().clone()
}

fn active(host: &Host) -> (u64, String) {
    let generations = host.factory().registry().generations();
    let is_active = |state| state == GenerationState::Active;
    let found = generations.into_iter().find(|g| is_active(g.state));
    found.map(|g| (g.generation, g.version)).unwrap()
}

/// VMs that ran the frames of one transaction.
#[derive(Default)]
struct Frames {
    vms: BTreeSet<String>,
    count: u64,
}

impl Inspector for Frames {
    fn mask(&self) -> TraceMask {
        TraceMask::FRAMES
    }

    fn frame_start(&mut self, _frame: &FrameStart<'_>) {
        self.count += 1;
    }

    fn frame_code(&mut self, code: FrameCode<'_>) {
        self.vms.insert(code.name.to_owned());
    }
}

/// Executes until told to stop; returns how long each transaction took.
fn execute_until(host: &Host, stop: &AtomicBool, done: &AtomicU64) -> Vec<Duration> {
    let state = contract_world();
    let (block, transaction) = (block(1), recursion());
    let mut times = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let frames = RefCell::new(Frames::default());
        let options = TransactOptions {
            inspector: Some(&frames),
            ..TransactOptions::default()
        };
        let started = Instant::now();
        let result = host.execute(&block, &state, &transaction, options).unwrap();
        times.push(started.elapsed());
        let frames = frames.into_inner();
        assert!(result.is_success(), "{}", result.status);
        assert_eq!(frames.count, DEPTH + 1);
        assert_eq!(
            frames.vms.len(),
            1,
            "one transaction ran on {:?}",
            frames.vms
        );
        let (_, slots) = result.state_changes.get(&CONTRACT).unwrap();
        assert_eq!(slots[0].after, U256::from(DEPTH));
        done.fetch_add(1, Ordering::Relaxed);
    }
    times
}

#[test]
fn a_thousand_swaps_and_roll_backs_under_load_lose_no_transaction() {
    const SWAPS: u32 = 1_000;
    let host = host(SWAPS as usize + 2);
    let newer = release(&host, "1.1.0");
    let (stop, done) = (AtomicBool::new(false), AtomicU64::new(0));
    let mut times = Vec::new();
    let mut roll_backs = Vec::new();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| execute_until(&host, &stop, &done)))
            .collect();
        for _ in 0..SWAPS {
            let (old, _) = active(&host);
            host.factory().swap(old, &newer).unwrap();
            assert_eq!(active(&host).1, "1.1.0");
            let started = Instant::now();
            host.factory().registry().roll_back().unwrap();
            roll_backs.push(started.elapsed());
            assert_eq!(active(&host), (old, "1.0.0".to_owned()));
        }
        stop.store(true, Ordering::Relaxed);
        for worker in workers {
            times.extend(worker.join().unwrap());
        }
    });
    times.sort_unstable();
    roll_backs.sort_unstable();
    println!(
        "{} transactions during {SWAPS} swaps and roll-backs: 0 failed, 0 mixed; \
         transaction median {:?}, p99 {:?}; publication median {:?}",
        done.load(Ordering::Relaxed),
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        roll_backs[roll_backs.len() / 2],
    );
    assert!(done.load(Ordering::Relaxed) > u64::from(SWAPS));

    let generations = host.factory().registry().generations();
    for generation in generations.iter().skip(1) {
        host.factory()
            .registry()
            .drain(generation.generation, Duration::from_secs(5))
            .unwrap();
    }
}

#[test]
fn a_failed_swap_changes_nothing() {
    let host = host(8);
    let before = active(&host);
    let mut broken = release(&host, "1.1.0");
    broken.library_path = plugins_dir().join("absent.so");
    assert!(matches!(
        host.factory().swap(before.0, &broken),
        Err(FactoryError::Load(_))
    ));
    let unknown = host
        .factory()
        .swap(before.0 + 1_000, &release(&host, "1.1.0"));
    assert!(matches!(
        unknown,
        Err(FactoryError::Registry(
            RegistryError::UnknownGeneration { .. }
        ))
    ));
    assert_eq!(active(&host), before);
}

#[test]
fn a_pinned_generation_stays() {
    let host = host(8);
    let (pinned, _) = active(&host);
    let registry = host.factory().registry();
    registry.pin(pinned, true).unwrap();
    assert!(matches!(
        host.factory().swap(pinned, &release(&host, "1.1.0")),
        Err(FactoryError::Registry(RegistryError::Pinned { .. }))
    ));
    assert!(matches!(
        registry.unload(pinned),
        Err(RegistryError::Pinned { .. })
    ));
    registry.pin(pinned, false).unwrap();
    host.factory()
        .swap(pinned, &release(&host, "1.1.0"))
        .unwrap();
    assert_eq!(active(&host).1, "1.1.0");
}

#[test]
fn the_number_of_generations_is_bounded() {
    let host = host(2);
    let newer = release(&host, "1.1.0");
    let (old, _) = active(&host);
    let second = host.factory().swap(old, &newer).unwrap().generation;
    assert!(matches!(
        host.factory().swap(second, &newer),
        Err(FactoryError::Registry(RegistryError::TooManyGenerations {
            loaded: 2,
            cap: 2
        }))
    ));
    assert_eq!(active(&host).0, second);
}

#[test]
fn without_history_there_is_nothing_to_roll_back_to() {
    let host = host(2);
    assert_eq!(
        host.factory().registry().roll_back(),
        Err(RegistryError::NoHistory)
    );
}

#[test]
fn draining_waits_for_the_last_lease_until_its_deadline() {
    let host = host(4);
    let (old, _) = active(&host);
    let lease = host.lease(&block(1));
    host.factory().swap(old, &release(&host, "1.1.0")).unwrap();
    let registry = host.factory().registry();
    let state = || {
        let mut generations = registry.generations().into_iter();
        generations.find(|g| g.generation == old).unwrap().state
    };
    assert_eq!(state(), GenerationState::Draining);
    assert!(matches!(
        registry.drain(old, Duration::from_millis(20)),
        Err(RegistryError::StillDraining { number, .. }) if number == old
    ));
    drop(lease);
    registry.drain(old, Duration::from_secs(5)).unwrap();
    assert_eq!(state(), GenerationState::Retired);
}

/// The cap is on what is in memory, not on how often plugins are exchanged.
#[test]
fn any_number_of_swaps_fits_a_small_cap() {
    let host = host(12);
    let releases = [release(&host, "1.1.0"), release(&host, "1.0.0")];
    for round in 0..100 {
        let (old, _) = active(&host);
        host.factory().swap(old, &releases[round % 2]).unwrap();
    }
    let generations = host.factory().registry().generations();
    assert_eq!(generations.len(), 101, "each is still listed");
    let retired = |g: &&proz_host::GenerationInfo| g.state == GenerationState::Retired;
    assert_eq!(generations.iter().filter(retired).count(), 100);
}
