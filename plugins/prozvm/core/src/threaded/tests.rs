//! Every handler against the reference, on a native stack that would not survive a call that is no jump.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use super::Prepared;
use super::fusion::{From, Place};
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

/// Instructions of [`looping`] before the body.
const FIRST: i32 = 31;
/// Registers, besides r9, that the body may leave something in.
const RESULTS: [u8; 4] = [8, 24, 25, 26];

/// A function that sets all registers to mapped addresses, then executes `body` as often as its argument says.
fn looping(body: &[Instruction]) -> Arc<Verified> {
    let address = MEMORY_BASE as i32 + 64;
    let mut code: Vec<_> = (1..32u8)
        .filter(|&register| register != 10)
        .map(|register| {
            let address = address + 8 * i32::from(register);
            Instruction::new(Opcode::Li, register, 0, 0, address)
        })
        .collect();
    code.push(Instruction::new(Opcode::Mv, 31, 10, 0, 0));
    let head = code.len() as i32;
    assert_eq!(head, FIRST);
    code.extend(body);
    code.push(Instruction::new(Opcode::Addi, 31, 31, 0, -1));
    code.push(Instruction::new(Opcode::Bne, 0, 31, 0, head));
    code.push(Instruction::new(Opcode::Mv, 10, 9, 0, 0));
    for result in RESULTS {
        code.push(Instruction::new(Opcode::Rori, 10, 10, 0, 7));
        code.push(Instruction::new(Opcode::Add, 10, 10, result, 0));
    }
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

/// Instructions whose operands come from where the table says, with destinations that nothing else reads; `before`
/// writes r8, which stands for the frame's own operands in turn.
fn realised(places: &[Place], own: [u8; 2]) -> Vec<Instruction> {
    let mut body: Vec<Instruction> = Vec::new();
    for (index, &(opcode, sources)) in places.iter().enumerate() {
        // The second operand may be the first of the same instruction.
        let register = |operand: usize, from: From, first: u8| match from {
            From::Zero => 0,
            From::X1 => body.first().map_or(first, |known| known.rs1),
            From::Y1 => body[0].rs2,
            From::R1 => body[0].rd,
            From::X2 => body.get(1).map_or(first, |known| known.rs1),
            From::Y2 => body[1].rs2,
            From::R2 => body[1].rd,
            From::Own if index == 0 => own[operand],
            From::Own => 16 + 2 * index as u8 + operand as u8,
        };
        let rs1 = register(0, sources[0], 0);
        let rs2 = register(1, sources[1], rs1);
        body.push(instruction(opcode, RESULTS[1 + index], rs1, rs2));
    }
    body
}

/// Each entry of the table, with every way for the value before it to reach its first instruction.
#[test]
fn everything_fused_agrees_and_keeps_nothing_on_the_native_stack() {
    with_small_stack(|| {
        for &entry in super::fusion::FUSED {
            for own in [[8, 14], [14, 8], [14, 15]] {
                let mut body = realised(entry, own);
                let found = super::fusion::in_table(&body, Some(8), 1);
                assert!(found.is_some(), "{entry:?} is not what {body:?} looks like");
                let before = Instruction::new(Opcode::Addi, 8, 7, 0, 0);
                let last = body.len() - 1;
                if matches!(body[last].class(), Class::Branch | Class::Jump) {
                    // All successors are the instruction behind it.
                    body[last].imm = FIRST + 1 + body.len() as i32;
                }
                body.insert(0, before);
                check(&body);
            }
        }
    });
}

/// A return that is fused goes back to each of its callers, with each number of results.
#[test]
fn fused_calls_and_returns_pass_all_values() {
    for (parameters, results) in (0..=8).flat_map(|count| [(count, count.min(2)), (count, 0)]) {
        let mut code: Vec<_> = (0..8u8)
            .map(|index| Instruction::new(Opcode::Li, 10 + index, 0, 0, 100 + i32::from(index)))
            .collect();
        code.push(Instruction::new(Opcode::Addi, 10, 10, 0, 5));
        code.push(Instruction::new(Opcode::Call, 0, 0, 0, 1));
        code.push(Instruction::new(Opcode::Slli, 11, 11, 0, 8));
        code.push(Instruction::new(Opcode::Add, 10, 10, 11, 0));
        code.push(Instruction::new(Opcode::Return, 0, 0, 0, 0));
        let first = code.len() as u32;
        // The callee mixes all its arguments into its results.
        code.push(Instruction::new(Opcode::Li, 5, 0, 0, 1));
        for index in 0..parameters {
            code.push(Instruction::new(Opcode::Slli, 5, 5, 0, 3));
            code.push(Instruction::new(Opcode::Add, 5, 5, 10 + index, 0));
        }
        code.push(Instruction::new(Opcode::Mv, 10, 5, 0, 0));
        code.push(Instruction::new(Opcode::Add, 11, 5, 5, 0));
        code.push(Instruction::new(Opcode::Return, 0, 0, 0, 0));
        let program = Program {
            gas_schedule: 1,
            stack_size: 4096,
            max_pages: 2,
            types: vec![Signature::new(0, 2), Signature::new(parameters, results)],
            functions: vec![
                Function {
                    signature: 0,
                    length: first,
                },
                Function {
                    signature: 1,
                    length: code.len() as u32 - first,
                },
            ],
            code,
            ..Program::default()
        };
        let verified = Arc::new(verify(program, &VmConfig::default(), &TEST_SYSCALLS).unwrap());
        let call = Call {
            function: 0,
            arguments: &[],
            gas_limit: 100_000,
        };
        let expected = Reference::new(&verified, &call)
            .unwrap()
            .run(&mut TestHost::default());
        let prepared = Prepared::new(verified);
        let result = prepared.run(&call, &mut TestHost::default()).unwrap();
        assert_eq!(
            result, expected,
            "{parameters} parameters, {results} results"
        );
    }
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
