//! The Merkle airdrop in C: right proofs, wrong proofs, second claims.

use crate::world::Arg::{self, Account, Bytes, Number, Words};
use crate::world::{ALICE, BOB, Bytes32, World, account, encode, keccak, number};
use proz_sdk::Address;

const CLAIM: &str = "claim(uint256,address,uint256,bytes32[])";

fn receiver(index: u64) -> Address {
    Address([index as u8 + 1; 20])
}

fn amount(index: u64) -> u64 {
    100 + index
}

fn leaf(index: u64) -> Bytes32 {
    let receiver = Account(receiver(index));
    keccak(&keccak(&encode(&[
        Number(index),
        receiver,
        Number(amount(index)),
    ])))
}

fn join(a: Bytes32, b: Bytes32) -> Bytes32 {
    keccak(&[a.min(b), a.max(b)].concat())
}

/// The root of a tree over `count` leaves, and the proof of one.
fn tree(count: u64, index: u64) -> (Bytes32, Vec<Bytes32>) {
    let mut level: Vec<Bytes32> = (0..count).map(leaf).collect();
    let (mut at, mut proof) = (index as usize, Vec::new());
    while level.len() > 1 {
        if let Some(sibling) = level.get(at ^ 1) {
            proof.push(*sibling);
        }
        at /= 2;
        level = level
            .chunks(2)
            .map(|pair| match *pair {
                [a, b] => join(a, b),
                _ => pair[0],
            })
            .collect();
    }
    (level[0], proof)
}

fn airdrop(count: u64) -> (World, Address, Address) {
    let mut world = World::new();
    let token = world.deploy(0xe0, "token", &[Bytes(b"Gold"), Bytes(b"AU")]);
    let root = Arg::Word(tree(count, 0).0);
    let drop = world.deploy(0xe1, "airdrop", &[Account(token), root]);
    let supply = [Account(drop), Number(1_000_000)];
    world.ok(ALICE, token, "mint(address,uint256)", &supply);
    (world, token, drop)
}

#[test]
fn every_leaf_of_trees_of_any_size_is_paid_once() {
    for count in [1, 2, 3, 5, 8, 13] {
        let (mut world, token, drop) = airdrop(count);
        for index in 0..count {
            let (_, proof) = tree(count, index);
            let arguments = || {
                let proof = Words(&proof);
                [
                    Number(index),
                    Account(receiver(index)),
                    Number(amount(index)),
                    proof,
                ]
            };
            assert_eq!(
                world.number(drop, "isClaimed(uint256)", &[Number(index)]),
                0
            );
            world.ok(BOB, drop, CLAIM, &arguments());
            assert_eq!(
                world.number(drop, "isClaimed(uint256)", &[Number(index)]),
                1
            );
            let held = world.number(token, "balanceOf(address)", &[Account(receiver(index))]);
            assert_eq!(held, amount(index), "{index} of {count}");
            let claimed = "AlreadyClaimed(uint256)";
            world.refused(BOB, drop, (CLAIM, &arguments()), claimed, &[Number(index)]);
        }
        let event = world.host.state.logs.iter().rev().nth(1).unwrap();
        let topic = keccak(b"Claimed(uint256,address,uint256)");
        let last = count - 1;
        let topics: Vec<_> = event.topics.iter().map(|topic| topic.0).collect();
        assert_eq!(topics, [topic, number(last), account(receiver(last))]);
        assert_eq!(event.data, number(amount(last)));
    }
}

#[test]
fn wrong_proofs_are_refused() {
    let (mut world, token, drop) = airdrop(8);
    let (_, proof) = tree(8, 3);
    let wrong_word: Vec<_> = proof.iter().rev().copied().collect();
    let short = &proof[..2];
    let long = [proof.clone(), vec![[9; 32]]].concat();
    let cases: [(u64, Address, u64, &[Bytes32]); 7] = [
        (3, receiver(3), amount(3) + 1, &proof),
        (3, BOB, amount(3), &proof),
        (4, receiver(3), amount(3), &proof),
        (3, receiver(3), amount(3), &wrong_word),
        (3, receiver(3), amount(3), short),
        (3, receiver(3), amount(3), &long),
        (3, receiver(3), amount(3), &[]),
    ];
    for (index, receiver, amount, proof) in cases {
        let arguments = [
            Number(index),
            Account(receiver),
            Number(amount),
            Words(proof),
        ];
        let result = world.call(BOB, drop, CLAIM, &arguments);
        assert_eq!(result.status, proz_sdk::StatusCode::REVERT);
        let selector = &keccak(b"WrongProof(bytes32)")[..4];
        assert_eq!(result.output.as_slice()[..4], *selector);
    }
    assert_eq!(
        world.number(token, "balanceOf(address)", &[Account(drop)]),
        1_000_000
    );
    // An inner node is no leaf, though it leads to the root.
    let arguments = [
        Number(3),
        Account(receiver(3)),
        Number(amount(3)),
        Words(&proof),
    ];
    world.ok(BOB, drop, CLAIM, &arguments);
}
