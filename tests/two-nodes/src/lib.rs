//! One history on several nodes, each a process of its own, that must agree.
//!
//! Nodes of one chain differ in much that must never show in a result: sizes of caches, folders for
//! files, threads that run simulations meanwhile, releases installed beside the scheduled ones,
//! builds of one release, restarts, swaps and roll-backs, limits of the operating system. A
//! [`History`] says what happens to a chain and to its nodes; [`Harness`] plays it and compares what
//! every node says of every transaction. [`Campaign`] makes histories from numbers.
//!
//! The first difference is a [`Finding`], and the history up to it a file that plays again.

mod blocks;
mod campaign;
mod cases;
mod codes;
mod harness;
mod history;
mod install;
mod node;
mod peer;
mod programs;
mod protocol;
mod requirements;
mod schedule;
mod setups;
mod shrink;
mod world;

pub use campaign::{Campaign, Totals};
pub use cases::cases;
pub use harness::{Finding, Harness, Outcome, Stop, play};
pub use history::{
    Account, Authorization, Chain, History, NodeCalls, Release, RevisionFrom, Setup, Step,
    Transaction,
};
pub use install::Workshop;
pub use node::serve;
pub use shrink::shrink;
