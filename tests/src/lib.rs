//! What the suites with real dynamic loading share: where test data lies, and plugins built on demand.
//!
//! # Panics
//!
//! Everything here panics when a plugin cannot be built: a test cannot go on without it.

pub mod arena;
mod build;
pub mod chains;
pub mod evm;
mod places;
pub mod random;
pub mod recursion;

pub use build::{build_c, build_example, build_example_with, build_plugin};
pub use places::{corpora_dir, plugins_dir, program, workspace_root};
