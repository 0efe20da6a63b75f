//! Sums of multiples of points.
//!
//! Every scalar is split by the group's endomorphism into short ones. A few points are then worked
//! off together bit by bit (Straus); many are sorted into buckets (Pippenger).

use super::{Group, SCALAR_BYTES, check_items, endomorphism::Endomorphism};
use crate::halt::Halt;
use blst::{blst_scalar, blst_scalar_from_be_bytes};

/// From this number of points on, buckets are the faster way.
const POINTS_WORTH_BUCKETS: usize = 40;
/// Width of the signed digits: they are odd and below 16.
const WINDOW_BITS: u32 = 5;
/// Odd multiples that the digits choose from.
const TABLE: usize = 1 << (WINDOW_BITS - 2);
/// Digits of a part of 128 bits.
const DIGITS: usize = 132;

pub(super) fn run<G: Endomorphism>(input: &[u8], output: &mut Vec<u8>) -> Result<(), Halt> {
    let item = G::BYTES + SCALAR_BYTES;
    check_items(input, item)?;
    let count = input.len() / item;
    let mut points = Vec::with_capacity(count);
    let mut scalars = Vec::with_capacity(count);
    for item in input.chunks_exact(item) {
        let (point, scalar) = item.split_at(G::BYTES);
        let point = G::read_in_subgroup(point)?;
        if !G::is_infinity(&point)
            && let Some(scalar) = reduce(scalar)
        {
            points.push(point);
            scalars.push(scalar);
        }
    }
    let sum = sum_of_multiples::<G>(&points, &scalars);
    G::push(output, &G::to_affine(&sum));
    Ok(())
}

/// Adds up multiples of finite points of the subgroup by little-endian scalars below its order.
pub(crate) fn sum_of_multiples<G: Endomorphism>(
    points: &[G::Affine],
    scalars: &[[u8; SCALAR_BYTES]],
) -> G::Point {
    match points.len() {
        0 => G::Point::default(),
        count if count < POINTS_WORTH_BUCKETS => straus::<G>(points, scalars),
        _ => {
            let mut turned = Vec::with_capacity(points.len() * G::PARTS);
            for point in points {
                let mut part = *point;
                for _ in 0..G::PARTS {
                    turned.push(part);
                    part = G::turn(&part);
                }
            }
            let parts: Vec<[u8; SCALAR_BYTES]> = scalars.iter().map(G::split).collect();
            G::pippenger(&turned, parts.as_flattened(), 8 * G::PART_BYTES)
        }
    }
}

/// Doubles one sum for all points and adds a multiple of a point for each of its digits.
fn straus<G: Endomorphism>(points: &[G::Affine], scalars: &[[u8; SCALAR_BYTES]]) -> G::Point {
    let mut tables = odd_multiples::<G>(points);
    let mut rows: Vec<(Vec<G::Affine>, [i8; DIGITS])> = Vec::with_capacity(points.len() * G::PARTS);
    for scalar in scalars {
        let mut table: Vec<G::Affine> = tables.by_ref().take(TABLE).collect();
        for part in G::split(scalar).chunks_exact(G::PART_BYTES) {
            let turned = table.iter().map(G::turn).collect();
            rows.push((std::mem::replace(&mut table, turned), digits(part)));
        }
    }

    let mut sum = G::Point::default();
    let highest = (0..DIGITS).rfind(|index| rows.iter().any(|(_, digits)| digits[*index] != 0));
    for index in (0..highest.map_or(0, |index| index + 1)).rev() {
        G::double(&mut sum);
        for (table, digits) in &rows {
            let digit = digits[index];
            let multiple = &table[usize::from(digit.unsigned_abs() / 2)];
            match digit {
                0 => {}
                1.. => G::add_affine_assign(&mut sum, multiple),
                _ => G::add_affine_assign(&mut sum, &G::negate(multiple)),
            }
        }
    }
    sum
}

/// Returns each point, its triple, and so on: [`TABLE`] multiples a point.
fn odd_multiples<G: Group>(points: &[G::Affine]) -> std::vec::IntoIter<G::Affine> {
    let mut multiples = Vec::with_capacity(points.len() * TABLE);
    for point in points {
        let mut multiple = G::from_affine(point);
        let mut twice = multiple;
        G::double(&mut twice);
        multiples.push(multiple);
        for _ in 1..TABLE {
            G::add_assign(&mut multiple, &twice);
            multiples.push(multiple);
        }
    }
    G::to_affine_all(&multiples).into_iter()
}

/// Writes a little-endian number of at most 128 bits in signed digits, each zero or odd, with at
/// least four zeros after each odd one.
fn digits(part: &[u8]) -> [i8; DIGITS] {
    let mut rest = part
        .iter()
        .rev()
        .fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    let mut digits = [0; DIGITS];
    let mut index = 0;
    // Rounding up may carry out of 128 bits.
    let mut carry = false;
    while rest != 0 || carry {
        let zeros = match rest {
            0 => 128,
            _ => rest.trailing_zeros(),
        };
        rest = rest.checked_shr(zeros).unwrap_or(0);
        if carry {
            rest |= 1_u128.checked_shl(128 - zeros).unwrap_or(1);
        }
        carry = false;
        index += zeros as usize;
        let window = (rest & ((1 << WINDOW_BITS) - 1)) as i8;
        if window > 1 << (WINDOW_BITS - 1) {
            digits[index] = window - (1 << WINDOW_BITS);
            let (sum, overflow) = rest.overflowing_add(u128::from(digits[index].unsigned_abs()));
            rest = sum;
            carry = overflow;
        } else {
            digits[index] = window;
            rest -= window as u128;
        }
    }
    digits
}

/// Reduces a big-endian scalar modulo the group order; returns it little-endian, `None` for zero.
fn reduce(scalar: &[u8]) -> Option<[u8; SCALAR_BYTES]> {
    let mut reduced = blst_scalar::default();
    // SAFETY: pointer and length are those of one slice; writes one scalar.
    let not_zero =
        unsafe { blst_scalar_from_be_bytes(&mut reduced, scalar.as_ptr(), scalar.len()) };
    not_zero.then_some(reduced.b)
}

#[cfg(test)]
mod tests {
    use super::super::{G1, G2};
    use super::*;
    use blst::{BLS12_381_G1, BLS12_381_G2};
    use std::fmt::Debug;

    /// Scalars at the seams of the split and without a pattern.
    fn scalars() -> Vec<[u8; 32]> {
        let order = "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001";
        let mut edges: Vec<Vec<u8>> = [
            "01",
            "02",
            "10",
            "11",
            "1f",
            "d201000000010000",
            "d20100000000ffff",
            "ac45a4010001a402000000010000000000000000",
            "ffffffffffffffffffffffffffffffff",
            "0100000000000000000000000000000000",
            order,
            "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000000",
        ]
        .iter()
        .map(|text| hex::decode(text).unwrap())
        .collect();
        let mut state = 7_u64;
        for _ in 0..100 {
            let bytes = (0..32).map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                (state >> 56) as u8
            });
            edges.push(bytes.collect());
        }
        edges.iter().filter_map(|bytes| reduce(bytes)).collect()
    }

    fn assert_sums_are_those_of_blst<G: Endomorphism<Affine: PartialEq + Debug>>(base: G::Affine) {
        let scalars = scalars();
        let mut points = vec![base];
        for scalar in &scalars[1..] {
            points.push(G::to_affine(&G::multiply(
                &points[points.len() - 1],
                scalar,
            )));
        }
        // The sum of a point and its negative, and a point twice, are among them.
        points[4] = G::negate(&points[3]);
        points[6] = points[5];
        let mut expected = G::Point::default();
        for count in 0..=scalars.len() {
            if count > 0 {
                let product = G::multiply(&points[count - 1], &scalars[count - 1]);
                G::add_assign(&mut expected, &product);
            }
            if count < 12 || count % 13 == 0 {
                let sum = sum_of_multiples::<G>(&points[..count], &scalars[..count]);
                assert_eq!(G::to_affine(&sum), G::to_affine(&expected), "{count}");
            }
        }
        for (point, scalar) in points.iter().zip(&scalars) {
            let sum = sum_of_multiples::<G>(&[*point], &[*scalar]);
            let expected = G::multiply(point, scalar);
            assert_eq!(G::to_affine(&sum), G::to_affine(&expected), "{scalar:x?}");
        }
    }

    #[test]
    fn sums_are_those_of_single_multiplications() {
        // SAFETY: a constant of the library, written by nobody.
        assert_sums_are_those_of_blst::<G1>(unsafe { BLS12_381_G1 });
        // SAFETY: as above.
        assert_sums_are_those_of_blst::<G2>(unsafe { BLS12_381_G2 });
    }

    #[test]
    fn digits_make_up_the_number() {
        for number in [
            0,
            1,
            15,
            16,
            17,
            31,
            33,
            u128::MAX,
            u128::MAX - 14,
            1 << 127,
        ] {
            let digits = digits(&number.to_le_bytes());
            let mut sum = 0_u128;
            for digit in digits.iter().rev() {
                sum = sum.wrapping_mul(2).wrapping_add_signed(i128::from(*digit));
            }
            assert_eq!(sum, number);
            assert!(digits[129..].iter().all(|digit| *digit == 0));
        }
    }
}
