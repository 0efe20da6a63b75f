//! Vectors of the EVM: each instruction after several stacks, and every limit.

use super::{head, push};

/// Instructions that put 17 words on the stack, the last on top.
fn pushes(word: impl Fn(u8) -> Vec<u8>) -> Vec<u8> {
    (0..17).rev().flat_map(word).collect()
}

/// One instruction after each of several stacks, its topmost result returned.
fn instruction(opcode: u8, stack: &[u8]) -> Vec<u8> {
    let data = match opcode {
        0x60..=0x7f => usize::from(opcode - 0x5f),
        _ => 0,
    };
    let mut code = stack.to_vec();
    code.push(opcode);
    code.extend(vec![0xa5; data]);
    code.extend([0x60, 0, 0x52, 0x60, 32, 0x60, 0, 0xf3]);
    code
}

pub(super) fn vectors() -> String {
    let stacks: [(&str, Vec<u8>); 5] = [
        ("small", pushes(|i| vec![0x60, i + 1])),
        ("zero", pushes(|_| vec![0x60, 0])),
        ("large", pushes(|i| [&[0x7f][..], &[0xff - i; 32]].concat())),
        (
            "account",
            pushes(|i| vec![0x61, if i < 2 { 0xbb } else { 0 }, 0xbb]),
        ),
        // Offsets and lengths beyond the first words, gas for calls.
        ("memory", pushes(|i| vec![0x61, 1 + i, 0x20 * (i % 5)])),
    ];
    let mut text = head("EVM releases");
    let mut vector = |name: &str, code: &[u8], input: &[u8], gas: u64, create: bool| {
        push(&mut text, name, code, input, gas, create);
    };
    let input: Vec<u8> = (0..96).collect();
    for opcode in 0..=u8::MAX {
        for (name, stack) in &stacks {
            let code = instruction(opcode, stack);
            vector(
                &format!("{opcode:#04x} {name}"),
                &code,
                &input,
                400_000,
                false,
            );
        }
        vector(
            &format!("{opcode:#04x} on an empty stack"),
            &[opcode],
            &input,
            100_000,
            false,
        );
    }
    // Twice in one frame: what was cold is warm, what was clean is dirty.
    for opcode in [
        0x31, 0x3b, 0x3f, 0x54, 0x55, 0x5c, 0x5d, 0xf1, 0xf2, 0xf4, 0xfa, 0xf0, 0xf5,
    ] {
        let stack = &stacks[0].1;
        let twice = [stack, &[opcode][..], stack, &[opcode, 0x00]].concat();
        vector(
            &format!("{opcode:#04x} twice"),
            &twice,
            &input,
            900_000,
            false,
        );
    }
    // SSTORE of every value over every value: 0, 1 and 2 over what is there, then back.
    for slot in 0..3 {
        for (first, second) in [(0, 1), (1, 0), (1, 2), (2, 1), (0, 0), (2, 2)] {
            let code = [
                0x60, first, 0x60, slot, 0x55, 0x60, second, 0x60, slot, 0x55,
            ];
            vector(
                &format!("store {first} then {second} at {slot}"),
                &code,
                &[],
                200_000,
                false,
            );
        }
    }
    // EXP by the length of the exponent; KECCAK256, LOG and copies by length.
    for bytes in [1_usize, 2, 16, 32] {
        let exponent = [&[0x5f + bytes as u8][..], &vec![0xff; bytes]].concat();
        let code = [&exponent[..], &[0x60, 3, 0x0a, 0x00]].concat();
        vector(
            &format!("power of {bytes} bytes"),
            &code,
            &[],
            100_000,
            false,
        );
    }
    for size in [0_u16, 1, 32, 33, 1_000, 10_000] {
        let [high, low] = size.to_be_bytes();
        for opcode in [0x20, 0x37, 0x39, 0x3e, 0x5e, 0xa0, 0xa1, 0xa2, 0xf3, 0xfd] {
            let code = [
                0x60, 1, 0x60, 2, 0x61, high, low, 0x60, 0, 0x60, 0, opcode, 0x00,
            ];
            vector(
                &format!("{opcode:#04x} over {size} bytes"),
                &code,
                &input,
                300_000,
                false,
            );
            let code = [0x60, 1, 0x61, high, low, 0x60, 0, opcode, 0x00];
            vector(
                &format!("{opcode:#04x} over {size}"),
                &code,
                &input,
                300_000,
                false,
            );
        }
    }
    // Limits: stack, deployed code, init code, code that begins with 0xEF.
    for depth in [1_024, 1_025] {
        let code = [0x60, 0].repeat(depth);
        vector(&format!("stack of {depth}"), &code, &[], 100_000, false);
    }
    for size in [24_576_u32, 24_577] {
        let [_, a, b, c] = size.to_be_bytes();
        let code = [0x62, a, b, c, 0x60, 0, 0xf3];
        vector(
            &format!("deploys {size} bytes"),
            &code,
            &[],
            6_000_000,
            true,
        );
    }
    for size in [49_152, 49_153] {
        vector(
            &format!("init code of {size} bytes"),
            &vec![0; size],
            &[],
            3_000_000,
            true,
        );
    }
    let reserved = [0x60, 0xef, 0x60, 0, 0x53, 0x60, 1, 0x60, 0, 0xf3];
    vector("deploys 0xEF", &reserved, &[], 100_000, true);
    // Recursion: with all gas, so the 63/64 rule shows.
    let recursion = [
        0x60, 0, 0x60, 0, 0x60, 0, 0x60, 0, 0x60, 0, 0x30, 0x5a, 0xf1, 0x00,
    ];
    vector("calls itself", &recursion, &[], 1_000_000, false);
    text
}
