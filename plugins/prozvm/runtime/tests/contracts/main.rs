//! The contracts of the kit (`sdk/prozvm`), from C, C++, Zig and Rust, on the in-memory host.
#![allow(clippy::unwrap_used)]

mod airdrop;
mod artefacts;
mod counter;
mod htlc;
mod malformed;
mod token;
mod wallet;
mod world;
