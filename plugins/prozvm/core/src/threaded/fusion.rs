//! Joins frequent pairs of instructions in one handler.
//!
//! The first op of a pair gets a handler that does the work of both; the second keeps its own op and operands. A pair
//! saves a dispatch, and a value that passes inside it stays in a register of the processor.
//!
//! The pairs are those that eight kernels (recursion, integer loop, sieve, SHA-256, Keccak, 256-bit Montgomery
//! product, matrix product, heap sort), compiled by clang 19 at -O3, execute most.

use super::handlers::{one_branch, two};
use super::machine::{Handler, Op};
use super::select::InAcc;
use super::shape::{Li, Shape};
use super::step::{Acc, RegB, RegC};
use super::translate::written_after;
use crate::isa::semantics::{self, op};
use crate::isa::{Instruction, Opcode};

/// Where the second instruction of a pair takes its operands from.
macro_rules! second {
    (Neither, $then:ident!($($args:tt)*)) => { $then!($($args)* RegB, RegC) };
    (First, $then:ident!($($args:tt)*)) => { $then!($($args)* Acc, RegC) };
    (Second, $then:ident!($($args:tt)*)) => { $then!($($args)* RegB, Acc) };
}

macro_rules! pairs {
    (
        straight { $($a:ident $b:ident $dependency:ident)* }
        branching { $($c:ident $branch:ident $condition:ident)* }
    ) => {
        /// The handler for two instructions of one block, if there is one.
        pub(super) fn pair(first: Instruction, second: Instruction, written: Option<u8>) -> Option<Handler> {
            let acc = InAcc::of(first, written);
            let dependency = InAcc::of(second, written_after(first, written));
            macro_rules! join_two {
                ($x:ty, $y:ty, $p:ty, $q:ty) => { join::<$x, <$y as Shape>::Step<$p, $q>>(acc) };
            }
            macro_rules! join_branching {
                ($x:ty, $y:ty, $p:ty, $q:ty) => { join_branch::<$x, $y, $p, $q>(acc) };
            }
            #[allow(unused_imports)]
            use op::*;
            match (first.opcode, second.opcode, dependency) {
                $((Opcode::$a, Opcode::$b, InAcc::$dependency) => Some(second!($dependency, join_two!($a, $b,))),)*
                $((Opcode::$c, Opcode::$branch, InAcc::$condition) => {
                    Some(second!($condition, join_branching!($c, $branch,)))
                })*
                _ => None,
            }
        }
    };
}

fn join<S: Shape, T: super::step::Step>(acc: InAcc) -> Handler {
    match acc {
        InAcc::Neither => two::<S::Step<RegB, RegC>, T>,
        InAcc::First => two::<S::Step<Acc, RegC>, T>,
        InAcc::Second => two::<S::Step<RegB, Acc>, T>,
    }
}

fn join_branch<S: Shape, F: semantics::Branch, X: super::step::Source, Y: super::step::Source>(
    acc: InAcc,
) -> Handler {
    match acc {
        InAcc::Neither => one_branch::<S::Step<RegB, RegC>, F, X, Y>,
        InAcc::First => one_branch::<S::Step<Acc, RegC>, F, X, Y>,
        InAcc::Second => one_branch::<S::Step<RegB, Acc>, F, X, Y>,
    }
}

pairs! {
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
    }
}

/// Fuses what can be in one block; `ops` are those of `body`.
pub(super) fn fuse(body: &[Instruction], ops: &mut [Op]) {
    let mut written = None;
    let mut candidates: Vec<Option<Handler>> = Vec::with_capacity(body.len());
    for (at, &first) in body.iter().enumerate() {
        candidates.push(
            body.get(at + 1)
                .and_then(|&second| pair(first, second, written)),
        );
        written = written_after(first, written);
    }
    // Fewest dispatches from each place to the end, found backwards.
    let mut dispatches = vec![0u32; body.len() + 2];
    for at in (0..body.len()).rev() {
        let alone = dispatches[at + 1] + 1;
        let joined = dispatches[at + 2] + 1;
        dispatches[at] = if candidates[at].is_some() {
            alone.min(joined)
        } else {
            alone
        };
    }
    let mut at = 0;
    while at < body.len() {
        match candidates[at] {
            Some(handler) if dispatches[at + 2] + 1 == dispatches[at] => {
                ops[at].handler = handler;
                at += 2;
            }
            _ => at += 1,
        }
    }
}
