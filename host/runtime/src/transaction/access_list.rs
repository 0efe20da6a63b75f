//! What is warm when a transaction begins. Spec: EIP-2929, EIP-2930, EIP-3651.

use super::Transaction;
use alloy_primitives::{Address, U256};
use proz_interface::v1::Revision;
use proz_state::Journal;

/// Warms coinbase and access list. Sender, callee and precompiles are warmed where they are loaded.
pub(crate) fn warm(
    journal: &mut Journal<'_>,
    transaction: &Transaction,
    coinbase: Address,
    revision: Revision,
) {
    if !revision.enables(Revision::Berlin) {
        return;
    }
    if revision.enables(Revision::Shanghai) {
        journal.warm_address(coinbase);
    }
    for item in transaction.access_list.iter().flatten() {
        journal.warm_address(item.address);
        for slot in &item.slots {
            journal.warm_slot(item.address, U256::from_be_bytes(slot.0));
        }
    }
}
