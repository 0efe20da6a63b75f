//! Proves a plugin right without the host.
//!
//! [`mock`] is a host in memory: it implements every callback of a frame, records each with its
//! gas, fails where a test wants it to, and answers nested calls by a function of the test.
//!
//! [`conformance`] is the kit: named cases that any machine or pack must pass, whoever wrote it.
#![expect(
    unsafe_code,
    reason = "the trace extension hands its receiver over as a raw pointer"
)]

pub mod conformance;
#[cfg(feature = "harness")]
pub mod harness;
pub mod mock;
