//! One transaction's execution: frames, their dispatch to VMs, and what comes out.

mod access;
mod call;
mod create;
mod executor;
mod machine;
mod outcome;
mod precompile;
mod watcher;

pub(crate) use create::Creation;
pub(crate) use executor::{Abort, Executor, Surroundings};
pub(crate) use machine::PrecompileTable;
pub(crate) use machine::{LoadedPrecompile, Machine, PluginIdentity};
pub use machine::{PrecompileInfo, VmSet};
pub use outcome::{ExecutionError, ExecutionResult, InvalidTransaction, Status};
pub(crate) use watcher::{Steps, Watcher};
