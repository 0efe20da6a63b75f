//! Cheap endomorphisms, by which one long multiplication becomes several short ones.
//!
//! With `z = 0xd201000000010000` the group order is `z⁴ - z² + 1`. In the first group
//! `(x, y) -> (βx, -y)` multiplies by `z²`; in the second the negated Frobenius endomorphism of
//! the twist multiplies by `z`. A scalar written in base `z²`, or `z`, gives the short scalars.
//!
//! Spec: Galbraith, Lin, Scott, "Endomorphisms for faster elliptic curve cryptography on a large
//! class of curves"; RFC 9380, appendix G.3 for the constants of the twist.

use super::{G1, G2, Group};
use blst::{
    blst_fp, blst_fp_cneg, blst_fp_mul, blst_fp2, blst_fp2_mul, blst_p1_affine, blst_p2_affine,
};

/// Absolute value of the curve's parameter.
const Z: u64 = 0xd201_0000_0001_0000;

/// The cube root of unity that belongs to `z²`, in Montgomery form as all constants here.
const BETA: blst_fp = blst_fp {
    l: [
        0x30f1_361b_798a_64e8,
        0xf3b8_ddab_7ece_5a2a,
        0x16a8_ca3a_c615_77f7,
        0xc26a_2ff8_74fd_029b,
        0x3636_b766_6070_1c6e,
        0x051b_a4ab_241b_6160,
    ],
};

/// `1 / (1 + i)^((p - 1) / 3)`
const TWIST_X: blst_fp2 = blst_fp2 {
    fp: [
        blst_fp { l: [0; 6] },
        blst_fp {
            l: [
                0x890d_c9e4_8675_45c3,
                0x2af3_2253_3285_a5d5,
                0x5088_0866_309b_7e2c,
                0xa20d_1b8c_7e88_1024,
                0x14e4_f04f_e2db_9068,
                0x14e5_6d3f_1564_853a,
            ],
        },
    ],
};

/// `-1 / (1 + i)^((p - 1) / 2)`
const MINUS_TWIST_Y: blst_fp2 = blst_fp2 {
    fp: [
        blst_fp {
            l: [
                0x7bcf_a7a2_5aa3_0fda,
                0xdc17_dec1_2a92_7e7c,
                0x2f08_8dd8_6b4e_bef1,
                0xd1ca_2087_da74_d4a7,
                0x2da2_5966_96ce_bc1d,
                0x0e2b_7eed_bbfd_87d2,
            ],
        },
        blst_fp {
            l: [
                0x3e2f_585d_a55c_9ad1,
                0x4294_213d_86c1_8183,
                0x3828_44c8_8b62_3732,
                0x92ad_2afd_1910_3e18,
                0x1d79_4e4f_ac7c_f0b9,
                0x0bd5_92fc_7d82_5ec8,
            ],
        },
    ],
};

/// A group with such an endomorphism.
pub(crate) trait Endomorphism: Group {
    /// Parts that a scalar is split into.
    const PARTS: usize;
    /// Bytes of a part.
    const PART_BYTES: usize = 32 / Self::PARTS;

    /// Multiplies a point of the subgroup by the base that scalars are split in.
    fn turn(point: &Self::Affine) -> Self::Affine;

    /// Splits a little-endian scalar below the group order; the parts follow one another, the
    /// lowest first, each little-endian.
    fn split(scalar: &[u8; 32]) -> [u8; 32];
}

impl Endomorphism for G1 {
    const PARTS: usize = 2;

    fn turn(point: &blst_p1_affine) -> blst_p1_affine {
        let mut turned = *point;
        // SAFETY: reads two valid elements and writes one; source and target may be the same.
        unsafe { blst_fp_mul(&mut turned.x, &point.x, &BETA) };
        // SAFETY: reads one valid element and writes one.
        unsafe { blst_fp_cneg(&mut turned.y, &point.y, true) };
        turned
    }

    fn split(scalar: &[u8; 32]) -> [u8; 32] {
        let mut limbs = limbs(scalar);
        // Two limbs at a time: scalar = quotient * z² + remainder, both below 2^128.
        let first = divide(&mut limbs, Z);
        let second = divide(&mut limbs, Z);
        let low = u128::from(second) * u128::from(Z) + u128::from(first);
        let mut parts = [0; 32];
        parts[..16].copy_from_slice(&low.to_le_bytes());
        parts[16..24].copy_from_slice(&limbs[0].to_le_bytes());
        parts[24..].copy_from_slice(&limbs[1].to_le_bytes());
        parts
    }
}

impl Endomorphism for G2 {
    const PARTS: usize = 4;

    fn turn(point: &blst_p2_affine) -> blst_p2_affine {
        let mut turned = *point;
        for coordinate in [&mut turned.x, &mut turned.y] {
            let imaginary = coordinate.fp[1];
            // SAFETY: reads one valid element and writes one.
            unsafe { blst_fp_cneg(&mut coordinate.fp[1], &imaginary, true) };
        }
        let (x, y) = (turned.x, turned.y);
        // SAFETY: reads two valid elements and writes one.
        unsafe { blst_fp2_mul(&mut turned.x, &x, &TWIST_X) };
        // SAFETY: reads two valid elements and writes one.
        unsafe { blst_fp2_mul(&mut turned.y, &y, &MINUS_TWIST_Y) };
        turned
    }

    fn split(scalar: &[u8; 32]) -> [u8; 32] {
        let mut limbs = limbs(scalar);
        let mut parts = [0; 32];
        for part in parts.chunks_exact_mut(8) {
            part.copy_from_slice(&divide(&mut limbs, Z).to_le_bytes());
        }
        parts
    }
}

fn limbs(scalar: &[u8; 32]) -> [u64; 4] {
    let (chunks, _) = scalar.as_chunks::<8>();
    std::array::from_fn(|index| u64::from_le_bytes(chunks[index]))
}

/// Divides in place and returns the remainder.
fn divide(number: &mut [u64; 4], divisor: u64) -> u64 {
    let mut remainder = 0_u128;
    for limb in number.iter_mut().rev() {
        let window = remainder << 64 | u128::from(*limb);
        *limb = (window / u128::from(divisor)) as u64;
        remainder = window % u128::from(divisor);
    }
    remainder as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use blst::{BLS12_381_G1, BLS12_381_G2};

    /// The base that a group's scalars are split in, little-endian.
    fn base<G: Endomorphism>() -> [u8; 32] {
        let mut base = [0; 32];
        match G::PARTS {
            2 => base[..16].copy_from_slice(&(u128::from(Z) * u128::from(Z)).to_le_bytes()),
            _ => base[..8].copy_from_slice(&Z.to_le_bytes()),
        }
        base
    }

    fn assert_turn_multiplies<G: Endomorphism<Affine: PartialEq + std::fmt::Debug>>(
        generator: G::Affine,
    ) {
        let mut point = generator;
        for _ in 0..20 {
            let expected = G::to_affine(&G::multiply(&point, &base::<G>()));
            assert_eq!(G::turn(&point), expected);
            point = G::add(&G::add(&point, &expected), &generator);
        }
    }

    #[test]
    fn the_endomorphisms_multiply_by_their_base() {
        // SAFETY: a constant of the library, written by nobody.
        assert_turn_multiplies::<G1>(unsafe { BLS12_381_G1 });
        // SAFETY: as above.
        assert_turn_multiplies::<G2>(unsafe { BLS12_381_G2 });
    }
}
