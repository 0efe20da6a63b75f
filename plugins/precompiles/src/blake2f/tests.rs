//! F against the hash that is built from it.

use super::*;
use blake2::{Blake2b512, Digest};

/// BLAKE2b-512 without a key, as RFC 7693 builds it from F.
fn hash(compress: Compress, data: &[u8]) -> Vec<u8> {
    let mut state = INITIAL_VALUE;
    state[0] ^= 0x0101_0000 ^ 64;
    let blocks = data.len().div_ceil(128).max(1);
    for index in 0..blocks {
        let chunk = &data[128 * index..data.len().min(128 * (index + 1))];
        let padded: [u8; 128] = padding::first(chunk);
        let block = Block {
            state,
            message: std::array::from_fn(|word| {
                u64::from_le_bytes(padding::array(&padded, 8 * word))
            }),
            counter: [data.len().min(128 * (index + 1)) as u64, 0],
            is_final: index + 1 == blocks,
        };
        state = compress(12, &block);
    }
    state.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn implementations() -> Vec<(&'static str, Compress)> {
    let mut list: Vec<(&'static str, Compress)> = vec![("portable", portable::compress)];
    #[cfg(target_arch = "x86_64")]
    list.extend(avx2::detect().map(|compress| ("avx2", compress)));
    list
}

#[test]
fn the_hash_built_from_f_is_blake2b() {
    let data: Vec<u8> = (0..1_000_u32)
        .map(|index| (index * 7 + index / 256) as u8)
        .collect();
    for (name, compress) in implementations() {
        for length in [0, 1, 127, 128, 129, 255, 256, 257, 1_000] {
            let expected = Blake2b512::digest(&data[..length]);
            assert_eq!(
                hash(compress, &data[..length]),
                expected.as_slice(),
                "{name} {length}"
            );
        }
    }
}

#[test]
fn all_implementations_agree_for_every_number_of_rounds() {
    let block = Block {
        state: INITIAL_VALUE.map(|word| word.rotate_left(9)),
        message: std::array::from_fn(|index| {
            0x0123_4567_89ab_cdef_u64.rotate_left(5 * index as u32)
        }),
        counter: [u64::MAX, 3],
        is_final: true,
    };
    for rounds in (0..45).chain([1_000, 1_003]) {
        let expected = portable::compress(rounds, &block);
        for (name, compress) in implementations() {
            assert_eq!(compress(rounds, &block), expected, "{name} {rounds}");
        }
    }
}
