//! The plugin against wasmtime embedded by hand, with fuel and the same prices, in one run.
//!
//! The embedding does what the plugin's rules ask of a chain: it checks every pointer, prices by
//! cold and warm, refuses stores in static calls and on the last gas, and counts refunds. It has no
//! stack heights, no entry price, no write-back cache and no border between itself and the host.
//!
//! Batches of the two alternate and are timed by the thread's own CPU time; the least of each
//! counts. Both results are compared before anything is timed.
//!
//!     cargo bench -p proz-wasm --bench versus
//!     cargo bench -p proz-wasm --bench versus -- storage calls
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench")]

use std::collections::HashMap;
use std::hint::black_box;

use proz_sdk::{
    Address, B256, ExecutionContext, FrameResult, Host, HostError, Revision, StatusCode,
    StorageLoad, StorageStore, VirtualMachine, Word, pricing,
};
use proz_sdk_testing::mock::{Environment, MockHost};
use proz_wasm::{
    FUEL_PER_GAS, MachineConfig, WasmConfig, WasmGasCosts, WasmMachine, inspect, instrument,
    validate,
};
use rustix::time::{ClockId, clock_gettime};
use wasmtime::{Caller, Engine, InstancePre, Linker, Memory, Module, Store};

const ROUNDS: usize = 25;
/// What a transaction may have.
const GAS: u64 = 1 << 24;
/// So much that the plugin runs code that can be interrupted.
const MUCH_GAS: u64 = 1 << 40;

fn now_ns() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// Times two bodies in turns and returns the least time of each, in nanoseconds.
fn versus(batch_ns: f64, one: &mut dyn FnMut(), other: &mut dyn FnMut()) -> (f64, f64) {
    let time = |count: usize, body: &mut dyn FnMut()| {
        let start = now_ns();
        for _ in 0..count {
            body();
        }
        (now_ns() - start) / count as f64
    };
    let once = time(1, one).min(time(1, one));
    let count = (batch_ns / once).clamp(1.0, 1e5) as usize;
    let mut least = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        least.0 = least.0.min(time(count, one));
        least.1 = least.1.min(time(count, other));
    }
    least
}

/// Slots in a flat table: as little host as a host can be.
///
/// A chain's state is a crate of its own, so neither side may fold these functions into the ones that
/// call them and know, say, that `original` is always `current`.
#[derive(Default)]
struct Slots {
    slots: HashMap<[u64; 4], Word>,
}

impl Slots {
    #[inline(never)]
    fn load(&mut self, key: &Word) -> StorageLoad {
        let value = self.slots.get(&key.0).copied().unwrap_or_default();
        StorageLoad {
            value,
            status: proz_sdk::AccessStatus::WARM,
        }
    }

    #[inline(never)]
    fn store(&mut self, key: &Word, value: &Word) -> StorageStore {
        let current = self.slots.insert(key.0, *value).unwrap_or_default();
        StorageStore {
            original: current,
            current,
            new: *value,
            status: proz_sdk::AccessStatus::WARM,
        }
    }
}

/// What a hand-written embedding keeps for a call.
struct Raw {
    memory: Option<Memory>,
    slots: Slots,
    is_static: bool,
    refund: i64,
}

struct RawMachine {
    engine: Engine,
    pre: InstancePre<Raw>,
}

impl RawMachine {
    /// Plain wasmtime with fuel: no instrumentation, no entry price, no output protocol.
    fn new(code: &[u8], config: &WasmConfig) -> Self {
        let mut settings = wasmtime::Config::new();
        settings
            .consume_fuel(true)
            .operator_cost(config.gas_costs.operator_table());
        let mut pool = wasmtime::PoolingAllocationConfig::new();
        pool.total_core_instances(64).max_memory_size(8 << 20);
        settings.allocation_strategy(wasmtime::InstanceAllocationStrategy::Pooling(pool));
        let engine = Engine::new(&settings).unwrap();
        let module = Module::new(&engine, code).unwrap();
        let mut linker: Linker<Raw> = Linker::new(&engine);
        linker
            .func_wrap("env", "return", |_: u32, _: u32| -> wasmtime::Result<()> {
                wasmtime::bail!("returned")
            })
            .unwrap();
        linker
            .func_wrap(
                "env",
                "storage_get",
                |mut caller: Caller<'_, Raw>, key: u32, dst: u32| -> wasmtime::Result<u32> {
                    let memory = caller.data().memory.unwrap();
                    let (bytes, raw) = memory.data_and_store_mut(&mut caller);
                    let key = word_at(bytes, key)?;
                    let loaded = raw.slots.load(&key);
                    put_word(bytes, dst, &loaded.value)?;
                    let fuel = caller.get_fuel()?;
                    let gas = pricing::storage_load(loaded.status) + CROSSING_GAS;
                    pay(&mut caller, fuel, gas)?;
                    Ok(u32::from(!loaded.value.is_zero()))
                },
            )
            .unwrap();
        linker
            .func_wrap(
                "env",
                "storage_set",
                |mut caller: Caller<'_, Raw>, key: u32, value: u32| -> wasmtime::Result<()> {
                    let memory = caller.data().memory.unwrap();
                    let fuel = caller.get_fuel()?;
                    let (bytes, raw) = memory.data_and_store_mut(&mut caller);
                    if raw.is_static || fuel / FUEL_PER_GAS <= pricing::STORE_STIPEND_GUARD {
                        wasmtime::bail!("no store");
                    }
                    let (key, value) = (word_at(bytes, key)?, word_at(bytes, value)?);
                    let stored = raw.slots.store(&key, &value);
                    let (gas, refund) = pricing::storage_store(&stored);
                    raw.refund += refund;
                    pay(&mut caller, fuel, gas + CROSSING_GAS)
                },
            )
            .unwrap();
        let pre = linker.instantiate_pre(&module).unwrap();
        Self { engine, pre }
    }

    fn run(&self) -> u64 {
        let mut store = Store::new(
            &self.engine,
            Raw {
                memory: None,
                slots: Slots::default(),
                is_static: false,
                refund: 0,
            },
        );
        store.set_fuel(MUCH_GAS).unwrap();
        let instance = self.pre.instantiate(&mut store).unwrap();
        store.data_mut().memory = instance.get_memory(&mut store, "memory");
        let main = instance
            .get_typed_func::<(), ()>(&mut store, "main")
            .unwrap();
        let _ = main.call(&mut store, ());
        let memory = store.data().memory.unwrap();
        u64::from_le_bytes(memory.data(&store)[..8].try_into().unwrap())
    }
}

/// Gas of crossing to the host, as the plugin charges it.
const CROSSING_GAS: u64 = WasmGasCosts::V1.host.base;

fn pay(caller: &mut Caller<'_, Raw>, fuel: u64, gas: u64) -> wasmtime::Result<()> {
    let left = fuel
        .checked_sub(gas * FUEL_PER_GAS)
        .ok_or_else(|| wasmtime::Error::msg("out of gas"))?;
    caller.set_fuel(left)
}

fn word_at(memory: &[u8], at: u32) -> wasmtime::Result<Word> {
    let bytes = memory
        .get(at as usize..)
        .and_then(|rest| rest.first_chunk());
    let bytes = bytes.ok_or_else(|| wasmtime::Error::msg("out of bounds"))?;
    Ok(Word::from_be_bytes(*bytes))
}

fn put_word(memory: &mut [u8], at: u32, word: &Word) -> wasmtime::Result<()> {
    let room = memory
        .get_mut(at as usize..)
        .and_then(|rest| rest.first_chunk_mut());
    let room: &mut [u8; 32] = room.ok_or_else(|| wasmtime::Error::msg("out of bounds"))?;
    for (bytes, limb) in room
        .as_chunks_mut::<8>()
        .0
        .iter_mut()
        .zip(word.0.iter().rev())
    {
        *bytes = limb.to_be_bytes();
    }
    Ok(())
}

/// The plugin's side: the machine, its code, a host and a context.
struct Plugin {
    machine: WasmMachine,
    code: Vec<u8>,
    environment: Environment,
    gas: u64,
}

impl Plugin {
    fn new(code: &[u8], config: &WasmConfig) -> Self {
        Self {
            machine: WasmMachine::new(config.clone()).unwrap(),
            code: code.to_vec(),
            environment: Environment::new(Revision::LATEST),
            gas: GAS,
        }
    }

    fn run(&self, host: &mut Host<'_>) -> FrameResult {
        let mut message = Environment::call(Address([1; 20]), self.gas, &[]);
        message.code_hash = B256([1; 32]);
        let context: ExecutionContext<'_> = self.environment.context(message);
        self.machine.execute(&self.code, &context, host).unwrap()
    }
}

fn config() -> WasmConfig {
    WasmConfig {
        machine: MachineConfig {
            pooled_instances: 64,
            ..MachineConfig::default()
        },
        ..WasmConfig::default()
    }
}

fn contract(body: &str) -> Vec<u8> {
    wat::parse_str(format!(
        r#"(module
            (import "env" "return" (func $return (param i32 i32)))
            (import "env" "storage_get" (func $get (param i32 i32) (result i32)))
            (import "env" "storage_set" (func $set (param i32 i32)))
            (memory (export "memory") 1)
            {body})"#
    ))
    .unwrap()
}

const MIX: &str = r#"
    (func $mix (param i64 i32) (result i64)
        (i64.xor (i64.mul (local.get 0) (i64.const 0x9E3779B97F4A7C15)) (i64.load offset=64 (local.get 1))))
    (func (export "main") (local i64 i32)
        (local.set 0 (i64.const 88172645463325252))
        (loop
            (local.set 0 (i64.xor (local.get 0) (i64.shl (local.get 0) (i64.const 13))))
            (local.set 0 (i64.xor (local.get 0) (i64.shr_u (local.get 0) (i64.const 7))))
            (local.set 0 (i64.xor (local.get 0) (i64.shl (local.get 0) (i64.const 17))))
            (i64.store offset=64 (i32.and (local.get 1) (i32.const 0x3ff8)) (local.get 0))
            (local.set 0 (call $mix (local.get 0) (i32.and (local.get 1) (i32.const 0x3ff8))))
            (br_if 0 (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (i32.const 1000000))))
        (i64.store (i32.const 0) (local.get 0))
        (call $return (i32.const 0) (i32.const 8)))"#;

const FIB: &str = r#"
    (func $fib (param i32) (result i64)
        (if (i32.lt_u (local.get 0) (i32.const 2)) (then (return (i64.extend_i32_u (local.get 0)))))
        (i64.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))
    (func (export "main")
        (i64.store (i32.const 0) (call $fib (i32.const 25)))
        (call $return (i32.const 0) (i32.const 8)))"#;

const STORAGE: &str = r#"
    (func (export "main") (local i32)
        (loop
            (i32.store (i32.const 60) (i32.and (local.get 0) (i32.const 255)))
            (drop (call $get (i32.const 32) (i32.const 64)))
            (i32.store (i32.const 64) (local.get 0))
            (call $set (i32.const 32) (i32.const 64))
            (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 1000))))
        (i64.store (i32.const 0) (i64.const 7))
        (call $return (i32.const 0) (i32.const 8)))"#;

fn row(name: &str, plugin: f64, raw: f64, goal: &str) {
    println!(
        "{name:<34} plugin {plugin:>12.0} ns  raw {raw:>12.0} ns  ratio {:.3}  (goal {goal})",
        plugin / raw
    );
}

fn compute(name: &str, body: &str, gas: u64, goal: &str) {
    let code = contract(body);
    let mut plugin = Plugin::new(&code, &config());
    plugin.gas = gas;
    let raw = RawMachine::new(&code, &config());
    let mut mock = MockHost::new(Address([1; 20]));
    mock.observes = false;
    let mut host = mock.host();
    let found = plugin.run(&mut host);
    assert_eq!(found.status, StatusCode::SUCCESS);
    assert_eq!(found.output.as_slice(), raw.run().to_le_bytes());
    let (ours, theirs) = versus(
        2e7,
        &mut || {
            black_box(plugin.run(&mut host));
        },
        &mut || {
            black_box(raw.run());
        },
    );
    row(name, ours, theirs, goal);
}

fn storage() {
    let code = contract(STORAGE);
    let plugin = Plugin::new(&code, &config());
    let raw = RawMachine::new(&code, &config());
    let mut flat = FlatHost::default();
    assert_eq!(
        plugin.run(&mut Host::from_impl(&mut flat)).status,
        StatusCode::SUCCESS
    );
    assert_eq!(raw.run(), 7);
    let (ours, theirs) = versus(
        5e6,
        &mut || {
            let mut flat = FlatHost::default();
            black_box(plugin.run(&mut Host::from_impl(&mut flat)));
        },
        &mut || {
            black_box(raw.run());
        },
    );
    row("storage: 1,000 loads and stores", ours, theirs, "1.10");
}

fn calls() {
    let code = contract(r#"(func (export "main"))"#);
    let plugin = Plugin::new(&code, &config());
    let raw = RawMachine::new(&code, &config());
    let mut flat = FlatHost::default();
    let mut host = Host::from_impl(&mut flat);
    plugin.run(&mut host);
    let (ours, theirs) = versus(
        2e6,
        &mut || {
            black_box(plugin.run(&mut host));
        },
        &mut || {
            black_box(raw.run());
        },
    );
    row("warm call of an empty contract", ours, theirs, "4,000 ns");
}

/// A contract of some 200 KB of straight functions, as compilers make them.
fn large() -> Vec<u8> {
    let function = |at: usize| {
        let body: String = (0..28)
            .map(|line| {
                format!(
                    "(local.set 1 (i64.add (i64.mul (local.get 1) (i64.const {})) (i64.load offset={} (local.get 0))))
                     (if (i64.gt_u (local.get 1) (i64.const {})) (then (i64.store offset={} (local.get 0) (local.get 1))))",
                    at * 31 + line + 3,
                    line * 8,
                    at * 1_000 + line,
                    512 + line * 8
                )
            })
            .collect();
        format!("(func $f{at} (param i32) (result i64) (local i64) {body} (local.get 1))")
    };
    let functions: String = (0..200).map(function).collect();
    contract(&format!(
        r#"{functions} (func (export "main") (drop (call $f0 (i32.const 0))))"#
    ))
}

fn cold() {
    let code = large();
    let directory = tempfile::tempdir().unwrap();
    let mut settings = config();
    settings.machine.disk_cache = Some(directory.path().to_owned());
    let start = now_ns();
    let facts = validate(&code, &settings).unwrap();
    let validated = now_ns();
    let instrumented = instrument(&code, &facts, settings.max_stack_height).unwrap();
    let rewritten = now_ns();
    println!(
        "{} bytes of code: validate {:.2} ms, instrument {:.2} ms ({:+} bytes)",
        code.len(),
        (validated - start) / 1e6,
        (rewritten - validated) / 1e6,
        instrumented.len() as i64 - code.len() as i64
    );
    let operators: u64 = inspect(&code, &settings).unwrap().operators.values().sum();
    let plugin = Plugin::new(&code, &settings);
    let wall = std::time::Instant::now();
    plugin.machine.warm(&code).unwrap();
    let ms = wall.elapsed().as_secs_f64() * 1e3;
    println!(
        "deployment (validate, instrument, compile, write): {ms:.0} ms wall, {:.0} ns for each of {operators} operators",
        ms * 1e6 / operators as f64
    );
    let mut least = f64::MAX;
    for _ in 0..ROUNDS {
        let plugin = Plugin::new(&code, &settings);
        let mut flat = FlatHost::default();
        let mut host = Host::from_impl(&mut flat);
        let start = now_ns();
        let result = plugin.run(&mut host);
        least = least.min(now_ns() - start);
        assert_eq!(result.status, StatusCode::SUCCESS);
        assert_eq!(plugin.machine.cache_counts().disk, 1);
    }
    println!(
        "first call after a restart: {:.3} ms (goal 1 ms)",
        least / 1e6
    );
}

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    for (name, body) in [
        (
            "compute",
            &(|| compute("compute: xorshift over memory", MIX, GAS, "1.02")) as &dyn Fn(),
        ),
        ("interruptible", &|| {
            compute("the same with much gas", MIX, MUCH_GAS, "reported")
        }),
        ("recursion", &|| {
            compute("compute: fib(25), all recursion", FIB, GAS, "reported")
        }),
        ("storage", &storage),
        ("calls", &calls),
        ("cold", &cold),
    ] {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            body();
        }
    }
}

#[derive(Default)]
struct FlatHost {
    slots: Slots,
}

mod flat {
    use super::{FlatHost, HostError, StorageLoad, StorageStore, Word};
    use proz_interface::abi_stable::std_types::{ROption, RResult, RSlice, RStr};
    use proz_interface::v1::*;

    const NO: HostError = HostError::UNSUPPORTED;

    impl StateAccess for FlatHost {
        fn storage_load(&mut self, key: &Word) -> RResult<StorageLoad, HostError> {
            RResult::ROk(self.slots.load(key))
        }

        fn storage_store(&mut self, key: &Word, value: &Word) -> RResult<StorageStore, HostError> {
            RResult::ROk(self.slots.store(key, value))
        }

        fn transient_load(&mut self, _: &Word) -> RResult<Word, HostError> {
            RResult::RErr(NO)
        }

        fn transient_store(&mut self, _: &Word, _: &Word) -> RResult<(), HostError> {
            RResult::RErr(NO)
        }

        fn account(&mut self, _: &Address) -> RResult<AccountInfo, HostError> {
            RResult::RErr(NO)
        }

        fn call_target(&mut self, _: &Address) -> RResult<CallTarget, HostError> {
            RResult::RErr(NO)
        }

        fn code(&mut self, _: &Address) -> RResult<CodeView<'_>, HostError> {
            RResult::RErr(NO)
        }

        fn block_hash(&mut self, _: u64) -> RResult<B256, HostError> {
            RResult::RErr(NO)
        }

        fn log(&mut self, _: RSlice<'_, B256>, _: RSlice<'_, u8>) -> RResult<(), HostError> {
            RResult::RErr(NO)
        }

        fn selfdestruct(&mut self, _: &Address) -> RResult<SelfDestruct, HostError> {
            RResult::RErr(NO)
        }

        fn call(&mut self, _: &CallRequest<'_>) -> RResult<CallOutcome, HostError> {
            RResult::RErr(NO)
        }

        fn create(&mut self, _: &CreateRequest<'_>) -> RResult<CreateOutcome, HostError> {
            RResult::RErr(NO)
        }

        fn precompile(
            &mut self,
            _: &Address,
            _: RSlice<'_, u8>,
            _: u64,
        ) -> RResult<CallOutcome, HostError> {
            RResult::RErr(NO)
        }

        fn checkpoint(&mut self) -> RResult<u64, HostError> {
            RResult::RErr(NO)
        }

        fn rollback(&mut self, _: u64) -> RResult<(), HostError> {
            RResult::RErr(NO)
        }

        fn extension(&mut self, _: RStr<'_>) -> ROption<Extension> {
            ROption::RNone
        }
    }
}
