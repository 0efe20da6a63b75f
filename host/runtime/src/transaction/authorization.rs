//! Delegations of accounts to code. Spec: EIP-7702.

use super::Transaction;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use proz_state::{Journal, StateError};

/// First bytes of a delegated account's code.
const DESIGNATOR: [u8; 3] = [0xef, 0x01, 0x00];
/// Length of a delegated account's code, in bytes.
const DESIGNATOR_BYTES: usize = 23;
/// Refund for an authority that exists already: PER_EMPTY_ACCOUNT_COST - PER_AUTH_BASE_COST.
const EXISTING_AUTHORITY_REFUND: i64 = 25_000 - 12_500;

/// Account that code delegates to, if it is a delegation.
#[inline]
pub(crate) fn delegate_of(code: &[u8]) -> Option<Address> {
    if code.len() == DESIGNATOR_BYTES && code.starts_with(&DESIGNATOR) {
        return Some(Address::from_slice(&code[DESIGNATOR.len()..]));
    }
    None
}

/// Applies the authorizations and returns the refund they earn.
///
/// An entry that does not hold is skipped, it does not spoil the transaction.
pub(crate) fn apply(
    journal: &mut Journal<'_>,
    transaction: &Transaction,
    chain_id: u64,
) -> Result<i64, StateError> {
    let mut refund = 0;
    for entry in transaction.authorizations.iter().flatten() {
        let Some(authority) = entry.authority else {
            continue;
        };
        if !entry.chain_id.is_zero() && entry.chain_id != U256::from(chain_id) {
            continue;
        }
        if entry.nonce == u64::MAX {
            continue;
        }
        let (id, _) = journal.load(authority)?;
        let code = journal.code(id)?;
        if !code.is_empty() && delegate_of(code).is_none() {
            continue;
        }
        let account = journal.account(id);
        if account.nonce() != entry.nonce {
            continue;
        }
        if journal.exists(id) {
            refund += EXISTING_AUTHORITY_REFUND;
        }
        let (code, hash) = if entry.address.is_zero() {
            (Bytes::new(), alloy_primitives::KECCAK256_EMPTY)
        } else {
            designator(entry.address)
        };
        journal.set_code(id, code, hash);
        // Cannot overflow: the nonce equals the entry's, which is not the maximum.
        journal.set_nonce(id, entry.nonce.saturating_add(1));
    }
    Ok(refund)
}

fn designator(address: Address) -> (Bytes, B256) {
    let mut code = Vec::with_capacity(DESIGNATOR_BYTES);
    code.extend_from_slice(&DESIGNATOR);
    code.extend_from_slice(address.as_slice());
    let hash = keccak256(&code);
    (code.into(), hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_designator_names_its_delegate() {
        let address = Address::repeat_byte(7);
        assert_eq!(delegate_of(&designator(address).0), Some(address));
        assert_eq!(delegate_of(&[0xef, 0x01, 0x00]), None);
    }
}
