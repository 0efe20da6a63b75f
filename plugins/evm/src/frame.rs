//! The host as the interpreter's instructions see it.

use crate::{config::Settings, rules::Rules};
use proz_sdk::{
    Buffer, CancelFlag, ExecutionContext, Host, HostError, Tracer, VmError, VmErrorCode,
};
use revm_interpreter::{
    InstructionResult, SStoreResult, SelfDestructResult, StateLoad,
    context_interface::{cfg::GasParams, host::LoadError, journaled_state::AccountInfoLoad},
    primitives::{Address, B256, Log, U256},
};

/// What a running frame reaches, and what it leaves behind.
pub(crate) struct FrameHost<'a, 'h> {
    /// The SDK's host.
    pub(crate) host: &'a mut Host<'h>,
    /// The message and its surroundings.
    pub(crate) context: &'a ExecutionContext<'a>,
    /// Rules in force.
    pub(crate) rules: &'a Rules,
    /// The machine's settings.
    pub(crate) settings: &'a Settings,
    /// Asks the frame to stop when set.
    pub(crate) cancel: CancelFlag<'a>,
    /// Returned data.
    pub(crate) output: Buffer,
    /// Why the frame could not be computed.
    pub(crate) fault: Option<Fault>,
    /// Whether the frame ended at a disabled instruction.
    pub(crate) is_disabled: bool,
    /// Contracts that the frame has created.
    pub(crate) creations: u32,
    /// Gas that nested frames consumed since the last reset, stipends counted as theirs.
    pub(crate) nested_gas: i64,
    /// The tracer of a traced frame whose present step has not been ended yet.
    pub(crate) open_step: Option<Tracer<'h>>,
}

/// Why a frame could not be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A callback failed.
    Host(HostError),
    /// The cancel flag was seen.
    Cancelled,
    /// The machine lacks memory.
    OutOfMemory,
}

impl From<Fault> for VmError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Host(error) => error.into(),
            Fault::Cancelled => Self::new(VmErrorCode::CANCELLED, "cancelled by the host"),
            Fault::OutOfMemory => Self::new(
                VmErrorCode::RESOURCES,
                "the system has no memory for the code, memory or output of a frame",
            ),
        }
    }
}

impl<'a, 'h> FrameHost<'a, 'h> {
    /// The host of a frame that is about to run.
    pub(crate) const fn new(
        host: &'a mut Host<'h>,
        context: &'a ExecutionContext<'a>,
        rules: &'a Rules,
        settings: &'a Settings,
    ) -> Self {
        Self {
            host,
            context,
            rules,
            settings,
            cancel: context.cancel,
            output: Buffer::empty(),
            fault: None,
            is_disabled: false,
            creations: 0,
            nested_gas: 0,
            open_step: None,
        }
    }

    /// What an instruction returns when a callback failed: a state change in static mode halts
    /// the frame, everything else leaves it without a result.
    #[cold]
    pub(crate) fn fail(&mut self, error: HostError) -> InstructionResult {
        if error == HostError::STATIC_VIOLATION {
            return InstructionResult::StateChangeDuringStaticCall;
        }
        self.fault = Some(Fault::Host(error));
        InstructionResult::FatalExternalError
    }

    /// Ends the frame without a result, since the machine lacks memory.
    #[cold]
    pub(crate) fn out_of_memory(&mut self) -> InstructionResult {
        self.fault = Some(Fault::OutOfMemory);
        InstructionResult::FatalExternalError
    }

    /// Stops the frame when the host wants it to.
    #[inline(always)]
    pub(crate) fn check_cancelled(&mut self) -> Result<(), InstructionResult> {
        if self.cancel.is_set() {
            return Err(self.cancelled());
        }
        Ok(())
    }

    #[cold]
    fn cancelled(&mut self) -> InstructionResult {
        self.fault = Some(Fault::Cancelled);
        InstructionResult::FatalExternalError
    }

    /// Ends the present step before a nested frame starts its own.
    #[inline]
    pub(crate) fn end_step(&mut self, gas_left: u64) {
        if let Some(tracer) = self.open_step.take() {
            tracer.step_end(gas_left, false);
        }
    }

    /// Callbacks that only the replaced instructions of revm would make.
    #[cold]
    fn bypassed(&mut self) -> LoadError {
        self.fault = Some(Fault::Host(HostError::UNSUPPORTED));
        LoadError::DBError
    }
}

/// Environment for revm's own instructions. State is reached by this plugin's instructions alone.
impl revm_interpreter::Host for FrameHost<'_, '_> {
    fn basefee(&self) -> U256 {
        U256::from_limbs(self.context.block.base_fee.0)
    }

    fn blob_gasprice(&self) -> U256 {
        U256::from_limbs(self.context.block.blob_base_fee.0)
    }

    fn gas_limit(&self) -> U256 {
        U256::from(self.context.block.gas_limit)
    }

    fn difficulty(&self) -> U256 {
        U256::from_limbs(self.context.block.difficulty.0)
    }

    fn prevrandao(&self) -> Option<U256> {
        Some(U256::from_be_bytes(self.context.block.prev_randao.0))
    }

    fn block_number(&self) -> U256 {
        U256::from(self.context.block.number)
    }

    fn timestamp(&self) -> U256 {
        U256::from(self.context.block.timestamp)
    }

    fn beneficiary(&self) -> Address {
        Address::new(self.context.block.coinbase.0)
    }

    fn slot_num(&self) -> U256 {
        U256::ZERO
    }

    fn chain_id(&self) -> U256 {
        U256::from(self.context.block.chain_id)
    }

    fn effective_gas_price(&self) -> U256 {
        U256::from_limbs(self.context.transaction.gas_price.0)
    }

    fn caller(&self) -> Address {
        Address::new(self.context.transaction.origin.0)
    }

    fn blob_hash(&self, number: usize) -> Option<U256> {
        let hashes = self.context.transaction.blob_hashes.as_slice();
        hashes.get(number).map(|hash| U256::from_be_bytes(hash.0))
    }

    fn max_initcode_size(&self) -> usize {
        let own = self.settings.code_size_bytes.saturating_mul(2);
        let limit = own.min(self.context.limits.init_code_size_bytes);
        usize::try_from(limit).unwrap_or(usize::MAX)
    }

    fn gas_params(&self) -> &GasParams {
        &self.rules.params
    }

    fn is_amsterdam_eip8037_enabled(&self) -> bool {
        false
    }

    fn block_hash(&mut self, number: u64) -> Option<B256> {
        match self.host.block_hash(number) {
            Ok(hash) => Some(B256::new(hash.0)),
            Err(error) => {
                self.fault = Some(Fault::Host(error));
                None
            }
        }
    }

    fn selfdestruct(
        &mut self,
        _address: Address,
        _target: Address,
        _skip_cold_load: bool,
    ) -> Result<StateLoad<SelfDestructResult>, LoadError> {
        Err(self.bypassed())
    }

    fn log(&mut self, _log: Log) {
        self.bypassed();
    }

    fn sstore_skip_cold_load(
        &mut self,
        _address: Address,
        _key: U256,
        _value: U256,
        _skip_cold_load: bool,
    ) -> Result<StateLoad<SStoreResult>, LoadError> {
        Err(self.bypassed())
    }

    fn sload_skip_cold_load(
        &mut self,
        _address: Address,
        _key: U256,
        _skip_cold_load: bool,
    ) -> Result<StateLoad<U256>, LoadError> {
        Err(self.bypassed())
    }

    fn tstore(&mut self, _address: Address, _key: U256, _value: U256) {
        self.bypassed();
    }

    fn tload(&mut self, _address: Address, _key: U256) -> U256 {
        self.bypassed();
        U256::ZERO
    }

    fn load_account_info_skip_cold_load(
        &mut self,
        _address: Address,
        _load_code: bool,
        _skip_cold_load: bool,
    ) -> Result<AccountInfoLoad<'_>, LoadError> {
        Err(self.bypassed())
    }
}
