//! Chooses the handler of an instruction, by the table.

use super::handlers::{self, Branch, Call, Jump, Return, leaving, one};
use super::heavy::{self, effect, heavy};
use super::machine::Handler;
use super::shape::{Lc, Li, Shape};
use super::step::{Acc, Nothing, Own, Then, Zero};
use crate::isa::semantics::op;
use crate::isa::table::instructions;
use crate::isa::{Instruction, Opcode};

/// Which operand of an instruction is at hand in `acc`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InAcc {
    Neither,
    First,
    Second,
}

impl InAcc {
    /// Decides for an instruction behind one that wrote register `written`.
    pub(super) fn of(instruction: Instruction, written: Option<u8>) -> Self {
        match written {
            Some(register) if register == instruction.rs1 => Self::First,
            Some(register) if register == instruction.rs2 => Self::Second,
            _ => Self::Neither,
        }
    }
}

/// What a handler is chosen by, besides the opcode.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice {
    pub(super) acc: InAcc,
    /// Whether the second operand is `zero`.
    pub(super) zero: bool,
    /// Parameters of a call, or results of a return.
    pub(super) count: u8,
    /// Which of the copies of a handler.
    pub(super) copy: usize,
}

/// Copies that exist of each handler of a single instruction.
///
/// They differ in nothing but their address. Processors predict an indirect jump by where it stands and by how
/// control came there; with more places, each has fewer targets. Four copies made kernels 5 to 30 % faster on Zen 3.
pub(super) const COPIES: usize = 4;

/// Calls the generic handler for a number of values known only now.
macro_rules! by_count {
    ($handler:ident, $count:expr, $($n:literal)*) => {
        match $count {
            $($n => handlers::$handler::<$n> as Handler,)*
            _ => handlers::$handler::<0>,
        }
    };
    (leave, $leave:ident, $count:expr, $($n:literal)*) => {
        match $count {
            $($n => leaving::<Nothing, $leave<$n>> as Handler,)*
            _ => leaving::<Nothing, $leave<0>>,
        }
    };
}

/// The handler of an instruction.
pub(super) fn handler(opcode: Opcode, choice: Choice) -> Handler {
    macro_rules! arm {
        (Binary $f:ident) => { straight::<op::$f>(choice) };
        (Immediate $f:ident) => { straight::<op::$f>(choice) };
        (Shift64 $f:ident) => { straight::<op::$f>(choice) };
        (Shift32 $f:ident) => { straight::<op::$f>(choice) };
        (Unary $f:ident) => { straight::<op::$f>(choice) };
        (LoadImmediate $f:ident) => { straight::<Li>(choice) };
        (LoadConstant $f:ident) => { straight::<Lc>(choice) };
        (Load $f:ident) => { straight::<op::$f>(choice) };
        (Store $f:ident) => { straight::<op::$f>(choice) };
        (Branch $f:ident) => {
            match (choice.acc, choice.zero) {
                (InAcc::Neither, false) => leaving::<Nothing, Branch<op::$f, Own, Own>>,
                (InAcc::Neither, true) => leaving::<Nothing, Branch<op::$f, Own, Zero>>,
                (InAcc::First, false) => leaving::<Nothing, Branch<op::$f, Acc, Own>>,
                (InAcc::First, true) => leaving::<Nothing, Branch<op::$f, Acc, Zero>>,
                (InAcc::Second, _) => leaving::<Nothing, Branch<op::$f, Own, Acc>>,
            }
        };
        (Jump $f:ident) => { leaving::<Nothing, Jump> };
        (Call $f:ident) => { by_count!(leave, Call, choice.count, 0 1 2 3 4 5 6 7 8) };
        (CallIndirect $f:ident) => { by_count!(call_indirect, choice.count, 0 1 2 3 4 5 6 7 8) };
        (Switch $f:ident) => { handlers::switch };
        (Return $f:ident) => { by_count!(leave, Return, choice.count, 0 1 2) };
        (Trap $f:ident) => { handlers::trap };
        (Syscall $f:ident) => { effect::<heavy::Sys> };
        (WideBinary $f:ident) => { heavy::<heavy::WideBinary<op::$f>> };
        (WideTernary $f:ident) => { heavy::<heavy::WideTernary<op::$f>> };
        (WideShift $f:ident) => { heavy::<heavy::WideShift<op::$f>> };
        (WideCompare $f:ident) => { heavy::<heavy::WideCompare<op::$f>> };
        (WideUnary $f:ident) => { heavy::<heavy::WideUnary<op::$f>> };
        (WideExtend $f:ident) => { heavy::<heavy::WideExtend<op::$f>> };
        (WideProduct $f:ident) => { heavy::<heavy::WideProduct<op::$f>> };
        (WidePower $f:ident) => { effect::<heavy::Power> };
        (Hash Keccak256) => { effect::<heavy::Keccak256> };
        (Hash Sha256) => { effect::<heavy::Sha256> };
        (Copy $f:ident) => { effect::<heavy::Copy> };
        (Fill $f:ident) => { effect::<heavy::Fill> };
        (Grow $f:ident) => { effect::<heavy::Grow> };
    }
    macro_rules! choose {
        ($($class:ident { $($code:literal $name:ident $text:literal $cost:literal $semantics:tt)* })*) => {
            match opcode {
                $($(Opcode::$name => arm!($class $name),)*)*
            }
        };
    }
    instructions!(choose)
}

fn straight<S: Shape>(choice: Choice) -> Handler {
    match choice.copy % COPIES {
        0 => copy::<S, 0>(choice.acc),
        1 => copy::<S, 1>(choice.acc),
        2 => copy::<S, 2>(choice.acc),
        _ => copy::<S, 3>(choice.acc),
    }
}

fn copy<S: Shape, const COPY: u8>(acc: InAcc) -> Handler {
    match acc {
        InAcc::Neither => one::<Then<Nothing, S::Step, Own, Own>, COPY>,
        InAcc::First => one::<Then<Nothing, S::Step, Acc, Own>, COPY>,
        InAcc::Second => one::<Then<Nothing, S::Step, Own, Acc>, COPY>,
    }
}
