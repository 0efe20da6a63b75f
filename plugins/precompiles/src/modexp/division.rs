//! Remainders of natural numbers, little-endian in 64-bit limbs.
//!
//! Knuth's algorithm D, with quotient digits by Möller and Granlund's reciprocal ("Improved
//! division by invariant integers"), as dividing 128 by 64 bits is slow or absent in hardware.

/// A divisor, prepared.
pub(super) struct Divisor {
    /// Shifted left until its highest bit is set, without leading zero limbs.
    limbs: Vec<u64>,
    shift: u32,
    reciprocal: u64,
}

impl Divisor {
    /// Prepares a divisor; `None` for zero.
    pub(super) fn new(number: &[u64]) -> Option<Self> {
        let length = number.iter().rposition(|limb| *limb != 0)? + 1;
        let mut limbs = number[..length].to_vec();
        let shift = limbs[length - 1].leading_zeros();
        shift_left(&mut limbs, shift);
        let top = u128::from(limbs[length - 1]);
        Some(Self {
            limbs,
            shift,
            // floor((2^128 - 1) / top) - 2^64, which is below 2^64
            reciprocal: (u128::MAX / top) as u64,
        })
    }

    /// Limbs of a remainder.
    pub(super) fn length(&self) -> usize {
        self.limbs.len()
    }

    /// Reduces `number` in place; the remainder is in its first [`Self::length`] limbs, the rest
    /// is zero. `number` is at least one limb longer than its value needs, and than the divisor.
    pub(super) fn reduce(&self, number: &mut [u64]) {
        let length = self.limbs.len();
        debug_assert!(number.len() > length && number[number.len() - 1] == 0);
        shift_left(number, self.shift);
        for position in (0..number.len() - length).rev() {
            self.reduce_digit(&mut number[position..=position + length]);
        }
        shift_right(number, self.shift);
    }

    /// Reduces one limb more than the divisor has; the highest is below the divisor's.
    fn reduce_digit(&self, window: &mut [u64]) {
        let length = self.limbs.len();
        let divisor_top = self.limbs[length - 1];
        let top = window[length];
        let next = window[length - 1];
        if top == 0 && length > 1 && next < divisor_top {
            return;
        }

        let mut quotient = u64::MAX;
        if top < divisor_top {
            let (digit, remainder) = self.divide(top, next);
            quotient = digit;
            if length > 1 {
                quotient = correct(
                    digit,
                    remainder,
                    divisor_top,
                    self.limbs[length - 2],
                    window[length - 2],
                );
            }
        }
        if subtract_multiple(window, &self.limbs, quotient) {
            // At most twice: the digit was at most two too large.
            while !add(window, &self.limbs) {}
        }
    }

    /// Divides two limbs by the highest of the divisor, which is above `high`.
    #[inline]
    fn divide(&self, high: u64, low: u64) -> (u64, u64) {
        let divisor = self.limbs[self.limbs.len() - 1];
        let estimate = u128::from(self.reciprocal) * u128::from(high)
            + (u128::from(high) << 64 | u128::from(low));
        let mut quotient = ((estimate >> 64) as u64).wrapping_add(1);
        let mut remainder = low.wrapping_sub(quotient.wrapping_mul(divisor));
        if remainder > estimate as u64 {
            quotient = quotient.wrapping_sub(1);
            remainder = remainder.wrapping_add(divisor);
        }
        if remainder >= divisor {
            quotient = quotient.wrapping_add(1);
            remainder -= divisor;
        }
        (quotient, remainder)
    }
}

/// Lowers an estimated quotient digit until the divisor's two highest limbs allow it.
#[inline]
fn correct(mut digit: u64, remainder: u64, top: u64, second: u64, low: u64) -> u64 {
    let mut remainder = remainder;
    while u128::from(digit) * u128::from(second) > (u128::from(remainder) << 64 | u128::from(low)) {
        digit -= 1;
        let (sum, overflow) = remainder.overflowing_add(top);
        if overflow {
            break;
        }
        remainder = sum;
    }
    digit
}

/// Subtracts `factor * divisor` from one limb more; tells whether it was too much.
#[inline]
fn subtract_multiple(window: &mut [u64], divisor: &[u64], factor: u64) -> bool {
    let mut carry = 0_u64;
    let (top, low) = match window.split_last_mut() {
        Some(parts) => parts,
        None => return false,
    };
    for (limb, other) in low.iter_mut().zip(divisor) {
        let product = u128::from(*other) * u128::from(factor) + u128::from(carry);
        let (value, borrow) = limb.overflowing_sub(product as u64);
        *limb = value;
        carry = ((product >> 64) as u64) + u64::from(borrow);
    }
    let (value, borrow) = top.overflowing_sub(carry);
    *top = value;
    borrow
}

/// Adds the divisor back; tells whether that ended the borrow which made it necessary.
#[cold]
fn add(window: &mut [u64], divisor: &[u64]) -> bool {
    let mut carry = false;
    for (limb, other) in window.iter_mut().zip(divisor.iter().chain([&0])) {
        let (value, first) = limb.overflowing_add(*other);
        let (value, second) = value.overflowing_add(u64::from(carry));
        *limb = value;
        carry = first | second;
    }
    carry
}

/// Shifts by less than a limb; no bit is lost by the caller's choice.
fn shift_left(number: &mut [u64], bits: u32) {
    if bits == 0 {
        return;
    }
    let mut carry = 0;
    for limb in number {
        let next = *limb >> (64 - bits);
        *limb = *limb << bits | carry;
        carry = next;
    }
}

/// Undoes [`shift_left`].
fn shift_right(number: &mut [u64], bits: u32) {
    if bits == 0 {
        return;
    }
    let mut carry = 0;
    for limb in number.iter_mut().rev() {
        let next = *limb << (64 - bits);
        *limb = *limb >> bits | carry;
        carry = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_bigint::BigUint;
    use proptest::prelude::*;

    fn big(limbs: &[u64]) -> BigUint {
        let bytes: Vec<u8> = limbs.iter().flat_map(|limb| limb.to_le_bytes()).collect();
        BigUint::from_bytes_le(&bytes)
    }

    /// Limbs that make quotient digits hard to guess are as likely as others.
    fn limbs(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u64>> {
        let edge = prop::sample::select(vec![0, 1, 1 << 63, u64::MAX - 1, u64::MAX]);
        prop::collection::vec(prop_oneof![edge, any::<u64>()], count)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

        #[test]
        fn remainders_are_those_of_num_bigint(number in limbs(0..12), divisor in limbs(1..7)) {
            let Some(prepared) = Divisor::new(&divisor) else {
                return Ok(());
            };
            let mut reduced = number.clone();
            reduced.resize(number.len().max(prepared.length()) + 1, 0);
            prepared.reduce(&mut reduced);
            prop_assert_eq!(big(&reduced), big(&number) % big(&divisor));
        }
    }
}
