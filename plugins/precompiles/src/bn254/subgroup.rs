//! Membership of the second group's prime-order subgroup.
//!
//! A point `Q` of the twist is a member exactly when
//! `[x+1]Q + ψ([x]Q) + ψ²([x]Q) = ψ³([2x]Q)`, where `x` is the curve's parameter and `ψ` the
//! Frobenius endomorphism carried over to the twist: one multiplication by 63 bits.
//!
//! Spec: Dai, Lin, Zhao, Zhou, "Fast subgroup membership testings for G1, G2 and GT on
//! pairing-friendly curves" (eprint 2022/348), sections 3 and 5.

use ark_bn254::{Fq2, G2Affine, G2Projective};
use ark_ff::{AdditiveGroup, Field, MontFp};

/// The curve's parameter.
const X: u64 = 4_965_661_367_192_848_881;

/// `(u + 9)^((p - 1) / 3)`
const TWIST_X: Fq2 = Fq2::new(
    MontFp!("21575463638280843010398324269430826099269044274347216827212613867836435027261"),
    MontFp!("10307601595873709700152284273816112264069230130616436755625194854815875713954"),
);
/// `(u + 9)^((p - 1) / 2)`
const TWIST_Y: Fq2 = Fq2::new(
    MontFp!("2821565182194536844548159561693502659359617185244120367078079554186484126554"),
    MontFp!("3505843767911556378687030309984248845540243509899259641013678093033130930403"),
);

/// Tells whether a finite point of the twist is in the subgroup.
pub(super) fn contains(point: &G2Affine) -> bool {
    let multiple = multiply_by_x(point);
    let first = frobenius(&multiple);
    let second = frobenius(&first);
    let third = frobenius(&second);
    multiple + point + first + second == third.double()
}

fn multiply_by_x(point: &G2Affine) -> G2Projective {
    let mut sum = G2Projective::from(*point);
    let negative = -*point;
    for (addend, subtrahend) in signed_bits() {
        sum.double_in_place();
        if addend {
            sum += point;
        }
        if subtrahend {
            sum += &negative;
        }
    }
    sum
}

/// The signed bits of [`X`] after the highest: those that add, and those that subtract. Of two
/// neighbours one is always zero, which makes them few.
fn signed_bits() -> impl Iterator<Item = (bool, bool)> {
    const TRIPLE: u128 = 3 * X as u128;
    (1..TRIPLE.ilog2()).rev().map(|bit| {
        let tripled = TRIPLE >> bit & 1 == 1;
        let single = u128::from(X) >> bit & 1 == 1;
        (tripled && !single, single && !tripled)
    })
}

/// The endomorphism on projective coordinates.
fn frobenius(point: &G2Projective) -> G2Projective {
    let mut image = *point;
    for coordinate in [&mut image.x, &mut image.y, &mut image.z] {
        coordinate.frobenius_map_in_place(1);
    }
    image.x *= TWIST_X;
    image.y *= TWIST_Y;
    image
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_bn254::{Fq, Fr};
    use ark_ec::{AffineRepr, CurveGroup};

    #[test]
    fn the_parameter_multiplies() {
        let generator = G2Affine::generator();
        let expected = generator * Fr::from(X);
        assert_eq!(multiply_by_x(&generator), expected);
    }

    #[test]
    fn members_and_strangers_are_told_apart_as_by_arkworks() {
        let (mut members, mut strangers) = (0, 0);
        for seed in 0..200_u64 {
            let x = Fq2::new(Fq::from(seed), Fq::from(3 * seed * seed + 1));
            let Some(point) = G2Affine::get_point_from_x_unchecked(x, seed % 2 == 1) else {
                continue;
            };
            let cleared = point.clear_cofactor();
            for candidate in [point, cleared, (cleared + point).into_affine()] {
                let expected = candidate.is_in_correct_subgroup_assuming_on_curve();
                assert_eq!(contains(&candidate), expected, "{candidate}");
                members += usize::from(expected);
                strangers += usize::from(!expected);
            }
        }
        assert!(members > 50 && strangers > 100);
    }
}
