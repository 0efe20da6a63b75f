//! Contracts that a running transaction has used: they stay ready until it ends.
//!
//! The host takes the price of making a code ready once in a transaction, so the cache may not make
//! anybody work for it twice. All frames of a transaction run on one thread, and its number is its
//! own in the process: pins are dropped when a thread comes with another number.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::ThreadId;

use crate::engine::Contract;

type Key = [u8; 32];

thread_local! {
    /// Lives as long as its thread.
    static ALIVE: Arc<()> = Arc::new(());
}

/// The pins of all threads.
#[derive(Default)]
pub(crate) struct Pins {
    threads: Mutex<HashMap<ThreadId, Pinned>>,
}

struct Pinned {
    sequence: u64,
    thread: Weak<()>,
    contracts: HashMap<Key, Arc<Contract>>,
}

impl Pins {
    /// Returns what transaction `sequence` pinned under `hash`.
    pub(crate) fn find(&self, sequence: u64, hash: &Key) -> Option<Arc<Contract>> {
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let pinned = threads.get(&std::thread::current().id())?;
        if pinned.sequence != sequence {
            return None;
        }
        pinned.contracts.get(hash).cloned()
    }

    /// Pins a contract until this thread comes with another transaction.
    pub(crate) fn keep(&self, sequence: u64, hash: Key, contract: &Arc<Contract>) {
        let mut dropped = Vec::new();
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let id = std::thread::current().id();
        if threads
            .get(&id)
            .is_none_or(|pinned| pinned.sequence != sequence)
        {
            dropped.extend(threads.extract_if(|_, pinned| pinned.thread.strong_count() == 0));
            let fresh = Pinned {
                sequence,
                thread: ALIVE.with(Arc::downgrade),
                contracts: HashMap::new(),
            };
            dropped.extend(threads.insert(id, fresh).map(|old| (id, old)));
        }
        if let Some(pinned) = threads.get_mut(&id) {
            pinned.contracts.insert(hash, Arc::clone(contract));
        }
        // Contracts unmap their code when they go: not under the lock.
        drop(threads);
    }
}
