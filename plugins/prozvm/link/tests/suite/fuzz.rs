//! No bytes make the linker panic, and what it accepts is sound.

use proz_prozvm_core::testing::Entropy;
use proz_prozvm_link::LinkOptions;
use proz_prozvm_link::testing::{link_anything, random_batch};

use crate::running::fixture;

/// Changes some bytes, at random places or near the end where tables and headers are.
fn mutate(entropy: &mut Entropy<'_>, bytes: &mut Vec<u8>) {
    for _ in 0..1 + entropy.below(4) {
        let length = bytes.len() as u32;
        let random = entropy.value() as u32 % length;
        let place = match entropy.below(3) {
            0 => random % length.min(4096),
            1 => length - 1 - random % length.min(8192),
            _ => random,
        } as usize;
        match entropy.below(6) {
            0 => bytes[place] = entropy.byte(),
            1 => bytes[place] ^= 1 << entropy.below(8),
            2 => bytes[place] = bytes[place].wrapping_add(1),
            // A word from elsewhere.
            3 => {
                let from = (entropy.value() as usize % bytes.len()) & !3;
                let to = place & !3;
                if from + 8 <= bytes.len() && to + 8 <= bytes.len() {
                    bytes.copy_within(from..from + 8, to);
                }
            }
            4 => {
                let value = entropy.value().to_le_bytes();
                let end = (place + 8).min(bytes.len());
                bytes[place..end].copy_from_slice(&value[..end - place]);
            }
            _ if entropy.one_in(20) => bytes.truncate(place.max(1)),
            _ => bytes[place] = 0,
        }
    }
}

// L-26
#[test]
fn damaged_files_are_refused_or_sound() {
    let rounds = std::env::var("PROZ_FUZZ_ROUNDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(400);
    let mut originals: Vec<Vec<u8>> = [
        "lines.clang.elf",
        "lines.gcc.elf",
        "zoo.clang-Os.elf",
        "zoo.gcc-O1.elf",
    ]
    .map(fixture)
    .to_vec();
    originals.push(random_batch(&mut Entropy::new(b"small"), 4, 3).elf);
    originals.push(random_batch(&mut Entropy::new(b"other"), 8, 3).elf);
    let mut options = LinkOptions::default();
    options.config.memory_model.max_pages = 256;
    let (mut accepted, mut refused) = (0, 0);
    for (index, original) in originals.iter().enumerate() {
        // The others say what they export.
        options.export_symbols = index < 2;
        for round in 0..rounds {
            let seed = (index as u64) << 32 | round;
            let seed = seed.to_le_bytes();
            let mut entropy = Entropy::new(&seed);
            let mut bytes = original.clone();
            mutate(&mut entropy, &mut bytes);
            options.optimise = !entropy.one_in(4);
            options.config.optimization.strip_callee_saves = !entropy.one_in(4);
            options.plain_results = entropy.below(4) as u8;
            match link_anything(&bytes, &options) {
                true => accepted += 1,
                false => refused += 1,
            }
        }
    }
    assert!(
        accepted * 20 > refused,
        "{accepted} accepted, {refused} refused"
    );
}

// L-26
#[test]
fn arbitrary_bytes_are_refused() {
    let options = LinkOptions::default();
    for seed in 0..2000u32 {
        let seed = seed.to_le_bytes();
        let mut entropy = Entropy::new(&seed);
        let mut bytes =
            b"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xf3\x00".to_vec();
        for _ in 0..entropy.below(300) {
            bytes.push(if entropy.one_in(2) { 0 } else { entropy.byte() });
        }
        assert!(!link_anything(&bytes, &options));
    }
}
