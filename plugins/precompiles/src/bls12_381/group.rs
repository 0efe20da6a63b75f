//! The two groups as safe operations on blst's points.
//!
//! Affine points hold the point at infinity as all zeros, which is also its encoding.

use super::{
    FIELD_BYTES,
    encoding::{push_extension, push_field, read_extension, read_field},
};
use crate::halt::Halt;
use blst::*;
use std::ptr;

/// What the operations need to know of a group.
pub(crate) trait Group {
    /// A coordinate.
    type Coordinate;
    /// A point in affine coordinates.
    type Affine: Copy + Default;
    /// A point in Jacobian coordinates.
    type Point: Copy + Default;

    /// Length of an encoded point.
    const BYTES: usize;

    /// Reads a coordinate from exactly half of [`Self::BYTES`].
    fn read_coordinate(bytes: &[u8]) -> Result<Self::Coordinate, Halt>;

    /// Reads a point of the curve, in the subgroup or not, from exactly [`Self::BYTES`].
    fn read(bytes: &[u8]) -> Result<Self::Affine, Halt>;

    /// Appends an encoded point.
    fn push(output: &mut Vec<u8>, point: &Self::Affine);

    /// Adds two points of the curve.
    fn add(left: &Self::Affine, right: &Self::Affine) -> Self::Affine;

    /// Maps a coordinate to a point of the subgroup.
    fn map(coordinate: &Self::Coordinate) -> Self::Affine;

    fn is_infinity(point: &Self::Affine) -> bool;

    fn is_in_subgroup(point: &Self::Affine) -> bool;

    fn to_affine(point: &Self::Point) -> Self::Affine;

    fn from_affine(point: &Self::Affine) -> Self::Point;

    /// Changes the coordinates of all points with one inversion.
    fn to_affine_all(points: &[Self::Point]) -> Vec<Self::Affine>;

    fn negate(point: &Self::Affine) -> Self::Affine;

    fn double(point: &mut Self::Point);

    fn add_assign(sum: &mut Self::Point, addend: &Self::Point);

    fn add_affine_assign(sum: &mut Self::Point, addend: &Self::Affine);

    /// Multiplies a point of the subgroup by a little-endian scalar below the group order.
    #[cfg(test)]
    fn multiply(point: &Self::Affine, scalar: &[u8; 32]) -> Self::Point;

    /// Adds up the multiples of points by little-endian scalars of `bits` bits, which lie one
    /// after the other; no point is infinite, and there is at least one.
    fn pippenger(points: &[Self::Affine], scalars: &[u8], bits: usize) -> Self::Point;

    /// Reads a point and checks that it is in the subgroup.
    fn read_in_subgroup(bytes: &[u8]) -> Result<Self::Affine, Halt> {
        let point = Self::read(bytes)?;
        if Self::is_infinity(&point) || Self::is_in_subgroup(&point) {
            return Ok(point);
        }
        Err(Halt::PointNotInSubgroup)
    }
}

/// The group over the base field.
pub(crate) struct G1;

/// The group over the extension field.
pub(crate) struct G2;

macro_rules! implement_group {
    (
        $group:ident, $coordinate:ident, $affine:ident, $point:ident, $bytes:expr,
        $read:ident, $push:ident, $on_curve:ident, $in_subgroup:ident, $is_infinity:ident,
        $add:ident, $subtract:ident, $multiply:ident, $square:ident, $invert:ident,
        $triple:ident, $map:ident, $to_affine:ident, $from_affine:ident, $mult:ident,
        $pippenger:ident, $scratch_bytes:ident, $to_affine_all:ident, $negate:ident,
        $double:ident, $add_point:ident, $add_affine:ident,
    ) => {
        impl Group for $group {
            type Coordinate = $coordinate;
            type Affine = $affine;
            type Point = $point;

            const BYTES: usize = $bytes;

            fn read_coordinate(bytes: &[u8]) -> Result<$coordinate, Halt> {
                $read(bytes)
            }

            fn read(bytes: &[u8]) -> Result<$affine, Halt> {
                let (x, y) = bytes.split_at(Self::BYTES / 2);
                let point = $affine {
                    x: $read(x)?,
                    y: $read(y)?,
                };
                // SAFETY: reads one valid value.
                let on_curve = unsafe { $on_curve(&point) };
                if on_curve || Self::is_infinity(&point) {
                    return Ok(point);
                }
                Err(Halt::PointNotOnCurve)
            }

            fn push(output: &mut Vec<u8>, point: &$affine) {
                output.reserve(Self::BYTES);
                $push(output, &point.x);
                $push(output, &point.y);
            }

            fn add(left: &$affine, right: &$affine) -> $affine {
                if Self::is_infinity(left) {
                    return *right;
                }
                if Self::is_infinity(right) {
                    return *left;
                }
                let field = |operation: unsafe extern "C" fn(
                    *mut $coordinate,
                    *const $coordinate,
                    *const $coordinate,
                ),
                             a: &$coordinate,
                             b: &$coordinate| {
                    let mut result = $coordinate::default();
                    // SAFETY: reads two valid elements and writes one.
                    unsafe { operation(&mut result, a, b) };
                    result
                };
                let unary =
                    |operation: unsafe extern "C" fn(*mut $coordinate, *const $coordinate),
                     a: &$coordinate| {
                        let mut result = $coordinate::default();
                        // SAFETY: reads one valid element and writes one.
                        unsafe { operation(&mut result, a) };
                        result
                    };
                // The chord and tangent rule: one inversion, and no detour over projective
                // coordinates, which would end in the same inversion.
                let (rise, run) = if left.x != right.x {
                    (
                        field($subtract, &right.y, &left.y),
                        field($subtract, &right.x, &left.x),
                    )
                } else if left.y == right.y {
                    let square = unary($square, &left.x);
                    (unary($triple, &square), field($add, &left.y, &left.y))
                } else {
                    return $affine::default();
                };
                if run == $coordinate::default() {
                    // A point of order two: outside the subgroup, but on the curve.
                    return $affine::default();
                }
                let slope = field($multiply, &rise, &unary($invert, &run));
                let x = field($subtract, &unary($square, &slope), &left.x);
                let x = field($subtract, &x, &right.x);
                let y = field($multiply, &slope, &field($subtract, &left.x, &x));
                let y = field($subtract, &y, &left.y);
                $affine { x, y }
            }

            fn map(coordinate: &$coordinate) -> $affine {
                let mut point = $point::default();
                // SAFETY: reads one valid element and writes one point; null stands for "no second
                // element".
                unsafe { $map(&mut point, coordinate, ptr::null()) };
                Self::to_affine(&point)
            }

            fn is_infinity(point: &$affine) -> bool {
                // SAFETY: reads one valid value.
                unsafe { $is_infinity(point) }
            }

            fn is_in_subgroup(point: &$affine) -> bool {
                // SAFETY: reads one valid value.
                unsafe { $in_subgroup(point) }
            }

            fn to_affine(point: &$point) -> $affine {
                let mut affine = $affine::default();
                // SAFETY: reads one valid point and writes one.
                unsafe { $to_affine(&mut affine, point) };
                affine
            }

            fn from_affine(affine: &$affine) -> $point {
                let mut point = $point::default();
                // SAFETY: reads one valid point and writes one.
                unsafe { $from_affine(&mut point, affine) };
                point
            }

            fn to_affine_all(points: &[$point]) -> Vec<$affine> {
                let mut affine = vec![$affine::default(); points.len()];
                if !points.is_empty() {
                    // A null after the first address says that the rest lies behind it.
                    let list: [*const $point; 2] = [points.as_ptr(), ptr::null()];
                    // SAFETY: the list covers `points.len()` points, and as many are written.
                    unsafe { $to_affine_all(affine.as_mut_ptr(), list.as_ptr(), points.len()) };
                }
                affine
            }

            fn negate(point: &$affine) -> $affine {
                let mut negative = *point;
                // SAFETY: reads one valid element and writes one.
                unsafe { $negate(&mut negative.y, &point.y, true) };
                negative
            }

            fn double(point: &mut $point) {
                // SAFETY: reads one valid point and writes one; they may be the same.
                unsafe { $double(point, point) };
            }

            fn add_assign(sum: &mut $point, addend: &$point) {
                // SAFETY: reads two valid points and writes one; they may be the same.
                unsafe { $add_point(sum, sum, addend) };
            }

            fn add_affine_assign(sum: &mut $point, addend: &$affine) {
                // SAFETY: reads two valid points and writes one; they may be the same.
                unsafe { $add_affine(sum, sum, addend) };
            }

            #[cfg(test)]
            fn multiply(point: &$affine, scalar: &[u8; 32]) -> $point {
                let mut product = $point::default();
                // SAFETY: reads one valid point and the 256 bits of the array, writes one point.
                unsafe {
                    $mult(
                        &mut product,
                        &Self::from_affine(point),
                        scalar.as_ptr(),
                        256,
                    )
                };
                product
            }

            fn pippenger(points: &[$affine], scalars: &[u8], bits: usize) -> $point {
                assert!(scalars.len() >= points.len() * bits.div_ceil(8) && !points.is_empty());
                // A null after the first address says that the rest lies behind it.
                let point_list: [*const $affine; 2] = [points.as_ptr(), ptr::null()];
                let scalar_list: [*const u8; 2] = [scalars.as_ptr(), ptr::null()];
                // SAFETY: computes a size.
                let scratch_bytes = unsafe { $scratch_bytes(points.len()) };
                let mut scratch: Vec<limb_t> = vec![0; scratch_bytes.div_ceil(8)];
                let mut sum = $point::default();
                // SAFETY: the lists cover `points.len()` points and as many scalars by the check
                // above; the scratch memory has the size that the library asked for.
                unsafe {
                    $pippenger(
                        &mut sum,
                        point_list.as_ptr(),
                        points.len(),
                        scalar_list.as_ptr(),
                        bits,
                        scratch.as_mut_ptr(),
                    )
                };
                sum
            }
        }
    };
}

implement_group!(
    G1,
    blst_fp,
    blst_p1_affine,
    blst_p1,
    2 * FIELD_BYTES,
    read_field,
    push_field,
    blst_p1_affine_on_curve,
    blst_p1_affine_in_g1,
    blst_p1_affine_is_inf,
    blst_fp_add,
    blst_fp_sub,
    blst_fp_mul,
    blst_fp_sqr,
    blst_fp_inverse,
    blst_fp_mul_by_3,
    blst_map_to_g1,
    blst_p1_to_affine,
    blst_p1_from_affine,
    blst_p1_mult,
    blst_p1s_mult_pippenger,
    blst_p1s_mult_pippenger_scratch_sizeof,
    blst_p1s_to_affine,
    blst_fp_cneg,
    blst_p1_double,
    blst_p1_add_or_double,
    blst_p1_add_or_double_affine,
);

implement_group!(
    G2,
    blst_fp2,
    blst_p2_affine,
    blst_p2,
    4 * FIELD_BYTES,
    read_extension,
    push_extension,
    blst_p2_affine_on_curve,
    blst_p2_affine_in_g2,
    blst_p2_affine_is_inf,
    blst_fp2_add,
    blst_fp2_sub,
    blst_fp2_mul,
    blst_fp2_sqr,
    blst_fp2_inverse,
    blst_fp2_mul_by_3,
    blst_map_to_g2,
    blst_p2_to_affine,
    blst_p2_from_affine,
    blst_p2_mult,
    blst_p2s_mult_pippenger,
    blst_p2s_mult_pippenger_scratch_sizeof,
    blst_p2s_to_affine,
    blst_fp2_cneg,
    blst_p2_double,
    blst_p2_add_or_double,
    blst_p2_add_or_double_affine,
);
