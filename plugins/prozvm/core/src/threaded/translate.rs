//! Verified programs to ops.
//!
//! Each block gets a header op that carries its cost, then one op per instruction. Fusion changes handlers only, never
//! the place of an op, so each instruction keeps its own.

use super::fusion;
use super::handlers::{finish, header};
use super::machine::{Op, TableEntry};
use super::select::{Choice, InAcc, handler};
use crate::isa::{Class, Instruction};
use crate::program::MEMORY_BASE;
use crate::verify::Verified;

/// Ops of a program and what they refer to.
pub(super) struct Translation {
    pub(super) ops: Vec<Op>,
    /// For each op, the instruction of the code; headers stand for the first of their block.
    pub(super) origin: Vec<u32>,
    /// For each function, its first header.
    pub(super) entries: Vec<u32>,
    /// Switch tables, each with its length before it.
    pub(super) switches: Vec<u32>,
    pub(super) table: Vec<TableEntry>,
}

/// The ops to which the outermost frame returns: a header that costs nothing and the end.
pub(super) const EXIT_OPS: usize = 2;

pub(super) fn translate(verified: &Verified, fuse: bool) -> Translation {
    let program = verified.program();
    let blocks = verified.blocks();
    // Header of the block that begins at an instruction: one header before it for each block up to it.
    let header_of = |instruction: u32| {
        let block = blocks.partition_point(|block| block.start < instruction);
        (EXIT_OPS + instruction as usize + block) as u32
    };
    let plain = |handler, imm| Op {
        handler,
        a: 0,
        b: 0,
        c: 0,
        d: 0,
        imm,
    };
    let mut ops = Vec::with_capacity(EXIT_OPS + program.code.len() + blocks.len());
    let mut origin = Vec::with_capacity(ops.capacity());
    ops.extend([plain(header, 0), plain(finish, 0)]);
    origin.extend([0; EXIT_OPS]);
    let mut switches = Vec::new();
    for block in blocks {
        ops.push(plain(header, block.cost as i32));
        origin.push(block.start);
        let function = verified.functions()[verified.function_of(block.start)];
        let (mut written, mut last_count) = (None, 0);
        for at in block.start..block.start + block.length {
            let instruction = program.code[at as usize];
            let distance =
                |target: u32| (i64::from(target) - ops.len() as i64) * size_of::<Op>() as i64;
            let (mut imm, mut count) = (instruction.imm, 0);
            match instruction.class() {
                Class::Load | Class::Store => imm = imm.wrapping_sub(MEMORY_BASE as i32),
                Class::Branch | Class::Jump => {
                    imm = distance(header_of(function.start + imm as u32)) as i32
                }
                Class::Call => {
                    let callee = verified.functions()[instruction.index()];
                    imm = distance(header_of(callee.start)) as i32;
                    count = callee.signature.parameters;
                }
                Class::CallIndirect => count = program.types[instruction.index()].parameters,
                Class::Return => count = function.signature.results,
                Class::Switch => {
                    imm = switches.len() as i32;
                    let targets = &program.switch_tables[instruction.index()].targets;
                    switches.push(targets.len() as u32);
                    switches.extend(
                        targets
                            .iter()
                            .map(|&target| header_of(function.start + target)),
                    );
                }
                _ => {}
            }
            let acc = InAcc::of(instruction, written);
            let choice = Choice {
                acc,
                zero: instruction.rs2 == 0,
                count,
                copy: at as usize,
            };
            ops.push(op(instruction, choice, imm));
            origin.push(at);
            written = written_after(instruction, written);
            last_count = count;
        }
        if fuse {
            let first = block.start as usize;
            let body = &program.code[first..first + block.length as usize];
            let place = ops.len() - body.len();
            fusion::fuse(body, &mut ops[place..], last_count);
        }
    }
    let entries: Vec<u32> = verified
        .functions()
        .iter()
        .map(|function| header_of(function.start))
        .collect();
    let entry = |&function: &u32| {
        let signature = u32::from(verified.functions()[function as usize].signature_index);
        TableEntry {
            op: entries[function as usize],
            signature,
        }
    };
    let table = program.function_table.iter().map(entry).collect();
    Translation {
        ops,
        origin,
        entries,
        switches,
        table,
    }
}

fn op(instruction: Instruction, choice: Choice, imm: i32) -> Op {
    let Instruction {
        opcode,
        rd,
        rs1,
        rs2,
        ..
    } = instruction;
    let d = if instruction.class() == Class::WideTernary {
        instruction.imm as u8
    } else {
        0
    };
    Op {
        handler: handler(opcode, choice),
        a: rd,
        b: rs1,
        c: rs2,
        d,
        imm,
    }
}

/// The register whose value `acc` holds behind an instruction.
pub(super) fn written_after(instruction: Instruction, before: Option<u8>) -> Option<u8> {
    match instruction.class() {
        Class::Binary
        | Class::Immediate
        | Class::Shift64
        | Class::Shift32
        | Class::Unary
        | Class::LoadImmediate
        | Class::LoadConstant
        | Class::Load => Some(instruction.rd),
        Class::Store => before,
        // These may write registers behind the back of `acc`.
        _ => None,
    }
}
