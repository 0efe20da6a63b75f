//! Extension `proz.metrics/1`: how often instructions ran and what they cost.

use abi_stable::{
    StableAbi,
    std_types::{RString, RVec},
};

/// Id under which the host asks a VM for a [`MetricsTable`].
pub const METRICS_EXTENSION: &str = "proz.metrics/1";

/// Count and gas of one instruction.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, PartialEq, Eq)]
pub struct OpcodeCount {
    /// Number of the instruction.
    pub opcode: u32,
    /// Name of the instruction.
    pub name: RString,
    /// Executions.
    pub count: u64,
    /// Gas charged by them, forwarded gas excluded.
    pub gas: u64,
}

/// Functions by which the host switches metrics and reads them.
///
/// Callable from any thread. Counting costs nothing while it is off.
#[repr(C)]
#[derive(StableAbi)]
pub struct MetricsTable {
    /// The VM; first argument of the functions.
    pub vm: *const (),
    /// Switches counting; returns the former setting.
    pub enable: unsafe extern "C" fn(vm: *const (), on: bool) -> bool,
    /// Counts since the last reading, in the order of opcodes; sets them back to zero.
    pub take: unsafe extern "C" fn(vm: *const ()) -> RVec<OpcodeCount>,
}

// SAFETY: the functions may be called from any thread, as documented.
unsafe impl Send for MetricsTable {}
// SAFETY: as above.
unsafe impl Sync for MetricsTable {}
