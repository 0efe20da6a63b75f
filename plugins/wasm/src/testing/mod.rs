//! A world of contracts on a host in memory, and the bodies of the fuzz targets.
//!
//! Tests of this crate and fuzzers share what is here; nothing of it is part of the plugin.
#![expect(
    clippy::unwrap_used,
    reason = "the helpers of a test may panic as the test may"
)]

mod fuzz;
mod noise;
mod world;
pub mod worst;

pub use fuzz::{fuzz_execute, fuzz_mutated, fuzz_validate};
pub use noise::Noise;
pub use world::{
    ALICE, GAS, World, address, assert_output, assert_status, code_hash, config, machine, wat, word,
};
