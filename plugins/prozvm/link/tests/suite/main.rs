//! Tests of the linker: compiled programs, refusals, debug information, and a comparison with qemu.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod fixtures;
mod fuzz;
mod lines;
mod qemu;
mod rules;
mod running;
mod source;
