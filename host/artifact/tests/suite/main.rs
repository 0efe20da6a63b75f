//! The suite of `proz-artifact`, one binary: real artefacts, calls of real contracts, traces.

#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod calls;
mod common;
mod decoding;
mod properties;
mod reading;
mod traces;
