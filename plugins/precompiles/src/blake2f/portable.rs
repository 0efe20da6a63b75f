//! F in plain integer arithmetic.

use super::{Block, INITIAL_VALUE, SIGMA};

pub(super) fn compress(rounds: u32, block: &Block) -> [u64; 8] {
    let [v0, v1, v2, v3, v4, v5, v6, v7] = INITIAL_VALUE;
    let [h0, h1, h2, h3, h4, h5, h6, h7] = block.state;
    let mut v = [
        h0,
        h1,
        h2,
        h3,
        h4,
        h5,
        h6,
        h7,
        v0,
        v1,
        v2,
        v3,
        v4 ^ block.counter[0],
        v5 ^ block.counter[1],
        if block.is_final { !v6 } else { v6 },
        v7,
    ];
    for sigma in SIGMA.iter().cycle().take(rounds as usize) {
        round(&mut v, &block.message, sigma);
    }
    std::array::from_fn(|index| block.state[index] ^ v[index] ^ v[index + 8])
}

#[inline(always)]
fn round(v: &mut [u64; 16], message: &[u64; 16], sigma: &[u8; 16]) {
    let word = |index: usize| message[usize::from(sigma[index] & 15)];
    mix::<0, 4, 8, 12>(v, word(0), word(1));
    mix::<1, 5, 9, 13>(v, word(2), word(3));
    mix::<2, 6, 10, 14>(v, word(4), word(5));
    mix::<3, 7, 11, 15>(v, word(6), word(7));
    mix::<0, 5, 10, 15>(v, word(8), word(9));
    mix::<1, 6, 11, 12>(v, word(10), word(11));
    mix::<2, 7, 8, 13>(v, word(12), word(13));
    mix::<3, 4, 9, 14>(v, word(14), word(15));
}

/// The function G.
#[inline(always)]
fn mix<const A: usize, const B: usize, const C: usize, const D: usize>(
    v: &mut [u64; 16],
    x: u64,
    y: u64,
) {
    v[A] = v[A].wrapping_add(v[B]).wrapping_add(x);
    v[D] = (v[D] ^ v[A]).rotate_right(32);
    v[C] = v[C].wrapping_add(v[D]);
    v[B] = (v[B] ^ v[C]).rotate_right(24);
    v[A] = v[A].wrapping_add(v[B]).wrapping_add(y);
    v[D] = (v[D] ^ v[A]).rotate_right(16);
    v[C] = v[C].wrapping_add(v[D]);
    v[B] = (v[B] ^ v[C]).rotate_right(63);
}
