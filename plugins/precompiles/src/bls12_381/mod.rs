//! 0x0b–0x11: the groups, the pairing and the maps of BLS12-381.
//!
//! Spec: EIP-2537. Additions take any points of the curve; multi-scalar multiplications and the
//! pairing also demand the prime-order subgroup.

mod encoding;
mod endomorphism;
mod gas;
mod group;
mod msm;
mod pairing;

pub(crate) use gas::{
    g1_add as g1_add_gas, g1_msm as g1_msm_gas, g2_add as g2_add_gas, g2_msm as g2_msm_gas,
    map_to_g1 as map_to_g1_gas, map_to_g2 as map_to_g2_gas, pairing as pairing_gas,
};
pub(crate) use group::{G1, G2, Group};
pub(crate) use msm::sum_of_multiples;
pub(crate) use pairing::run as pairing;

use crate::{Revision, halt::Halt};
use encoding::{FIELD_BYTES, SCALAR_BYTES};

/// One pair of a pairing check.
const PAIR_BYTES: usize = G1::BYTES + G2::BYTES;

pub(crate) fn g1_add(input: &[u8], _revision: Revision, output: &mut Vec<u8>) -> Result<(), Halt> {
    add::<G1>(input, output)
}

pub(crate) fn g2_add(input: &[u8], _revision: Revision, output: &mut Vec<u8>) -> Result<(), Halt> {
    add::<G2>(input, output)
}

pub(crate) fn g1_msm(input: &[u8], _revision: Revision, output: &mut Vec<u8>) -> Result<(), Halt> {
    msm::run::<G1>(input, output)
}

pub(crate) fn g2_msm(input: &[u8], _revision: Revision, output: &mut Vec<u8>) -> Result<(), Halt> {
    msm::run::<G2>(input, output)
}

pub(crate) fn map_to_g1(
    input: &[u8],
    _revision: Revision,
    output: &mut Vec<u8>,
) -> Result<(), Halt> {
    map::<G1>(input, output)
}

pub(crate) fn map_to_g2(
    input: &[u8],
    _revision: Revision,
    output: &mut Vec<u8>,
) -> Result<(), Halt> {
    map::<G2>(input, output)
}

fn add<G: Group>(input: &[u8], output: &mut Vec<u8>) -> Result<(), Halt> {
    check_length(input, 2 * G::BYTES)?;
    let (left, right) = input.split_at(G::BYTES);
    let (left, right) = (G::read(left)?, G::read(right)?);
    G::push(output, &G::add(&left, &right));
    Ok(())
}

fn map<G: Group>(input: &[u8], output: &mut Vec<u8>) -> Result<(), Halt> {
    check_length(input, G::BYTES / 2)?;
    let coordinate = G::read_coordinate(input)?;
    G::push(output, &G::map(&coordinate));
    Ok(())
}

fn check_length(input: &[u8], expected: usize) -> Result<(), Halt> {
    if input.len() == expected {
        return Ok(());
    }
    Err(Halt::InputLength {
        expected,
        found: input.len(),
    })
}

/// Checks that the input is a list of at least one whole item.
fn check_items(input: &[u8], item: usize) -> Result<(), Halt> {
    if !input.is_empty() && input.len().is_multiple_of(item) {
        return Ok(());
    }
    Err(Halt::InputItems {
        item: item as u16,
        allow_empty: false,
        found: input.len(),
    })
}
