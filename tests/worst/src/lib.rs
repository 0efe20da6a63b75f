//! Programs that cost a node the most for their gas, and a search for worse ones.
//!
//! A [`Scene`] is one transaction of 2^24 gas under Osaka with the accounts that it meets. Each runs in
//! a process of its own; what counts is the CPU time of the whole process, system time and threads
//! included, and its highest memory. [`rows`] lists the scenes of all machines, [`report`] measures
//! them, [`search`] looks for more.

mod caches;
mod evm;
mod limits;
mod measure;
mod mixed;
mod precompiles;
mod prozvm;
pub mod report;
mod rows;
mod scene;
pub mod search;
mod wasm;

pub use measure::{Measured, measure, prepare};
pub use rows::{Row, rows};
pub use scene::{Files, GAS, Scene};
