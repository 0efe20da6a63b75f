//! One transaction's execution: frames, their dispatch to VMs, and what comes out.

mod access;
mod bounds;
mod call;
mod create;
mod executor;
mod machine;
mod outcome;
mod precompile;
mod set;
mod stack;
mod watcher;
mod why;

pub(crate) use bounds::cut;
pub(crate) use create::Creation;
pub(crate) use executor::{Abort, Executor, Surroundings};
pub use machine::PrecompileInfo;
pub(crate) use machine::{LoadedPrecompile, Machine, PluginIdentity, PrecompileTable};
pub use outcome::{ExecutionError, ExecutionResult, InvalidTransaction, Status};
pub use set::VmSet;
pub(crate) use set::{ActiveMachine, RevisionView};
pub(crate) use watcher::{Steps, Watcher};
pub use why::{CandidateFit, CodeForm, Explanation, Verdict};
