//! Rules I: the 64-bit instructions.

use proz_prozvm_core::{Instruction, Opcode, Outcome, Trap};

use crate::{assert_traps, eval, program, run, value};

const MIN: u64 = 1 << 63;
const M1: u64 = u64::MAX;

/// I-1, I-2, F-12
#[test]
fn instructions_take_eight_bytes_in_a_fixed_order() {
    let code = program(".func f (2) -> 1\n sub a0, a1, t0\n sd a1, -2(sp)\n ret").code;
    assert_eq!(code[0].encode(), [0x02, 10, 11, 5, 0, 0, 0, 0]);
    assert_eq!(code[1].encode(), [0x73, 0, 2, 11, 0xfe, 0xff, 0xff, 0xff]);
    for &opcode in Opcode::ALL {
        let instruction = Instruction::new(opcode, 1, 2, 3, -4);
        assert_eq!(Instruction::decode(instruction.encode()), Some(instruction));
        assert_eq!(Opcode::from_mnemonic(opcode.mnemonic()), Some(opcode));
    }
    assert_eq!(Instruction::decode([0; 8]), None);
}

/// I-3, I-5, I-6: vectors by hand from the RISC-V manuals.
#[test]
#[rustfmt::skip]
fn integer_instructions_are_those_of_risc_v() {
    let table: &[(&str, u64, u64, u64)] = &[
        ("add", M1, 2, 1), ("sub", 1, 2, M1),
        ("sll", 1, 64 + 3, 8), ("srl", M1, 63, 1), ("sra", MIN, 63, M1), ("sra", MIN >> 1, 62, 1),
        ("and", 12, 10, 8), ("or", 12, 10, 14), ("xor", 12, 10, 6),
        ("slt", M1, 0, 1), ("slt", 0, M1, 0), ("sltu", M1, 0, 0), ("sltu", 0, M1, 1),
        ("addw", 0x7fff_ffff, 1, 0xffff_ffff_8000_0000), ("subw", 0, 1, M1),
        ("sllw", 1, 31, 0xffff_ffff_8000_0000), ("sllw", 1, 32, 1),
        ("srlw", 0x8000_0000, 31, 1), ("srlw", 0xffff_ffff, 0, M1), ("sraw", 0x8000_0000, 31, M1), ("sraw", 0x1_0000_0008, 3, 1),
        ("mul", M1, M1, 1), ("mulh", M1, M1, 0), ("mulh", MIN, MIN, 1 << 62), ("mulh", M1, 1, M1),
        ("mulhu", M1, M1, M1 - 1), ("mulhsu", M1, M1, M1), ("mulhsu", 1, M1, 0), ("mulhsu", MIN, M1, MIN),
        ("mulw", 0x1_0000_0003, 0x7fff_ffff, 0x7fff_fffd),
        ("div", 7, 0u64.wrapping_sub(2), 0u64.wrapping_sub(3)), ("div", 7, 0, M1), ("div", MIN, M1, MIN),
        ("divu", 7, 2, 3), ("divu", 7, 0, M1),
        ("rem", 0u64.wrapping_sub(7), 2, M1), ("rem", 7, 0, 7), ("rem", MIN, M1, 0),
        ("remu", 7, 4, 3), ("remu", 7, 0, 7),
        ("divw", 0x1_0000_0007, 2, 3), ("divw", 7, 1 << 32, M1), ("divw", 0x8000_0000, M1, 0xffff_ffff_8000_0000),
        ("divuw", 0xffff_ffff, 1, M1), ("divuw", 7, 1 << 32, M1),
        ("remw", 0xffff_fff9, 2, M1), ("remw", 0x8000_0001, 1 << 32, 0xffff_ffff_8000_0001), ("remw", 0x8000_0000, M1, 0),
        ("remuw", 0xffff_ffff, 0, M1), ("remuw", 7, 4, 3),
        ("add.uw", M1, 1, 1 << 32), ("sh1add", 3, 1, 7), ("sh2add", 3, 1, 13), ("sh3add", 3, 1, 25),
        ("sh1add.uw", M1, 1, 0x1_ffff_ffff), ("sh2add.uw", M1, 0, 0x3_ffff_fffc), ("sh3add.uw", M1, 0, 0x7_ffff_fff8),
        ("andn", 12, 10, 4), ("orn", 0, 1, M1 - 1), ("xnor", 12, 10, !6),
        ("min", M1, 1, M1), ("minu", M1, 1, 1), ("max", M1, 1, 1), ("maxu", M1, 1, M1),
        ("rol", MIN, 1, 1), ("rol", 1, 65, 2), ("ror", 1, 1, MIN), ("rolw", 0x8000_0000, 1, 1), ("rorw", 1, 33, 0xffff_ffff_8000_0000),
        ("czero.eqz", 5, 0, 0), ("czero.eqz", 5, 9, 5), ("czero.nez", 5, 0, 5), ("czero.nez", 5, 9, 0),
    ];
    for &(name, a, b, expected) in table {
        assert_eq!(eval(&format!("{name} a0, a0, a1"), [a, b]), expected, "{name} {a:#x} {b:#x}");
    }
    let immediates: &[(&str, u64, i32, u64)] = &[
        ("addi", 1, -2, M1), ("addi", 0, i32::MIN, 0xffff_ffff_8000_0000), ("slti", M1, 0, 1), ("sltiu", 5, -1, 1),
        ("andi", M1, -16, M1 - 15), ("ori", 1, -256, 0xffff_ffff_ffff_ff01), ("xori", 5, -1, !5), ("addiw", 0x7fff_ffff, 1, 0xffff_ffff_8000_0000),
        ("slli", 1, 63, MIN), ("srli", MIN, 63, 1), ("srai", MIN, 63, M1), ("rori", 1, 1, MIN), ("slli.uw", M1, 4, 0xf_ffff_fff0),
        ("slliw", 1, 31, 0xffff_ffff_8000_0000), ("srliw", M1, 31, 1), ("sraiw", 0x8000_0000, 31, M1), ("roriw", 1, 1, 0xffff_ffff_8000_0000),
    ];
    for &(name, a, imm, expected) in immediates {
        assert_eq!(eval(&format!("{name} a0, a0, {imm}"), [a, 0]), expected, "{name} {a:#x} {imm}");
    }
    let unary: &[(&str, u64, u64)] = &[
        ("clz", 0, 64), ("clz", 1, 63), ("ctz", 0, 64), ("ctz", 8, 3), ("cpop", M1, 64),
        ("clzw", 1 << 40, 32), ("ctzw", 1 << 40, 32), ("clzw", 1, 31), ("ctzw", 8, 3), ("cpopw", M1, 32),
        ("sext.b", 0x180, 0xffff_ffff_ffff_ff80), ("sext.h", 0x1_8000, 0xffff_ffff_ffff_8000), ("zext.h", M1, 0xffff),
        ("orc.b", 0x0100_0080_0000_00ff, 0xff00_00ff_0000_00ff), ("orc.b", 0x8000_7f01_0010_0000, 0xff00_ffff_00ff_0000),
        ("rev8", 0x0102_0304_0506_0708, 0x0807_0605_0403_0201),
    ];
    for &(name, a, expected) in unary {
        assert_eq!(eval(&format!("{name} a0, a0"), [a, 0]), expected, "{name} {a:#x}");
    }
}

/// I-7
#[test]
fn constants_are_assigned() {
    assert_eq!(eval("li a0, -2147483648", [0, 0]), 0xffff_ffff_8000_0000);
    assert_eq!(
        eval("lc a0, 0xfedcba9876543210", [0, 0]),
        0xfedc_ba98_7654_3210
    );
    assert_eq!(eval("mv a0, a1", [0, 6]), 6);
}

/// I-8
#[test]
fn loads_extend_and_stores_truncate() {
    let stored = "sd a1, -8(sp)\n";
    let all = 0xf1f2_f3f4_f5f6_f7f8;
    for (load, expected) in [
        ("lb", 0xffff_ffff_ffff_fff8),
        ("lbu", 0xf8),
        ("lh", 0xffff_ffff_ffff_f7f8),
        ("lhu", 0xf7f8),
        ("lw", 0xffff_ffff_f5f6_f7f8),
        ("lwu", 0xf5f6_f7f8),
        ("ld", all),
    ] {
        assert_eq!(
            eval(&format!("{stored} {load} a0, -8(sp)"), [0, all]),
            expected,
            "{load}"
        );
    }
    for (store, expected) in [
        ("sb", 0xff),
        ("sh", 0xffff),
        ("sw", 0xffff_ffff),
        ("sd", M1),
    ] {
        let body = format!("li t0, -1\n {store} t0, -16(sp)\n ld a0, -16(sp)");
        assert_eq!(eval(&body, [0, 0]), expected, "{store}");
    }
}

/// I-9, I-10
#[test]
fn branches_compare_as_their_names_say() {
    for (name, taken) in [
        ("beq", [false, false, true]),
        ("bne", [true, true, false]),
        ("blt", [true, false, false]),
        ("bge", [false, true, true]),
        ("bltu", [false, true, false]),
        ("bgeu", [true, false, true]),
    ] {
        for ([a, b], expected) in [[M1, 1], [1, M1], [5, 5]].into_iter().zip(taken) {
            let body = format!("{name} a0, a1, yes\n li a0, 0\n j end\n yes: li a0, 1\n end:");
            assert_eq!(eval(&body, [a, b]), u64::from(expected), "{name} {a} {b}");
        }
    }
}

/// I-11, I-12, I-14
#[test]
fn calls_pass_arguments_and_results() {
    let source = ".func f (2) -> 1
            call sub2\n li t0, 8\n mv a1, a0\n li a0, 100\n callr t0, (2) -> 2\n add a0, a0, a1\n ret
        .func sub2 (2) -> 1
            sub a0, a0, a1\n ret
        .func swap (2) -> 2
            mv t0, a0\n mv a0, a1\n mv a1, t0\n ret
        .table swap";
    assert_eq!(value(source, &[9, 2]), 107);
}

/// I-13
#[test]
fn switches_choose_a_target_or_the_last() {
    let body = "switch a0, A, B, C\n A: li a0, 1\n ret\n B: li a0, 2\n ret\n C: li a0, 3";
    for (choice, expected) in [(0, 1), (1, 2), (2, 3), (3, 3), (M1, 3)] {
        assert_eq!(eval(body, [choice, 0]), expected);
    }
}

/// I-15
#[test]
fn trap_carries_its_code() {
    assert_traps(".func f () -> 0\n trap 65535", &[], Trap::Explicit(65535));
}

/// I-16
#[test]
fn sys_calls_the_import() {
    assert_eq!(eval("sys sum", [40, 2]), 42);
}

/// I-4
#[test]
fn a_trapping_instruction_changes_nothing() {
    // The trap is behind a store; a load that traps must not have written its register, nor a copy a part.
    let source = ".func f (1) -> 0
            li t1, 4096\n add t0, sp, zero\n addi t0, t0, -64
            mem.fill (t0), a0, t1\n ret\n .stack 4096";
    let outcome = run(source, &[7]);
    assert_eq!(outcome.outcome, Outcome::Trapped(Trap::Memory));
    let config = proz_prozvm_core::VmConfig::default();
    let (_, memory, _) = crate::run_all(&crate::verified(source, &config), &[7], 100_000);
    assert!(memory.bytes().iter().all(|&byte| byte == 0));
}
