//! ProzVM as a plugin: one message in, one result out.
//!
//! The machine itself is `proz-prozvm-core`, which knows no host. This crate gives it one: it chooses the export that
//! a message means, serves the syscalls over the host's callbacks, prices them, and keeps prepared programs. The
//! libraries that a host loads are made from it by the crates under `plugins/prozvm/releases`.
//!
//! A call goes through these rooms: `machine` (the plugin's trait), `pins` and `cache` (prepared contracts) with
//! `contract` behind them, `frame` (one running call), `purse` (its gas) and `serve` (what the program may ask for). `gas` has the
//! prices, `config` the settings, `watch` the tracer and the counters, `describe` tells people what a program is.
//!
//! What syscalls mean and cost stands in `plugins/prozvm/SPEC.md`, rules S-10 and following; doc comments cite them.

mod cache;
mod config;
mod contract;
mod describe;
mod frame;
mod gas;
mod machine;
mod pins;
mod purse;
mod release;
mod serve;
#[cfg(feature = "testing")]
pub mod testing;
mod watch;

pub use cache::CacheCounts;
pub use config::{
    GasScheduleConfig, LimitsConfig, MemoryKindName, MemoryModelConfig, OptimizationSettings,
    ProzVmConfig, RegisterFileConfig, StackLimitConfig, TierName,
};
pub use gas::ChainPrices;
pub use machine::ProzVmMachine;
pub use release::{FEATURES_1_0, FEATURES_1_1, Release};
pub use serve::{MAX_KEY_BYTES, MAX_VALUE_BYTES};
