//! What a journal holds of an account and of a slot.

use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256};

use super::index::{Keyed, same_word};
use crate::AccountInfo;

/// A place in a journal's slab of accounts: a handle that costs no look-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(pub(super) u32);

/// Bits of [`AccountEntry::flags`].
pub(super) mod account_flags {
    /// Accessed before in this transaction (EIP-2929).
    pub(in super::super) const WARM: u8 = 1;
    /// Touched (EIP-161); before that rule, made to exist.
    pub(in super::super) const TOUCHED: u8 = 1 << 1;
    /// A contract was created here in this transaction.
    pub(in super::super) const CREATED: u8 = 1 << 2;
    /// To be deleted at the end of the transaction.
    pub(in super::super) const DESTROYED: u8 = 1 << 3;
    /// The bits that go back with a frame.
    pub(in super::super) const UNDOABLE: u8 = WARM | TOUCHED | CREATED | DESTROYED;
    /// Contents were read from the store.
    pub(in super::super) const LOADED: u8 = 1 << 4;
    /// The store had the account.
    pub(in super::super) const EXISTED: u8 = 1 << 5;
    /// Some slot of the account is in the slab.
    pub(in super::super) const HAS_SLOTS: u8 = 1 << 6;
}

/// Bits of [`SlotEntry::flags`].
pub(super) mod slot_flags {
    /// Accessed before in this transaction (EIP-2929).
    pub(in super::super) const WARM: u8 = 1;
    /// Values are valid.
    pub(in super::super) const LOADED: u8 = 1 << 1;
    /// Both: the slot can be served without further thought.
    pub(in super::super) const READY: u8 = WARM | LOADED;
}

/// An account as a transaction sees it now.
#[derive(Clone, Debug)]
pub struct AccountEntry {
    pub(super) flags: u8,
    address: Address,
    pub(super) info: AccountInfo,
    /// Code, once somebody asked for it.
    pub(super) code: Option<Bytes>,
    pub(super) original: AccountInfo,
}

impl AccountEntry {
    pub(super) fn unloaded(address: Address) -> Self {
        Self {
            flags: 0,
            address,
            info: AccountInfo::default(),
            code: None,
            original: AccountInfo::default(),
        }
    }

    pub(super) fn set_loaded(&mut self, info: Option<AccountInfo>) {
        self.flags |= account_flags::LOADED;
        if let Some(info) = info {
            self.flags |= account_flags::EXISTED;
            self.info = info;
            self.original = info;
        }
    }

    #[inline]
    pub(super) const fn has_flag(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    #[inline]
    pub(super) const fn is_loaded(&self) -> bool {
        self.has_flag(account_flags::LOADED)
    }

    /// Returns the account's address.
    #[inline]
    pub const fn address(&self) -> Address {
        self.address
    }

    /// Returns balance, nonce and code hash.
    #[inline]
    pub const fn info(&self) -> &AccountInfo {
        &self.info
    }

    /// Returns the balance in wei.
    #[inline]
    pub const fn balance(&self) -> U256 {
        self.info.balance
    }

    /// Returns the nonce.
    #[inline]
    pub const fn nonce(&self) -> u64 {
        self.info.nonce
    }

    /// Returns the hash of the code; that of the empty string where there is no code.
    #[inline]
    pub const fn code_hash(&self) -> B256 {
        self.info.code_hash
    }

    /// Returns whether there is code.
    #[inline]
    pub fn has_code(&self) -> bool {
        self.info.code_hash != KECCAK256_EMPTY
    }

    /// Returns whether balance and nonce are zero and there is no code (EIP-161).
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.info.is_empty()
    }

    /// Returns the account as it was at the start of the transaction, `None` if it did not exist.
    #[inline]
    pub fn original(&self) -> Option<&AccountInfo> {
        self.has_flag(account_flags::EXISTED)
            .then_some(&self.original)
    }

    /// Returns whether the account is in the set of accessed addresses (EIP-2929).
    ///
    /// Addresses of the journal's [`WarmSet`](crate::WarmSet) count from their first load.
    #[inline]
    pub const fn is_warm(&self) -> bool {
        self.has_flag(account_flags::WARM)
    }

    /// Returns whether the account was touched in this transaction (EIP-161).
    #[inline]
    pub const fn is_touched(&self) -> bool {
        self.has_flag(account_flags::TOUCHED)
    }

    /// Returns whether a contract was created here in this transaction.
    #[inline]
    pub const fn is_created(&self) -> bool {
        self.has_flag(account_flags::CREATED)
    }

    /// Returns whether the account will be deleted at the end of this transaction.
    #[inline]
    pub const fn is_destroyed(&self) -> bool {
        self.has_flag(account_flags::DESTROYED)
    }
}

impl Keyed for AccountEntry {
    type Key = Address;

    #[inline]
    fn has_key(&self, key: &Address) -> bool {
        self.address == *key
    }

    fn key(&self) -> Address {
        self.address
    }
}

/// A storage slot as a transaction sees it now.
#[derive(Clone, Debug)]
pub struct SlotEntry {
    pub(super) flags: u8,
    pub(super) account: AccountId,
    key: U256,
    pub(super) original: U256,
    pub(super) present: U256,
}

impl SlotEntry {
    pub(super) const fn unloaded(account: AccountId, key: U256) -> Self {
        Self {
            flags: 0,
            account,
            key,
            original: U256::ZERO,
            present: U256::ZERO,
        }
    }

    #[inline]
    pub(super) const fn is_loaded(&self) -> bool {
        self.flags & slot_flags::LOADED != 0
    }

    /// Returns the slot's key.
    #[inline]
    pub const fn key(&self) -> U256 {
        self.key
    }

    /// Returns the value at the start of the transaction; zero if the contract was created in it.
    #[inline]
    pub const fn original(&self) -> U256 {
        self.original
    }

    /// Returns the value now.
    #[inline]
    pub const fn present(&self) -> U256 {
        self.present
    }

    /// Returns whether the slot is in the set of accessed slots (EIP-2929).
    #[inline]
    pub const fn is_warm(&self) -> bool {
        self.flags & slot_flags::WARM != 0
    }
}

impl Keyed for SlotEntry {
    type Key = (AccountId, U256);

    #[inline]
    fn has_key(&self, key: &(AccountId, U256)) -> bool {
        self.account == key.0 && same_word(&self.key, &key.1)
    }

    fn key(&self) -> (AccountId, U256) {
        (self.account, self.key)
    }
}
