//! Call data of every length and of hostile contents, to every method of every contract.

use crate::world::Arg::{Account, Bytes, Number, Words};
use crate::world::{ALICE, BOB, World, account, artefact, encode, number};
use proz_prozvm_core::{ExportKind, Program};
use proz_sdk::{Address, MessageKind, StatusCode};

/// Every contract, deployed with ordinary arguments.
fn contracts() -> Vec<(&'static str, World, Address)> {
    let owners = [account(ALICE), account(BOB)];
    let other = Address([0x77; 20]);
    let arguments = |name: &str| match name {
        "token" => encode(&[Bytes(b"Gold"), Bytes(b"AU")]),
        "pair" => encode(&[Account(ALICE), Account(BOB)]),
        "multisig" => encode(&[Words(&owners), Number(1)]),
        "airdrop" => encode(&[Account(other), Number(1)]),
        "vault" => encode(&[Account(other)]),
        _ => Vec::new(),
    };
    let names = [
        "token",
        "pair",
        "router",
        "multisig",
        "htlc",
        "airdrop",
        "vault",
        "counter-c",
        "counter-cpp",
        "counter-zig",
        "counter-rust",
    ];
    names
        .into_iter()
        .map(|name| {
            let mut world = World::new();
            let (address, result) = world.try_deploy(1, name, &arguments(name));
            assert!(result.status.is_success(), "{name}: {}", result.status);
            (name, world, address)
        })
        .collect()
}

/// The methods of a contract: name, selector, words of static head.
fn methods(name: &str) -> Vec<(String, [u8; 4], usize)> {
    let program = Program::decode(&artefact(name)).unwrap();
    let methods = program.exports.iter().filter_map(|export| {
        let ExportKind::Method(selector) = export.kind else {
            return None;
        };
        let inside = export.name.split_once('(')?.1.strip_suffix(')')?;
        let words = inside.split(',').filter(|part| !part.is_empty()).count();
        Some((export.name.clone(), selector, words))
    });
    methods.collect()
}

#[test]
fn short_call_data_of_every_length_reverts_with_nothing() {
    let mut calls = 0;
    for (name, mut world, address) in contracts() {
        for (method, selector, words) in methods(name) {
            let full = [&selector[..], &vec![0; 32 * words]].concat();
            for length in 0..full.len() {
                let result = world.send(ALICE, address, MessageKind::CALL, 0, &full[..length]);
                if length == 0 && name == "multisig" {
                    // It takes plain value.
                    assert_eq!(result.status, StatusCode::SUCCESS);
                    continue;
                }
                let place = format!("{name} {method} {length}: {}", result.status);
                assert_eq!(result.status, StatusCode::REVERT, "{place}");
                assert!(result.output.as_slice().is_empty(), "{place}");
                calls += 1;
            }
        }
    }
    assert!(calls > 3_000, "{calls}");
}

/// Words that tempt: small, huge, a place just inside, just outside.
fn tempting(at: usize) -> [u8; 32] {
    let small = |value: u64| number(value);
    match at {
        0 => [0xff; 32],
        1 => small(u64::MAX),
        2 => small(u64::MAX - 31),
        3 => small(1 << 32),
        4 => small(32),
        5 => small(96),
        6 => small(4),
        7 => account(Address([0xee; 20])),
        8 => [[0x80].as_slice(), &[0; 31]].concat().try_into().unwrap(),
        _ => small(0),
    }
}

#[test]
fn hostile_words_never_make_a_contract_fail_otherwise_than_by_reverting() {
    let mut seed = 1_u64;
    let mut endings = [0, 0];
    for (name, mut world, address) in contracts() {
        for (method, selector, words) in methods(name) {
            for _ in 0..400 {
                let mut input = selector.to_vec();
                let mut next = || {
                    seed ^= seed << 13;
                    seed ^= seed >> 7;
                    seed ^= seed << 17;
                    seed as usize
                };
                for _ in 0..words + next() % 3 {
                    input.extend(tempting(next() % 12));
                }
                input.truncate(input.len() - next() % 3);
                let result = world.send(ALICE, address, MessageKind::CALL, 0, &input);
                let expected = [StatusCode::SUCCESS, StatusCode::REVERT];
                let ending = expected.iter().position(|&status| status == result.status);
                let place = || format!("{name} {method}: {} {input:02x?}", result.status);
                endings[ending.unwrap_or_else(|| panic!("{}", place()))] += 1;
            }
        }
    }
    assert!(endings.iter().all(|&count| count > 1_000), "{endings:?}");
}
