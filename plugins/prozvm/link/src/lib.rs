//! The ProzVM linker: a statically linked RISC-V executable becomes a PZ64 program.
//!
//! Compilers that know RV64IM with Zba, Zbb and Zicond (clang, gcc, Zig) produce the input; it must be linked with
//! `--emit-relocs`. How code, data, calls, tables and exports are translated stands in `plugins/prozvm/SPEC.md`,
//! rules L-1 and following.
//!
//! Invariant: what comes out has passed the verifier, and no input makes the linker panic.
//!
//! ```no_run
//! use proz_prozvm_link::{LinkOptions, link};
//!
//! let elf = std::fs::read("token.elf")?;
//! let program = link(&elf, &LinkOptions::default())?;
//! std::fs::write("token.pz", program.encode())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod assignment;
mod constants;
mod debug;
mod discover;
mod elf;
mod emit;
mod error;
mod exports;
mod functions;
mod handles;
mod infer;
mod ir;
mod lines;
mod link;
mod liveness;
mod lower;
mod options;
mod placement;
mod riscv;
mod simplify;
mod switches;
#[cfg(feature = "testing")]
pub mod testing;

pub use error::{Extension, LinkError};
pub use lines::{LINES_SECTION, LineRow, LineTable, LineTableError};
pub use link::{link, link_with_statistics};
pub use options::{LinkOptions, Linked, Statistics};
