//! ERC-20 in C: balances, allowances, supply, ownership, texts, and what each refuses.

use crate::world::Arg::{self, Account, Bytes, Number};
use crate::world::{ALICE, BOB, CAROL, World, account, encode, keccak, number};
use proz_sdk::{Address, MessageKind, StatusCode};

const TRANSFER: &str = "transfer(address,uint256)";
const TRANSFER_FROM: &str = "transferFrom(address,address,uint256)";
const MOST: Arg<'_> = Arg::Word([0xff; 32]);

fn token() -> (World, Address) {
    let mut world = World::new();
    let token = world.deploy(1, "token", &[Bytes(b"Gold"), Bytes(b"AU")]);
    world.ok(
        ALICE,
        token,
        "mint(address,uint256)",
        &[Account(ALICE), Number(1_000)],
    );
    (world, token)
}

fn balances(world: &mut World, token: Address) -> [u64; 3] {
    [ALICE, BOB, CAROL].map(|of| world.number(token, "balanceOf(address)", &[Account(of)]))
}

#[test]
fn transfers_move_balances_and_say_so() {
    let (mut world, token) = token();
    let output = world.ok(ALICE, token, TRANSFER, &[Account(BOB), Number(300)]);
    assert_eq!(output, number(1));
    assert_eq!(balances(&mut world, token), [700, 300, 0]);
    let (topics, data) = world.last_event();
    let event = keccak(b"Transfer(address,address,uint256)");
    assert_eq!(topics, [event, account(ALICE), account(BOB)]);
    assert_eq!(data, number(300));
    // To oneself nothing changes; nothing is a valid amount.
    world.ok(ALICE, token, TRANSFER, &[Account(ALICE), Number(700)]);
    world.ok(CAROL, token, TRANSFER, &[Account(BOB), Number(0)]);
    assert_eq!(balances(&mut world, token), [700, 300, 0]);
    assert_eq!(world.number(token, "totalSupply()", &[]), 1_000);
}

#[test]
fn transfers_beyond_the_balance_and_to_nobody_are_refused() {
    let (mut world, token) = token();
    let insufficient = "ERC20InsufficientBalance(address,uint256,uint256)";
    let reason = [Account(ALICE), Number(1_000), Number(1_001)];
    world.refused(
        ALICE,
        token,
        (TRANSFER, &[Account(BOB), Number(1_001)]),
        insufficient,
        &reason,
    );
    let reason = [Account(ALICE), Number(1_000), MOST];
    world.refused(
        ALICE,
        token,
        (TRANSFER, &[Account(BOB), MOST]),
        insufficient,
        &reason,
    );
    let nobody = Account(Address::default());
    let reason = [Account(Address::default())];
    let call = (TRANSFER, &[nobody, Number(1)][..]);
    world.refused(ALICE, token, call, "ERC20InvalidReceiver(address)", &reason);
}

#[test]
fn allowances_are_spent_and_the_largest_is_not() {
    let (mut world, token) = token();
    let approve = "approve(address,uint256)";
    let allowance = "allowance(address,address)";
    let pair = [Account(ALICE), Account(BOB)];
    world.ok(ALICE, token, approve, &[Account(BOB), Number(500)]);
    let (topics, data) = world.last_event();
    let event = keccak(b"Approval(address,address,uint256)");
    assert_eq!(
        (topics, data),
        (
            vec![event, account(ALICE), account(BOB)],
            number(500).to_vec()
        )
    );
    world.ok(
        BOB,
        token,
        TRANSFER_FROM,
        &[Account(ALICE), Account(CAROL), Number(200)],
    );
    assert_eq!(world.number(token, allowance, &pair), 300);
    assert_eq!(balances(&mut world, token), [800, 0, 200]);
    let call = (
        TRANSFER_FROM,
        &[Account(ALICE), Account(CAROL), Number(301)][..],
    );
    let reason = [Account(BOB), Number(300), Number(301)];
    let insufficient = "ERC20InsufficientAllowance(address,uint256,uint256)";
    world.refused(BOB, token, call, insufficient, &reason);

    world.ok(ALICE, token, approve, &[Account(BOB), MOST]);
    world.ok(
        BOB,
        token,
        TRANSFER_FROM,
        &[Account(ALICE), Account(BOB), Number(800)],
    );
    assert_eq!(world.ok(ALICE, token, allowance, &pair), [0xff; 32]);
    assert_eq!(balances(&mut world, token), [0, 800, 200]);
}

#[test]
fn only_the_owner_mints_and_the_supply_does_not_overflow() {
    let (mut world, token) = token();
    let mint = "mint(address,uint256)";
    let unauthorized = "OwnableUnauthorizedAccount(address)";
    world.refused(
        BOB,
        token,
        (mint, &[Account(BOB), Number(1)]),
        unauthorized,
        &[Account(BOB)],
    );
    let nobody = Address::default();
    let call = (mint, &[Account(nobody), Number(1)][..]);
    world.refused(
        ALICE,
        token,
        call,
        "ERC20InvalidReceiver(address)",
        &[Account(nobody)],
    );
    world.refused(
        ALICE,
        token,
        (mint, &[Account(BOB), MOST]),
        "Panic(uint256)",
        &[Number(0x11)],
    );

    world.ok(ALICE, token, "transferOwnership(address)", &[Account(BOB)]);
    let (topics, data) = world.last_event();
    let event = keccak(b"OwnershipTransferred(address,address)");
    assert_eq!(
        (topics, data),
        (vec![event, account(ALICE), account(BOB)], vec![])
    );
    assert_eq!(world.ok(CAROL, token, "owner()", &[]), account(BOB));
    world.refused(
        ALICE,
        token,
        (mint, &[Account(BOB), Number(1)]),
        unauthorized,
        &[Account(ALICE)],
    );
    world.ok(BOB, token, mint, &[Account(BOB), Number(5)]);
    world.ok(BOB, token, "burn(uint256)", &[Number(2)]);
    assert_eq!(world.number(token, "totalSupply()", &[]), 1_003);
    let reason = [Account(BOB), Number(3), Number(4)];
    let insufficient = "ERC20InsufficientBalance(address,uint256,uint256)";
    world.refused(
        BOB,
        token,
        ("burn(uint256)", &[Number(4)]),
        insufficient,
        &reason,
    );
}

#[test]
fn texts_of_any_length_come_back() {
    for length in [0, 1, 31, 32, 33, 64, 200, 1_024] {
        let name: Vec<u8> = (0..length).map(|at| b'a' + (at % 26) as u8).collect();
        let mut world = World::new();
        let token = world.deploy(1, "token", &[Bytes(&name), Bytes(b"T")]);
        let output = world.ok(BOB, token, "name()", &[]);
        assert_eq!(output, encode(&[Bytes(&name)]), "{length}");
    }
    let long = [b'x'; 1_025];
    let mut world = World::new();
    let arguments = encode(&[Bytes(&long), Bytes(b"T")]);
    let (_, result) = world.try_deploy(1, "token", &arguments);
    assert_eq!(result.status, StatusCode::REVERT);
}

#[test]
fn value_is_refused_and_unknown_methods_too() {
    let (mut world, token) = token();
    let call = crate::world::encode_call(TRANSFER, &[Account(BOB), Number(1)]);
    for (value, input) in [
        (1, &call[..]),
        (0, &[1, 2, 3, 4]),
        (0, &call[..3]),
        (0, &[]),
        (1, &[]),
    ] {
        let result = world.send(ALICE, token, MessageKind::CALL, value, input);
        assert_eq!(result.status, StatusCode::REVERT, "{value} {input:?}");
        assert!(result.output.as_slice().is_empty());
    }
}
