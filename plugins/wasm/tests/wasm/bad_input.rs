//! Hostile modules: typed outcomes in bounded time, the VM alive afterwards.
//!
//! The smoke tests of the fuzz bodies feed them from a fixed generator.

use std::time::{Duration, Instant};

use proz_sdk::StatusCode;
use proz_sdk_testing::mock::Environment;
use proz_wasm::HOST_FUNCTIONS;
use proz_wasm::testing::{
    Noise, World, address, assert_output, assert_status, config, fuzz_execute, fuzz_mutated,
    fuzz_validate, machine, wat,
};

use crate::archive::corpora;

/// How many rounds a smoke test makes; a fuzzing run sets more.
fn rounds(default: u64) -> u64 {
    std::env::var("PROZ_FUZZ_ROUNDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

#[test]
fn generated_modules_end_in_an_outcome() {
    let mut noise = Noise::new(1);
    let mut statuses = std::collections::BTreeMap::new();
    for _ in 0..rounds(300) {
        let size = 200 + (noise.draw() % 3_000) as usize;
        if let Some(status) = fuzz_execute(&noise.bytes(size)) {
            *statuses.entry(status.to_string()).or_insert(0) += 1;
        }
    }
    println!("generated modules run: {statuses:?}");
    assert!(statuses.values().sum::<u32>() > 50, "{statuses:?}");
}

#[test]
fn mutated_modules_are_refused_or_end_in_an_outcome() {
    let mut noise = Noise::new(2);
    let (mut refused, mut ran) = (0, 0);
    for _ in 0..rounds(300) {
        let size = 200 + (noise.draw() % 2_000) as usize;
        match fuzz_mutated(&noise.bytes(size)) {
            Some(_) => ran += 1,
            None => refused += 1,
        }
    }
    println!("mutated modules: {refused} refused, {ran} run");
    assert!(refused > 0 && ran > 0, "{refused} {ran}");
}

#[test]
fn mutated_contracts_of_other_chains_never_panic() {
    let Some(corpora) = corpora() else { return };
    let mut noise = Noise::new(3);
    for entry in std::fs::read_dir(corpora.join("wasm-contracts")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|suffix| suffix != "wasm") {
            continue;
        }
        let code = std::fs::read(path).unwrap();
        for _ in 0..rounds(8) {
            let mut changed = code.clone();
            noise.mutate(&mut changed);
            fuzz_validate(&changed);
        }
    }
}

#[track_caller]
fn quickly<T>(what: &str, limit: Duration, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    assert!(start.elapsed() < limit, "{what} took {:?}", start.elapsed());
    result
}

#[test]
fn bombs_end_in_bounded_time() {
    let contract = |rest: &str, body: &str| {
        wat(&format!(
            r#"(module (import "env" "return" (func (param i32 i32))) (import "env" "input_copy" (func $copy (param i32 i32 i32)))
                {rest} (memory (export "memory") 1) (func $main (export "main") {body}))"#
        ))
    };
    for (what, code, status) in [
        (
            "endless loop",
            contract("", "(loop (br 0))"),
            StatusCode::OUT_OF_GAS,
        ),
        (
            "endless growth",
            contract("", "(loop (drop (memory.grow (i32.const 1))) (br 0))"),
            StatusCode::OUT_OF_GAS,
        ),
        (
            "endless filling",
            contract(
                "",
                "(drop (memory.grow (i32.const 100))) (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 6000000)) (br 0))",
            ),
            StatusCode::OUT_OF_GAS,
        ),
        (
            "endless copies from the host",
            contract(
                "",
                "(loop (call $copy (i32.const 0) (i32.const 0) (i32.const 60000)) (br 0))",
            ),
            StatusCode::OUT_OF_GAS,
        ),
        (
            "a copy of everything",
            contract(
                "",
                "(call $copy (i32.const 0) (i32.const 0) (i32.const -1))",
            ),
            StatusCode::OUT_OF_GAS,
        ),
        (
            "endless recursion",
            contract("", "(call $main)"),
            StatusCode::STACK_HEIGHT,
        ),
        (
            "the largest table",
            contract(
                "(table 2500 funcref)",
                "(loop (table.fill 0 (i32.const 0) (ref.null func) (i32.const 2500)) (br 0))",
            ),
            StatusCode::OUT_OF_GAS,
        ),
    ] {
        let result = quickly(what, Duration::from_secs(20), || {
            World::run_code(&code, &[])
        });
        assert_status(&result, status);
    }
}

#[test]
fn modules_made_to_compile_slowly_stay_within_the_caps() {
    // A large function of nested blocks and locals that meet at every branch.
    let locals = 1_000;
    let block =
        "(block (br_if 0 (local.get 0)) (local.set 1 (i64.add (local.get 2) (local.get 3))))"
            .repeat(2_000);
    let code = wat(&format!(
        r#"(module (import "env" "return" (func (param i32 i32))) (memory (export "memory") 1)
            (func $f (param i32) {} {block}) (func (export "main") (call $f (i32.const 0))))"#,
        "(local i64)".repeat(locals)
    ));
    quickly("compilation", Duration::from_secs(60), || {
        machine().warm(&code).unwrap()
    });
}

#[test]
fn importing_everything_is_fine_and_costs_nothing() {
    let imports: String = HOST_FUNCTIONS
        .iter()
        .filter(|function| !function.debug)
        .map(|function| {
            let types = |letters: &str| {
                letters
                    .chars()
                    .map(|letter| if letter == 'I' { "i64 " } else { "i32 " })
                    .collect::<String>()
            };
            format!(
                r#"(import "{}" "{}" (func (param {}) (result {})))"#,
                function.module,
                function.name,
                types(function.params),
                types(function.results)
            )
        })
        .collect();
    let code = wat(&format!(
        r#"(module {imports} (memory (export "memory") 1) (func (export "main")))"#
    ));
    assert_output(&World::run_code(&code, &[]), &[]);
}

#[test]
fn traps_deep_inside_nested_calls_end_only_their_frames() {
    // Calls itself with one byte less until none is left, then traps; each caller counts on.
    let code = wat(r#"(module
            (import "env" "address" (func $address (param i32)))
            (import "env" "input_size" (func $input_size (result i32)))
            (import "env" "call" (func $call (param i32 i32 i32 i64 i32 i32) (result i32)))
            (import "env" "return" (func $return (param i32 i32)))
            (import "env" "return_data_copy" (func $copy (param i32 i32 i32)))
            (memory (export "memory") 1)
            (func (export "main")
                (if (i32.eqz (call $input_size)) (then (drop (i32.load (i32.const -1)))))
                (call $address (i32.const 0))
                (if (i32.eqz (call $call (i32.const 0) (i32.const 0) (i32.const 32) (i64.const -1) (i32.const 256) (i32.sub (call $input_size) (i32.const 1))))
                    (then (call $copy (i32.const 64) (i32.const 0) (i32.const 4))))
                (i32.store (i32.const 64) (i32.add (i32.load (i32.const 64)) (i32.const 1)))
                (call $return (i32.const 64) (i32.const 4))))"#);
    let mut world = World::new();
    world.install(address(1), &code);
    let mut message = Environment::call(address(1), 1 << 40, &[0; 40]);
    message.gas_limit = 1 << 40;
    let result = world.send(message).unwrap();
    assert_output(&result, &40_u32.to_le_bytes());
}

#[test]
fn frames_beyond_the_pool_run_all_the_same() {
    // Calls itself as often as the first byte says, then traps; returns how many succeeded.
    let code = wat(r#"(module
            (import "env" "address" (func $address (param i32)))
            (import "env" "input_size" (func $input_size (result i32)))
            (import "env" "call" (func $call (param i32 i32 i32 i64 i32 i32) (result i32)))
            (import "env" "return" (func $return (param i32 i32)))
            (import "env" "return_data_copy" (func $copy (param i32 i32 i32)))
            (memory (export "memory") 1)
            (func (export "main")
                (if (i32.eqz (call $input_size)) (then (drop (memory.grow (i32.const 2))) (unreachable)))
                (call $address (i32.const 0))
                (if (i32.eqz (call $call (i32.const 0) (i32.const 0) (i32.const 32) (i64.const -1) (i32.const 256) (i32.sub (call $input_size) (i32.const 1))))
                    (then (call $copy (i32.const 64) (i32.const 0) (i32.const 4))))
                (i32.store (i32.const 64) (i32.add (i32.load (i32.const 64)) (i32.const 1)))
                (call $return (i32.const 64) (i32.const 4))))"#);
    let mut results = Vec::new();
    for pooled_instances in [1, 8, 1_100] {
        let mut settings = config();
        settings.machine.pooled_instances = pooled_instances;
        let machine = proz_wasm::WasmMachine::new(settings).unwrap();
        let mut world = World::with_machine(std::sync::Arc::new(machine));
        world.install(address(1), &code);
        let mut run = || {
            let message = Environment::call(address(1), 1 << 40, &[0; 200]);
            let result = world.send(message).unwrap();
            assert_output(&result, &200_u32.to_le_bytes());
            result.gas_left
        };
        results.push([run(), run()]);
    }
    results.dedup();
    assert_eq!(results.len(), 1, "gas depends on the pool: {results:?}");
}

#[test]
fn many_threads_share_the_vm() {
    let code = wat(
        r#"(module (import "env" "input_copy" (func $copy (param i32 i32 i32))) (import "env" "return" (func $return (param i32 i32)))
            (memory (export "memory") 1)
            (func (export "main") (call $copy (i32.const 0) (i32.const 0) (i32.const 4))
                (if (i32.and (i32.load (i32.const 0)) (i32.const 1)) (then (unreachable)))
                (call $return (i32.const 0) (i32.const 4))))"#,
    );
    std::thread::scope(|scope| {
        for thread in 0..4_u32 {
            let code = &code;
            scope.spawn(move || {
                let mut world = World::new();
                world.install(address(1), code);
                for round in 0..200_u32 {
                    let number = round * 4 + thread;
                    let result = world.call(address(1), &number.to_le_bytes());
                    if number & 1 == 1 {
                        assert_status(&result, StatusCode::TRAP);
                    } else {
                        assert_output(&result, &number.to_le_bytes());
                    }
                }
            });
        }
    });
}
