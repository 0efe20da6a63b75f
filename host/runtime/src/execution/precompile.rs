//! Runs precompiles: as callees, and directly for VMs that offer them as host functions.

use super::{Executor, LoadedPrecompile, access::FrameAccess, bounds::Bounds};
use alloy_primitives::Address;
use proz_interface::abi_stable::{sabi_trait::TD_Opaque, sabi_types::RMut, std_types::RSlice};
use proz_interface::v1::{
    CallOutcome, ExecutionContext, FrameResult, HostError, Message, StateAccess_TO,
};
use proz_state::AccountId;

impl Executor<'_> {
    /// Runs a precompile as the code of a frame.
    pub(crate) fn run_precompile(
        &mut self,
        precompile: &LoadedPrecompile,
        message: &Message<'_>,
        recipient: AccountId,
    ) -> Result<FrameResult, HostError> {
        self.require_in_service(&precompile.identity)?;
        let surroundings = self.surroundings;
        let context = ExecutionContext {
            message: *message,
            transaction: surroundings.transaction,
            block: surroundings.block,
            limits: &surroundings.rules.limits,
            revision: surroundings.rules.revision,
            cancel: surroundings.cancel,
        };
        self.watch_code(&precompile.name, "precompile");
        let mut access = FrameAccess::new(self, message, recipient);
        let result = precompile.code.execute(
            &context,
            message.input,
            StateAccess_TO::from_ptr(RMut::new(&mut access), TD_Opaque),
        );
        let refusal = access.refusal();
        let bounds = Bounds::of(message, &[]);
        self.settle(&precompile.identity, bounds, result.into(), refusal)
    }

    /// Runs a pure precompile for a VM's host function: no value, no access-list entry.
    ///
    /// A stateful one would work on storage that is not the caller's: it is called, not run.
    pub(crate) fn precompile(
        &mut self,
        address: Address,
        input: &[u8],
        gas_limit: u64,
        caller: &Message<'_>,
        recipient: AccountId,
    ) -> Result<CallOutcome, HostError> {
        let precompiles = &self.surroundings.view.precompiles;
        let Some(precompile) = precompiles.get(&address).filter(|p| !p.is_stateful) else {
            return Err(HostError::UNSUPPORTED);
        };
        let message = Message {
            gas_limit,
            input: RSlice::from_slice(input),
            code_address: address.into(),
            is_static: true,
            ..*caller
        };
        let checkpoint = self.journal.checkpoint();
        let result = self.run_precompile(precompile, &message, recipient)?;
        self.journal.revert_to(checkpoint);
        Ok(CallOutcome {
            status: result.status,
            gas_left: result.gas_left,
            gas_refund: 0,
            output: result.output,
        })
    }
}
