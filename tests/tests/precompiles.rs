//! The precompile packs as the host runs them: loaded from libraries, side by side, swapped under load.
#![expect(
    clippy::unwrap_used,
    reason = "the helpers of a test may panic as the test may"
)]

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use alloy_primitives::{Address, Bytes, address};
use proz_host::{
    Block, ChainConfig, Host, Mode, Revision, SearchPath, TransactOptions, Transaction,
    VmFactoryConfig,
};
use proz_interface::abi_stable::sabi_trait::TD_Opaque;
use proz_interface::abi_stable::sabi_types::RMut;
use proz_interface::v1::{FrameResult, HostInfo, PrecompileBox, StateAccess_TO, StatusCode};
use proz_loader::Loader;
use proz_sdk_testing::mock::{Environment, MockHost};
use proz_state::{AccountInfo, MemoryDb, StateDbMut};
use proz_tests::{
    build_plugin,
    chains::{release, specification, upgrade},
    corpora_dir, workspace_root,
};
use serde::Deserialize;
use tempfile::TempDir;

const SENDER: Address = address!("0x00000000000000000000000000000000000a11ce");
const COUNTER: Address = address!("0x0000000000000000000000000000000000c0ffee");

/// A folder with the libraries and manifests of both packs, as an operator installs them.
fn installed() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for number in [1, 2] {
        let manifest = format!("precompiles-{number}.toml");
        let source = workspace_root().join("plugin-manifests").join(&manifest);
        fs::copy(source, folder.path().join(manifest)).unwrap();
        let library = library(number);
        fs::copy(&library, folder.path().join(library.file_name().unwrap())).unwrap();
    }
    folder
}

/// The library of a pack, which cargo builds beside the tests.
fn library(number: u32) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let name = format!("{DLL_PREFIX}proz_precompiles_{number}{DLL_SUFFIX}");
    tests.parent().unwrap().join(name)
}

fn host(folder: &Path, require: &[&str]) -> Host {
    let config = VmFactoryConfig {
        search_path: SearchPath::explicit([folder]),
        require: require.iter().map(|text| text.parse().unwrap()).collect(),
        ..VmFactoryConfig::default()
    };
    Host::new(ChainConfig::ethereum(Revision::Osaka), config).unwrap()
}

fn transaction(to: Address, input: &[u8]) -> Transaction {
    Transaction {
        sender: SENDER,
        to: Some(to),
        gas_limit: 16_000_000,
        input: Bytes::copy_from_slice(input),
        ..Transaction::default()
    }
}

fn block(number: u64) -> Block {
    Block {
        number,
        gas_limit: 60_000_000,
        ..Environment::new(Revision::Osaka).block
    }
}

/// What a call from outside sees: status, gas, output.
fn call(host: &Host, number: u64, to: Address, input: &[u8]) -> (StatusCode, u64, Vec<u8>) {
    let result = host
        .call(&block(number), &MemoryDb::new(), &transaction(to, input))
        .unwrap();
    (
        result.status.0,
        result.gas_used,
        result.return_data.to_vec(),
    )
}

fn low(number: u64) -> Address {
    let mut address = [0; 20];
    address[12..].copy_from_slice(&number.to_be_bytes());
    address.into()
}

#[derive(Deserialize)]
struct Index {
    files: Vec<IndexFile>,
}

#[derive(Deserialize)]
struct IndexFile {
    file: String,
    address: String,
    negative: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Vector {
    input: String,
    expected: Option<String>,
    gas: Option<u64>,
    name: String,
}

/// Every file of vectors with its address; none where the corpora are absent.
fn vectors() -> Vec<(IndexFile, u64, Vec<Vector>)> {
    let folder = corpora_dir().map(|corpora| corpora.join("precompile-vectors"));
    let Some(folder) = folder.filter(|folder| folder.join("index.json").is_file()) else {
        println!("skipped: no corpora");
        return Vec::new();
    };
    let index = fs::read(folder.join("index.json")).unwrap();
    let index: Index = serde_json::from_slice(&index).unwrap();
    let read = |file: IndexFile| {
        let vectors = fs::read(folder.join(&file.file)).unwrap();
        let digits = file.address.split_whitespace().next().unwrap();
        let address = u64::from_str_radix(digits.trim_start_matches("0x"), 16).unwrap();
        (file, address, serde_json::from_slice(&vectors).unwrap())
    };
    index.files.into_iter().map(read).collect()
}

/// Calls a loaded precompile through the interface.
fn execute(code: &PrecompileBox, revision: Revision, gas: u64, input: &[u8]) -> FrameResult {
    let environment = Environment::new(revision);
    let mut mock = MockHost::new(code.address());
    let context = environment.context(Environment::call(code.address(), gas, input));
    let state = StateAccess_TO::from_ptr(RMut::new(&mut mock), TD_Opaque);
    code.execute(&context, input.into(), state)
        .into_result()
        .unwrap()
}

/// Runs all vectors that a pack has addresses for; returns their number.
fn run_vectors(number: u32) -> usize {
    let plugin = Loader::default().load(&library(number), None).unwrap();
    let host = HostInfo {
        version: "1.0.0".into(),
        data_dir: "".into(),
    };
    let instance = plugin.create("", &host).unwrap();
    let mut count = 0;
    for (file, address, vectors) in vectors() {
        let revision = match file.file.as_str() {
            "modexp.json" => Revision::Byzantium,
            "modexp_eip2565.json" => Revision::Berlin,
            _ => Revision::Osaka,
        };
        let is_here = |code: &&PrecompileBox| Address::from(code.address().0) == low(address);
        let Some(code) = instance.precompiles.iter().find(is_here) else {
            continue;
        };
        for vector in &vectors {
            let name = format!("{} {}", file.file, vector.name);
            let input = hex::decode(&vector.input).unwrap();
            if file.negative {
                let result = execute(code, revision, u64::MAX, &input);
                assert_eq!(result.status, StatusCode::PRECOMPILE_FAILURE, "{name}");
                assert!(result.output.is_empty() && result.gas_left == 0, "{name}");
                continue;
            }
            let gas = vector.gas.unwrap();
            let expected = hex::decode(vector.expected.as_ref().unwrap()).unwrap();
            assert_eq!(
                code.gas_cost(input.as_slice().into(), revision),
                gas,
                "{name}"
            );
            let result = execute(code, revision, gas + 7, &input);
            assert_eq!(
                (result.status, result.gas_left),
                (StatusCode::SUCCESS, 7),
                "{name}"
            );
            assert_eq!(result.output.as_slice(), expected, "{name}");
            if let Some(short) = gas.checked_sub(1) {
                let result = execute(code, revision, short, &input);
                assert_eq!(result.status, StatusCode::OUT_OF_GAS, "{name}");
            }
        }
        count += vectors.len();
    }
    println!("pack {number}: {count} vectors through its library");
    count
}

#[test]
fn loaded_packs_answer_every_vector_of_their_addresses() {
    if vectors().is_empty() {
        return;
    }
    assert_eq!(run_vectors(1), 172);
    assert_eq!(run_vectors(2), 1_883);
}

#[test]
fn both_packs_are_loaded_and_the_schedule_decides_which_serves_a_block() {
    let folder = installed();
    let spec = specification(vec![
        upgrade(
            0,
            Some(Revision::Osaka),
            vec![release("proz-precompiles 1.0.0")],
        ),
        upgrade(100, None, vec![release("proz-precompiles 2.0.0")]),
    ]);
    let config = VmFactoryConfig {
        search_path: SearchPath::explicit([folder.path()]),
        ..VmFactoryConfig::default()
    };
    let host = Host::new(spec.config(), config).unwrap();
    let listed = host.factory().precompiles();
    assert_eq!(listed.len(), 9 + 18);

    let hash = [1; 100];
    assert_eq!(
        call(&host, 99, low(2), &hash),
        call(&host, 100, low(2), &hash)
    );
    // Without P256VERIFY the address is an ordinary one, and a call to it does nothing.
    let (_, before, nothing) = call(&host, 99, low(0x100), &[]);
    let (_, after, _) = call(&host, 100, low(0x100), &[]);
    assert!(nothing.is_empty());
    assert_eq!(after - before, 6_900);
}

#[test]
fn swapping_the_packs_under_load_changes_no_result() {
    let folder = installed();
    let host = host(folder.path(), &["plugin:proz-precompiles@^1"]);
    let mut cases: Vec<(Address, Vec<u8>)> = vectors()
        .iter()
        .filter(|(_, address, _)| *address <= 9)
        .flat_map(|(_, address, vectors)| {
            let decode = |vector: &Vector| (low(*address), hex::decode(&vector.input).unwrap());
            vectors.iter().map(decode).collect::<Vec<_>>()
        })
        .filter(|(_, input)| input.len() < 2_000)
        .step_by(3)
        .collect();
    for length in 0..40 {
        cases.extend([2, 3, 4].map(|address| (low(address), vec![0x5a; 7 * length])));
    }
    let expected: Vec<_> = cases
        .iter()
        .map(|(to, input)| call(&host, 1, *to, input))
        .collect();

    let candidates = &host.factory().discovery().taken;
    let release = |major: u64| {
        candidates
            .iter()
            .find(|c| c.manifest.version.major == major)
    };
    let (first, second) = (release(1).unwrap(), release(2).unwrap());
    let (stop, calls) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut swaps = 0;
    thread::scope(|scope| {
        for worker in 0..2 {
            let (host, cases, expected, stop, calls) = (&host, &cases, &expected, &stop, &calls);
            scope.spawn(move || {
                let mut index = worker * 31;
                while !stop.load(Ordering::Relaxed) {
                    index = (index + 1) % cases.len();
                    let (to, input) = &cases[index];
                    assert_eq!(call(host, 1, *to, input), expected[index], "{to} {index}");
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        // To the next release and back, again and again.
        while swaps < 40 || calls.load(Ordering::Relaxed) < 2 * cases.len() {
            let next = if swaps % 2 == 0 { second } else { first };
            let old = host.factory().registry().generations()[0].generation;
            host.factory().swap(old, next).unwrap();
            swaps += 1;
            if !calls_go_on(&calls) {
                break;
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    println!(
        "{swaps} swaps during {} calls",
        calls.load(Ordering::Relaxed)
    );
}

/// Waits for the next call; tells whether it came, as it does not when the workers have failed.
fn calls_go_on(calls: &AtomicUsize) -> bool {
    let before = calls.load(Ordering::Relaxed);
    for _ in 0..2_000 {
        thread::sleep(Duration::from_millis(5));
        if calls.load(Ordering::Relaxed) > before {
            return true;
        }
    }
    false
}

#[test]
fn a_third_partys_stateful_precompile_keeps_its_storage() {
    let source = "sdk/examples/stateful-precompile";
    let library = build_plugin(source);
    let folder = tempfile::tempdir().unwrap();
    fs::copy(&library, folder.path().join(library.file_name().unwrap())).unwrap();
    let manifest = "stateful-precompile.toml";
    fs::copy(
        workspace_root().join(source).join(manifest),
        folder.path().join(manifest),
    )
    .unwrap();

    let host = host(folder.path(), &[]);
    let mut state = MemoryDb::new();
    // As a chain's genesis does it: an account without balance, nonce and code would vanish with
    // its storage (EIP-161).
    let info = AccountInfo {
        nonce: 1,
        ..AccountInfo::default()
    };
    state.insert_account(COUNTER, info);
    for expected in 1..=3_u8 {
        let options = TransactOptions {
            mode: Mode::Simulation,
            ..TransactOptions::default()
        };
        let result = host
            .execute(&block(1), &state, &transaction(COUNTER, &[]), options)
            .unwrap();
        assert_eq!(result.status.0, StatusCode::SUCCESS);
        assert_eq!(result.return_data[31], expected);
        assert_eq!(result.return_data[..31], [0; 31]);
        state.apply(&result.state_changes).unwrap();
    }
}
