//! Gas that a transaction costs before any code runs.

use super::Transaction;
use proz_interface::v1::Revision;

const BASE: u64 = 21_000;
/// Spec: EIP-2.
const CREATION: u64 = 32_000;
const ZERO_BYTE: u64 = 4;
/// Spec: EIP-2028.
const NON_ZERO_BYTE: u64 = 16;
const NON_ZERO_BYTE_FRONTIER: u64 = 68;
/// Spec: EIP-3860.
const INIT_CODE_WORD: u64 = 2;
/// Spec: EIP-2930.
const ACCESS_LIST_ADDRESS: u64 = 2_400;
const ACCESS_LIST_SLOT: u64 = 1_900;
/// Spec: EIP-7702, PER_EMPTY_ACCOUNT_COST.
const AUTHORIZATION: u64 = 25_000;
/// Spec: EIP-7623.
const FLOOR_PER_TOKEN: u64 = 10;
const TOKENS_PER_NON_ZERO_BYTE: u64 = 4;

/// Gas before execution.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct IntrinsicGas {
    /// Charged before the first frame.
    pub(crate) initial: u64,
    /// Least gas that the transaction pays for. Spec: EIP-7623; zero before Prague.
    pub(crate) floor: u64,
}

/// Computes the gas that `transaction` costs before any code runs.
pub(crate) fn intrinsic_gas(transaction: &Transaction, revision: Revision) -> IntrinsicGas {
    let zeros = transaction.input.iter().filter(|b| **b == 0).count() as u64;
    let non_zeros = transaction.input.len() as u64 - zeros;
    let non_zero_cost = if revision.enables(Revision::Istanbul) {
        NON_ZERO_BYTE
    } else {
        NON_ZERO_BYTE_FRONTIER
    };
    let mut initial = BASE + zeros * ZERO_BYTE + non_zeros * non_zero_cost;

    if transaction.to.is_none() {
        if revision.enables(Revision::Homestead) {
            initial += CREATION;
        }
        if revision.enables(Revision::Shanghai) {
            initial += INIT_CODE_WORD * (transaction.input.len() as u64).div_ceil(32);
        }
    }
    if revision.enables(Revision::Berlin) {
        for item in transaction.access_list.iter().flatten() {
            initial = initial
                .saturating_add(ACCESS_LIST_ADDRESS)
                .saturating_add(ACCESS_LIST_SLOT.saturating_mul(item.slots.len() as u64));
        }
    }
    let mut floor = 0;
    if revision.enables(Revision::Prague) {
        let authorizations = transaction.authorizations.as_ref().map_or(0, Vec::len);
        initial = initial.saturating_add(AUTHORIZATION.saturating_mul(authorizations as u64));
        floor = BASE + FLOOR_PER_TOKEN * (zeros + non_zeros * TOKENS_PER_NON_ZERO_BYTE);
    }
    IntrinsicGas { initial, floor }
}

#[cfg(test)]
mod tests {
    use super::super::AccessListItem;
    use super::*;
    use alloy_primitives::{Address, B256, Bytes};

    #[test]
    fn prices_follow_the_revisions() {
        let call = Transaction {
            to: Some(Address::ZERO),
            input: Bytes::from_static(&[0, 1, 2]),
            ..Transaction::default()
        };
        let creation = Transaction {
            to: None,
            ..call.clone()
        };
        let listed = Transaction {
            access_list: Some(vec![AccessListItem {
                address: Address::ZERO,
                slots: vec![B256::ZERO; 2],
            }]),
            ..call.clone()
        };
        for (transaction, revision, initial, floor) in [
            (&call, Revision::Frontier, 21_000 + 4 + 136, 0),
            (&call, Revision::Istanbul, 21_000 + 4 + 32, 0),
            (&call, Revision::Prague, 21_000 + 4 + 32, 21_000 + 90),
            (&creation, Revision::Frontier, 21_140, 0),
            (&creation, Revision::Homestead, 53_140, 0),
            (&creation, Revision::Shanghai, 53_038, 0),
            (&listed, Revision::Istanbul, 21_036, 0),
            (&listed, Revision::Berlin, 21_036 + 2_400 + 3_800, 0),
        ] {
            assert_eq!(
                intrinsic_gas(transaction, revision),
                IntrinsicGas { initial, floor },
                "{revision}"
            );
        }
    }
}
