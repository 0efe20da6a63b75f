//! The instruction set, derived from one table.

mod evaluate;
mod instruction;
pub(crate) mod register;
mod scalar;
pub(crate) mod semantics;
pub(crate) mod table;
pub(crate) mod wide;

pub use instruction::{Class, Instruction, Opcode, Operand};
