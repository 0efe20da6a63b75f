//! Makes sure that no register is read before it is assigned.
//!
//! Spec: L-21, V-20.

use proz_prozvm_core::SP;

use crate::ir::{Block, Body, Code, FunctionId};
use crate::liveness::{Signatures, arguments};

/// Gives zeros, at the entry, to registers that might be read unassigned. Gives how many those are.
pub(crate) fn assign_all(body: &mut Body, function: FunctionId, signatures: &Signatures) -> usize {
    let first = 1 | 1 << SP | arguments(signatures.parameters[function]);
    let mut entry: Vec<Option<u32>> = vec![None; body.blocks.len()];
    entry[0] = Some(first);
    let mut work = vec![0];
    while let Some(block) = work.pop() {
        let Some(set) = entry[block] else {
            continue;
        };
        let code = body.blocks[block].code.iter();
        let end = code.fold(set, |set, code| set | signatures.assigns(code));
        body.successors(block, |successor| {
            let met = entry[successor].map_or(end, |known| known & end);
            if entry[successor] != Some(met) {
                entry[successor] = Some(met);
                work.push(successor);
            }
        });
    }
    let mut missing = 0;
    for (block, set) in body.blocks.iter().zip(entry) {
        let Some(mut set) = set else {
            continue;
        };
        for code in &block.code {
            missing |= signatures.reads(function, code) & !set;
            set |= signatures.assigns(code);
        }
    }
    let pc = body.blocks[0]
        .code
        .first()
        .map_or(body.blocks[0].pc, |code| code.pc);
    let zeros: Vec<Code> = (1..32u8)
        .filter(|register| missing & 1 << register != 0)
        .map(|register| Code::li(register, 0, pc))
        .collect();
    let count = zeros.len();
    if count == 0 {
        return 0;
    }
    let mut entered = false;
    for block in 0..body.blocks.len() {
        body.successors(block, |successor| entered |= successor == 0);
    }
    if entered {
        // The entry is a target too: it moves, and the zeros come before it.
        let moved = body.blocks.len();
        for block in &mut body.blocks {
            if block.next == Some(0) {
                block.next = Some(moved);
            }
            if let Some(last) = block.code.last_mut()
                && last.class() == proz_prozvm_core::Class::Branch
                && last.imm == 0
            {
                last.imm = moved as i64;
            }
        }
        for target in body
            .switches
            .iter_mut()
            .flatten()
            .filter(|target| **target == 0)
        {
            *target = moved;
        }
        let entry = Block {
            pc: body.blocks[0].pc,
            code: zeros,
            next: Some(moved),
        };
        let old = std::mem::replace(&mut body.blocks[0], entry);
        body.blocks.push(old);
    } else {
        body.blocks[0].code.splice(0..0, zeros);
    }
    count
}
