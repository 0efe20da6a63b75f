//! Modular powers by AWS-LC's Montgomery arithmetic, for odd and even moduli.
//!
//! An even modulus is split into its odd part and a power of two; the two powers are put together
//! by the Chinese remainder theorem.

use super::{aurora, limbs, power_of_two};
use crate::big_number::{BigNumber, Context};

/// Largest modulus in bytes that AWS-LC's Montgomery form accepts.
const MAX_MODULUS_BYTES: usize = 8_192;

/// See [`super::Power`].
pub(super) fn power(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Vec<u8> {
    if modulus.len() > MAX_MODULUS_BYTES {
        return aurora::power(base, exponent, modulus);
    }
    let computed = match trailing_zero_bits(modulus) {
        0 => odd(base, exponent, modulus),
        bits => even(base, exponent, modulus, bits),
    };
    // AWS-LC refuses only when memory is out; the other library then gives the same answer.
    computed.unwrap_or_else(|| aurora::power(base, exponent, modulus))
}

fn odd(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Option<Vec<u8>> {
    let modulus = BigNumber::from_big_endian(modulus)?;
    odd_power(base, exponent, &modulus)?.to_big_endian()
}

fn odd_power(base: &[u8], exponent: &[u8], modulus: &BigNumber) -> Option<BigNumber> {
    let context = Context::new()?;
    let base = BigNumber::from_big_endian(base)?.reduce(modulus, &context)?;
    let exponent = BigNumber::from_big_endian(exponent)?;
    base.power_modulo_odd(&exponent, modulus, &context)
}

fn even(base: &[u8], exponent: &[u8], modulus: &[u8], bits: usize) -> Option<Vec<u8>> {
    let low = power_of_two::power(base, exponent, bits);
    let odd_modulus = BigNumber::from_big_endian(modulus)?.shift_right(bits)?;
    if odd_modulus.is_one() {
        return Some(limbs::to_big_endian(&low));
    }
    let high = odd_power(base, exponent, &odd_modulus)?.to_big_endian()?;

    // high + odd * ((low - high) / odd mod 2^bits)
    let odd_bytes = odd_modulus.to_big_endian()?;
    let count = low.len();
    let inverse = limbs::invert_odd(&limbs::from_big_endian(&odd_bytes, count));
    let mut difference = low;
    limbs::subtract_low(&mut difference, &limbs::from_big_endian(&high, count));
    let mut quotient = vec![0; count];
    limbs::multiply_low(&mut quotient, &difference, &inverse);
    limbs::truncate_bits(&mut quotient, bits);

    let odd_limbs = limbs::from_big_endian(&odd_bytes, odd_bytes.len().div_ceil(8));
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
