//! Prepared contracts, bounded by the bytes that they take.
//!
//! Found by the host's code hash. Code without one (init code, or the payload of a container that is being deployed)
//! is not kept: who creates pays for preparing it, and whoever calls it first pays again. So each contract has one
//! name.
//!
//! Dropped is what was used longest ago. That never makes work that nobody has paid: what a transaction uses stays
//! [pinned](crate::pins) to its end. Preparations of different contracts do not wait for one another; of the same one,
//! the first prepares and the others take what it made.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use hashbrown::HashMap;

use crate::contract::Contract;

/// The host's name of a code.
pub(crate) type Key = [u8; 32];

/// A map by code hash.
pub(crate) type Map<V> = HashMap<Key, V, foldhash::fast::RandomState>;

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
    size_bytes: usize,
    /// When it was used last.
    used: AtomicU64,
}

#[derive(Default)]
struct Shelf {
    slots: Map<Slot>,
    size_bytes: usize,
}

/// A preparation that runs, and what it made.
type Flight = Arc<Mutex<Option<Arc<Contract>>>>;

/// The cache of one machine.
pub(crate) struct ContractCache {
    shelf: RwLock<Shelf>,
    flights: Mutex<Map<Flight>>,
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
            flights: Mutex::default(),
            limit_bytes,
            clock: AtomicU64::new(0),
            prepared: AtomicU64::new(0),
            evicted: AtomicU64::new(0),
        }
    }

    /// The contract of a code; `prepare` makes it.
    ///
    /// # Errors
    ///
    /// Those of `prepare`, which are not kept.
    pub(crate) fn get<E>(
        &self,
        code_hash: &Key,
        prepare: impl FnOnce() -> Result<Contract, E>,
    ) -> Result<Arc<Contract>, E> {
        if let Some(found) = self.find(code_hash) {
            return Ok(found);
        }
        let flight = {
            let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(flights.entry(*code_hash).or_default())
        };
        let mut made = flight.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(contract) = &*made {
            return Ok(Arc::clone(contract));
        }
        // Who came after the flight had landed begins another, and finds this.
        let outcome = match self.find(code_hash) {
            Some(found) => Ok(found),
            None => prepare().map(|contract| {
                let contract = Arc::new(contract);
                self.prepared.fetch_add(1, Ordering::Relaxed);
                self.insert(*code_hash, &contract);
                contract
            }),
        };
        if let Ok(contract) = &outcome {
            *made = Some(Arc::clone(contract));
        }
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        if flights
            .get(code_hash)
            .is_some_and(|present| Arc::ptr_eq(present, &flight))
        {
            flights.remove(code_hash);
        }
        outcome
    }

    /// What it did and holds.
    pub(crate) fn counts(&self) -> CacheCounts {
        let shelf = self.shelf.read().unwrap_or_else(PoisonError::into_inner);
        CacheCounts {
            prepared: self.prepared.load(Ordering::Relaxed),
            evicted: self.evicted.load(Ordering::Relaxed),
            entries: shelf.slots.len(),
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

    fn insert(&self, key: Key, contract: &Arc<Contract>) {
        let size_bytes = contract.size_bytes();
        if size_bytes > self.limit_bytes {
            return;
        }
        let mut shelf = self.shelf.write().unwrap_or_else(PoisonError::into_inner);
        self.make_room(&mut shelf, size_bytes);
        let slot = Slot {
            contract: Arc::clone(contract),
            size_bytes,
            used: AtomicU64::new(self.clock.fetch_add(1, Ordering::Relaxed)),
        };
        shelf.slots.insert(key, slot);
        shelf.size_bytes += size_bytes;
    }

    /// Drops what was used longest ago until there is room, and some more: finding the oldest looks at all, so it is done
    /// for many at once.
    fn make_room(&self, shelf: &mut Shelf, size_bytes: usize) {
        if shelf.size_bytes + size_bytes <= self.limit_bytes {
            return;
        }
        let goal = (self.limit_bytes - self.limit_bytes / 8).saturating_sub(size_bytes);
        let mut ages: Vec<(u64, Key)> = shelf
            .slots
            .iter()
            .map(|(key, slot)| (slot.used.load(Ordering::Relaxed), *key))
            .collect();
        ages.sort_unstable();
        for (_, key) in ages {
            if shelf.size_bytes <= goal {
                break;
            }
            if let Some(slot) = shelf.slots.remove(&key) {
                shelf.size_bytes -= slot.size_bytes;
                self.evicted.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}
