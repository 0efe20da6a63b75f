//! Prices: what is paid in advance, to whom, and what comes back.

use super::{Fee, Transaction, blob::GAS_PER_BLOB};
use alloy_primitives::U256;
use proz_interface::v1::{BlockContext, Revision};

/// Price per gas that the sender pays. Spec: EIP-1559.
pub(crate) fn effective_gas_price(transaction: &Transaction, block: &BlockContext) -> U256 {
    match transaction.fee {
        Fee::Legacy { gas_price } => U256::from(gas_price),
        Fee::Dynamic {
            max_fee,
            max_priority_fee,
        } => {
            let tipped = block
                .base_fee
                .to_u256()
                .saturating_add(U256::from(max_priority_fee));
            tipped.min(U256::from(max_fee))
        }
    }
}

/// Base fee of a block, in wei per gas, by gas used, gas limit and base fee of its parent.
///
/// Spec: EIP-1559.
#[must_use]
pub fn next_base_fee(gas_used: u64, gas_limit: u64, base_fee: u64) -> u64 {
    const ELASTICITY: u64 = 2;
    const MAX_CHANGE_DENOMINATOR: u128 = 8;
    let target = gas_limit / ELASTICITY;
    if target == 0 || gas_used == target {
        return base_fee;
    }
    let difference = u128::from(gas_used.abs_diff(target));
    let change = u128::from(base_fee) * difference / u128::from(target) / MAX_CHANGE_DENOMINATOR;
    let change = u64::try_from(change).unwrap_or(u64::MAX);
    if gas_used > target {
        base_fee.saturating_add(change.max(1))
    } else {
        base_fee.saturating_sub(change)
    }
}

/// Most the transaction may cost: gas, blobs and value at their caps; `None` on overflow.
pub(crate) fn worst_cost(transaction: &Transaction) -> Option<U256> {
    let cap = match transaction.fee {
        Fee::Legacy { gas_price } => gas_price,
        Fee::Dynamic { max_fee, .. } => max_fee,
    };
    let blobs = transaction.blobs.as_ref().map_or(U256::ZERO, |blobs| {
        U256::from(blobs.max_fee) * U256::from(blob_gas(transaction))
    });
    (U256::from(cap) * U256::from(transaction.gas_limit))
        .checked_add(transaction.value)?
        .checked_add(blobs)
}

/// Blob gas of the transaction. Spec: EIP-4844.
pub(crate) fn blob_gas(transaction: &Transaction) -> u64 {
    let blobs = transaction.blobs.as_ref().map_or(0, |b| b.hashes.len());
    GAS_PER_BLOB.saturating_mul(blobs as u64)
}

/// Refund that counts, at most a share of what was spent. Spec: Yellow Paper section 6.2; EIP-3529.
pub(crate) fn capped_refund(gas_spent: u64, counter: i64, revision: Revision) -> u64 {
    let quotient = if revision.enables(Revision::London) {
        5
    } else {
        2
    };
    u64::try_from(counter)
        .unwrap_or(0)
        .min(gas_spent / quotient)
}

/// Price per gas that goes to the coinbase; the base fee is burnt. Spec: EIP-1559.
pub(crate) fn coinbase_price(gas_price: U256, block: &BlockContext, revision: Revision) -> U256 {
    if revision.enables(Revision::London) {
        gas_price.saturating_sub(block.base_fee.to_u256())
    } else {
        gas_price
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_fee_moves_as_alloys_does() {
        use alloy_eips::eip1559::{BaseFeeParams, calc_next_block_base_fee};
        for gas_limit in [1, 2, 5_000, 30_000_000, 36_000_001] {
            for share in 0..=20 {
                let gas_used = gas_limit / 20 * share;
                for base_fee in [0, 1, 7, 8, 1_000_000_000, 87_654_321_987] {
                    assert_eq!(
                        next_base_fee(gas_used, gas_limit, base_fee),
                        calc_next_block_base_fee(
                            gas_used,
                            gas_limit,
                            base_fee,
                            BaseFeeParams::ethereum()
                        ),
                        "{gas_used} of {gas_limit} at {base_fee}"
                    );
                }
            }
        }
        assert_eq!(next_base_fee(u64::MAX, 2, u64::MAX), u64::MAX);
        assert_eq!(next_base_fee(1, 0, 5), 5);
    }

    #[test]
    fn refunds_are_capped_by_revision() {
        assert_eq!(capped_refund(100, 80, Revision::Berlin), 50);
        assert_eq!(capped_refund(100, 80, Revision::London), 20);
        assert_eq!(capped_refund(100, 7, Revision::London), 7);
        assert_eq!(capped_refund(100, -7, Revision::London), 0);
    }
}
