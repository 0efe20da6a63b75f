//! Modular powers by the fastest way for each size and shape.
//!
//! Short exponents and small moduli are done here, the rest by AWS-LC's Montgomery arithmetic. An
//! even modulus is split into its odd part and a power of two; the two powers are put together by
//! the Chinese remainder theorem.

use super::{aurora, limbs, montgomery, power_of_two, short, strip_leading_zeros};
use crate::big_number::{BigNumber, Context};

/// Largest modulus in bytes that AWS-LC's Montgomery form accepts.
const MAX_MODULUS_BYTES: usize = 8_192;

/// See [`super::Power`].
pub(super) fn power(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Vec<u8> {
    if modulus.len() > MAX_MODULUS_BYTES {
        return aurora::power(base, exponent, modulus);
    }
    let computed =
        short::power(base, exponent, modulus).or_else(|| match trailing_zero_bits(modulus) {
            0 => odd(base, exponent, modulus),
            bits => even(base, exponent, modulus, bits),
        });
    // AWS-LC refuses only when memory is out; the other library then gives the same answer.
    computed.unwrap_or_else(|| aurora::power(base, exponent, modulus))
}

fn odd(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Option<Vec<u8>> {
    montgomery::power(base, exponent, modulus).or_else(|| {
        let context = Context::new()?;
        let modulus = BigNumber::from_big_endian(modulus)?;
        let base = BigNumber::from_big_endian(base)?.reduce(&modulus, &context)?;
        let exponent = BigNumber::from_big_endian(exponent)?;
        base.power_modulo_odd(&exponent, &modulus, &context)?
            .to_big_endian()
    })
}

fn even(base: &[u8], exponent: &[u8], modulus: &[u8], bits: usize) -> Option<Vec<u8>> {
    let low = power_of_two::power(base, exponent, bits);
    let mut odd_limbs = limbs::from_big_endian(modulus, modulus.len().div_ceil(8));
    limbs::shift_right(&mut odd_limbs, bits);
    let odd_modulus = limbs::to_big_endian(&odd_limbs);
    let odd_modulus = strip_leading_zeros(&odd_modulus);
    if odd_modulus == [1] {
        return Some(limbs::to_big_endian(&low));
    }
    let high = odd(base, exponent, odd_modulus)?;

    // high + odd * ((low - high) / odd mod 2^bits)
    let count = low.len();
    let inverse = limbs::invert_odd(&limbs::from_big_endian(odd_modulus, count));
    let mut difference = low;
    limbs::subtract_low(&mut difference, &limbs::from_big_endian(&high, count));
    let mut quotient = vec![0; count];
    limbs::multiply_low(&mut quotient, &difference, &inverse);
    limbs::truncate_bits(&mut quotient, bits);

    let mut result = limbs::from_big_endian(&high, odd_limbs.len() + quotient.len());
    limbs::add_multiplied(&mut result, &odd_limbs, &quotient);
    Some(limbs::to_big_endian(&result))
}

/// Counts the zero bits at the end; the number is not zero.
fn trailing_zero_bits(number: &[u8]) -> usize {
    let bytes = number.iter().rev().take_while(|byte| **byte == 0).count();
    let last = number.iter().rev().nth(bytes).copied().unwrap_or(1);
    8 * bytes + last.trailing_zeros() as usize
}
