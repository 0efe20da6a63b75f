//! Analysed code, shared by all machines and threads of this library.
//!
//! Keyed by the code hash that the host hands over with each message. The host vouches for it: a
//! hash that does not belong to the code would run other code, which is why the ABI makes the
//! hash the host's duty and leaves it zero for init code, which is never cached. Analysis depends
//! on the code alone, so rule sets and configurations share the entries.

use crate::analysis::analyse;
use revm_interpreter::{
    bytecode::Bytecode,
    primitives::{B256, map::B256Map},
};
use std::{
    collections::VecDeque,
    sync::{LazyLock, Mutex, PoisonError},
};

/// Bytes that the cache may hold, padded code and jump tables together.
const CAPACITY_BYTES: usize = 128 * 1024 * 1024;
/// Parts that lock independently.
const SHARDS: usize = 16;
/// What an entry costs besides its code: handles, table entry, queue entry.
const ENTRY_BYTES: usize = 256;

/// The cache of this library.
pub(crate) static SHARED: LazyLock<CodeCache> = LazyLock::new(|| CodeCache::new(CAPACITY_BYTES));

/// A cache bounded by bytes. Entries that were used since they were last considered get a second
/// chance, the others leave in the order of their coming.
pub(crate) struct CodeCache {
    shards: [Mutex<Shard>; SHARDS],
    shard_bytes: usize,
}

#[derive(Default)]
struct Shard {
    entries: B256Map<Entry>,
    order: VecDeque<B256>,
    size_bytes: usize,
}

struct Entry {
    code: Bytecode,
    size_bytes: usize,
    is_used: bool,
}

impl CodeCache {
    /// A cache of at most `capacity_bytes`.
    pub(crate) fn new(capacity_bytes: usize) -> Self {
        Self {
            shards: Default::default(),
            shard_bytes: capacity_bytes / SHARDS,
        }
    }

    /// The analysed code with this hash; analyses `code` when it is not there. `None` when the
    /// machine lacks memory for it.
    pub(crate) fn get(&self, hash: &B256, code: &[u8]) -> Option<Bytecode> {
        let shard = &self.shards[hash.0[31] as usize % SHARDS];
        if let Some(entry) = lock(shard).entries.get_mut(hash) {
            entry.is_used = true;
            return Some(entry.code.clone());
        }
        // Analysed without the lock: a rare double analysis is cheaper than a convoy.
        let analysed = analyse(code)?;
        lock(shard).insert(*hash, &analysed, self.shard_bytes);
        Some(analysed)
    }

    #[cfg(test)]
    fn size_bytes(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).size_bytes).sum()
    }
}

impl Shard {
    fn insert(&mut self, hash: B256, code: &Bytecode, limit_bytes: usize) {
        let size_bytes = code.bytes_slice().len() + code.len() / 8 + ENTRY_BYTES;
        if size_bytes > limit_bytes || self.entries.contains_key(&hash) {
            return;
        }
        while self.size_bytes + size_bytes > limit_bytes {
            let Some(oldest) = self.order.pop_front() else {
                break;
            };
            match self.entries.get_mut(&oldest) {
                Some(entry) if entry.is_used => {
                    entry.is_used = false;
                    self.order.push_back(oldest);
                }
                Some(entry) => {
                    self.size_bytes -= entry.size_bytes;
                    self.entries.remove(&oldest);
                }
                None => {}
            }
        }
        self.size_bytes += size_bytes;
        self.order.push_back(hash);
        let entry = Entry {
            code: code.clone(),
            size_bytes,
            is_used: false,
        };
        self.entries.insert(hash, entry);
    }
}

/// No code panics while it holds the lock, and a half-made entry would do no harm.
fn lock(shard: &Mutex<Shard>) -> std::sync::MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use revm_interpreter::primitives::keccak256;

    #[test]
    fn stays_within_its_bytes_and_keeps_what_is_used() {
        let cache = CodeCache::new(SHARDS * 10_000);
        let favourite = vec![0x5b; 2_000];
        let hash = keccak256(&favourite);
        for i in 0..2_000_u32 {
            let mut code = vec![0x00; 2_000];
            code[..4].copy_from_slice(&i.to_be_bytes());
            let got = cache.get(&keccak256(&code), &code).unwrap();
            assert_eq!(got.original_byte_slice(), code);
            cache.get(&hash, &favourite);
        }
        assert!(cache.size_bytes() <= SHARDS * 10_000);
        let shard = lock(&cache.shards[hash.0[31] as usize % SHARDS]);
        assert!(shard.entries.contains_key(&hash));
        assert_eq!(shard.entries.len(), shard.order.len());
    }

    #[test]
    fn code_larger_than_a_shard_is_analysed_but_not_kept() {
        let cache = CodeCache::new(SHARDS * 1_000);
        let code = vec![0x5b; 5_000];
        assert_eq!(cache.get(&keccak256(&code), &code).unwrap().len(), 5_000);
        assert_eq!(cache.size_bytes(), 0);
    }

    #[test]
    fn the_second_request_returns_the_same_analysis() {
        let cache = CodeCache::new(SHARDS * 10_000);
        let code = [0x60, 0x5b, 0x5b];
        let hash = keccak256(code);
        let first = cache.get(&hash, &code).unwrap();
        let second = cache.get(&hash, &code).unwrap();
        assert_eq!(first.bytecode_ptr(), second.bytecode_ptr());
    }
}
