//! The Ethereum virtual machine as a ProzChain VM.
//!
//! Computes one frame at a time on revm's interpreter; everything outside the frame is the
//! host's. revm brings the arithmetic, stack, memory and environment instructions and the gas
//! schedules; every instruction that reaches state, other frames or the caller is replaced by one
//! that talks to the SDK's host directly, so a nested call needs neither a suspended interpreter
//! nor a copy of its input.
//!
//! Releases are thin libraries around [`Evm`]: they fix a version and the newest rule set.
#![expect(
    unsafe_code,
    reason = "borrowed call data and instruction tables are used under erased lifetimes"
)]

mod analysis;
mod cache;
mod config;
mod frame;
mod hashes;
mod instructions;
mod machine;
mod memory;
mod metrics;
mod opcodes;
mod pool;
mod rules;
mod run;
mod status;
mod validate;

pub use config::{EvmConfig, MachineSettings, OpcodeName};
pub use machine::{Evm, NO_COMPILED_TIER};
