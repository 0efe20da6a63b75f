//! What preparing a program costs, and that it says the same however it is done.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use proz_prozvm_core::testing::{Entropy, SHAPES, TEST_SYSCALLS, shape};
use proz_prozvm_core::{
    Call, Class, Function, Instruction, LoadError, NoSyscalls, Opcode, Outcome, Prepared, Program,
    Reference, Rule, Signature, Verified, VmConfig, load, verify,
};

fn verified(program: Program) -> Arc<Verified> {
    Arc::new(verify(program, &VmConfig::default(), &TEST_SYSCALLS).unwrap())
}

/// Programs of usual code are proven when they are loaded; tangled and dense ones later.
#[test]
fn what_takes_long_to_prove_is_loaded_without() {
    let unproven: Vec<&str> = SHAPES
        .iter()
        .copied()
        .filter(|&name| !loaded(&shape(name, 24_000).encode()).unwrap().is_proven())
        .collect();
    let expected = [
        "fused leave",
        "branches around",
        "branches everywhere",
        "ladder of assignments",
        "ladder and loops",
        "waves",
        "jumps backwards",
        "descending returns",
        "one switch",
        "many switches",
        "functions of one",
        "calls everywhere",
    ];
    assert_eq!(unproven, expected);
}

fn loaded(code: &[u8]) -> Result<Verified, LoadError> {
    load(code, &VmConfig::default(), &TEST_SYSCALLS, &|| false)
}

#[test]
fn loading_ends_when_it_is_cancelled() {
    let code = shape("straight addi", 24_000).encode();
    let asked = std::cell::Cell::new(0);
    let is_cancelled = || {
        asked.set(asked.get() + 1);
        asked.get() == 1
    };
    let cancelled = load(&code, &VmConfig::default(), &TEST_SYSCALLS, &is_cancelled);
    assert_eq!(cancelled.unwrap_err(), LoadError::Cancelled);
}

#[test]
fn every_shape_is_valid_and_ends_at_once() {
    for &name in SHAPES {
        for bytes in [1_000, 24_000] {
            let program = shape(name, bytes);
            let size = program.encode().len();
            assert!(size.abs_diff(bytes) < 1_200, "{name}: {size} bytes");
            let function = program.functions.len() as u32 - 1;
            let call = Call {
                function,
                arguments: &[],
                gas_limit: 10_000_000,
            };
            let result = Prepared::new(verified(program)).run(&call, &mut NoSyscalls);
            assert_eq!(result.unwrap().outcome, Outcome::Finished([0; 2]), "{name}");
        }
    }
}

/// G-5: memory is made when it has been paid.
#[test]
fn unpaid_memory_is_never_made() {
    let program = verified(Program {
        bss_size: 16_000_000,
        max_pages: 4096,
        ..shape("straight addi", 1_000)
    });
    let cost = program.memory_cost();
    let function = program.functions().len() as u32 - 1;
    let prepared = Prepared::new(Arc::clone(&program));
    for (gas_limit, outcome, mapped) in [
        (cost - 1, Outcome::OutOfGas, 0),
        (
            cost + 100,
            Outcome::Finished([0; 2]),
            program.layout().pages() * 4096,
        ),
    ] {
        let call = Call {
            function,
            arguments: &[],
            gas_limit,
        };
        let mut reference = Reference::new(&program, &call).unwrap();
        let expected = reference.run(&mut NoSyscalls);
        assert_eq!(expected.outcome, outcome);
        assert_eq!(reference.memory().bytes().len() as u64, mapped);
        let (result, memory) = prepared.run_with_memory(&call, &mut NoSyscalls).unwrap();
        assert_eq!(result, expected);
        assert_eq!(memory.bytes().len() as u64, mapped);
    }
}

/// A function of branches, jumps, assignments and reads without any order.
fn tangle(entropy: &mut Entropy<'_>) -> Program {
    let length = 4 + entropy.below(60);
    let mut code: Vec<Instruction> = (0..length)
        .map(|_| {
            let target = entropy.below(length) as i32;
            let register = 5 + entropy.below(6) as u8;
            match entropy.below(8) {
                0 | 1 => Instruction::new(Opcode::Beq, 0, 0, 0, target),
                2 => Instruction::new(Opcode::Jump, 0, 0, 0, target),
                3 => Instruction::new(Opcode::Mv, 11, register, 0, 0),
                4 => Instruction::new(Opcode::Return, 0, 0, 0, 0),
                _ => Instruction::new(Opcode::Li, register, 0, 0, 1),
            }
        })
        .collect();
    code.push(Instruction::new(Opcode::Return, 0, 0, 0, 0));
    Program {
        gas_schedule: 1,
        stack_size: 4096,
        max_pages: 1,
        types: vec![Signature::default()],
        functions: vec![Function {
            signature: 0,
            length: code.len() as u32,
        }],
        code,
        ..Program::default()
    }
}

/// V-20 by its words, a register at a time: the first place that some path reaches without assigning it.
fn first_bad_read(program: &Program) -> Option<usize> {
    let code = &program.code;
    (1..32u32)
        .filter(|&register| register != 2)
        .flat_map(|register| {
            let (mut seen, mut way) = (vec![false; code.len()], vec![0]);
            let mut bad = Vec::new();
            while let Some(at) = way.pop() {
                if std::mem::replace(&mut seen[at], true) {
                    continue;
                }
                let instruction = code[at];
                if instruction.reads() >> register & 1 == 1 {
                    bad.push(at);
                }
                if instruction.writes() >> register & 1 == 1 {
                    continue;
                }
                if matches!(instruction.class(), Class::Branch | Class::Jump) {
                    way.push(instruction.imm as usize);
                }
                if !instruction.class().is_terminator() {
                    way.push(at + 1);
                }
            }
            bad
        })
        .min()
}

#[test]
fn assignment_is_judged_as_its_words_say() {
    let (mut refused, mut state) = (0, 0x1234_5678_u64);
    for _ in 0..4_000 {
        let bytes: Vec<u8> = (0..400)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                (state >> 56) as u8
            })
            .collect();
        let program = tangle(&mut Entropy::new(&bytes));
        let code = program.encode();
        let expected = first_bad_read(&program);
        let found = verify(program.clone(), &VmConfig::default(), &TEST_SYSCALLS);
        // Loading may accept more, and says so; what it proves or refuses is so.
        match loaded(&code) {
            Ok(bare) if bare.is_proven() => assert!(found.is_ok()),
            Ok(bare) => assert_eq!(bare.prove(), found.is_ok()),
            Err(_) => assert!(found.is_err()),
        }
        match expected {
            None => assert!(found.is_ok()),
            Some(at) => {
                refused += 1;
                let rejection = found.unwrap_err();
                assert_eq!(rejection.rule, Rule::Assignment);
                let offset = program.section_offset(proz_prozvm_core::Section::Code);
                assert_eq!(rejection.offset, offset + 8 * at);
            }
        }
    }
    assert!((500..3_500).contains(&refused), "{refused}");
}
