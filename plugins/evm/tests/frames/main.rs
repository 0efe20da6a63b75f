//! Frames of the EVM against a host in memory.
#![allow(clippy::unwrap_used, reason = "tests may unwrap, their helpers too")]

mod calls;
mod configuration;
mod creations;
mod kit;
mod observers;
mod outcomes;
mod storage;
