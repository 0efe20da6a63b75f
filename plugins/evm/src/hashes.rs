//! Keccak-256 with a memory for what contracts hash again and again.
//!
//! Solidity finds the slot of a mapping's item by hashing 64 bytes, key and slot, the same ones for
//! the same holder in every call: near half of a token transfer's time is such hashes.
//! Each thread remembers recent ones, whole input and hash, in a direct-mapped table; a hit
//! compares the whole input, so a result never depends on what was remembered.

use revm_interpreter::primitives::{B256, keccak256};
use std::cell::RefCell;

/// Inputs remembered for each thread. With [`Entry`] of 96 bytes each.
const ENTRIES: usize = 1024;

thread_local! {
    static RECENT: RefCell<Vec<Entry>> = const { RefCell::new(Vec::new()) };
}

/// An input of two words and its hash.
#[derive(Clone)]
struct Entry {
    input: [u8; 64],
    hash: B256,
}

/// Hashes `data`.
pub(crate) fn hash(data: &[u8]) -> B256 {
    match data.try_into() {
        Ok(input) => remembered(input),
        Err(_) => keccak256(data),
    }
}

fn remembered(input: &[u8; 64]) -> B256 {
    RECENT.with_borrow_mut(|recent| {
        if recent.is_empty() {
            *recent = vec![
                Entry {
                    input: [0; 64],
                    hash: keccak256([0; 64]),
                };
                ENTRIES
            ];
        }
        let entry = &mut recent[index(input)];
        if entry.input != *input {
            *entry = Entry {
                input: *input,
                hash: keccak256(input),
            };
        }
        entry.hash
    })
}

/// Where an input is remembered. Mixed by multiplication, as the words of keys differ in few bits;
/// an adversary who finds collisions wins nothing but ordinary speed.
fn index(input: &[u8; 64]) -> usize {
    let mut mixed = 0x9e37_79b9_7f4a_7c15_u64;
    for chunk in input.as_chunks::<16>().0 {
        let both = u128::from_le_bytes(*chunk);
        let (low, high) = (both as u64 ^ mixed, (both >> 64) as u64);
        let product =
            u128::from(low ^ 0xd6e8_feb8_6659_fd93) * u128::from(high ^ 0xa076_1d64_78bd_642f);
        mixed = (product as u64 ^ (product >> 64) as u64).rotate_left(23);
    }
    mixed as usize % ENTRIES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping_key(holder: u64, slot: u8) -> [u8; 64] {
        let mut input = [0; 64];
        input[24..32].copy_from_slice(&holder.to_be_bytes());
        input[63] = slot;
        input
    }

    #[test]
    fn remembered_hashes_are_right_however_often_entries_change() {
        for round in 0..2 {
            for holder in 0..5_000 {
                for slot in [0, 3] {
                    let input = mapping_key(holder, slot);
                    assert_eq!(hash(&input), keccak256(input), "{round} {holder} {slot}");
                }
            }
        }
        assert_eq!(hash(&[0; 64]), keccak256([0; 64]));
    }

    #[test]
    fn other_lengths_are_hashed_as_they_are() {
        for len in [0, 1, 31, 32, 63, 65, 200] {
            let data = vec![0; len];
            assert_eq!(hash(&data), keccak256(&data));
        }
    }

    #[test]
    fn keys_of_a_mapping_spread_over_the_table() {
        let mut seen = std::collections::BTreeSet::new();
        for holder in 0..ENTRIES as u64 {
            seen.insert(index(&mapping_key(holder, 3)));
        }
        // Thrown at random, about 63 % of the places are met.
        assert!(seen.len() > ENTRIES / 2, "{}", seen.len());
    }
}
