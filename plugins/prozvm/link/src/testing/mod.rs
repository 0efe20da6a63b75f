//! RISC-V executables made here, for tests and fuzzers: an assembler, an ELF writer, and random functions that obey
//! the calling convention.

mod assembler;
mod executable;
mod fuzz;
mod qemu;
mod random;
mod statements;

pub use assembler::{Assembler, Label};
pub use executable::{Executable, Place, Relocated, SymbolKind, relocation};
pub use fuzz::link_anything;
pub use qemu::{QEMU_MISSING, compare_with_qemu, has_qemu, run_on_qemu};
pub use random::{Batch, random_batch};
