//! Rules G: what is charged, and when.

use std::sync::Arc;

use proz_prozvm_core::testing::TestHost;
use proz_prozvm_core::{
    Call, Driver as _, GasSchedule, NoSyscalls, Opcode, Outcome, Prepared, Profile, Reference,
    RunResult, VmConfig,
};

use crate::{program, run_all, verified};

/// Gas of one page.
const PAGE: u64 = 153;

fn gas_of_pages(count: u64) -> u64 {
    150 * count + 3 * count * count
}

/// Gas used by a run of function 0 that needs one page of stack, without the charge for that page.
fn used(source: &str, arguments: &[u64]) -> u64 {
    let source = format!("{source}\n.stack 4096");
    let limit = 1_000_000;
    let result = run_all(&verified(&source, &VmConfig::default()), arguments, limit).0;
    assert!(matches!(result.outcome, Outcome::Finished(_)), "{result:?}");
    limit - result.gas_left - PAGE
}

fn ends(source: &str, arguments: &[u64], gas: u64) -> RunResult {
    run_all(
        &verified(&format!("{source}\n.stack 4096"), &VmConfig::default()),
        arguments,
        gas,
    )
    .0
}

/// G-1, G-4
#[test]
fn a_block_costs_the_sum_of_its_instructions() {
    let schedule = GasSchedule::version_1();
    assert_eq!(schedule.id, 1);
    for &opcode in Opcode::ALL {
        assert_eq!(schedule.cost(opcode), opcode.default_cost());
        assert!(opcode.default_cost() > 0, "{opcode:?}");
    }
    let expected: u32 = [Opcode::Add, Opcode::Div, Opcode::Return]
        .map(|o| schedule.cost(o))
        .into_iter()
        .sum();
    assert_eq!(
        used(
            ".func f (2) -> 1\n add a0, a0, a1\n div a0, a0, a1\n ret",
            &[1, 1]
        ),
        u64::from(expected)
    );
    let gas_schedule = GasSchedule::version_1().with_costs(1, &[(Opcode::Add, u32::MAX)]);
    let config = VmConfig {
        gas_schedule,
        ..VmConfig::default()
    };
    let two = verified(
        ".func f (2) -> 1\n add a0, a0, a1\n add a0, a0, a1\n ret",
        &config,
    );
    assert_eq!(two.blocks()[0].cost, u32::MAX - 1);
}

/// G-2, T-4, T-6
#[test]
fn a_block_is_paid_before_any_effect_or_not_at_all() {
    let source =
        ".func f (1) -> 1\n sd a0, -8(sp)\n li t0, 1\n bne a0, zero, on\n on: addi a0, a0, 1\n ret";
    let (first, second) = (3, 3);
    for gas in 0..first {
        let (result, memory, _) = run_all(
            &verified(&format!("{source}\n.stack 4096"), &VmConfig::default()),
            &[9],
            PAGE + gas,
        );
        assert_eq!((result.outcome, result.gas_left), (Outcome::OutOfGas, gas));
        assert_eq!(result.location.unwrap().instruction, 0);
        assert!(memory.bytes().iter().all(|&byte| byte == 0));
    }
    for gas in first..first + second {
        let result = ends(source, &[9], PAGE + gas);
        assert_eq!(
            (result.outcome, result.gas_left),
            (Outcome::OutOfGas, gas - first)
        );
        assert_eq!(result.location.unwrap().instruction, 3);
    }
    assert_eq!(ends(source, &[9], PAGE + first + second).gas_left, 0);
}

/// G-3
#[test]
fn blocks_end_where_control_or_cost_is_decided() {
    let source = ".func f (2) -> 1
            sys gas_left\n keccak256 (a0), (a0), a1\n sha256 (a0), (a0), a1\n mem.copy (a0), (a0), a1
            mem.fill (a0), a0, a1\n u256.exp (a0), (a0), (a0)\n heap.grow a0, a0
            beq a0, a0, x\n j x\n x: call g\n switch a0, y\n y: ret
        .func g (2) -> 1
            callr a0, (2) -> 1\n trap 1";
    let verified = verified(source, &VmConfig::default());
    let starts: Vec<u32> = verified.blocks().iter().map(|block| block.start).collect();
    assert_eq!(starts, (0..=13).collect::<Vec<u32>>());
    assert_eq!(
        verified
            .blocks()
            .iter()
            .map(|block| block.length)
            .sum::<u32>(),
        14
    );
}

/// G-3: a syscall sees the gas without the block behind it.
#[test]
fn gas_left_is_exact_at_a_syscall() {
    let source =
        ".func f () -> 1\n sys gas_left\n div t0, sp, sp\n div t0, sp, sp\n ret\n.stack 4096";
    let (result, _, host) = run_all(&verified(source, &VmConfig::default()), &[], 10_000);
    let seen = 10_000 - PAGE - u64::from(Opcode::Syscall.default_cost());
    assert_eq!(host.calls[0].2, seen);
    assert_eq!(result.outcome, Outcome::Finished([seen, 0]));
}

/// G-5
#[test]
fn declared_memory_is_paid_first() {
    let source = ".func f () -> 0\n ret\n.stack 8192\n.heap 3\n.bss 1\n.rodata\n.u8 1";
    let verified = verified(source, &VmConfig::default());
    assert_eq!(verified.memory_cost(), gas_of_pages(7));
    let result = run_all(&verified, &[], gas_of_pages(7) - 1).0;
    assert_eq!(
        result,
        RunResult {
            outcome: Outcome::OutOfGas,
            gas_left: gas_of_pages(7) - 1,
            location: None
        }
    );
    assert_eq!(run_all(&verified, &[], gas_of_pages(7) + 2).0.gas_left, 0);
}

/// G-6, G-8
#[test]
fn dynamic_costs_follow_the_operands() {
    let base = |body: &str| {
        let code = program(&format!(".func f (2) -> 0\n{body}\nret")).code;
        code.iter()
            .map(|instruction| u64::from(instruction.opcode.default_cost()))
            .sum::<u64>()
    };
    let rows: [(&str, &[(u64, u64)]); 5] = [
        (
            "addi t0, sp, -1024\n keccak256 (t0), (t0), a0",
            &[(0, 400), (135, 400), (136, 800), (272, 1200)],
        ),
        (
            "addi t0, sp, -1024\n sha256 (t0), (t0), a0",
            &[(0, 50), (55, 50), (56, 100), (119, 100), (120, 150)],
        ),
        (
            "addi t0, sp, -1024\n mem.copy (t0), (t0), a0",
            &[(0, 0), (1, 2), (64, 2), (65, 4)],
        ),
        (
            "addi t0, sp, -1024\n mem.fill (t0), a0, a0",
            &[(0, 0), (1, 2), (64, 2), (65, 4)],
        ),
        (
            "addi t0, sp, -64\n sd a0, 0(t0)\n u256.exp (t0), (t0), (t0)",
            &[(0, 0), (1, 60), (255, 60), (256, 120)],
        ),
    ];
    for (body, costs) in rows {
        for &(operand, dynamic) in costs {
            let source = format!(".func f (2) -> 0\n{body}\nret");
            assert_eq!(
                used(&source, &[operand, 0]),
                base(body) + dynamic,
                "{body} {operand}"
            );
        }
    }
    let grow = "heap.grow t0, a0";
    let source = format!(".func f (2) -> 0\n{grow}\nret\n.pages 4");
    for (pages, granted) in [(0, 0), (1, 1), (3, 3), (4, 0), (u64::MAX, 0)] {
        assert_eq!(
            used(&source, &[pages, 0]),
            base(grow) + gas_of_pages(1 + granted) - PAGE,
            "{pages}"
        );
    }
}

/// G-6, G-7, G-8: a length that costs more than 64 bits can say is out of gas, not a trap.
#[test]
fn dynamic_costs_come_before_memory_is_checked() {
    for body in [
        "keccak256 (sp), (sp), a0",
        "sha256 (sp), (sp), a0",
        "mem.copy (sp), (sp), a0",
        "mem.fill (sp), a0, a0",
    ] {
        let source = format!(".func f (1) -> 0\n{body}\nret");
        let result = ends(&source, &[u64::MAX], 1_000);
        let paid = u64::from(program(&source).code[0].opcode.default_cost());
        assert_eq!(
            (result.outcome, result.gas_left),
            (Outcome::OutOfGas, 1_000 - PAGE - paid),
            "{body}"
        );
        assert_eq!(result.location.unwrap().instruction, 0);
    }
}

/// G-9: for every amount of gas, all tiers end alike; `run_all` compares them.
#[test]
fn every_amount_of_gas_ends_alike_in_every_tier() {
    let source = ".func f (2) -> 1
        again: addi t0, sp, -64\n sd a0, 0(t0)\n li t1, 40\n keccak256 (t0), (t0), t1\n ld a0, 0(t0)
            call g\n sys sum\n addi a1, a1, -1\n bne a1, zero, again\n ret
        .func g (1) -> 1
            andi t0, a0, 3\n switch t0, A, B, C\n A: addi a0, a0, 1\n B: addi a0, a0, 2\n C: ret";
    let total = used(source, &[3, 4]);
    for gas in 0..=total {
        let result = ends(source, &[3, 4], PAGE + gas);
        assert_eq!(
            result.outcome == Outcome::OutOfGas,
            gas < total,
            "{gas} of {total}"
        );
    }
}

/// G-2, G-5, G-6: a profile accounts for every unit, whatever the end.
#[test]
fn a_profile_adds_up_to_the_gas_used() {
    let source = "
        .stack 4096
        .func main (1) -> 1
            call  twice
            call  twice
            mem.fill (sp), zero, zero
            ret
        .func twice (1) -> 1
            beq   a0, zero, done
            addi  a0, a0, -1
            call  twice
        done:
            addi  a0, a0, 2
            ret
    ";
    let verified = verified(source, &VmConfig::default());
    for gas_limit in [100, 153, 156, 163, 173, 1_000_000] {
        let call = Call {
            function: 0,
            arguments: &[3],
            gas_limit,
        };
        let mut run = Reference::new(&verified, &call).unwrap();
        let mut profile = Profile::new(&verified);
        let result = profile.drive(&mut run, &mut NoSyscalls);
        let plain = Reference::new(&verified, &call)
            .unwrap()
            .run(&mut NoSyscalls);
        assert_eq!(result, plain);
        assert_eq!(profile.gas(), (gas_limit - result.gas_left) as i64);
        let blocks = profile.blocks.iter();
        let blocks = blocks.map(|block| block.static_gas as i64 + block.dynamic_gas);
        assert_eq!(
            profile.gas(),
            profile.memory_gas as i64 + blocks.sum::<i64>()
        );
        if gas_limit == 1_000_000 {
            // 3, 2, 1, 0, then the result 8, 7 … 0.
            let [main, twice] = profile.functions[..] else {
                panic!("{profile:?}");
            };
            assert_eq!((main.calls, twice.calls), (1, 13));
            assert_eq!(main.total_gas, main.own_gas + twice.own_gas);
            assert_eq!(twice.total_gas, twice.own_gas);
        }
    }
}

/// G-10: however gas is handed out, a run ends as it does with all of it at once; the differential fuzz checks the same
/// on random programs.
#[test]
fn gas_in_parts_never_shows() {
    let source = ".stack 4096
        .func f (2) -> 1
        again: addi t0, sp, -64\n sd a0, 0(t0)\n keccak256 (t0), (t0), a1\n ld a0, 0(t0)
            li t1, 60\n mv t2, a0\n mv a0, t1\n sys charge\n mv a0, t2
            addi a1, a1, -1\n bne a1, zero, again\n sys gas_left\n ret";
    let verified = verified(source, &VmConfig::default());
    for gas_limit in [PAGE, 400, 2_000, 5_000, 100_000] {
        let (whole, _, whole_host) = run_all(&verified, &[5, 6], gas_limit);
        for part in [1, 7, 100, 450] {
            let call = Call {
                function: 0,
                arguments: &[5, 6],
                gas_limit: PAGE,
            };
            let host = TestHost {
                aside: gas_limit - PAGE,
                part,
                ..TestHost::default()
            };
            let (mut first, mut second) = (host.clone(), host);
            let mut ends = [
                Reference::new(&verified, &call).unwrap().run(&mut first),
                Prepared::new(Arc::clone(&verified))
                    .run(&call, &mut second)
                    .unwrap(),
            ];
            for (end, host) in ends.iter_mut().zip([first, second]) {
                end.gas_left += host.aside;
                assert_eq!(*end, whole, "{gas_limit} in parts of {part}");
                assert_eq!(host.calls, whole_host.calls);
            }
        }
    }
}
