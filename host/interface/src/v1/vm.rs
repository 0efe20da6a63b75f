//! The virtual machine.

use super::{
    ExecutionContext, Extension, FrameResult, GasEstimate, Revision, StateAccessMut, VmError,
    VmType, VmVersion,
};
use abi_stable::{
    StableAbi, sabi_trait,
    std_types::{RBox, ROption, RResult, RSlice, RStr},
};

/// An owned virtual machine. Dropping it runs the plugin's destructor.
pub type VirtualMachineBox = VirtualMachine_TO<'static, RBox<()>>;

/// The terms on which a VM runs. Asked once; the same for the whole life of an instance.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy, PartialEq, Eq)]
pub struct VmTerms {
    /// Native stack that one frame may use between its entry and its callbacks, in bytes. The
    /// host sees to it that as much is left before each `execute`.
    pub stack_bytes: u64,
    /// First rule set that this VM runs.
    pub first_revision: Revision,
    /// Last rule set that this VM runs; the host asks it for no frame under a later one.
    pub last_revision: Revision,
    /// What preparing stored code costs.
    pub preparation: PreparationPrice,
}

/// Gas that the host takes before the first call of a code in a transaction.
///
/// It pays for making stored code ready to run again: reading, verifying, translating, loading a
/// compiled form. It depends on the size alone, never on what a node holds in its caches, and is
/// taken before the VM is asked. What is paid stays ready until the transaction ends. A creation
/// is not charged this: there the VM takes its own price from the frame, before it works.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PreparationPrice {
    /// Gas for any code.
    pub base_gas: u64,
    /// Gas for 1,024 bytes of code as `execute` gets it; the product is rounded up.
    pub gas_per_kib: u64,
}

impl PreparationPrice {
    /// Gas for code of a size in bytes; the greatest number where it does not fit.
    #[must_use]
    pub const fn gas(self, size_bytes: u64) -> u64 {
        let by_size = match self.gas_per_kib.checked_mul(size_bytes) {
            Some(product) => product.div_ceil(1024),
            None => return u64::MAX,
        };
        self.base_gas.saturating_add(by_size)
    }
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

    /// Terms on which it runs. `[any]`
    fn terms(&self) -> VmTerms;

    /// Ends threads and writes what is pending; called once before the drop, when no frame runs.
    fn shutdown(&self);

    /// A VM extension by id, such as `proz.metrics/1`. `[any]`
    #[sabi(last_prefix_field)]
    fn extension(&self, id: RStr<'_>) -> ROption<Extension>;
}
