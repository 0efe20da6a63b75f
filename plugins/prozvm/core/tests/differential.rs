//! The tiers agree on random programs, and nothing panics on random bytes.
//!
//! `PROZVM_FUZZ_PROGRAMS` sets the number of programs; the default keeps the test short.

#![allow(clippy::unwrap_used)]

use proz_prozvm_core::testing::{
    Entropy, TEST_SYSCALLS, compare_tiers, decode_and_verify, random_program,
};
use proz_prozvm_core::{VmConfig, verify};

fn rounds(default: u64) -> u64 {
    std::env::var("PROZVM_FUZZ_PROGRAMS")
        .ok()
        .and_then(|count| count.parse().ok())
        .unwrap_or(default)
}

/// Rules T-1, G-2, G-9: outcome, gas and place are the same in every tier.
#[test]
fn tiers_agree_on_random_programs() {
    let (mut executions, mut instructions) = (0, 0);
    let base: u64 = std::env::var("PROZVM_FUZZ_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(0);
    for seed in 0..rounds(3_000) {
        let (runs, steps) = compare_tiers(&(base + seed).to_le_bytes());
        executions += runs;
        instructions += steps;
    }
    println!("{executions} executions, {instructions} instructions in the reference");
    assert!(instructions > executions);
}

/// Rules F-10, F-11: decoding refuses or is canonical, and never panics.
#[test]
fn damaged_programs_are_refused_or_agree() {
    for seed in 0..rounds(3_000) {
        let seed_bytes = seed.to_le_bytes();
        let mut entropy = Entropy::new(&seed_bytes);
        let mut bytes = random_program(&mut entropy).encode();
        for _ in 0..1 + entropy.below(4) {
            let at = entropy.below(bytes.len() as u32) as usize;
            match entropy.below(4) {
                0 => bytes[at] = entropy.byte(),
                1 => bytes[at] ^= 1 << entropy.below(8),
                2 => bytes.truncate(at.max(1)),
                _ => bytes.insert(at, entropy.byte()),
            }
        }
        decode_and_verify(&bytes);
    }
}

#[test]
fn random_programs_verify() {
    for seed in 0..200u64 {
        let program = random_program(&mut Entropy::new(&seed.to_le_bytes()));
        verify(program, &VmConfig::default(), &TEST_SYSCALLS).unwrap();
    }
}
