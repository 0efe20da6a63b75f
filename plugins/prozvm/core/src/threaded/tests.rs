//! Every handler against the reference, on a native stack that would not survive a call that is no jump.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use super::Prepared;
use crate::call::Call;
use crate::config::VmConfig;
use crate::isa::{Class, Instruction, Opcode, Operand};
use crate::program::{Features, Function, Import, MEMORY_BASE, Program, Signature};
use crate::reference::Reference;
use crate::testing::{Entropy, TEST_SYSCALLS, TestHost, random_program};
use crate::verify::{Verified, verify};

/// Iterations of a loop; at even 16 bytes an op, a missing tail call overflows the small stack.
const ITERATIONS: u64 = 20_000;
const SMALL_STACK: usize = 128 << 10;

fn with_small_stack(body: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new()
        .stack_size(SMALL_STACK)
        .spawn(body)
        .unwrap()
        .join()
        .unwrap();
}

/// A function that sets all registers to a mapped address, then executes `body` as often as its argument says.
fn looping(body: &[Instruction]) -> Arc<Verified> {
    let address = MEMORY_BASE as i32 + 64;
    let mut code: Vec<_> = (1..32u8)
        .filter(|&register| register != 10)
        .map(|register| Instruction::new(Opcode::Li, register, 0, 0, address))
        .collect();
    code.push(Instruction::new(Opcode::Mv, 31, 10, 0, 0));
    let head = code.len() as i32;
    code.extend(body);
    code.push(Instruction::new(Opcode::Addi, 31, 31, 0, -1));
    code.push(Instruction::new(Opcode::Bne, 0, 31, 0, head));
    code.push(Instruction::new(Opcode::Mv, 10, 9, 0, 0));
    code.push(Instruction::new(Opcode::Return, 0, 0, 0, 0));
    let leaf = [
        Instruction::new(Opcode::Li, 10, 0, 0, 3),
        Instruction::new(Opcode::Return, 0, 0, 0, 0),
    ];
    let length = code.len() as u32;
    code.extend(leaf);
    let imports = TEST_SYSCALLS.entries().iter();
    let program = Program {
        gas_schedule: 1,
        features: Features::ALL,
        stack_size: 4096,
        max_pages: 2,
        types: vec![Signature::new(1, 1)],
        functions: vec![
            Function {
                signature: 0,
                length,
            },
            Function {
                signature: 0,
                length: 2,
            },
        ],
        function_table: vec![1],
        constants: vec![0x0123_4567_89ab_cdef],
        imports: imports
            .map(|entry| Import {
                number: entry.number,
                signature: entry.signature,
            })
            .collect(),
        code,
        ..Program::default()
    };
    Arc::new(verify(program, &VmConfig::default(), &TEST_SYSCALLS).unwrap())
}

/// Compares short runs with the reference and makes a long one.
fn check(body: &[Instruction]) {
    let verified = looping(body);
    let prepared = Prepared::new(Arc::clone(&verified));
    let short = Call {
        function: 0,
        arguments: &[3],
        gas_limit: 100_000,
    };
    let mut reference = Reference::new(&verified, &short).unwrap();
    let expected = reference.run(&mut TestHost::default());
    let (result, memory) = prepared
        .run_with_memory(&short, &mut TestHost::default())
        .unwrap();
    assert_eq!(result, expected, "{body:?}");
    assert!(memory == *reference.memory(), "{body:?}");
    let long = Call {
        function: 0,
        arguments: &[ITERATIONS],
        gas_limit: u64::MAX,
    };
    prepared.run(&long, &mut TestHost::default()).unwrap();
}

/// The instruction with operands from the given registers.
fn instruction(opcode: Opcode, rd: u8, rs1: u8, rs2: u8) -> Instruction {
    let mut made = Instruction::new(opcode, 0, 0, 0, 0);
    for operand in opcode.class().operands() {
        match operand {
            Operand::Destination | Operand::DestinationAddress => made.rd = rd,
            Operand::First | Operand::FirstAddress | Operand::Displaced => made.rs1 = rs1,
            Operand::Second | Operand::SecondAddress => made.rs2 = rs2,
            Operand::ThirdAddress => made.imm = i32::from(rs1),
            Operand::Immediate | Operand::Shift64 | Operand::Shift32 => made.imm = 5,
            Operand::Function => made.imm = 1,
            _ => {}
        }
    }
    made
}

fn falls_through(opcode: &&Opcode) -> bool {
    let class = opcode.class();
    !class.is_terminator() && class != Class::Branch
}

/// P-8 and the dispatch itself: each instruction alone, behind one that writes its first, second or no operand.
#[test]
fn every_instruction_agrees_and_keeps_nothing_on_the_native_stack() {
    with_small_stack(|| {
        for &opcode in Opcode::ALL.iter().filter(falls_through) {
            for (rs1, rs2) in [(8, 7), (7, 8), (6, 7), (8, 8)] {
                let mut body = vec![instruction(Opcode::Addi, 8, 7, 0)];
                if opcode == Opcode::CallIndirect {
                    body = vec![Instruction::new(Opcode::Li, rs1, 0, 0, 8)];
                }
                body.push(instruction(opcode, 9, rs1, rs2));
                check(&body);
            }
        }
    });
}

/// Each fused pair, with every way for values to reach its first and second instruction.
#[test]
fn every_pair_agrees_and_keeps_nothing_on_the_native_stack() {
    with_small_stack(|| {
        let straight = |opcode: &&Opcode| falls_through(opcode) && !opcode.class().ends_block();
        for &first in Opcode::ALL.iter().filter(straight) {
            for &second in Opcode::ALL {
                for (rs1, rs2) in [(8, 0), (0, 8), (7, 0)] {
                    for (t1, t2) in [(9, 7), (7, 9), (6, 7)] {
                        let before = Instruction::new(Opcode::Addi, 8, 7, 0, 0);
                        let first = instruction(first, 9, rs1, rs2);
                        let mut second = instruction(second, 12, t1, t2);
                        if super::fusion::pair(first, second, Some(8)).is_some() {
                            if second.class() == Class::Branch {
                                // Both successors are the instruction behind it.
                                second.imm = 31 + 3;
                            }
                            check(&[before, first, second]);
                        }
                    }
                }
            }
        }
    });
}

/// Each fused triple, with every way for values to reach its instructions.
#[test]
fn every_triple_agrees_and_keeps_nothing_on_the_native_stack() {
    with_small_stack(|| {
        let before = Instruction::new(Opcode::Addi, 8, 7, 0, 0);
        let mut found = std::collections::BTreeSet::new();
        for &[first, second, third] in super::fusion::TRIPLES {
            for (rs1, rs2) in [(8, 0), (0, 8), (7, 0)] {
                // A store leaves what was written before it at hand.
                let written = if first.class() == Class::Store { 8 } else { 9 };
                for (t1, t2) in [(written, 7), (7, written), (6, 7)] {
                    let written = if second.class() == Class::Store {
                        written
                    } else {
                        12
                    };
                    for (u1, u2) in [(written, 6), (6, written), (6, 7)] {
                        let body = [
                            instruction(first, 9, rs1, rs2),
                            instruction(second, 12, t1, t2),
                            instruction(third, 13, u1, u2),
                        ];
                        if super::fusion::triple(body, Some(8)).is_some() {
                            found.insert([first, second, third]);
                            let [a, b, mut c] = body;
                            if c.class() == Class::Branch {
                                // Both successors are the instruction behind it.
                                c.imm = 31 + 4;
                            }
                            check(&[before, a, b, c]);
                        }
                    }
                }
            }
        }
        let all: std::collections::BTreeSet<_> = super::fusion::TRIPLES.iter().copied().collect();
        assert_eq!(found, all);
    });
}

/// Random programs that loop for long.
#[test]
fn random_programs_keep_nothing_on_the_native_stack() {
    with_small_stack(|| {
        for seed in 0..400u64 {
            let program = random_program(&mut Entropy::new(&seed.to_le_bytes()));
            let verified = verify(program, &VmConfig::default(), &TEST_SYSCALLS).unwrap();
            let call = Call {
                function: 0,
                arguments: &[seed, !seed],
                gas_limit: 200_000,
            };
            Prepared::new(Arc::new(verified))
                .run(&call, &mut TestHost::default())
                .unwrap();
        }
    });
}
