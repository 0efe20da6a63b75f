//! Precompiled contracts.

use super::{Address, ExecutionContext, FrameResult, Revision, StateAccessMut, VmError};
use abi_stable::{
    sabi_trait,
    std_types::{RBox, ROption, RResult, RSlice, RStr},
};

/// An owned precompile.
pub type PrecompileBox = Precompile_TO<'static, RBox<()>>;

/// A contract implemented natively.
///
/// Thread-safe. A pure precompile ignores `state`; a stateful one works on the storage of its own
/// address, within the rules of `StateAccess`.
#[sabi_trait]
#[sabi(impl_InterfaceType(Send, Sync))]
pub trait Precompile: Send + Sync {
    /// Name as the EIPs write it, such as `ECRECOVER`. `[any]`
    fn name(&self) -> RStr<'_>;

    /// Address at which it is called. `[any]`
    fn address(&self) -> Address;

    /// First revision at which it is active. `[any]`
    fn active_from(&self) -> Revision;

    /// First revision at which it is active no more, if there is one. `[any]`
    fn active_until(&self) -> ROption<Revision>;

    /// Whether it uses `state`. A pure one needs no checkpoint. `[any]`
    fn is_stateful(&self) -> bool;

    /// Gas for an input. Pure and cheap: priced before anything is allocated.
    fn gas_cost(&self, input: RSlice<'_, u8>, revision: Revision) -> u64;

    /// Runs it. Ethereum's precompiles succeed or halt; a foreign one may revert with data.
    #[sabi(last_prefix_field)]
    fn execute(
        &self,
        context: &ExecutionContext<'_>,
        input: RSlice<'_, u8>,
        state: StateAccessMut<'_>,
    ) -> RResult<FrameResult, VmError>;
}
