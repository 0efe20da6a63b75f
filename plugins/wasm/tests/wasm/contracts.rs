//! The project's own contracts, built from C for both import sets, by their Solidity ABI.

use std::path::Path;

use alloy_primitives::{U256, keccak256};
use proz_sdk::{Address, FrameResult, StatusCode, VirtualMachine, Word};
use proz_sdk_testing::mock::{Environment, MockAccount};

use proz_wasm::testing::{ALICE, GAS, World, address, assert_output, assert_status};

const BOB: Address = Address([0xbb; 20]);

/// Reads an artefact of tests/fixtures/wasm.
fn artefact(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/wasm/artifacts");
    std::fs::read(folder.join(format!("{name}.wasm"))).unwrap()
}

/// An argument of a call.
enum Arg<'a> {
    Number(u64),
    Word([u8; 32]),
    Account(Address),
    Bytes(&'a [u8]),
    Accounts(&'a [Address]),
    Many(&'a [&'a [u8]]),
}
use Arg::{Account, Accounts, Bytes, Many, Number};

fn account_word(account: Address) -> [u8; 32] {
    let mut word = [0; 32];
    word[12..].copy_from_slice(&account.0);
    word
}

fn number_word(number: u64) -> [u8; 32] {
    Word::from(number).to_be_bytes()
}

/// Encodes arguments as Solidity does.
fn encode(arguments: &[Arg<'_>]) -> Vec<u8> {
    let (mut head, mut tail) = (Vec::new(), Vec::new());
    for argument in arguments {
        let place = number_word((arguments.len() * 32 + tail.len()) as u64);
        match argument {
            Arg::Number(number) => head.extend(number_word(*number)),
            Arg::Word(word) => head.extend(word),
            Arg::Account(account) => head.extend(account_word(*account)),
            Arg::Bytes(bytes) => {
                head.extend(place);
                tail.extend(number_word(bytes.len() as u64));
                tail.extend(*bytes);
                tail.resize(tail.len().next_multiple_of(32), 0);
            }
            Arg::Accounts(accounts) => {
                head.extend(place);
                tail.extend(number_word(accounts.len() as u64));
                tail.extend(accounts.iter().flat_map(|account| account_word(*account)));
            }
            Arg::Many(items) => {
                head.extend(place);
                tail.extend(number_word(items.len() as u64));
                let items: Vec<_> = items.iter().map(|bytes| Bytes(bytes)).collect();
                tail.extend(encode(&items));
            }
        }
    }
    [head, tail].concat()
}

fn encode_call(signature: &str, arguments: &[Arg<'_>]) -> Vec<u8> {
    [&keccak256(signature)[..4], &encode(arguments)].concat()
}

/// Talks to contracts by their Solidity ABI.
trait Abi {
    fn world(&mut self) -> &mut World;

    fn send_as(
        &mut self,
        sender: Address,
        to: Address,
        signature: &str,
        arguments: &[Arg<'_>],
    ) -> FrameResult {
        let input = encode_call(signature, arguments);
        let mut message = Environment::call(to, GAS, &input);
        message.sender = sender;
        self.world().send(message).unwrap()
    }

    #[track_caller]
    fn ok(
        &mut self,
        sender: Address,
        to: Address,
        signature: &str,
        arguments: &[Arg<'_>],
    ) -> Vec<u8> {
        let result = self.send_as(sender, to, signature, arguments);
        let reason = String::from_utf8_lossy(result.output.as_slice()).into_owned();
        assert!(
            result.status.is_success(),
            "{signature}: {} {reason:?}",
            result.status
        );
        result.output.as_slice().to_vec()
    }

    #[track_caller]
    fn number(&mut self, to: Address, signature: &str, arguments: &[Arg<'_>]) -> u64 {
        let output = self.ok(ALICE, to, signature, arguments);
        U256::from_be_slice(&output[..32]).to::<u64>()
    }

    /// Asserts that a call reverts with a custom error.
    #[track_caller]
    fn refused(
        &mut self,
        sender: Address,
        to: Address,
        signature: &str,
        arguments: &[Arg<'_>],
        error: &str,
        values: &[Arg<'_>],
    ) {
        let result = self.send_as(sender, to, signature, arguments);
        assert_status(&result, StatusCode::REVERT);
        assert_eq!(
            result.output.as_slice(),
            encode_call(error, values),
            "{signature} expected {error}"
        );
    }
}

impl Abi for World {
    fn world(&mut self) -> &mut World {
        self
    }
}

const VARIANTS: [&str; 2] = ["", "stylus-"];

#[test]
fn counters_in_every_language_count() {
    for language in ["", "stylus-", "rust-", "zig-", "assemblyscript-"] {
        let mut world = World::new();
        let counter = address(1);
        world.deploy(counter, &artefact(&format!("{language}counter")), &[]);
        assert_eq!(world.number(counter, "number()", &[]), 0);
        world.ok(ALICE, counter, "setNumber(uint256)", &[Number(255)]);
        world.ok(ALICE, counter, "increment()", &[]);
        assert_eq!(world.number(counter, "number()", &[]), 256, "{language}");
        assert_eq!(world.host.state.slot(counter, 0), Word::from(256));
        assert_status(
            &world.send_as(ALICE, counter, "nothing()", &[]),
            StatusCode::REVERT,
        );
    }
}

#[test]
fn the_counter_checks_its_arithmetic_and_the_static_flag() {
    for variant in VARIANTS {
        let mut world = World::new();
        let counter = address(1);
        world.deploy(counter, &artefact(&format!("{variant}counter")), &[]);
        world.ok(ALICE, counter, "setNumber(uint256)", &[Number(41)]);
        world.ok(ALICE, counter, "increment()", &[]);
        assert_eq!(world.number(counter, "number()", &[]), 42);
        let max = [0xff; 32];
        world.ok(ALICE, counter, "setNumber(uint256)", &[Arg::Word(max)]);
        world.refused(
            ALICE,
            counter,
            "increment()",
            &[],
            "Panic(uint256)",
            &[Number(0x11)],
        );
        let unknown = world.send_as(ALICE, counter, "nothing()", &[]);
        assert_status(&unknown, StatusCode::REVERT);
        assert!(unknown.output.is_empty());
        // A view function runs in a static frame, flush at the end included.
        let input = encode_call("number()", &[]);
        let mut message = Environment::call(counter, GAS, &input);
        message.is_static = true;
        assert_output(&world.send(message).unwrap(), &max);
        let input = encode_call("increment()", &[]);
        let mut message = Environment::call(counter, GAS, &input);
        message.is_static = true;
        assert!(!world.send(message).unwrap().status.is_success());
    }
}

fn token(world: &mut World, variant: &str, at: Address, supply: u64) {
    let long = b"A token with a name longer than one word of storage";
    let deployed = world.deploy(
        at,
        &artefact(&format!("{variant}token")),
        &encode(&[Bytes(long), Bytes(b"TOK")]),
    );
    assert_status(&deployed, StatusCode::SUCCESS);
    if supply > 0 {
        world.ok(
            ALICE,
            at,
            "mint(address,uint256)",
            &[Account(ALICE), Number(supply)],
        );
    }
}

#[test]
fn the_token_behaves_as_its_solidity_counterpart() {
    for variant in VARIANTS {
        let mut world = World::new();
        let at = address(1);
        token(&mut world, variant, at, 1_000);
        let name = world.ok(ALICE, at, "name()", &[]);
        assert_eq!(
            name,
            encode(&[Bytes(
                b"A token with a name longer than one word of storage"
            )])
        );
        assert_eq!(
            world.ok(ALICE, at, "symbol()", &[]),
            encode(&[Bytes(b"TOK")])
        );
        assert_eq!(world.number(at, "decimals()", &[]), 18);
        assert_eq!(world.number(at, "totalSupply()", &[]), 1_000);
        assert_eq!(world.ok(ALICE, at, "owner()", &[]), account_word(ALICE));

        world.host.state.logs.clear();
        let moved = world.ok(
            ALICE,
            at,
            "transfer(address,uint256)",
            &[Account(BOB), Number(300)],
        );
        assert_eq!(moved, number_word(1));
        let log = &world.host.state.logs[0];
        assert_eq!(
            log.topics[0].0,
            keccak256("Transfer(address,address,uint256)").0
        );
        assert_eq!(
            (log.topics[1].0, log.topics[2].0),
            (account_word(ALICE), account_word(BOB))
        );
        assert_eq!(log.data, number_word(300));
        assert_eq!(world.number(at, "balanceOf(address)", &[Account(BOB)]), 300);

        world.ok(
            ALICE,
            at,
            "approve(address,uint256)",
            &[Account(BOB), Number(50)],
        );
        world.ok(
            BOB,
            at,
            "transferFrom(address,address,uint256)",
            &[Account(ALICE), Account(BOB), Number(20)],
        );
        assert_eq!(
            world.number(
                at,
                "allowance(address,address)",
                &[Account(ALICE), Account(BOB)]
            ),
            30
        );
        world.refused(
            BOB,
            at,
            "transferFrom(address,address,uint256)",
            &[Account(ALICE), Account(BOB), Number(31)],
            "ERC20InsufficientAllowance(address,uint256,uint256)",
            &[Account(BOB), Number(30), Number(31)],
        );
        world.refused(
            BOB,
            at,
            "transfer(address,uint256)",
            &[Account(ALICE), Number(321)],
            "ERC20InsufficientBalance(address,uint256,uint256)",
            &[Account(BOB), Number(320), Number(321)],
        );
        world.refused(
            BOB,
            at,
            "mint(address,uint256)",
            &[Account(BOB), Number(1)],
            "OwnableUnauthorizedAccount(address)",
            &[Account(BOB)],
        );
        world.ok(BOB, at, "burn(uint256)", &[Number(320)]);
        assert_eq!(world.number(at, "totalSupply()", &[]), 680);
        // Storage is laid out as Solidity does: totalSupply is slot 2, balances slot 3.
        assert_eq!(world.host.state.slot(at, 2), Word::from(680));
        let slot = keccak256([account_word(ALICE), number_word(3)].concat());
        assert_eq!(
            world.host.state.slot(at, Word::from_be_bytes(slot.0)),
            Word::from(680)
        );
        // Short call data and value are refused.
        let short = world.send_as(ALICE, at, "transfer(address,uint256)", &[Account(BOB)]);
        assert_status(&short, StatusCode::REVERT);
    }
}

/// Token A, token B and their pair with liquidity of 10,000 and 40,000.
fn market(variant: &str) -> (World, Address, Address, Address) {
    let mut world = World::new();
    let (a, b, pair) = (address(1), address(2), address(3));
    token(&mut world, variant, a, 1_000_000);
    token(&mut world, variant, b, 1_000_000);
    let made = world.deploy(
        pair,
        &artefact(&format!("{variant}pair")),
        &encode(&[Account(b), Account(a)]),
    );
    assert_status(&made, StatusCode::SUCCESS);
    world.ok(
        ALICE,
        a,
        "transfer(address,uint256)",
        &[Account(pair), Number(10_000)],
    );
    world.ok(
        ALICE,
        b,
        "transfer(address,uint256)",
        &[Account(pair), Number(40_000)],
    );
    assert_eq!(
        world.number(pair, "mint(address)", &[Account(ALICE)]),
        19_000
    );
    (world, a, b, pair)
}

#[test]
fn the_market_keeps_its_product() {
    for variant in VARIANTS {
        let (mut world, a, b, pair) = market(variant);
        assert_eq!(world.ok(ALICE, pair, "token0()", &[]), account_word(a));
        assert_eq!(
            world.ok(ALICE, pair, "getReserves()", &[]),
            encode(&[Number(10_000), Number(40_000)])
        );
        assert_eq!(world.number(pair, "totalSupply()", &[]), 20_000);
        let out = world.number(
            pair,
            "getAmountOut(address,uint256)",
            &[Account(a), Number(1_000)],
        );
        assert_eq!(out, 997_000 * 40_000 / (10_000_000 + 997_000));
        world.ok(
            ALICE,
            a,
            "transfer(address,uint256)",
            &[Account(pair), Number(1_000)],
        );
        let too_much = world.send_as(
            ALICE,
            pair,
            "swap(uint256,uint256,address)",
            &[Number(0), Number(out + 1), Account(BOB)],
        );
        assert_status(&too_much, StatusCode::REVERT);
        assert_eq!(
            &too_much.output.as_slice()[..4],
            &keccak256("ProductFell(uint256,uint256)")[..4]
        );
        world.ok(
            ALICE,
            pair,
            "swap(uint256,uint256,address)",
            &[Number(0), Number(out), Account(BOB)],
        );
        assert_eq!(world.number(b, "balanceOf(address)", &[Account(BOB)]), out);
        assert_eq!(
            world.ok(ALICE, pair, "getReserves()", &[]),
            encode(&[Number(11_000), Number(40_000 - out)])
        );
        world.refused(
            ALICE,
            pair,
            "swap(uint256,uint256,address)",
            &[Number(11_000), Number(0), Account(BOB)],
            "InsufficientLiquidity()",
            &[],
        );
        world.refused(
            ALICE,
            pair,
            "swap(uint256,uint256,address)",
            &[Number(1), Number(0), Account(a)],
            "InvalidReceiver(address)",
            &[Account(a)],
        );
        world.refused(
            ALICE,
            pair,
            "swap(uint256,uint256,address)",
            &[Number(1), Number(0), Account(BOB)],
            "InsufficientInput()",
            &[],
        );
        // All of Alice's shares give back her part of both.
        world.ok(
            ALICE,
            pair,
            "transfer(address,uint256)",
            &[Account(pair), Number(19_000)],
        );
        let paid = world.ok(ALICE, pair, "burn(address)", &[Account(BOB)]);
        assert_eq!(
            paid,
            encode(&[
                Number(19_000 * 11_000 / 20_000),
                Number(19_000 * (40_000 - out) / 20_000)
            ])
        );
        assert_eq!(world.number(pair, "totalSupply()", &[]), 1_000);
    }
}

#[test]
fn the_router_swaps_through_pair_and_tokens() {
    for variant in VARIANTS {
        let (mut world, a, b, pair) = market(variant);
        let router = address(4);
        world.deploy(router, &artefact(&format!("{variant}router")), &[]);
        assert_eq!(
            world.ok(
                ALICE,
                router,
                "quoteLiquidity(address,uint256,uint256)",
                &[Account(pair), Number(500), Number(5_000)]
            ),
            encode(&[Number(500), Number(2_000)])
        );
        world.ok(
            ALICE,
            a,
            "approve(address,uint256)",
            &[Account(router), Number(2_000)],
        );
        let swap = "swapExactInput(address,address,uint256,uint256,address,uint256)";
        let arguments = |amount, least, deadline| {
            [
                Account(pair),
                Account(a),
                Number(amount),
                Number(least),
                Account(BOB),
                Number(deadline),
            ]
        };
        let far = 1 << 40;
        let out = world.number(
            pair,
            "getAmountOut(address,uint256)",
            &[Account(a), Number(1_000)],
        );
        assert_eq!(world.number(router, swap, &arguments(1_000, out, far)), out);
        assert_eq!(world.number(b, "balanceOf(address)", &[Account(BOB)]), out);
        let now = world.environment.block.timestamp;
        world.refused(
            ALICE,
            router,
            swap,
            &arguments(1, 0, 5),
            "Expired(uint256,uint256)",
            &[Number(5), Number(now)],
        );
        // The token's own reason comes through the router.
        world.refused(
            ALICE,
            router,
            swap,
            &arguments(1_001, 0, far),
            "ERC20InsufficientAllowance(address,uint256,uint256)",
            &[Account(router), Number(1_000), Number(1_001)],
        );
        // A refused minimum undoes all three contracts.
        let before = world.host.state.storage.clone();
        let refused = world.send_as(ALICE, router, swap, &arguments(1_000, 1_000_000, far));
        assert_eq!(
            &refused.output.as_slice()[..4],
            &keccak256("InsufficientOutput(uint256,uint256)")[..4]
        );
        assert_eq!(world.host.state.storage, before);
    }
}

#[test]
fn the_wallet_acts_only_when_enough_owners_agree() {
    let mut world = World::new();
    let (wallet, coin) = (address(1), address(2));
    token(&mut world, "", coin, 1_000);
    let owners = [ALICE, BOB, address(9)];
    let made = world.deploy(
        wallet,
        &artefact("multisig"),
        &encode(&[Accounts(&owners), Number(2)]),
    );
    assert_status(&made, StatusCode::SUCCESS);
    world.ok(
        ALICE,
        coin,
        "transfer(address,uint256)",
        &[Account(wallet), Number(500)],
    );
    let pay = encode_call("transfer(address,uint256)", &[Account(BOB), Number(200)]);
    let submit = "submit(address,uint256,bytes)";
    let id = world.number(wallet, submit, &[Account(coin), Number(0), Bytes(&pay)]);
    assert_eq!(
        (
            id,
            world.number(wallet, "confirmations(uint256)", &[Number(0)])
        ),
        (0, 1)
    );
    let stranger = address(77);
    world.refused(
        stranger,
        wallet,
        "confirm(uint256)",
        &[Number(0)],
        "NotOwner(address)",
        &[Account(stranger)],
    );
    world.refused(
        ALICE,
        wallet,
        "confirm(uint256)",
        &[Number(0)],
        "AlreadyConfirmed(uint256,address)",
        &[Number(0), Account(ALICE)],
    );
    world.refused(
        ALICE,
        wallet,
        "execute(uint256)",
        &[Number(0)],
        "TooFewConfirmations(uint256,uint256)",
        &[Number(1), Number(2)],
    );
    world.ok(BOB, wallet, "confirm(uint256)", &[Number(0)]);
    world.ok(BOB, wallet, "revoke(uint256)", &[Number(0)]);
    world.refused(
        ALICE,
        wallet,
        "execute(uint256)",
        &[Number(0)],
        "TooFewConfirmations(uint256,uint256)",
        &[Number(1), Number(2)],
    );
    world.ok(BOB, wallet, "confirm(uint256)", &[Number(0)]);
    assert_eq!(
        world.ok(BOB, wallet, "execute(uint256)", &[Number(0)]),
        number_word(1)
    );
    assert_eq!(
        world.number(coin, "balanceOf(address)", &[Account(BOB)]),
        200
    );
    world.refused(
        ALICE,
        wallet,
        "execute(uint256)",
        &[Number(0)],
        "AlreadyExecuted(uint256)",
        &[Number(0)],
    );
    world.refused(
        ALICE,
        wallet,
        "confirm(uint256)",
        &[Number(5)],
        "NoSuchProposal(uint256)",
        &[Number(5)],
    );
    // Ether, with no call data.
    world.host.state.accounts.get_mut(&wallet).unwrap().balance = Word::from(10);
    world
        .host
        .state
        .accounts
        .insert(stranger, MockAccount::default());
    world.ok(
        ALICE,
        wallet,
        submit,
        &[Account(stranger), Number(7), Bytes(&[])],
    );
    world.ok(BOB, wallet, "confirm(uint256)", &[Number(1)]);
    world.ok(ALICE, wallet, "execute(uint256)", &[Number(1)]);
    assert_eq!(world.host.state.accounts[&stranger].balance, Word::from(7));
    // Wrong constructors.
    for (owners, threshold) in [
        (&owners[..], 4),
        (&owners[..], 0),
        (&[][..], 1),
        (&[ALICE, ALICE][..], 1),
    ] {
        let refused = world.deploy(
            address(5),
            &artefact("multisig"),
            &encode(&[Accounts(owners), Number(threshold)]),
        );
        assert_status(&refused, StatusCode::REVERT);
        assert_eq!(
            refused.output.as_slice(),
            encode_call("InvalidOwners()", &[])
        );
    }
}

#[test]
fn the_probe_hashes_calls_creates_and_looks_around() {
    for variant in VARIANTS {
        let mut world = World::new();
        let (probe, counter) = (address(1), address(2));
        let code = artefact(&format!("{variant}probe"));
        world.deploy(probe, &code, &[]);
        world.deploy(counter, &artefact("stylus-counter"), &[]);
        assert_eq!(
            world.ok(ALICE, probe, "hash(bytes)", &[Bytes(b"abc")]),
            keccak256(b"abc").0
        );
        // Calls of every kind: the counter's number moves in its own storage, or in the probe's.
        let increment = encode_call("increment()", &[]);
        let number = encode_call("number()", &[]);
        let call = "call(uint256,address,uint256,bytes)";
        assert_eq!(
            world.ok(
                ALICE,
                probe,
                call,
                &[Number(0), Account(counter), Number(0), Bytes(&increment)]
            ),
            number_word(0)
        );
        assert_eq!(
            world.ok(
                ALICE,
                probe,
                call,
                &[Number(2), Account(counter), Number(0), Bytes(&increment)]
            ),
            number_word(0)
        );
        for (holder, count) in [(counter, 1), (probe, 1)] {
            assert_eq!(world.host.state.slot(holder, 0), Word::from(count));
        }
        assert_eq!(
            world.ok(
                ALICE,
                probe,
                call,
                &[Number(1), Account(counter), Number(0), Bytes(&number)]
            ),
            [number_word(0), number_word(1)].concat()
        );
        // A write in a static call fails, an unknown selector reverts.
        assert_eq!(
            world.ok(
                ALICE,
                probe,
                call,
                &[Number(1), Account(counter), Number(0), Bytes(&increment)]
            ),
            number_word(2)
        );
        assert_eq!(
            world.ok(
                ALICE,
                probe,
                call,
                &[Number(0), Account(counter), Number(0), Bytes(b"what")]
            ),
            number_word(1)
        );
        // A revert above undoes the call below and brings its output.
        let reverted = world.send_as(
            ALICE,
            probe,
            "callAndRevert(address,bytes)",
            &[Account(counter), Bytes(&number)],
        );
        assert_status(&reverted, StatusCode::REVERT);
        assert_eq!(reverted.output.as_slice(), number_word(1));
        world.send_as(
            ALICE,
            probe,
            "callAndRevert(address,bytes)",
            &[Account(counter), Bytes(&increment)],
        );
        assert_eq!(world.host.state.slot(counter, 0), Word::from(1));
        // Creations.
        let child = artefact("counter");
        for kind in [0, 1] {
            let output = world.ok(
                ALICE,
                probe,
                "create(uint256,bytes32,bytes)",
                &[Number(kind), Arg::Word([7; 32]), Bytes(&child)],
            );
            let created = Address(output[12..].try_into().unwrap());
            world.ok(ALICE, created, "increment()", &[]);
            assert_eq!(world.number(created, "number()", &[]), 1);
        }
        let looked = world.ok(ALICE, probe, "account(address)", &[Account(counter)]);
        let size = artefact("stylus-counter").len() as u64;
        assert_eq!(looked[..64], [number_word(0), number_word(size)].concat());
        assert_eq!(looked[64..], keccak256(artefact("stylus-counter")).0);
        let block = world.environment.block;
        let context = world.ok(ALICE, probe, "context()", &[]);
        let expected = encode(&[
            Account(probe),
            Account(ALICE),
            Account(world.environment.transaction.origin),
            Number(0),
            Number(block.chain_id),
            Number(block.number),
            Number(block.timestamp),
            Arg::Word(block.base_fee.to_be_bytes()),
            Account(block.coinbase),
            Number(block.gas_limit),
        ]);
        assert_eq!(context, expected);
    }
}

#[test]
fn many_calls_are_one_and_fail_as_one() {
    let multicall = "multicall(address[],bytes[])";
    for variant in VARIANTS {
        let mut world = World::new();
        let [caller, counter, other, token_at] = [1, 2, 3, 4].map(address);
        world.deploy(caller, &artefact(&format!("{variant}multicall")), &[]);
        world.deploy(counter, &artefact("counter"), &[]);
        world.deploy(other, &artefact("stylus-counter"), &[]);
        token(&mut world, variant, token_at, 5);
        let [increment, number, name] =
            ["increment()", "number()", "name()"].map(|signature| encode_call(signature, &[]));
        let targets = [counter, counter, other, token_at];
        let inputs = [&increment[..], &number, &increment, &name];
        let output = world.ok(
            ALICE,
            caller,
            multicall,
            &[Accounts(&targets), Many(&inputs)],
        );
        let named = world.ok(ALICE, token_at, "name()", &[]);
        assert_eq!(
            output,
            encode(&[Many(&[&[], &number_word(1), &[], &named])])
        );
        assert_eq!(world.number(other, "number()", &[]), 1);
        // Nothing to do is done.
        let nothing = world.ok(ALICE, caller, multicall, &[Accounts(&[]), Many(&[])]);
        assert_eq!(nothing, encode(&[Many(&[])]));
        // One call that reverts undoes those before it and gives its own reason.
        let burn = encode_call("burn(uint256)", &[Number(6)]);
        world.refused(
            ALICE,
            caller,
            multicall,
            &[Accounts(&[counter, token_at]), Many(&[&increment, &burn])],
            "ERC20InsufficientBalance(address,uint256,uint256)",
            &[Account(caller), Number(0), Number(6)],
        );
        assert_eq!(world.number(counter, "number()", &[]), 1);
        world.refused(
            ALICE,
            caller,
            multicall,
            &[Accounts(&[counter]), Many(&[])],
            "LengthMismatch(uint256,uint256)",
            &[Number(1), Number(0)],
        );
        // Damaged arrays revert without a reason.
        let mut damaged = encode_call(multicall, &[Accounts(&targets), Many(&inputs)]);
        damaged.truncate(damaged.len() - 64);
        let message = Environment::call(caller, GAS, &damaged);
        let result = world.send(message).unwrap();
        assert_status(&result, StatusCode::REVERT);
        assert_eq!(result.output.as_slice(), &[] as &[u8]);
    }
}

#[test]
fn every_artefact_is_deterministic_and_small_in_memory() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/wasm/artifacts");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let code = std::fs::read(entry.unwrap().path()).unwrap();
        proz_wasm::testing::machine().validate_code(&code).unwrap();
        let facts = proz_wasm::validate(&code, &proz_wasm::testing::config()).unwrap();
        assert_eq!(facts.memory_pages, 1);
        count += 1;
    }
    assert!(count >= 17, "{count}");
}
