//! From an instruction of the table to its step, for each choice of where the operands come from.

use super::step::{Binary, Imm, Load, LoadConstant, LoadImmediate, Source, Step, Store, Unary};
use crate::isa::semantics::op;
use crate::isa::table::instructions;

/// An instruction that falls through.
pub(super) trait Shape {
    /// The step with first operand from `X` and second from `Y`; instructions without them do not care.
    type Step<X: Source, Y: Source>: Step;
}

/// `li`, which has no semantics of its own in the table.
pub(super) struct Li;

/// `lc`, which has no semantics of its own in the table.
pub(super) struct Lc;

impl Shape for Li {
    type Step<X: Source, Y: Source> = LoadImmediate;
}

impl Shape for Lc {
    type Step<X: Source, Y: Source> = LoadConstant;
}

macro_rules! shape {
    (Binary $name:ident) => { shape!(@ $name, Binary<op::$name, X, Y>); };
    (Immediate $name:ident) => { shape!(@ $name, Binary<op::$name, X, Imm>); };
    (Shift64 $name:ident) => { shape!(@ $name, Binary<op::$name, X, Imm>); };
    (Shift32 $name:ident) => { shape!(@ $name, Binary<op::$name, X, Imm>); };
    (Unary $name:ident) => { shape!(@ $name, Unary<op::$name, X>); };
    (Load $name:ident) => { shape!(@ $name, Load<op::$name, X>); };
    (Store $name:ident) => { shape!(@ $name, Store<op::$name, X, Y>); };
    ($class:ident $name:ident) => {};
    (@ $name:ident, $step:ty) => {
        impl Shape for op::$name {
            type Step<X: Source, Y: Source> = $step;
        }
    };
}

macro_rules! shapes {
    ($($class:ident { $($code:literal $name:ident $text:literal $cost:literal $semantics:tt)* })*) => {
        $($(shape!($class $name);)*)*
    };
}

instructions!(shapes);
