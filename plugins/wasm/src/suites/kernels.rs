//! CoreMark and the shootout kernels run to their right results under metering.

use wasmtime::{AsContextMut, Caller, Engine, Extern, Linker, Memory, Module, Store, Val};

use super::{corpora, prepare, settings, unpack};
use crate::engine;

/// What a kernel printed.
#[derive(Default)]
struct Output {
    stdout: Vec<u8>,
    clock_ms: u64,
}

/// Ends a kernel as `proc_exit` does.
#[derive(Debug, thiserror::Error)]
#[error("exit {0}")]
struct ProcExit(i32);

fn memory(caller: &mut Caller<'_, Output>) -> Memory {
    caller
        .get_export("memory")
        .and_then(Extern::into_memory)
        .unwrap()
}

fn read_u32(memory: Memory, store: impl wasmtime::AsContext, at: u32) -> u32 {
    let at = at as usize;
    u32::from_le_bytes(memory.data(&store)[at..at + 4].try_into().unwrap())
}

fn linker(engine: &Engine, module: &Module, store: &mut Store<Output>) -> Linker<Output> {
    let mut linker = Linker::new(engine);
    linker
        .func_wrap(
            "wasi_snapshot_preview1",
            "fd_write",
            |mut caller: Caller<'_, Output>, fd: u32, vectors: u32, count: u32, written: u32| {
                let memory = memory(&mut caller);
                let mut total = 0;
                for at in 0..count {
                    let start = read_u32(memory, &caller, vectors + at * 8) as usize;
                    let size = read_u32(memory, &caller, vectors + at * 8 + 4) as usize;
                    let bytes = memory.data(&caller)[start..start + size].to_vec();
                    total += size as u32;
                    if fd == 1 {
                        caller.data_mut().stdout.extend(bytes);
                    }
                }
                let at = written as usize;
                memory.data_mut(&mut caller)[at..at + 4].copy_from_slice(&total.to_le_bytes());
                0_u32
            },
        )
        .unwrap()
        .func_wrap(
            "wasi_snapshot_preview1",
            "proc_exit",
            |code: i32| -> wasmtime::Result<()> { Err(ProcExit(code).into()) },
        )
        .unwrap()
        .func_wrap("env", "clock_ms", |mut caller: Caller<'_, Output>| -> u64 {
            // A clock that makes every measured run last eleven seconds.
            caller.data_mut().clock_ms += 11_000;
            caller.data().clock_ms
        })
        .unwrap();
    linker
        .define_unknown_imports_as_default_values(store, module)
        .unwrap();
    linker
}

struct Run {
    output: Output,
    result: Option<Val>,
    fuel: u64,
    memory: blake3::Hash,
}

fn run(engine: &Engine, code: &[u8], entry: &str, metered: bool) -> Run {
    let module = Module::new(engine, code).unwrap();
    let mut store = Store::new(engine, Output::default());
    const FUEL: u64 = 1 << 60;
    if metered {
        store.set_fuel(FUEL).unwrap();
    }
    let instance = linker(engine, &module, &mut store)
        .instantiate(&mut store, &module)
        .unwrap();
    let function = instance.get_func(&mut store, entry).unwrap();
    let mut results = vec![Val::I32(0); function.ty(&store).results().len()];
    if let Err(error) = function.call(store.as_context_mut(), &[], &mut results) {
        assert!(
            matches!(error.downcast_ref::<ProcExit>(), Some(ProcExit(0))),
            "{entry}: {error:#}"
        );
    }
    let memory = instance.get_memory(&mut store, "memory").unwrap();
    let hash = blake3::hash(memory.data(&store));
    let fuel = if metered {
        FUEL - store.get_fuel().unwrap()
    } else {
        0
    };
    Run {
        result: results.into_iter().next(),
        fuel,
        memory: hash,
        output: store.into_data(),
    }
}

#[test]
fn shootout_kernels_print_what_is_expected_and_leave_the_memory_a_plain_engine_leaves() {
    let Some(files) = unpack("sightglass-shootout-08180eb.tar.zst") else {
        return;
    };
    let settings = settings();
    let ours = Engine::new(&engine::settings(&settings)).unwrap();
    let plain = Engine::default();
    let (mut ran, mut skipped) = (Vec::new(), Vec::new());
    for (path, code) in &files {
        let Some(stem) = path.strip_suffix(".wasm") else {
            continue;
        };
        let name = stem.rsplit('/').next().unwrap_or(stem);
        if files
            .iter()
            .any(|(path, _)| path.starts_with(&format!("{stem}.")) && path.ends_with(".input"))
        {
            skipped.push(format!("{name} (reads files)"));
            continue;
        }
        let expected = &files
            .iter()
            .find(|(path, _)| *path == format!("{stem}.stdout.expected"))
            .unwrap()
            .1;
        let instrumented = prepare(code, &settings).unwrap();
        let metered = run(&ours, &instrumented, "_start", true);
        let raw = run(&plain, code, "_start", false);
        assert_eq!(
            String::from_utf8_lossy(&metered.output.stdout),
            String::from_utf8_lossy(expected),
            "{name}"
        );
        assert_eq!(metered.memory, raw.memory, "{name}");
        assert!(metered.fuel > 1_000, "{name}");
        ran.push(format!(
            "{name} {} gas",
            metered.fuel / crate::gas::FUEL_PER_GAS
        ));
    }
    println!(
        "kernels run: {} ({}); skipped: {skipped:?}",
        ran.len(),
        ran.join(", ")
    );
    assert!(ran.len() >= 18, "{}", ran.len());
}

#[test]
fn coremark_passes_its_own_check() {
    let Some(corpora) = corpora() else { return };
    let code = std::fs::read(corpora.join("wasm-contracts/bench-coremark-minimal.wasm")).unwrap();
    let settings = settings();
    let ours = Engine::new(&engine::settings(&settings)).unwrap();
    let run = run(&ours, &prepare(&code, &settings).unwrap(), "run", true);
    // The score is 0 when a checksum is wrong.
    let Some(Val::F32(score)) = run.result else {
        panic!("{:?}", run.result)
    };
    assert!(f32::from_bits(score) > 0.0, "{}", f32::from_bits(score));
    println!("CoreMark: {} gas", run.fuel / crate::gas::FUEL_PER_GAS);
}
