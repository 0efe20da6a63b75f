//! Every shipped plugin of which there are two releases, swapped and rolled back under load, with
//! its files on disk replaced each time.
#![allow(clippy::unwrap_used, reason = "a test")]

use alloy_primitives::{Address, Bytes, U256, address};
use proz_host::{
    ChainConfig, GenerationState, Host, Revision, RevisionSchedule, SearchPath, TransactOptions,
    Transaction, VmFactoryConfig, container,
    inspection::{FrameCode, Inspector},
};
use proz_interface::v1::TraceMask;
use proz_manifest::{Candidate, DiscoveryOptions, PROGRAMS_SUFFIX, Platform, PluginKind, discover};
use proz_sdk_testing::conformance::{Behaviour, Programs};
use proz_state::MemoryDb;
use proz_tests::{
    arena::{block, transaction, world},
    plugins_dir,
};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

/// Swaps of each plugin, and as many roll-backs.
const SWAPS: usize = 1_000;
const THREADS: usize = 4;

const CALLER: Address = address!("0x00000000000000000000000000000000000ca11e");
const CALLEE: Address = address!("0x0000000000000000000000000000000000000ec0");

/// The shipped plugins with two releases or more: the oldest and the newest of each.
fn pairs() -> Vec<(Candidate, Candidate)> {
    let options = DiscoveryOptions {
        supported_generations: vec![proz_interface::v1::GENERATION],
        ..DiscoveryOptions::default()
    };
    let discovery = discover(&SearchPath::explicit([plugins_dir()]), &options);
    let mut lines: BTreeMap<_, Vec<Candidate>> = BTreeMap::new();
    for candidate in discovery.taken {
        let line = lines.entry(candidate.manifest.id.clone()).or_default();
        line.push(candidate);
    }
    let mut pairs = Vec::new();
    for mut line in lines.into_values().filter(|line| line.len() > 1) {
        line.sort_by(|a, b| a.manifest.version.cmp(&b.manifest.version));
        let newest = line.pop().unwrap();
        pairs.push((line.swap_remove(0), newest));
    }
    pairs
}

/// The place on disk whose plugin is replaced.
struct Place {
    folder: tempfile::TempDir,
    replaced: usize,
}

impl Place {
    fn new(release: &Candidate) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut place = Self {
            folder,
            replaced: 0,
        };
        place.put(release);
        place
    }

    /// Puts a release into the place: the library over the old one's file in every second round,
    /// as a careless copy does it, and by a rename in the others.
    fn put(&mut self, release: &Candidate) {
        let library = Platform::CURRENT.library_file_name("current");
        let library = self.folder.path().join(library);
        if self.replaced.is_multiple_of(2) {
            let fresh = library.with_extension("new");
            fs::copy(&release.library_path, &fresh).unwrap();
            fs::rename(&fresh, &library).unwrap();
        } else {
            let bytes = fs::read(&release.library_path).unwrap();
            fs::write(&library, bytes).unwrap();
        }
        let mut manifest = release.manifest.clone();
        manifest.library = "current".parse().unwrap();
        fs::write(self.folder.path().join("current.toml"), manifest.to_toml()).unwrap();
        self.replaced += 1;
    }
}

/// What the threads execute.
struct Work {
    chain: ChainConfig,
    state: MemoryDb,
    transaction: Transaction,
    /// How often it names a machine; a precompile is named without a release.
    names_releases: bool,
}

/// A frame of the plugin that calls another of it, by its programs for the conformance kit; or a
/// call of a precompile that both packs have.
fn work(old: &Candidate, new: &Candidate) -> Work {
    let mut state = world();
    if old.manifest.kind == PluginKind::Precompiles {
        let sha256 = Address::with_last_byte(2);
        return Work {
            chain: ChainConfig::ethereum(Revision::Shanghai),
            state,
            transaction: transaction(Some(sha256), Bytes::from_static(b"abc")),
            names_releases: false,
        };
    }
    let [old, new] =
        [old, new].map(|c| (c.manifest.vm_type.to_string(), programs(&c.manifest_path)));
    let revision = old.1.revision.min(new.1.revision);
    let (vm_type, programs) = old;
    let code = |behaviour| {
        let code = &programs.get(behaviour).unwrap().code;
        if vm_type == "evm" {
            code.clone().into()
        } else {
            Bytes::from(container::encode(&vm_type, "", code).unwrap())
        }
    };
    state.set_code(CALLER, code(Behaviour::Call));
    state.set_code(CALLEE, code(Behaviour::Echo));
    let echo = programs
        .get(Behaviour::Echo)
        .unwrap()
        .call_data(b"through two frames");
    let gas = U256::from(1_000_000).to_be_bytes::<32>();
    let words = [&CALLEE.into_word()[..], &[0; 32], &gas, &echo].concat();
    let input = programs.get(Behaviour::Call).unwrap().call_data(&words);
    Work {
        chain: ChainConfig {
            revisions: RevisionSchedule::always(revision),
            ..ChainConfig::prozchain()
        },
        state,
        transaction: transaction(Some(CALLER), input.into()),
        names_releases: true,
    }
}

fn programs(manifest: &Path) -> Programs {
    let stem = manifest.file_stem().unwrap().to_string_lossy();
    Programs::read(&manifest.with_file_name(format!("{stem}{PROGRAMS_SUFFIX}"))).unwrap()
}

/// Releases that ran the frames of one transaction.
#[derive(Default)]
struct Releases(BTreeSet<String>);

impl Inspector for Releases {
    fn mask(&self) -> TraceMask {
        TraceMask::FRAMES
    }

    fn frame_code(&mut self, code: FrameCode<'_>) {
        self.0.insert(code.name.to_owned());
    }
}

/// What must be the same each time on one release.
type End = (String, u64, Bytes);

fn execute(host: &Host, work: &Work) -> (BTreeSet<String>, End) {
    let releases = RefCell::new(Releases::default());
    let options = TransactOptions {
        inspector: Some(&releases),
        ..TransactOptions::default()
    };
    let result = host.execute(&block(1), &work.state, &work.transaction, options);
    let result = result.unwrap();
    assert!(result.is_success(), "{}", result.status);
    let end = (
        result.status.to_string(),
        result.gas_used,
        result.return_data,
    );
    (releases.into_inner().0, end)
}

/// The active generation of the plugin under test.
fn active(host: &Host, id: &str) -> (u64, String) {
    let generations = host.factory().registry().generations();
    let mut active = generations
        .into_iter()
        .filter(|g| g.id == id && g.state == GenerationState::Active);
    let found = active.next().unwrap();
    assert!(
        active.next().is_none(),
        "two generations of one plugin are active"
    );
    (found.generation, found.version)
}

fn swap_under_load(old: &Candidate, new: &Candidate) {
    let id = old.manifest.id.to_string();
    let mut place = Place::new(old);
    let work = work(old, new);
    let plugins = VmFactoryConfig {
        search_path: SearchPath::explicit([place.folder.path()]),
        ..VmFactoryConfig::default()
    };
    let host = Host::new(work.chain.clone(), plugins).unwrap();
    let mut swap = |release: &Candidate| {
        place.put(release);
        let found = host.factory().rediscover().taken.remove(0);
        assert_eq!(found.manifest.version, release.manifest.version);
        host.factory().swap(active(&host, &id).0, &found).unwrap();
    };

    // How it ends on each of the two while nothing changes.
    let on_old = execute(&host, &work);
    swap(new);
    let on_new = execute(&host, &work);
    host.factory().registry().roll_back().unwrap();
    assert_eq!(active(&host, &id).1, old.manifest.version.to_string());
    if work.names_releases {
        assert_ne!(on_old.0, on_new.0);
        assert_eq!(on_old.0.len(), 1);
    }

    let stop = AtomicBool::new(false);
    let (mut publications, mut times) = (Vec::new(), Vec::new());
    thread::scope(|scope| {
        let worker = || {
            let mut times = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let started = Instant::now();
                let ended = execute(&host, &work);
                times.push(started.elapsed());
                assert!(ended == on_old || ended == on_new, "mixed: {ended:?}");
            }
            times
        };
        let workers: Vec<_> = (0..THREADS).map(|_| scope.spawn(worker)).collect();
        for _ in 0..SWAPS {
            swap(new);
            let started = Instant::now();
            host.factory().registry().roll_back().unwrap();
            publications.push(started.elapsed());
        }
        stop.store(true, Ordering::Relaxed);
        for worker in workers {
            times.extend(worker.join().unwrap());
        }
    });
    assert!(times.len() > SWAPS);
    let at = |times: &mut Vec<Duration>, percent: usize| {
        times.sort_unstable();
        times[times.len() * percent / 100]
    };
    println!(
        "{id}: {SWAPS} swaps and roll-backs, {} transactions: 0 failed, 0 mixed; \
         transaction median {:?}, p99 {:?}; publication median {:?}, p99 {:?}",
        times.len(),
        at(&mut times, 50),
        at(&mut times, 99),
        at(&mut publications, 50),
        at(&mut publications, 99),
    );
}

#[test]
fn every_plugin_is_swapped_under_load_while_its_files_are_replaced() {
    let pairs = pairs();
    assert!(
        pairs.len() >= 2,
        "the EVM and the packs come in two releases"
    );
    // The default cap: memory does not grow with the number of swaps.
    for (old, new) in pairs {
        swap_under_load(&old, &new);
    }
}
