//! Verified programs to ops.
//!
//! Each block gets a header op that carries its cost, then one op per instruction. Fusion changes handlers only, never
//! the place of an op, so each instruction keeps its own, and fusing can wait until a program has run for a while.

use super::fusion;
use super::handlers::{finish, header};
use super::machine::{Op, TableEntry};
use super::select::{Choice, InAcc, handler};
use crate::isa::{Class, Instruction};
use crate::program::MEMORY_BASE;
use crate::verify::{BLOCK_COST_MAX, FunctionInfo, Verified};

/// Ops of a program and what they refer to.
pub(super) struct Translation {
    pub(super) ops: Vec<Op>,
    /// Switch tables, each with its length before it.
    pub(super) switches: Vec<u32>,
    pub(super) table: Vec<TableEntry>,
}

/// The ops to which the outermost frame returns: a header that costs nothing and the end.
pub(super) const EXIT_OPS: usize = 2;

/// The op of an instruction: each has a header before it for each block up to its own.
pub(super) fn op_of(verified: &Verified, instruction: u32) -> u32 {
    EXIT_OPS as u32 + instruction + verified.leaders().rank(instruction + 1)
}

/// The header of the block that begins at an instruction.
pub(super) fn header_of(verified: &Verified, instruction: u32) -> u32 {
    EXIT_OPS as u32 + instruction + verified.leaders().rank(instruction)
}

/// The instruction behind an op; headers stand for the first of their block.
pub(super) fn origin(verified: &Verified, op: usize) -> u32 {
    let (mut low, mut high) = (0, verified.program().code.len() as u32 - 1);
    while low < high {
        let middle = low + (high - low) / 2;
        if (op_of(verified, middle) as usize) < op {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

/// Makes ops, one for each instruction and one for each block.
pub(super) fn translate(verified: &Verified) -> Translation {
    let program = verified.program();
    let leaders = verified.leaders();
    let schedule = &verified.config().gas_schedule;
    let plain = |handler, imm| Op::new(handler, [0; 4], imm);
    let mut ops = Vec::with_capacity(EXIT_OPS + program.code.len() + leaders.len());
    ops.extend([plain(header, 0), plain(finish, 0)]);
    let mut switches = Vec::new();
    for function in verified.functions() {
        let end = function.start + function.length;
        let mut start = function.start;
        while start < end {
            let block_end = leaders.next(start);
            let head = ops.len();
            ops.push(plain(header, 0));
            let (mut written, mut cost) = (None, 0u64);
            for at in start..block_end {
                let instruction = program.code[at as usize];
                cost += u64::from(schedule.cost(instruction.opcode));
                let distance = |target: u32| {
                    (i64::from(header_of(verified, target)) - ops.len() as i64)
                        * size_of::<Op>() as i64
                };
                let mut imm = instruction.imm;
                match instruction.class() {
                    Class::Load | Class::Store => imm = imm.wrapping_sub(MEMORY_BASE as i32),
                    Class::Branch | Class::Jump => {
                        imm = distance(function.start + imm as u32) as i32;
                    }
                    Class::Call => {
                        imm = distance(verified.functions()[instruction.index()].start) as i32;
                    }
                    Class::Switch => {
                        imm = switches.len() as i32;
                        let targets = &program.switch_tables[instruction.index()].targets;
                        switches.push(targets.len() as u32);
                        let header = |&target: &u32| header_of(verified, function.start + target);
                        switches.extend(targets.iter().map(header));
                    }
                    _ => {}
                }
                let choice = Choice {
                    acc: InAcc::of(instruction, written),
                    zero: instruction.rs2 == 0,
                    count: count(verified, function, instruction),
                    copy: at as usize,
                };
                ops.push(op(instruction, choice, imm));
                written = written_after(instruction, written);
            }
            ops[head].imm = cost.min(u64::from(BLOCK_COST_MAX)) as u32 as i32;
            start = block_end;
        }
    }
    let entry = |&function: &u32| {
        let function = verified.functions()[function as usize];
        TableEntry {
            op: header_of(verified, function.start),
            signature: u32::from(function.signature_index),
        }
    };
    let table = program.function_table.iter().map(entry).collect();
    Translation {
        ops,
        switches,
        table,
    }
}

/// Gives ops that begin what can be fused the handler of it; the rest stays. Any op may run meanwhile: it finds the one
/// handler or the other, and both do the same.
pub(super) fn fuse(verified: &Verified, ops: &[Op]) {
    let code = &verified.program().code;
    let leaders = verified.leaders();
    for function in verified.functions() {
        let end = function.start + function.length;
        let mut start = function.start;
        while start < end {
            let block_end = leaders.next(start);
            let body = &code[start as usize..block_end as usize];
            let place = op_of(verified, start) as usize;
            let last = code[block_end as usize - 1];
            let ops = &ops[place..place + body.len()];
            fusion::fuse(body, ops, count(verified, function, last));
            start = block_end;
        }
    }
}

/// Parameters that a call passes, or results that a return does.
fn count(verified: &Verified, function: &FunctionInfo, instruction: Instruction) -> u8 {
    match instruction.class() {
        Class::Call => {
            verified.functions()[instruction.index()]
                .signature
                .parameters
        }
        Class::CallIndirect => verified.program().types[instruction.index()].parameters,
        Class::Return => function.signature.results,
        _ => 0,
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
    Op::new(handler(opcode, choice), [rd, rs1, rs2, d], imm)
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
