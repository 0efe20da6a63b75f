//! Multiples of points of alt_bn128's first group, with half the doublings.
//!
//! The curve has a cheap endomorphism `(x, y) -> (βx, y)`, which multiplies by a root of unity λ.
//! A factor `k` is split into `k1 + k2 λ` with halves of 128 bits, and both halves are worked off
//! together, in a signed-digit form with few digits.
//!
//! Spec: Gallant, Lambert, Vanstone, "Faster point multiplication on elliptic curves with efficient
//! endomorphisms".

use ark_bn254::{Fr, G1Affine, G1Projective, g1};
use ark_ec::{CurveGroup, scalar_mul::glv::GLVConfig};
use ark_ff::{AdditiveGroup, PrimeField, Zero};

/// Width of the signed digits: they are odd and below 16.
const WINDOW_BITS: u32 = 5;
/// Odd multiples that the digits choose from.
const TABLE: usize = 1 << (WINDOW_BITS - 2);
/// Digits of a half.
const DIGITS: usize = 132;

/// A short basis of the lattice of pairs `(a, b)` with `a + b λ = 0`: `(A1, -B1)` and `(B1, A2)`.
const A1: u128 = 147_946_756_881_789_319_000_765_030_803_803_410_728;
const B1: u64 = 9_931_322_734_385_697_763;
const A2: u128 = 147_946_756_881_789_319_010_696_353_538_189_108_491;

/// `2^256 A2 / r`, rounded down.
const QUOTIENT_A2: [u64; 3] = [0x5398_fd03_00ff_6565, 0x4cce_f014_a773_d2d2, 2];
/// `2^256 B1 / r`, rounded down.
const QUOTIENT_B1: [u64; 3] = [0xd91d_232e_c7e0_b3d7, 2, 0];

/// Returns `factor * point`; the point is finite.
pub(super) fn multiply(point: &G1Affine, factor: &Fr) -> G1Affine {
    let (first, second) = split(factor);
    if second == 0 {
        return multiply_by_short(point, first);
    }
    let (first, second) = (digits(first, WINDOW_BITS), digits(second, WINDOW_BITS));
    let table = odd_multiples(point);
    let turned = table.map(|multiple| g1::Config::endomorphism_affine(&multiple));

    let highest = (0..DIGITS).rfind(|index| first[*index] != 0 || second[*index] != 0);
    let mut sum = G1Projective::zero();
    for index in (0..highest.map_or(0, |index| index + 1)).rev() {
        sum.double_in_place();
        add_digit(&mut sum, &table, first[index]);
        add_digit(&mut sum, &turned, second[index]);
    }
    sum.into_affine()
}

/// Multiplies by signed bits: a table would not pay for itself.
fn multiply_by_short(point: &G1Affine, factor: i128) -> G1Affine {
    let digits = digits(factor, 2);
    let mut sum = G1Projective::zero();
    for digit in digits.iter().rev().skip_while(|digit| **digit == 0) {
        sum.double_in_place();
        match digit {
            0 => {}
            1.. => sum += point,
            _ => sum -= point,
        }
    }
    sum.into_affine()
}

fn add_digit(sum: &mut G1Projective, table: &[G1Affine; TABLE], digit: i8) {
    let multiple = &table[usize::from(digit.unsigned_abs() / 2)];
    match digit {
        0 => {}
        1.. => *sum += multiple,
        _ => *sum -= multiple,
    }
}

/// Returns the point, its triple, and so on.
fn odd_multiples(point: &G1Affine) -> [G1Affine; TABLE] {
    let mut multiples = [G1Projective::from(*point); TABLE];
    let twice = multiples[0].double();
    for index in 1..TABLE {
        multiples[index] = multiples[index - 1] + twice;
    }
    let mut table = [*point; TABLE];
    table.copy_from_slice(&G1Projective::normalize_batch(&multiples));
    table
}

/// Splits `k` into `k1 + k2 λ`; both are below `2^127` in absolute value.
fn split(factor: &Fr) -> (i128, i128) {
    let factor = factor.into_bigint().0;
    if let [low, high, 0, 0] = factor
        && high >> 63 == 0
    {
        // Short already: a second half would only add work.
        return ((u128::from(high) << 64 | u128::from(low)).cast_signed(), 0);
    }
    let first = high_product(&factor, &QUOTIENT_A2);
    let second = high_product(&factor, &QUOTIENT_B1);
    let low = u128::from(factor[1]) << 64 | u128::from(factor[0]);
    // The exact values fit, so that the higher bits need not be computed.
    let k1 = low
        .wrapping_sub(first.wrapping_mul(A1))
        .wrapping_sub(second.wrapping_mul(u128::from(B1)));
    let k2 = first
        .wrapping_mul(u128::from(B1))
        .wrapping_sub(second.wrapping_mul(A2));
    (k1.cast_signed(), k2.cast_signed())
}

/// Returns `left * right / 2^256`, rounded down; it fits by the choice of the constants.
fn high_product(left: &[u64; 4], right: &[u64; 3]) -> u128 {
    let mut product = [0_u64; 7];
    for (position, factor) in left.iter().enumerate() {
        let mut carry = 0;
        for (offset, other) in right.iter().enumerate() {
            let wide = u128::from(*factor) * u128::from(*other)
                + u128::from(product[position + offset])
                + u128::from(carry);
            product[position + offset] = wide as u64;
            carry = (wide >> 64) as u64;
        }
        product[position + right.len()] = carry;
    }
    u128::from(product[5]) << 64 | u128::from(product[4])
}

/// Writes a number in signed digits below `2^(window_bits - 1)`, each zero or odd, and at least
/// `window_bits - 1` zeros after each odd one.
fn digits(number: i128, window_bits: u32) -> [i8; DIGITS] {
    let sign = if number < 0 { -1 } else { 1 };
    let mut rest = number.unsigned_abs();
    let mut digits = [0; DIGITS];
    let mut index = 0;
    while rest != 0 {
        let zeros = rest.trailing_zeros();
        rest >>= zeros;
        index += zeros as usize;
        let window = (rest & ((1 << window_bits) - 1)) as i8;
        let digit = if window > 1 << (window_bits - 1) {
            window - (1 << window_bits)
        } else {
            window
        };
        digits[index] = sign * digit;
        rest = rest.wrapping_sub(digit as u128);
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ec::AffineRepr;
    use ark_ff::{Field, MontFp};

    /// Factors at the ends and at the seams of the split.
    fn factors() -> Vec<Fr> {
        let lambda = <g1::Config as GLVConfig>::LAMBDA;
        let mut factors = vec![
            Fr::zero(),
            Fr::ONE,
            -Fr::ONE,
            lambda,
            -lambda,
            lambda + Fr::ONE,
        ];
        factors.push(MontFp!(
            "10944121435919637611123202872628637544274182200208017171849102093287904247808"
        ));
        factors.extend(
            [
                1,
                2,
                3,
                0x1113_8ce7_50fa_15c2,
                1 << 126,
                (1 << 127) - 1,
                1 << 127,
                u128::MAX,
            ]
            .map(Fr::from),
        );
        let mut factor = Fr::from(3_u64);
        for _ in 0..200 {
            factor = factor.square() + lambda;
            factors.push(factor);
        }
        factors
    }

    #[test]
    fn halves_are_short_and_make_up_the_factor() {
        let signed = |half: i128| match half {
            0.. => Fr::from(half.unsigned_abs()),
            _ => -Fr::from(half.unsigned_abs()),
        };
        for factor in factors() {
            let (first, second) = split(&factor);
            assert!(first.unsigned_abs() < 1 << 127 && second.unsigned_abs() < 1 << 127);
            let lambda = <g1::Config as GLVConfig>::LAMBDA;
            assert_eq!(signed(first) + signed(second) * lambda, factor);
        }
    }

    #[test]
    fn multiples_are_those_of_plain_double_and_add() {
        let mut point = G1Affine::generator();
        for factor in factors() {
            let expected = point.mul_bigint(factor.into_bigint()).into_affine();
            assert_eq!(multiply(&point, &factor), expected);
            point = (point + G1Affine::generator()).into_affine();
        }
    }

    #[test]
    fn digits_make_up_the_number() {
        for number in [0, 1, -1, 16, 17, 31, -33, i128::MAX, -i128::MAX, 1 << 126] {
            for window_bits in [2, WINDOW_BITS] {
                let mut sum = 0_i128;
                for digit in digits(number, window_bits).iter().rev() {
                    sum = sum.wrapping_mul(2).wrapping_add(i128::from(*digit));
                }
                assert_eq!(sum, number);
            }
        }
    }
}
