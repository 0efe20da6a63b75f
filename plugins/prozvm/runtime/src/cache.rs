//! Prepared contracts, bounded by the bytes that they take.
//!
//! Found by the host's code hash. Code without one (init code, or the payload of a container that is being deployed)
//! is found by its own BLAKE3 hash, under which every contract is known as well, so that what was prepared at
//! deployment serves the first call.
//!
//! Dropped is what was used longest ago.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use hashbrown::HashMap;
use proz_prozvm_core::{Rejection, VmConfig};

use crate::contract::Contract;
use crate::release::Release;

type Key = [u8; 32];
type Map<V> = HashMap<Key, V, foldhash::fast::RandomState>;

/// What the cache did and holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheCounts {
    /// Prepared.
    pub prepared: u64,
    /// Dropped for room.
    pub evicted: u64,
    /// Contracts in the cache.
    pub entries: usize,
    /// Bytes that they take.
    pub size_bytes: usize,
}

struct Slot {
    contract: Arc<Contract>,
    own_key: Key,
    /// When it was used last.
    used: AtomicU64,
}

#[derive(Default)]
struct Shelf {
    /// By code hash and by own key; both lead to the same slot.
    slots: Map<Arc<Slot>>,
    /// Names of each contract, its own key first.
    names: Map<Vec<Key>>,
    size_bytes: usize,
}

/// The cache of one machine.
pub(crate) struct ContractCache {
    shelf: RwLock<Shelf>,
    /// One preparation at a time: several of the same contract would be wasted.
    preparing: Mutex<()>,
    limit_bytes: usize,
    clock: AtomicU64,
    prepared: AtomicU64,
    evicted: AtomicU64,
}

impl ContractCache {
    /// An empty cache of at most `limit_bytes`.
    pub(crate) fn new(limit_bytes: usize) -> Self {
        Self {
            shelf: RwLock::default(),
            preparing: Mutex::default(),
            limit_bytes,
            clock: AtomicU64::new(0),
            prepared: AtomicU64::new(0),
            evicted: AtomicU64::new(0),
        }
    }

    /// The contract of `code`; `code_hash` is the host's name for it, zero for none.
    ///
    /// # Errors
    ///
    /// The rule that the program breaks.
    pub(crate) fn get(
        &self,
        code_hash: &Key,
        code: &[u8],
        config: &VmConfig,
        release: Release,
    ) -> Result<Arc<Contract>, Rejection> {
        let is_named = *code_hash != [0; 32];
        if is_named && let Some(found) = self.find(code_hash) {
            return Ok(found);
        }
        let own_key = *blake3::hash(code).as_bytes();
        let alias = is_named.then_some(*code_hash);
        if let Some(found) = self.find_as(&own_key, alias) {
            return Ok(found);
        }
        let _turn = self
            .preparing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = self.find_as(&own_key, alias) {
            return Ok(found);
        }
        let contract = Arc::new(Contract::new(code, config, release)?);
        self.prepared.fetch_add(1, Ordering::Relaxed);
        self.insert(own_key, alias, &contract);
        Ok(contract)
    }

    /// What it did and holds.
    pub(crate) fn counts(&self) -> CacheCounts {
        let shelf = self.shelf.read().unwrap_or_else(PoisonError::into_inner);
        CacheCounts {
            prepared: self.prepared.load(Ordering::Relaxed),
            evicted: self.evicted.load(Ordering::Relaxed),
            entries: shelf.names.len(),
            size_bytes: shelf.size_bytes,
        }
    }

    fn find(&self, key: &Key) -> Option<Arc<Contract>> {
        let shelf = self.shelf.read().unwrap_or_else(PoisonError::into_inner);
        let slot = shelf.slots.get(key)?;
        // The clock ticks with each contract that comes, so that finding one again writes nothing.
        let now = self.clock.load(Ordering::Relaxed);
        if slot.used.load(Ordering::Relaxed) != now {
            slot.used.store(now, Ordering::Relaxed);
        }
        Some(Arc::clone(&slot.contract))
    }

    /// Finds by own key and makes the contract known as `alias`.
    fn find_as(&self, own_key: &Key, alias: Option<Key>) -> Option<Arc<Contract>> {
        let found = self.find(own_key)?;
        if let Some(alias) = alias {
            let mut shelf = self.shelf.write().unwrap_or_else(PoisonError::into_inner);
            if let Some(slot) = shelf.slots.get(own_key).map(Arc::clone)
                && shelf.slots.insert(alias, slot).is_none()
            {
                shelf.names.entry(*own_key).or_default().push(alias);
            }
        }
        Some(found)
    }

    fn insert(&self, own_key: Key, alias: Option<Key>, contract: &Arc<Contract>) {
        let size_bytes = contract.size_bytes();
        if size_bytes > self.limit_bytes {
            return;
        }
        let mut shelf = self.shelf.write().unwrap_or_else(PoisonError::into_inner);
        while shelf.size_bytes + size_bytes > self.limit_bytes && self.evict(&mut shelf) {}
        let slot = Arc::new(Slot {
            contract: Arc::clone(contract),
            own_key,
            used: AtomicU64::new(self.clock.fetch_add(1, Ordering::Relaxed)),
        });
        let names: Vec<Key> = [Some(own_key), alias].into_iter().flatten().collect();
        for &name in &names {
            shelf.slots.insert(name, Arc::clone(&slot));
        }
        shelf.names.insert(own_key, names);
        shelf.size_bytes += size_bytes;
    }

    /// Drops the contract that was used longest ago.
    fn evict(&self, shelf: &mut Shelf) -> bool {
        let oldest = shelf
            .names
            .keys()
            .filter_map(|key| shelf.slots.get(key))
            .min_by_key(|slot| slot.used.load(Ordering::Relaxed))
            .map(Arc::clone);
        let Some(slot) = oldest else {
            return false;
        };
        for name in shelf.names.remove(&slot.own_key).unwrap_or_default() {
            shelf.slots.remove(&name);
        }
        shelf.size_bytes -= slot.contract.size_bytes();
        self.evicted.fetch_add(1, Ordering::Relaxed);
        true
    }
}
