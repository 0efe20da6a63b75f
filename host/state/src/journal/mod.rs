//! The view that one transaction has of the world.
//!
//! A journal caches what it reads from the store, records every change so that a failed frame can
//! be undone, and reports at the end what is left. It knows the account rules of every revision
//! through [`JournalRules`] and nothing of any virtual machine.
//!
//! Accounts and slots lie in slabs and are found through one index each; an [`AccountId`] is a place
//! in the slab, so whoever holds one pays no look-up. Entries stay in the slabs when a frame is
//! undone, only their contents go back.
//!
//! Invariant: undoing to a checkpoint gives back everything that can be observed, except what was
//! cached from the store and the touch of account 0x03 (EIP-161).

mod accounts;
mod entry;
mod finish;
mod index;
mod lifecycle;
mod storage;
mod transient;
mod undo;

#[cfg(test)]
mod tests;

pub use entry::{AccountEntry, AccountId, SlotEntry};
pub use lifecycle::SelfDestruct;
pub use storage::{StorageLoad, StorageStore};
pub use undo::Checkpoint;

use alloy_primitives::{Address, B256};

use self::{
    finish::Scratch, index::Table, storage::Slots, transient::TransientSlot, undo::UndoLog,
};
use crate::{JournalRules, Logs, StateDb, StateError, WarmSet};

/// The memory of a [`Journal`], kept from one transaction to the next.
///
/// It holds no state: what one transaction leaves in it cannot reach another.
#[derive(Debug, Default)]
pub struct JournalBuffers {
    accounts: Table<AccountEntry>,
    slots: Slots,
    transient: Table<TransientSlot>,
    undo: UndoLog,
    logs: Logs,
    scratch: Scratch,
}

impl JournalBuffers {
    fn clear(&mut self) {
        self.accounts.clear();
        self.slots.clear();
        self.transient.clear();
        self.undo.clear();
        self.logs.clear();
    }
}

/// The view that one transaction has of a store.
///
/// Account handles ([`AccountId`]) are valid for the journal that gave them, until
/// [`Self::finish`] or [`Self::clear`].
pub struct Journal<'db> {
    db: &'db dyn StateDb,
    rules: JournalRules,
    warm_set: Option<&'db WarmSet>,
    buffers: JournalBuffers,
}

impl<'db> Journal<'db> {
    /// Makes a journal over `db`.
    pub fn new(db: &'db dyn StateDb, rules: JournalRules) -> Self {
        Self::with_buffers(db, rules, JournalBuffers::default())
    }

    /// Makes a journal over `db` in the memory of an earlier one.
    pub fn with_buffers(
        db: &'db dyn StateDb,
        rules: JournalRules,
        buffers: JournalBuffers,
    ) -> Self {
        Self {
            db,
            rules,
            warm_set: None,
            buffers,
        }
    }

    /// Lends the journal the addresses that are warm from the start: the precompiles.
    pub const fn set_warm_set(&mut self, warm_set: &'db WarmSet) {
        self.warm_set = Some(warm_set);
    }

    /// Gives the memory back, emptied, and ends the journal.
    pub fn into_buffers(mut self) -> JournalBuffers {
        self.buffers.clear();
        self.buffers
    }

    /// Forgets everything, as if no transaction had begun.
    ///
    /// The rules, the store and the warm set stay. Handles given before are no longer valid.
    pub fn clear(&mut self) {
        self.buffers.clear();
    }

    /// Returns the rules in force.
    #[inline]
    pub const fn rules(&self) -> JournalRules {
        self.rules
    }

    /// Returns the store, which knows nothing of this transaction.
    #[inline]
    pub const fn db(&self) -> &'db dyn StateDb {
        self.db
    }

    /// Returns the hash of a block as the store knows it, zero if it does not.
    ///
    /// # Errors
    ///
    /// [`StateError::Backend`] when the store cannot be read.
    pub fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        self.db.block_hash(number)
    }

    /// Records a log. Undone with the frame.
    #[inline]
    pub fn log(&mut self, address: Address, topics: &[B256], data: &[u8]) {
        self.buffers.logs.push(address, topics, data);
    }

    /// Returns the logs recorded so far.
    #[inline]
    pub const fn logs(&self) -> &Logs {
        &self.buffers.logs
    }

    /// Returns every account loaded so far, in the order of loading.
    pub fn accounts(&self) -> impl Iterator<Item = &AccountEntry> {
        self.buffers
            .accounts
            .iter()
            .filter(|account| account.is_loaded())
    }

    /// Returns every slot loaded so far with its account, in the order of loading.
    pub fn slots(&self) -> impl Iterator<Item = (&AccountEntry, &SlotEntry)> {
        self.buffers
            .slots
            .iter()
            .filter(|slot| slot.is_loaded())
            .map(|slot| (self.account(slot.account), slot))
    }
}

impl std::fmt::Debug for Journal<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Journal")
            .field("rules", &self.rules)
            .field("accounts", &self.buffers.accounts.len())
            .field("slots", &self.buffers.slots.len())
            .field("logs", &self.buffers.logs.len())
            .finish_non_exhaustive()
    }
}
