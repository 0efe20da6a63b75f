//! The text form of ProzVM programs: assembler and disassembler.
//!
//! `assemble(disassemble(p)) == p` for every verified program. Mnemonics, registers and operands come from the
//! instruction table in `proz-prozvm-core`; this crate adds directives, labels and data.
//!
//! ```
//! use proz_prozvm_asm::{assemble, disassemble};
//! use proz_prozvm_core::SyscallTable;
//!
//! let source = "
//!     .func sum (1) -> 1
//!         li   t0, 0
//!     loop:
//!         add  t0, t0, a0
//!         addi a0, a0, -1
//!         bne  a0, zero, loop
//!         mv   a0, t0
//!         ret
//!     .export \"sum\" sum plain
//! ";
//! let program = assemble(source, &SyscallTable::EMPTY)?;
//! assert_eq!(program.code.len(), 6);
//! assert_eq!(assemble(&disassemble(&program), &SyscallTable::EMPTY)?, program);
//! # Ok::<(), proz_prozvm_asm::AsmError>(())
//! ```

mod assemble;
mod data;
mod disassemble;
mod error;
mod fuzz;
mod operand;

pub use assemble::assemble;
pub use disassemble::{NAMES_SECTION, disassemble, disassemble_instruction, function_names};
pub use error::AsmError;
pub use fuzz::fuzz_text;
