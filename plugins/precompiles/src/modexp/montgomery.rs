//! Powers modulo odd numbers of a few limbs, in Montgomery's form.
//!
//! The number of limbs is known to the compiler, which keeps everything in registers.

use super::{division::Divisor, limbs};

/// Bits of the exponent that one table look-up covers.
const WINDOW_BITS: usize = 4;

/// Computes a power if the modulus is odd and small; see [`super::Power`].
pub(super) fn power(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Option<Vec<u8>> {
    if modulus.last()? & 1 == 0 {
        return None;
    }
    match modulus.len().div_ceil(8) {
        1 => power_of_size::<1>(base, exponent, modulus),
        2 => power_of_size::<2>(base, exponent, modulus),
        3 => power_of_size::<3>(base, exponent, modulus),
        4 => power_of_size::<4>(base, exponent, modulus),
        5 => power_of_size::<5>(base, exponent, modulus),
        6 => power_of_size::<6>(base, exponent, modulus),
        _ => None,
    }
}

fn power_of_size<const N: usize>(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Option<Vec<u8>> {
    let limbs = limbs::from_big_endian(modulus, N);
    let divisor = Divisor::new(&limbs)?;
    let form = Form::<N>::new(limbs.try_into().ok()?);

    // The base and one, both entered into the form by a division: R * x mod m.
    let enter = |number: Vec<u64>| -> [u64; N] {
        let mut shifted = vec![0; N];
        shifted.extend(number);
        shifted.resize(shifted.len().max(divisor.length()) + 1, 0);
        divisor.reduce(&mut shifted);
        std::array::from_fn(|index| shifted[index])
    };
    let base = enter(limbs::from_big_endian(base, base.len().div_ceil(8)));
    let one = enter(vec![1]);

    let result = match exponent {
        [byte] => form.power_by_bits(&base, u32::from(*byte)),
        [high, low] => form.power_by_bits(&base, u32::from_be_bytes([0, 0, *high, *low])),
        [high, mid, low] => form.power_by_bits(&base, u32::from_be_bytes([0, *high, *mid, *low])),
        _ => form.power_by_windows(one, &base, exponent),
    };
    let mut plain = [0; N];
    plain[0] = 1;
    Some(limbs::to_big_endian(&form.multiply(&result, &plain)))
}

/// A modulus with what Montgomery's multiplication needs.
struct Form<const N: usize> {
    modulus: [u64; N],
    /// `-1 / modulus` modulo a limb.
    factor: u64,
}

impl<const N: usize> Form<N> {
    fn new(modulus: [u64; N]) -> Self {
        // Newton's iteration: 3 right bits, then 6, 12, 24, 48, 96.
        let mut inverse = modulus[0];
        for _ in 0..5 {
            let error = 2_u64.wrapping_sub(modulus[0].wrapping_mul(inverse));
            inverse = inverse.wrapping_mul(error);
        }
        Self {
            modulus,
            factor: inverse.wrapping_neg(),
        }
    }

    /// Raises to an exponent that is not zero, bit by bit.
    fn power_by_bits(&self, base: &[u64; N], exponent: u32) -> [u64; N] {
        let mut result = *base;
        for bit in (0..exponent.ilog2()).rev() {
            result = self.multiply(&result, &result);
            if exponent >> bit & 1 == 1 {
                result = self.multiply(&result, base);
            }
        }
        result
    }

    fn power_by_windows(&self, one: [u64; N], base: &[u64; N], exponent: &[u8]) -> [u64; N] {
        let mut table = [one; 1 << WINDOW_BITS];
        for index in 1..table.len() {
            table[index] = self.multiply(&table[index - 1], base);
        }
        let digits = exponent
            .iter()
            .flat_map(|byte| [byte >> WINDOW_BITS, byte & 0xf]);
        let mut digits = digits.skip_while(|digit| *digit == 0);
        let mut result = digits.next().map_or(one, |digit| table[usize::from(digit)]);
        for digit in digits {
            for _ in 0..WINDOW_BITS {
                result = self.multiply(&result, &result);
            }
            if digit != 0 {
                result = self.multiply(&result, &table[usize::from(digit)]);
            }
        }
        result
    }

    /// Multiplies and divides by `2^(64 N)`, modulo the modulus. Operands and result are below it.
    #[inline]
    fn multiply(&self, left: &[u64; N], right: &[u64; N]) -> [u64; N] {
        let mut sum = [0_u64; N];
        let mut top = 0_u64;
        for factor in left {
            let mut carry = 0;
            for index in 0..N {
                (sum[index], carry) = multiply_add(right[index], *factor, sum[index], carry);
            }
            let (high, over) = top.overflowing_add(carry);
            // One reduction step: the lowest limb becomes zero and is shifted out.
            let quotient = sum[0].wrapping_mul(self.factor);
            let (_, mut carry) = multiply_add(self.modulus[0], quotient, sum[0], 0);
            for index in 1..N {
                (sum[index - 1], carry) =
                    multiply_add(self.modulus[index], quotient, sum[index], carry);
            }
            let (high, over_again) = high.overflowing_add(carry);
            sum[N - 1] = high;
            top = u64::from(over) + u64::from(over_again);
        }
        let (difference, borrow) = subtract(&sum, &self.modulus);
        if top != 0 || !borrow { difference } else { sum }
    }
}

/// Returns `left * right + first + second`, low limb first; two limbs always hold it.
#[inline(always)]
fn multiply_add(left: u64, right: u64, first: u64, second: u64) -> (u64, u64) {
    let wide = u128::from(left) * u128::from(right) + u128::from(first) + u128::from(second);
    (wide as u64, (wide >> 64) as u64)
}

#[inline(always)]
fn subtract<const N: usize>(left: &[u64; N], right: &[u64; N]) -> ([u64; N], bool) {
    let mut difference = [0; N];
    let mut borrow = false;
    for index in 0..N {
        let (value, first) = left[index].overflowing_sub(right[index]);
        let (value, second) = value.overflowing_sub(u64::from(borrow));
        difference[index] = value;
        borrow = first | second;
    }
    (difference, borrow)
}
