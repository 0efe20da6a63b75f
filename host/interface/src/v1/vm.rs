//! The virtual machine.

use super::{
    ExecutionContext, Extension, FrameResult, GasEstimate, StateAccessMut, VmError, VmType,
    VmVersion,
};
use abi_stable::{
    StableAbi, sabi_trait,
    std_types::{RBox, ROption, RResult, RSlice, RStr},
};

/// An owned virtual machine. Dropping it runs the plugin's destructor.
pub type VirtualMachineBox = VirtualMachine_TO<'static, RBox<()>>;

/// What a VM needs of the machine it runs on.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy, PartialEq, Eq)]
pub struct NativeNeeds {
    /// Native stack that one frame may use between its entry and its callbacks, in bytes. The
    /// host sees to it that as much is left before each `execute`.
    pub stack_bytes: u64,
}

/// A virtual machine: computes one frame at a time.
///
/// Thread-safe: any number of threads may execute at once, and one thread may be inside several
/// frames of the same VM (a call that comes back). Results depend on the arguments only.
#[sabi_trait]
#[sabi(impl_InterfaceType(Send, Sync))]
pub trait VirtualMachine: Send + Sync {
    /// Executes one message. `[created]`
    ///
    /// `code` is the code that runs: the account's code, or the payload of its container; init
    /// code or a container's payload for a creation. `state` reaches the host for everything
    /// outside the frame. Success, revert and halt are results; an error says that the frame
    /// could not be computed, and undoes the whole transaction.
    fn execute(
        &self,
        code: RSlice<'_, u8>,
        context: &ExecutionContext<'_>,
        state: StateAccessMut<'_>,
    ) -> RResult<FrameResult, VmError>;

    /// Finds a gas limit with which the message succeeds, at most the context's. `[created]`
    ///
    /// Never below what succeeds, at most 1.5 % above. Runs on the real state behind `state` and
    /// undoes each trial. `REVERTED` carries the data when the message reverts whatever the gas.
    fn estimate_gas(
        &self,
        code: RSlice<'_, u8>,
        input: RSlice<'_, u8>,
        context: &ExecutionContext<'_>,
        state: StateAccessMut<'_>,
    ) -> RResult<GasEstimate, VmError>;

    /// Decides whether code may be deployed. `[created]`
    ///
    /// Pure. The error names offset, what was found and what is allowed.
    fn validate_code(&self, code: RSlice<'_, u8>) -> RResult<(), VmError>;

    /// Type of this VM. `[any]`
    fn vm_type(&self) -> VmType;

    /// Version of this VM. `[any]`
    fn vm_version(&self) -> VmVersion;

    /// Native resources per frame. `[any]`
    fn native_needs(&self) -> NativeNeeds;

    /// Ends threads and writes what is pending; called once before the drop, when no frame runs.
    fn shutdown(&self);

    /// A VM extension by id, such as `proz.metrics/1`. `[any]`
    #[sabi(last_prefix_field)]
    fn extension(&self, id: RStr<'_>) -> ROption<Extension>;
}
