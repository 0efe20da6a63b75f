//! Work and memory are bounded by gas, and nothing that belongs to one machine shows in a result.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use proz_sdk::{CancelFlag, MessageKind, StatusCode, VirtualMachine, VmErrorCode};
use proz_sdk_testing::mock::Environment;
use proz_wasm::testing::worst::{Attack, refused, worst};
use proz_wasm::testing::{World, address, assert_status, config, wat};
use proz_wasm::{MachineConfig, WasmConfig, WasmMachine, validate};
use rustix::time::{ClockId, clock_gettime};

/// Gas of a transaction (EIP-7825).
const ALL: u64 = 1 << 24;
/// What a creation pays the host for: the creation itself, and reading a byte of its container.
const CREATION: u64 = 32_000;
const READING_BYTE: u64 = 20;

fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn machine(settings: MachineConfig) -> Arc<WasmMachine> {
    let config = WasmConfig {
        machine: settings,
        ..config()
    };
    Arc::new(WasmMachine::new(config).unwrap())
}

fn small() -> MachineConfig {
    MachineConfig {
        pooled_instances: 8,
        ..MachineConfig::default()
    }
}

#[test]
fn compiling_is_paid_before_it_is_done() {
    let machine = machine(small());
    for program in worst() {
        if program.attack != Attack::Deploy {
            continue;
        }
        let facts = validate(&program.code, machine.config()).unwrap();
        let price = facts.preparation.compile_gas;
        let before = machine.cache_counts().compiled;
        let mut world = World::with_machine(Arc::clone(&machine));
        world.install(address(1), &program.code);
        let mut message = Environment::call(address(1), price - 1, &[]);
        message.kind = MessageKind::CREATE;
        let result = world.send(message).unwrap();
        assert_status(&result, StatusCode::OUT_OF_GAS);
        assert_eq!(machine.cache_counts().compiled, before, "{}", program.name);
        let mut message = Environment::call(address(1), ALL.max(2 * price), &[]);
        message.kind = MessageKind::CREATE;
        let result = world.send(message).unwrap();
        assert_status(&result, StatusCode::REVERT);
        assert!(
            ALL.max(2 * price) - result.gas_left >= price,
            "{}",
            program.name
        );
        assert_eq!(
            machine.cache_counts().compiled,
            before + 1,
            "{}",
            program.name
        );
    }
}

/// Prints rates; asserts far below the goal, since other tests run beside this one.
#[test]
fn compiling_takes_no_longer_than_its_price_says() {
    for program in worst() {
        if program.attack != Attack::Deploy {
            continue;
        }
        let machine = machine(small());
        let facts = validate(&program.code, machine.config()).unwrap();
        let start = Instant::now();
        machine.warm(&program.code).unwrap();
        let seconds = start.elapsed().as_secs_f64();
        let paid =
            facts.preparation.compile_gas + CREATION + READING_BYTE * program.code.len() as u64;
        let rate = paid as f64 / 1e6 / seconds;
        println!(
            "{}: {paid} gas, {seconds:.4} s, {rate:.0} Mgas/s",
            program.name
        );
        assert!(rate > 5.0, "{}: {rate:.1} Mgas/s", program.name);
    }
}

#[test]
fn what_takes_too_long_for_any_gas_is_refused_by_every_node() {
    let machine = machine(small());
    for (name, code) in refused() {
        let start = cpu_seconds();
        let refusal = machine.validate_code(&code).unwrap_err();
        assert_eq!(refusal.code(), VmErrorCode::LIMIT_EXCEEDED, "{name}");
        // Such code can only come from a genesis; a call of it halts before anything is compiled.
        let mut world = World::with_machine(Arc::clone(&machine));
        world.host.state.accounts.insert(
            address(1),
            proz_sdk_testing::mock::MockAccount::with_code(code.clone()),
        );
        assert_status(&world.call(address(1), &[]), StatusCode::CODE_REFUSED);
        assert!(cpu_seconds() - start < 1.0, "{name}");
    }
    assert_eq!(machine.cache_counts().compiled, 0);
}

#[test]
fn running_programs_take_no_longer_than_their_gas_says() {
    let machine = machine(small());
    for program in worst() {
        let (gas, rounds) = match program.attack {
            Attack::Deploy => continue,
            Attack::Call => (ALL, 1),
            Attack::CallInLoop(gas) => (gas, (ALL / 8 / gas).min(2_000)),
        };
        machine.warm(&program.code).unwrap();
        let mut world = World::with_machine(Arc::clone(&machine));
        world.install(address(1), &program.code);
        let mut used = 0;
        let start = cpu_seconds();
        for _ in 0..rounds {
            let result = world.send(Environment::call(address(1), gas, &[])).unwrap();
            used += gas - result.gas_left + 100;
        }
        let seconds = cpu_seconds() - start;
        let rate = used as f64 / 1e6 / seconds;
        println!(
            "{}: {used} gas, {seconds:.4} s, {rate:.0} Mgas/s",
            program.name
        );
        // What no cache holds takes as long as the machine's memory does, and is only reported.
        let is_reported = program.name.contains("no cache");
        assert!(
            rate > 8.0 || is_reported,
            "{}: {rate:.1} Mgas/s",
            program.name
        );
    }
}

#[test]
fn a_cancelled_frame_leaves_its_compilation_behind() {
    let machine = machine(small());
    let code = worst().remove(0).code;
    let flag = AtomicBool::new(false);
    let mut world = World::with_machine(Arc::clone(&machine));
    world.install(address(1), &code);
    let took = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(10));
            flag.store(true, Ordering::Relaxed);
        });
        let message = Environment::call(address(1), ALL, &[]);
        let mut context = world.environment.context(message);
        context.cancel = CancelFlag(&flag);
        let start = Instant::now();
        let result = machine.execute(&code, &context, &mut world.host.host());
        assert_eq!(result.unwrap_err().code(), VmErrorCode::CANCELLED);
        start.elapsed()
    });
    assert!(took < Duration::from_secs(2), "{took:?}");
    // The next frame waits for what was left behind, and finds it.
    assert_status(&world.call(address(1), &[]), StatusCode::SUCCESS);
    assert_eq!(machine.cache_counts().compiled, 1);
}

#[test]
fn many_threads_make_one_compilation_of_one_code() {
    let machine = machine(small());
    let code = wat(r#"(module (import "env" "return" (func (param i32 i32)))
        (memory (export "memory") 1) (func (export "main")))"#);
    let ready = Barrier::new(6);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let mut world = World::with_machine(Arc::clone(&machine));
                world.install(address(1), &code);
                ready.wait();
                assert_status(&world.call(address(1), &[]), StatusCode::SUCCESS);
            });
        }
    });
    assert_eq!(machine.cache_counts().compiled, 1);
}

fn numbered(number: u32) -> Vec<u8> {
    wat(&format!(
        r#"(module (import "env" "return" (func (param i32 i32))) (memory (export "memory") 1)
            (func (export "main") (drop (i32.const {number}))))"#
    ))
}

#[test]
fn what_a_transaction_used_stays_ready_until_it_ends() {
    let machine = machine(MachineConfig {
        memory_cache_bytes: 0,
        ..small()
    });
    let mut world = World::with_machine(Arc::clone(&machine));
    for number in 0..5 {
        world.install(address(number as u8 + 1), &numbered(number));
    }
    for _ in 0..3 {
        for number in 1..=5 {
            assert_status(&world.call(address(number), &[]), StatusCode::SUCCESS);
        }
    }
    assert_eq!(machine.cache_counts().compiled, 5);
    // Another transaction: the cache holds nothing.
    world.environment.transaction.sequence = u64::MAX;
    assert_status(&world.call(address(1), &[]), StatusCode::SUCCESS);
    assert_eq!(machine.cache_counts().compiled, 6);
}

#[test]
fn names_of_one_contract_are_bounded() {
    let machine = machine(small());
    let code = numbered(1);
    let mut world = World::with_machine(Arc::clone(&machine));
    world.install(address(1), &code);
    for number in 0..200_u8 {
        let mut message = Environment::call(address(1), ALL, &[]);
        message.code_hash.0[0] = number;
        message.code_hash.0[1] = 1;
        let context = world.environment.context(message);
        let result = machine.execute(&code, &context, &mut world.host.host());
        assert_status(&result.unwrap(), StatusCode::SUCCESS);
    }
    let counts = machine.cache_counts();
    assert_eq!((counts.compiled, counts.entries), (1, 1));
    assert!(counts.aliases <= 16, "{}", counts.aliases);
}

#[test]
fn growth_that_the_frame_cannot_pay_makes_no_page() {
    let program = worst()
        .into_iter()
        .find(|program| program.name == "short: growth that cannot be paid")
        .unwrap();
    let machine = machine(small());
    machine.warm(&program.code).unwrap();
    let mut world = World::with_machine(machine);
    world.install(address(1), &program.code);
    let start = cpu_seconds();
    for _ in 0..1_000 {
        let result = world
            .send(Environment::call(address(1), 3_200, &[]))
            .unwrap();
        assert_status(&result, StatusCode::OUT_OF_GAS);
    }
    let seconds = cpu_seconds() - start;
    // 127 pages took 3 ms a call.
    assert!(seconds < 0.3, "{seconds}");
}

#[test]
fn growth_from_no_page_is_paid_as_well() {
    let code = wat(
        r#"(module (import "env" "return" (func (param i32 i32))) (memory (export "memory") 0)
        (func (export "main") (drop (memory.grow (i32.const 100)))))"#,
    );
    let mut world = World::new();
    world.install(address(1), &code);
    for (gas, status) in [
        (700_000, StatusCode::OUT_OF_GAS),
        (800_000, StatusCode::SUCCESS),
    ] {
        let result = world.send(Environment::call(address(1), gas, &[])).unwrap();
        assert_status(&result, status);
    }
}

/// A chain of calls that no cycle closes, entered by `entry`, whose frames hold many values.
fn chain(entry: &str, length: usize) -> Vec<u8> {
    let values = 100;
    let signature = format!("(param {})", "i64 ".repeat(values));
    let rotated: String = (0..values)
        .map(|value| format!("(local.get {})", (value + 1) % values))
        .collect();
    let loads = "(i64.load (i32.const 0))".repeat(values);
    let main = match entry {
        "main" => "",
        _ => r#"(func (export "main"))"#,
    };
    let links: String = (0..length)
        .map(|link| {
            format!(
                "(func $f{link} {signature} {rotated} (call $f{}))",
                link + 1
            )
        })
        .collect();
    wat(&format!(
        r#"(module (import "env" "return" (func (param i32 i32))) (memory (export "memory") 1) {main}
            (func (export "{entry}") {loads} (call $f0)) {links} (func $f{length} {signature}))"#
    ))
}

#[test]
fn the_stack_of_every_entry_point_is_counted_whatever_the_machine() {
    let settings = [
        small(),
        MachineConfig {
            optimize: false,
            ..small()
        },
        MachineConfig {
            native_stack_bytes: 1 << 20,
            ..small()
        },
        MachineConfig {
            signals_based_traps: false,
            ..small()
        },
        MachineConfig {
            uninterrupted_gas: 0,
            ..small()
        },
    ];
    for settings in settings {
        let machine = machine(settings);
        for entry in ["main", "constructor"] {
            for (length, status) in [
                (60, StatusCode::SUCCESS),
                (120, StatusCode::STACK_HEIGHT),
                (325, StatusCode::STACK_HEIGHT),
            ] {
                let mut world = World::with_machine(Arc::clone(&machine));
                world.install(address(1), &chain(entry, length));
                let mut message = Environment::call(address(1), ALL, &[]);
                if entry == "constructor" {
                    message.kind = MessageKind::CREATE;
                }
                assert_status(&world.send(message).unwrap(), status);
            }
        }
    }
}

#[test]
fn a_contract_that_is_used_much_is_optimised_for_the_same_gas() {
    let code = wat(
        r#"(module (import "env" "return" (func (param i32 i32))) (memory (export "memory") 1)
        (func (export "main") (local i32) (loop (local.set 0 (i32.add (local.get 0) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.get 0) (i32.const 10000000))))))"#,
    );
    let machine = machine(small());
    let mut world = World::with_machine(Arc::clone(&machine));
    world.install(address(1), &code);
    let run = |world: &mut World| {
        let result = world.send(Environment::call(address(1), ALL, &[])).unwrap();
        assert_status(&result, StatusCode::SUCCESS);
        result.gas_left
    };
    let first = run(&mut world);
    for _ in 0..500 {
        assert_eq!(run(&mut world), first);
        if machine.cache_counts().optimised > 0 {
            break;
        }
    }
    assert_eq!(machine.cache_counts().optimised, 1);
    assert_eq!(run(&mut world), first);
}
