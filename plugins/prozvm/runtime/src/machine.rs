//! The plugin's trait: execute, validate, describe, count.

use std::sync::Arc;

use proz_prozvm_core::{Driver, LoadError, VmConfig};
use proz_sdk::{
    ExecutionContext, FrameResult, Host, Inspect, Metrics, OpcodeCount, PreparationPrice, Revision,
    StatusCode, VirtualMachine, VmError, VmErrorCode,
};

use crate::cache::{CacheCounts, ContractCache};
use crate::config::ProzVmConfig;
use crate::contract::{Contract, check, refused};
use crate::frame::{Settings, no_memory, run};
use crate::gas::ChainPrices;
use crate::pins::{self, Pinned};
use crate::serve::cancelled;
use crate::watch::Tally;

/// Native stack that one frame may use between its entry and its callbacks, in bytes.
const NATIVE_STACK_BYTES: u64 = 32 << 10;

/// ProzVM.
pub struct ProzVmMachine {
    config: ProzVmConfig,
    core: VmConfig,
    prices: ChainPrices,
    cache: ContractCache,
    tally: Tally,
    /// Whose pins are this machine's.
    number: u64,
}

/// Tells a refusal, which is true of the code, from what is true of one frame or machine.
fn refusal(error: LoadError) -> Result<Pinned, VmError> {
    match error {
        LoadError::Rejected(_) => Ok(Pinned::Refused),
        LoadError::NoMemory => Err(no_memory()),
        LoadError::Cancelled => Err(cancelled()),
        other => Err(VmError::new(VmErrorCode::INTERNAL, other.to_string())),
    }
}

impl std::fmt::Debug for ProzVmMachine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ProzVmMachine")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl ProzVmMachine {
    /// Builds the machine.
    ///
    /// # Errors
    ///
    /// `INVALID_CONFIGURATION` that names key, value and what is allowed.
    pub fn new(config: ProzVmConfig) -> Result<Self, VmError> {
        let (core, prices) = config
            .build()
            .map_err(|message| VmError::new(VmErrorCode::INVALID_CONFIGURATION, message))?;
        let cache = ContractCache::new(core.optimization.code_cache_bytes);
        Ok(Self {
            config,
            core,
            prices,
            cache,
            tally: Tally::new(),
            number: pins::new_machine(),
        })
    }

    /// Returns the settings.
    #[must_use]
    pub const fn config(&self) -> &ProzVmConfig {
        &self.config
    }

    /// Returns the machine's own configuration, made from the settings.
    #[must_use]
    pub const fn core_config(&self) -> &VmConfig {
        &self.core
    }

    /// Returns the prices beyond those of instructions.
    #[must_use]
    pub const fn prices(&self) -> &ChainPrices {
        &self.prices
    }

    /// Returns what the cache of prepared programs did and holds.
    #[must_use]
    pub fn cache_counts(&self) -> CacheCounts {
        self.cache.counts()
    }

    /// Executes one message as [`execute`](VirtualMachine::execute) does, with `driver` making the steps: for debuggers
    /// and profilers. The reference interpreter runs, and all gas is there from the start.
    ///
    /// # Errors
    ///
    /// As [`execute`](VirtualMachine::execute).
    pub fn drive(
        &self,
        code: &[u8],
        context: &ExecutionContext<'_>,
        host: &mut Host<'_>,
        driver: &mut dyn Driver,
    ) -> Result<FrameResult, VmError> {
        self.run(code, context, host, Some(driver))
    }

    fn run(
        &self,
        code: &[u8],
        context: &ExecutionContext<'_>,
        host: &mut Host<'_>,
        driver: Option<&mut dyn Driver>,
    ) -> Result<FrameResult, VmError> {
        if context.cancel.is_set() {
            return Err(cancelled());
        }
        let unsupported = |message: String| VmError::new(VmErrorCode::UNSUPPORTED, message);
        if context.revision > Revision::LATEST {
            let (latest, found) = (Revision::LATEST, context.revision);
            return Err(unsupported(format!(
                "expected a revision up to {latest}, found {found}"
            )));
        }
        if context.message.kind.name().is_none() {
            let found = context.message.kind.0;
            return Err(unsupported(format!(
                "expected a message kind up to 5, found {found}"
            )));
        }
        let message = &context.message;
        let is_outermost = message.depth == 0;
        if is_outermost {
            pins::drop_all(self.number);
        }
        let result = self.enter(code, context, host, driver);
        if is_outermost {
            pins::drop_all(self.number);
        }
        result
    }

    /// Charges what is due before the program runs, in the order of S-11, and runs it.
    fn enter(
        &self,
        code: &[u8],
        context: &ExecutionContext<'_>,
        host: &mut Host<'_>,
        driver: Option<&mut dyn Driver>,
    ) -> Result<FrameResult, VmError> {
        let halt = |status| Ok(FrameResult::halt(status));
        let message = &context.message;
        let mut gas = message.gas_limit;
        if message.kind.is_create() {
            // The host takes it where stored code is called.
            match gas.checked_sub(self.prices.preparation(code.len() as u64)) {
                Some(left) => gas = left,
                None => return halt(StatusCode::OUT_OF_GAS),
            }
        }
        let Some(gas) = gas.checked_sub(self.prices.enter) else {
            return halt(StatusCode::OUT_OF_GAS);
        };
        // Code that validation refuses cannot be deployed; met all the same, it halts.
        let Pinned::Ready(contract) = self.ready(code, context)? else {
            return halt(StatusCode::CODE_REFUSED);
        };
        let settings = Settings {
            prices: &self.prices,
            max_pages: self.core.memory_model.max_pages,
            debug_log: self.config.optimization.debug_log,
            tally: self.tally.is_on().then_some(&self.tally),
        };
        run(&contract, &settings, context, gas, host, driver)
    }

    /// Finds or prepares the program of a frame. What a call finds stays pinned.
    fn ready(&self, code: &[u8], context: &ExecutionContext<'_>) -> Result<Pinned, VmError> {
        let message = &context.message;
        let load = || {
            let is_cancelled = || context.cancel.is_set();
            Contract::load(code, &self.core, self.config.release, &is_cancelled)
        };
        if message.kind.is_create() {
            return load().map_or_else(refusal, |contract| {
                contract.translate();
                Ok(Pinned::Ready(Arc::new(contract)))
            });
        }
        let mut key = message.code_hash.0;
        if key == [0; 32] {
            key = *blake3::hash(code).as_bytes();
        }
        let transaction = context.transaction.sequence;
        if let Some(found) = pins::find(self.number, transaction, &key) {
            return Ok(found);
        }
        let found = match self.cache.get(&key, load) {
            Ok(contract) => Pinned::Ready(contract),
            Err(error) => refusal(error)?,
        };
        pins::pin(self.number, transaction, &key, &found);
        Ok(found)
    }

    /// Prepares a program that is not yet known.
    pub(crate) fn prepare(&self, code: &[u8]) -> Result<Contract, VmError> {
        Contract::new(code, &self.core, self.config.release).map_err(|error| refused(&error))
    }
}

impl VirtualMachine for ProzVmMachine {
    fn execute(
        &self,
        code: &[u8],
        context: &ExecutionContext<'_>,
        host: &mut Host<'_>,
    ) -> Result<FrameResult, VmError> {
        self.run(code, context, host, None)
    }

    fn validate_code(&self, code: &[u8]) -> Result<(), VmError> {
        check(code, &self.core, self.config.release)
            .map(|_| ())
            .map_err(|error| refused(&error))
    }

    fn preparation_price(&self) -> PreparationPrice {
        PreparationPrice {
            base_gas: 0,
            gas_per_kib: self.prices.prepare_kib,
        }
    }

    fn native_stack_bytes(&self) -> u64 {
        NATIVE_STACK_BYTES
    }

    fn metrics(&self) -> Option<&dyn Metrics> {
        Some(self)
    }

    fn inspector(&self) -> Option<&dyn Inspect> {
        Some(self)
    }
}

impl Metrics for ProzVmMachine {
    fn enable(&self, on: bool) -> bool {
        self.tally.enable(on)
    }

    fn take(&self) -> Vec<OpcodeCount> {
        self.tally.take(self.prices.units_per_gas)
    }
}
