//! Natural numbers as little-endian 64-bit limbs: the few operations that residues modulo a power
//! of two need.

const LIMB_BYTES: usize = 8;

/// Reads the lowest `count` limbs of a big-endian number.
pub(super) fn from_big_endian(bytes: &[u8], count: usize) -> Vec<u64> {
    let mut limbs: Vec<u64> = bytes
        .rchunks(LIMB_BYTES)
        .take(count)
        .map(|chunk| {
            chunk
                .iter()
                .fold(0, |limb, byte| limb << 8 | u64::from(*byte))
        })
        .collect();
    limbs.resize(count, 0);
    limbs
}

/// Writes a number big-endian.
pub(super) fn to_big_endian(limbs: &[u64]) -> Vec<u8> {
    limbs
        .iter()
        .rev()
        .flat_map(|limb| limb.to_be_bytes())
        .collect()
}

/// Sets `product` to the lowest limbs of `left * right`; all three have the same length.
pub(super) fn multiply_low(product: &mut [u64], left: &[u64], right: &[u64]) {
    product.fill(0);
    let length = product.len();
    for (position, factor) in left.iter().enumerate() {
        let row = length - position;
        add_product(&mut product[position..], &right[..row], *factor);
    }
}

/// Sets `sum` to `sum + left * right`; `sum` is as long as both together and takes the result.
pub(super) fn add_multiplied(sum: &mut [u64], left: &[u64], right: &[u64]) {
    for (position, factor) in left.iter().enumerate() {
        let mut carry = add_product(&mut sum[position..], right, *factor);
        for limb in &mut sum[position + right.len()..] {
            let (value, overflow) = limb.overflowing_add(carry);
            *limb = value;
            carry = u64::from(overflow);
        }
    }
}

/// Sets `left` to `left - right` modulo two to its size.
pub(super) fn subtract_low(left: &mut [u64], right: &[u64]) {
    let mut borrow = false;
    for (limb, other) in left.iter_mut().zip(right) {
        let (value, first) = limb.overflowing_sub(*other);
        let (value, second) = value.overflowing_sub(u64::from(borrow));
        *limb = value;
        borrow = first | second;
    }
}

/// Divides by `2^bits`.
pub(super) fn shift_right(limbs: &mut [u64], bits: usize) {
    let (whole, rest) = (bits / 64, bits % 64);
    for index in 0..limbs.len() {
        let at = |position: usize| limbs.get(position).copied().unwrap_or(0);
        let (low, high) = (at(index + whole), at(index + whole + 1));
        limbs[index] = match rest {
            0 => low,
            rest => low >> rest | high << (64 - rest),
        };
    }
}

/// Clears every bit from `bits` on.
pub(super) fn truncate_bits(limbs: &mut [u64], bits: usize) {
    if !bits.is_multiple_of(64)
        && let Some(top) = limbs.get_mut(bits / 64)
    {
        *top &= (1 << (bits % 64)) - 1;
    }
}

/// Returns the inverse of an odd number modulo two to its size.
///
/// Newton's iteration: each round doubles the number of right bits.
pub(super) fn invert_odd(odd: &[u64]) -> Vec<u64> {
    let count = odd.len();
    let mut inverse = vec![0; count];
    // Three right bits, as odd squares are 1 modulo 8.
    inverse[0] = odd[0];
    let mut right_bits = 3;
    let mut product = vec![0; count];
    let mut next = vec![0; count];
    while right_bits < 64 * count {
        right_bits *= 2;
        let used = right_bits.div_ceil(64).min(count);
        // next = inverse * (2 - odd * inverse)
        multiply_low(&mut product[..used], &odd[..used], &inverse[..used]);
        let mut two = vec![0; used];
        two[0] = 2;
        subtract_low(&mut two, &product[..used]);
        multiply_low(&mut next[..used], &inverse[..used], &two);
        inverse[..used].copy_from_slice(&next[..used]);
    }
    inverse
}

/// Adds `row * factor` to the start of `sum` and returns the carry out of the row.
#[inline]
fn add_product(sum: &mut [u64], row: &[u64], factor: u64) -> u64 {
    let mut carry = 0;
    for (limb, other) in sum.iter_mut().zip(row) {
        let wide = u128::from(*other) * u128::from(factor) + u128::from(*limb) + u128::from(carry);
        *limb = wide as u64;
        carry = (wide >> 64) as u64;
    }
    carry
}
