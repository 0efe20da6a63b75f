//! One transaction of any type, mostly valid.

use crate::{
    program::program,
    random::Random,
    world::{ABSENT, CONTRACTS, RICH, SENDER},
};
use alloy_primitives::{Address, B256, U256};
use proz_host::{AccessListItem, Authorization, Blobs, Fee, Revision, Transaction};

/// Makes a transaction of the sender, whose nonce is given.
pub(crate) fn transaction(
    random: &mut Random<'_>,
    revision: Revision,
    base_fee: u64,
    nonce: u64,
) -> Transaction {
    let is_create = random.one_in(5);
    let price = match random.below(40) {
        0 if base_fee > 0 => u128::from(base_fee - 1),
        1 => u128::MAX,
        _ => u128::from(base_fee + random.below(20)),
    };
    let mut transaction = Transaction {
        sender: SENDER,
        to: (!is_create).then(|| match random.below(10) {
            0 => RICH,
            1 => ABSENT,
            2 => Address::with_last_byte(1 + random.below(18) as u8),
            3 if random.one_in(8) => SENDER,
            _ => random.pick(&CONTRACTS),
        }),
        nonce: Some(match random.below(60) {
            0 => nonce.wrapping_add(1),
            1 => nonce.wrapping_sub(1),
            _ => nonce,
        }),
        gas_limit: gas_limit(random),
        fee: Fee::Legacy { gas_price: price },
        value: match random.below(80) {
            0 => U256::from(1_u64 << 61),
            1 => U256::MAX,
            _ => U256::from(random.pick(&[0, 0, 1, 70])),
        },
        input: input(random, is_create).into(),
        chain_id: Some(if random.one_in(40) { 2 } else { 1 }),
        ..Transaction::default()
    };
    // Also types that the rules do not know yet: both sides refuse them.
    let newest = if random.one_in(20) {
        Revision::Osaka
    } else {
        revision
    };
    if newest >= Revision::Berlin && random.one_in(2) {
        transaction.access_list = Some((0..random.below(4)).map(|_| item(random)).collect());
    }
    if newest >= Revision::London && random.one_in(2) {
        transaction.access_list.get_or_insert_default();
        transaction.fee = Fee::Dynamic {
            max_fee: price.saturating_add(u128::from(random.below(20))),
            max_priority_fee: random.pick(&[0_u128, 1, 1, 2, 5, 30]),
        };
        match random.below(6) {
            // Creations of these types cannot be encoded (EIP-4844, EIP-7702), which revm leaves to
            // whoever decodes them.
            _ if is_create => {}
            0 if newest >= Revision::Cancun => transaction.blobs = Some(blobs(random)),
            1 | 2 if newest >= Revision::Prague => {
                transaction.authorizations = Some(authorizations(random));
            }
            _ => {}
        }
    }
    transaction
}

/// Enough, hardly enough, not enough, and around the cap of EIP-7825 and the block's limit.
fn gas_limit(random: &mut Random<'_>) -> u64 {
    match random.below(24) {
        0..=3 => 21_000 + random.below(60_000),
        4 => 20_900 + random.below(300),
        5 | 6 => 53_000 + random.below(3_000),
        7 => (1 << 24) - 1 + random.below(3),
        8 if random.one_in(4) => 30_000_000 + random.below(2),
        9 => 21_000 + random.below(1_000_000),
        _ => 400_000,
    }
}

fn input(random: &mut Random<'_>, is_create: bool) -> Vec<u8> {
    let length = match random.below(64) {
        // The limit of init code (EIP-3860), and where the floor of call data counts (EIP-7623).
        0 if is_create && random.one_in(8) => 49_151 + random.below(3),
        1 => random.below(2_000),
        2 => return (0..random.below(300)).map(|_| random.byte()).collect(),
        _ if is_create => return program(random),
        _ => random.below(80),
    };
    let bytes = random.pick(&[&[0, 0, 1, 0x44, 0xff][..], &[0], &[0xff, 0x01], &[0x5b]]);
    (0..length).map(|_| random.pick(bytes)).collect()
}

fn item(random: &mut Random<'_>) -> AccessListItem {
    let slot = |random: &mut Random<'_>| B256::with_last_byte(random.below(4) as u8);
    AccessListItem {
        address: match random.below(8) {
            0 => random.pick(&[SENDER, RICH, ABSENT, Address::with_last_byte(2)]),
            _ => random.pick(&CONTRACTS),
        },
        slots: (0..random.below(3)).map(|_| slot(random)).collect(),
    }
}

fn blobs(random: &mut Random<'_>) -> Blobs {
    let hash = |random: &mut Random<'_>| {
        let mut hash = B256::repeat_byte(random.byte());
        hash.0[0] = if random.one_in(10) { 2 } else { 1 };
        hash
    };
    Blobs {
        hashes: (0..random.below(11)).map(|_| hash(random)).collect(),
        max_fee: u128::from(random.below(12)),
    }
}

fn authorizations(random: &mut Random<'_>) -> Vec<Authorization> {
    let authorities = [RICH, ABSENT, SENDER, CONTRACTS[0], CONTRACTS[3]];
    let delegates = [
        Address::ZERO,
        CONTRACTS[1],
        CONTRACTS[2],
        RICH,
        ABSENT,
        Address::with_last_byte(4),
    ];
    let one = |random: &mut Random<'_>| Authorization {
        authority: (!random.one_in(8)).then(|| random.pick(&authorities)),
        chain_id: U256::from(random.below(3)),
        address: random.pick(&delegates),
        nonce: if random.one_in(30) {
            u64::MAX - random.below(2)
        } else {
            random.below(3)
        },
    };
    (0..random.below(5)).map(|_| one(random)).collect()
}
