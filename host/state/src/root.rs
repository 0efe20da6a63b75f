//! Ethereum's roots: of an account's storage and of the whole state.
//!
//! Both tries are secure (keys are hashed with keccak-256) and are built bottom-up from sorted
//! leaves. Spec: Yellow Paper section 4.1 and appendix D.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_trie::{EMPTY_ROOT_HASH, HashBuilder, Nibbles, TrieAccount};

use crate::AccountInfo;

/// Computes the root of an account's storage. Slots that are zero are left out.
///
/// Every key must occur once; the order does not matter.
pub fn storage_root(slots: impl IntoIterator<Item = (U256, U256)>) -> B256 {
    let mut leaves: Vec<(B256, U256)> = slots
        .into_iter()
        .filter(|(_, value)| !value.is_zero())
        .map(|(key, value)| (keccak256(key.to_be_bytes::<32>()), value))
        .collect();
    if leaves.is_empty() {
        return EMPTY_ROOT_HASH;
    }
    leaves.sort_unstable_by_key(|(key, _)| *key);
    let mut builder = HashBuilder::default();
    for (key, value) in leaves {
        builder.add_leaf(
            Nibbles::unpack(key),
            alloy_rlp::encode_fixed_size(&value).as_ref(),
        );
    }
    builder.root()
}

/// Computes the state root from accounts and the roots of their storage.
///
/// Every address must occur once; the order does not matter. Empty accounts are not left out: an
/// account that is given exists.
pub fn state_root(accounts: impl IntoIterator<Item = (Address, AccountInfo, B256)>) -> B256 {
    state_root_hashed(
        accounts
            .into_iter()
            .map(|(address, info, storage_root)| (keccak256(address), info, storage_root))
            .collect(),
    )
}

/// [`state_root`] for addresses that are hashed already.
pub(crate) fn state_root_hashed(mut leaves: Vec<(B256, AccountInfo, B256)>) -> B256 {
    if leaves.is_empty() {
        return EMPTY_ROOT_HASH;
    }
    leaves.sort_unstable_by_key(|(key, ..)| *key);
    let mut builder = HashBuilder::default();
    let mut leaf = Vec::with_capacity(128);
    for (key, info, storage_root) in leaves {
        leaf.clear();
        let account = TrieAccount::new(info.nonce, info.balance, storage_root, info.code_hash);
        alloy_rlp::Encodable::encode(&account, &mut leaf);
        builder.add_leaf(Nibbles::unpack(key), &leaf);
    }
    builder.root()
}
