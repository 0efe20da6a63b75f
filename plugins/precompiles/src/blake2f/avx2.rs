//! F on 256-bit vectors: each holds one row of the working state, so the four columns, and then
//! the four diagonals, are mixed at once.
//!
//! The second row stays in place while the others are turned under it: it is the last to be known
//! after each half round, and so nothing waits for its turn.

use super::{Block, Compress, INITIAL_VALUE, SIGMA};
use std::arch::x86_64::{
    __m256i, _mm256_add_epi64, _mm256_extract_epi64, _mm256_or_si256, _mm256_permute4x64_epi64,
    _mm256_set_epi64x, _mm256_slli_epi64, _mm256_srli_epi64, _mm256_sub_epi64, _mm256_xor_si256,
};

/// Lane `i` takes lane `i + 1`.
const TURN_1: i32 = 0b00_11_10_01;
/// Lane `i` takes lane `i + 2`.
const TURN_2: i32 = 0b01_00_11_10;
/// Lane `i` takes lane `i + 3`.
const TURN_3: i32 = 0b10_01_00_11;

/// From here on gathering the message words of all rounds at once is the faster way.
const ROUNDS_WORTH_A_SCHEDULE: u32 = 40;

/// Returns this implementation when the processor can run it.
pub(super) fn detect() -> Option<Compress> {
    is_x86_feature_detected!("avx2").then_some(compress as Compress)
}

/// Reached through [`detect`] only.
fn compress(rounds: u32, block: &Block) -> [u64; 8] {
    // SAFETY: `detect` is the only way to this function, and it has found AVX2.
    unsafe { compress_avx2(rounds, block) }
}

/// The working state, one vector a row.
#[derive(Clone, Copy)]
struct Rows {
    a: __m256i,
    b: __m256i,
    c: __m256i,
    d: __m256i,
}

#[target_feature(enable = "avx2")]
fn compress_avx2(rounds: u32, block: &Block) -> [u64; 8] {
    let [h0, h1, h2, h3, h4, h5, h6, h7] = block.state;
    let [v0, v1, v2, v3, v4, v5, v6, v7] = INITIAL_VALUE;
    let [low, high] = block.counter;
    let v6 = if block.is_final { !v6 } else { v6 };
    let start = Rows {
        a: vector([h0, h1, h2, h3]),
        b: vector([h4, h5, h6, h7]),
        c: vector([v0, v1, v2, v3]),
        d: vector([v4 ^ low, v5 ^ high, v6, v7]),
    };

    let rows = if rounds < ROUNDS_WORTH_A_SCHEDULE {
        few_rounds(start, rounds, &block.message)
    } else {
        many_rounds(start, rounds, &block.message)
    };

    let low = _mm256_xor_si256(start.a, _mm256_xor_si256(rows.a, rows.c));
    let high = _mm256_xor_si256(start.b, _mm256_xor_si256(rows.b, rows.d));
    let [h0, h1, h2, h3] = words(low);
    let [h4, h5, h6, h7] = words(high);
    [h0, h1, h2, h3, h4, h5, h6, h7]
}

/// Gathers the words of each round on the way.
#[inline]
#[target_feature(enable = "avx2")]
fn few_rounds(mut rows: Rows, mut rounds: u32, message: &[u64; 16]) -> Rows {
    macro_rules! rounds {
        ($($round:literal)*) => {
            loop {
                $(
                    if rounds == 0 {
                        return rows;
                    }
                    rounds -= 1;
                    let words = words_of::<$round>(message);
                    rows.a = _mm256_add_epi64(rows.a, words[0]);
                    rows = round(rows, &words);
                )*
            }
        };
    }
    rounds!(0 1 2 3 4 5 6 7 8 9)
}

/// Gathers the words of ten rounds once.
///
/// The first row comes to each round with the first words added, so that the sum that everything
/// waits for is one addition shorter.
#[inline]
#[target_feature(enable = "avx2")]
fn many_rounds(mut rows: Rows, rounds: u32, message: &[u64; 16]) -> Rows {
    let first = words_of::<0>(message);
    // Those of the first round stand behind the last once more.
    let schedule = [
        first,
        words_of::<1>(message),
        words_of::<2>(message),
        words_of::<3>(message),
        words_of::<4>(message),
        words_of::<5>(message),
        words_of::<6>(message),
        words_of::<7>(message),
        words_of::<8>(message),
        words_of::<9>(message),
        first,
    ];
    rows.a = _mm256_add_epi64(rows.a, first[0]);
    for _ in 0..rounds / 10 {
        for [words, next] in schedule.array_windows() {
            rows = round(rows, words);
            rows.a = _mm256_add_epi64(rows.a, next[0]);
        }
    }
    let left = rounds as usize % 10;
    for [words, next] in schedule[..=left].array_windows() {
        rows = round(rows, words);
        rows.a = _mm256_add_epi64(rows.a, next[0]);
    }
    rows.a = _mm256_sub_epi64(rows.a, schedule[left][0]);
    rows
}

/// Gathers the message words of a round as the four mixing steps take them.
#[inline]
#[target_feature(enable = "avx2")]
fn words_of<const ROUND: usize>(message: &[u64; 16]) -> [__m256i; 4] {
    let sigma = const { &SIGMA[ROUND] };
    let word = |index: usize| message[usize::from(sigma[index] & 15)];
    [
        vector([word(0), word(2), word(4), word(6)]),
        vector([word(1), word(3), word(5), word(7)]),
        // The diagonals, turned as the rows are.
        vector([word(14), word(8), word(10), word(12)]),
        vector([word(15), word(9), word(11), word(13)]),
    ]
}

/// One round; its first words are already added to the first row.
#[inline]
#[target_feature(enable = "avx2")]
fn round(rows: Rows, words: &[__m256i; 4]) -> Rows {
    let mut rows = mix(rows, words[1]);
    rows.a = _mm256_permute4x64_epi64::<TURN_3>(rows.a);
    rows.c = _mm256_permute4x64_epi64::<TURN_1>(rows.c);
    rows.d = _mm256_permute4x64_epi64::<TURN_2>(rows.d);
    rows.a = _mm256_add_epi64(rows.a, words[2]);
    rows = mix(rows, words[3]);
    rows.a = _mm256_permute4x64_epi64::<TURN_1>(rows.a);
    rows.c = _mm256_permute4x64_epi64::<TURN_3>(rows.c);
    rows.d = _mm256_permute4x64_epi64::<TURN_2>(rows.d);
    rows
}

/// The function G on four columns, its first words already added.
#[inline]
#[target_feature(enable = "avx2")]
fn mix(rows: Rows, y: __m256i) -> Rows {
    let Rows { a, b, c, d } = rows;
    let a = _mm256_add_epi64(a, b);
    let d = rotate::<32, 32>(_mm256_xor_si256(d, a));
    let c = _mm256_add_epi64(c, d);
    let b = rotate::<24, 40>(_mm256_xor_si256(b, c));
    let a = _mm256_add_epi64(_mm256_add_epi64(a, y), b);
    let d = rotate::<16, 48>(_mm256_xor_si256(d, a));
    let c = _mm256_add_epi64(c, d);
    let b = rotate::<63, 1>(_mm256_xor_si256(b, c));
    Rows { a, b, c, d }
}

/// Rotates each lane right by `RIGHT` bits; `LEFT` is the rest of 64. The compiler makes one
/// instruction of it where there is one.
#[inline]
#[target_feature(enable = "avx2")]
fn rotate<const RIGHT: i32, const LEFT: i32>(row: __m256i) -> __m256i {
    _mm256_or_si256(
        _mm256_srli_epi64::<RIGHT>(row),
        _mm256_slli_epi64::<LEFT>(row),
    )
}

#[inline]
#[target_feature(enable = "avx2")]
fn vector(words: [u64; 4]) -> __m256i {
    let [w0, w1, w2, w3] = words.map(u64::cast_signed);
    _mm256_set_epi64x(w3, w2, w1, w0)
}

#[inline]
#[target_feature(enable = "avx2")]
fn words(row: __m256i) -> [u64; 4] {
    [
        _mm256_extract_epi64::<0>(row),
        _mm256_extract_epi64::<1>(row),
        _mm256_extract_epi64::<2>(row),
        _mm256_extract_epi64::<3>(row),
    ]
    .map(i64::cast_unsigned)
}
