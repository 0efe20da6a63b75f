//! What a transaction did to the world.
//!
//! Invariant: accounts stand in the order of their addresses and slots in the order of their keys,
//! so equal transactions on equal states give equal changes, byte for byte.

use alloy_primitives::{Address, Bytes, U256};
use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::{AccountInfo, Logs};

/// What happened to one account.
///
/// Its slots are read with [`StateChanges::storage`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountChange {
    /// The account's address.
    pub address: Address,
    /// The account before, `None` if it did not exist.
    pub before: Option<AccountInfo>,
    /// The account after, `None` if it no longer exists; then its storage is gone too.
    pub after: Option<AccountInfo>,
    /// Code that `after` names and `before` did not, unless it is empty.
    pub code: Option<Bytes>,
    /// A contract was created here: storage that may have been here before is gone.
    pub created: bool,
    /// Where the account's slots stand in [`StateChanges::storage`].
    slots: (usize, usize),
}

impl AccountChange {
    /// Returns whether the account existed before and does not exist after.
    pub const fn is_deleted(&self) -> bool {
        self.before.is_some() && self.after.is_none()
    }
}

/// What happened to one storage slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct StorageChange {
    /// The slot's key.
    pub key: U256,
    /// Value before the transaction; zero if the contract was created in it.
    pub before: U256,
    /// Value after the transaction.
    pub after: U256,
}

/// All changes of a transaction and its logs.
///
/// Serialises as `{"accounts": […], "logs": […]}`, each account with its slots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateChanges {
    accounts: Vec<AccountChange>,
    slots: Vec<StorageChange>,
    pub(crate) logs: Logs,
}

impl StateChanges {
    /// Makes an empty set of changes.
    pub const fn new() -> Self {
        Self {
            accounts: Vec::new(),
            slots: Vec::new(),
            logs: Logs::new(),
        }
    }

    /// Returns the changed accounts in the order of their addresses.
    #[inline]
    pub fn accounts(&self) -> &[AccountChange] {
        &self.accounts
    }

    /// Returns the changed slots of one of [`Self::accounts`] in the order of their keys.
    ///
    /// The list of an account that no longer exists is empty. For an account of another
    /// `StateChanges` the answer means nothing.
    #[inline]
    pub fn storage(&self, account: &AccountChange) -> &[StorageChange] {
        self.slots
            .get(account.slots.0..account.slots.1)
            .unwrap_or_default()
    }

    /// Returns each changed account with its changed slots.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&AccountChange, &[StorageChange])> {
        self.accounts
            .iter()
            .map(|account| (account, self.storage(account)))
    }

    /// Returns the change of the account at `address`.
    pub fn get(&self, address: &Address) -> Option<(&AccountChange, &[StorageChange])> {
        let index = self
            .accounts
            .binary_search_by(|account| account.address.cmp(address))
            .ok()?;
        let account = self.accounts.get(index)?;
        Some((account, self.storage(account)))
    }

    /// Returns the logs in the order of their emission.
    #[inline]
    pub const fn logs(&self) -> &Logs {
        &self.logs
    }

    /// Returns whether nothing changed and nothing was logged.
    pub const fn is_empty(&self) -> bool {
        self.accounts.is_empty() && self.logs.is_empty()
    }

    /// Removes everything and keeps the memory, within reason.
    pub fn clear(&mut self) {
        self.accounts.clear();
        self.accounts.shrink_to(KEEP_ACCOUNTS);
        self.slots.clear();
        self.slots.shrink_to(KEEP_SLOTS);
        self.logs.clear();
    }

    /// Opens the change of the next account in order; its slots follow.
    pub(crate) fn push_account(
        &mut self,
        address: Address,
        before: Option<AccountInfo>,
        after: Option<AccountInfo>,
        code: Option<Bytes>,
        created: bool,
    ) {
        let start = self.slots.len();
        self.accounts.push(AccountChange {
            address,
            before,
            after,
            code,
            created,
            slots: (start, start),
        });
    }

    /// Adds a slot, in order, to the account pushed last.
    pub(crate) fn push_slot(&mut self, slot: StorageChange) {
        self.slots.push(slot);
        if let Some(account) = self.accounts.last_mut() {
            account.slots.1 = self.slots.len();
        }
    }
}

/// Memory that [`StateChanges::clear`] keeps.
const KEEP_ACCOUNTS: usize = 1024;
const KEEP_SLOTS: usize = 4096;

/// An account with its slots, as a reader of JSON sees it.
#[derive(Serialize)]
struct AccountView<'a> {
    address: &'a Address,
    before: &'a Option<AccountInfo>,
    after: &'a Option<AccountInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: &'a Option<Bytes>,
    created: bool,
    deleted: bool,
    storage: &'a [StorageChange],
}

struct AccountsView<'a>(&'a StateChanges);

impl Serialize for AccountsView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|(account, storage)| AccountView {
            address: &account.address,
            before: &account.before,
            after: &account.after,
            code: &account.code,
            created: account.created,
            deleted: account.is_deleted(),
            storage,
        }))
    }
}

impl Serialize for StateChanges {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut changes = serializer.serialize_struct("StateChanges", 2)?;
        changes.serialize_field("accounts", &AccountsView(self))?;
        changes.serialize_field("logs", &self.logs)?;
        changes.end()
    }
}
