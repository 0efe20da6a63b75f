//! The logical stack height: reached at the same place everywhere, before native stack runs out.

use std::sync::Arc;

use proz_sdk::StatusCode;
use proz_wasm::{WasmMachine, charges, instrument, validate};

use proz_wasm::testing::{GAS, World, address, assert_output, assert_status, config, wat};

/// Recurses as deep as the input's first 32-bit number says and returns that number.
fn recursing(locals: usize, body: &str) -> Vec<u8> {
    let locals = "(local i64)".repeat(locals);
    wat(&format!(
        r#"(module (import "env" "input_copy" (func $input_copy (param i32 i32 i32)))
            (import "env" "return" (func $return (param i32 i32)))
            (memory (export "memory") 2)
            (func $down (param i32) (result i32) {locals}
                {body}
                (if (result i32) (local.get 0)
                    (then (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)))))
                    (else (i32.const 0))))
            (func (export "main")
                (call $input_copy (i32.const 0) (i32.const 0) (i32.const 4))
                (i32.store (i32.const 0) (call $down (i32.load (i32.const 0))))
                (call $return (i32.const 0) (i32.const 4))))"#
    ))
}

/// The deepest recursion that succeeds.
fn deepest(machine: &Arc<WasmMachine>, code: &[u8]) -> u32 {
    let mut world = World::with_machine(Arc::clone(machine));
    world.install(address(1), code);
    let (mut low, mut high) = (0_u32, 100_000_u32);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        let result = world.call(address(1), &middle.to_le_bytes());
        if result.status.is_success() {
            assert_output(&result, &middle.to_le_bytes());
            low = middle;
        } else {
            assert_status(&result, StatusCode::STACK_HEIGHT);
            high = middle;
        }
    }
    low
}

#[test]
fn the_limit_is_the_same_for_every_compiler_setting_and_falls_with_the_frame() {
    let machine = |optimize: bool, signals: bool| {
        let mut settings = config();
        settings.machine.optimize = optimize;
        settings.machine.signals_based_traps = signals;
        settings.machine.pooled_instances = 4;
        Arc::new(WasmMachine::new(settings).unwrap())
    };
    let machines = [
        machine(true, true),
        machine(false, true),
        machine(true, false),
    ];
    let mut depths = Vec::new();
    for locals in [0, 10, 100, 1_000] {
        let code = recursing(locals, "");
        let found: Vec<u32> = machines
            .iter()
            .map(|machine| deepest(machine, &code))
            .collect();
        assert!(
            found.iter().all(|depth| *depth == found[0]),
            "{locals} locals: {found:?}"
        );
        depths.push(found[0]);
    }
    assert!(
        depths.is_sorted_by(|left, right| left > right),
        "{depths:?}"
    );
    // 16,384 slots: some 1,200 small frames, 16 with a thousand locals.
    assert!(depths[0] > 1_000 && depths[3] >= 15, "{depths:?}");
}

#[test]
fn values_that_the_compiler_keeps_alive_across_calls_are_counted() {
    // Every product is computed before and after the call, so an optimiser keeps them all in the
    // native frame, while the Wasm machine never holds more than a few values.
    let products: String = (1..600)
        .map(|at| {
            format!(
                "(i64.store (i32.const {}) (i64.mul (i64.extend_i32_u (local.get 0)) (i64.const {})))",
                64 + at * 8,
                1_000_003_u64 * at + 17
            )
        })
        .collect();
    let code = wat(&format!(
        r#"(module (import "env" "return" (func $return (param i32 i32)))
            (memory (export "memory") 2)
            (func $down (param i32)
                {products}
                (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1)))))
                {products})
            (func (export "main") (call $down (i32.const 1000000))))"#
    ));
    let mut world = World::new();
    world.install(address(1), &code);
    assert_status(&world.call(address(1), &[]), StatusCode::STACK_HEIGHT);
    // The counter must end it, not the engine's net: with the net eight times as wide nothing changes.
    let facts = validate(&code, &config()).unwrap();
    let frame = charges(&facts)[0].unwrap();
    assert!(frame >= 600 / 4, "{frame}");
    assert!(
        !net_is_reached(&code),
        "native stack ran out before the counter"
    );
}

/// Runs a contract on an engine whose own stack net is as tight as ours and tells whether it
/// ended the contract.
fn net_is_reached(code: &[u8]) -> bool {
    let settings = config();
    let facts = validate(code, &settings).unwrap();
    let instrumented = instrument(code, &facts, settings.max_stack_height).unwrap();
    let mut engine = wasmtime::Config::new();
    engine
        .max_wasm_stack(settings.machine.native_stack_bytes)
        .cranelift_opt_level(wasmtime::OptLevel::Speed);
    let engine = wasmtime::Engine::new(&engine).unwrap();
    let module = wasmtime::Module::new(&engine, &instrumented).unwrap();
    let mut linker = wasmtime::Linker::new(&engine);
    linker.define_unknown_imports_as_traps(&module).unwrap();
    let mut store = wasmtime::Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let main = instance
        .get_typed_func::<(), ()>(&mut store, "main")
        .unwrap();
    let error = main.call(&mut store, ()).unwrap_err();
    match error.downcast_ref::<wasmtime::Trap>() {
        Some(wasmtime::Trap::StackOverflow) => true,
        Some(wasmtime::Trap::UnreachableCodeReached) => false,
        _ => panic!("{error:#}"),
    }
}

#[test]
fn every_shape_of_recursion_is_counted() {
    for (name, functions) in [
        ("self", "(func $f (call $f))"),
        (
            "mutual",
            "(func $f (call $g)) (func $g (call $h)) (func $h (call $f))",
        ),
        (
            "through a table",
            "(table funcref (elem $f)) (func $f (call_indirect (i32.const 0)))",
        ),
        (
            "through a table, by another type index",
            "(type $t (func)) (type $u (func)) (table funcref (elem $f)) (func $f (type $t) (call_indirect (type $u) (i32.const 0)))",
        ),
        (
            "through a function that is not recursive itself",
            "(table funcref (elem $g)) (func $f (call_indirect (i32.const 0))) (func $g (call $f))",
        ),
        (
            "through table.set",
            "(table 1 funcref) (elem declare func $f) (func $f (table.set (i32.const 0) (ref.func $f)) (call_indirect (i32.const 0)))",
        ),
        ("the entry point itself", "(func $f (call $main))"),
    ] {
        let code = wat(&format!(
            r#"(module (import "env" "return" (func (param i32 i32))) (memory (export "memory") 1)
                {functions} (func $main (export "main") (call $f)))"#
        ));
        let mut world = World::new();
        world.install(address(1), &code);
        let result = world.call(address(1), &[]);
        assert_status(&result, StatusCode::STACK_HEIGHT);
        assert_eq!(result.gas_left, 0, "{name}");
    }
}

#[test]
fn straight_calls_are_counted_at_the_entry() {
    // 200 functions, each calling the next, each with 100 locals: more than the limit in all.
    let chain = |length: usize| {
        let functions: String = (0..length)
            .map(|at| {
                format!(
                    "(func $f{at} {} (call $f{}))",
                    "(local i64)".repeat(100),
                    at + 1
                )
            })
            .collect();
        wat(&format!(
            r#"(module (import "env" "return" (func (param i32 i32))) (memory (export "memory") 1)
                {functions} (func $f{length}) (func (export "main") (call $f0)))"#
        ))
    };
    assert_status(&World::run_code(&chain(100), &[]), StatusCode::SUCCESS);
    assert_status(&World::run_code(&chain(200), &[]), StatusCode::STACK_HEIGHT);
}

#[test]
fn only_functions_on_a_cycle_and_entry_points_touch_the_counter() {
    let code = wat(
        r#"(module (import "env" "return" (func (param i32 i32))) (memory (export "memory") 1)
            (func $leaf) (func $middle (call $leaf)) (func $loop (call $loop) (call $middle))
            (func (export "main") (call $middle) (call $loop)))"#,
    );
    let charged: Vec<bool> = charges(&validate(&code, &config()).unwrap())
        .iter()
        .map(Option::is_some)
        .collect();
    assert_eq!(charged, [false, false, true, true]);
}

#[test]
fn early_returns_give_slots_back() {
    // Calls a recursive function that returns early, more often than slots would last.
    let code = wat(
        r#"(module (import "env" "return" (func (param i32 i32))) (memory (export "memory") 1)
            (func $f (param i32) (result i32 i64)
                (if (local.get 0) (then (return (i32.const 1) (i64.const 2))))
                (block (br 1 (i32.const 3) (i64.const 4) (i32.const 1)) (unreachable))
                (call $f (i32.const 1)))
            (func $g (param i32) (result i32 i64)
                (if (local.get 0) (then (return (call $f (i32.const 1)))))
                (call $g (i32.const 1)))
            (func (export "main") (local i32)
                (loop (call $g (i32.const 0)) (drop) (drop)
                    (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 10000))))))"#
        .replace("(block (br 1 (i32.const 3) (i64.const 4) (i32.const 1)) (unreachable))", "")
        .as_str(),
    );
    assert_status(&World::run_code(&code, &[]), StatusCode::SUCCESS);
}

#[test]
fn instrumented_modules_stay_valid() {
    for text in [
        r#"(module (memory (export "memory") 1) (import "env" "return" (func (param i32 i32))) (func (export "main")))"#,
        r#"(module (memory (export "memory") 1) (global $p (export "output_ptr") (mut i32) (i32.const 0)) (global (export "output_len") (mut i32) (i32.const 0))
            (func $f (param i32) (result i32 i32 i64) (block (result i32 i32 i64) (return (call $f (i32.const 1))) )) (func (export "main") (result i32) (call $f (i32.const 0)) (drop) (drop)))"#,
        r#"(module (memory (export "memory") 1) (data "passive") (import "env" "return" (func (param i32 i32))) (table 3 funcref) (elem (i32.const 0) $a $a)
            (func $a (export "main") (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 1)) (call_indirect (i32.const 0)) (loop (br_table 0 1 (i32.const 1)))))"#,
    ] {
        let text = text.replace(
            r#"(memory (export "memory") 1) (import "env" "return" (func (param i32 i32)))"#,
            r#"(import "env" "return" (func (param i32 i32))) (memory (export "memory") 1)"#,
        );
        let text = text.replace(r#"(memory (export "memory") 1) (data "passive") (import "env" "return" (func (param i32 i32)))"#, r#"(import "env" "return" (func (param i32 i32))) (memory (export "memory") 1) (data "passive")"#);
        let code = wat(&text);
        let facts = validate(&code, &config()).unwrap();
        let instrumented = instrument(&code, &facts, 1_000).unwrap();
        wasmparser::Validator::new()
            .validate_all(&instrumented)
            .unwrap();
    }
}

#[test]
fn nested_frames_at_full_height_fit_the_host_s_stack() {
    // Each contract recurses far down and then calls itself again as a new frame.
    let code = wat(
        r#"(module (import "env" "address" (func $address (param i32)))
            (import "env" "return" (func $return (param i32 i32)))
            (import "env" "call" (func $call (param i32 i32 i32 i64 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (func $down (param i32)
                (if (local.get 0)
                    (then (call $down (i32.sub (local.get 0) (i32.const 1))))
                    (else
                        (call $address (i32.const 0))
                        (drop (call $call (i32.const 0) (i32.const 0) (i32.const 32) (i64.const -1) (i32.const 0) (i32.const 0))))))
            (func (export "main") (call $down (i32.const 800))))"#,
    );
    std::thread::Builder::new()
        .stack_size(256 << 20)
        .spawn(move || {
            let mut world = World::new();
            world.install(address(1), &code);
            let result = world.call(address(1), &[]);
            assert_status(&result, StatusCode::SUCCESS);
            assert!(result.gas_left < GAS);
        })
        .unwrap()
        .join()
        .unwrap();
}
