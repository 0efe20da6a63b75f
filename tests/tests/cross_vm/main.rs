//! Contracts of two VMs that call one another, through the real host and the real plugins.
#![expect(
    clippy::unwrap_used,
    reason = "the helpers of a test may panic as the test may"
)]

mod chain;
mod frames;
mod kit;
mod market;
mod options;
mod releases;
mod wallet;
mod world;
