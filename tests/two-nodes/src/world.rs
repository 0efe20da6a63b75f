//! Accounts before the first block.

use alloy_primitives::{Address, Bytes, U256};
use proz_tests::random::Random;

use crate::{
    Account,
    codes::{self, Kind, artefact, batch, contained, enclose, factory, forward},
};

/// Number of accounts that send.
const SENDERS: u8 = 6;

/// Account that sends, by number.
pub(crate) fn sender(number: u64) -> Address {
    Address::with_last_byte(0xa0 + (number % u64::from(SENDERS)) as u8)
}

/// An account of the first block, by number.
fn contract(number: u8) -> Address {
    let mut address = Address::repeat_byte(0xc0);
    address.0[19] = number;
    address
}

/// The accounts, and those with code and what they answer to.
pub(crate) fn genesis(random: &mut Random) -> (Vec<Account>, Vec<(Address, Kind)>) {
    let mut accounts: Vec<Account> = (0..u64::from(SENDERS))
        .map(|number| Account {
            address: sender(number),
            balance: U256::from(1) << 120,
            ..Account::default()
        })
        .collect();
    let mut codes: Vec<(Vec<u8>, Kind)> = vec![
        (batch(), Kind::Batch),
        (batch(), Kind::Batch),
        (factory(), Kind::Raw),
        (forward("CALL"), Kind::Forward),
        (forward("DELEGATECALL"), Kind::Forward),
    ];
    // Containers that no host has validated: genesis puts them there.
    let counter = artefact("wasm/artifacts/counter.wasm");
    let stylus = artefact("wasm/artifacts/stylus-counter.wasm");
    for requirement in ["", "1", "=1.0.0", "=1.1.0", "^1.1"] {
        codes.push((enclose("wasm", requirement, &counter), Kind::Counter));
    }
    codes.push((enclose("wasm", "", &stylus), Kind::Counter));
    let proz = artefact("prozvm/artifacts/counter-c.pz");
    for requirement in ["", "1", "=1.0.0"] {
        codes.push((enclose("prozvm", requirement, &proz), Kind::Counter));
    }
    let answer = [0x60, 0x2a, 0x60, 0x00, 0x52, 0x60, 0x20, 0x60, 0x00, 0xf3];
    for requirement in ["", "1", "=1.0.0", "~1.0"] {
        codes.push((enclose("evm", requirement, &answer), Kind::Raw));
    }
    for _ in 0..4 {
        let deployment = contained(random, &[contract(0)]);
        codes.push((deployment.init_code, deployment.kind));
    }
    codes.push((
        codes::evm_program(random, &[contract(0), contract(5)]),
        Kind::Raw,
    ));
    let mut contracts = Vec::new();
    for (number, (code, kind)) in (0_u8..).zip(codes) {
        accounts.push(Account {
            address: contract(number),
            balance: U256::from(1_000),
            nonce: 1,
            code: Bytes::from(code),
            ..Account::default()
        });
        contracts.push((contract(number), kind));
    }
    (accounts, contracts)
}
