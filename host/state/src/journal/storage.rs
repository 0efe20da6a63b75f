//! Storage slots: load, store, warmth.
//!
//! A slot that is warm and loaded is served by one look-up. All else goes through `fetch`.

use alloy_primitives::{Address, U256};

use super::{
    Journal,
    entry::{AccountId, SlotEntry, account_flags, slot_flags},
    index::Table,
    undo::Undo,
};
use crate::{AccessStatus, StateError};

/// All slots of all accounts.
pub(super) type Slots = Table<SlotEntry>;

/// Answer to a storage load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageLoad {
    /// The value now.
    pub value: U256,
    /// Whether the slot was accessed before.
    pub status: AccessStatus,
}

/// Answer to a storage store, with what EIP-2200 prices it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageStore {
    /// Value at the start of the transaction; zero if the contract was created in it.
    pub original: U256,
    /// Value before this store.
    pub current: U256,
    /// Value stored.
    pub new: U256,
    /// Whether the slot was accessed before.
    pub status: AccessStatus,
}

impl Journal<'_> {
    /// Reads a slot and makes it warm.
    ///
    /// # Errors
    ///
    /// [`StateError::Backend`] when the store cannot be read; nothing has changed then.
    ///
    /// Spec: EIP-2929.
    #[inline]
    pub fn storage_load(&mut self, id: AccountId, key: U256) -> Result<StorageLoad, StateError> {
        let hash = self.buffers.slots.hash(&(id, key));
        let found = self.buffers.slots.find(hash, &(id, key));
        if let Some(place) = found {
            let slot = self.buffers.slots.get(place);
            if slot.flags & slot_flags::READY == slot_flags::READY {
                return Ok(StorageLoad {
                    value: slot.present,
                    status: AccessStatus::Warm,
                });
            }
        }
        let (place, status) = self.fetch_slot(id, key, hash, found)?;
        Ok(StorageLoad {
            value: self.buffers.slots.get(place).present,
            status,
        })
    }

    /// Writes a slot and makes it warm; touches the account if the value is new.
    ///
    /// # Errors
    ///
    /// [`StateError::Backend`] when the store cannot be read; nothing has changed then.
    ///
    /// Spec: EIP-2200, EIP-2929.
    #[inline]
    pub fn storage_store(
        &mut self,
        id: AccountId,
        key: U256,
        value: U256,
    ) -> Result<StorageStore, StateError> {
        let hash = self.buffers.slots.hash(&(id, key));
        let found = self.buffers.slots.find(hash, &(id, key));
        let (place, status) = match found {
            Some(place)
                if self.buffers.slots.get(place).flags & slot_flags::READY == slot_flags::READY =>
            {
                (place, AccessStatus::Warm)
            }
            _ => self.fetch_slot(id, key, hash, found)?,
        };
        let slot = self.buffers.slots.get_mut(place);
        let (original, current) = (slot.original, slot.present);
        if current != value {
            slot.present = value;
            self.buffers.undo.push(Undo::SlotPresent {
                slot: place,
                present: current,
            });
            self.touch(id);
        }
        Ok(StorageStore {
            original,
            current,
            new: value,
            status,
        })
    }

    /// Reads a slot and leaves it as cold or warm as it is.
    ///
    /// # Errors
    ///
    /// [`StateError::Backend`] when the store cannot be read.
    pub fn storage_peek(&mut self, id: AccountId, key: U256) -> Result<U256, StateError> {
        let hash = self.buffers.slots.hash(&(id, key));
        let found = self.buffers.slots.find(hash, &(id, key));
        if let Some(place) = found
            && self.buffers.slots.get(place).is_loaded()
        {
            return Ok(self.buffers.slots.get(place).present);
        }
        if self.account(id).is_created() {
            return Ok(U256::ZERO);
        }
        let place = self.read_slot(id, key, hash, found)?;
        Ok(self.buffers.slots.get(place).present)
    }

    /// Returns whether the next load or store of the slot will find it cold.
    ///
    /// Never reads the store.
    #[inline]
    pub fn storage_is_cold(&self, id: AccountId, key: U256) -> bool {
        if !self.rules.access_status {
            return false;
        }
        let hash = self.buffers.slots.hash(&(id, key));
        self.buffers
            .slots
            .find(hash, &(id, key))
            .is_none_or(|place| !self.buffers.slots.get(place).is_warm())
    }

    /// Makes a slot warm for the rest of the transaction, whatever frames are undone.
    ///
    /// Meant for the access list, before the first frame; it does not make the address warm. Never
    /// reads the store.
    ///
    /// Spec: EIP-2930.
    pub fn warm_slot(&mut self, address: Address, key: U256) {
        let id = self.place(address);
        let hash = self.buffers.slots.hash(&(id, key));
        let found = self.buffers.slots.find(hash, &(id, key));
        let place = found.unwrap_or_else(|| self.place_slot(id, key, hash));
        self.buffers.slots.get_mut(place).flags |= slot_flags::WARM;
    }

    /// Makes sure that a slot is in the slab, loaded and warm.
    #[inline(never)]
    fn fetch_slot(
        &mut self,
        id: AccountId,
        key: U256,
        hash: u64,
        found: Option<u32>,
    ) -> Result<(u32, AccessStatus), StateError> {
        let flags = found.map_or(0, |place| self.buffers.slots.get(place).flags);
        let is_loaded = flags & slot_flags::LOADED != 0;
        // A new contract has no storage, whatever the store has under its address. What is assumed
        // here holds only as long as the creation: undoing makes the slot unloaded again.
        let is_blank = !is_loaded && self.account(id).is_created();
        let place = match found {
            Some(place) if is_loaded => place,
            _ if is_blank => {
                let place = found.unwrap_or_else(|| self.place_slot(id, key, hash));
                self.buffers.slots.get_mut(place).flags |= slot_flags::LOADED;
                place
            }
            _ => self.read_slot(id, key, hash, found)?,
        };
        let is_cold = flags & slot_flags::WARM == 0 && self.rules.access_status;
        if is_blank || is_cold {
            let cached = if is_blank { 0 } else { slot_flags::LOADED };
            self.buffers.undo.push(Undo::SlotFlags {
                slot: place,
                flags: flags | cached,
            });
        }
        self.buffers.slots.get_mut(place).flags |= slot_flags::WARM;
        let status = if is_cold {
            AccessStatus::Cold
        } else {
            AccessStatus::Warm
        };
        Ok((place, status))
    }

    /// Reads a slot from the store into the slab.
    fn read_slot(
        &mut self,
        id: AccountId,
        key: U256,
        hash: u64,
        found: Option<u32>,
    ) -> Result<u32, StateError> {
        let account = self.account(id);
        let value = if account.has_flag(account_flags::EXISTED) {
            self.db.storage(&account.address(), &key)?
        } else {
            U256::ZERO
        };
        let place = found.unwrap_or_else(|| self.place_slot(id, key, hash));
        let slot = self.buffers.slots.get_mut(place);
        slot.original = value;
        slot.present = value;
        slot.flags |= slot_flags::LOADED;
        Ok(place)
    }

    fn place_slot(&mut self, id: AccountId, key: U256, hash: u64) -> u32 {
        self.buffers.accounts.get_mut(id.0).flags |= account_flags::HAS_SLOTS;
        self.buffers
            .slots
            .insert(hash, SlotEntry::unloaded(id, key))
    }
}
