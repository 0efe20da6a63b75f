//! 0x09 BLAKE2F: the compression function F of BLAKE2b, with a chosen number of rounds.
//!
//! Spec: EIP-152, RFC 7693 section 3.2.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod portable;

use crate::{Revision, halt::Halt, padding, words};

/// Rounds, state, message block, offset counters, final block flag.
const INPUT_BYTES: usize = 213;
const STATE_OFFSET: usize = 4;
const MESSAGE_OFFSET: usize = STATE_OFFSET + 64;
const COUNTER_OFFSET: usize = MESSAGE_OFFSET + 128;
const FLAG_OFFSET: usize = COUNTER_OFFSET + 16;

/// Initial value of BLAKE2b, that of SHA-512.
const INITIAL_VALUE: [u64; 8] = [
    0x6a09_e667_f3bc_c908,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
    0x1f83_d9ab_fb41_bd6b,
    0x5be0_cd19_137e_2179,
];

/// Message words of each round; round `r` takes row `r % 10`.
const SIGMA: [[u8; 16]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
    [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
    [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
    [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
    [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
    [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
    [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
    [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];

/// What F works on.
#[derive(Debug, Clone, Copy)]
struct Block {
    state: [u64; 8],
    message: [u64; 16],
    counter: [u64; 2],
    is_final: bool,
}

/// One implementation of F.
type Compress = fn(rounds: u32, block: &Block) -> [u64; 8];

pub(crate) fn gas(input: &[u8], _revision: Revision) -> u64 {
    // An input of another length halts for nothing; it is not priced.
    if input.len() == INPUT_BYTES {
        u64::from(u32::from_be_bytes(padding::first(input)))
    } else {
        0
    }
}

/// F in plain integer arithmetic.
pub(crate) fn run_portable(
    input: &[u8],
    _revision: Revision,
    output: &mut Vec<u8>,
) -> Result<(), Halt> {
    run(input, output, portable::compress)
}

/// F on the widest vectors that the processor has.
pub(crate) fn run_fastest(
    input: &[u8],
    _revision: Revision,
    output: &mut Vec<u8>,
) -> Result<(), Halt> {
    #[cfg(target_arch = "x86_64")]
    if let Some(compress) = avx2::detect() {
        return run(input, output, compress);
    }
    run(input, output, portable::compress)
}

fn run(input: &[u8], output: &mut Vec<u8>, compress: Compress) -> Result<(), Halt> {
    let input: &[u8; INPUT_BYTES] = input.try_into().map_err(|_| Halt::InputLength {
        expected: INPUT_BYTES,
        found: input.len(),
    })?;
    let rounds = u32::from_be_bytes(padding::first(input));
    let block = Block {
        state: read_words(input, STATE_OFFSET),
        message: read_words(input, MESSAGE_OFFSET),
        counter: read_words(input, COUNTER_OFFSET),
        is_final: match input[FLAG_OFFSET] {
            0 => false,
            1 => true,
            found => return Err(Halt::FinalFlag { found }),
        },
    };
    let mut state = [0; 64];
    for (bytes, word) in state.chunks_exact_mut(8).zip(compress(rounds, &block)) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    words::push(output, &state);
    Ok(())
}

fn read_words<const N: usize>(input: &[u8; INPUT_BYTES], offset: usize) -> [u64; N] {
    std::array::from_fn(|index| u64::from_le_bytes(padding::array(input, offset + 8 * index)))
}

#[cfg(test)]
mod tests;
