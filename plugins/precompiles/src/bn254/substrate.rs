//! The operations of alt_bn128 on substrate-bn.

use super::{ADD_BYTES, FIELD_BYTES, G1_BYTES, G2_BYTES, MUL_BYTES, PAIR_BYTES};
use crate::{Revision, halt::Halt, padding, words};
use substrate_bn::{AffineG1, AffineG2, Fq, Fq2, Fr, G1, G2, Group, GroupError, Gt, pairing_batch};

pub(crate) fn add(input: &[u8], _revision: Revision, output: &mut Vec<u8>) -> Result<(), Halt> {
    let input: [u8; ADD_BYTES] = padding::first(input);
    let (left, right) = input.split_at(G1_BYTES);
    push_point(output, read_g1(left)? + read_g1(right)?)
}

pub(crate) fn mul(input: &[u8], _revision: Revision, output: &mut Vec<u8>) -> Result<(), Halt> {
    let input: [u8; MUL_BYTES] = padding::first(input);
    let (point, factor) = input.split_at(G1_BYTES);
    // Any 32 bytes are a factor; the library reduces them.
    let factor = Fr::from_slice(factor).map_err(|_| Halt::FieldElement)?;
    push_point(output, read_g1(point)? * factor)
}

pub(crate) fn pairing(input: &[u8], _revision: Revision, output: &mut Vec<u8>) -> Result<(), Halt> {
    super::check_pairs(input)?;
    let mut pairs = Vec::with_capacity(input.len() / PAIR_BYTES);
    for pair in input.chunks_exact(PAIR_BYTES) {
        let (first, second) = pair.split_at(G1_BYTES);
        let (first, second) = (read_g1(first)?, read_g2(second)?);
        if !first.is_zero() && !second.is_zero() {
            pairs.push((first, second));
        }
    }
    let verdict = pairs.is_empty() || pairing_batch(&pairs) == Gt::one();
    words::push_truth(output, verdict);
    Ok(())
}

fn read_field(bytes: &[u8]) -> Result<Fq, Halt> {
    Fq::from_slice(bytes).map_err(|_| Halt::FieldElement)
}

fn read_g1(bytes: &[u8]) -> Result<G1, Halt> {
    let (x, y) = bytes.split_at(FIELD_BYTES);
    let (x, y) = (read_field(x)?, read_field(y)?);
    if x.is_zero() && y.is_zero() {
        return Ok(G1::zero());
    }
    Ok(AffineG1::new(x, y).map_err(refusal)?.into())
}

fn read_extension(bytes: &[u8]) -> Result<Fq2, Halt> {
    let (imaginary, real) = bytes.split_at(FIELD_BYTES);
    let (imaginary, real) = (read_field(imaginary)?, read_field(real)?);
    Ok(Fq2::new(real, imaginary))
}

fn read_g2(bytes: &[u8]) -> Result<G2, Halt> {
    let (x, y) = bytes.split_at(G2_BYTES / 2);
    let (x, y) = (read_extension(x)?, read_extension(y)?);
    if x.is_zero() && y.is_zero() {
        return Ok(G2::zero());
    }
    Ok(AffineG2::new(x, y).map_err(refusal)?.into())
}

fn refusal(error: GroupError) -> Halt {
    match error {
        GroupError::NotOnCurve => Halt::PointNotOnCurve,
        GroupError::NotInSubgroup => Halt::PointNotInSubgroup,
    }
}

fn push_point(output: &mut Vec<u8>, point: G1) -> Result<(), Halt> {
    let mut bytes = [0; G1_BYTES];
    if let Some(point) = AffineG1::from_jacobian(point) {
        let (x, y) = bytes.split_at_mut(FIELD_BYTES);
        point.x().to_big_endian(x).map_err(|_| Halt::FieldElement)?;
        point.y().to_big_endian(y).map_err(|_| Halt::FieldElement)?;
    }
    output.extend_from_slice(&bytes);
    Ok(())
}
