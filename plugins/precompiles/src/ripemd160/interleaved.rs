//! RIPEMD-160 with its two lines computed in step.
//!
//! The lines do not depend on each other, and each is one long chain of dependent additions and
//! rotations. Written one after the other they leave most of a processor idle; a step of each in
//! turn takes little more time than a step of one.

const BLOCK_BYTES: usize = 64;

const INITIAL_VALUE: [u32; 5] = [
    0x6745_2301,
    0xefcd_ab89,
    0x98ba_dcfe,
    0x1032_5476,
    0xc3d2_e1f0,
];

/// Added constants of the left line, one a round.
const LEFT_CONSTANTS: [u32; 5] = [0, 0x5a82_7999, 0x6ed9_eba1, 0x8f1b_bcdc, 0xa953_fd4e];
/// Added constants of the right line.
const RIGHT_CONSTANTS: [u32; 5] = [0x50a2_8be6, 0x5c4d_d124, 0x6d70_3ef3, 0x7a6d_76e9, 0];

/// Message words of the left line, a row a round.
const LEFT_WORDS: [[u8; 16]; 5] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    [7, 4, 13, 1, 10, 6, 15, 3, 12, 0, 9, 5, 2, 14, 11, 8],
    [3, 10, 14, 4, 9, 15, 8, 1, 2, 7, 0, 6, 13, 11, 5, 12],
    [1, 9, 11, 10, 0, 8, 12, 4, 13, 3, 7, 15, 14, 5, 6, 2],
    [4, 0, 5, 9, 7, 12, 2, 10, 14, 1, 3, 8, 11, 6, 15, 13],
];
/// Message words of the right line.
const RIGHT_WORDS: [[u8; 16]; 5] = [
    [5, 14, 7, 0, 9, 2, 11, 4, 13, 6, 15, 8, 1, 10, 3, 12],
    [6, 11, 3, 7, 0, 13, 5, 10, 14, 15, 8, 12, 4, 9, 1, 2],
    [15, 5, 1, 3, 7, 14, 6, 9, 11, 8, 12, 2, 10, 0, 4, 13],
    [8, 6, 4, 1, 3, 11, 15, 0, 5, 12, 2, 13, 9, 7, 10, 14],
    [12, 15, 10, 4, 1, 5, 8, 7, 6, 2, 13, 14, 0, 3, 9, 11],
];
/// Rotations of the left line.
const LEFT_TURNS: [[u8; 16]; 5] = [
    [11, 14, 15, 12, 5, 8, 7, 9, 11, 13, 14, 15, 6, 7, 9, 8],
    [7, 6, 8, 13, 11, 9, 7, 15, 7, 12, 15, 9, 11, 7, 13, 12],
    [11, 13, 6, 7, 14, 9, 13, 15, 14, 8, 13, 6, 5, 12, 7, 5],
    [11, 12, 14, 15, 14, 15, 9, 8, 9, 14, 5, 6, 8, 6, 5, 12],
    [9, 15, 5, 11, 6, 8, 13, 12, 5, 12, 13, 14, 11, 8, 5, 6],
];
/// Rotations of the right line.
const RIGHT_TURNS: [[u8; 16]; 5] = [
    [8, 9, 9, 11, 13, 15, 15, 5, 7, 7, 8, 11, 14, 14, 12, 6],
    [9, 13, 15, 7, 12, 8, 9, 11, 7, 7, 12, 7, 6, 15, 13, 11],
    [9, 7, 15, 11, 8, 6, 6, 14, 12, 13, 5, 14, 13, 13, 7, 5],
    [15, 5, 8, 11, 14, 14, 6, 14, 6, 9, 12, 9, 12, 5, 15, 8],
    [8, 5, 12, 9, 12, 5, 14, 6, 8, 13, 6, 5, 15, 13, 11, 11],
];

/// Returns the digest of `data`.
pub(super) fn digest(data: &[u8]) -> [u8; 20] {
    let mut state = INITIAL_VALUE;
    let (blocks, rest) = data.as_chunks::<BLOCK_BYTES>();
    for block in blocks {
        compress(&mut state, block);
    }

    // A one bit, zeros, and the length in bits fill one or two more blocks.
    let mut tail = [0; 2 * BLOCK_BYTES];
    tail[..rest.len()].copy_from_slice(rest);
    tail[rest.len()] = 0x80;
    let blocks = if rest.len() < BLOCK_BYTES - 8 { 1 } else { 2 };
    let bits = (data.len() as u64).wrapping_mul(8);
    let end = blocks * BLOCK_BYTES;
    tail[end - 8..end].copy_from_slice(&bits.to_le_bytes());
    for block in &tail.as_chunks::<BLOCK_BYTES>().0[..blocks] {
        compress(&mut state, block);
    }

    let mut digest = [0; 20];
    for (bytes, word) in digest.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    digest
}

fn compress(state: &mut [u32; 5], block: &[u8; BLOCK_BYTES]) {
    let (chunks, _) = block.as_chunks::<4>();
    let words: [u32; 16] = std::array::from_fn(|index| u32::from_le_bytes(chunks[index]));
    let mut left = *state;
    let mut right = *state;
    round::<0>(&mut left, &mut right, &words);
    round::<1>(&mut left, &mut right, &words);
    round::<2>(&mut left, &mut right, &words);
    round::<3>(&mut left, &mut right, &words);
    round::<4>(&mut left, &mut right, &words);
    *state = std::array::from_fn(|index| {
        state[(index + 1) % 5]
            .wrapping_add(left[(index + 2) % 5])
            .wrapping_add(right[(index + 3) % 5])
    });
}

/// Sixteen steps of both lines. The right line takes the five functions in reverse order.
#[inline(always)]
fn round<const ROUND: usize>(left: &mut [u32; 5], right: &mut [u32; 5], words: &[u32; 16]) {
    macro_rules! steps {
        ($($step:literal)*) => {$(
            step(
                left,
                mix(ROUND, left),
                words[const { LEFT_WORDS[ROUND][$step] as usize }],
                LEFT_CONSTANTS[ROUND],
                const { LEFT_TURNS[ROUND][$step] as u32 },
            );
            step(
                right,
                mix(4 - ROUND, right),
                words[const { RIGHT_WORDS[ROUND][$step] as usize }],
                RIGHT_CONSTANTS[ROUND],
                const { RIGHT_TURNS[ROUND][$step] as u32 },
            );
        )*};
    }
    steps!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
}

/// One step of one line: `a = rotate(a + f + word + constant) + e`, `c` turned by ten, and all
/// five moved on by one place.
#[inline(always)]
fn step(line: &mut [u32; 5], mixed: u32, word: u32, constant: u32, turn: u32) {
    let [a, b, c, d, e] = *line;
    // What does not wait for the step before is added up first.
    let sum = a
        .wrapping_add(word.wrapping_add(constant))
        .wrapping_add(mixed);
    *line = [
        e,
        sum.rotate_left(turn).wrapping_add(e),
        b,
        c.rotate_left(10),
        d,
    ];
}

/// The function of a round on the line's second to fourth words.
#[inline(always)]
fn mix(function: usize, line: &[u32; 5]) -> u32 {
    let [_, x, y, z, _] = *line;
    match function {
        0 => x ^ y ^ z,
        1 => z ^ (x & (y ^ z)),
        2 => (x | !y) ^ z,
        3 => y ^ (z & (x ^ y)),
        _ => x ^ (y | !z),
    }
}

#[cfg(test)]
mod tests {
    use super::digest;
    use ripemd::{Digest, Ripemd160};

    #[test]
    fn digests_of_every_length_are_those_of_the_crate() {
        let data: Vec<u8> = (0..400_u32)
            .map(|index| (index * 97 + index / 7) as u8)
            .collect();
        for length in 0..data.len() {
            let expected: [u8; 20] = Ripemd160::digest(&data[..length]).into();
            assert_eq!(digest(&data[..length]), expected, "{length}");
        }
    }
}
