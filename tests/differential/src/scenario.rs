//! A block, a small world and one transaction, made from a number.

use crate::random::Random;
use alloy_primitives::{Address, B256, Bytes, U256, address};
use proz_host::{AccessListItem, Authorization, Blobs, Fee, Revision, Transaction};

/// Rules that both sides have under one name. revm has no Constantinople of its own.
const REVISIONS: [Revision; 14] = [
    Revision::Frontier,
    Revision::Homestead,
    Revision::TangerineWhistle,
    Revision::SpuriousDragon,
    Revision::Byzantium,
    Revision::Petersburg,
    Revision::Istanbul,
    Revision::Berlin,
    Revision::London,
    Revision::Paris,
    Revision::Shanghai,
    Revision::Cancun,
    Revision::Prague,
    Revision::Osaka,
];

/// Account that signs.
pub(crate) const SENDER: Address = address!("0x00000000000000000000000000000000000a11ce");
/// Accounts with code.
const CONTRACTS: [Address; 4] = [
    Address::repeat_byte(0x20),
    Address::repeat_byte(0x40),
    Address::repeat_byte(0x60),
    Address::repeat_byte(0x80),
];
/// An account with a balance and no code, and one that does not exist.
const RICH: Address = Address::repeat_byte(0xa0);
const ABSENT: Address = Address::repeat_byte(0xc0);
/// Hash of the block before.
pub(crate) const GENESIS: B256 = B256::repeat_byte(0x77);
pub(crate) const COINBASE: Address = Address::repeat_byte(0xe0);

/// A block, a small world and one transaction.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Rules.
    pub revision: Revision,
    /// Base fee in wei per gas; zero before London.
    pub base_fee: u64,
    /// The transaction.
    pub transaction: Transaction,
    /// Accounts before.
    pub accounts: Vec<Before>,
}

/// An account before the transaction: address, balance, nonce, code, slots.
pub type Before = (Address, U256, u64, Bytes, Vec<(U256, U256)>);

impl Scenario {
    /// Makes the scenario of a number.
    #[must_use]
    pub fn new(number: u64) -> Self {
        let mut random = Random::new(number);
        let revision = random.pick(&REVISIONS);
        let base_fee = if revision >= Revision::London {
            random.pick(&[0, 7, 1_000])
        } else {
            0
        };
        let mut accounts = Vec::new();
        for address in CONTRACTS {
            let code = match random.below(12) {
                // Before Prague nobody could put one there.
                0 if revision >= Revision::Prague => {
                    [&[0xef, 0x01, 0x00][..], random.pick(&CONTRACTS).as_slice()].concat()
                }
                _ => program(&mut random),
            };
            let slots = (0..random.below(4))
                .map(|key| (U256::from(key), U256::from(1 + random.below(3))))
                .collect();
            let nonce = random.below(3);
            let balance = U256::from(random.below(200));
            accounts.push((address, balance, nonce, code.into(), slots));
        }
        let nonce = random.below(3);
        let balance = match random.below(16) {
            0 => U256::from(random.below(40_000_000)),
            _ => U256::from(1_u64 << 60),
        };
        accounts.push((SENDER, balance, nonce, Bytes::new(), Vec::new()));
        accounts.push((RICH, U256::from(1_000_000), 0, Bytes::new(), Vec::new()));
        if random.one_in(2) {
            accounts.push((COINBASE, U256::from(1), 0, Bytes::new(), Vec::new()));
        }
        Self {
            revision,
            base_fee,
            transaction: transaction(&mut random, revision, base_fee, nonce),
            accounts,
        }
    }
}

fn transaction(random: &mut Random, revision: Revision, base_fee: u64, nonce: u64) -> Transaction {
    let is_create = random.one_in(5);
    let price = u128::from(base_fee + random.below(20));
    let mut transaction = Transaction {
        sender: SENDER,
        to: (!is_create).then(|| match random.below(10) {
            0 => RICH,
            1 => ABSENT,
            2 => Address::with_last_byte(1 + random.below(10) as u8),
            _ => random.pick(&CONTRACTS),
        }),
        nonce: Some(if random.one_in(30) { nonce + 1 } else { nonce }),
        gas_limit: match random.below(6) {
            0 => 21_000 + random.below(60_000),
            1 if random.one_in(4) => 20_900 + random.below(300),
            _ => 400_000,
        },
        fee: Fee::Legacy { gas_price: price },
        value: match random.below(40) {
            0 => U256::from(1_u64 << 61),
            _ => U256::from(random.pick(&[0, 0, 1, 70])),
        },
        input: if is_create {
            program(random).into()
        } else {
            (0..random.below(80))
                .map(|_| random.pick(&[0, 0, 1, 0x44, 0xff]))
                .collect()
        },
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
        let item = |random: &mut Random| AccessListItem {
            address: random.pick(&CONTRACTS),
            slots: (0..random.below(3)).map(B256::with_last_byte_of).collect(),
        };
        transaction.access_list = Some((0..random.below(4)).map(|_| item(random)).collect());
    }
    if newest >= Revision::London && random.one_in(2) {
        transaction.access_list.get_or_insert_default();
        let max_priority_fee = random.pick(&[0_u128, 1, 1, 2, 5, 30]);
        transaction.fee = Fee::Dynamic {
            max_fee: price + u128::from(random.below(20)),
            max_priority_fee,
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

fn blobs(random: &mut Random) -> Blobs {
    let hash = |random: &mut Random| {
        let mut hash = B256::repeat_byte(random.below(256) as u8);
        hash.0[0] = if random.one_in(10) { 2 } else { 1 };
        hash
    };
    Blobs {
        hashes: (0..random.below(8)).map(|_| hash(random)).collect(),
        max_fee: u128::from(random.below(5)),
    }
}

fn authorizations(random: &mut Random) -> Vec<Authorization> {
    let one = |random: &mut Random| Authorization {
        authority: (!random.one_in(8)).then(|| random.pick(&[RICH, ABSENT, SENDER, CONTRACTS[0]])),
        chain_id: U256::from(random.below(3)),
        address: random.pick(&[Address::ZERO, CONTRACTS[1], CONTRACTS[2], RICH]),
        nonce: random.below(3),
    };
    (0..random.below(4)).map(|_| one(random)).collect()
}

/// Code that is mostly pushes and otherwise anything, with targets for its jumps, and calls and
/// creations with operands that make sense.
fn program(random: &mut Random) -> Vec<u8> {
    const HARMLESS: &[u8] = &[
        0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x08, 0x0a, 0x0b, 0x10, 0x11, 0x12, 0x14, 0x15, 0x16,
        0x17, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3a, 0x3d,
        0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x4a, 0x50, 0x58, 0x59, 0x5a, 0x5f,
    ];
    const EFFECTS: &[u8] = &[
        0x20, 0x31, 0x35, 0x37, 0x39, 0x3b, 0x3c, 0x3e, 0x3f, 0x40, 0x49, 0x51, 0x52, 0x53, 0x54,
        0x54, 0x55, 0x55, 0x55, 0x5c, 0x5d, 0x5e, 0xa0, 0xa1, 0xa2, 0xa4, 0xf3, 0xfd, 0xff,
    ];
    let mut code = Vec::new();
    let mut targets = Vec::new();
    for _ in 0..10 {
        code.extend([0x60, random.below(70) as u8]);
    }
    for _ in 0..6 + random.below(30) {
        match random.below(22) {
            0..=6 => code.extend([0x60, random.below(70) as u8]),
            7 => push_account(&mut code, random),
            8 => {
                code.push(0x7f);
                for _ in 0..4 {
                    code.extend((random.next() << random.below(64)).to_be_bytes());
                }
            }
            9 => {
                targets.push(code.len() as u8);
                code.push(0x5b);
            }
            10 if !targets.is_empty() => {
                code.extend([0x60, random.pick(&targets), 0x56 + random.below(2) as u8]);
            }
            11 => code.push(0x80 + random.below(8) as u8),
            12 => code.push(0x90 + random.below(8) as u8),
            13 | 14 => call(&mut code, random),
            15 => create(&mut code, random),
            16 | 17 => code.push(random.pick(EFFECTS)),
            18 => {
                // Small slots and values, so that slots are met again.
                code.extend([0x60, random.below(3) as u8, 0x60, random.below(4) as u8]);
                code.push(random.pick(&[0x55, 0x55, 0x5d]));
            }
            19 | 20 => code.push(random.pick(HARMLESS)),
            _ => code.push(random.below(256) as u8),
        }
    }
    code
}

fn push_account(code: &mut Vec<u8>, random: &mut Random) {
    let precompile = Address::with_last_byte(random.below(20) as u8);
    let others = [RICH, ABSENT, COINBASE, SENDER, precompile];
    let account = if random.one_in(2) {
        random.pick(&CONTRACTS)
    } else {
        random.pick(&others)
    };
    code.push(0x73);
    code.extend(account.as_slice());
}

fn call(code: &mut Vec<u8>, random: &mut Random) {
    let kind = random.pick(&[0xf1, 0xf1, 0xf2, 0xf4, 0xfa]);
    for _ in 0..4 {
        code.extend([0x60, random.below(80) as u8]);
    }
    if matches!(kind, 0xf1 | 0xf2) {
        code.extend([0x60, random.pick(&[0, 0, 1, 255])]);
    }
    push_account(code, random);
    code.extend([0x61, random.next() as u8, random.next() as u8, kind]);
}

/// Puts a short init code into memory and creates with it.
fn create(code: &mut Vec<u8>, random: &mut Random) {
    // Nothing; a byte of code that begins with 0xef; 2 bytes; a revert; a self-destruction.
    const INIT_CODES: [&[u8]; 6] = [
        &[0x00],
        &[0x60, 0xef, 0x5f, 0x53, 0x60, 0x01, 0x5f, 0xf3],
        &[0x60, 0x02, 0x60, 0x00, 0xf3],
        &[0x60, 0x01, 0x60, 0x00, 0xfd],
        &[0x33, 0xff],
        &[0x60, 0x01, 0x60, 0x01, 0x55, 0x60, 0x20, 0x60, 0x00, 0xf3],
    ];
    let init_code = random.pick(&INIT_CODES);
    let is_salted = random.one_in(2);
    code.push(0x60 + init_code.len() as u8 - 1);
    code.extend(init_code);
    code.extend([0x60, 0x00, 0x52]);
    if is_salted {
        code.extend([0x60, random.below(2) as u8]);
    }
    code.extend([
        0x60,
        init_code.len() as u8,
        0x60,
        32 - init_code.len() as u8,
    ]);
    code.extend([
        0x60,
        random.pick(&[0, 0, 1]),
        0xf0 + 5 * u8::from(is_salted),
    ]);
}

/// A word that holds a small number.
trait LastByte {
    fn with_last_byte_of(number: u64) -> B256;
}

impl LastByte for B256 {
    fn with_last_byte_of(number: u64) -> B256 {
        B256::with_last_byte(number as u8)
    }
}
