//! From an instruction of the table to its step.

use super::step::{Binary, Immediate, Load, LoadConstant, LoadImmediate, Step, Store, Unary};
use crate::isa::semantics::op;
use crate::isa::table::instructions;

/// An instruction that falls through.
pub(super) trait Shape {
    /// What it does.
    type Step: Step;
}

/// `li`, which has no semantics of its own in the table.
pub(super) struct Li;

/// `lc`, which has no semantics of its own in the table.
pub(super) struct Lc;

impl Shape for Li {
    type Step = LoadImmediate;
}

impl Shape for Lc {
    type Step = LoadConstant;
}

macro_rules! shape {
    (Binary $name:ident) => { shape!(@ $name, Binary<op::$name>); };
    (Immediate $name:ident) => { shape!(@ $name, Immediate<op::$name>); };
    (Shift64 $name:ident) => { shape!(@ $name, Immediate<op::$name>); };
    (Shift32 $name:ident) => { shape!(@ $name, Immediate<op::$name>); };
    (Unary $name:ident) => { shape!(@ $name, Unary<op::$name>); };
    (Load $name:ident) => { shape!(@ $name, Load<op::$name>); };
    (Store $name:ident) => { shape!(@ $name, Store<op::$name>); };
    ($class:ident $name:ident) => {};
    (@ $name:ident, $step:ty) => {
        impl Shape for op::$name {
            type Step = $step;
        }
    };
}

macro_rules! shapes {
    ($($class:ident { $($code:literal $name:ident $text:literal $cost:literal $semantics:tt)* })*) => {
        $($(shape!($class $name);)*)*
    };
}

instructions!(shapes);
