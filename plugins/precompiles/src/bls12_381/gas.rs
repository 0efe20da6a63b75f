//! Prices of the BLS12-381 operations.
//!
//! Spec: EIP-2537, "Gas schedule".

use super::{G1, G2, Group, PAIR_BYTES, SCALAR_BYTES};
use crate::Revision;

const G1_ADD: u64 = 375;
const G2_ADD: u64 = 600;
const G1_MUL: u64 = 12_000;
const G2_MUL: u64 = 22_500;
const MAP_TO_G1: u64 = 5_500;
const MAP_TO_G2: u64 = 23_800;
const PAIRING_BASE: u64 = 37_700;
const PAIRING_PAIR: u64 = 32_600;

/// What the discounts are fractions of.
const DISCOUNT_UNIT: u128 = 1_000;

/// Discounts of G1 for 1 to 128 pairs; more pairs have the last.
#[rustfmt::skip]
const G1_DISCOUNTS: [u16; 128] = [
    1000, 949, 848, 797, 764, 750, 738, 728, 719, 712, 705, 698, 692, 687, 682, 677, 673, 669, 665,
    661, 658, 654, 651, 648, 645, 642, 640, 637, 635, 632, 630, 627, 625, 623, 621, 619, 617, 615,
    613, 611, 609, 608, 606, 604, 603, 601, 599, 598, 596, 595, 593, 592, 591, 589, 588, 586, 585,
    584, 582, 581, 580, 579, 577, 576, 575, 574, 573, 572, 570, 569, 568, 567, 566, 565, 564, 563,
    562, 561, 560, 559, 558, 557, 556, 555, 554, 553, 552, 551, 550, 549, 548, 547, 547, 546, 545,
    544, 543, 542, 541, 540, 540, 539, 538, 537, 536, 536, 535, 534, 533, 532, 532, 531, 530, 529,
    528, 528, 527, 526, 525, 525, 524, 523, 522, 522, 521, 520, 520, 519,
];

/// Discounts of G2 for 1 to 128 pairs; more pairs have the last.
#[rustfmt::skip]
const G2_DISCOUNTS: [u16; 128] = [
    1000, 1000, 923, 884, 855, 832, 812, 796, 782, 770, 759, 749, 740, 732, 724, 717, 711, 704,
    699, 693, 688, 683, 679, 674, 670, 666, 663, 659, 655, 652, 649, 646, 643, 640, 637, 634, 632,
    629, 627, 624, 622, 620, 618, 615, 613, 611, 609, 607, 606, 604, 602, 600, 598, 597, 595, 593,
    592, 590, 589, 587, 586, 584, 583, 582, 580, 579, 578, 576, 575, 574, 573, 571, 570, 569, 568,
    567, 566, 565, 563, 562, 561, 560, 559, 558, 557, 556, 555, 554, 553, 552, 552, 551, 550, 549,
    548, 547, 546, 545, 545, 544, 543, 542, 541, 541, 540, 539, 538, 537, 537, 536, 535, 535, 534,
    533, 532, 532, 531, 530, 530, 529, 528, 528, 527, 526, 526, 525, 524, 524,
];

pub(crate) fn g1_add(_input: &[u8], _revision: Revision) -> u64 {
    G1_ADD
}

pub(crate) fn g2_add(_input: &[u8], _revision: Revision) -> u64 {
    G2_ADD
}

pub(crate) fn g1_msm(input: &[u8], _revision: Revision) -> u64 {
    msm(
        input.len() / (G1::BYTES + SCALAR_BYTES),
        G1_MUL,
        &G1_DISCOUNTS,
    )
}

pub(crate) fn g2_msm(input: &[u8], _revision: Revision) -> u64 {
    msm(
        input.len() / (G2::BYTES + SCALAR_BYTES),
        G2_MUL,
        &G2_DISCOUNTS,
    )
}

pub(crate) fn map_to_g1(_input: &[u8], _revision: Revision) -> u64 {
    MAP_TO_G1
}

pub(crate) fn map_to_g2(_input: &[u8], _revision: Revision) -> u64 {
    MAP_TO_G2
}

pub(crate) fn pairing(input: &[u8], _revision: Revision) -> u64 {
    let pairs = u64::try_from(input.len() / PAIR_BYTES).unwrap_or(u64::MAX);
    PAIRING_PAIR
        .saturating_mul(pairs)
        .saturating_add(PAIRING_BASE)
}

/// Returns the discounted price of `pairs` multiplications; none cost nothing, and halt later.
fn msm(pairs: usize, multiplication: u64, discounts: &[u16; 128]) -> u64 {
    let Some(last) = pairs.checked_sub(1) else {
        return 0;
    };
    let discount = discounts[last.min(discounts.len() - 1)];
    // Below 2^64 * 2^15 * 2^10.
    let gas = pairs as u128 * u128::from(multiplication) * u128::from(discount) / DISCOUNT_UNIT;
    u64::try_from(gas).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_multiplication_has_no_discount_and_the_last_discount_goes_on() {
        let gas = |pairs: usize| g1_msm(&vec![0; 160 * pairs], Revision::Prague);
        assert_eq!(gas(0), 0);
        assert_eq!(gas(1), 12_000);
        assert_eq!(gas(128), 128 * 12 * 519);
        assert_eq!(gas(1_000), 1_000 * 12 * 519);
    }
}
