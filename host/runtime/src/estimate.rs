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
    /// Executions it took to find it; below 30 for the limits of a block.
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
/// refunds, and if that fails with the 64th on top that nested calls hold back (EIP-150); then with a
/// little less than what succeeded, since a call may take less where less is left; then by
/// doubling and halving.
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
    // With `low` it fails, or cannot be tried; with `high` it succeeds.
    let (mut low, mut high) = (least.saturating_sub(1), gas_limit);
    let spent = whole.gas_spent;
    let held_back = (spent / 63).saturating_add(1);
    let mut guesses = [spent, spent.saturating_add(held_back)].into_iter();
    let mut is_probed = false;
    while high - low > tolerance(high) {
        let guess = match guesses.find(|guess| *guess > low && *guess < high) {
            Some(guess) => guess,
            // Whether a little less does is what tells a good guess.
            None if !is_probed => {
                is_probed = true;
                high - tolerance(high)
            }
            None => (low + (high - low) / 2).min(low.saturating_mul(2)),
        };
        if try_with(guess)?.is_success() {
            high = guess;
            guesses = [0, 0].into_iter();
        } else {
            low = guess;
        }
    }
    Ok(GasEstimate {
        gas: high,
        executions,
    })
}

/// How far apart a limit that fails and one that succeeds may lie. A 68th of the answer leaves the
/// least limit at 67 68ths of it at least, so the answer is 1.4926 % above the least at most.
fn tolerance(gas: u64) -> u64 {
    (gas / 68).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::ChainConfig;
    use proptest::prelude::*;
    use proz_interface::v1::StatusCode;

    fn rules() -> ChainRules {
        ChainConfig::prozchain().rules_at(0, 0)
    }

    /// Any figure, those at the ends of the range often.
    fn gas() -> impl Strategy<Value = u64> {
        prop_oneof![
            any::<u64>(),
            0..100_000_u64,
            (u64::MAX - 100_000)..=u64::MAX,
            // A 63rd and one more on top is just beyond the range.
            18_158_513_697_557_839_000..18_158_513_697_557_841_000_u64,
        ]
    }

    proptest! {
        #[test]
        fn finds_the_least_limit_to_within_its_tolerance(
            gas_limit in gas(),
            needed in gas(),
            spent in gas(),
        ) {
            let to = Some(alloy_primitives::Address::ZERO);
            let transaction = Transaction { to, gas_limit, ..Transaction::default() };
            let needed = needed.max(21_000);
            let spent = spent.min(needed);
            let found = estimate_gas(&transaction, &rules(), |trial| {
                let is_enough = trial.gas_limit >= needed;
                Ok(ExecutionResult {
                    status: Status(if is_enough { StatusCode::SUCCESS } else { StatusCode::OUT_OF_GAS }),
                    gas_spent: if is_enough { spent } else { trial.gas_limit },
                    ..ExecutionResult::default()
                })
            });
            match found {
                Ok(found) => {
                    prop_assert!((needed..=gas_limit).contains(&found.gas), "{found:?}");
                    let above = u128::from(found.gas - needed);
                    prop_assert!(above <= 1 || above * 1_000 <= u128::from(needed) * 15);
                }
                Err(error) => prop_assert!(needed > gas_limit, "{error}"),
            }
        }
    }
}
