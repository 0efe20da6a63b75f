//! How a run ends.
//!
//! Spec: T-1 to T-6.

use crate::gas::OutOfGas;
use crate::memory::MemoryFault;
use crate::zeroed::NoMemory;

/// Why a program trapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Trap {
    /// An access to memory that is not mapped, or a write to read-only memory.
    #[error("memory access outside the mapped range")]
    Memory,
    /// More frames than the call depth allows.
    #[error("call depth exceeded")]
    CallDepth,
    /// A handle that names no function, or one of another type.
    #[error("indirect call through a bad handle")]
    IndirectCall,
    /// The program executed `trap`.
    #[error("trap {0}")]
    Explicit(u32),
    /// A syscall refused its arguments.
    #[error("syscall refused its arguments")]
    Syscall,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The entry function returned; its results, zero where it has none.
    Finished([u64; 2]),
    /// A syscall stopped the program.
    Stopped,
    /// A block or an instruction of dynamic cost could not be paid.
    OutOfGas,
    /// The program did what no program may do.
    Trapped(Trap),
    /// The machine that runs it lacks memory. Says nothing about the program: embedders must not take it for a result.
    NoMemory,
}

/// An instruction of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// Function index.
    pub function: u32,
    /// Instruction index inside the function.
    pub instruction: u32,
}

/// The end of a run; the same in every tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunResult {
    /// How it ended.
    pub outcome: Outcome,
    /// Gas left at that moment.
    pub gas_left: u64,
    /// Where it ended: the instruction that stopped or trapped, or the first of the block that could not be paid.
    /// `None` when it finished or memory could not be paid.
    pub location: Option<Location>,
}

/// What keeps an instruction from completing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interrupt {
    Stopped,
    OutOfGas,
    Trapped(Trap),
    NoMemory,
}

impl From<NoMemory> for Interrupt {
    fn from(_: NoMemory) -> Self {
        Self::NoMemory
    }
}

impl From<Interrupt> for Outcome {
    fn from(interrupt: Interrupt) -> Self {
        match interrupt {
            Interrupt::Stopped => Self::Stopped,
            Interrupt::OutOfGas => Self::OutOfGas,
            Interrupt::Trapped(trap) => Self::Trapped(trap),
            Interrupt::NoMemory => Self::NoMemory,
        }
    }
}

impl From<MemoryFault> for Interrupt {
    fn from(_: MemoryFault) -> Self {
        Self::Trapped(Trap::Memory)
    }
}

impl From<OutOfGas> for Interrupt {
    fn from(_: OutOfGas) -> Self {
        Self::OutOfGas
    }
}
