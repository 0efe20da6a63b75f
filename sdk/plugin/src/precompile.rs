//! The trait an author implements for a precompiled contract.

use crate::{Address, ExecutionContext, FrameResult, Host, Revision, VmError};

/// A contract implemented natively, in safe Rust.
///
/// Gas is charged by the SDK before [`run`](Self::run): a call with less gas than
/// [`gas_cost`](Self::gas_cost) halts without running.
pub trait Precompile: Send + Sync + 'static {
    /// Name as the EIPs write it, such as `ECRECOVER`.
    fn name(&self) -> &str;

    /// Address at which it is called.
    fn address(&self) -> Address;

    /// First revision at which it is active.
    fn active_from(&self) -> Revision {
        Revision::Frontier
    }

    /// First revision at which it is active no more.
    fn active_until(&self) -> Option<Revision> {
        None
    }

    /// Whether it uses the host.
    fn is_stateful(&self) -> bool {
        false
    }

    /// Gas for an input. Pure, cheap, and without allocation in the size of what the input claims.
    fn gas_cost(&self, input: &[u8], revision: Revision) -> u64;

    /// Runs it with `gas_left` after the charge of [`gas_cost`](Self::gas_cost).
    ///
    /// # Errors
    ///
    /// As for [`VirtualMachine::execute`](crate::VirtualMachine::execute): bad input is a halt,
    /// not an error.
    fn run(
        &self,
        input: &[u8],
        gas_left: u64,
        context: &ExecutionContext<'_>,
        host: &mut Host<'_>,
    ) -> Result<FrameResult, VmError>;
}
