//! Powers modulo a power of two.

use super::limbs;

/// Bits of the exponent that one table look-up covers.
const WINDOW_BITS: usize = 4;

/// Returns `base ^ exponent mod 2^bits` as limbs; `bits` is at least one, `exponent` not empty.
pub(super) fn power(base: &[u8], exponent: &[u8], bits: usize) -> Vec<u64> {
    let count = bits.div_ceil(64);
    let base = limbs::from_big_endian(base, count);
    let mut table = vec![vec![0; count]; 1 << WINDOW_BITS];
    table[0][0] = 1;
    for index in 1..table.len() {
        let (done, rest) = table.split_at_mut(index);
        limbs::multiply_low(&mut rest[0], &done[index - 1], &base);
    }

    let mut result = table[0].clone();
    let mut scratch = vec![0; count];
    let digits = exponent
        .iter()
        .flat_map(|byte| [byte >> WINDOW_BITS, byte & 0xf]);
    for digit in digits.skip_while(|digit| *digit == 0) {
        for _ in 0..WINDOW_BITS {
            limbs::multiply_low(&mut scratch, &result, &result);
            std::mem::swap(&mut result, &mut scratch);
        }
        if digit != 0 {
            limbs::multiply_low(&mut scratch, &result, &table[usize::from(digit)]);
            std::mem::swap(&mut result, &mut scratch);
        }
    }
    limbs::truncate_bits(&mut result, bits);
    result
}
