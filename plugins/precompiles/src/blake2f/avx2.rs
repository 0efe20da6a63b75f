//! F on 256-bit vectors: each holds one row of the working state, so the four columns, and then
//! the four diagonals, are mixed at once.
//!
//! The second row stays in place while the others are turned under it: it is the last to be known
//! after each half round, and so nothing waits for its turn.

use super::{Block, Compress, INITIAL_VALUE, SIGMA};
use std::arch::x86_64::{
    __m256i, _mm256_add_epi64, _mm256_extract_epi64, _mm256_or_si256, _mm256_permute4x64_epi64,
    _mm256_set_epi8, _mm256_set_epi64x, _mm256_shuffle_epi8, _mm256_shuffle_epi32,
    _mm256_srli_epi64, _mm256_xor_si256,
};

/// Lane `i` takes lane `i + 1`.
const TURN_1: i32 = 0b00_11_10_01;
/// Lane `i` takes lane `i + 2`.
const TURN_2: i32 = 0b01_00_11_10;
/// Lane `i` takes lane `i + 3`.
const TURN_3: i32 = 0b10_01_00_11;
/// Swaps the halves of each 64-bit lane.
const SWAP_HALVES: i32 = 0b10_11_00_01;

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

    let message = &block.message;
    let mut rows = start;
    for _ in 0..rounds / 10 {
        rows = round::<0>(rows, message);
        rows = round::<1>(rows, message);
        rows = round::<2>(rows, message);
        rows = round::<3>(rows, message);
        rows = round::<4>(rows, message);
        rows = round::<5>(rows, message);
        rows = round::<6>(rows, message);
        rows = round::<7>(rows, message);
        rows = round::<8>(rows, message);
        rows = round::<9>(rows, message);
    }
    let left = rounds % 10;
    if left > 0 {
        rows = round::<0>(rows, message);
    }
    if left > 1 {
        rows = round::<1>(rows, message);
    }
    if left > 2 {
        rows = round::<2>(rows, message);
    }
    if left > 3 {
        rows = round::<3>(rows, message);
    }
    if left > 4 {
        rows = round::<4>(rows, message);
    }
    if left > 5 {
        rows = round::<5>(rows, message);
    }
    if left > 6 {
        rows = round::<6>(rows, message);
    }
    if left > 7 {
        rows = round::<7>(rows, message);
    }
    if left > 8 {
        rows = round::<8>(rows, message);
    }

    let low = _mm256_xor_si256(start.a, _mm256_xor_si256(rows.a, rows.c));
    let high = _mm256_xor_si256(start.b, _mm256_xor_si256(rows.b, rows.d));
    let [h0, h1, h2, h3] = words(low);
    let [h4, h5, h6, h7] = words(high);
    [h0, h1, h2, h3, h4, h5, h6, h7]
}

#[inline]
#[target_feature(enable = "avx2")]
fn round<const ROUND: usize>(rows: Rows, message: &[u64; 16]) -> Rows {
    let sigma = const { &SIGMA[ROUND] };
    let word = |index: usize| message[usize::from(sigma[index] & 15)];

    let x = vector([word(0), word(2), word(4), word(6)]);
    let y = vector([word(1), word(3), word(5), word(7)]);
    let mut rows = mix(rows, x, y);
    rows.a = _mm256_permute4x64_epi64::<TURN_3>(rows.a);
    rows.c = _mm256_permute4x64_epi64::<TURN_1>(rows.c);
    rows.d = _mm256_permute4x64_epi64::<TURN_2>(rows.d);

    let x = vector([word(14), word(8), word(10), word(12)]);
    let y = vector([word(15), word(9), word(11), word(13)]);
    rows = mix(rows, x, y);
    rows.a = _mm256_permute4x64_epi64::<TURN_1>(rows.a);
    rows.c = _mm256_permute4x64_epi64::<TURN_3>(rows.c);
    rows.d = _mm256_permute4x64_epi64::<TURN_2>(rows.d);
    rows
}

/// The function G on four columns.
#[inline]
#[target_feature(enable = "avx2")]
fn mix(rows: Rows, x: __m256i, y: __m256i) -> Rows {
    let Rows { a, b, c, d } = rows;
    let a = _mm256_add_epi64(_mm256_add_epi64(a, x), b);
    let d = _mm256_shuffle_epi32::<SWAP_HALVES>(_mm256_xor_si256(d, a));
    let c = _mm256_add_epi64(c, d);
    let b = rotate_bytes::<3>(_mm256_xor_si256(b, c));
    let a = _mm256_add_epi64(_mm256_add_epi64(a, y), b);
    let d = rotate_bytes::<2>(_mm256_xor_si256(d, a));
    let c = _mm256_add_epi64(c, d);
    let b = _mm256_xor_si256(b, c);
    let b = _mm256_or_si256(_mm256_srli_epi64::<63>(b), _mm256_add_epi64(b, b));
    Rows { a, b, c, d }
}

/// Rotates each lane right by whole bytes.
#[inline]
#[target_feature(enable = "avx2")]
fn rotate_bytes<const BYTES: i8>(row: __m256i) -> __m256i {
    let from = const {
        let mut from = [0; 16];
        let mut index = 0;
        while index < 16 {
            from[index] = (index as i8 & 8) | ((index as i8 + BYTES) & 7);
            index += 1;
        }
        from
    };
    let [
        f0,
        f1,
        f2,
        f3,
        f4,
        f5,
        f6,
        f7,
        f8,
        f9,
        f10,
        f11,
        f12,
        f13,
        f14,
        f15,
    ] = from;
    let order = _mm256_set_epi8(
        f15, f14, f13, f12, f11, f10, f9, f8, f7, f6, f5, f4, f3, f2, f1, f0, f15, f14, f13, f12,
        f11, f10, f9, f8, f7, f6, f5, f4, f3, f2, f1, f0,
    );
    _mm256_shuffle_epi8(row, order)
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
