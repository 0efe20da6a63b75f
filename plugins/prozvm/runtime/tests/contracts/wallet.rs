//! The multisig wallet and the vault in C, with the token in C.

use crate::world::Arg::{self, Account, Bytes, Number, Words};
use crate::world::{
    ALICE, BOB, CAROL, World, account, assert_reverted, encode, encode_call, number,
};
use proz_sdk::{Address, MessageKind};

fn wallet() -> (World, Address, Address) {
    let mut world = World::new();
    let owners = [account(ALICE), account(BOB), account(CAROL)];
    let wallet = world.deploy(1, "multisig", &[Words(&owners), Number(2)]);
    let token = world.deploy(2, "token", &[Bytes(b"Gold"), Bytes(b"AU")]);
    world.ok(
        ALICE,
        token,
        "mint(address,uint256)",
        &[Account(wallet), Number(500)],
    );
    (world, wallet, token)
}

#[test]
fn two_of_three_owners_move_tokens() {
    let (mut world, wallet, token) = wallet();
    let pay = encode_call("transfer(address,uint256)", &[Account(BOB), Number(200)]);
    let submit = "submit(address,uint256,bytes)";
    let proposal = || [Account(token), Number(0), Bytes(&pay)];
    let outsider = Address([0xdd; 20]);
    world.host.state.accounts.insert(
        outsider,
        proz_sdk_testing::mock::MockAccount::with_balance(1_u64),
    );
    world.refused(
        outsider,
        wallet,
        (submit, &proposal()),
        "NotOwner(address)",
        &[Account(outsider)],
    );
    assert_eq!(world.ok(ALICE, wallet, submit, &proposal()), number(0));
    assert_eq!(world.number(wallet, "proposalCount()", &[]), 1);
    let few = "TooFewConfirmations(uint256,uint256)";
    world.refused(
        BOB,
        wallet,
        ("execute(uint256)", &[Number(0)]),
        few,
        &[Number(1), Number(2)],
    );
    let twice = [Number(0), Account(ALICE)];
    let call = ("confirm(uint256)", &[Number(0)][..]);
    world.refused(
        ALICE,
        wallet,
        call,
        "AlreadyConfirmed(uint256,address)",
        &twice,
    );
    world.ok(BOB, wallet, "confirm(uint256)", &[Number(0)]);
    world.ok(BOB, wallet, "revoke(uint256)", &[Number(0)]);
    let call = ("revoke(uint256)", &[Number(0)][..]);
    world.refused(
        BOB,
        wallet,
        call,
        "NotConfirmed(uint256,address)",
        &[Number(0), Account(BOB)],
    );
    world.ok(CAROL, wallet, "confirm(uint256)", &[Number(0)]);
    assert_eq!(
        world.number(wallet, "confirmations(uint256)", &[Number(0)]),
        2
    );
    // What the callee returns comes back: `true`.
    assert_eq!(
        world.ok(CAROL, wallet, "execute(uint256)", &[Number(0)]),
        number(1)
    );
    assert_eq!(
        world.number(token, "balanceOf(address)", &[Account(BOB)]),
        200
    );
    let call = ("execute(uint256)", &[Number(0)][..]);
    world.refused(
        CAROL,
        wallet,
        call,
        "AlreadyExecuted(uint256)",
        &[Number(0)],
    );
    let call = ("confirm(uint256)", &[Number(1)][..]);
    world.refused(CAROL, wallet, call, "NoSuchProposal(uint256)", &[Number(1)]);
    let fields = world.ok(ALICE, wallet, "proposal(uint256)", &[Number(0)]);
    assert_eq!(fields, encode(&[Account(token), Number(0), Number(1)]));
}

#[test]
fn a_failing_proposal_says_why_and_can_be_tried_again() {
    let (mut world, wallet, token) = wallet();
    let pay = encode_call("transfer(address,uint256)", &[Account(BOB), Number(501)]);
    let submit = "submit(address,uint256,bytes)";
    world.ok(
        ALICE,
        wallet,
        submit,
        &[Account(token), Number(0), Bytes(&pay)],
    );
    world.ok(BOB, wallet, "confirm(uint256)", &[Number(0)]);
    let reason = [Account(wallet), Number(500), Number(501)];
    let insufficient = "ERC20InsufficientBalance(address,uint256,uint256)";
    world.refused(
        BOB,
        wallet,
        ("execute(uint256)", &[Number(0)]),
        insufficient,
        &reason,
    );
    world.ok(
        ALICE,
        token,
        "mint(address,uint256)",
        &[Account(wallet), Number(1)],
    );
    world.ok(BOB, wallet, "execute(uint256)", &[Number(0)]);
    // Plain value arrives, and is sent on.
    let result = world.send(ALICE, wallet, MessageKind::CALL, 70, &[]);
    assert!(result.status.is_success());
    world.ok(
        ALICE,
        wallet,
        submit,
        &[Account(CAROL), Number(70), Bytes(&[])],
    );
    world.ok(BOB, wallet, "confirm(uint256)", &[Number(1)]);
    world.ok(BOB, wallet, "execute(uint256)", &[Number(1)]);
    assert_eq!(world.host.state.accounts[&CAROL].balance.0[0], 1_000_070);
}

#[test]
fn wallets_with_wrong_owners_are_not_made() {
    let one = account(ALICE);
    let many = vec![one; 51];
    let cases: [(&[_], u64); 6] = [
        (&[], 0),
        (&[one], 0),
        (&[one], 2),
        (&[one, one], 1),
        (&[one, [0; 32]], 1),
        (&many, 1),
    ];
    for (owners, threshold) in cases {
        let mut world = World::new();
        let arguments = encode(&[Words(owners), Number(threshold)]);
        let (_, result) = world.try_deploy(1, "multisig", &arguments);
        assert_reverted(&result, "InvalidOwners()", &[]);
    }
    let mut world = World::new();
    let dirty = encode(&[Words(&[[1; 32]]), Number(1)]);
    let (_, result) = world.try_deploy(1, "multisig", &dirty);
    assert_reverted(&result, "", &[]);
}

#[test]
fn the_vault_keeps_deposits_apart() {
    let mut world = World::new();
    let token = world.deploy(2, "token", &[Bytes(b"Gold"), Bytes(b"AU")]);
    let vault = world.deploy(3, "vault", &[Account(token)]);
    for owner in [ALICE, BOB] {
        world.ok(
            ALICE,
            token,
            "mint(address,uint256)",
            &[Account(owner), Number(100)],
        );
        world.ok(
            owner,
            token,
            "approve(address,uint256)",
            &[Account(vault), Arg::Word([0xff; 32])],
        );
        world.ok(owner, vault, "deposit(uint256)", &[Number(80)]);
    }
    world.ok(BOB, vault, "withdraw(uint256)", &[Number(50)]);
    assert_eq!(
        world.number(vault, "balanceOf(address)", &[Account(BOB)]),
        30
    );
    assert_eq!(world.number(vault, "totalDeposits()", &[]), 110);
    assert_eq!(
        world.number(token, "balanceOf(address)", &[Account(vault)]),
        110
    );
    let call = ("withdraw(uint256)", &[Number(31)][..]);
    let text = [Bytes(b"vault: more than deposited")];
    world.refused(BOB, vault, call, "Error(string)", &text);
    // A borrower that is no contract pays nothing back.
    let call = (
        "flash(address,uint256,bytes)",
        &[Account(BOB), Number(10), Bytes(&[])][..],
    );
    let reason = [Number(110), Number(100)];
    world.refused(CAROL, vault, call, "NotPaidBack(uint256,uint256)", &reason);
}
