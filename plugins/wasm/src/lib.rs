//! The WebAssembly VM of the ProzChain VM host.
//!
//! Contracts written in Rust, C, C++, Zig or AssemblyScript, compiled by wasmtime. This crate holds
//! all logic; the libraries that a host loads are made from it by the crates under `releases/`.
//!
//! A call goes through these rooms: `machine` (one message in, one result out), `cache` (compiled
//! contracts) with `validate`, `stack_height`, `engine` and `artefact` behind it, `frame` (what the
//! running call knows) and `host` (what contract code may ask for), all priced by `gas`.
#![expect(
    unsafe_code,
    reason = "store data cannot borrow, so frames hold raw pointers; mapping compiled code is unsafe"
)]

mod artefact;
mod cache;
mod compiler;
mod config;
mod cost;
mod describe;
mod engine;
mod error;
mod frame;
mod gas;
mod host;
mod imports;
mod machine;
mod operators;
mod pins;
mod stack_height;
#[cfg(test)]
mod suites;
#[cfg(feature = "testing")]
pub mod testing;
mod ticker;
mod validate;

pub use artefact::ArtefactError;
pub use cache::CacheCounts;
pub use config::{MachineConfig, ModuleLimits, PAGE_BYTES, Release, WasmConfig};
pub use cost::{MAX_BLOCKS, MAX_BRANCH_ARGUMENTS, MAX_COMPILE_GAS, Preparation, preparation};
pub use error::{FunctionRef, ValidationError};
pub use gas::{FUEL_PER_GAS, HostPrices, OperatorPrices, WasmGasCosts};
pub use imports::{HOST_FUNCTIONS, HostFunction};
pub use machine::WasmMachine;
pub use operators::{OperatorClass, class_of, name_of};
pub use stack_height::{
    BYTES_PER_SLOT, CALL_SLOTS, INSTRUMENTATION_VERSION, VALUES_PER_SLOT, charges, instrument,
};
pub use validate::{
    EntryPoint, FunctionFacts, ModuleFacts, OutputGlobals, Shape, allowed_imports, inspect,
    validate,
};

/// Features of release 1.0, comma-separated, as `vm_version` reports them.
pub const FEATURES_1_0: &str =
    "mvp,sign-extension,bulk-memory,reference-types,multi-value,deterministic";

/// Features of release 1.1.
pub const FEATURES_1_1: &str =
    "mvp,sign-extension,bulk-memory,reference-types,multi-value,deterministic,stylus";
