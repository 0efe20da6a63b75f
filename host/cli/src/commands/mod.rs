//! One room per command.

mod check;
pub(crate) mod deploy;
pub(crate) mod estimate;
pub(crate) mod plugin;
pub(crate) mod precompile;
pub(crate) mod run;
pub(crate) mod statetest;
pub(crate) mod validate;
