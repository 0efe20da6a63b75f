//! Rules P: frames, calls, handles.

use proz_prozvm_core::{Outcome, Trap, VmConfig, register_name, register_number};

use crate::{assert_traps, eval, run, run_all, value, verified};

/// P-1
#[test]
fn registers_have_their_names() {
    let names = "zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6";
    for (number, name) in names.split(' ').enumerate() {
        assert_eq!(register_name(number as u8), name);
        assert_eq!(register_number(name), Some(number as u8));
        assert_eq!(register_number(&format!("r{number}")), Some(number as u8));
    }
    assert_eq!(register_number("r32"), None);
    assert_eq!(register_number("r01"), None);
}

/// P-2
#[test]
fn register_0_reads_as_zero() {
    assert_eq!(eval("add a0, zero, zero", [7, 7]), 0);
    assert_eq!(eval("sub a0, zero, a1", [0, 5]), 5u64.wrapping_neg());
}

/// P-3
#[test]
fn arguments_come_in_a0_to_a7() {
    let source = ".func f (8) -> 1
        sh1add a0, a1, a0\n sh2add a0, a2, a0\n sh3add a0, a3, a0
        slli a4, a4, 4\n add a0, a0, a4\n slli a5, a5, 5\n add a0, a0, a5
        slli a6, a6, 6\n add a0, a0, a6\n slli a7, a7, 7\n add a0, a0, a7\n ret";
    assert_eq!(value(source, &[1; 8]), 255);
    assert_eq!(value(source, &[0, 0, 0, 0, 0, 0, 0, 1]), 128);
}

/// P-4, P-5
#[test]
fn a_call_keeps_all_registers_but_the_results() {
    let source = ".func f (2) -> 2
            mv   s0, sp\n li ra, 11\n li t0, 12\n li a2, 13
            call g
            bne  sp, s0, bad
            add  a1, ra, t0\n add a1, a1, a2
            ret
        bad: trap 1
        .func g (1) -> 1
            addi sp, sp, -64\n li ra, 0\n li t0, 0\n li a2, 0\n li a1, 99
            addi a0, a0, 1
            ret";
    assert_eq!(run(source, &[41, 5]).outcome, Outcome::Finished([42, 36]));
}

/// P-4
#[test]
fn the_callee_has_the_stack_pointer_of_the_caller() {
    let source = ".func f () -> 1
            addi sp, sp, -16\n li t0, 77\n sd t0, 8(sp)\n call g\n ret
        .func g () -> 1
            ld a0, 8(sp)\n ret";
    assert_eq!(value(source, &[]), 77);
}

/// P-6
#[test]
fn the_call_depth_counts_all_open_frames() {
    let source = ".func f (1) -> 1
            beq a0, zero, done\n addi a0, a0, -1\n call f
        done: ret";
    for depth in [1u32, 2, 7, 300] {
        let mut config = VmConfig::default();
        config.stack_limit.call_depth = depth;
        let verified = verified(source, &config);
        let deepest = u64::from(depth) - 1;
        assert_eq!(
            run_all(&verified, &[deepest], 100_000).0.outcome,
            Outcome::Finished([0, 0])
        );
        let beyond = run_all(&verified, &[deepest + 1], 100_000).0.outcome;
        assert_eq!(beyond, Outcome::Trapped(Trap::CallDepth));
    }
}

/// P-7, P-8
#[test]
fn only_handles_of_the_right_type_can_be_called() {
    let source = ".func f (1) -> 1
            mv t0, a0\n li a0, 20\n callr t0, (1) -> 1\n ret
        .func one (1) -> 1
            addi a0, a0, 1\n ret
        .func other () -> 1
            li a0, 0\n ret
        .table one, other, one";
    assert_eq!(value(source, &[8]), 21);
    assert_eq!(value(source, &[24]), 21);
    for handle in [0, 1, 7, 9, 12, 16, 32, 1 << 63, u64::MAX, u64::MAX - 7] {
        assert_traps(source, &[handle], Trap::IndirectCall);
    }
}

/// P-9
#[test]
fn a_run_depends_on_nothing_left_over() {
    let source = ".func f (1) -> 1
            addi a0, a0, 1\n sd a0, -8(sp)\n ld a0, -16(sp)\n ret";
    let verified = verified(source, &VmConfig::default());
    let first = run_all(&verified, &[5], 10_000);
    assert_eq!(run_all(&verified, &[5], 10_000), first);
    assert_eq!(first.0.outcome, Outcome::Finished([0, 0]));
}
