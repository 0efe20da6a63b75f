//! What the machine lacks is never an outcome: the test runs itself in a process that has little.
#![cfg(target_os = "linux")]

use std::process::Command;
use std::sync::Arc;

use proz_sdk::{StatusCode, VmErrorCode};
use proz_sdk_testing::mock::Environment;
use proz_wasm::testing::{World, address, config, wat};
use proz_wasm::{MachineConfig, WasmConfig, WasmMachine};

/// Runs test `name` of this binary under a limit of the shell.
fn under(limit: &str, name: &str) {
    let program = std::env::current_exe().unwrap();
    let command = format!(
        "ulimit {limit} && exec '{}' --exact {name} --ignored --test-threads 1",
        program.display()
    );
    let output = Command::new("sh").args(["-c", &command]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{limit}: {text} {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn growth_that_the_system_refuses_is_an_error_and_not_minus_one() {
    under("-d 80000", "resources::inside_little_data");
}

#[test]
fn a_pool_that_the_address_space_refuses_is_done_without() {
    under("-v 20000000", "resources::inside_little_address_space");
}

fn grower() -> Vec<u8> {
    wat(
        r#"(module (import "env" "return" (func $return (param i32 i32))) (memory (export "memory") 1)
        (func (export "main") (i32.store (i32.const 0) (memory.grow (i32.const 127)))
            (call $return (i32.const 0) (i32.const 4))))"#,
    )
}

fn world(pooled_instances: u32) -> World {
    let machine = MachineConfig {
        pooled_instances,
        ..MachineConfig::default()
    };
    let machine = WasmMachine::new(WasmConfig {
        machine,
        ..config()
    });
    let mut world = World::with_machine(Arc::new(machine.unwrap()));
    world.install(address(1), &grower());
    world
}

/// Grows until the system refuses.
#[test]
#[ignore = "run by another test, under a limit"]
fn inside_little_data() {
    let mut world = world(4);
    let first = world.send(Environment::call(address(1), 1_000_000, &[]));
    // Too little gas stays an outcome, whatever the machine has.
    assert_eq!(first.unwrap().status, StatusCode::OUT_OF_GAS);
    // Takes all that is left but for what the test itself needs: less than 127 pages.
    let mut held = Vec::new();
    loop {
        let mut chunk: Vec<u8> = Vec::new();
        if chunk.try_reserve_exact(1 << 20).is_err() {
            break;
        }
        held.push(chunk);
    }
    held.truncate(held.len().saturating_sub(4));
    let refused = world.send(Environment::call(address(1), 5_000_000, &[]));
    drop(held);
    assert_eq!(refused.unwrap_err().code(), VmErrorCode::RESOURCES);
    let grown = world.send(Environment::call(address(1), 5_000_000, &[]));
    assert_eq!(grown.unwrap().output.as_slice(), 1_i32.to_le_bytes());
}

#[test]
#[ignore = "run by another test, under a limit"]
fn inside_little_address_space() {
    let mut world = world(256);
    let result = world.send(Environment::call(address(1), 5_000_000, &[]));
    let result = result.unwrap();
    assert_eq!(result.status, StatusCode::SUCCESS);
    assert_eq!(result.output.as_slice(), 1_i32.to_le_bytes());
}
