//! What surrounds a run: cancelling, tracing, counting, estimating, describing.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use proz_prozvm_core::Profile;
use proz_sdk::{
    Inspect as _, Metrics as _, Revision, StatusCode, TraceMask, VirtualMachine as _, VmErrorCode,
};
use proz_sdk_testing::mock::{Environment, StepRecorder};

use crate::support::{
    GAS, GIVE_A0, World, address, assembled, assert_output, assert_status, fallback, machine,
};

/// S-17, G-10: a frame with more gas than any block holds stops soon after the flag is set, and one whose limit does
/// not fit the machine's counter is served.
#[test]
fn a_cancelled_frame_stops_soon() {
    for body in [
        "again: j again",
        "li t0, 0\n again: addi t0, t0, 1\n j again",
        "li a0, -1\n keccak256 (sp), (sp), a0",
        "again: sys chain_id\n j again",
    ] {
        let mut world = World::new();
        world.install(address(1), &fallback(body));
        let code = world.host.state.accounts[&address(1)].code.clone();
        let World {
            machine,
            environment,
            host,
        } = &mut world;
        host.recipient = address(1);
        let environment = &*environment;
        let started = Instant::now();
        let ended = thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(100));
                environment.cancel.store(true, Ordering::Relaxed);
            });
            let message = Environment::call(address(1), u64::MAX, &[]);
            machine.execute(&code, &environment.context(message), &mut host.host())
        });
        // What nobody can pay ends by itself.
        match ended {
            Err(error) => assert_eq!(error.code(), VmErrorCode::CANCELLED, "{body}"),
            Ok(result) => assert!(result.status.is_halt(), "{body}"),
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{body}");
    }
}

/// S-10: the whole limit is there, however large.
#[test]
fn any_gas_limit_is_served() {
    let mut world = World::new();
    world.install(address(1), &fallback(&format!("sys gas_left\n{GIVE_A0}")));
    for gas in [1_000_000, 1 << 40, u64::MAX] {
        let result = world.send(Environment::call(address(1), gas, &[])).unwrap();
        assert_status(&result, StatusCode::SUCCESS);
        let seen = u64::from_le_bytes(result.output.as_slice().try_into().unwrap());
        assert!(
            gas - seen < 200 && seen - result.gas_left <= 13,
            "{gas} {seen}"
        );
    }
}

#[test]
fn steps_are_traced_and_change_nothing() {
    let body = format!(
        "li a0, 5\n call_target: addi a0, a0, -1\n bne a0, zero, call_target\n sys gas_left\n{GIVE_A0}"
    );
    let code = fallback(&body);
    let plain = World::run(&code, &[]);
    let mut world = World::new();
    world.install(address(1), &code);
    let mask = TraceMask::STEPS
        .union(TraceMask::STACK)
        .union(TraceMask::MEMORY);
    world.host.recorder = Some(StepRecorder::new(mask));
    let traced = world.call(address(1), &[]);
    assert_eq!(
        (traced.gas_left, &traced.output),
        (plain.gas_left, &plain.output)
    );
    let steps = world.host.recorder.take().unwrap().steps();
    let names: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names[..4], ["addi", "li", "addi", "bne"]);
    assert_eq!(steps.len(), 2 + 5 * 2 + 5);
    // Each offset is where the instruction lies in the code.
    for step in &steps {
        let at = step.program_counter as usize;
        assert_eq!(u32::from(code[at]), step.opcode, "{}", step.name);
        assert_eq!(step.stack.len(), 32);
        assert_eq!(step.memory.len() as u64, step.memory_size_bytes);
        assert!(step.end.is_some());
    }
    assert!(
        steps
            .windows(2)
            .all(|pair| pair[0].gas_left >= pair[1].gas_left)
    );
    assert_eq!(steps.last().unwrap().end, Some((plain.gas_left, false)));
    // A run that cannot pay for its memory has no step.
    world.host.recorder = Some(StepRecorder::new(mask));
    let result = world.send(Environment::call(address(1), 65, &[])).unwrap();
    assert_status(&result, StatusCode::OUT_OF_GAS);
    assert!(world.host.recorder.take().unwrap().steps().is_empty());
}

#[test]
fn instructions_are_counted_when_asked() {
    let mut world = World::new();
    world.install(
        address(1),
        &fallback("li t0, 7\n again: addi t0, t0, -1\n bne t0, zero, again"),
    );
    world.call(address(1), &[]);
    let machine = Arc::clone(&world.machine);
    assert!(machine.take().is_empty(), "nothing is counted unasked");
    assert!(!machine.enable(true));
    let counted = world.call(address(1), &[]);
    assert!(machine.enable(false));
    let counts = machine.take();
    let count = |name: &str| {
        counts
            .iter()
            .find(|c| c.name == name)
            .map_or(0, |c| c.count)
    };
    assert_eq!(
        (count("addi"), count("bne"), count("li"), count("ret")),
        (8, 7, 1, 1)
    );
    assert!(machine.take().is_empty());
    assert_eq!(counted.gas_left, world.call(address(1), &[]).gas_left);
}

#[test]
fn drivers_see_the_run() {
    let machine = machine();
    let code = fallback("li t0, 7\n again: addi t0, t0, -1\n bne t0, zero, again");
    let mut world = World::new();
    world.install(address(1), &code);
    let plain = world.call(address(1), &[]);
    let verified = proz_prozvm_core::verify(
        proz_prozvm_core::Program::decode(&code).unwrap(),
        machine.core_config(),
        &proz_prozvm_syscalls::CHAIN,
    )
    .unwrap();
    let mut profile = Profile::new(&verified);
    let context = world
        .environment
        .context(Environment::call(address(1), GAS, &[]));
    let driven = machine
        .drive(&code, &context, &mut world.host.host(), &mut profile)
        .unwrap();
    assert_eq!(driven.gas_left, plain.gas_left);
    assert_eq!(profile.instructions, 2 + 14 + 1);
}

/// S-10: an estimate is enough, and leaves no trace.
#[test]
fn gas_is_estimated() {
    let body = "addi a0, sp, 0\n addi a1, sp, 32\n li t0, 1\n sb t0, 63(sp)\n sys storage_set";
    let code = fallback(body);
    let mut world = World::new();
    world.install(address(1), &code);
    world.host.recipient = address(1);
    let context = world
        .environment
        .context(Environment::call(address(1), GAS, &[]));
    let before = world.host.state.clone();
    let estimate = world
        .machine
        .estimate_gas(&code, &[], &context, &mut world.host.host())
        .unwrap();
    assert!(world.host.state.storage == before.storage);
    let enough = Environment::call(address(1), estimate.gas, &[]);
    assert_status(&world.send(enough).unwrap(), StatusCode::SUCCESS);
}

#[test]
fn programs_are_described() {
    let code = assembled(
        ".stack 8192\n.bss 10\n.heap 1\n.pages 9\n.export \"transfer(address,uint256)\" f selector 0xa9059cbb payable\n
         .export \"fallback\" g fallback\n.func f () -> 0\n call g\n sys chain_id\n ret\n.func g () -> 0\n
         keccak256 (sp), (sp), zero\n ret\n.data\n .u64 1\n.rodata\n .ascii \"hello\"",
    );
    let facts = machine().inspect(&code).unwrap();
    let said = |name: &str| -> Vec<String> {
        let fact = facts.iter().find(|fact| fact.name == name);
        fact.unwrap()
            .values
            .iter()
            .map(ToString::to_string)
            .collect()
    };
    assert_eq!(
        said("header"),
        ["version 1", "gas schedule 1", "feature hash"]
    );
    assert_eq!(
        said("size")[..3],
        [
            format!("{} bytes", code.len()),
            "2 functions".into(),
            "5 instructions".into()
        ]
    );
    assert_eq!(
        said("exports"),
        [
            "transfer(address,uint256) (method a9059cbb, payable, function 0)",
            "fallback (fallback, function 1)",
        ]
    );
    assert_eq!(said("syscalls"), ["69 chain_id"]);
    let first = "0 transfer(address,uint256) (0) -> 0, 3 instructions at 0x4a";
    assert_eq!(said("functions")[0], first);
    let sections = said("sections");
    for name in [
        "types",
        "imports",
        "functions",
        "code",
        "rodata",
        "data",
        "exports",
    ] {
        assert_eq!(
            sections
                .iter()
                .filter(|s| s.starts_with(&format!("{name} ")))
                .count(),
            1,
            "{name}: {sections:?}"
        );
    }
    for absent in ["constants", "switchtables", "functiontable", "custom"] {
        assert!(
            !sections.iter().any(|s| s.starts_with(absent)),
            "{absent}: {sections:?}"
        );
    }
    assert!(
        sections.contains(&"code 40 bytes at 0x4a".to_owned()),
        "{sections:?}"
    );
    let pages = "5 pages (20 KiB) at the start, at most 9".to_owned();
    assert!(said("memory").contains(&pages), "{:?}", said("memory"));
    assert_eq!(said("instructions")[0], "ret 2");
    assert!(machine().inspect(b"PZ64").is_err());
}

#[test]
fn what_is_unknown_is_an_error() {
    let mut world = World::new();
    world.install(address(1), &fallback(""));
    world.environment.revision = Revision(Revision::LATEST.0 + 1);
    let message = Environment::call(address(1), GAS, &[]);
    assert_eq!(
        world.send(message).unwrap_err().code(),
        VmErrorCode::UNSUPPORTED
    );
    let mut world = World::new();
    world.install(address(1), &fallback(""));
    let mut message = Environment::call(address(1), GAS, &[]);
    message.kind = proz_sdk::MessageKind(17);
    assert_eq!(
        world.send(message).unwrap_err().code(),
        VmErrorCode::UNSUPPORTED
    );
}

/// S-11, M-9: the memory of a frame is bounded by its message as well.
#[test]
fn the_message_bounds_memory() {
    let code = assembled(&format!(
        ".stack 4096\n.pages 100\n.export \"f\" f fallback\n.func f () -> 0\n addi sp, sp, -64\n li a0, 3\n heap.grow a0, a0\n{GIVE_A0} ret"
    ));
    let run = |bytes: u64| {
        let mut world = World::new();
        world.install(address(1), &code);
        world.environment.limits.memory_bytes = bytes;
        world.call(address(1), &[])
    };
    assert_output(&run(4 * 4_096), &0x11000_u64.to_le_bytes());
    assert_output(&run(4 * 4_096 - 1), &u64::MAX.to_le_bytes());
    assert_status(&run(4_095), StatusCode::MEMORY_LIMIT);
}

/// A run leaves nothing to the next, of another program or its own. Spec: M-5.
#[test]
fn nothing_is_left_over() {
    let dirty = assembled(
        ".stack 65536\n.export \"f\" f fallback\n.func f () -> 0\n li t0, -60000\n add t0, sp, t0\n li t1, -1\n
         li t2, 60000\n mem.fill (t0), t1, t2\n sd t1, -8(sp)\n ret",
    );
    let clean = assembled(
        ".stack 65536\n.export \"f\" f fallback\n.func f () -> 0\n li t0, -65536\n add t0, sp, t0\n li t1, 0\n mv t2, sp\n
         again: ld t3, 0(t0)\n or t1, t1, t3\n addi t0, t0, 8\n bne t0, t2, again\n addi sp, sp, -64\n mv a0, t1\n
         sd a0, 0(sp)\n mv a0, sp\n li a1, 8\n sys return\n ret",
    );
    let mut world = World::new();
    world.install(address(1), &dirty);
    world.install(address(2), &clean);
    for _ in 0..3 {
        assert_status(&world.call(address(1), &[]), StatusCode::SUCCESS);
        assert_output(&world.call(address(2), &[]), &[0; 8]);
    }
}
