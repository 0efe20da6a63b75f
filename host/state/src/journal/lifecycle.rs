//! Creation and destruction of contracts.

use alloy_primitives::{Address, U256};

use super::{
    Journal,
    entry::{AccountId, account_flags, slot_flags},
    undo::Undo,
};
use crate::{AccessStatus, StateError};

/// Answer to a SELFDESTRUCT, with what its price and refund depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelfDestruct {
    /// The account had a balance.
    pub had_value: bool,
    /// The beneficiary existed, in the sense of [`Journal::exists`], before it was paid.
    pub target_exists: bool,
    /// The account was destroyed before in this transaction: no second refund.
    pub previously_destroyed: bool,
    /// Whether the beneficiary was accessed before.
    pub target_status: AccessStatus,
}

impl Journal<'_> {
    /// Returns whether a contract cannot be created here: there is a nonce, code or storage.
    ///
    /// # Errors
    ///
    /// [`StateError::Backend`] when the store cannot be read.
    ///
    /// Spec: EIP-684, EIP-7610.
    pub fn has_collision(&self, id: AccountId) -> Result<bool, StateError> {
        let account = self.account(id);
        if account.nonce() != 0 || account.has_code() {
            return Ok(true);
        }
        if !account.has_flag(account_flags::EXISTED) || account.is_created() {
            return Ok(false);
        }
        self.db.has_storage(&account.address())
    }

    /// Makes a new contract of an account: marked as created, touched, with nonce 1 under state
    /// clearing, its storage empty. The balance stays.
    ///
    /// The caller has asked [`Self::has_collision`] before. Value is moved with
    /// [`Self::transfer`], code comes with [`Self::set_code`].
    ///
    /// Spec: EIP-161.
    pub fn create_account(&mut self, id: AccountId) {
        let account = self.account(id);
        // Slots are not zero if the store has the account, or if they were written (and touched) now.
        let may_have_storage = account.has_flag(account_flags::HAS_SLOTS)
            && account.has_flag(account_flags::EXISTED | account_flags::TOUCHED);
        if may_have_storage && !account.is_created() {
            self.empty_slots(id);
        }
        self.set_flag(id, account_flags::CREATED | account_flags::TOUCHED);
        if self.rules.state_clearing {
            self.set_nonce(id, 1);
        }
    }

    /// Makes the slots read so far read as those of a new contract.
    ///
    /// With [`Self::has_collision`] asked before, all are zero already; a host that creates over
    /// storage, as clients did before EIP-7610, gets what those clients got.
    fn empty_slots(&mut self, id: AccountId) {
        for place in 0..self.buffers.slots.len() as u32 {
            let slot = self.buffers.slots.get_mut(place);
            if slot.account != id || slot.flags & slot_flags::LOADED == 0 {
                continue;
            }
            if !slot.present.is_zero() {
                let present = std::mem::take(&mut slot.present);
                self.buffers.undo.push(Undo::SlotPresent {
                    slot: place,
                    present,
                });
            }
            if !slot.original.is_zero() {
                let original = std::mem::take(&mut slot.original);
                self.buffers.undo.push(Undo::SlotOriginal {
                    slot: place,
                    original,
                });
            }
        }
    }

    /// Sends the whole balance of an account to `target` and, by the rules in force, destroys it.
    ///
    /// The target is loaded, made warm and touched. An account that is its own target loses its
    /// balance if it is destroyed and keeps it otherwise.
    ///
    /// # Errors
    ///
    /// [`StateError::Backend`] when the store cannot be read; nothing has changed then.
    ///
    /// Spec: Yellow Paper appendix H, EIP-161, EIP-2929, EIP-6780.
    pub fn selfdestruct(
        &mut self,
        id: AccountId,
        target: Address,
    ) -> Result<SelfDestruct, StateError> {
        let (target, target_status) = self.load(target)?;
        let account = self.account(id);
        let balance = account.balance();
        let is_destroyed = account.is_destroyed();
        let destroys = account.is_created() || !self.rules.selfdestruct_only_created;
        let target_exists = self.exists(target);

        if target != id {
            // More than 2²⁵⁶ - 1 wei cannot be: clients wrap, so does this.
            let received = self.account(target).balance().wrapping_add(balance);
            self.set_balance(target, received);
        }
        if target != id || destroys {
            self.set_balance(id, U256::ZERO);
        }
        if destroys {
            self.set_flag(id, account_flags::DESTROYED);
        }
        Ok(SelfDestruct {
            had_value: !balance.is_zero(),
            target_exists,
            previously_destroyed: is_destroyed,
            target_status,
        })
    }
}
