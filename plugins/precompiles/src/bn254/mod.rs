//! 0x06–0x08: addition, multiplication and pairing check on the curve alt_bn128.
//!
//! Points are uncompressed, 32 big-endian bytes a coordinate, the imaginary part of an extension
//! field element first; all zeros is the point at infinity.
//!
//! Spec: EIP-196, EIP-197, EIP-1108.

pub(crate) mod arkworks;
mod glv;
mod subgroup;
pub(crate) mod substrate;

use crate::{Revision, halt::Halt};

/// One coordinate.
const FIELD_BYTES: usize = 32;
/// A point of the first group.
const G1_BYTES: usize = 2 * FIELD_BYTES;
/// A point of the second group.
const G2_BYTES: usize = 4 * FIELD_BYTES;
/// One pair of a pairing check.
const PAIR_BYTES: usize = G1_BYTES + G2_BYTES;
/// Two points; other lengths are cut or padded.
const ADD_BYTES: usize = 2 * G1_BYTES;
/// A point and a factor; other lengths are cut or padded.
const MUL_BYTES: usize = G1_BYTES + FIELD_BYTES;

/// Prices before Istanbul (EIP-196, EIP-197).
const BYZANTIUM: Pricing = Pricing {
    add: 500,
    mul: 40_000,
    pairing_base: 100_000,
    pairing_pair: 80_000,
};
/// Prices from Istanbul on (EIP-1108).
const ISTANBUL: Pricing = Pricing {
    add: 150,
    mul: 6_000,
    pairing_base: 45_000,
    pairing_pair: 34_000,
};

struct Pricing {
    add: u64,
    mul: u64,
    pairing_base: u64,
    pairing_pair: u64,
}

impl Pricing {
    const fn at(revision: Revision) -> &'static Self {
        if revision.0 >= Revision::Istanbul.0 {
            &ISTANBUL
        } else {
            &BYZANTIUM
        }
    }
}

pub(crate) fn add_gas(_input: &[u8], revision: Revision) -> u64 {
    Pricing::at(revision).add
}

pub(crate) fn mul_gas(_input: &[u8], revision: Revision) -> u64 {
    Pricing::at(revision).mul
}

pub(crate) fn pairing_gas(input: &[u8], revision: Revision) -> u64 {
    let pricing = Pricing::at(revision);
    let pairs = u64::try_from(input.len() / PAIR_BYTES).unwrap_or(u64::MAX);
    pricing
        .pairing_pair
        .saturating_mul(pairs)
        .saturating_add(pricing.pairing_base)
}

/// Checks that the input is a list of whole pairs.
fn check_pairs(input: &[u8]) -> Result<(), Halt> {
    if input.len().is_multiple_of(PAIR_BYTES) {
        return Ok(());
    }
    Err(Halt::InputItems {
        item: PAIR_BYTES as u16,
        allow_empty: true,
        found: input.len(),
    })
}
