//! Which release runs a block, through the real host: by the chain's schedule and by nothing that is
//! merely installed; the same on replay; and a missing release stops the block before anything is
//! executed.
#![allow(clippy::unwrap_used, reason = "a test")]

use alloy_primitives::{Address, Bytes, address, hex};
use proz_host::{
    BuildError, ChainSpec, ExecutionError, ExecutionResult, FactoryError, FallBack, Host, Release,
    ReleaseKey, Revision, SearchPath, Start, StatusCode, TransactOptions, Upgrade, Verdict,
    VmFactoryConfig, container,
    inspection::{FrameCode, Inspector},
};
use proz_interface::v1::TraceMask;
use proz_manifest::FeatureSet;
use proz_state::{MemoryDb, StateDbMut as _};
use proz_tests::{
    arena::{GAS_LIMIT, block, transaction, world},
    chains::{options, release, replacing, specification, upgrade},
    plugins_dir,
};
use std::{cell::RefCell, collections::BTreeSet, fs, path::Path};

const CONTRACT: Address = address!("0x000000000000000000000000000000000000c0de");
/// Counts in slot 0, returns the sum.
const COUNTER: [u8; 14] = hex!("5f54600101805f555f5260205ff3");
/// Where the newer rules and the newer release begin.
const FORK: u64 = 100;

const OLD: &str = "evm@1.0.0";
const NEW: &str = "evm@1.1.0";

fn plugins() -> VmFactoryConfig {
    VmFactoryConfig {
        search_path: SearchPath::explicit([plugins_dir()]),
        ..VmFactoryConfig::default()
    }
}

fn load(spec: &ChainSpec, plugins: VmFactoryConfig) -> Result<Host, FactoryError> {
    Host::new(spec.config(), plugins)
}

fn host(spec: &ChainSpec) -> Host {
    load(spec, plugins()).unwrap_or_else(|error| panic!("{error}"))
}

/// A chain that begins with one release of the EVM and goes on with what is given.
fn chain(upgrades: Vec<Upgrade>) -> ChainSpec {
    let genesis = upgrade(
        0,
        Some(Revision::Shanghai),
        vec![release("proz-evm 1.0.0"), release("proz-precompiles 1.0.0")],
    );
    specification([vec![genesis], upgrades].concat())
}

/// From the fork on the newer release runs the newer rules and answers for the older.
fn replaced() -> ChainSpec {
    let newer = replacing(release("proz-evm 1.1.0"), &["1.0.0"]);
    chain(vec![upgrade(FORK, Some(Revision::Osaka), vec![newer])])
}

/// From the fork on both releases are active.
fn added() -> ChainSpec {
    chain(vec![upgrade(FORK, None, vec![release("proz-evm 1.1.0")])])
}

fn state() -> MemoryDb {
    with_code(Bytes::from_static(&COUNTER))
}

fn with_code(code: impl Into<Bytes>) -> MemoryDb {
    let mut state = world();
    state.set_code(CONTRACT, code.into());
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
    vm_of(host, number, &state())
}

fn vm_of(host: &Host, number: u64, state: &MemoryDb) -> String {
    let (result, ran) = execute(host, number, state, CONTRACT);
    assert!(result.unwrap().is_success());
    assert_eq!(ran.len(), 1);
    ran.into_iter().next().unwrap()
}

/// Which VM runs a container at a height; the status where none does.
#[track_caller]
fn routed(host: &Host, number: u64, requirement: &str) -> Result<String, StatusCode> {
    let state = with_code(container::encode("evm", requirement, &COUNTER).unwrap());
    let (result, ran) = execute(host, number, &state, CONTRACT);
    let result = result.unwrap_or_else(|error| panic!("{requirement}: {error}"));
    // The explanation says what the call does.
    let explanation = host.explain(&block(number), &state, CONTRACT).unwrap();
    let explained = match explanation.verdict {
        Verdict::Runs { version, .. } => Ok(format!("evm@{version}")),
        Verdict::Halts { status } => Err(status),
        verdict => panic!("{requirement}: {verdict:?}"),
    };
    let executed = ran.first().cloned().ok_or(result.status.0);
    assert_eq!(explained, executed, "{requirement}");
    if result.is_success() {
        assert_eq!(ran.len(), 1);
        return Ok(ran.into_iter().next().unwrap());
    }
    assert!(ran.is_empty(), "nothing ran");
    assert_eq!(result.gas_used, GAS_LIMIT, "all gas is gone");
    Err(result.status.0)
}

#[test]
fn each_release_runs_its_blocks_and_runs_them_again() {
    let host = host(&replaced());
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
    assert_eq!(vms, [OLD, OLD, OLD, NEW, NEW, NEW]);
    // A replay of the old blocks, after the new ones, on the same host.
    assert_eq!(run_all(), first);
}

#[test]
fn of_several_active_releases_the_highest_runs_plain_code() {
    let host = host(&added());
    assert_eq!(vm_at(&host, FORK - 1), OLD);
    assert_eq!(vm_at(&host, FORK), NEW);
}

/// `*` moves at the height, `=x` stays; once replaced, the successor answers for `=x`.
#[test]
fn a_requirement_chooses_among_what_is_active() {
    let unavailable = Err(StatusCode::VM_UNAVAILABLE);
    let (both, one) = (host(&added()), host(&replaced()));
    let (old, new) = (Ok(OLD.to_owned()), Ok(NEW.to_owned()));
    for (requirement, before, with_both, with_one) in [
        ("", &old, &new, &new),
        ("^1", &old, &new, &new),
        ("=1.0.0", &old, &old, &new),
        ("<1.1", &old, &old, &new),
        ("^1.1", &unavailable, &new, &new),
        ("=1.1.0", &unavailable, &new, &new),
        ("^1[shanghai]", &old, &new, &new),
        ("^1[osaka]", &unavailable, &new, &new),
        ("<1.1[osaka]", &unavailable, &unavailable, &new),
        ("^2", &unavailable, &unavailable, &unavailable),
    ] {
        for host in [&both, &one] {
            assert_eq!(
                routed(host, FORK - 1, requirement),
                *before,
                "{requirement}"
            );
        }
        assert_eq!(
            routed(&both, FORK, requirement),
            *with_both,
            "{requirement}"
        );
        assert_eq!(routed(&one, FORK, requirement), *with_one, "{requirement}");
    }
}

#[test]
fn what_is_retired_and_not_replaced_ends_in_an_outcome() {
    let retiring = Upgrade {
        retire: vec![release("proz-evm 1.0.0").key()],
        ..upgrade(FORK, None, Vec::new())
    };
    let host = host(&chain(vec![retiring]));
    assert_eq!(routed(&host, FORK - 1, "=1.0.0"), Ok(OLD.to_owned()));
    let unavailable = StatusCode::VM_UNAVAILABLE;
    assert_eq!(routed(&host, FORK, "=1.0.0"), Err(unavailable));
    // Plain code too: nothing active is of type `evm`. What has no code goes on.
    let result = execute(&host, FORK, &state(), CONTRACT).0.unwrap();
    assert_eq!(result.status.0, unavailable);
    let nobody = Address::repeat_byte(0x0b);
    let result = execute(&host, FORK, &state(), nobody).0.unwrap();
    assert!(result.is_success());
}

/// All plugins are installed; the schedule names one release of the EVM.
#[test]
fn what_is_merely_installed_never_matters() {
    let host = host(&chain(Vec::new()));
    let generations = host.factory().registry().generations();
    let mut names: Vec<_> = generations.iter().map(|g| g.id.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["proz-evm", "proz-precompiles"]);
    assert_eq!(vm_at(&host, 1_000_000), OLD);
    let unavailable = Err(StatusCode::VM_UNAVAILABLE);
    assert_eq!(routed(&host, 1_000_000, "^1.1"), unavailable);
}

/// The blocks before go on; from the block on not even a transfer is executed.
#[test]
fn a_missing_release_stops_its_block_before_anything_is_executed() {
    let nobody = Address::repeat_byte(0x0b);
    let later = |name: &str| Release {
        version: "9.0.0".parse().unwrap(),
        ..release(name)
    };
    let stranger = Release {
        plugin: "somebodys-move".parse().unwrap(),
        vm_type: "movevm".parse().unwrap(),
        ..later("proz-wasm 1.1.0")
    };
    for missing in [
        later("proz-evm 1.1.0"),
        later("proz-precompiles 2.0.0"),
        stranger,
    ] {
        let key = missing.key();
        let host = self::host(&chain(vec![upgrade(FORK, None, vec![missing])]));
        assert_eq!(host.factory().missing(), std::slice::from_ref(&key));
        for to in [CONTRACT, nobody] {
            let before = state();
            let (result, _) = execute(&host, FORK - 1, &before, to);
            assert!(result.unwrap().is_success(), "{key}");

            let (result, ran) = execute(&host, FORK, &before, to);
            let error = result.unwrap_err();
            let ExecutionError::ReleaseMissing {
                block,
                release,
                since,
                loaded,
            } = &error
            else {
                panic!("{error}")
            };
            assert_eq!(
                (*block, release, *since),
                (FORK, &key, Start::Block(FORK)),
                "{error}"
            );
            assert!(loaded.contains(OLD), "{loaded}");
            assert!(ran.is_empty(), "nothing ran");
        }
    }
}

/// A folder of plugins into which releases are installed one by one.
fn install(folder: &Path, version: &str) {
    let stem = format!("proz_evm_{}", version.replace('.', "_"));
    let library = format!(
        "{}{stem}{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    for name in [format!("evm-{version}.toml"), library] {
        fs::copy(plugins_dir().join(&name), folder.join(name)).unwrap();
    }
}

/// A chain of the two releases of the EVM and nothing else.
fn evm_alone() -> ChainSpec {
    let newer = replacing(release("proz-evm 1.1.0"), &["1.0.0"]);
    specification(vec![
        upgrade(0, Some(Revision::Shanghai), vec![release("proz-evm 1.0.0")]),
        upgrade(FORK, Some(Revision::Osaka), vec![newer]),
    ])
}

/// What is missing is staged while the host runs; what runs is not taken away.
#[test]
fn a_release_is_staged_before_its_height_and_never_removed() {
    let folder = tempfile::tempdir().unwrap();
    install(folder.path(), "1.0");
    let config = VmFactoryConfig {
        search_path: SearchPath::explicit([folder.path()]),
        ..VmFactoryConfig::default()
    };
    let host = load(&evm_alone(), config).unwrap();
    assert!(execute(&host, FORK, &state(), CONTRACT).0.is_err());

    install(folder.path(), "1.1");
    let found = host.factory().rediscover().taken;
    let candidate = |minor| {
        let mut found = found.iter();
        found.find(|c| c.manifest.version.minor == minor).unwrap()
    };
    host.factory().load(candidate(1)).unwrap();
    assert!(host.factory().missing().is_empty());
    assert_eq!(vm_at(&host, FORK), NEW);
    assert_eq!(vm_at(&host, FORK - 1), OLD);

    let generations = host.factory().registry().generations();
    for generation in &generations {
        let refused = host.factory().unload(generation.generation);
        let error = refused.unwrap_err();
        assert!(matches!(error, FactoryError::Scheduled { .. }), "{error}");
        assert!(error.to_string().contains("retire = ["), "{error}");
    }
    // Nor is one put in place of the other, which would change results.
    let old = generations.iter().find(|g| g.version == "1.0.0").unwrap();
    let error = host.factory().swap(old.generation, candidate(1));
    let error = error.unwrap_err().to_string();
    assert!(error.contains("append an upgrade"), "{error}");
    assert!(error.contains("plugin = \"proz-evm\", version = \"1.1.0\""));
    assert_eq!(vm_at(&host, FORK - 1), OLD);
}

#[test]
fn what_the_schedule_decides_is_refused_from_the_operator() {
    let spec = chain(Vec::new());
    type Change = fn(&mut VmFactoryConfig);
    let cases: [(&str, Change); 4] = [
        ("plugins.require", |config| {
            config.require = vec!["evm@^1".parse().unwrap()];
        }),
        ("plugins.precompile_addresses", |config| {
            config.precompile_addresses = Some(BTreeSet::new());
        }),
        ("options.evm", |config| {
            config
                .options
                .insert("evm".into(), options("stack_limit = 5"));
        }),
        ("faults.fall_back", |config| {
            config.faults.fall_back = FallBack::AnyRelease;
        }),
    ];
    for (key, change) in cases {
        let mut config = plugins();
        change(&mut config);
        let error = load(&spec, config).err().unwrap();
        let FactoryError::ScheduleDecides { key: found } = &error else {
            panic!("{error}")
        };
        assert!(found.starts_with(key), "{found}");
    }
}

#[test]
fn a_release_that_is_not_as_scheduled_is_refused_at_load() {
    let genesis =
        |release, revision| specification(vec![upgrade(0, Some(revision), vec![release])]);
    // It cannot run the rules in force.
    let error = load(
        &genesis(release("proz-evm 1.0.0"), Revision::Osaka),
        plugins(),
    );
    assert!(matches!(
        error.err().unwrap(),
        FactoryError::Revision {
            revision: Revision::Osaka,
            last: Revision::Shanghai,
            ..
        }
    ));
    let unlike = |change: fn(&mut Release)| {
        let mut entry = release("proz-evm 1.1.0");
        change(&mut entry);
        let error = load(&genesis(entry, Revision::Osaka), plugins());
        error.err().unwrap().to_string()
    };
    let text = unlike(|entry| entry.features = FeatureSet::new());
    assert!(text.contains("expected features []"), "{text}");
    let text = unlike(|entry| entry.vm_type = "other".parse().unwrap());
    assert!(text.contains("expected VM type other, found evm"), "{text}");
    let text = unlike(|entry| entry.fingerprint = Some(Default::default()));
    assert!(text.contains("behaves otherwise"), "{text}");
    let text = unlike(|entry| entry.options = options("no_such_option = 1"));
    assert!(text.contains("create"), "{text}");
}

/// One release twice, with one byte more behind the second library.
#[test]
fn of_two_builds_the_operator_names_one() {
    let folder = tempfile::tempdir().unwrap();
    let places = ["first", "second"].map(|name| folder.path().join(name));
    for place in &places {
        fs::create_dir(place).unwrap();
        install(place, "1.0");
    }
    let library = fs::read_dir(&places[1])
        .unwrap()
        .map(|file| file.unwrap().path())
        .find(|path| path.extension().is_none_or(|e| e != "toml"))
        .unwrap();
    let config = || VmFactoryConfig {
        search_path: SearchPath::explicit(&places),
        ..VmFactoryConfig::default()
    };
    let spec = specification(vec![upgrade(
        0,
        Some(Revision::Shanghai),
        vec![release("proz-evm 1.0.0")],
    )]);
    // The same bytes twice are one build.
    assert_eq!(vm_at(&load(&spec, config()).unwrap(), 0), OLD);

    let mut bytes = fs::read(&library).unwrap();
    bytes.push(0);
    fs::write(&library, bytes).unwrap();
    let error = load(&spec, config()).err().unwrap();
    let FactoryError::Build(BuildError::Ambiguous { found, .. }) = &error else {
        panic!("{error}")
    };
    assert_eq!(found.len(), 2);
    for (digest, manifest) in found {
        let key = ReleaseKey {
            plugin: "proz-evm".parse().unwrap(),
            version: "1.0.0".parse().unwrap(),
        };
        let mut config = config();
        config.builds.insert(key, *digest);
        let host = load(&spec, config).unwrap();
        let [generation] = &host.factory().registry().generations()[..] else {
            panic!("one is loaded")
        };
        assert_eq!(generation.manifest, *manifest);
        assert_eq!(generation.library_sha256, digest.to_string());
    }
}

/// One release with two sets of options is two instances; each runs its blocks.
#[test]
fn options_change_at_a_height() {
    let newer = Release {
        options: options("disabled_opcodes = [\"SLOAD\"]"),
        ..release("proz-evm 1.0.0")
    };
    let host = host(&chain(vec![upgrade(FORK, None, vec![newer])]));
    assert_eq!(vm_at(&host, FORK - 1), OLD);
    let result = execute(&host, FORK, &state(), CONTRACT).0.unwrap();
    assert_eq!(result.status.0, StatusCode::INSTRUCTION_DISABLED);
    assert_eq!(vm_at(&host, FORK - 1), OLD);
}

/// Plugins that were loaded for one chain do not run another.
#[test]
fn a_host_is_made_of_plugins_for_its_own_schedule() {
    let factory =
        |spec: &ChainSpec| proz_host::VmFactory::for_chain(plugins(), &spec.config()).unwrap();
    let (one, other) = (replaced(), added());
    assert!(Host::with_factory(one.config(), factory(&one)).is_ok());
    let error = Host::with_factory(one.config(), factory(&other));
    assert!(matches!(error.err().unwrap(), FactoryError::OtherChain));
    let free = proz_host::ChainConfig::prozchain();
    assert!(Host::with_factory(free, factory(&one)).is_err());
}

#[test]
fn the_example_runs_with_the_shipped_plugins() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/runtime/chain.example.toml");
    let host = host(&ChainSpec::read(&file).unwrap());
    assert_eq!(host.factory().missing(), []);
    assert_eq!(vm_at(&host, 1), "evm@1.0.0");
    assert_eq!(vm_at(&host, 1_000_000), "evm@1.1.0");
}
