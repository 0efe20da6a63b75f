//! One room per command.

pub(crate) mod bench;
pub(crate) mod chain;
mod check;
pub(crate) mod config;
pub(crate) mod deploy;
mod doctor;
pub(crate) mod estimate;
pub(crate) mod external;
pub(crate) mod new;
pub(crate) mod plugin;
pub(crate) mod precompile;
pub(crate) mod run;
pub(crate) mod signing;
pub(crate) mod statetest;
pub(crate) mod validate;
pub(crate) mod why;
