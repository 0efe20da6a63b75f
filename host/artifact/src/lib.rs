//! Reads contract code and ABIs from compiler artefacts, codes calls, and renders what came of them.
//!
//! ```
//! use proz_artifact::{ReadOptions, encode_call, read_code};
//!
//! let contract = read_code(b"0x6001600255", &ReadOptions::default())?;
//! assert_eq!(contract.creation_code()?, [0x60, 1, 0x60, 2, 0x55]);
//! let input = encode_call("mint(address,uint256)", &["0x00000000000000000000000000000000000000aa", "1e18"])?;
//! assert_eq!(input.len(), 4 + 64);
//! # Ok::<(), proz_artifact::ArtifactError>(())
//! ```
//!
//! Pure apart from [`read_file`], [`read_abi_file`] and [`read_argument`]: no state, no environment,
//! no terminal. Nothing here executes code or knows a plugin.

mod argument;
mod book;
mod call;
mod contract;
mod error;
mod hexadecimal;
mod kind;
mod linking;
pub mod number;
mod presentation;
mod reading;
mod revert;
mod selection;
mod shape;
mod signature;
pub mod trace;
mod value;

pub use argument::{ArgumentError, ValueError, read_value};
pub use book::{AbiBook, DecodedCall, DecodedLog};
pub use call::{
    decode_input, decode_output, decode_returns, encode_arguments, encode_call, encode_constructor,
    encode_function,
};
pub use contract::{Compiler, Contract, Format, ReadOptions};
pub use error::{ArtifactError, LibraryReference, Result};
pub use hexadecimal::read_hex;
pub use kind::{CONTAINER_MAGIC, CodeKind, DELEGATION_MAGIC, PROZVM_MAGIC, WASM_MAGIC};
pub use presentation::Presentation;
pub use reading::{
    LARGEST_FILE_BYTES, contract_names, read_abi, read_abi_file, read_argument, read_code,
    read_file,
};
pub use revert::{ERROR_SELECTOR, PANIC_SELECTOR, RevertReason};
pub use signature::{parse_signature, resolve_function};
pub use value::{NamedValue, Value};
