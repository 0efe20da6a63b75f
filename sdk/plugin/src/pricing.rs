//! What Ethereum charges for touching state, for VMs that price by the host's cold/warm rules.
//!
//! Rules of EIP-2929 and later only: VMs other than the EVM have no history before Berlin.

use crate::{AccessStatus, CallTarget, StorageStore, Word};

/// Warm access to an account or slot. Spec: EIP-2929.
pub const WARM_ACCESS: u64 = 100;
/// Cold access to an account. Spec: EIP-2929.
pub const COLD_ACCOUNT: u64 = 2_600;
/// Cold access to a storage slot. Spec: EIP-2929.
pub const COLD_SLOT: u64 = 2_100;
/// Writing a slot from zero. Spec: EIP-2200.
pub const STORE_SET: u64 = 20_000;
/// Writing a slot otherwise, cold surcharge excluded. Spec: EIP-2929.
pub const STORE_RESET: u64 = 5_000 - COLD_SLOT;
/// Refund for clearing a slot. Spec: EIP-3529.
pub const STORE_CLEAR_REFUND: i64 = 4_800;
/// Gas that must be left for a store. Spec: EIP-2200.
pub const STORE_STIPEND_GUARD: u64 = 2_300;
/// Reading or writing a transient slot. Spec: EIP-1153.
pub const TRANSIENT: u64 = 100;
/// A log. Spec: Yellow Paper, G_log.
pub const LOG: u64 = 375;
/// One topic of a log. Spec: Yellow Paper, G_logtopic.
pub const LOG_TOPIC: u64 = 375;
/// One byte of a log. Spec: Yellow Paper, G_logdata.
pub const LOG_BYTE: u64 = 8;
/// A call that transfers value. Spec: Yellow Paper, G_callvalue.
pub const CALL_VALUE: u64 = 9_000;
/// Gas given to a callee that receives value. Spec: Yellow Paper, G_callstipend.
pub const CALL_STIPEND: u64 = 2_300;
/// A call that makes an absent account exist. Spec: EIP-161.
pub const NEW_ACCOUNT: u64 = 25_000;
/// A creation. Spec: Yellow Paper, G_create.
pub const CREATE: u64 = 32_000;
/// One word of init code. Spec: EIP-3860.
pub const INIT_CODE_WORD: u64 = 2;
/// Hash of one word. Spec: Yellow Paper, G_keccak256word.
pub const KECCAK_WORD: u64 = 6;
/// A hash. Spec: Yellow Paper, G_keccak256.
pub const KECCAK: u64 = 30;

/// Gas of looking at an account.
#[must_use]
pub const fn account_access(status: AccessStatus) -> u64 {
    if status.is_cold() {
        COLD_ACCOUNT
    } else {
        WARM_ACCESS
    }
}

/// Gas of reading a storage slot.
#[inline]
#[must_use]
pub const fn storage_load(status: AccessStatus) -> u64 {
    if status.is_cold() {
        COLD_SLOT
    } else {
        WARM_ACCESS
    }
}

/// Compares limb by limb: words that were just written by limbs stall a comparison by vectors.
#[inline]
const fn same(left: &Word, right: &Word) -> bool {
    let (left, right) = (&left.0, &right.0);
    (left[0] ^ right[0]) | (left[1] ^ right[1]) | (left[2] ^ right[2]) | (left[3] ^ right[3]) == 0
}

/// Gas and refund of writing a storage slot. Spec: EIP-2200 with EIP-2929 and EIP-3529.
#[inline]
#[must_use]
pub fn storage_store(store: &StorageStore) -> (u64, i64) {
    let cold = if store.status.is_cold() { COLD_SLOT } else { 0 };
    let (original, current, new) = (&store.original, &store.current, &store.new);
    if same(new, current) {
        return (cold + WARM_ACCESS, 0);
    }
    if same(original, current) {
        let gas = if original.is_zero() {
            STORE_SET
        } else {
            STORE_RESET
        };
        let refund = if !original.is_zero() && new.is_zero() {
            STORE_CLEAR_REFUND
        } else {
            0
        };
        return (cold + gas, refund);
    }
    let mut refund = 0;
    if !original.is_zero() {
        if current.is_zero() {
            refund -= STORE_CLEAR_REFUND;
        } else if new.is_zero() {
            refund += STORE_CLEAR_REFUND;
        }
    }
    if same(original, new) {
        let undone = if original.is_zero() {
            STORE_SET
        } else {
            STORE_RESET
        };
        refund += (undone - WARM_ACCESS) as i64;
    }
    (cold + WARM_ACCESS, refund)
}

/// Gas of calling a target, forwarded gas excluded. Spec: EIP-2929, EIP-7702.
#[must_use]
pub const fn call(target: &CallTarget, transfers_value: bool, is_plain_call: bool) -> u64 {
    let mut gas = account_access(target.status);
    if target.delegate.is_some() {
        gas += account_access(target.delegate_status);
    }
    if transfers_value {
        gas += CALL_VALUE;
        if is_plain_call && target.is_absent {
            gas += NEW_ACCOUNT;
        }
    }
    gas
}

/// Gas of a log.
#[must_use]
pub const fn log(topics: usize, data_size_bytes: usize) -> u64 {
    LOG + LOG_TOPIC * topics as u64 + LOG_BYTE.saturating_mul(data_size_bytes as u64)
}

/// Gas of a hash.
#[must_use]
pub const fn keccak256(size_bytes: usize) -> u64 {
    KECCAK + KECCAK_WORD.saturating_mul((size_bytes as u64).div_ceil(32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Word;

    /// Rows of EIP-2200's table, with the costs of EIP-2929 and the refunds of EIP-3529.
    #[test]
    fn prices_stores_as_eip_3529_lists_them() {
        let cases = [
            (0, 0, 0, 100, 0),
            (0, 0, 1, 20_000, 0),
            (0, 1, 0, 100, 19_900),
            (0, 1, 2, 100, 0),
            (1, 1, 0, 2_900, 4_800),
            (1, 1, 2, 2_900, 0),
            (1, 0, 1, 100, 2_800 - 4_800),
            (1, 0, 2, 100, -4_800),
            (1, 2, 0, 100, 4_800),
            (1, 2, 1, 100, 2_800),
            (1, 2, 3, 100, 0),
        ];
        for (original, current, new, gas, refund) in cases {
            let store = StorageStore {
                original: Word::from(original),
                current: Word::from(current),
                new: Word::from(new),
                status: AccessStatus::WARM,
            };
            assert_eq!(
                storage_store(&store),
                (gas, refund),
                "{original} {current} {new}"
            );
        }
    }
}
