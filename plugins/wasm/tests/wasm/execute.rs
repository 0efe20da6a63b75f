//! Entry protocols, outputs, endings.

use proz_sdk::{MessageKind, Revision, StatusCode, VirtualMachine, VmErrorCode};
use proz_sdk_testing::mock::{Environment, MockHost};

use proz_wasm::testing::{GAS, World, address, assert_output, assert_status, machine, wat};

/// A native contract with globals that hold the output's place.
fn native(body: &str) -> String {
    format!(
        r#"(module
            (import "env" "input_size" (func $input_size (result i32)))
            (import "env" "input_copy" (func $input_copy (param i32 i32 i32)))
            (memory (export "memory") 1)
            (data (i32.const 16) "hello")
            (global $ptr (export "output_ptr") (mut i32) (i32.const 0))
            (global $len (export "output_len") (mut i32) (i32.const 0))
            (func (export "main") (result i32) {body}))"#
    )
}

#[test]
fn main_hands_its_output_over_by_globals_and_status_zero_is_success() {
    let place = "(global.set $ptr (i32.const 16)) (global.set $len (i32.const 5))";
    for (status, expected) in [
        (0, StatusCode::SUCCESS),
        (1, StatusCode::REVERT),
        (7, StatusCode::REVERT),
    ] {
        let result = World::run(&native(&format!("{place} (i32.const {status})")), &[]);
        assert_status(&result, expected);
        assert_eq!(result.output.as_slice(), b"hello");
        assert!(result.gas_left > 0 && result.gas_left < GAS);
    }
}

#[test]
fn input_reaches_the_contract() {
    let echo = native(
        "(call $input_copy (i32.const 64) (i32.const 0) (call $input_size))
         (global.set $ptr (i32.const 64)) (global.set $len (call $input_size)) (i32.const 0)",
    );
    for size in [0, 1, 31, 32, 1000] {
        let input: Vec<u8> = (0..size).map(|at| at as u8).collect();
        assert_output(&World::run(&echo, &input), &input);
    }
}

#[test]
fn main_may_take_the_length_and_may_return_nothing() {
    let text = r#"(module (memory (export "memory") 1)
        (global $ptr (export "output_ptr") (mut i32) (i32.const 0))
        (global (export "output_len") (mut i32) (i32.const 4))
        (func (export "main") (param i32) (i32.store (i32.const 0) (local.get 0))))"#;
    assert_output(&World::run(text, &[9; 77]), &77_u32.to_le_bytes());
}

#[test]
fn immutable_globals_are_addresses_of_variables_as_linkers_export_them() {
    let text = r#"(module (memory (export "memory") 1)
        (global (export "output_ptr") i32 (i32.const 100))
        (global (export "output_len") i32 (i32.const 104))
        (data (i32.const 16) "hello")
        (func (export "main") (result i32)
            (i32.store (i32.const 100) (i32.const 16)) (i32.store (i32.const 104) (i32.const 5))
            (i32.const 0)))"#;
    assert_output(&World::run(text, &[]), b"hello");
}

#[test]
fn an_output_outside_memory_halts() {
    for (ptr, len) in [(65_535, 2), (-1, 1), (0, -1), (65_536, 1)] {
        let text = native(&format!(
            "(global.set $ptr (i32.const {ptr})) (global.set $len (i32.const {len})) (i32.const 0)"
        ));
        let result = World::run(&text, &[]);
        // A length of 4 GiB is too dear before it is too long.
        assert!(
            [StatusCode::MEMORY_OUT_OF_BOUNDS, StatusCode::OUT_OF_GAS].contains(&result.status),
            "{ptr} {len}: {}",
            result.status
        );
        assert_eq!(result.gas_left, 0);
    }
}

#[test]
fn return_and_revert_end_the_contract_at_once_with_exact_gas() {
    let text = |ending: &str| {
        format!(
            r#"(module
                (import "env" "return" (func $return (param i32 i32)))
                (import "env" "revert" (func $revert (param i32 i32)))
                (memory (export "memory") 1) (data (i32.const 16) "hello")
                (func (export "main") (result i32)
                    (call ${ending} (i32.const 16) (i32.const 5)) unreachable))"#
        )
    };
    let returned = World::run(&text("return"), &[]);
    assert_output(&returned, b"hello");
    let reverted = World::run(&text("revert"), &[]);
    assert_status(&reverted, StatusCode::REVERT);
    assert_eq!(reverted.output.as_slice(), b"hello");
    assert_eq!(returned.gas_left, reverted.gas_left);
}

#[test]
fn user_entrypoint_takes_the_length_and_writes_its_result() {
    let text = |status: u32| {
        format!(
            r#"(module
                (import "vm_hooks" "read_args" (func $read_args (param i32)))
                (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
                (memory (export "memory") 1)
                (func (export "user_entrypoint") (param i32) (result i32)
                    (call $read_args (i32.const 32))
                    (call $write_result (i32.const 32) (local.get 0))
                    (i32.const {status})))"#
        )
    };
    assert_output(&World::run(&text(0), b"abc"), b"abc");
    let reverted = World::run(&text(1), b"abc");
    assert_status(&reverted, StatusCode::REVERT);
    assert_eq!(reverted.output.as_slice(), b"abc");
}

#[test]
fn exit_early_ends_a_stylus_contract() {
    for (status, expected) in [(0, StatusCode::SUCCESS), (1, StatusCode::REVERT)] {
        let text = format!(
            r#"(module
                (import "vm_hooks" "exit_early" (func $exit (param i32)))
                (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
                (memory (export "memory") 1) (data (i32.const 0) "early")
                (func (export "user_entrypoint") (param i32) (result i32)
                    (call $write_result (i32.const 0) (i32.const 5))
                    (call $exit (i32.const {status})) (i32.const 99)))"#
        );
        let result = World::run(&text, &[]);
        assert_status(&result, expected);
        assert_eq!(result.output.as_slice(), b"early");
    }
}

#[test]
fn traps_take_all_gas_and_say_what_happened() {
    for (body, status) in [
        ("unreachable", StatusCode::TRAP),
        ("(i32.div_u (i32.const 1) (i32.const 0))", StatusCode::TRAP),
        (
            "(i32.load (i32.const 65536))",
            StatusCode::MEMORY_OUT_OF_BOUNDS,
        ),
        (
            "(i32.load offset=4294967295 (i32.const 4))",
            StatusCode::MEMORY_OUT_OF_BOUNDS,
        ),
        (
            "(call $input_copy (i32.const -1) (i32.const 0) (i32.const 8)) (i32.const 0)",
            StatusCode::MEMORY_OUT_OF_BOUNDS,
        ),
        ("(loop (br 0)) (i32.const 0)", StatusCode::OUT_OF_GAS),
    ] {
        let result = World::run(&native(body), &[]);
        assert_status(&result, status);
        assert_eq!((result.gas_left, result.output.len()), (0, 0), "{body}");
    }
}

#[test]
fn a_constructor_runs_at_creation_and_only_then() {
    let text = r#"(module
        (import "env" "input_copy" (func $input_copy (param i32 i32 i32)))
        (import "env" "storage_set" (func $set (param i32 i32)))
        (import "env" "storage_get" (func $get (param i32 i32) (result i32)))
        (import "env" "return" (func $return (param i32 i32)))
        (memory (export "memory") 1)
        (func (export "constructor")
            (call $input_copy (i32.const 32) (i32.const 0) (i32.const 32))
            (call $set (i32.const 0) (i32.const 32)))
        (func (export "main")
            (drop (call $get (i32.const 0) (i32.const 64)))
            (call $return (i32.const 64) (i32.const 32))))"#;
    let mut world = World::new();
    let deployed = world.deploy(address(1), &wat(text), &[7; 32]);
    assert_output(&deployed, &[]);
    assert_output(&world.call(address(1), &[]), &[7; 32]);
}

#[test]
fn creation_without_a_constructor_succeeds_and_compiles() {
    let mut world = World::new();
    let code = wat(&native("(i32.const 1)"));
    assert_output(&world.deploy(address(1), &code, &[]), &[]);
    assert_status(&world.call(address(1), &[]), StatusCode::REVERT);
}

#[test]
fn the_static_flag_refuses_every_change_of_state() {
    for (import, call) in [
        (
            r#""storage_set" (func $f (param i32 i32))"#,
            "(call $f (i32.const 0) (i32.const 0))",
        ),
        (
            r#""storage_write" (func $f (param i32 i32 i32 i32))"#,
            "(call $f (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1))",
        ),
        (
            r#""transient_set" (func $f (param i32 i32))"#,
            "(call $f (i32.const 0) (i32.const 0))",
        ),
        (
            r#""emit_event" (func $f (param i32 i32 i32 i32))"#,
            "(call $f (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 0))",
        ),
        (
            r#""create" (func $f (param i32 i32 i32 i32 i32 i32) (result i32))"#,
            "(drop (call $f (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))",
        ),
        (
            r#""call" (func $f (param i32 i32 i32 i64 i32 i32) (result i32))"#,
            "(i32.store8 (i32.const 63) (i32.const 1)) (drop (call $f (i32.const 0) (i32.const 0) (i32.const 32) (i64.const 0) (i32.const 0) (i32.const 0)))",
        ),
    ] {
        let text = format!(
            r#"(module (import "env" {import}) (import "env" "return" (func (param i32 i32)))
                (memory (export "memory") 1) (func (export "main") {call}))"#
        );
        let mut world = World::new();
        world.install(address(1), &wat(&text));
        let mut message = Environment::call(address(1), GAS, &[]);
        message.is_static = true;
        message.kind = MessageKind::STATIC_CALL;
        let result = world.send(message).unwrap();
        assert_status(&result, StatusCode::STATIC_VIOLATION);
    }
}

#[test]
fn a_set_cancel_flag_stops_the_frame_as_an_error() {
    let mut world = World::new();
    world.install(address(1), &wat(&native("(i32.const 0)")));
    world
        .environment
        .cancel
        .store(true, std::sync::atomic::Ordering::Relaxed);
    let error = world
        .send(Environment::call(address(1), GAS, &[]))
        .unwrap_err();
    assert_eq!(error.code(), VmErrorCode::CANCELLED);
}

/// A chain of loads, each from a place that no cache holds: what takes longest for its gas.
const CHASE: &str = r#"(module (import "env" "return" (func (param i32 i32))) (memory (export "memory") 128)
    (func (export "main") (local i32)
        (loop
            (i32.store (i32.shl (local.get 0) (i32.const 2))
                (i32.shl (i32.and (i32.add (i32.mul (local.get 0) (i32.const 1664525)) (i32.const 1013904223)) (i32.const 0x1fffff)) (i32.const 2)))
            (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 0x200000))))
        (local.set 0 (i32.const 0))
        (loop (local.set 0 (i32.load (local.get 0))) (br 0))))"#;

#[test]
fn a_flag_set_while_code_runs_stops_every_frame_that_gas_would_not_stop_soon() {
    // More than Ethereum gives a transaction (EIP-7825) takes seconds of this code.
    for gas in [(1 << 24) + 1, 1 << 40, u64::MAX] {
        let code = wat(CHASE);
        let environment = Environment::new(Revision::LATEST);
        let context = environment.context(Environment::call(address(1), gas, &[]));
        let mut host = MockHost::new(address(1));
        let ended = std::thread::scope(|scope| {
            // Compiled before the time runs.
            let small = Environment::call(address(1), 0, &[]);
            let first = machine().execute(&code, &environment.context(small), &mut host.host());
            assert_status(&first.unwrap(), StatusCode::OUT_OF_GAS);
            let cancel = &environment.cancel;
            scope.spawn(move || {
                std::thread::sleep(std::time::Duration::from_millis(30));
                cancel.store(true, std::sync::atomic::Ordering::Relaxed);
            });
            machine().execute(&code, &context, &mut host.host())
        });
        match ended {
            Err(error) => assert_eq!(error.code(), VmErrorCode::CANCELLED),
            Ok(result) => panic!("{gas} gas ran to its end: {}", result.status),
        }
    }
}

#[test]
fn a_failing_database_is_an_error_and_no_outcome() {
    let text = r#"(module
        (import "env" "storage_get" (func $get (param i32 i32) (result i32)))
        (import "env" "return" (func (param i32 i32)))
        (memory (export "memory") 1)
        (func (export "main") (drop (call $get (i32.const 0) (i32.const 32)))))"#;
    let mut world = World::new();
    world.install(address(1), &wat(text));
    world.host.failure = Some((world.host.callbacks, proz_sdk::HostError::DATABASE));
    let error = world
        .send(Environment::call(address(1), GAS, &[]))
        .unwrap_err();
    assert_eq!(error.code(), VmErrorCode::HOST);
    assert!(error.message().contains("back-end"), "{error}");
}

#[test]
fn code_that_validation_refuses_halts() {
    let mut world = World::new();
    world.host.state.accounts.insert(
        address(1),
        proz_sdk_testing::mock::MockAccount::with_code(b"\0asm\x01\0\0\0".to_vec()),
    );
    assert!(world.machine.validate_code(b"\0asm\x01\0\0\0").is_err());
    assert_status(&world.call(address(1), &[]), StatusCode::CODE_REFUSED);
}
