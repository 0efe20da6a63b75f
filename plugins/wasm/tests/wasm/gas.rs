//! Prices: exact, the same on every setting of the compiler, never less than the work.

use std::sync::Arc;

use proz_sdk::{StatusCode, VirtualMachine};
use proz_sdk_testing::mock::Environment;
use proz_wasm::{WasmConfig, WasmGasCosts, WasmMachine};

use proz_wasm::testing::{GAS, World, address, assert_status, config, wat};

fn body(imports: &str, pages: u32, body: &str) -> Vec<u8> {
    wat(&format!(
        r#"(module {imports} (import "env" "return" (func $return (param i32 i32)))
            (memory (export "memory") {pages}) (func (export "main") {body}))"#
    ))
}

fn gas_used(code: &[u8]) -> u64 {
    let result = World::run_code(code, &[]);
    assert_status(&result, StatusCode::SUCCESS);
    GAS - result.gas_left
}

/// Gas of `with` beyond that of an empty contract with as much code and memory.
fn beyond_entry(code: &[u8], pages: u32) -> u64 {
    gas_used(code) - WasmGasCosts::V1.entry(code.len() as u64, pages)
}

#[test]
fn entry_is_priced_by_code_and_memory() {
    // The stack counter of the entry point costs some operators: less than two gas.
    for pages in [0, 1, 2, 17] {
        let code = body("", pages, "");
        assert!(
            beyond_entry(&code, pages) <= 2,
            "{}",
            beyond_entry(&code, pages)
        );
    }
    assert_eq!(
        WasmGasCosts::V1.entry(320, 2),
        400 + 10 + 2 * 1_024 + 4 * 64
    );
}

#[test]
fn a_loop_costs_what_its_operators_cost() {
    let count = |rounds: u32| {
        gas_used(&body(
            "",
            1,
            &format!(
                "(local i32) (loop (local.set 0 (i32.add (local.get 0) (i32.const 1)))
                 (br_if 0 (i32.lt_u (local.get 0) (i32.const {rounds}))))"
            ),
        ))
    };
    let prices = WasmGasCosts::V1.operators;
    let round =
        u64::from(prices.local) * 5 + u64::from(prices.integer) * 2 + u64::from(prices.branch);
    // 100,000 rounds more: no rounding is left to see but the last hundredth.
    let code_word = 1;
    let more = count(110_000) - count(10_000);
    assert!(
        more.abs_diff(100_000 * round / 100) <= 1 + code_word,
        "{more} {}",
        100_000 * round / 100
    );
}

#[test]
fn growth_is_priced_by_the_page_and_refused_growth_is_not() {
    let grow = |pages: &str| body("", 1, &format!("(drop (memory.grow (i32.const {pages})))"));
    let base = gas_used(&grow("0"));
    assert_eq!(gas_used(&grow("1")) - base, 1_024 + 3 * 64);
    assert_eq!(gas_used(&grow("10")) - base, 10_240 + (121 - 1) * 64);
    assert_eq!(gas_used(&grow("128")) - base, 0);
    assert_eq!(gas_used(&grow("-1")) - base, 0);
}

#[test]
fn growth_that_cannot_be_paid_is_out_of_gas() {
    let code = body("", 1, "(drop (memory.grow (i32.const 100)))");
    let mut world = World::new();
    world.install(address(1), &code);
    let result = world
        .send(Environment::call(address(1), 100_000, &[]))
        .unwrap();
    assert_status(&result, StatusCode::OUT_OF_GAS);
}

#[test]
fn growth_past_the_limit_returns_minus_one() {
    let code = body(
        "",
        1,
        "(i32.store (i32.const 0) (memory.grow (i32.const 128))) (i32.store (i32.const 4) (memory.grow (i32.const 127))) (call $return (i32.const 0) (i32.const 8))",
    );
    let result = World::run_code(&code, &[]);
    assert_eq!(
        result.output.as_slice(),
        [(-1_i32).to_le_bytes(), 1_i32.to_le_bytes()].concat()
    );
}

#[test]
fn the_frames_memory_limit_bounds_growth_too() {
    let code = body(
        "",
        1,
        "(i32.store (i32.const 0) (memory.grow (i32.const 4))) (call $return (i32.const 0) (i32.const 4))",
    );
    let mut world = World::new();
    world.install(address(1), &code);
    world.environment.limits.memory_bytes = 4 * 65_536;
    assert_eq!(
        world.call(address(1), &[]).output.as_slice(),
        (-1_i32).to_le_bytes()
    );
    world.environment.limits.memory_bytes = 65_535;
    assert_status(&world.call(address(1), &[]), StatusCode::MEMORY_LIMIT);
}

#[test]
fn bulk_operators_are_priced_by_the_byte() {
    let op = |name: &str, size: u32| {
        beyond_entry(
            &body(
                "",
                2,
                &format!("({name} (i32.const 0) (i32.const 1) (i32.const {size}))"),
            ),
            2,
        )
    };
    let prices = WasmGasCosts::V1.operators;
    for (name, byte) in [
        ("memory.fill", prices.fill_byte),
        ("memory.copy", prices.copy_byte),
    ] {
        let more = op(name, 65_000) - op(name, 0);
        assert!(
            more.abs_diff(65_000 * u64::from(byte) / 100) <= 1,
            "{name} {more}"
        );
    }
}

#[test]
fn storage_follows_eip_2929_2200_and_3529() {
    let storage = |calls: &str| {
        let imports = r#"(import "env" "storage_get" (func $get (param i32 i32) (result i32)))
            (import "env" "storage_set" (func $set (param i32 i32)))"#;
        body(
            imports,
            1,
            &format!("(i32.store8 (i32.const 95) (i32.const 1)) {calls}"),
        )
    };
    let get = "(drop (call $get (i32.const 0) (i32.const 128)))";
    let (set, clear) = (
        "(call $set (i32.const 0) (i32.const 64))",
        "(call $set (i32.const 0) (i32.const 32))",
    );
    let used = |calls: &str| {
        let result = World::run_code(&storage(calls), &[]);
        assert_status(&result, StatusCode::SUCCESS);
        (GAS - result.gas_left, result.gas_refund)
    };
    let none = used("").0;
    for (calls, gas, refund) in [
        (get.to_owned(), 2_100, 0),
        (format!("{get}{get}"), 2_200, 0),
        (set.to_owned(), 22_100, 0),
        (format!("{get}{set}"), 22_100, 0),
        (format!("{set}{set}"), 22_200, 0),
        (format!("{set}{clear}"), 22_200, 19_900),
        (clear.to_owned(), 2_200, 0),
    ] {
        let (found, found_refund) = used(&calls);
        let host_calls = calls.matches("$").count() as u64;
        let expected = none + gas + host_calls * WasmGasCosts::V1.host.base;
        assert!(
            found >= expected && found < expected + 4 * host_calls,
            "{calls}: {found} {expected}"
        );
        assert_eq!(found_refund, refund, "{calls}");
    }
}

#[test]
fn the_last_gas_writes_no_storage() {
    // Spec: EIP-2200.
    let code = body(
        r#"(import "env" "storage_set" (func $set (param i32 i32)))"#,
        1,
        "(call $set (i32.const 0) (i32.const 32))",
    );
    let mut world = World::new();
    world.install(address(1), &code);
    let entry = WasmGasCosts::V1.entry(code.len() as u64, 1);
    let result = world
        .send(Environment::call(address(1), entry + 2_300, &[]))
        .unwrap();
    assert_status(&result, StatusCode::OUT_OF_GAS);
}

#[test]
fn gas_is_the_same_on_every_setting_of_the_compiler() {
    let contracts = [
        body(
            "",
            1,
            "(local i32) (loop (local.set 0 (i32.add (local.get 0) (i32.const 1))) (memory.fill (i32.const 0) (i32.const 1) (local.get 0)) (br_if 0 (i32.lt_u (local.get 0) (i32.const 1000))))",
        ),
        wat(
            r#"(module (import "env" "return" (func $return (param i32 i32))) (memory (export "memory") 1)
            (func $fib (param i32) (result i32)
                (if (i32.lt_u (local.get 0) (i32.const 2)) (then (return (local.get 0))))
                (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))
            (func (export "main")
                (i32.store (i32.const 0) (call $fib (i32.const 18)))
                (drop (memory.grow (i32.const 3)))
                (call $return (i32.const 0) (i32.const 4))))"#,
        ),
    ];
    let settings = |optimize: bool, signals_based_traps: bool, uninterrupted_gas: u64| {
        let mut settings = WasmConfig { ..config() };
        settings.machine.optimize = optimize;
        settings.machine.signals_based_traps = signals_based_traps;
        settings.machine.uninterrupted_gas = uninterrupted_gas;
        settings.machine.pooled_instances = 4;
        Arc::new(WasmMachine::new(settings).unwrap())
    };
    let machines = [
        settings(true, true, u64::MAX),
        settings(true, true, 0),
        settings(false, true, u64::MAX),
        settings(true, false, u64::MAX),
        settings(false, false, 0),
    ];
    for code in &contracts {
        let results: Vec<_> = machines
            .iter()
            .map(|machine| {
                let mut world = World::with_machine(Arc::clone(machine));
                world.install(address(1), code);
                let result = world.call(address(1), &[]);
                (
                    result.status,
                    result.gas_left,
                    result.output.as_slice().to_vec(),
                )
            })
            .collect();
        assert!(
            results.iter().all(|result| *result == results[0]),
            "{results:?}"
        );
        assert_eq!(results[0].0, StatusCode::SUCCESS);
    }
}

#[test]
fn gas_limits_up_to_the_largest_are_served() {
    let mut world = World::new();
    let code = body("", 1, "");
    world.install(address(1), &code);
    let used = |limit: u64, world: &mut World| {
        limit
            - world
                .send(Environment::call(address(1), limit, &[]))
                .unwrap()
                .gas_left
    };
    let usual = used(GAS, &mut world);
    assert_eq!(used(u64::MAX, &mut world), usual);
    assert_eq!(used(usual, &mut world), usual);
    let short = world
        .send(Environment::call(address(1), usual - 1, &[]))
        .unwrap();
    assert_status(&short, StatusCode::OUT_OF_GAS);
    for limit in [0, 1, 399] {
        let short = world
            .send(Environment::call(address(1), limit, &[]))
            .unwrap();
        assert_status(&short, StatusCode::OUT_OF_GAS);
    }
}

#[test]
fn the_estimate_suffices_and_is_close() {
    let code = body(
        r#"(import "env" "storage_set" (func $set (param i32 i32)))"#,
        1,
        "(local i32) (loop (local.set 0 (i32.add (local.get 0) (i32.const 1))) (br_if 0 (i32.lt_u (local.get 0) (i32.const 10000))))
         (i32.store8 (i32.const 32) (i32.const 1)) (call $set (i32.const 0) (i32.const 32))",
    );
    let mut world = World::new();
    world.install(address(1), &code);
    world.host.recipient = address(1);
    let context = world
        .environment
        .context(Environment::call(address(1), GAS, &[]));
    let estimate = world
        .machine
        .estimate_gas(&code, &[], &context, &mut world.host.host())
        .unwrap();
    let used = gas_used(&code);
    assert!(
        estimate.gas >= used && estimate.gas <= used + used / 60,
        "{} {used}",
        estimate.gas
    );
    let result = world
        .send(Environment::call(address(1), estimate.gas, &[]))
        .unwrap();
    assert_status(&result, StatusCode::SUCCESS);
}
