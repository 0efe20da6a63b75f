//! The gas limit that a transaction needs.

use crate::{
    chain::ChainRules,
    execution::{ExecutionError, ExecutionResult, Status},
    transaction::{Transaction, intrinsic_gas},
};
use alloy_primitives::Bytes;

/// A gas limit with which a transaction succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GasEstimate {
    /// The limit: at least what is needed, at most 1.5 % above.
    pub gas: u64,
    /// Executions it took to find it; at most 67.
    pub executions: u32,
}

/// Why no gas limit could be found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EstimateError {
    /// The transaction reverts whatever its limit.
    #[error("execution reverted")]
    Reverted {
        /// Revert data.
        data: Bytes,
    },
    /// The transaction fails with the highest limit.
    #[error("execution fails with the whole limit of {gas_limit} gas: {status}")]
    Halted {
        /// The limit.
        gas_limit: u64,
        /// How it ends.
        status: Status,
    },
    /// The limit is below the intrinsic gas.
    #[error("the limit of {gas_limit} gas is below the intrinsic gas {needed}")]
    IntrinsicGas {
        /// The limit.
        gas_limit: u64,
        /// What the transaction costs before any code runs.
        needed: u64,
    },
    /// A trial could not be executed.
    #[error(transparent)]
    Execution(#[from] ExecutionError),
}

/// Finds the limit by executing with `run`, which must not keep changes.
///
/// The first trial runs with the transaction's own limit; the next ones with what it spent before
/// refunds, and with the 64th on top that nested calls hold back (EIP-150); then by halving.
pub(crate) fn estimate_gas(
    transaction: &Transaction,
    rules: &ChainRules,
    mut run: impl FnMut(&Transaction) -> Result<ExecutionResult, ExecutionError>,
) -> Result<GasEstimate, EstimateError> {
    let gas_limit = transaction.gas_limit;
    let intrinsic = intrinsic_gas(transaction, rules.revision);
    let least = intrinsic.initial.max(intrinsic.floor);
    if gas_limit < least {
        return Err(EstimateError::IntrinsicGas {
            gas_limit,
            needed: least,
        });
    }
    let mut executions = 0;
    let mut trial = transaction.clone();
    let mut try_with = |gas: u64| {
        executions += 1;
        trial.gas_limit = gas;
        run(&trial)
    };

    let whole = try_with(gas_limit)?;
    if whole.status.0.is_revert() {
        return Err(EstimateError::Reverted {
            data: whole.return_data,
        });
    }
    if !whole.is_success() {
        return Err(EstimateError::Halted {
            gas_limit,
            status: whole.status,
        });
    }
    // Below `low` nothing succeeds, with `high` it does.
    let (mut low, mut high) = (whole.gas_spent.max(least) - 1, gas_limit);
    let guesses = [low + 1, low + 2 + low / 63];
    let mut guesses = guesses.iter();
    while high - low > (high / 67).max(1) {
        let guess = guesses
            .next()
            .copied()
            .filter(|guess| *guess > low && *guess < high)
            .unwrap_or(low + (high - low) / 2);
        if try_with(guess)?.is_success() {
            high = guess;
        } else {
            low = guess;
        }
    }
    Ok(GasEstimate {
        gas: high,
        executions,
    })
}
