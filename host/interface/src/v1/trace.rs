//! Extension `proz.trace/1`: steps of an execution, for tracers.
//!
//! A frame asks its state access for the extension once, at its start. The host answers `None`
//! unless somebody traces, so that an untraced execution pays one question per frame at most;
//! a plugin may skip even that by looking at [`TraceSink::mask`] of the first answer.
//! Frames, storage accesses and logs are traced by the host itself.

use super::Word;
use abi_stable::{StableAbi, std_types::RSlice};

/// Id under which a frame asks for a [`TraceSink`].
pub const TRACE_EXTENSION: &str = "proz.trace/1";

/// Which events a tracer wants.
#[repr(transparent)]
#[derive(StableAbi, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TraceMask(pub u32);

impl TraceMask {
    /// Every instruction before it executes.
    pub const STEPS: Self = Self(1);
    /// With steps: the operand stack.
    pub const STACK: Self = Self(2);
    /// With steps: memory.
    pub const MEMORY: Self = Self(4);
    /// Calls, creations and their ends (traced by the host).
    pub const FRAMES: Self = Self(8);
    /// Storage reads and writes (traced by the host).
    pub const STORAGE: Self = Self(16);
    /// Logs (traced by the host).
    pub const LOGS: Self = Self(32);

    /// Whether all events of `other` are wanted.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The events of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Receiver of steps. Called on the frame's own thread, while the frame runs.
#[repr(C)]
#[derive(StableAbi)]
pub struct TraceSink {
    /// Wanted events.
    pub mask: TraceMask,
    /// First argument of the functions.
    pub sink: *const (),
    /// An instruction is about to execute.
    pub step: unsafe extern "C" fn(sink: *const (), event: &StepEvent<'_>),
    /// The instruction reported last has executed: gas left after it, and whether it failed. One
    /// that calls or creates ends before the nested frame begins, with the forwarded gas charged.
    pub step_end: unsafe extern "C" fn(sink: *const (), gas_left: u64, failed: bool),
}

/// One instruction before it executes. Borrowed for the call.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy)]
pub struct StepEvent<'a> {
    /// Offset of the instruction in the code, in bytes.
    pub program_counter: u64,
    /// Number of the instruction; the opcode byte in the EVM.
    pub opcode: u32,
    /// Name of the instruction.
    pub name: abi_stable::std_types::RStr<'a>,
    /// Gas left before it.
    pub gas_left: u64,
    /// Refund counter of the frame before it.
    pub gas_refund: i64,
    /// Operand stack or registers, lowest first; empty unless wanted.
    pub stack: RSlice<'a, Word>,
    /// Memory; empty unless wanted.
    pub memory: RSlice<'a, u8>,
    /// Size of memory in bytes, given even when the content is not wanted.
    pub memory_size_bytes: u64,
}
