//! The operations of alt_bn128 on arkworks.

use super::{ADD_BYTES, FIELD_BYTES, G1_BYTES, G2_BYTES, MUL_BYTES, PAIR_BYTES, glv, subgroup};
use crate::{Revision, halt::Halt, padding, words};
use ark_bn254::{Bn254, Fq, Fq2, Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, pairing::Pairing};
use ark_ff::{AdditiveGroup, BigInt, Field, PrimeField, Zero};

pub(crate) fn add(input: &[u8], _revision: Revision, output: &mut Vec<u8>) -> Result<(), Halt> {
    let input: [u8; ADD_BYTES] = padding::first(input);
    let (left, right) = input.split_at(G1_BYTES);
    let (left, right) = (read_g1(left)?, read_g1(right)?);
    push_point(output, &add_affine(left, right));
    Ok(())
}

pub(crate) fn mul(input: &[u8], _revision: Revision, output: &mut Vec<u8>) -> Result<(), Halt> {
    let input: [u8; MUL_BYTES] = padding::first(input);
    let (point, factor) = input.split_at(G1_BYTES);
    let point = read_g1(point)?;
    let factor = Fr::from_be_bytes_mod_order(factor);
    let product = match point.is_zero() {
        true => point,
        false => glv::multiply(&point, &factor),
    };
    push_point(output, &product);
    Ok(())
}

pub(crate) fn pairing(input: &[u8], _revision: Revision, output: &mut Vec<u8>) -> Result<(), Halt> {
    super::check_pairs(input)?;
    let pairs = input.len() / PAIR_BYTES;
    let mut first = Vec::with_capacity(pairs);
    let mut second = Vec::with_capacity(pairs);
    for pair in input.chunks_exact(PAIR_BYTES) {
        let (g1, g2) = pair.split_at(G1_BYTES);
        let (g1, g2) = (read_g1(g1)?, read_g2(g2)?);
        if !g1.is_zero() && !g2.is_zero() {
            first.push(g1);
            second.push(g2);
        }
    }
    let verdict = first.is_empty() || Bn254::multi_pairing(first, second).is_zero();
    words::push_truth(output, verdict);
    Ok(())
}

fn read_field(bytes: &[u8]) -> Result<Fq, Halt> {
    let mut limbs = [0; 4];
    for (limb, chunk) in limbs.iter_mut().rev().zip(bytes.chunks_exact(8)) {
        *limb = u64::from_be_bytes(padding::first(chunk));
    }
    Fq::from_bigint(BigInt::new(limbs)).ok_or(Halt::FieldElement)
}

fn read_g1(bytes: &[u8]) -> Result<G1Affine, Halt> {
    let (x, y) = bytes.split_at(FIELD_BYTES);
    let (x, y) = (read_field(x)?, read_field(y)?);
    if x.is_zero() && y.is_zero() {
        return Ok(G1Affine::zero());
    }
    // The cofactor is one: a point on the curve is in the group.
    let point = G1Affine::new_unchecked(x, y);
    match point.is_on_curve() {
        true => Ok(point),
        false => Err(Halt::PointNotOnCurve),
    }
}

fn read_extension(bytes: &[u8]) -> Result<Fq2, Halt> {
    let (imaginary, real) = bytes.split_at(FIELD_BYTES);
    let (imaginary, real) = (read_field(imaginary)?, read_field(real)?);
    Ok(Fq2::new(real, imaginary))
}

fn read_g2(bytes: &[u8]) -> Result<G2Affine, Halt> {
    let (x, y) = bytes.split_at(G2_BYTES / 2);
    let (x, y) = (read_extension(x)?, read_extension(y)?);
    if x.is_zero() && y.is_zero() {
        return Ok(G2Affine::zero());
    }
    let point = G2Affine::new_unchecked(x, y);
    if !point.is_on_curve() {
        return Err(Halt::PointNotOnCurve);
    }
    match subgroup::contains(&point) {
        true => Ok(point),
        false => Err(Halt::PointNotInSubgroup),
    }
}

/// Adds two points by the chord and tangent rule: one inversion, no detour over projective
/// coordinates, which would end in the same inversion.
fn add_affine(left: G1Affine, right: G1Affine) -> G1Affine {
    if left.is_zero() {
        return right;
    }
    if right.is_zero() {
        return left;
    }
    let (rise, run) = if left.x != right.x {
        (right.y - left.y, right.x - left.x)
    } else if left.y == right.y {
        let square = left.x.square();
        (square.double() + square, left.y.double())
    } else {
        return G1Affine::zero();
    };
    // No point of the curve has order two, so neither divisor is zero.
    let Some(inverse) = run.inverse() else {
        return G1Affine::zero();
    };
    let slope = rise * inverse;
    let x = slope.square() - left.x - right.x;
    let y = slope * (left.x - x) - left.y;
    G1Affine::new_unchecked(x, y)
}

fn push_point(output: &mut Vec<u8>, point: &G1Affine) {
    let Some((x, y)) = point.xy() else {
        output.extend_from_slice(&[0; G1_BYTES]);
        return;
    };
    let mut bytes = [0; G1_BYTES];
    let limbs = [y, x].map(|coordinate| coordinate.into_bigint().0);
    for (chunk, limb) in bytes.rchunks_exact_mut(8).zip(limbs.as_flattened()) {
        chunk.copy_from_slice(&limb.to_be_bytes());
    }
    words::push(output, &bytes);
}
