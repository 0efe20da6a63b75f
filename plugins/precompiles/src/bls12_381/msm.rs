//! Sums of multiples of points.

use super::{Group, SCALAR_BYTES, check_items};
use crate::halt::Halt;
use blst::{blst_scalar, blst_scalar_from_be_bytes};

/// Bits of a scalar below the group order, rounded up to bytes.
const SCALAR_BITS: usize = 8 * SCALAR_BYTES;

pub(super) fn run<G: Group>(input: &[u8], output: &mut Vec<u8>) -> Result<(), Halt> {
    let item = G::BYTES + SCALAR_BYTES;
    check_items(input, item)?;
    let count = input.len() / item;
    let mut points = Vec::with_capacity(count);
    let mut scalars = Vec::with_capacity(SCALAR_BYTES * count);
    for item in input.chunks_exact(item) {
        let (point, scalar) = item.split_at(G::BYTES);
        let point = G::read_in_subgroup(point)?;
        if !G::is_infinity(&point)
            && let Some(scalar) = reduce(scalar)
        {
            points.push(point);
            scalars.extend_from_slice(&scalar);
        }
    }
    let sum = match (points.as_slice(), scalars.first_chunk()) {
        ([], _) | (_, None) => G::Point::default(),
        ([point], Some(scalar)) => G::multiply(point, scalar),
        (points, _) => G::pippenger(points, &scalars, SCALAR_BITS),
    };
    G::push(output, &G::to_affine(&sum));
    Ok(())
}

/// Reduces a big-endian scalar modulo the group order; returns it little-endian, `None` for zero.
fn reduce(scalar: &[u8]) -> Option<[u8; SCALAR_BYTES]> {
    let mut reduced = blst_scalar::default();
    // SAFETY: pointer and length are those of one slice; writes one scalar.
    let not_zero =
        unsafe { blst_scalar_from_be_bytes(&mut reduced, scalar.as_ptr(), scalar.len()) };
    not_zero.then_some(reduced.b)
}
