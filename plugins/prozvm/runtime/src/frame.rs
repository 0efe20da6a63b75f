//! One running call: from a message to its result.
//!
//! Spec: S-10 to S-16.

use proz_prozvm_core::{Call, Driver, Outcome, PAGE_SIZE, Reference, RunResult, Trap};
use proz_sdk::{Buffer, ExecutionContext, FrameResult, Host, StatusCode, VmError, VmErrorCode};

use crate::contract::{Contract, Entry};
use crate::gas::ChainPrices;
use crate::purse::{Purse, SLICE_UNITS, Sizes};
use crate::serve::{Exit, Server};
use crate::watch::{self, Tally};

/// What a frame runs with besides its contract.
pub(crate) struct Settings<'m> {
    pub(crate) prices: &'m ChainPrices,
    pub(crate) max_pages: u32,
    pub(crate) debug_log: bool,
    /// Counters, when they are on.
    pub(crate) tally: Option<&'m Tally>,
}

/// Runs a message with the gas that is left behind its entry.
///
/// # Errors
///
/// `HOST` when a callback failed, `CANCELLED` when the flag was seen, `RESOURCES` when this machine lacks memory,
/// `INTERNAL` when the program's own export does not fit it, which verification excludes.
pub(crate) fn run(
    contract: &Contract,
    settings: &Settings<'_>,
    context: &ExecutionContext<'_>,
    gas: u64,
    host: &mut Host<'_>,
    driver: Option<&mut dyn Driver>,
) -> Result<FrameResult, VmError> {
    let message = &context.message;
    let pages = context.limits.memory_bytes / u64::from(PAGE_SIZE);
    let page_limit = u32::try_from(pages).map_or(settings.max_pages, |p| p.min(settings.max_pages));
    if contract.program().layout().pages() > u64::from(page_limit) {
        return Ok(FrameResult::halt(StatusCode::MEMORY_LIMIT));
    }
    let Entry {
        function,
        is_payable,
    } = match contract.entry(message) {
        Some(entry) => entry,
        // A contract without a constructor is deployed as it is.
        None if message.kind.is_create() && message.value.is_zero() => {
            return Ok(FrameResult::success(gas, Buffer::empty()));
        }
        None => return Ok(FrameResult::revert(gas, Buffer::empty())),
    };
    if !is_payable && !message.value.is_zero() {
        return Ok(FrameResult::revert(gas, Buffer::empty()));
    }
    let least_units = contract.program().memory_cost();
    let sizes = if driver.is_some() {
        // Who watches wants to see all of it.
        Sizes {
            most_units: u64::MAX,
            first_gas: None,
            least_units,
        }
    } else {
        Sizes {
            most_units: SLICE_UNITS,
            first_gas: contract.gas_to_fuse(),
            // Paid before anything can be given.
            least_units,
        }
    };
    let (purse, units) = Purse::new(gas, settings.prices.units_per_gas, &sizes);
    let tracer = watch::wanted_tracer(host);
    let mut server = Server {
        host,
        context,
        contract,
        gas_at_start: gas,
        prices: settings.prices,
        purse,
        page_limit,
        debug_log: settings.debug_log,
        gas_refund: 0,
        return_data: Buffer::empty(),
        output: Buffer::empty(),
        exit: None,
        nested_gas: 0,
        open_step: None,
    };
    let call = Call {
        function,
        arguments: &[],
        gas_limit: units,
    };
    let ended = match driver {
        Some(driver) => Reference::new(contract.program(), &call)
            .map(|mut run| driver.drive(&mut run, &mut server)),
        None if tracer.is_some() || settings.tally.is_some() => {
            watch::run(contract, &call, &mut server, tracer, settings.tally)
        }
        None => contract.engine.run(&call, &mut server),
    };
    let ended = ended.map_err(|error| VmError::new(VmErrorCode::INTERNAL, error.to_string()))?;
    server.count(ended.gas_left);
    server.result(&ended)
}

impl Server<'_, '_> {
    /// The frame's result, after the run has ended.
    fn result(self, ended: &RunResult) -> Result<FrameResult, VmError> {
        let gas_left = self.purse.gas_left(ended.gas_left);
        let halt = match (self.exit, ended.outcome) {
            (Some(Exit::Host(error)), _) => return Err(error),
            (_, Outcome::NoMemory) => return Err(no_memory()),
            (Some(Exit::Return), _) | (None, Outcome::Finished(_)) => {
                let mut result = FrameResult::success(gas_left, self.output);
                result.gas_refund = self.gas_refund;
                return Ok(result);
            }
            (Some(Exit::Revert), _) => return Ok(FrameResult::revert(gas_left, self.output)),
            (Some(Exit::Halt(status)), _) => status,
            (Some(Exit::OutOfGas), _) | (None, Outcome::OutOfGas) => StatusCode::OUT_OF_GAS,
            (None, Outcome::Trapped(trap)) => status_of(trap),
            // Only a syscall stops a run, and it says why.
            (None, Outcome::Stopped) => {
                let message = "the run stopped without a reason";
                return Err(VmError::new(VmErrorCode::INTERNAL, message));
            }
        };
        Ok(FrameResult::halt(halt))
    }
}

/// The error of a machine that has no memory left: other nodes have some, so it is no outcome.
pub(crate) fn no_memory() -> VmError {
    VmError::new(VmErrorCode::RESOURCES, "no memory is left on this machine")
}

fn status_of(trap: Trap) -> StatusCode {
    match trap {
        Trap::Memory => StatusCode::MEMORY_OUT_OF_BOUNDS,
        Trap::CallDepth => StatusCode::STACK_HEIGHT,
        _ => StatusCode::TRAP,
    }
}
