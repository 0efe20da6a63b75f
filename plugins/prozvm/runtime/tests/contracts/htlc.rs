//! Hash-time locks in C, over value and over tokens.

use crate::world::Arg::{self, Account, Bytes, Number};
use crate::world::{ALICE, BOB, CAROL, World, assert_reverted, encode_call, number};
use proz_sdk::{Address, MessageKind};

const SECRET: [u8; 32] = [7; 32];
/// SHA-256 of the secret, by `sha256sum`.
const DIGEST: [u8; 32] = [
    0x4b, 0xb0, 0x6f, 0x8e, 0x4e, 0x3a, 0x77, 0x15, 0xd2, 0x01, 0xd5, 0x73, 0xd0, 0xaa, 0x42, 0x37,
    0x62, 0xe5, 0x5d, 0xab, 0xd6, 0x1a, 0x2c, 0x02, 0x27, 0x8f, 0xa5, 0x6c, 0xc6, 0xd2, 0x94, 0xe0,
];
const CLAIM: &str = "claim(uint256,bytes32)";
const REFUND: &str = "refund(uint256)";

/// A lock of 500 wei from ALICE to BOB until second 2,000; the present is 1,000.
fn locked() -> (World, Address) {
    let mut world = World::new();
    let locks = world.deploy(1, "htlc", &[]);
    let arguments = [Account(BOB), Arg::Word(DIGEST), Number(2_000)];
    let input = encode_call("lock(address,bytes32,uint256)", &arguments);
    let result = world.send(ALICE, locks, MessageKind::CALL, 500, &input);
    assert!(result.status.is_success(), "{}", result.status);
    assert_eq!(result.output.as_slice(), number(0));
    (world, locks)
}

fn wei(world: &World, of: Address) -> u64 {
    world.host.state.accounts[&of].balance.0[0]
}

fn state(world: &mut World, locks: Address, id: u64) -> u64 {
    let fields = world.ok(CAROL, locks, "locks(uint256)", &[Number(id)]);
    assert_eq!(fields.len(), 7 * 32);
    u64::from(fields[7 * 32 - 1])
}

#[test]
fn whoever_knows_the_secret_releases_the_value_to_the_receiver() {
    let (mut world, locks) = locked();
    assert_eq!((wei(&world, ALICE), wei(&world, locks)), (999_500, 500));
    assert_eq!(state(&mut world, locks, 0), 1);
    let wrong = encode_call(CLAIM, &[Number(0), Arg::Word([8; 32])]);
    let result = world.send(CAROL, locks, MessageKind::CALL, 0, &wrong);
    let selector = encode_call("WrongSecret(uint256,bytes32)", &[]);
    assert_eq!(result.output.as_slice()[..4], selector);

    world.timestamp = 2_000;
    world.ok(CAROL, locks, CLAIM, &[Number(0), Arg::Word(SECRET)]);
    assert_eq!((wei(&world, BOB), wei(&world, locks)), (1_000_500, 0));
    assert_eq!(state(&mut world, locks, 0), 2);
    let reason = [Number(0), Number(2)];
    let again = (CLAIM, &[Number(0), Arg::Word(SECRET)][..]);
    world.refused(CAROL, locks, again, "NotOpen(uint256,uint256)", &reason);
    world.timestamp = 3_000;
    world.refused(
        ALICE,
        locks,
        (REFUND, &[Number(0)]),
        "NotOpen(uint256,uint256)",
        &reason,
    );
}

#[test]
fn an_expired_lock_goes_back_and_cannot_be_claimed() {
    let (mut world, locks) = locked();
    let early = [Number(2_000), Number(1_000)];
    world.refused(
        ALICE,
        locks,
        (REFUND, &[Number(0)]),
        "NotYet(uint256,uint256)",
        &early,
    );
    world.timestamp = 2_001;
    let late = [Number(2_000), Number(2_001)];
    let call = (CLAIM, &[Number(0), Arg::Word(SECRET)][..]);
    world.refused(BOB, locks, call, "Expired(uint256,uint256)", &late);
    world.ok(CAROL, locks, REFUND, &[Number(0)]);
    assert_eq!(
        (wei(&world, ALICE), wei(&world, BOB)),
        (1_000_000, 1_000_000)
    );
    assert_eq!(state(&mut world, locks, 0), 3);
    let reason = [Number(9), Number(0)];
    world.refused(
        CAROL,
        locks,
        (REFUND, &[Number(9)]),
        "NotOpen(uint256,uint256)",
        &reason,
    );
}

#[test]
fn empty_and_expired_locks_are_not_taken() {
    let mut world = World::new();
    let locks = world.deploy(1, "htlc", &[]);
    let lock = "lock(address,bytes32,uint256)";
    let arguments = [Account(BOB), Arg::Word(DIGEST), Number(2_000)];
    world.refused(ALICE, locks, (lock, &arguments), "NothingLocked()", &[]);
    let arguments = [Account(BOB), Arg::Word(DIGEST), Number(1_000)];
    let input = encode_call(lock, &arguments);
    let result = world.send(ALICE, locks, MessageKind::CALL, 5, &input);
    assert_reverted(
        &result,
        "Expired(uint256,uint256)",
        &[Number(1_000), Number(1_000)],
    );
}

#[test]
fn tokens_are_locked_and_claimed() {
    let mut world = World::new();
    let locks = world.deploy(1, "htlc", &[]);
    let token = world.deploy(2, "token", &[Bytes(b"Gold"), Bytes(b"AU")]);
    world.ok(
        ALICE,
        token,
        "mint(address,uint256)",
        &[Account(ALICE), Number(90)],
    );
    let lock = "lockTokens(address,uint256,address,bytes32,uint256)";
    let arguments = || {
        [
            Account(token),
            Number(60),
            Account(BOB),
            Arg::Word(DIGEST),
            Number(2_000),
        ]
    };
    // Without an allowance the token refuses, and its reason arrives.
    let reason = [Account(locks), Number(0), Number(60)];
    let insufficient = "ERC20InsufficientAllowance(address,uint256,uint256)";
    world.refused(ALICE, locks, (lock, &arguments()), insufficient, &reason);
    world.ok(
        ALICE,
        token,
        "approve(address,uint256)",
        &[Account(locks), Number(60)],
    );
    world.ok(ALICE, locks, lock, &arguments());
    world.ok(BOB, locks, CLAIM, &[Number(0), Arg::Word(SECRET)]);
    for (of, expected) in [(ALICE, 30), (BOB, 60), (locks, 0)] {
        let found = world.number(token, "balanceOf(address)", &[Account(of)]);
        assert_eq!(found, expected, "{of:?}");
    }
}
