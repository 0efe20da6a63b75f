//! Rules V: what is refused, and where.

use std::time::Instant;

use proz_prozvm_core::testing::TEST_SYSCALLS;
use proz_prozvm_core::{
    Custom, Features, Function, Import, Instruction, Opcode, Program, Section, Signature,
    SwitchTable, VmConfig, verify,
};

use crate::{assert_refused, assert_refused_with, program, verified};

const F: &str = ".func f (1) -> 1\n add a0, a0, a0\n ret\n";

/// The program with a change.
fn changed(source: &str, change: impl FnOnce(&mut Program)) -> Program {
    let mut made = program(source);
    change(&mut made);
    made
}

/// Refuses `F` with its first instruction replaced.
fn assert_instruction_refused(instruction: Instruction, rule: &str) {
    let made = changed(F, |made| made.code[0] = instruction);
    let offset = made.section_offset(Section::Code);
    assert_refused(made, rule, offset);
}

/// V-1, V-2, V-3
#[test]
fn header_values_are_bounded() {
    let mut config = VmConfig::default();
    config.limits.instructions = 1;
    assert_refused_with(program(F), &config, "V-1", 0);
    assert_refused(changed(F, |p| p.gas_schedule = 2), "V-2", 6);
    for stack in [0, 1, 4095, 4097, u32::MAX, 1 << 31] {
        assert_refused(changed(F, |p| p.stack_size = stack), "V-3", 12);
    }
    assert_refused(changed(F, |p| p.max_pages = u32::MAX), "V-3", 24);
    assert_refused(changed(F, |p| p.heap_pages = u32::MAX), "V-3", 24);
    assert_refused(changed(F, |p| p.bss_size = u32::MAX), "V-3", 24);
    assert_refused(changed(F, |p| p.rodata = vec![0]), "V-3", 24);
}

/// V-4, V-5, V-6
#[test]
fn tables_of_types_imports_and_functions_are_sound() {
    let types = 32 + 5;
    assert_refused(changed(F, |p| p.types[0].parameters = 9), "V-4", types);
    assert_refused(changed(F, |p| p.types[0].results = 3), "V-4", types);
    assert_refused(
        changed(F, |p| p.types.push(Signature::new(1, 1))),
        "V-4",
        types + 2,
    );
    let import = |number, parameters, results| Import {
        number,
        signature: Signature::new(parameters, results),
    };
    let imports = 32 + 7 + 5;
    assert_refused(
        changed(F, |p| p.imports = vec![import(77, 0, 0)]),
        "V-5",
        imports,
    );
    assert_refused(
        changed(F, |p| p.imports = vec![import(1, 1, 1)]),
        "V-5",
        imports,
    );
    assert_refused(
        changed(F, |p| p.imports = vec![import(2, 1, 0), import(1, 0, 1)]),
        "V-5",
        imports + 4,
    );
    assert_refused(
        changed(F, |p| p.imports = vec![import(1, 0, 1), import(1, 0, 1)]),
        "V-5",
        imports + 4,
    );
    let functions = 32 + 7 + 5;
    assert_refused(
        changed(F, |p| p.functions[0].signature = 1),
        "V-6",
        functions,
    );
    assert_refused(changed(F, |p| p.functions[0].length = 0), "V-6", functions);
    assert_refused(changed(F, |p| p.functions[0].length = 1), "V-6", functions);
    assert_refused(changed(F, |p| p.functions[0].length = 3), "V-6", functions);
    let two = changed(F, |p| {
        p.functions.push(Function {
            signature: 0,
            length: u32::MAX,
        })
    });
    assert_refused(two, "V-6", functions + 8);
}

/// V-7, V-8, V-9, V-10
#[test]
fn tables_of_constants_handles_exports_and_customs_are_sound() {
    let made = changed(F, |p| p.constants = vec![1, 2, 1]);
    let offset = made.section_offset(Section::Constants) + 16;
    assert_refused(made, "V-7", offset);
    let made = changed(F, |p| p.function_table = vec![0, 1]);
    let offset = made.section_offset(Section::FunctionTable) + 4;
    assert_refused(made, "V-8", offset);
    let exported = |extra: &str| {
        program(&format!(
            ".func f () -> 0\n ret\n.func g (1) -> 0\n ret\n{extra}"
        ))
    };
    for extra in [
        ".export \"a\" g constructor",
        ".export \"a\" g selector 1",
        ".export \"a\" f plain\n.export \"a\" g plain",
        ".export \"a\" f fallback\n.export \"b\" f fallback",
        ".export \"a\" f selector 5\n.export \"b\" f selector 5",
    ] {
        let made = exported(extra);
        let first = made.section_offset(Section::Exports);
        assert_refused(made.clone(), "V-9", first + 13 * (made.exports.len() - 1));
    }
    let mut made = exported(".export \"a\" f plain");
    made.exports[0].function = 2;
    let offset = made.section_offset(Section::Exports);
    assert_refused(made, "V-9", offset);
    let mut made = exported(".export \"a\" f plain");
    made.exports[0].name = "n".repeat(256);
    assert_refused(made, "V-9", offset);
    let custom = |name: &str| Custom {
        name: name.to_owned(),
        data: vec![1],
    };
    let made = changed(F, |p| p.custom = vec![custom("a"), custom("a")]);
    let offset = made.section_offset(Section::Custom) + 8;
    assert_refused(made, "V-10", offset);
}

/// V-11, V-12, V-13, V-14, V-15
#[test]
fn fields_of_instructions_are_in_range() {
    let new = Instruction::new;
    assert_instruction_refused(new(Opcode::Add, 10, 10, 10, 1), "V-11");
    assert_instruction_refused(new(Opcode::Li, 10, 1, 0, 0), "V-11");
    assert_instruction_refused(new(Opcode::Li, 10, 0, 1, 0), "V-11");
    assert_instruction_refused(new(Opcode::Sd, 1, 2, 10, -8), "V-11");
    assert_instruction_refused(new(Opcode::Add, 32, 10, 10, 0), "V-12");
    assert_instruction_refused(new(Opcode::Add, 10, 255, 10, 0), "V-12");
    assert_instruction_refused(new(Opcode::Add, 10, 10, 32, 0), "V-12");
    for register in [-1, 32, 266] {
        let made = changed(F, |p| {
            p.features = Features::ALL;
            p.code[0] = new(Opcode::WideMulmod, 2, 2, 2, register);
        });
        let offset = made.section_offset(Section::Code);
        assert_refused(made, "V-12", offset);
    }
    assert_instruction_refused(new(Opcode::Add, 0, 10, 10, 0), "V-13");
    assert_instruction_refused(new(Opcode::Slli, 10, 10, 0, 64), "V-14");
    assert_instruction_refused(new(Opcode::Slli, 10, 10, 0, -1), "V-14");
    assert_instruction_refused(new(Opcode::Slliw, 10, 10, 0, 32), "V-14");
    assert_instruction_refused(new(Opcode::Ld, 10, 2, 0, i32::MIN + 0xffff), "V-14");
    assert_instruction_refused(new(Opcode::Sd, 0, 2, 10, i32::MIN), "V-14");
    assert_instruction_refused(new(Opcode::Trap, 0, 0, 0, 65_536), "V-14");
    for (opcode, imm) in [
        (Opcode::Call, 1),
        (Opcode::Call, -1),
        (Opcode::Syscall, 0),
        (Opcode::Switch, 0),
    ] {
        assert_instruction_refused(new(opcode, 0, 0, 0, imm), "V-15");
    }
    assert_instruction_refused(new(Opcode::CallIndirect, 0, 10, 0, 1), "V-15");
    assert_instruction_refused(new(Opcode::Lc, 10, 0, 0, 0), "V-15");
}

/// V-16, V-17, V-18, V-19
#[test]
fn control_stays_inside_the_function() {
    let new = Instruction::new;
    for imm in [2, -1, i32::MAX] {
        assert_instruction_refused(new(Opcode::Beq, 0, 10, 10, imm), "V-16");
        assert_instruction_refused(new(Opcode::Jump, 0, 0, 0, imm), "V-16");
    }
    for targets in [vec![], vec![2], vec![0, u32::MAX]] {
        let made = changed(F, |p| {
            p.code[0] = new(Opcode::Switch, 0, 10, 0, 0);
            p.switch_tables = vec![SwitchTable {
                targets: targets.clone().into(),
            }];
        });
        let offset = made.section_offset(Section::SwitchTables);
        assert_refused(made, "V-16", offset);
    }
    let made = changed(F, |p| p.code[1] = new(Opcode::Call, 0, 0, 0, 0));
    let last = made.section_offset(Section::Code) + 8;
    assert_refused(made, "V-17", last);
    let table = || SwitchTable {
        targets: vec![0].into(),
    };
    let made = changed(F, |p| p.switch_tables = vec![table()]);
    let offset = made.section_offset(Section::SwitchTables);
    assert_refused(made, "V-18", offset);
    let made = changed(F, |p| {
        p.code = vec![
            new(Opcode::Switch, 0, 10, 0, 0),
            new(Opcode::Switch, 0, 10, 0, 0),
        ];
        p.switch_tables = vec![table()];
    });
    assert_refused(made, "V-18", last);
    let without = |source: &str, features| changed(source, |p| p.features = features);
    let wide = ".func f () -> 0\n u256.not (sp), (sp)\n ret";
    let hash = ".func f () -> 0\n sha256 (sp), (sp), zero\n ret";
    for (source, features) in [(wide, Features::HASH), (hash, Features::WIDE)] {
        let made = without(source, features);
        let offset = made.section_offset(Section::Code);
        assert_refused(made, "V-19", offset);
        verify(
            without(source, Features::ALL),
            &VmConfig::default(),
            &TEST_SYSCALLS,
        )
        .unwrap();
    }
}

/// V-20
#[test]
fn registers_are_assigned_before_they_are_read() {
    let refused = |body: &str, instruction: usize| {
        let made = program(&format!(
            ".func f (1) -> 1\n{body}\n.func g (2) -> 1\n ret\n.func h () -> 0\n ret"
        ));
        let offset = made.section_offset(Section::Code) + 8 * instruction;
        assert_refused(made, "V-20", offset);
    };
    refused("mv a0, t0\n ret", 0);
    refused("call g\n ret", 0);
    refused("callr a0, (2) -> 1\n ret", 0);
    refused("sys sum\n ret", 0);
    refused("sd t0, -8(sp)\n ret", 0);
    refused("lc a1, 1\n u256.mulmod (a0), (a0), (a0), (t3)\n ret", 1);
    // Assigned on one path only.
    refused("beq a0, zero, x\n li t0, 1\n x: mv a0, t0\n ret", 2);
    // Assigned behind the loop, read in its second round.
    refused(
        "j x\n y: mv a0, t0\n x: beq a0, zero, y\n li t0, 1\n j y",
        1,
    );
    // Control that enters a loop in its middle.
    refused(
        "beq a0, zero, b\n li t0, 1\n a: mv a0, t0\n b: beq a0, zero, a\n ret",
        2,
    );
    // A result that is never there.
    let made = program(".func f () -> 1\n call h\n ret\n.func h () -> 0\n ret");
    let offset = made.section_offset(Section::Code) + 8;
    assert_refused(made, "V-20", offset);
    for fine in [
        "beq a0, zero, x\n li t0, 1\n j y\n x: li t0, 2\n y: mv a0, t0\n ret",
        "j x\n y: mv a0, t0\n ret\n x: li t0, 1\n j y",
        "li t0, 0\n j b\n a: mv a0, t0\n b: beq a0, zero, a\n ret",
        "ret\n mv a0, t6\n ret",
        "li a1, 1\n call g\n ret",
    ] {
        verified(
            &format!(".func f (1) -> 1\n{fine}\n.func g (2) -> 1\n ret"),
            &VmConfig::default(),
        );
    }
}

/// V-20: the analysis visits a block again only when its set of assigned registers shrinks.
///
/// A ladder assigns one register after the other and has a way out before each; the way with most registers is
/// followed first, so the long body behind is visited once for every rung.
#[test]
fn assignment_takes_linear_time() {
    let time = |blocks: i32| {
        let rungs: Vec<u8> = (1..32).filter(|&register| register != 2).collect();
        let count = rungs.len() as i32;
        let head = 2 * count + 1 + count;
        let mut code = Vec::new();
        for (rung, &register) in rungs.iter().enumerate() {
            let way_out = 2 * count + 1 + rung as i32;
            code.push(Instruction::new(Opcode::Beq, 0, 0, 0, way_out));
            code.push(Instruction::new(Opcode::Li, register, 0, 0, 0));
        }
        code.extend((0..=count).map(|_| Instruction::new(Opcode::Jump, 0, 0, 0, head)));
        for block in 0..blocks {
            code.push(Instruction::new(Opcode::Bne, 0, 0, 0, head + block + 1));
        }
        code.push(Instruction::new(Opcode::Return, 0, 0, 0, 0));
        let length = code.len() as u32;
        let made = Program {
            functions: vec![Function {
                signature: 0,
                length,
            }],
            types: vec![Signature::default()],
            code,
            ..program(".func f () -> 0\n ret")
        };
        // The quickest of some attempts, since other work may hold any one up.
        let attempts = (0..8).map(|_| {
            let made = made.clone();
            let start = Instant::now();
            verify(made, &VmConfig::default(), &TEST_SYSCALLS).unwrap();
            start.elapsed()
        });
        attempts.min().unwrap()
    };
    let (small, large) = (time(10_000), time(100_000));
    // Ten times the size; a hundred times the time would be quadratic.
    assert!(
        large < small * 60 + std::time::Duration::from_millis(50),
        "{small:?} {large:?}"
    );
}
