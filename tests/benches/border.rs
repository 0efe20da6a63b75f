//! What the border costs: an empty execution, a callback, a whole execution behind a loaded plugin
//! against the same engine linked statically, and a nested call through the host.
//!
//!     cargo xtask stage && cargo bench -p proz-tests --bench border
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

#[path = "../../plugins/evm/benches/shared/mod.rs"]
mod shared;

use alloy_primitives::{Address, Bytes, U256};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use proz_host::{
    Block, ChainConfig, Host, Revision, SearchPath, TransactOptions, Transaction, VmFactoryConfig,
};
use proz_interface::abi_stable::{
    sabi_trait::TD_Opaque,
    sabi_types::RMut,
    std_types::{RSlice, RStr},
};
use proz_interface::v1::{
    FrameResult, HostInfo, StateAccess, StateAccess_TO, VirtualMachineBox, Word,
};
use proz_loader::Loader;
use proz_state::MemoryDb;
use proz_tests::{build_plugin, plugins_dir};
use shared::{Case, Simple, Surroundings, corpus, machine, stop, transfer};
use std::{hint::black_box, path::Path};

/// Callbacks and calls timed at once.
const REPEATS: u64 = 1_000;

fn load(library: &Path) -> VirtualMachineBox {
    let plugin = Loader::default().load(library, None).unwrap();
    let host = HostInfo {
        version: RStr::from_str("0.1.0"),
        data_dir: RStr::from_str(""),
    };
    let instance = plugin.create("", &host).unwrap();
    instance.machines.into_iter().next().unwrap()
}

fn run(
    vm: &VirtualMachineBox,
    case: &Case,
    around: &Surroundings,
    host: &mut Simple,
) -> FrameResult {
    let context = around.context(case, case.code_hash());
    let access = StateAccess_TO::from_ptr(RMut::new(host), TD_Opaque);
    vm.execute(RSlice::from_slice(&case.code), &context, access)
        .into_result()
        .unwrap()
}

/// Empty execution; storage callbacks from the plugin; and the same calls of the same host without a border.
fn border(criterion: &mut Criterion) {
    let vm = load(&build_plugin("tests/fixtures/border-plugin"));
    let around = Surroundings::new();
    let mut group = criterion.benchmark_group("border");
    // Transient slots are answered with a constant, so that the border is nearly all there is.
    for (name, callbacks, code) in [
        ("empty execute", 0, 0),
        ("storage callbacks", REPEATS, 0),
        ("callbacks answered with a constant", REPEATS, 1),
    ] {
        let case = Case {
            code: vec![code; callbacks as usize],
            ..stop()
        };
        let hash = case.code_hash();
        let mut host = Simple::new(&case);
        assert!(run(&vm, &case, &around, &mut host).status.is_success());
        group.throughput(Throughput::Elements(callbacks.max(1)));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let context = around.context(&case, hash);
                let access = StateAccess_TO::from_ptr(RMut::new(&mut host), TD_Opaque);
                vm.execute(RSlice::from_slice(&case.code), black_box(&context), access)
                    .into_result()
                    .unwrap()
            });
        });
    }
    let mut host = Simple::new(&stop());
    group.bench_function("storage by `dyn`, no border", |bencher| {
        let host: &mut dyn StateAccess = black_box(&mut host);
        bencher.iter(|| {
            for _ in 0..REPEATS {
                host.storage_load(&Word::ZERO).into_result().unwrap();
            }
        });
    });
    group.finish();
}

/// The EVM loaded from its library, and the same crate linked into this program.
fn loaded_and_linked(criterion: &mut Criterion) {
    let loaded = load(&plugins_dir().join(format!(
        "{}proz_evm_1_1{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    )));
    let linked = machine();
    let around = Surroundings::new();
    let mut cases = vec![transfer()];
    cases.extend(corpus("main"));
    let mut group = criterion.benchmark_group("evm");
    for case in &cases {
        let hash = case.code_hash();
        let (mut a, mut b) = (Simple::new(case), Simple::new(case));
        let first = run(&loaded, case, &around, &mut a);
        let context = around.context(case, hash);
        let second = shared::execute(&linked, &case.code, &context, &mut b);
        assert_eq!(first.gas_left, second.gas_left, "{}", case.name);
        assert_eq!(first.output, second.output, "{}", case.name);
        group.bench_function(BenchmarkId::new("loaded", &case.name), |bencher| {
            bencher.iter(|| {
                let access = StateAccess_TO::from_ptr(RMut::new(&mut a), TD_Opaque);
                loaded
                    .execute(RSlice::from_slice(&case.code), black_box(&context), access)
                    .into_result()
                    .unwrap()
            });
        });
        group.bench_function(BenchmarkId::new("linked", &case.name), |bencher| {
            bencher.iter(|| {
                shared::execute(&linked, black_box(&case.code), black_box(&context), &mut b)
            });
        });
    }
    group.finish();
}

/// A thousand calls of one contract by another, through the host; and the loop without them.
fn nested(criterion: &mut Criterion) {
    let plugins = VmFactoryConfig {
        search_path: SearchPath::explicit([plugins_dir()]),
        ..VmFactoryConfig::default()
    };
    let host = Host::new(ChainConfig::ethereum(Revision::Cancun), plugins).unwrap();
    let block = Block {
        number: 1,
        timestamp: 1,
        gas_limit: u64::MAX,
        chain_id: 1,
        coinbase: Address::ZERO.into(),
        base_fee: U256::ZERO.into(),
        difficulty: U256::ZERO.into(),
        prev_randao: Default::default(),
        blob_base_fee: U256::ZERO.into(),
    };
    let callee = Address::repeat_byte(0xcc);
    let mut group = criterion.benchmark_group("host");
    group.throughput(Throughput::Elements(REPEATS));
    for (name, target) in [("loop of nested calls", Some(callee)), ("empty loop", None)] {
        let caller = Address::repeat_byte(0xca);
        let mut state = MemoryDb::new();
        state.set_code(caller, loop_of(target));
        state.set_code(callee, Bytes::from_static(&[0]));
        let transaction = Transaction {
            to: Some(caller),
            gas_limit: 10_000_000,
            ..Transaction::default()
        };
        let execute = || {
            let options = TransactOptions::default();
            host.execute(&block, &state, &transaction, options).unwrap()
        };
        assert!(execute().is_success());
        group.bench_function(name, |bencher| bencher.iter(&execute));
    }
    group.finish();
}

/// `for i in (0..REPEATS).rev() { call(target) }`
fn loop_of(target: Option<Address>) -> Bytes {
    let mut code = vec![0x61];
    code.extend((REPEATS as u16).to_be_bytes());
    code.push(0x5b); // JUMPDEST at 3
    if let Some(target) = target {
        code.extend([0x5f, 0x5f, 0x5f, 0x5f, 0x5f, 0x73]);
        code.extend(target.0);
        code.extend([0x61, 0xff, 0xff, 0xf1, 0x50]); // 65,535 gas; CALL; POP
    }
    code.extend([0x60, 1, 0x90, 0x03, 0x80, 0x60, 3, 0x57, 0x00]); // i -= 1; again
    code.into()
}

criterion_group!(benches, border, loaded_and_linked, nested);
criterion_main!(benches);
