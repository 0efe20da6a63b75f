//! Preparation: what it costs, that it happens once in a transaction, and that nothing of it shows.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use proz_prozvm::ProzVmMachine;
use proz_prozvm_core::testing::{SHAPES, shape};
use proz_prozvm_core::{Instruction, Opcode};
use proz_sdk::{
    Address, B256, FrameResult, MessageKind, Revision, StatusCode, VirtualMachine as _, VmErrorCode,
};
use proz_sdk_testing::mock::{Environment, MockHost};

use crate::support::{GIVE_A0, assembled, assert_status, fallback, keccak256, machine, machine_of};

/// Calls a code at depth 1, as a nested frame of a transaction.
fn call(machine: &ProzVmMachine, code: &[u8], transaction: u64, gas: u64) -> FrameResult {
    let mut environment = Environment::new(Revision::LATEST);
    environment.transaction.sequence = transaction;
    let mut message = Environment::call(Address([1; 20]), gas, &[]);
    message.depth = 1;
    message.code_hash = B256(keccak256(code));
    let mut host = MockHost::new(Address([1; 20]));
    host.observes = false;
    let context = environment.context(message);
    machine.execute(code, &context, &mut host.host()).unwrap()
}

fn create(code: &[u8], gas: u64) -> FrameResult {
    let environment = Environment::new(Revision::LATEST);
    let mut message = Environment::call(Address([1; 20]), gas, &[]);
    message.kind = MessageKind::CREATE;
    let mut host = MockHost::new(Address([1; 20]));
    let context = environment.context(message);
    machine().execute(code, &context, &mut host.host()).unwrap()
}

/// S-62: the price is that of the size, and nothing else.
#[test]
fn preparation_costs_by_the_size_of_the_program() {
    let price = machine().preparation_price();
    assert_eq!((price.base_gas, price.gas_per_kib), (0, 88));
    for bytes in [1_000, 24_000] {
        let code = shape("data", bytes).encode();
        let price = (code.len() as u64 * 88).div_ceil(1024);
        // No constructor: the entry is all that is paid besides.
        let result = create(&code, 1_000_000);
        assert_status(&result, StatusCode::SUCCESS);
        assert_eq!(1_000_000 - result.gas_left, price + 60);
        assert_status(&create(&code, price + 60), StatusCode::SUCCESS);
        assert_status(&create(&code, price + 59), StatusCode::OUT_OF_GAS);
        assert_status(&create(&code, price - 1), StatusCode::OUT_OF_GAS);
    }
}

/// A creation pays before its program is looked at.
#[test]
fn a_creation_that_cannot_pay_is_not_prepared() {
    let price = 88;
    let bad = vec![0; 1_024];
    assert_status(&create(&bad, price + 59), StatusCode::OUT_OF_GAS);
    assert_status(&create(&bad, price + 60), StatusCode::CODE_REFUSED);
}

/// S-63: code that nobody validated ends the same on every machine, be it refused or run.
#[test]
fn code_that_was_never_validated_ends_the_same_everywhere() {
    let mut tangled = shape("branches around", 24_000);
    // The fallback traps when a register that it never assigned is not zero.
    tangled.code.pop();
    tangled.code.extend([
        Instruction::new(Opcode::Bne, 0, 25, 0, 2),
        Instruction::new(Opcode::Return, 0, 0, 0, 0),
        Instruction::new(Opcode::Trap, 0, 0, 0, 1),
    ]);
    tangled.functions[1].length = 3;
    let mut other = shape("straight addi", 24_000);
    other.code[3] = Instruction::new(Opcode::Add, 5, 25, 25, 0);
    let busy = fallback("li s9, 7\n li s10, 7\n li t6, 7");
    for settings in [
        "",
        "machine = { tier = \"reference\" }",
        "machine = { code_cache_bytes = 0 }",
    ] {
        let machine = machine_of(settings);
        let tangled = tangled.encode();
        assert!(machine.validate_code(&tangled).is_err());
        for transaction in 0..3 {
            // Leaves something in the registers of this thread.
            assert_status(
                &call(&machine, &busy, transaction, 100_000),
                StatusCode::SUCCESS,
            );
            let result = call(&machine, &tangled, transaction, 1_000_000);
            assert_status(&result, StatusCode::SUCCESS);
            let result = call(&machine, &other.encode(), transaction, 1_000_000);
            assert_status(&result, StatusCode::CODE_REFUSED);
        }
    }
}

#[test]
fn a_transaction_prepares_each_code_once() {
    let machine = machine_of("machine = { code_cache_bytes = 0 }");
    let codes: Vec<_> = (0..20)
        .map(|n| fallback(&format!("li a0, {n}\n{GIVE_A0}")))
        .collect();
    for transaction in 1..4 {
        for _ in 0..5 {
            for code in &codes {
                assert_status(
                    &call(&machine, code, transaction, 10_000),
                    StatusCode::SUCCESS,
                );
            }
        }
        let counts = machine.cache_counts();
        assert_eq!((counts.prepared, counts.entries), (20 * transaction, 0));
    }
}

/// Two machines of one library in one transaction do not lose one another's pins.
#[test]
fn machines_pin_apart() {
    let machines = [(); 2].map(|()| machine_of("machine = { code_cache_bytes = 0 }"));
    let code = fallback("li a0, 1");
    for _ in 0..5 {
        for machine in &machines {
            assert_status(&call(machine, &code, 1, 10_000), StatusCode::SUCCESS);
        }
    }
    for machine in machines {
        assert_eq!(machine.cache_counts().prepared, 1);
    }
}

#[test]
fn many_threads_prepare_a_code_once() {
    let machine = machine();
    let code = shape("waves", 200_000).encode();
    std::thread::scope(|scope| {
        for transaction in 0..8 {
            let (machine, code) = (&machine, &code);
            scope.spawn(move || {
                assert_status(
                    &call(machine, code, transaction, 100_000),
                    StatusCode::SUCCESS,
                );
            });
        }
    });
    assert_eq!(machine.cache_counts().prepared, 1);
}

#[test]
fn a_cancelled_frame_is_not_prepared() {
    let machine = machine();
    let code = shape("straight addi", 200_000).encode();
    let mut environment = Environment::new(Revision::LATEST);
    environment.cancel.store(true, Ordering::Relaxed);
    environment.transaction.sequence = 9;
    let message = Environment::call(Address([1; 20]), 100_000, &[]);
    let mut host = MockHost::new(Address([1; 20]));
    let context = environment.context(message);
    let error = machine
        .execute(&code, &context, &mut host.host())
        .unwrap_err();
    assert_eq!(error.code(), VmErrorCode::CANCELLED);
    assert_eq!(machine.cache_counts().prepared, 0);
}

/// C-5: caches, pins, tiers and fusion never show, whatever came before.
#[test]
fn no_history_of_caches_and_tiers_shows_in_a_result() {
    let busy = "li s0, 300\n li a0, 7\n again: mul a0, a0, s0\n addi a0, a0, 3\n rori a0, a0, 5\n addi s0, s0, -1\n
        bne s0, zero, again\n";
    let mut codes: Vec<Vec<u8>> = (0..6)
        .map(|n| fallback(&format!("{busy} addi a0, a0, {n}\n{GIVE_A0}")))
        .collect();
    codes.extend(SHAPES.iter().map(|name| shape(name, 6_000).encode()));
    // Refused: the magic, a register, an unassigned register.
    codes.push(vec![0; 100]);
    let mut bad = codes[0].clone();
    let at = bad.len() / 2;
    bad[at] ^= 0x40;
    codes.push(bad);
    let machines: Vec<Arc<ProzVmMachine>> = [
        "",
        "machine = { code_cache_bytes = 0 }",
        "machine = { code_cache_bytes = 60000 }",
        "machine = { tier = \"reference\" }",
        "machine = { fusion = false, code_cache_bytes = 200000 }",
    ]
    .into_iter()
    .map(machine_of)
    .collect();
    let mut state = 7_u64;
    let mut random = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % below
    };
    let mut transaction = 1;
    let mut ends = std::collections::BTreeSet::new();
    for _ in 0..3_000 {
        if random(12) == 0 {
            transaction += 1;
        }
        let code = &codes[random(codes.len() as u64) as usize];
        let gas = match random(3) {
            0 => random(200),
            1 => random(2_000),
            _ => 100_000,
        };
        let results: Vec<_> = machines
            .iter()
            .map(|machine| {
                let result = call(machine, code, transaction, gas);
                (result.status.0, result.gas_left, result.output.to_vec())
            })
            .collect();
        ends.insert(results[0].0);
        for result in &results {
            assert_eq!(result, &results[0]);
        }
    }
    assert!(ends.len() >= 3, "{ends:?}");
}

/// Set for the process that [`what_a_machine_lacks_is_no_outcome`] starts.
const POOR: &str = "PROZVM_TEST_POOR";

/// S-64: a process that may not have more memory gives the transaction up, where others end it.
#[test]
fn what_a_machine_lacks_is_no_outcome() {
    let bombs = [
        ".bss 12000000\n.pages 4000",
        ".heap 3000\n.pages 4000",
        ".pages 4000",
    ];
    let bombs = bombs.map(|header| {
        assembled(&format!(
            ".stack 4096\n{header}\n.export \"f\" f fallback\n.func f () -> 0\n li t0, 900\n heap.grow t0, t0\n
             li t0, 2000\n heap.grow t0, t0\n ret"
        ))
    });
    let machine = machine();
    if std::env::var_os(POOR).is_none() {
        for code in &bombs {
            assert_status(&call(&machine, code, 1, 1 << 40), StatusCode::SUCCESS);
        }
        let this = std::env::current_exe().unwrap();
        let name = "preparation::what_a_machine_lacks_is_no_outcome";
        let status = std::process::Command::new("sh")
            .args([
                "-c",
                "ulimit -v 600000; exec \"$0\" --exact \"$1\" --test-threads 1",
            ])
            .arg(this)
            .arg(name)
            .env(POOR, "1")
            .status()
            .unwrap();
        assert!(status.success(), "{status}");
        return;
    }
    // All but a few megabytes.
    let mut hoard = Vec::new();
    loop {
        let mut block = Vec::<u8>::new();
        if block.try_reserve_exact(2 << 20).is_err() {
            break;
        }
        hoard.push(block);
    }
    for code in &bombs {
        let mut environment = Environment::new(Revision::LATEST);
        environment.transaction.sequence = 1;
        let mut message = Environment::call(Address([1; 20]), 1 << 40, &[]);
        message.depth = 1;
        let mut host = MockHost::new(Address([1; 20]));
        let context = environment.context(message);
        let result = machine.execute(code, &context, &mut host.host());
        assert_eq!(result.unwrap_err().code(), VmErrorCode::RESOURCES);
    }
    drop(hoard);
    for code in &bombs {
        assert_status(&call(&machine, code, 2, 1 << 40), StatusCode::SUCCESS);
    }
}
