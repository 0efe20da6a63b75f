//! The ProzVM plugin from outside: contracts as text on the in-memory host, hostile programs, the conformance kit.
#![allow(clippy::unwrap_used)]

mod bad_input;
#[path = "../../conformance/build.rs"]
mod build;
mod conformance;
mod life;
mod preparation;
mod prices;
mod settings;
mod support;
mod syscalls;
