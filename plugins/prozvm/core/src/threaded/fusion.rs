//! Joins frequent pairs of instructions, and some triples, in one handler.
//!
//! The first op of a pair gets a handler that does the work of both; the second keeps its own op and operands. A pair
//! saves a dispatch, and a value that passes inside it stays in a register of the processor.
//!
//! The pairs are those that eight kernels (recursion, integer loop, sieve, SHA-256, Keccak, 256-bit Montgomery
//! product, matrix product, heap sort), compiled by clang 19 at -O3, execute most.

use super::handlers::{one_branch, three, two, two_branch};
use super::machine::Handler;
use super::machine::Op;
use super::select::InAcc;
use super::shape::{Li, Shape};
use super::step::{Acc, RegB, RegC, Source, Step};
use super::translate::written_after;
use crate::isa::semantics::{self, op};
use crate::isa::{Instruction, Opcode};

/// Where an instruction takes its operands from, as a type; the types have the names of [`InAcc`].
trait Operands {
    type X: Source;
    type Y: Source;
}

mod from {
    /// Both operands come from registers of the frame.
    pub(super) struct Neither;
    /// The first operand is what the instruction before wrote.
    pub(super) struct First;
    /// The second operand is what the instruction before wrote.
    pub(super) struct Second;
}

impl Operands for from::Neither {
    type X = RegB;
    type Y = RegC;
}

impl Operands for from::First {
    type X = Acc;
    type Y = RegC;
}

impl Operands for from::Second {
    type X = RegB;
    type Y = Acc;
}

/// The step of an instruction with its operands from there.
type StepOf<S, O> = <S as Shape>::Step<<O as Operands>::X, <O as Operands>::Y>;

fn join<S: Shape, T: Step>(acc: InAcc) -> Handler {
    match acc {
        InAcc::Neither => two::<StepOf<S, from::Neither>, T>,
        InAcc::First => two::<StepOf<S, from::First>, T>,
        InAcc::Second => two::<StepOf<S, from::Second>, T>,
    }
}

fn join_branch<S: Shape, F: semantics::Branch, O: Operands>(acc: InAcc) -> Handler {
    match acc {
        InAcc::Neither => one_branch::<StepOf<S, from::Neither>, F, O::X, O::Y>,
        InAcc::First => one_branch::<StepOf<S, from::First>, F, O::X, O::Y>,
        InAcc::Second => one_branch::<StepOf<S, from::Second>, F, O::X, O::Y>,
    }
}

fn join_loop<S: Shape, T: Step, F: semantics::Branch, O: Operands>(acc: InAcc) -> Handler {
    match acc {
        InAcc::Neither => two_branch::<StepOf<S, from::Neither>, T, F, O::X, O::Y>,
        InAcc::First => two_branch::<StepOf<S, from::First>, T, F, O::X, O::Y>,
        InAcc::Second => two_branch::<StepOf<S, from::Second>, T, F, O::X, O::Y>,
    }
}

fn join_three<S: Shape, T: Step, U: Step>(acc: InAcc) -> Handler {
    match acc {
        InAcc::Neither => three::<StepOf<S, from::Neither>, T, U>,
        InAcc::First => three::<StepOf<S, from::First>, T, U>,
        InAcc::Second => three::<StepOf<S, from::Second>, T, U>,
    }
}

macro_rules! fusions {
    (
        straight { $($a:ident $b:ident $b_from:ident)* }
        branching { $($c:ident $d:ident $d_from:ident)* }
        looping { $($e:ident $f:ident $f_from:ident $g:ident $g_from:ident)* }
        running { $($h:ident $i:ident $i_from:ident $j:ident $j_from:ident)* }
    ) => {
        /// All triples, for tests.
        #[cfg(all(test, feature = "testing"))]
        pub(super) const TRIPLES: &[[Opcode; 3]] = &[
            $([Opcode::$e, Opcode::$f, Opcode::$g],)*
            $([Opcode::$h, Opcode::$i, Opcode::$j],)*
        ];

        /// The handler for two instructions of one block, if there is one.
        pub(super) fn pair(first: Instruction, second: Instruction, written: Option<u8>) -> Option<Handler> {
            use op::*;
            let acc = InAcc::of(first, written);
            let between = InAcc::of(second, written_after(first, written));
            Some(match (first.opcode, second.opcode, between) {
                $((Opcode::$a, Opcode::$b, InAcc::$b_from) => join::<$a, StepOf<$b, from::$b_from>>(acc),)*
                $((Opcode::$c, Opcode::$d, InAcc::$d_from) => join_branch::<$c, $d, from::$d_from>(acc),)*
                _ => return None,
            })
        }

        /// The handler for three instructions of one block, if there is one.
        pub(super) fn triple(body: [Instruction; 3], written: Option<u8>) -> Option<Handler> {
            use op::*;
            let acc = InAcc::of(body[0], written);
            let after_first = written_after(body[0], written);
            let between = InAcc::of(body[1], after_first);
            let condition = InAcc::of(body[2], written_after(body[1], after_first));
            Some(match (body[0].opcode, body[1].opcode, between, body[2].opcode, condition) {
                $((Opcode::$e, Opcode::$f, InAcc::$f_from, Opcode::$g, InAcc::$g_from) => {
                    join_loop::<$e, StepOf<$f, from::$f_from>, $g, from::$g_from>(acc)
                })*
                $((Opcode::$h, Opcode::$i, InAcc::$i_from, Opcode::$j, InAcc::$j_from) => {
                    join_three::<$h, StepOf<$i, from::$i_from>, StepOf<$j, from::$j_from>>(acc)
                })*
                _ => return None,
            })
        }
    };
}

fusions! {
    straight {
        Addi Add Neither
        Add Addi Neither
        Add Add Neither
        Slli Xor First
        Sltu Add Second
        Add Sltu First
        Xor Xor Neither
        Sh3add Ld First
        Ld Ld Neither
        Add Sb Neither
        Roriw Xor Second
        Mul Add First
        Ld Mul First
        Rori Rori Neither
        Mul Addi Neither
        Srli Xor First
        Xor Mul Neither
        Xor Slli First
        Xor Srli First
        Add Add First
        Li Mv Neither
        Add Mulhu Neither
        Sb Addi Neither
        Lbu Addi Neither
        Addi Li Neither
        Roriw Roriw Neither
        Mv Li Neither
        Xor Andn Neither
        Xor Sd Second
        Andn Xor First
        Add Roriw Neither
        Mul And Neither
        Mulhu Mul Neither
        And Add Second
        Xor Roriw Neither
        Andn Xor Second
        Sd Xor Neither
        Sd Mv Neither
        Addi Sd Neither
        Addi Addi Neither
        Slli Addi First
        CzeroEqz Or First
        CzeroNez CzeroEqz Neither
        Ld Sh3add Neither
        Ld Sltu Second
        Or Sh3add First
        Sltu CzeroNez Second
        Sh3add Slli Neither
        Xor Ld Neither
        Ld Xor Second
        Mv Mv Neither
        Sd Andn Neither
        And Add First
        Xor Srliw Neither
        Xor Xor First
        Xor Xor Second
        Ld Add Second
        Slli Sub First
        Add Ld Neither
        Xor Add Second
        Andn Andn Neither
        Ld Rori First
        Rori Ld Neither
        Addi Sb Neither
        Andn Or First
        Slli Subw First
        Subw Addi First
        Xor And Neither
        And And Neither
        And Andn Neither
        And Xor Second
        Xor And Second
        Sd Addi Neither
        Or Ld Neither
        Mv Ld Neither
        Srliw Xor Second
        Rori Xor Second
        Xor Rori Neither
        Xor Add Neither
        Ld Add First
        Slli Lbu Neither
        Ld Slli Neither
        Sd Sd Neither
        Lbu Or Neither
        Add Mul Neither
        Add Srli Neither
        Mul Mulhu First
        Mulhu Sh1add Neither
        Mulhu Slli Neither
        Sh1add Slli First
        Sh1add Sltu First
        Sh3add Sltu First
        Srli Sh3add Neither
        Xor Mv Neither
        Li Li Neither
        Rori Xor First
        Xor Rori First
        Sub Add Second
        Srliw Mv Neither
        Add Addi First
        And Sh1add Second
        Mulhu Sh2add Neither
        Sh2add And Neither
        Slli And Neither
        Sub And Neither
        Mv Sd Neither
        Or Slli Neither
        Addi Ld First
        Ld Addi First
        Ld Addi Neither
        Addi Ld Neither
        Lw Addiw First
        Lw Addi Neither
        Addiw Slli First
        Slli Srli First
        Slli Srai First
        Slli Add First
        Slli Add Second
        Add Ld First
        Add Lw First
        Add Lwu First
        Add Lbu First
        Add Sd First
        Add Sw First
        Add Sb First
        Sd Ld Neither
        Ld Sd Second
        Lw Sw Second
        Lbu Sb Second
        Li Sd Second
        Li Sw Second
        Li Sb Second
        Mv Addi Neither
        Addi Mv Neither
        Li Addi Neither
        Sd Li Neither
        Sw Lw Neither
        Lw Lw Neither
        Addi Add First
        Addi Addi First
        Andi Add First
        Sltu Or Second
        Sltu Or First
        Sltu Add First
        Or Or First
        Or Or Second
        Slli Or First
        Slli Or Second
        Srli Andi First
        Andi Slli First
        Addiw Addiw Neither
        Addw Addiw First
        Lbu Slli First
        Lbu Lbu Neither
        Sub Sltu Neither
    }
    branching {
        Add Bne Neither
        Addi Bne Neither
        Sb Bgeu Neither
        Addi Bne First
        Li Bltu Neither
        Add Bltu Neither
        Addi Bgeu First
        Ld Bltu Second
        Mv Bltu Neither
        Sb Bne Neither
        Sd Beq Neither
        Li Beq Second
        Li Bne Second
        Li Bltu Second
        Li Bgeu Second
        Li Blt Second
        Li Bge Second
        Andi Beq First
        Andi Bne First
        Andi Beq Second
        Andi Bne Second
        Ld Beq First
        Ld Bne First
        Ld Beq Second
        Ld Bne Second
        Ld Bltu First
        Ld Bgeu First
        Ld Bgeu Second
        Lw Beq First
        Lw Bne First
        Lw Blt First
        Lw Bge First
        Lbu Beq First
        Lbu Bne First
        Sltu Beq First
        Sltu Bne First
        Addi Bne Second
        Addi Beq First
        Addi Bltu First
        Addi Bltu Neither
        Addi Beq Neither
        Addiw Bne First
        Addiw Bne Neither
        Addiw Blt First
        Or Beq First
        Or Bne First
        And Beq First
        And Bne First
        Xor Bne First
        Sd Bne Neither
        Mv Beq Neither
        Mv Bne Neither
    }
    looping {
        Add Sb Neither Bgeu Neither
        Sb Addi Neither Bne First
        Sd Addi Neither Bne First
        Addi Add Neither Bne Neither
        Add Addi Neither Bne Neither
        Add Addi Neither Bne First
        Addi Addi Neither Bne Neither
        Addi Addi Neither Bne First
        Add Add Neither Bne Neither
        Add Add First Bne Neither
        Mul Add First Bne Neither
        Add Addiw Neither Bne First
    }
    running {
        Add Sltu First Add Second
        Li Li Neither Li Neither
        Roriw Roriw Neither Xor Second
        Sltu Add Second Add Neither
        Add Add Neither Sltu First
        Add Roriw Neither Roriw Neither
        Li Ld First Li Neither
        Sltu Add Second Mulhu Neither
        Rori Rori Neither Rori Neither
        Mulhu Mul Neither And Neither
        Roriw Xor Second Roriw Neither
        Xor Roriw Neither Xor Second
        And Add Second Sltu First
        Xor Xor Neither Xor Neither
        Ld Li Neither Ld First
        Add Add First Add First
        Add Mulhu Neither Mul Neither
        Roriw Xor Second Srliw Neither
        Add Add First Roriw Neither
        Addi Xor Second Addi Neither
        And Add First Sltu First
        Xor Addi Neither Xor Second
        Add Ld Neither Add Second
        Mul And Neither Add Second
        Mul And Neither Add First
        Li Addi First Sd Second
        Addi Sd Second Li Neither
        Sd Li Neither Addi First
        Roriw Xor Second And Neither
        Andn Xor First Andn Neither
        Xor Andn Neither Xor Second
        Xor And Neither Andn Neither
        And Andn Neither Or First
        Xor And Second And Neither
        And And Neither Xor Second
        And Xor Second Add Second
        Roriw Xor Second Xor Neither
        Xor Xor Neither And Second
        Ld Add Second Add First
        Add Add Neither Roriw Neither
        Mv Mv Neither Mv Neither
        Andn Or First Ld Neither
        Xor Sd Second Addi Neither
        Xor Sd Second Xor Neither
        Xor Andn Neither Xor First
        Xor Sd Second Andn Neither
        Xor Srliw Neither Xor Second
        Xor Add Second Ld Neither
    }
}

/// Fuses what can be in one block; `ops` are those of `body`.
pub(super) fn fuse(body: &[Instruction], ops: &mut [Op]) {
    let mut written = None;
    // For each place, handlers that take two and three instructions.
    let mut candidates: Vec<[Option<Handler>; 2]> = Vec::with_capacity(body.len());
    for (at, &first) in body.iter().enumerate() {
        let two = body
            .get(at + 1)
            .and_then(|&second| pair(first, second, written));
        let three = body[at..]
            .first_chunk()
            .and_then(|&three| triple(three, written));
        candidates.push([two, three]);
        written = written_after(first, written);
    }
    // Fewest dispatches from each place to the end, found backwards, and how many instructions the first one takes.
    let mut dispatches = vec![0u32; body.len() + 3];
    let mut takes = vec![1usize; body.len()];
    for at in (0..body.len()).rev() {
        let [two, three] = candidates[at];
        let longest_first = [(3, three.is_some()), (2, two.is_some()), (1, true)];
        let possible = longest_first.into_iter().filter(|&(_, possible)| possible);
        let best = possible
            .map(|(count, _)| (dispatches[at + count] + 1, count))
            .min_by_key(|&(cost, _)| cost);
        (dispatches[at], takes[at]) = best.unwrap_or((dispatches[at + 1] + 1, 1));
    }
    let mut at = 0;
    while at < body.len() {
        let handler = match takes[at] {
            2 => candidates[at][0],
            3 => candidates[at][1],
            _ => None,
        };
        if let Some(handler) = handler {
            ops[at].handler = handler;
        }
        at += takes[at];
    }
}
