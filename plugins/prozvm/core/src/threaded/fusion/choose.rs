//! Chooses what to fuse in a block: the handlers that together cost least.

use super::super::machine::{Handler, Op};
use super::super::select::InAcc;
use super::super::translate::written_after;
use super::places::{From, Place, operands, places, relaxed};
use super::{pair, triple};
use crate::isa::Instruction;

/// What it costs, in parts of a cycle or so, to pass to the next handler, to read a register of the frame, and to read one
/// that was written just before.
const DISPATCH: u32 = 2;
const READ: u32 = 1;
const READ_FRESH: u32 = 3;
/// For so many instructions a written register counts as fresh.
const FRESH: usize = 5;

/// A handler that could be used at some place of a block.
#[derive(Clone, Copy)]
struct Candidate {
    /// None for that of the single instruction.
    handler: Option<Handler>,
    /// Instructions that it executes.
    takes: usize,
    cost: u32,
}

/// What fusion knows about a block.
struct Block<'a> {
    body: &'a [Instruction],
    /// The register in `acc` before each instruction.
    written: Vec<Option<u8>>,
    /// What it costs to read each operand of each instruction from the frame.
    reads: Vec<[u32; 2]>,
    /// Parameters or results that the last instruction passes.
    count: u8,
}

impl<'a> Block<'a> {
    fn new(body: &'a [Instruction], count: u8) -> Self {
        let mut written = Vec::with_capacity(body.len());
        let mut reads = Vec::with_capacity(body.len());
        let mut in_acc = None;
        // One more than the last instruction that wrote each register.
        let mut writer = [0usize; 32];
        for (at, instruction) in body.iter().enumerate() {
            written.push(in_acc);
            let registers = [instruction.rs1, instruction.rs2];
            let mut costs = [0; 2];
            for operand in 0..operands(instruction.class()) {
                let last = writer[usize::from(registers[operand])];
                let fresh = last != 0 && at + 1 - last <= FRESH;
                costs[operand] = if fresh { READ_FRESH } else { READ };
            }
            reads.push(costs);
            if written_after(*instruction, None).is_some() {
                writer[usize::from(instruction.rd)] = at + 1;
            }
            in_acc = written_after(*instruction, in_acc);
        }
        Self {
            body,
            written,
            reads,
            count,
        }
    }

    fn acc(&self, at: usize) -> InAcc {
        InAcc::of(self.body[at], self.written[at])
    }

    fn cost(&self, at: usize, places: &[Place]) -> u32 {
        let mut cost = DISPATCH;
        for (index, (_, sources)) in places.iter().enumerate() {
            for (operand, from) in sources.iter().enumerate() {
                let in_acc = match self.acc(at) {
                    InAcc::Neither => false,
                    InAcc::First => operand == 0,
                    InAcc::Second => operand == 1,
                };
                if *from == From::Own && !(index == 0 && in_acc) {
                    cost += self.reads[at + index][operand];
                }
            }
        }
        cost
    }

    /// The handler that does what the next `N` instructions do, if the table has one.
    fn fused<const N: usize>(
        &self,
        at: usize,
        find: fn([Place; N], InAcc, u8) -> Option<Handler>,
    ) -> Option<Candidate> {
        let exact = places(*self.body[at..].first_chunk::<N>()?);
        [exact, relaxed(exact)].into_iter().find_map(|places| {
            Some(Candidate {
                handler: Some(find(places, self.acc(at), self.count)?),
                takes: N,
                cost: self.cost(at, &places),
            })
        })
    }

    fn single(&self, at: usize) -> Candidate {
        Candidate {
            handler: None,
            takes: 1,
            cost: self.cost(at, &places([self.body[at]])),
        }
    }
}

/// Fuses what can be in one block; `ops` are those of `body`, and `count` the parameters or results that its last
/// instruction passes.
pub(in super::super) fn fuse(body: &[Instruction], ops: &[Op], count: u8) {
    let block = Block::new(body, count);
    // The cheapest way from each place to the end, found backwards, and its first handler.
    let mut costs = vec![0u32; body.len() + 1];
    let mut chosen = vec![None; body.len()];
    for at in (0..body.len()).rev() {
        let candidates = [
            block.fused(at, triple),
            block.fused(at, pair),
            Some(block.single(at)),
        ];
        let totals = candidates.into_iter().flatten().map(|candidate| {
            (
                costs[at + candidate.takes].saturating_add(candidate.cost),
                candidate,
            )
        });
        if let Some((cost, candidate)) = totals.min_by_key(|&(cost, _)| cost) {
            costs[at] = cost;
            chosen[at] = Some(candidate);
        }
    }
    let mut at = 0;
    while let Some(&Some(Candidate { handler, takes, .. })) = chosen.get(at) {
        if let Some(handler) = handler {
            ops[at].set_handler(handler);
        }
        at += takes;
    }
}
