//! The accounts before the transaction.

use crate::{program::program, random::Random};
use alloy_primitives::{Address, Bytes, U256, address};
use proz_host::Revision;

/// Account that signs.
pub(crate) const SENDER: Address = address!("0x00000000000000000000000000000000000a11ce");
/// Accounts with code.
pub(crate) const CONTRACTS: [Address; 4] = [
    Address::repeat_byte(0x20),
    Address::repeat_byte(0x40),
    Address::repeat_byte(0x60),
    Address::repeat_byte(0x80),
];
/// An account with a balance and no code, and one that does not exist.
pub(crate) const RICH: Address = Address::repeat_byte(0xa0);
pub(crate) const ABSENT: Address = Address::repeat_byte(0xc0);
pub(crate) const COINBASE: Address = Address::repeat_byte(0xe0);

/// An account before the transaction: address, balance, nonce, code, slots.
pub type Before = (Address, U256, u64, Bytes, Vec<(U256, U256)>);

/// Makes the accounts; the sender's nonce is told.
pub(crate) fn accounts(random: &mut Random<'_>, revision: Revision) -> (Vec<Before>, u64) {
    let mut accounts = Vec::new();
    for address in CONTRACTS {
        let code = match random.below(12) {
            0 => delegation(random, revision),
            _ => program(random).into(),
        };
        let slots = (0..random.below(4))
            .map(|key| (U256::from(key), U256::from(1 + random.below(3))))
            .collect();
        // At the maximum nothing can be created any more (EIP-2681).
        let nonce = match random.below(60) {
            0 => u64::MAX - random.below(2),
            _ => random.below(3),
        };
        let balance = U256::from(random.below(200));
        accounts.push((address, balance, nonce, code, slots));
        if random.one_in(12) {
            accounts.push(in_the_way(random, address.create(nonce)));
        }
    }
    let nonce = match random.below(100) {
        0 => u64::MAX - random.below(2),
        _ => random.below(3),
    };
    let balance = match random.below(16) {
        0 => U256::from(random.below(40_000_000)),
        _ => U256::from(1_u64 << 60),
    };
    let code = match random.below(40) {
        0..=2 => delegation(random, revision),
        3 => Bytes::from_static(&[0x00]),
        _ => Bytes::new(),
    };
    accounts.push((SENDER, balance, nonce, code, Vec::new()));
    if random.one_in(12) {
        accounts.push(in_the_way(random, SENDER.create(nonce)));
    }
    let code = match random.below(8) {
        0 => delegation(random, revision),
        _ => Bytes::new(),
    };
    accounts.push((RICH, U256::from(1_000_000), 0, code, Vec::new()));
    if random.one_in(2) {
        accounts.push((COINBASE, U256::from(1), 0, Bytes::new(), Vec::new()));
    }
    (accounts, nonce)
}

/// Code of a delegated account (EIP-7702); before Prague nobody could put one there.
fn delegation(random: &mut Random<'_>, revision: Revision) -> Bytes {
    if revision < Revision::Prague {
        return Bytes::new();
    }
    let precompile = Address::with_last_byte(1 + random.below(18) as u8);
    let others = [RICH, ABSENT, SENDER, precompile, Address::ZERO];
    let delegate = match random.below(3) {
        0 => random.pick(&others),
        _ => random.pick(&CONTRACTS),
    };
    [&[0xef, 0x01, 0x00], delegate.as_slice()].concat().into()
}

/// An account where a contract is to be created: one with a nonce or code is an obstacle (EIP-684),
/// one with money only is not. One with storage alone would be another (EIP-7610), which revm does
/// not look at; the official tests do.
fn in_the_way(random: &mut Random<'_>, address: Address) -> Before {
    match random.below(3) {
        0 => (address, U256::ZERO, 1, Bytes::new(), Vec::new()),
        1 => (
            address,
            U256::ZERO,
            0,
            Bytes::from_static(&[0x00]),
            Vec::new(),
        ),
        _ => (address, U256::from(3), 0, Bytes::new(), Vec::new()),
    }
}
