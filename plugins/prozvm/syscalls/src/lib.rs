//! The syscalls that a ProzVM contract may import: numbers, names and signatures, as data.
//!
//! The plugin serves them, assembler and linker name them, the headers of the contract kit are checked
//! against them. What each does and costs stands in `plugins/prozvm/SPEC.md`, rules S-10 and following.
//!
//! Invariant: a number, once released, never changes its meaning.

mod table;

pub use table::{CHAIN, number};
