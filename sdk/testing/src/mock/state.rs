//! Accounts, storage and logs of the mock.

use alloy_primitives::{U256, keccak256};
use proz_interface::v1::{AccessStatus, Address, B256, Word};
use std::collections::{BTreeMap, BTreeSet};

/// One account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MockAccount {
    /// Balance in wei.
    pub balance: Word,
    /// Nonce.
    pub nonce: u64,
    /// Code.
    pub code: Vec<u8>,
}

impl MockAccount {
    /// An account with code and nothing else.
    #[must_use]
    pub fn with_code(code: impl Into<Vec<u8>>) -> Self {
        Self {
            nonce: 1,
            code: code.into(),
            ..Self::default()
        }
    }

    /// An account with a balance and nothing else.
    #[must_use]
    pub fn with_balance(balance: impl Into<Word>) -> Self {
        Self {
            balance: balance.into(),
            ..Self::default()
        }
    }

    /// Keccak-256 of the code.
    #[must_use]
    pub fn code_hash(&self) -> B256 {
        B256(keccak256(&self.code).0)
    }

    /// Whether EIP-161 calls the account empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.balance.is_zero() && self.nonce == 0 && self.code.is_empty()
    }
}

/// A log that was emitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MockLog {
    /// Account that emitted it.
    pub address: Address,
    /// Topics.
    pub topics: Vec<B256>,
    /// Data.
    pub data: Vec<u8>,
}

/// Everything that a checkpoint remembers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MockState {
    /// Accounts.
    pub accounts: BTreeMap<Address, MockAccount>,
    /// Storage of all accounts; missing slots are zero.
    pub storage: BTreeMap<(Address, [u8; 32]), Word>,
    /// Storage as the transaction found it; missing slots are as in `storage` before any write.
    pub original: BTreeMap<(Address, [u8; 32]), Word>,
    /// Transient storage.
    pub transient: BTreeMap<(Address, [u8; 32]), Word>,
    /// Accounts touched before.
    pub warm_accounts: BTreeSet<Address>,
    /// Slots touched before.
    pub warm_slots: BTreeSet<(Address, [u8; 32])>,
    /// Logs in order.
    pub logs: Vec<MockLog>,
    /// Accounts destroyed in this transaction.
    pub destroyed: BTreeSet<Address>,
}

impl MockState {
    /// Present value of a slot.
    #[must_use]
    pub fn slot(&self, account: Address, key: impl Into<Word>) -> Word {
        let key = (account, key.into().to_be_bytes());
        self.storage.get(&key).copied().unwrap_or_default()
    }

    /// Sets a slot as the transaction finds it.
    pub fn set_slot(&mut self, account: Address, key: impl Into<Word>, value: impl Into<Word>) {
        let key = (account, key.into().to_be_bytes());
        self.storage.insert(key, value.into());
    }

    /// Moves value; `false` and nothing done when the balance is too low.
    pub fn transfer(&mut self, from: Address, to: Address, value: Word) -> bool {
        let amount = U256::from_limbs(value.0);
        let balance = |state: &Self, of| {
            let account: Option<&MockAccount> = state.accounts.get(&of);
            U256::from_limbs(account.map(|a| a.balance).unwrap_or_default().0)
        };
        let Some(rest) = balance(self, from).checked_sub(amount) else {
            return false;
        };
        self.accounts.entry(from).or_default().balance = rest.into();
        let sum = balance(self, to).saturating_add(amount);
        self.accounts.entry(to).or_default().balance = sum.into();
        true
    }

    pub(super) fn touch_account(&mut self, address: Address, tracks: bool) -> AccessStatus {
        status(tracks && self.warm_accounts.insert(address))
    }

    pub(super) fn touch_slot(&mut self, slot: (Address, [u8; 32]), tracks: bool) -> AccessStatus {
        status(tracks && self.warm_slots.insert(slot))
    }

    /// The account that `address` delegates to. Spec: EIP-7702.
    pub(super) fn delegate(&self, address: Address) -> Option<Address> {
        let code = &self.accounts.get(&address)?.code;
        let target = code.strip_prefix(&[0xef, 0x01, 0x00])?;
        target.try_into().ok().map(Address)
    }
}

const fn status(is_cold: bool) -> AccessStatus {
    if is_cold {
        AccessStatus::COLD
    } else {
        AccessStatus::WARM
    }
}
