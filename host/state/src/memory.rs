//! World state kept in memory.
//!
//! Cloning copies the accounts and shares the code. Hashes of addresses and roots of storage are
//! remembered, so a state root after a small change costs little more than the trie's upper part.

use std::sync::OnceLock;

use alloy_primitives::{
    Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256, map::FbBuildHasher,
};
use alloy_trie::EMPTY_ROOT_HASH;
use hashbrown::HashMap;

use crate::{AccountInfo, StateChanges, StateDb, StateDbMut, StateError, StorageChange, root};

type Map<K, V, S = foldhash::fast::RandomState> = HashMap<K, V, S>;

/// An account of a [`MemoryDb`].
#[derive(Clone, Debug, Default)]
pub struct MemoryAccount {
    /// Balance, nonce and code hash.
    pub info: AccountInfo,
    slots: Map<U256, U256>,
    hashed_address: OnceLock<B256>,
    storage_root: OnceLock<B256>,
}

impl MemoryAccount {
    /// Returns the value of a slot, zero if it was never written.
    #[inline]
    pub fn storage(&self, key: &U256) -> U256 {
        self.slots.get(key).copied().unwrap_or_default()
    }

    /// Returns the slots that are not zero, in the order of their keys.
    pub fn sorted_storage(&self) -> Vec<(U256, U256)> {
        let mut slots: Vec<_> = self
            .slots
            .iter()
            .map(|(key, value)| (*key, *value))
            .collect();
        slots.sort_unstable();
        slots
    }

    /// Returns whether any slot is not zero.
    #[inline]
    pub fn has_storage(&self) -> bool {
        !self.slots.is_empty()
    }

    /// Computes the root of the account's storage.
    pub fn storage_root(&self) -> B256 {
        if self.slots.is_empty() {
            return EMPTY_ROOT_HASH;
        }
        *self.storage_root.get_or_init(|| {
            root::storage_root(self.slots.iter().map(|(key, value)| (*key, *value)))
        })
    }

    /// Root of the storage with the slots changed, on top of nothing if it `is_new`.
    fn storage_root_after(&self, is_new: bool, changed: &[StorageChange]) -> B256 {
        if is_new {
            return root::storage_root(changed.iter().map(|slot| (slot.key, slot.after)));
        }
        if changed.is_empty() {
            return self.storage_root();
        }
        let is_kept = |key: &U256| changed.binary_search_by(|slot| slot.key.cmp(key)).is_err();
        let kept = self.slots.iter().filter(|(key, _)| is_kept(key));
        root::storage_root(
            kept.map(|(key, value)| (*key, *value))
                .chain(changed.iter().map(|slot| (slot.key, slot.after))),
        )
    }

    /// Keccak-256 of the address at which the account is.
    fn hashed(&self, address: &Address) -> B256 {
        *self.hashed_address.get_or_init(|| keccak256(address))
    }

    fn set_storage(&mut self, key: U256, value: U256) {
        self.storage_root = OnceLock::new();
        if value.is_zero() {
            self.slots.remove(&key);
        } else {
            self.slots.insert(key, value);
        }
    }

    fn clear_storage(&mut self) {
        self.storage_root = OnceLock::new();
        self.slots.clear();
    }
}

impl PartialEq for MemoryAccount {
    fn eq(&self, other: &Self) -> bool {
        self.info == other.info && self.slots == other.slots
    }
}

impl Eq for MemoryAccount {}

/// What a [`MemoryDb`] answers for a block whose hash it was not told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownBlockHash {
    /// Zero.
    #[default]
    Zero,
    /// Keccak-256 of the number in decimal, which Ethereum's state tests count on.
    OfDecimalNumber,
}

/// World state kept in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryDb {
    accounts: Map<Address, MemoryAccount, FbBuildHasher<20>>,
    code: Map<B256, Bytes, FbBuildHasher<32>>,
    block_hashes: Map<u64, B256>,
    unknown_block_hash: UnknownBlockHash,
}

impl MemoryDb {
    /// Makes an empty world.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts an account in place; storage that the account has already is kept.
    ///
    /// Code named by `info` is inserted with [`Self::insert_code`].
    pub fn insert_account(&mut self, address: Address, info: AccountInfo) {
        self.accounts.entry(address).or_default().info = info;
    }

    /// Inserts code and returns its hash.
    pub fn insert_code(&mut self, code: Bytes) -> B256 {
        if code.is_empty() {
            return KECCAK256_EMPTY;
        }
        let code_hash = keccak256(&code);
        self.code.insert(code_hash, code);
        code_hash
    }

    /// Gives the account code, and makes the account if there is none.
    pub fn set_code(&mut self, address: Address, code: Bytes) {
        let code_hash = self.insert_code(code);
        self.accounts.entry(address).or_default().info.code_hash = code_hash;
    }

    /// Sets a slot of the account, and makes the account if there is none.
    pub fn set_storage(&mut self, address: Address, key: U256, value: U256) {
        self.accounts
            .entry(address)
            .or_default()
            .set_storage(key, value);
    }

    /// Removes the account with its storage and returns it.
    pub fn remove_account(&mut self, address: &Address) -> Option<MemoryAccount> {
        self.accounts.remove(address)
    }

    /// Sets the hash of a block.
    pub fn set_block_hash(&mut self, number: u64, hash: B256) {
        self.block_hashes.insert(number, hash);
    }

    /// Chooses the answer for blocks whose hash was not set.
    pub const fn set_unknown_block_hash(&mut self, answer: UnknownBlockHash) {
        self.unknown_block_hash = answer;
    }

    /// Returns the account at `address`.
    #[inline]
    pub fn get(&self, address: &Address) -> Option<&MemoryAccount> {
        self.accounts.get(address)
    }

    /// Returns the code with the given hash, if it is here.
    #[inline]
    pub fn get_code(&self, code_hash: &B256) -> Option<&Bytes> {
        self.code.get(code_hash)
    }

    /// Returns the number of accounts.
    pub fn len(&self) -> usize {
        self.accounts.len()
    }

    /// Returns whether there is no account.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    /// Returns the accounts in the order of their addresses.
    pub fn sorted_accounts(&self) -> Vec<(&Address, &MemoryAccount)> {
        let mut accounts: Vec<_> = self.accounts.iter().collect();
        accounts.sort_unstable_by_key(|(address, _)| **address);
        accounts
    }

    /// Computes the state root.
    ///
    /// All accounts count, empty ones too: whether an empty account stays is decided by the
    /// journal, by revision.
    pub fn state_root(&self) -> B256 {
        root::state_root_hashed(
            self.accounts
                .iter()
                .map(|(address, account)| {
                    (
                        account.hashed(address),
                        account.info,
                        account.storage_root(),
                    )
                })
                .collect(),
        )
    }

    /// Computes the state root that [`StateDbMut::apply`] of the changes would lead to.
    ///
    /// The world stays as it is, and so do the remembered hashes of what does not change.
    pub fn state_root_after(&self, changes: &StateChanges) -> B256 {
        let mut leaves = Vec::with_capacity(self.accounts.len() + changes.accounts().len());
        for (address, account) in &self.accounts {
            let leaf = match changes.get(address) {
                None => Some((account.info, account.storage_root())),
                Some((change, slots)) => change
                    .after
                    .map(|info| (info, account.storage_root_after(change.created, slots))),
            };
            if let Some((info, storage_root)) = leaf {
                leaves.push((account.hashed(address), info, storage_root));
            }
        }
        for (change, slots) in changes.iter() {
            if let (Some(info), None) = (change.after, self.accounts.get(&change.address)) {
                let storage_root = MemoryAccount::default().storage_root_after(true, slots);
                leaves.push((keccak256(change.address), info, storage_root));
            }
        }
        root::state_root_hashed(leaves)
    }
}

/// Two worlds are equal when their accounts are: code and block hashes are look-up tables.
impl PartialEq for MemoryDb {
    fn eq(&self, other: &Self) -> bool {
        self.accounts == other.accounts
    }
}

impl Eq for MemoryDb {}

impl StateDb for MemoryDb {
    #[inline]
    fn account(&self, address: &Address) -> Result<Option<AccountInfo>, StateError> {
        Ok(self.accounts.get(address).map(|account| account.info))
    }

    #[inline]
    fn code(&self, code_hash: &B256) -> Result<Bytes, StateError> {
        if *code_hash == KECCAK256_EMPTY {
            return Ok(Bytes::new());
        }
        self.code
            .get(code_hash)
            .cloned()
            .ok_or(StateError::CodeMissing {
                code_hash: *code_hash,
            })
    }

    #[inline]
    fn storage(&self, address: &Address, key: &U256) -> Result<U256, StateError> {
        Ok(self
            .accounts
            .get(address)
            .map(|account| account.storage(key))
            .unwrap_or_default())
    }

    #[inline]
    fn has_storage(&self, address: &Address) -> Result<bool, StateError> {
        Ok(self
            .accounts
            .get(address)
            .is_some_and(MemoryAccount::has_storage))
    }

    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        Ok(
            match (self.block_hashes.get(&number), self.unknown_block_hash) {
                (Some(hash), _) => *hash,
                (None, UnknownBlockHash::Zero) => B256::ZERO,
                (None, UnknownBlockHash::OfDecimalNumber) => keccak256(number.to_string()),
            },
        )
    }
}

impl StateDbMut for MemoryDb {
    fn apply(&mut self, changes: &StateChanges) -> Result<(), StateError> {
        for (change, storage) in changes.iter() {
            let Some(info) = change.after else {
                self.accounts.remove(&change.address);
                continue;
            };
            if let Some(code) = &change.code {
                self.code.insert(info.code_hash, code.clone());
            }
            let account = self.accounts.entry(change.address).or_default();
            account.info = info;
            if change.created && account.has_storage() {
                account.clear_storage();
            }
            for slot in storage {
                account.set_storage(slot.key, slot.after);
            }
        }
        Ok(())
    }
}
