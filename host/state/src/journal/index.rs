//! A slab of entries with an index that finds them by key.
//!
//! The index holds places in the slab, not keys: four bytes an entry. Nothing iterates over it, so
//! its order (which differs from process to process) reaches no result.

use alloy_primitives::{Address, U256};
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::{BuildHasher, Hasher};

use super::entry::AccountId;

/// Capacity above which [`Table::clear`] considers giving memory back.
const KEEP_ENTRIES: usize = 1024;

/// An entry that names its own key.
pub(super) trait Keyed {
    type Key: IndexKey;

    fn has_key(&self, key: &Self::Key) -> bool;
    fn key(&self) -> Self::Key;
}

/// A key with a hash that is quick for its shape.
pub(super) trait IndexKey {
    fn hash_with(&self, state: &RandomState) -> u64;
}

impl IndexKey for Address {
    #[inline]
    fn hash_with(&self, state: &RandomState) -> u64 {
        // Words as they were written: overlapping reads would stall on the stores before them.
        let (low, rest) = self.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
        let (middle, rest) = rest.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
        let high = rest.first_chunk::<4>().unwrap_or(&[0; 4]);
        let mut hasher = state.build_hasher();
        hasher.write_u128(
            u128::from(u64::from_le_bytes(*low)) | u128::from(u64::from_le_bytes(*middle)) << 64,
        );
        hasher.write_u32(u32::from_le_bytes(*high));
        hasher.finish()
    }
}

impl IndexKey for (AccountId, U256) {
    #[inline]
    fn hash_with(&self, state: &RandomState) -> u64 {
        let [a, b, c, d] = *self.1.as_limbs();
        let mut hasher = state.build_hasher();
        hasher.write_u128(u128::from(a) | u128::from(b) << 64);
        hasher.write_u128(u128::from(c) | u128::from(d) << 64);
        hasher.write_u32(self.0.0);
        hasher.finish()
    }
}

/// Compares two words limb by limb.
///
/// A key has mostly just been written in limbs; comparing it in wider pieces, as `==` does, stalls
/// on those writes and made up a third of a warm load.
#[inline]
pub(super) fn same_word(left: &U256, right: &U256) -> bool {
    let ([a, b, c, d], [e, f, g, h]) = (left.as_limbs(), right.as_limbs());
    (a ^ e) | (b ^ f) | (c ^ g) | (d ^ h) == 0
}

/// A slab of entries with its index.
#[derive(Debug)]
pub(super) struct Table<T> {
    entries: Vec<T>,
    index: HashTable<u32>,
    hasher: RandomState,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            index: HashTable::new(),
            hasher: RandomState::default(),
        }
    }
}

impl<T: Keyed> Table<T> {
    #[inline]
    pub(super) const fn len(&self) -> usize {
        self.entries.len()
    }

    #[inline]
    pub(super) fn hash(&self, key: &T::Key) -> u64 {
        key.hash_with(&self.hasher)
    }

    /// Finds the place of the entry with `key`, whose hash is `hash`.
    #[inline]
    pub(super) fn find(&self, hash: u64, key: &T::Key) -> Option<u32> {
        let entries = &self.entries;
        self.index
            .find(hash, |place| entries[*place as usize].has_key(key))
            .copied()
    }

    /// Adds an entry whose key, with the hash `hash`, is not here yet.
    pub(super) fn insert(&mut self, hash: u64, entry: T) -> u32 {
        // A slab of 2³² entries does not fit any gas limit, nor memory.
        let place = self.entries.len() as u32;
        self.entries.push(entry);
        let Self {
            entries,
            index,
            hasher,
        } = self;
        index.insert_unique(hash, place, |place| {
            entries[*place as usize].key().hash_with(hasher)
        });
        place
    }

    #[inline]
    pub(super) fn get(&self, place: u32) -> &T {
        &self.entries[place as usize]
    }

    #[inline]
    pub(super) fn get_mut(&mut self, place: u32) -> &mut T {
        &mut self.entries[place as usize]
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.entries.iter()
    }

    /// Removes all entries and keeps the memory, unless it is far more than was needed now.
    ///
    /// Emptying an index costs as much as it is large, so one huge transaction must not make every
    /// later one pay.
    pub(super) fn clear(&mut self) {
        let used = self.entries.len();
        if used == 0 {
            return;
        }
        if self.index.capacity() > KEEP_ENTRIES && used < self.index.capacity() / 16 {
            self.index = HashTable::with_capacity(KEEP_ENTRIES / 2);
            self.entries = Vec::with_capacity(KEEP_ENTRIES / 2);
            return;
        }
        self.entries.clear();
        self.index.clear();
    }
}
