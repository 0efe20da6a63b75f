//! ProzVM without any host: the PZ64 machine.
//!
//! A program comes as bytes ([`Program::decode`]) or text (crate `proz-prozvm-asm`), is checked once
//! ([`verify()`]) and then runs on either interpreter with the same outcome and the same gas to the unit.
//! What the machine means stands in `plugins/prozvm/SPEC.md`; doc comments cite its rules.
//!
//! ```
//! use proz_prozvm_core::{Call, Instruction, NoSyscalls, Opcode, Outcome, Program, Reference, Signature};
//! use proz_prozvm_core::{Function, SyscallTable, VmConfig, verify};
//!
//! let program = Program {
//!     gas_schedule: 1,
//!     stack_size: 4096,
//!     max_pages: 1,
//!     types: vec![Signature::new(2, 1)],
//!     functions: vec![Function { signature: 0, length: 2 }],
//!     code: vec![
//!         Instruction::new(Opcode::Add, 10, 10, 11, 0), // add a0, a0, a1
//!         Instruction::new(Opcode::Return, 0, 0, 0, 0),
//!     ],
//!     ..Program::default()
//! };
//! let program = verify(program, &VmConfig::default(), &SyscallTable::EMPTY)?;
//! let call = Call { function: 0, arguments: &[2, 3], gas_limit: 1_000 };
//! let result = Reference::new(&program, &call)?.run(&mut NoSyscalls);
//! assert_eq!(result.outcome, Outcome::Finished([5, 0]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod call;
mod config;
mod dynamic;
mod engine;
mod format;
mod gas;
mod hashes;
mod isa;
mod layout;
mod memory;
mod outcome;
mod program;
mod reference;
mod rules;
mod syscalls;
mod targets;
#[cfg(feature = "testing")]
pub mod testing;
mod threaded;
mod verify;
mod zeroed;

pub use call::{Call, CallError};
pub use config::{
    ConfigError, Limits, MemoryKind, MemoryModel, OptimizationConfig, RegisterConfig, StackLimit,
    Tier, VmConfig,
};
pub use engine::Engine;
pub use format::{HEADER_SIZE, MAGIC, Section};
pub use gas::{GasSchedule, NEAR_PAGES, OutOfGas};
pub use isa::register::{
    A0, MAX_PARAMETERS, MAX_RESULTS, MAX_SYSCALL_ARGUMENTS, REGISTERS, SP, ZERO, register_name,
    register_number,
};
pub use isa::{Class, Instruction, Opcode, Operand};
pub use layout::Layout;
pub use memory::{Memory, MemoryFault};
pub use outcome::{Location, Outcome, RunResult, Trap};
pub use program::{
    Custom, Export, ExportKind, FORMAT_VERSION, Features, Function, Import, MEMORY_BASE,
    Mutability, PAGE_SIZE, Program, Signature, SwitchTable, Targets, function_handle, handle_index,
};
pub use reference::{BlockProfile, Driver, FunctionProfile, Profile, Reference};
pub use rules::{Rejection, Rule};
pub use syscalls::{Control, Guest, NoSyscalls, SyscallEntry, SyscallTable, Syscalls};
pub use threaded::Prepared;
pub use verify::{Block, FunctionInfo, LoadError, Verified, load, verify};
