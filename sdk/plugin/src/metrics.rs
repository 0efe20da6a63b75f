//! Counters of instructions.

use crate::OpcodeCount;

/// Counters that a machine keeps when asked to. See the extension `proz.metrics/1`.
pub trait Metrics: Send + Sync {
    /// Switches counting; returns the former setting.
    fn enable(&self, on: bool) -> bool;

    /// Counts since the last reading, in the order of opcodes; sets them back to zero.
    fn take(&self) -> Vec<OpcodeCount>;
}
