//! Checks that a product of pairings is one.

use super::{G1, G2, Group, PAIR_BYTES, check_items};
use crate::{Revision, halt::Halt, words};
use blst::{blst_fp12, blst_miller_loop_n, blst_p1_affine, blst_p2_affine};
use std::ptr;

pub(crate) fn run(input: &[u8], _revision: Revision, output: &mut Vec<u8>) -> Result<(), Halt> {
    check_items(input, PAIR_BYTES)?;
    let count = input.len() / PAIR_BYTES;
    let mut first = Vec::with_capacity(count);
    let mut second = Vec::with_capacity(count);
    for pair in input.chunks_exact(PAIR_BYTES) {
        let (g1, g2) = pair.split_at(G1::BYTES);
        let (g1, g2) = (G1::read_in_subgroup(g1)?, G2::read_in_subgroup(g2)?);
        // A pairing with an infinite point is one.
        if !G1::is_infinity(&g1) && !G2::is_infinity(&g2) {
            first.push(g1);
            second.push(g2);
        }
    }
    words::push_truth(output, is_one(&first, &second));
    Ok(())
}

/// Tells whether the product of the pairings of finite points is one.
fn is_one(first: &[blst_p1_affine], second: &[blst_p2_affine]) -> bool {
    if first.is_empty() {
        return true;
    }
    let count = first.len().min(second.len());
    // A null after the first address says that the rest lies behind it.
    let second: [*const blst_p2_affine; 2] = [second.as_ptr(), ptr::null()];
    let first: [*const blst_p1_affine; 2] = [first.as_ptr(), ptr::null()];
    let mut product = blst_fp12::default();
    // SAFETY: both lists cover `count` valid points; writes one element.
    unsafe { blst_miller_loop_n(&mut product, second.as_ptr(), first.as_ptr(), count) };
    product.final_exp() == blst_fp12::default()
}
