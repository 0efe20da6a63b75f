//! Instructions and control flow.

use proz_prozvm_core::{Instruction, Opcode, Outcome, Trap};
use proz_prozvm_link::testing::{Place, SymbolKind, relocation};
use proz_prozvm_link::{LinkError, LinkOptions, link};

use crate::source::{
    A0, A1, A2, RA, SP, Source, T0, T1, ZERO, linked, one, opcodes, refusal, result, run,
    statistics,
};

// L-3
#[test]
fn instructions_without_effect_vanish() {
    let elf = one(|source| {
        source.asm.word(0x0ff0_000f); // fence
        source.op(Opcode::Addi, ZERO, ZERO, 0, 0);
        source.op(Opcode::Add, ZERO, A0, A0, 0);
        source.op(Opcode::Lw, ZERO, A0, 0, 0);
        source.asm.lui(ZERO, 0x1000);
    });
    assert_eq!(opcodes(&linked(&elf)), [Opcode::Return]);
}

// L-3
#[test]
fn conditional_zeros_keep_their_meaning() {
    let elf = one(|source| {
        source.op(Opcode::CzeroEqz, T0, A0, A1, 0);
        source.op(Opcode::CzeroNez, T1, A2, A1, 0);
        source.op(Opcode::Add, A0, T0, T1, 0);
    });
    assert_eq!(result(&elf, &[5, 1, 7]), 5);
    assert_eq!(result(&elf, &[5, 0, 7]), 7);
}

// L-4
#[test]
fn custom_opcodes_become_syscalls_and_instructions() {
    let registers =
        |rd: u8, rs1: u8, rs2: u8| u32::from(rd) << 7 | u32::from(rs1) << 15 | u32::from(rs2) << 20;
    let machine = |opcode: Opcode, rd, rs1, rs2| {
        let code = opcode as u32;
        0x2b | (code >> 7) << 12 | (code & 127) << 25 | registers(rd, rs1, rs2)
    };
    let expected = [
        Instruction::new(Opcode::WideAdd, A0, A1, A2, 0),
        Instruction::new(Opcode::WideShl, A0, A1, A2, 0),
        Instruction::new(Opcode::WideCmp, T0, A1, A2, 0),
        Instruction::new(Opcode::WideNot, A0, A1, 0, 0),
        Instruction::new(Opcode::WideZext, A0, A1, 0, 0),
        Instruction::new(Opcode::WideFullMul, A0, A1, A2, 0),
        Instruction::new(Opcode::WideExp, A0, A1, A2, 0),
        Instruction::new(Opcode::Sha256, A0, A1, A2, 0),
        Instruction::new(Opcode::MemCopy, A0, A1, A2, 0),
        Instruction::new(Opcode::MemFill, A0, A1, A2, 0),
        Instruction::new(Opcode::HeapGrow, T0, A1, 0, 0),
    ];
    let elf = one(|source| {
        for i in expected {
            source.asm.word(machine(i.opcode, i.rd, i.rs1, i.rs2));
        }
        // u256.mulmod with a third operand, chain_id, trap 1.
        source
            .asm
            .word(0x5b | 1 << 25 | 13 << 27 | registers(A0, A1, A2));
        source.asm.word(0x0b | 69 << 20);
        source.asm.word(0xc000_1073);
    });
    let program = linked(&elf);
    assert_eq!(program.code[..expected.len()], expected);
    let rest = &program.code[expected.len()..];
    assert_eq!(
        rest[0],
        Instruction::new(Opcode::WideMulmod, A0, A1, A2, 13)
    );
    assert_eq!(rest[1].opcode, Opcode::Syscall);
    assert_eq!(program.imports[0].number, 69);
    assert_eq!(rest[2], Instruction::new(Opcode::Trap, 0, 0, 0, 1));
    assert_eq!(rest.len(), 3);
    let breakpoint = one(|source| source.asm.word(0x0010_0073));
    assert_eq!(
        run(&breakpoint, "f", &[]),
        Outcome::Trapped(Trap::Explicit(0))
    );
    let discarded = one(|source| source.asm.word(machine(Opcode::HeapGrow, ZERO, A0, 0)));
    assert!(matches!(
        refusal(&discarded),
        LinkError::ResultDiscarded { .. }
    ));
}

// L-9
#[test]
fn pieces_belong_to_their_function_and_the_unreached_is_left_out() {
    let mut source = Source::new();
    let (cold, back) = (source.asm.label(), source.asm.label());
    source.function("f", |source| {
        source.asm.branch(Opcode::Beq, A0, ZERO, cold);
        source.asm.bind(back);
        source.op(Opcode::Addi, A0, A0, 0, 1);
        source.asm.ret();
    });
    source.hidden("unreached", |source| source.asm.word(0x0000_0073));
    source.hidden("f.cold", |source| {
        source.asm.bind(cold);
        source.asm.li(A0, 100);
        source.asm.jal(ZERO, back);
    });
    let elf = source.elf();
    let program = linked(&elf);
    assert_eq!(program.functions.len(), 1);
    assert_eq!(statistics(&elf, &LinkOptions::default()).dead_functions, 1);
    assert_eq!(result(&elf, &[5]), 6);
    assert_eq!(result(&elf, &[0]), 101);
}

// L-10
#[test]
fn unusual_link_registers_are_refused() {
    for body in [0x0000_02ef, 0x0005_02e7] {
        let refused = refusal(&one(|source| source.asm.word(body)));
        assert!(
            matches!(refused, LinkError::LinkRegister { register: 5, .. }),
            "{refused}"
        );
    }
}

// L-11
#[test]
fn addresses_of_labels_are_refused_in_code() {
    let mut source = Source::new();
    source.function("f", |source| {
        let label = source
            .executable
            .symbol("", Place::Text, 8, 0, SymbolKind::Label, false);
        source.address(A0, label, 0);
        source.asm.ret();
    });
    let refused = refusal(&source.elf());
    assert!(matches!(refused, LinkError::JumpTable { .. }), "{refused}");
    assert!(refused.to_string().contains("-fno-jump-tables"));
}

// L-12
#[test]
fn jumps_go_to_functions_or_stay_inside() {
    let tail = |offset: i32| {
        let mut source = Source::new();
        let target = source.asm.label();
        source.function("f", |source| source.asm.jal(ZERO, target));
        source.function("g", |source| {
            for index in 0..3 {
                if index == offset {
                    source.asm.bind(target);
                }
                source.op(Opcode::Addi, A0, A0, 0, 1);
            }
            source.asm.ret();
        });
        source.elf()
    };
    let program = linked(&tail(0));
    assert_eq!(opcodes(&program)[..2], [Opcode::Call, Opcode::Return]);
    assert_eq!(result(&tail(0), &[5]), 8);
    let expected = "`f` jumps at 0x10080 into the middle of `g`";
    assert_eq!(refusal(&tail(1)).to_string(), expected);
    // Out of all code.
    let refused = refusal(&one(|source| source.asm.word(0x7fff_f06f)));
    assert!(matches!(refused, LinkError::NoCode { .. }), "{refused}");
}

/// A table of three cases; `hidden` loads its address from data, where nothing shows what it is.
fn table_jump(hidden: bool) -> Vec<u8> {
    let mut source = Source::new();
    source.executable.rodata = vec![0; 12];
    let table = source
        .executable
        .symbol("", Place::ReadOnly, 0, 0, SymbolKind::Label, false);
    source.executable.data = vec![0; 8];
    let pointer = source
        .executable
        .symbol("", Place::Data, 0, 0, SymbolKind::Label, false);
    source
        .executable
        .relocate(Place::Data, 0, relocation::ABSOLUTE_64, table, 0);
    source.function("f", |source| {
        if hidden {
            source.address(T0, pointer, 0);
            source.op(Opcode::Ld, T0, T0, 0, 0);
        } else {
            source.address(T0, table, 0);
        }
        source.op(Opcode::Sh2add, A0, A0, T0, 0);
        source.op(Opcode::Lw, A0, A0, 0, 0);
        source.asm.jalr(ZERO, A0, 0);
        for case in 0..3 {
            let here = source.asm.position();
            let label =
                source
                    .executable
                    .symbol("", Place::Text, here, 0, SymbolKind::Label, false);
            source.executable.relocate(
                Place::ReadOnly,
                4 * case,
                relocation::ABSOLUTE_32,
                label,
                0,
            );
            source.asm.li(A0, 10 + case as i64);
            source.asm.ret();
        }
    });
    source.elf()
}

// L-13
#[test]
fn table_jumps_become_switches_or_are_refused() {
    let elf = table_jump(false);
    let program = linked(&elf);
    assert_eq!(program.switch_tables.len(), 1);
    assert_eq!(opcodes(&program)[0], Opcode::Switch);
    for case in 0..3 {
        assert_eq!(result(&elf, &[case]), 10 + case);
    }
    let refused = refusal(&table_jump(true));
    assert!(
        matches!(&refused, LinkError::JumpTable { function, .. } if function == "f"),
        "{refused}"
    );
}

// L-14
#[test]
fn control_does_not_fall_out_of_functions() {
    let mut source = Source::new();
    let stop = source.hidden("stop", |source| source.asm.word(0x0010_0073));
    source.function("calls", |source| source.call(stop));
    source.function("falls", |source| source.op(Opcode::Addi, A0, A0, 0, 1));
    source.function("next", |source| source.asm.ret());
    let elf = source.elf();
    assert_eq!(
        run(&elf, "falls", &[1]),
        Outcome::Trapped(Trap::Explicit(1))
    );
    assert_eq!(run(&elf, "calls", &[]), Outcome::Trapped(Trap::Explicit(0)));
    let program = linked(&elf);
    let traps = program
        .code
        .iter()
        .filter(|code| code.opcode == Opcode::Trap);
    assert_eq!(traps.map(|code| code.imm).collect::<Vec<_>>(), [0, 1, 1]);
}

// L-15
#[test]
fn memory_functions_become_instructions() {
    for (name, opcode) in [
        ("memcpy", Opcode::MemCopy),
        ("memmove", Opcode::MemCopy),
        ("memset", Opcode::MemFill),
    ] {
        let mut source = Source::new();
        let function = source.hidden(name, |source| source.asm.ret());
        source.function("f", |source| {
            source.op(Opcode::Addi, SP, SP, 0, -16);
            source.op(Opcode::Sd, 0, SP, RA, 8);
            source.call(function);
            source.op(Opcode::Ld, RA, SP, 0, 8);
            source.op(Opcode::Addi, SP, SP, 0, 16);
            source.asm.ret();
        });
        let elf = source.elf();
        let program = linked(&elf);
        assert_eq!(program.code[0], Instruction::new(opcode, A0, A1, A2, 0));
        assert_eq!(program.functions.len(), 1);
        assert_eq!(statistics(&elf, &LinkOptions::default()).memory_calls, 1);
        let keep = LinkOptions {
            replace_memory_functions: false,
            ..LinkOptions::default()
        };
        let kept = link(&elf, &keep).unwrap();
        assert!(opcodes(&kept).contains(&Opcode::Call), "{name}");
    }
}

// L-21
#[test]
fn what_might_be_unassigned_is_zero() {
    let elf = one(|source| {
        let skip = source.asm.label();
        source.asm.branch(Opcode::Beq, A0, ZERO, skip);
        source.asm.li(T0, 7);
        source.asm.bind(skip);
        source.op(Opcode::Add, A0, A0, T0, 0);
    });
    assert_eq!(
        statistics(&elf, &LinkOptions::default()).zeroed_registers,
        1
    );
    assert_eq!(result(&elf, &[0]), 0);
    assert_eq!(result(&elf, &[3]), 10);
    // The entry is a target of a jump, which must not give the zero again.
    let mut source = Source::new();
    let again = source.asm.label();
    source.function("f", |source| {
        source.asm.bind(again);
        source.op(Opcode::Addi, T0, T0, 0, 3);
        source.op(Opcode::Addi, A0, A0, 0, -1);
        source.asm.branch(Opcode::Bne, A0, ZERO, again);
        source.op(Opcode::Addi, A0, T0, 0, 0);
        source.asm.ret();
    });
    assert_eq!(result(&source.elf(), &[5]), 15);
}
