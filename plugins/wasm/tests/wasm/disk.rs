//! Compiled code on disk: found again, never trusted unless it is ours.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proz_sdk::{StatusCode, VmErrorCode};
use proz_sdk_testing::mock::Environment;
use proz_wasm::{MachineConfig, WasmConfig, WasmMachine};

use proz_wasm::testing::{World, address, assert_status, config, wat};

fn on_disk(directory: &Path) -> WasmConfig {
    let machine = MachineConfig {
        pooled_instances: 4,
        disk_cache: Some(directory.to_owned()),
        ..MachineConfig::default()
    };
    WasmConfig {
        machine,
        ..config()
    }
}

fn contract(number: u32) -> Vec<u8> {
    wat(&format!(
        r#"(module (import "env" "return" (func $return (param i32 i32))) (memory (export "memory") 1)
            (func (export "main") (i32.store (i32.const 0) (i32.const {number})) (call $return (i32.const 0) (i32.const 4))))"#
    ))
}

/// Runs a contract on a machine made anew and returns how often it compiled and mapped.
fn restart_and_run(settings: &WasmConfig, number: u32) -> (u64, u64) {
    let machine = Arc::new(WasmMachine::new(settings.clone()).unwrap());
    let mut world = World::with_machine(Arc::clone(&machine));
    world.install(address(1), &contract(number));
    let result = world.call(address(1), &[]);
    assert_status(&result, StatusCode::SUCCESS);
    assert_eq!(result.output.as_slice(), number.to_le_bytes());
    let counts = machine.cache_counts();
    (counts.compiled, counts.disk)
}

fn artefacts(directory: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|suffix| suffix == "cwasm"))
        .collect();
    found.sort();
    found
}

#[test]
fn a_restart_maps_what_was_compiled_before() {
    let directory = tempfile::tempdir().unwrap();
    let settings = on_disk(&directory.path().join("made/when/missing"));
    assert_eq!(restart_and_run(&settings, 1), (1, 0));
    assert_eq!(restart_and_run(&settings, 1), (0, 1));
    assert_eq!(restart_and_run(&settings, 2), (1, 0));
}

#[test]
fn anything_that_changes_results_changes_the_key() {
    let directory = tempfile::tempdir().unwrap();
    let settings = on_disk(directory.path());
    assert_eq!(restart_and_run(&settings, 1), (1, 0));
    let mut higher = settings.clone();
    higher.max_stack_height = 8_000;
    assert_eq!(restart_and_run(&higher, 1), (1, 0));
    let mut dearer = settings.clone();
    dearer.gas_costs.operators.integer = 77;
    assert_eq!(restart_and_run(&dearer, 1), (1, 0));
    assert_eq!(restart_and_run(&settings, 1), (0, 1));
    assert_eq!(artefacts(directory.path()).len(), 3);
    // What deployment compiles is the same whether or not it is optimised later.
    let mut slower = settings.clone();
    slower.machine.optimize = false;
    assert_eq!(restart_and_run(&slower, 1), (0, 1));
}

#[test]
fn a_changed_foreign_or_misplaced_artefact_is_compiled_anew() {
    let directory = tempfile::tempdir().unwrap();
    let settings = on_disk(directory.path());
    restart_and_run(&settings, 1);
    let [first] = artefacts(directory.path()).try_into().unwrap();
    let genuine = fs::read(&first).unwrap();
    restart_and_run(&settings, 2);
    let other = fs::read(
        artefacts(directory.path())
            .into_iter()
            .find(|path| *path != first)
            .unwrap(),
    )
    .unwrap();
    for size in [0, 1, 31, 32, genuine.len() / 2, genuine.len() - 1] {
        fs::write(&first, &genuine[..size]).unwrap();
        assert_eq!(restart_and_run(&settings, 1), (1, 0), "cut to {size}");
    }
    for at in [
        0,
        100,
        genuine.len() / 2,
        genuine.len() - 33,
        genuine.len() - 1,
    ] {
        let mut changed = genuine.clone();
        changed[at] ^= 1;
        fs::write(&first, &changed).unwrap();
        assert_eq!(restart_and_run(&settings, 1), (1, 0), "bit at {at}");
    }
    fs::write(&first, &other).unwrap();
    assert_eq!(
        restart_and_run(&settings, 1),
        (1, 0),
        "artefact of another contract"
    );
    // Made by another installation, with another key.
    let elsewhere = tempfile::tempdir().unwrap();
    restart_and_run(&on_disk(elsewhere.path()), 1);
    fs::copy(&artefacts(elsewhere.path())[0], &first).unwrap();
    assert_eq!(
        restart_and_run(&settings, 1),
        (1, 0),
        "artefact of another installation"
    );
    assert_eq!(restart_and_run(&settings, 1), (0, 1), "healed");
}

#[cfg(unix)]
#[test]
fn the_key_is_private_and_must_stay_so() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().join("cache");
    let settings = on_disk(&place);
    restart_and_run(&settings, 1);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let key = place.join("artefacts.key");
    assert_eq!((mode(&place), mode(&key)), (0o700, 0o600));
    assert!(artefacts(&place).iter().all(|path| mode(path) == 0o600));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let error = WasmMachine::new(settings.clone()).unwrap_err();
    assert_eq!(error.code(), VmErrorCode::INVALID_CONFIGURATION);
    assert!(
        error.message().contains("mode 644") && error.message().contains("mode 600"),
        "{error}"
    );
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&key, [1; 31]).unwrap();
    let error = WasmMachine::new(settings).unwrap_err();
    assert!(error.message().contains("31 bytes"), "{error}");
}

#[test]
fn the_directory_keeps_to_its_size() {
    let directory = tempfile::tempdir().unwrap();
    let mut settings = on_disk(directory.path());
    restart_and_run(&settings, 1);
    let one = fs::metadata(&artefacts(directory.path())[0]).unwrap().len();
    settings.machine.disk_cache_bytes = 3 * one;
    for number in 2..8 {
        restart_and_run(&settings, number);
    }
    let total: u64 = artefacts(directory.path())
        .iter()
        .map(|path| fs::metadata(path).unwrap().len())
        .sum();
    assert!(total <= 3 * one + 64, "{total} {one}");
    assert_eq!(restart_and_run(&settings, 7), (0, 1));
}

#[test]
fn memory_drops_what_was_used_longest_ago() {
    let mut settings = config();
    settings.machine.pooled_instances = 4;
    let probe = WasmMachine::new(settings.clone()).unwrap();
    probe.warm(&contract(0)).unwrap();
    let one = probe.cache_counts().size_bytes;
    settings.machine.memory_cache_bytes = 3 * one;
    let machine = WasmMachine::new(settings).unwrap();
    for number in [1, 2, 3, 1, 4, 1] {
        machine.warm(&contract(number)).unwrap();
    }
    let counts = machine.cache_counts();
    assert_eq!(
        (
            counts.compiled,
            counts.memory,
            counts.evicted,
            counts.entries
        ),
        (4, 2, 1, 3)
    );
    assert!(counts.size_bytes <= 3 * one);
    machine.warm(&contract(2)).unwrap();
    assert_eq!(machine.cache_counts().compiled, 5, "2 was dropped, not 1");
}

/// Calls a contract nested `depth` deep on a machine made anew and returns its counts.
fn restart_and_nest(settings: &WasmConfig, gas: u64, depth: usize) -> proz_wasm::CacheCounts {
    let machine = Arc::new(WasmMachine::new(settings.clone()).unwrap());
    let mut world = World::with_machine(Arc::clone(&machine));
    // Calls itself with one byte less until none is left.
    let code = wat(r#"(module
        (import "env" "address" (func $address (param i32)))
        (import "env" "input_size" (func $input_size (result i32)))
        (import "env" "call" (func $call (param i32 i32 i32 i64 i32 i32) (result i32)))
        (import "env" "return" (func $return (param i32 i32)))
        (memory (export "memory") 1)
        (func (export "main")
            (if (i32.eqz (call $input_size)) (then (call $return (i32.const 0) (i32.const 0))))
            (call $address (i32.const 0))
            (if (call $call (i32.const 0) (i32.const 0) (i32.const 32) (i64.const -1) (i32.const 256) (i32.sub (call $input_size) (i32.const 1)))
                (then (unreachable)))
            (call $return (i32.const 0) (i32.const 0))))"#);
    world.install(address(1), &code);
    let input = vec![0; depth];
    let result = world.send(Environment::call(address(1), gas, &input));
    assert_status(&result.unwrap(), StatusCode::SUCCESS);
    machine.cache_counts()
}

#[test]
fn a_restart_maps_the_interruptible_form_too() {
    let directory = tempfile::tempdir().unwrap();
    let settings = on_disk(directory.path());
    let much = settings.machine.uninterrupted_gas + 1;
    let first = restart_and_nest(&settings, much, 0);
    assert_eq!((first.compiled, first.disk), (2, 0));
    let again = restart_and_nest(&settings, much, 0);
    assert_eq!((again.compiled, again.disk), (0, 2));
}

#[test]
fn memory_counts_every_form_of_a_contract() {
    let mut settings = config();
    settings.machine.pooled_instances = 2;
    let plain = restart_and_nest(&settings, 1_000_000, 0);
    let much = settings.machine.uninterrupted_gas * 2;
    let beyond_the_pool = restart_and_nest(&settings, 1_000_000, 6);
    let interruptible = restart_and_nest(&settings, much, 0);
    for (form, counts) in [("twin", beyond_the_pool), ("interruptible", interruptible)] {
        assert_eq!(counts.entries, 1);
        assert!(
            counts.size_bytes > plain.size_bytes * 3 / 2,
            "{form}: {} and {}",
            counts.size_bytes,
            plain.size_bytes
        );
    }
    // The least recently used goes when a form of another needs its room.
    settings.machine.memory_cache_bytes = plain.size_bytes * 5 / 2;
    let machine = Arc::new(WasmMachine::new(settings).unwrap());
    machine.warm(&contract(1)).unwrap();
    let mut world = World::with_machine(Arc::clone(&machine));
    world.install(address(1), &contract(2));
    let result = world.send(Environment::call(address(1), much, &[]));
    assert_status(&result.unwrap(), StatusCode::SUCCESS);
    let counts = machine.cache_counts();
    assert_eq!((counts.entries, counts.evicted), (1, 1));
    assert!(counts.size_bytes <= plain.size_bytes * 5 / 2);
}

#[test]
fn a_directory_that_cannot_be_used_costs_compilations_and_not_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "no directory").unwrap();
    assert_eq!(restart_and_run(&on_disk(&file), 1), (1, 0));
    assert_eq!(restart_and_run(&on_disk(&file), 1), (1, 0));
}

#[test]
fn what_a_crash_left_behind_is_removed_and_never_in_the_way() {
    let directory = tempfile::tempdir().unwrap();
    let settings = on_disk(directory.path());
    // As an earlier version named them, by its process alone.
    let old = directory
        .path()
        .join(format!("artefacts.key.{}", std::process::id()));
    fs::write(&old, "").unwrap();
    let left = directory.path().join("fresh-1");
    fs::write(&left, "half").unwrap();
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3_600);
    let times = fs::FileTimes::new().set_modified(long_ago);
    fs::File::options()
        .write(true)
        .open(&left)
        .unwrap()
        .set_times(times)
        .unwrap();
    assert_eq!(restart_and_run(&settings, 1), (1, 0));
    assert_eq!(restart_and_run(&settings, 1), (0, 1));
    assert!(!left.exists());
}

#[test]
fn a_frame_that_cannot_pay_for_a_large_form_does_not_load_it() {
    let directory = tempfile::tempdir().unwrap();
    let settings = on_disk(directory.path());
    let code = wat(&format!(
        r#"(module (import "env" "return" (func (param i32 i32))) (memory (export "memory") 1)
            (table 300 funcref) (func (export "main")) {} (elem (i32.const 0) func {}))"#,
        format!("(func (param {}))", "i64 ".repeat(100)).repeat(299),
        (2..301)
            .map(|index| format!("{index} "))
            .collect::<String>()
    ));
    let run = |gas| {
        let machine = Arc::new(WasmMachine::new(settings.clone()).unwrap());
        let mut world = World::with_machine(Arc::clone(&machine));
        world.install(address(1), &code);
        let result = world.send(Environment::call(address(1), gas, &[])).unwrap();
        let counts = machine.cache_counts();
        (result.status, counts.compiled, counts.disk)
    };
    assert_eq!(run(5_000), (StatusCode::OUT_OF_GAS, 0, 0));
    assert_eq!(run(10_000_000), (StatusCode::SUCCESS, 1, 0));
    assert_eq!(run(5_000), (StatusCode::OUT_OF_GAS, 0, 0));
    assert_eq!(run(10_000_000), (StatusCode::SUCCESS, 0, 1));
}
