//! What the caller chooses, and what comes back besides the program.

use proz_prozvm_core::{Program, SyscallTable, VmConfig};

/// Choices for [`link`](crate::link).
#[derive(Clone, Debug)]
pub struct LinkOptions {
    /// Bytes of stack, rounded up to pages; else what `.pz.config` says, else 65,536.
    pub stack_bytes: Option<u32>,
    /// Most pages of memory; else what `.pz.config` says, else those mapped from the start, and 256 more when the
    /// program grows its heap.
    pub max_pages: Option<u32>,
    /// Pages of heap mapped from the start; else what `.pz.config` says, else none.
    pub heap_pages: Option<u32>,
    /// Exports every global function as plain, under its symbol's name.
    pub export_symbols: bool,
    /// Results that plain exports have at least, 0 to 2. C does not tell them apart from the outside.
    pub plain_results: u8,
    /// Replaces calls of `memcpy`, `memmove` and `memset` by instructions.
    pub replace_memory_functions: bool,
    /// Removes what needs not be done: constant computations, dead results, frames that hold nothing. The saving
    /// of registers is governed by
    /// [`strip_callee_saves`](proz_prozvm_core::OptimizationConfig::strip_callee_saves).
    pub optimise: bool,
    /// Keeps the names of functions.
    pub names: bool,
    /// Keeps source lines, when the file has them.
    pub lines: bool,
    /// Machine for which the program is verified.
    pub config: VmConfig,
    /// Syscalls that the program may use.
    pub syscalls: SyscallTable,
}

impl Default for LinkOptions {
    fn default() -> Self {
        Self {
            stack_bytes: None,
            max_pages: None,
            heap_pages: None,
            export_symbols: false,
            plain_results: 1,
            replace_memory_functions: true,
            optimise: true,
            names: true,
            lines: true,
            config: VmConfig::default(),
            syscalls: proz_prozvm_syscalls::CHAIN,
        }
    }
}

/// A linked program and figures about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    /// The program; it has been verified.
    pub program: Program,
    /// Figures.
    pub statistics: Statistics,
}

/// Figures about a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Functions in the program.
    pub functions: usize,
    /// Functions of the file that nothing reaches.
    pub dead_functions: usize,
    /// RISC-V instructions read, of functions that are reached.
    pub instructions_read: usize,
    /// Instructions of the program.
    pub instructions: usize,
    /// Stores deleted that only kept a register for the caller.
    pub saves_deleted: usize,
    /// Other instructions deleted because nothing needs their result.
    pub dead_deleted: usize,
    /// Stack frames deleted.
    pub frames_deleted: usize,
    /// Jump tables that became switches.
    pub switches: usize,
    /// Calls of memory functions that became instructions.
    pub memory_calls: usize,
    /// Registers given a zero because a path might have read them unassigned.
    pub zeroed_registers: usize,
    /// Thunks between the type of indirect calls and that of functions.
    pub thunks: usize,
}
