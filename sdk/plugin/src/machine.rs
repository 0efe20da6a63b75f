//! The trait an author implements for a virtual machine.

use crate::{
    ExecutionContext, FrameResult, GasEstimate, Host, Inspect, Metrics, PreparationPrice, Revision,
    VmError, estimate_by_trial,
};
use std::ops::RangeInclusive;

/// A virtual machine in safe Rust: computes one frame at a time.
///
/// Type and version are said once, in [`export_vm!`](crate::export_vm). Many threads execute at
/// once, and one thread may be inside several frames of the same machine.
pub trait VirtualMachine: Send + Sync + 'static {
    /// Executes one message.
    ///
    /// `code` is the code that runs: the account's, the payload of its container, or init code.
    ///
    /// # Errors
    ///
    /// An error says that the frame could not be computed and undoes the whole transaction: pass
    /// host errors on with `?`. Running out of gas, reverting, trapping are results.
    fn execute(
        &self,
        code: &[u8],
        context: &ExecutionContext<'_>,
        host: &mut Host<'_>,
    ) -> Result<FrameResult, VmError>;

    /// Decides whether code may be deployed. Pure.
    ///
    /// # Errors
    ///
    /// Says what was found, where, and what is allowed.
    fn validate_code(&self, code: &[u8]) -> Result<(), VmError>;

    /// Finds a gas limit with which the message succeeds. By trial unless the machine knows better.
    ///
    /// # Errors
    ///
    /// `REVERTED` with the data, `HALTED` or `OUT_OF_GAS` when no limit up to the context's does.
    fn estimate_gas(
        &self,
        code: &[u8],
        input: &[u8],
        context: &ExecutionContext<'_>,
        host: &mut Host<'_>,
    ) -> Result<GasEstimate, VmError> {
        estimate_by_trial(self, code, input, context, host)
    }

    /// Native stack that one frame may use between its entry and its callbacks, in bytes.
    fn native_stack_bytes(&self) -> u64 {
        64 * 1024
    }

    /// Rule sets that this machine runs; the host asks it for no others. All that this SDK knows
    /// unless the machine says less.
    fn revisions(&self) -> RangeInclusive<Revision> {
        Revision::Frontier..=Revision::LATEST
    }

    /// Gas for making stored code ready, taken by the host before the first call of a code in a
    /// transaction. Nothing unless the machine says more; see [`PreparationPrice`].
    fn preparation_price(&self) -> PreparationPrice {
        PreparationPrice::default()
    }

    /// Counters of instructions, for machines that keep them.
    fn metrics(&self) -> Option<&dyn Metrics> {
        None
    }

    /// The describer of code, for machines that have one.
    fn inspector(&self) -> Option<&dyn Inspect> {
        None
    }

    /// Ends threads and writes what is pending. Called once, when no frame runs.
    fn shutdown(&self) {}
}
