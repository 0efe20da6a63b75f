//! Joins instructions that often follow one another, two or three, in one handler.
//!
//! The first op gets a handler that does the work of all; the others keep their own op and operands. That saves
//! dispatches, and what an instruction reads or writes stays in a register of the processor for those behind it. The
//! second matters as much: a value that goes through the frame takes some cycles from its store to its load.

mod choose;
mod places;
mod table;

use std::marker::PhantomData;

pub(super) use choose::fuse;
pub(crate) use places::{From, Place};

use super::handlers::{Branch, Call, Leave, Return, leaving, several};
use super::machine::Handler;
use super::select::InAcc;
use super::shape::{Lc, Li, Shape};
use super::step::{Acc, Nothing, Run, Source, Then};
#[cfg(all(test, feature = "testing"))]
use crate::isa::Instruction;
use crate::isa::Opcode;
use crate::isa::semantics::op;
use table::fusions;

/// Sources of operands as types, by the names of [`places::From`].
mod from {
    use super::super::step::{Made, X, Y};
    pub(super) use super::super::step::{Own, Zero};

    pub(super) type X1 = X<0>;
    pub(super) type Y1 = Y<0>;
    pub(super) type R1 = Made<0>;
    pub(super) type X2 = X<1>;
    pub(super) type Y2 = Y<1>;
    pub(super) type R2 = Made<1>;
}

/// What comes behind the first instructions of a handler.
trait Rest {
    /// The handler of `R` and the rest; `count` is that of [`Choice`](super::select::Choice).
    fn handler<R: Run>(count: u8) -> Handler;
}

/// One more instruction that falls through, and what comes behind it.
struct More<S, A, B, T>(PhantomData<(S, A, B, T)>);

/// Nothing.
struct End;

/// A way to leave the block.
struct Leaving<L>(PhantomData<L>);

mod last {
    /// A call; the parameters are counted.
    pub(super) struct Call;
    /// A return; the results are counted.
    pub(super) struct Return;
}

impl<S: Shape, A: Source, B: Source, T: Rest> Rest for More<S, A, B, T> {
    fn handler<R: Run>(count: u8) -> Handler {
        T::handler::<Then<R, S::Step, A, B>>(count)
    }
}

impl Rest for End {
    fn handler<R: Run>(_: u8) -> Handler {
        several::<R>
    }
}

impl<L: Leave> Rest for Leaving<L> {
    fn handler<R: Run>(_: u8) -> Handler {
        leaving::<R, L>
    }
}

impl Rest for last::Call {
    fn handler<R: Run>(count: u8) -> Handler {
        // Passing on a register that is no argument does no harm: the callee cannot read it (V-20).
        match count {
            0 | 1 => leaving::<R, Call<1>>,
            2 => leaving::<R, Call<2>>,
            3 | 4 => leaving::<R, Call<4>>,
            _ => leaving::<R, Call<8>>,
        }
    }
}

impl Rest for last::Return {
    fn handler<R: Run>(count: u8) -> Handler {
        match count {
            0 => leaving::<R, Return<0>>,
            1 => leaving::<R, Return<1>>,
            _ => leaving::<R, Return<2>>,
        }
    }
}

/// The handler of `S` and the rest; an operand of `S` is taken from `acc` where it is there.
fn join<S: Shape, A: Source, B: Source, T: Rest>(acc: InAcc, count: u8) -> Handler {
    match acc {
        InAcc::Neither => T::handler::<Then<Nothing, S::Step, A, B>>(count),
        InAcc::First => T::handler::<Then<Nothing, S::Step, Acc, B>>(count),
        InAcc::Second => T::handler::<Then<Nothing, S::Step, A, Acc>>(count),
    }
}

macro_rules! find {
    (
        two { $($a2:ident $a2x:ident $a2y:ident, $b2:ident $b2x:ident $b2y:ident;)* }
        two_branch { $($a2b:ident $a2bx:ident $a2by:ident, $b2b:ident $b2bx:ident $b2by:ident;)* }
        two_leave { $($a2l:ident $a2lx:ident $a2ly:ident, $b2l:ident;)* }
        three { $(
            $a3:ident $a3x:ident $a3y:ident, $b3:ident $b3x:ident $b3y:ident,
            $c3:ident $c3x:ident $c3y:ident;
        )* }
        three_branch { $(
            $a3b:ident $a3bx:ident $a3by:ident, $b3b:ident $b3bx:ident $b3by:ident,
            $c3b:ident $c3bx:ident $c3by:ident;
        )* }
        three_leave { $(
            $a3l:ident $a3lx:ident $a3ly:ident, $b3l:ident $b3lx:ident $b3ly:ident, $c3l:ident;
        )* }
    ) => {
        /// All that is fused, for tests.
        #[cfg(feature = "testing")]
        pub(crate) const FUSED: &[&[Place]] = &[
            $(&[(Opcode::$a2, [From::$a2x, From::$a2y]), (Opcode::$b2, [From::$b2x, From::$b2y])],)*
            $(&[(Opcode::$a2b, [From::$a2bx, From::$a2by]), (Opcode::$b2b, [From::$b2bx, From::$b2by])],)*
            $(&[(Opcode::$a2l, [From::$a2lx, From::$a2ly]), (Opcode::$b2l, [From::Own; 2])],)*
            $(&[
                (Opcode::$a3, [From::$a3x, From::$a3y]),
                (Opcode::$b3, [From::$b3x, From::$b3y]),
                (Opcode::$c3, [From::$c3x, From::$c3y]),
            ],)*
            $(&[
                (Opcode::$a3b, [From::$a3bx, From::$a3by]),
                (Opcode::$b3b, [From::$b3bx, From::$b3by]),
                (Opcode::$c3b, [From::$c3bx, From::$c3by]),
            ],)*
            $(&[
                (Opcode::$a3l, [From::$a3lx, From::$a3ly]),
                (Opcode::$b3l, [From::$b3lx, From::$b3ly]),
                (Opcode::$c3l, [From::Own; 2]),
            ],)*
        ];

        pub(super) fn pair(places: [Place; 2], acc: InAcc, count: u8) -> Option<Handler> {
            use op::*;
            Some(match places {
                $([(Opcode::$a2, [From::$a2x, From::$a2y]), (Opcode::$b2, [From::$b2x, From::$b2y])] => {
                    join::<$a2, from::$a2x, from::$a2y, More<$b2, from::$b2x, from::$b2y, End>>(acc, count)
                })*
                $([(Opcode::$a2b, [From::$a2bx, From::$a2by]), (Opcode::$b2b, [From::$b2bx, From::$b2by])] => {
                    join::<
                        $a2b, from::$a2bx, from::$a2by,
                        Leaving<Branch<$b2b, from::$b2bx, from::$b2by>>,
                    >(acc, count)
                })*
                $([(Opcode::$a2l, [From::$a2lx, From::$a2ly]), (Opcode::$b2l, _)] => {
                    join::<$a2l, from::$a2lx, from::$a2ly, last::$b2l>(acc, count)
                })*
                _ => return None,
            })
        }

        pub(super) fn triple(places: [Place; 3], acc: InAcc, count: u8) -> Option<Handler> {
            use op::*;
            Some(match places {
                $([
                    (Opcode::$a3, [From::$a3x, From::$a3y]),
                    (Opcode::$b3, [From::$b3x, From::$b3y]),
                    (Opcode::$c3, [From::$c3x, From::$c3y]),
                ] => {
                    join::<
                        $a3, from::$a3x, from::$a3y,
                        More<$b3, from::$b3x, from::$b3y, More<$c3, from::$c3x, from::$c3y, End>>,
                    >(acc, count)
                })*
                $([
                    (Opcode::$a3b, [From::$a3bx, From::$a3by]),
                    (Opcode::$b3b, [From::$b3bx, From::$b3by]),
                    (Opcode::$c3b, [From::$c3bx, From::$c3by]),
                ] => {
                    join::<
                        $a3b, from::$a3bx, from::$a3by,
                        More<
                            $b3b, from::$b3bx, from::$b3by,
                            Leaving<Branch<$c3b, from::$c3bx, from::$c3by>>,
                        >,
                    >(acc, count)
                })*
                $([
                    (Opcode::$a3l, [From::$a3lx, From::$a3ly]),
                    (Opcode::$b3l, [From::$b3lx, From::$b3ly]),
                    (Opcode::$c3l, _),
                ] => {
                    join::<
                        $a3l, from::$a3lx, from::$a3ly,
                        More<$b3l, from::$b3lx, from::$b3ly, last::$c3l>,
                    >(acc, count)
                })*
                _ => return None,
            })
        }
    };
}

fusions!(find);

/// The handler for a whole body that is in the table, for tests.
#[cfg(all(test, feature = "testing"))]
pub(super) fn in_table(body: &[Instruction], written: Option<u8>, count: u8) -> Option<Handler> {
    let acc = InAcc::of(body[0], written);
    match *body {
        [a, b] => pair(places::places([a, b]), acc, count),
        [a, b, c] => triple(places::places([a, b, c]), acc, count),
        _ => None,
    }
}
