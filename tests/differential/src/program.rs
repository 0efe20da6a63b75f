//! Code that does something: pushes, calls and creations whose operands make sense, and anything.

use crate::{
    random::Random,
    world::{ABSENT, COINBASE, CONTRACTS, RICH, SENDER},
};
use alloy_primitives::{Address, U256};

/// Instructions that touch nothing but the stack, those of later revisions included.
const HARMLESS: &[u8] = &[
    0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x10, 0x11, 0x12, 0x13, 0x14,
    0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x30, 0x32, 0x33, 0x34, 0x36, 0x38,
    0x3a, 0x3d, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x4a, 0x50, 0x58, 0x59, 0x5a, 0x5f,
];

/// Instructions that touch memory, state or the frame.
const EFFECTS: &[u8] = &[
    0x20, 0x31, 0x35, 0x37, 0x39, 0x3b, 0x3c, 0x3e, 0x3f, 0x40, 0x49, 0x51, 0x52, 0x53, 0x54, 0x54,
    0x55, 0x55, 0x55, 0x5c, 0x5d, 0x5e, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xf3, 0xfd, 0xfe, 0xff,
];

/// Code of one contract.
pub(crate) fn program(random: &mut Random<'_>) -> Vec<u8> {
    if random.one_in(16) {
        return (0..random.below(120)).map(|_| random.byte()).collect();
    }
    let mut code = Vec::new();
    let mut targets = Vec::new();
    for _ in 0..10 {
        code.extend([0x60, random.below(70) as u8]);
    }
    for _ in 0..6 + random.below(30) {
        match random.below(26) {
            0..=6 => code.extend([0x60, random.below(70) as u8]),
            7 => push_account(&mut code, random),
            8 => push_word(&mut code, random),
            9 if code.len() < 256 => {
                targets.push(code.len() as u8);
                code.push(0x5b);
            }
            10 if !targets.is_empty() => {
                code.extend([0x60, random.pick(&targets), 0x56 + random.below(2) as u8]);
            }
            11 => code.push(0x80 + random.below(16) as u8),
            12 => code.push(0x90 + random.below(16) as u8),
            13 | 14 => call(&mut code, random),
            15 => create(&mut code, random),
            16 | 17 => code.push(random.pick(EFFECTS)),
            18 => {
                // Small slots and values, so that slots are met again.
                code.extend([0x60, random.below(3) as u8, 0x60, random.below(4) as u8]);
                code.push(random.pick(&[0x55, 0x55, 0x5d]));
            }
            19 | 20 => code.push(random.pick(HARMLESS)),
            21 => copy(&mut code, random),
            22 => {
                push_account(&mut code, random);
                code.push(random.pick(&[0x31, 0x3b, 0x3f, 0xff]));
            }
            23 => recurse(&mut code, random),
            24 => {
                create(&mut code, random);
                use_created(&mut code, random);
            }
            _ => code.push(random.byte()),
        }
    }
    code
}

/// A word at an edge, or any.
fn push_word(code: &mut Vec<u8>, random: &mut Random<'_>) {
    let word = match random.below(9) {
        0 => U256::MAX,
        1 => U256::ONE << 255,
        2 => U256::from(u64::MAX) + U256::from(random.below(2)),
        3 => U256::from(u32::MAX) + U256::from(random.below(2)),
        4 => U256::from(31 + random.below(3)),
        5 => U256::MAX - U256::from(random.below(64)),
        _ => U256::from_limbs(std::array::from_fn(|_| {
            random.next() >> (random.below(64) as u32)
        })),
    };
    code.push(0x7f);
    code.extend(word.to_be_bytes::<32>());
}

fn push_account(code: &mut Vec<u8>, random: &mut Random<'_>) {
    let account = if random.one_in(2) {
        random.pick(&CONTRACTS)
    } else {
        let precompile = if random.one_in(20) {
            Address::with_last_byte(0).create(0)
        } else {
            Address::from_word(U256::from(random.pick(&PRECOMPILES)).into())
        };
        random.pick(&[RICH, ABSENT, COINBASE, SENDER, precompile, precompile])
    };
    code.push(0x73);
    code.extend(account.as_slice());
}

/// Addresses of precompiles, and their neighbours that are none.
const PRECOMPILES: [u16; 21] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 0xff, 0x100,
];

fn call(code: &mut Vec<u8>, random: &mut Random<'_>) {
    let kind = random.pick(&[0xf1, 0xf1, 0xf2, 0xf4, 0xfa]);
    // Length and offset of the output and of the input.
    for _ in 0..2 {
        let length = match random.below(12) {
            0 => 0,
            1 => random.below(300),
            _ => random.below(80),
        };
        code.push(0x61);
        code.extend((length as u16).to_be_bytes());
        match random.below(30) {
            0 => push_word(code, random),
            _ => code.extend([0x60, random.below(80) as u8]),
        }
    }
    if matches!(kind, 0xf1 | 0xf2) {
        code.extend([0x60, random.pick(&[0, 0, 1, 255])]);
    }
    push_account(code, random);
    gas(code, random);
    code.push(kind);
    if random.one_in(4) {
        // What came back, into memory.
        code.extend([0x3d, 0x60, 0x00, 0x60, random.byte(), 0x3e]);
    }
}

/// Gas of a call: some, a stipend's worth, all there is, or more than there can be.
fn gas(code: &mut Vec<u8>, random: &mut Random<'_>) {
    match random.below(8) {
        0 => code.push(0x5a),
        1 => code.extend([0x61, random.below(16) as u8, random.byte()]),
        2 => code.extend([0x60, random.byte()]),
        3 if random.one_in(4) => push_word(code, random),
        _ => code.extend([0x61, random.byte(), random.byte()]),
    }
}

/// A call of the running account itself with half of the gas.
fn recurse(code: &mut Vec<u8>, random: &mut Random<'_>) {
    code.extend([0x60, 0x20, 0x60, 0x00, 0x60, 0x20, 0x60, 0x00]);
    let kind = random.pick(&[0xf1, 0xf2, 0xf4, 0xfa]);
    if matches!(kind, 0xf1 | 0xf2) {
        code.extend([0x60, random.below(2) as u8]);
    }
    code.extend([0x30, 0x60, 0x02, 0x5a, 0x04, kind]);
}

/// A copy of call data, code, other code, returned data or memory.
fn copy(code: &mut Vec<u8>, random: &mut Random<'_>) {
    for _ in 0..3 {
        match random.below(24) {
            0 => push_word(code, random),
            1 => code.push(0x3d),
            _ => code.extend([0x60, random.below(100) as u8]),
        }
    }
    let kind = random.pick(&[0x37, 0x39, 0x3c, 0x3e, 0x5e]);
    if kind == 0x3c {
        push_account(code, random);
    }
    code.push(kind);
}

/// Puts a short init code into memory and creates with it.
fn create(code: &mut Vec<u8>, random: &mut Random<'_>) {
    // Nothing; a byte of code that begins with 0xef; 2 bytes; a revert; a self-destruction.
    const INIT_CODES: [&[u8]; 6] = [
        &[0x00],
        &[0x60, 0xef, 0x60, 0x00, 0x53, 0x60, 0x01, 0x60, 0x00, 0xf3],
        &[0x60, 0x02, 0x60, 0x00, 0xf3],
        &[0x60, 0x01, 0x60, 0x00, 0xfd],
        &[0x33, 0xff],
        &[0x60, 0x01, 0x60, 0x01, 0x55, 0x60, 0x20, 0x60, 0x00, 0xf3],
    ];
    let init_code = if random.one_in(2) {
        deploying(random)
    } else {
        random.pick(&INIT_CODES).to_vec()
    };
    let is_salted = random.one_in(2);
    code.push(0x60 + init_code.len() as u8 - 1);
    code.extend(&init_code);
    code.extend([0x60, 0x00, 0x52]);
    if is_salted {
        code.extend([0x60, random.below(2) as u8]);
    }
    let length = init_code.len() as u8;
    code.extend([0x60, length, 0x60, 32 - length]);
    let value = random.pick(&[0, 0, 1]);
    code.extend([0x60, value, 0xf0 + 5 * u8::from(is_salted)]);
}

/// Init code that deploys a contract of at most 20 bytes.
fn deploying(random: &mut Random<'_>) -> Vec<u8> {
    // Self-destructions in favour of the caller and of itself; a store; a counter; an answer of
    // call data; a revert; a delegation call; a creation of nothing; a transient store.
    const RUNTIMES: [&[u8]; 9] = [
        &[0x33, 0xff],
        &[0x30, 0xff],
        &[0x60, 0x07, 0x60, 0x01, 0x55],
        &[0x60, 0x00, 0x54, 0x60, 0x01, 0x01, 0x60, 0x00, 0x55],
        &[0x36, 0x60, 0x00, 0x80, 0x37, 0x36, 0x60, 0x00, 0xf3],
        &[0x60, 0x20, 0x60, 0x00, 0xfd],
        &[
            0x60, 0x00, 0x80, 0x80, 0x80, 0x33, 0x61, 0x20, 0x00, 0xf4, 0x00,
        ],
        &[0x60, 0x00, 0x80, 0x80, 0xf0, 0x31, 0x60, 0x02, 0x55],
        &[0x60, 0x01, 0x60, 0x01, 0x5d, 0x33, 0x31, 0x60, 0x00, 0x55],
    ];
    let runtime = random.pick(&RUNTIMES);
    let length = runtime.len() as u8;
    let mut code = vec![0x60 + length - 1];
    code.extend(runtime);
    code.extend([0x60, 0x00, 0x52, 0x60, length, 0x60, 32 - length, 0xf3]);
    code
}

/// Looks at or calls the account that was just created.
fn use_created(code: &mut Vec<u8>, random: &mut Random<'_>) {
    match random.below(5) {
        0 => code.extend([0x80, random.pick(&[0x31, 0x3b, 0x3f])]),
        1 => code.extend([0x80, 0xff]),
        2 => {
            code.extend([0x60, 0x00].repeat(4));
            // The fifth item below is the account.
            code.push(0x84);
            gas(code, random);
            code.push(random.pick(&[0xf4, 0xfa]));
        }
        _ => {
            code.extend([0x60, 0x00].repeat(4));
            code.extend([0x60, random.below(2) as u8, 0x85]);
            gas(code, random);
            code.push(0xf1);
        }
    }
}
