//! Powers with a handful of multiplications: plain products, each divided at once.
//!
//! Montgomery's form is cheaper for each product, but has to be entered and left; exponents like 2
//! and 3 are over before that pays.

use super::{division::Divisor, limbs};

/// Most multiplications for which this is the fastest way.
const MAX_MULTIPLICATIONS: u32 = 4;
/// The same for even moduli of one limb, which would have to be split for Montgomery's form.
const MAX_MULTIPLICATIONS_EVEN_LIMB: u32 = 14;

/// Computes the power if it is short enough; see [`super::Power`]. The exponent is not zero.
pub(super) fn power(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Option<Vec<u8>> {
    let [exponent] = exponent else {
        return None;
    };
    let multiplications = exponent.ilog2() + exponent.count_ones() - 1;
    let is_even_limb = modulus.len() <= 8 && modulus.last()? & 1 == 0;
    let most = match is_even_limb {
        true => MAX_MULTIPLICATIONS_EVEN_LIMB,
        false => MAX_MULTIPLICATIONS,
    };
    if multiplications > most {
        return None;
    }

    let divisor = Divisor::new(&limbs::from_big_endian(modulus, modulus.len().div_ceil(8)))?;
    let length = divisor.length();
    let mut reduced = limbs::from_big_endian(base, base.len().div_ceil(8).max(length) + 1);
    divisor.reduce(&mut reduced);
    let base = &reduced[..length];

    let mut result = base.to_vec();
    let mut product = vec![0; 2 * length + 1];
    let mut multiply = |result: &mut Vec<u64>, factor: Option<&[u64]>| {
        product.fill(0);
        limbs::add_multiplied(&mut product, result, factor.unwrap_or(result));
        divisor.reduce(&mut product);
        result.copy_from_slice(&product[..length]);
    };
    for bit in (0..exponent.ilog2()).rev() {
        multiply(&mut result, None);
        if exponent >> bit & 1 == 1 {
            multiply(&mut result, Some(base));
        }
    }
    Some(limbs::to_big_endian(&result))
}
