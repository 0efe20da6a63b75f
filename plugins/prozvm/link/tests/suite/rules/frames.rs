//! Parameters, results, and what a frame makes needless.

use proz_prozvm_core::{Opcode, Outcome, Signature, Trap};
use proz_prozvm_link::{LinkOptions, link};

use crate::running::Both;
use crate::source::{
    A0, A1, A2, RA, S0, SP, Source, T0, T1, ZERO, linked, one, opcodes, result, run, signature,
    statistics,
};

// L-16, L-17
#[test]
fn parameters_and_results_follow_from_use() {
    let mut source = Source::new();
    let inner = source.hidden("inner", |source| {
        source.op(Opcode::Mul, A0, A0, A2, 0);
        source.asm.ret();
    });
    source.function("outer", |source| {
        source.op(Opcode::Addi, SP, SP, 0, -16);
        source.op(Opcode::Sd, 0, SP, RA, 8);
        source.call(inner);
        source.op(Opcode::Ld, RA, SP, 0, 8);
        source.op(Opcode::Addi, SP, SP, 0, 16);
        source.asm.ret();
    });
    let method = source.hidden("method", |source| {
        source.op(Opcode::Add, A0, A0, A1, 0);
        source.asm.ret();
    });
    source.executable.export_as(method, 0, 2, "method()");
    let elf = source.elf();
    let program = linked(&elf);
    // `a1` is handed through, since `a2` is read further in.
    assert_eq!(signature(&program, "outer"), Signature::new(3, 1));
    assert_eq!(signature(&program, "method()"), Signature::new(0, 0));
    let options = LinkOptions {
        plain_results: 2,
        ..LinkOptions::default()
    };
    assert_eq!(
        signature(&link(&elf, &options).unwrap(), "outer"),
        Signature::new(3, 2)
    );
    let both = Both::new(program, &LinkOptions::default());
    assert_eq!(both.result("outer", &[6, 1, 7]), 42);
}

fn saving() -> Vec<u8> {
    one(|source| {
        source.op(Opcode::Addi, SP, SP, 0, -32);
        source.op(Opcode::Sd, 0, SP, RA, 24);
        source.op(Opcode::Sd, 0, SP, S0, 16);
        source.op(Opcode::Addi, S0, A0, 0, 0);
        source.op(Opcode::Add, A0, S0, S0, 0);
        source.op(Opcode::Ld, RA, SP, 0, 24);
        source.op(Opcode::Ld, S0, SP, 0, 16);
        source.op(Opcode::Addi, SP, SP, 0, 32);
    })
}

// L-18, L-20
#[test]
fn saved_registers_and_empty_frames_vanish() {
    let elf = saving();
    assert_eq!(opcodes(&linked(&elf)), [Opcode::Add, Opcode::Return]);
    assert_eq!(statistics(&elf, &LinkOptions::default()).saves_deleted, 2);
    let mut options = LinkOptions::default();
    options.config.optimization.strip_callee_saves = false;
    let kept = link(&elf, &options).unwrap();
    let stores = opcodes(&kept)
        .iter()
        .filter(|opcode| **opcode == Opcode::Sd)
        .count();
    assert_eq!(stores, 2);
    assert_eq!(Both::new(kept, &options).result("f", &[21]), 42);
    assert_eq!(result(&elf, &[21]), 42);
}

// L-18
#[test]
fn a_store_of_a_register_that_was_written_stays() {
    let elf = one(|source| {
        source.op(Opcode::Addi, SP, SP, 0, -16);
        source.op(Opcode::Addi, S0, A0, 0, 5);
        source.op(Opcode::Sd, 0, SP, S0, 8);
        source.op(Opcode::Ld, A0, SP, 0, 8);
        source.op(Opcode::Addi, SP, SP, 0, 16);
    });
    assert_eq!(result(&elf, &[1]), 6);
}

// L-19
#[test]
fn constants_are_computed_and_dead_results_deleted() {
    let elf = one(|source| {
        source.asm.li(T0, 0x1234_5678_9abc_def0);
        source.asm.li(T1, 77);
        source.op(Opcode::Add, A0, A0, T1, 0);
        source.op(Opcode::Xor, T1, T1, T0, 0);
        source.op(Opcode::Add, A0, A0, T0, 0);
    });
    let program = linked(&elf);
    assert_eq!(
        opcodes(&program),
        [Opcode::Lc, Opcode::Addi, Opcode::Add, Opcode::Return]
    );
    assert_eq!(program.constants, [0x1234_5678_9abc_def0]);
    let plain = LinkOptions {
        optimise: false,
        ..LinkOptions::default()
    };
    assert!(link(&elf, &plain).unwrap().code.len() > 8);
    // A load whose result nobody needs may trap, so it stays; one from the stack goes.
    let loads = one(|source| {
        source.op(Opcode::Ld, T0, A0, 0, 0);
        source.op(Opcode::Ld, T0, SP, 0, -8);
    });
    assert_eq!(opcodes(&linked(&loads)), [Opcode::Ld, Opcode::Return]);
    assert_eq!(run(&loads, "f", &[0]), Outcome::Trapped(Trap::Memory));
}

// L-19
#[test]
fn additions_of_constants_become_displacements() {
    let elf = one(|source| {
        source.op(Opcode::Addi, T0, A0, 0, 24);
        source.op(Opcode::Ld, T0, T0, 0, 8);
        source.op(Opcode::Addi, T1, A0, 0, 16);
        // The sum is of what the register was.
        source.op(Opcode::Mul, A0, A1, T0, 0);
        source.op(Opcode::Ld, T1, T1, 0, 0);
        source.op(Opcode::Add, A0, A0, T1, 0);
    });
    let program = linked(&elf);
    let expected = [
        Opcode::Ld,
        Opcode::Addi,
        Opcode::Mul,
        Opcode::Ld,
        Opcode::Add,
        Opcode::Return,
    ];
    assert_eq!(opcodes(&program), expected);
    assert_eq!((program.code[0].rs1, program.code[0].imm), (A0, 32));
    // At the start of read-only data lies the name of the export.
    let word = u64::from_le_bytes([b'f', 0, 0, 0, 0, 0, 0, 0]);
    let mut source = Source::new();
    source.executable.rodata = vec![0; 16];
    source.function("f", |source| {
        source.op(Opcode::Addi, T0, A0, 0, 24);
        source.op(Opcode::Ld, A0, T0, 0, -8);
        source.asm.ret();
    });
    source.executable.rodata.resize(64, 0);
    assert_eq!(result(&source.elf(), &[0x1_0000]), word);
}

// L-20
#[test]
fn recursion_without_frames_needs_no_stack() {
    let mut source = Source::new();
    let label = source.asm.label();
    source.function("f", |source| {
        let done = source.asm.label();
        source.asm.bind(label);
        source.asm.branch(Opcode::Beq, A0, ZERO, done);
        source.op(Opcode::Addi, SP, SP, 0, -2032);
        source.op(Opcode::Sd, 0, SP, RA, 0);
        source.op(Opcode::Addi, A0, A0, 0, -1);
        source.asm.jal(RA, label);
        source.op(Opcode::Addi, A0, A0, 0, 2);
        source.op(Opcode::Ld, RA, SP, 0, 0);
        source.op(Opcode::Addi, SP, SP, 0, 2032);
        source.asm.bind(done);
        source.asm.ret();
    });
    // A thousand frames of 2 KiB would not fit the stack of 64 KiB.
    let elf = source.elf();
    assert_eq!(statistics(&elf, &LinkOptions::default()).frames_deleted, 1);
    assert_eq!(result(&elf, &[1000]), 2000);
}
