//! Transient storage: gone at the end of the transaction, undone with a frame.
//!
//! Spec: EIP-1153.

use alloy_primitives::U256;

use super::{
    Journal,
    entry::AccountId,
    index::{Keyed, same_word},
    undo::Undo,
};

/// A transient slot. One that is zero and one that is absent are the same.
#[derive(Clone, Debug)]
pub(super) struct TransientSlot {
    account: AccountId,
    key: U256,
    pub(super) value: U256,
}

impl Keyed for TransientSlot {
    type Key = (AccountId, U256);

    #[inline]
    fn has_key(&self, key: &(AccountId, U256)) -> bool {
        self.account == key.0 && same_word(&self.key, &key.1)
    }

    fn key(&self) -> (AccountId, U256) {
        (self.account, self.key)
    }
}

impl Journal<'_> {
    /// Reads a transient slot, zero if it was never written.
    #[inline]
    pub fn transient_load(&self, id: AccountId, key: U256) -> U256 {
        let transient = &self.buffers.transient;
        transient
            .find(transient.hash(&(id, key)), &(id, key))
            .map(|place| transient.get(place).value)
            .unwrap_or_default()
    }

    /// Writes a transient slot.
    #[inline]
    pub fn transient_store(&mut self, id: AccountId, key: U256, value: U256) {
        let transient = &mut self.buffers.transient;
        let hash = transient.hash(&(id, key));
        let place = match transient.find(hash, &(id, key)) {
            Some(place) => place,
            None if value.is_zero() => return,
            None => transient.insert(
                hash,
                TransientSlot {
                    account: id,
                    key,
                    value: U256::ZERO,
                },
            ),
        };
        let slot = transient.get_mut(place);
        if slot.value != value {
            let before = slot.value;
            slot.value = value;
            self.buffers.undo.push(Undo::Transient {
                slot: place,
                value: before,
            });
        }
    }
}
