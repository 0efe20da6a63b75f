//! The end of a transaction: what is left of it, in order.

use super::{
    Journal, JournalBuffers,
    entry::{AccountEntry, account_flags, slot_flags},
};
use crate::{AccountInfo, JournalRules, StateChanges, StorageChange};

/// Working memory of [`Journal::finish_into`].
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// Places of changed slots.
    slots: Vec<u32>,
    /// Places of accounts that are changed, or have changed slots.
    accounts: Vec<u32>,
    /// For each place in the slab of accounts, whether a slot of it is in `slots`.
    has_slots: Vec<bool>,
}

impl Journal<'_> {
    /// Ends the transaction and returns what is left of it.
    ///
    /// The journal is empty afterwards, as after [`Self::clear`].
    pub fn finish(&mut self) -> StateChanges {
        let mut changes = StateChanges::new();
        self.finish_into(&mut changes);
        changes
    }

    /// [`Self::finish`] into memory that was used before; what it held is lost.
    ///
    /// Destroyed accounts go, under state clearing also those that were touched and are empty;
    /// before that rule, touched accounts that did not exist come to exist. Accounts and slots
    /// that are as they were before the transaction are left out.
    ///
    /// Spec: EIP-161, Yellow Paper section 6.
    pub fn finish_into(&mut self, changes: &mut StateChanges) {
        changes.clear();
        let rules = self.rules;
        let JournalBuffers {
            accounts,
            slots,
            logs,
            scratch,
            ..
        } = &mut self.buffers;

        scratch.clear();
        scratch.has_slots.resize(accounts.len(), false);
        for (place, slot) in slots.iter().enumerate() {
            if slot.flags & slot_flags::LOADED != 0 && slot.present != slot.original {
                scratch.slots.push(place as u32);
                scratch.has_slots[slot.account.0 as usize] = true;
            }
        }
        for (place, account) in accounts.iter().enumerate() {
            if account.is_touched() && (scratch.has_slots[place] || is_changed(account, rules)) {
                scratch.accounts.push(place as u32);
            }
        }
        scratch
            .accounts
            .sort_unstable_by_key(|place| accounts.get(*place).address());
        scratch.slots.sort_unstable_by_key(|place| {
            let slot = slots.get(*place);
            (accounts.get(slot.account.0).address(), slot.key())
        });

        let mut changed_slots = scratch
            .slots
            .iter()
            .map(|place| slots.get(*place))
            .peekable();
        for place in &scratch.accounts {
            let account = accounts.get(*place);
            let after = after(account, rules);
            let before = account.original().copied();
            let vanished_unseen = before.is_none() && after.is_none();
            if !vanished_unseen {
                let code = after
                    .filter(|info| info.has_code() && info.code_hash != account.original.code_hash)
                    .and(account.code.clone());
                let created = after.is_some() && account.is_created();
                changes.push_account(account.address(), before, after, code, created);
            }
            while let Some(slot) = changed_slots.next_if(|slot| slot.account.0 == *place) {
                if after.is_some() {
                    changes.push_slot(StorageChange {
                        key: slot.key(),
                        before: slot.original,
                        after: slot.present,
                    });
                }
            }
        }
        std::mem::swap(logs, &mut changes.logs);
        self.buffers.clear();
    }
}

impl Scratch {
    fn clear(&mut self) {
        self.slots.clear();
        self.accounts.clear();
        self.has_slots.clear();
    }
}

/// The account after the transaction, `None` if it does not exist then.
fn after(account: &AccountEntry, rules: JournalRules) -> Option<AccountInfo> {
    let goes = account.is_destroyed() || rules.state_clearing && account.is_empty();
    (!goes).then_some(account.info)
}

/// Whether a touched account, its storage left aside, differs from what the store has.
fn is_changed(account: &AccountEntry, rules: JournalRules) -> bool {
    let is_replaced = account.is_created() && account.has_flag(account_flags::EXISTED);
    is_replaced || after(account, rules).as_ref() != account.original()
}
