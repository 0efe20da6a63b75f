//! Contracts of the ProzVM kit and contracts in Solidity that call each other, and the market of the kit beside the
//! one in Solidity: numbers, reasons, events and storage.

use crate::world::{ALICE, Vm, World, args, assert_status, hex, program, solidity, word};
use alloy_primitives::{Address, B256, U256, keccak256};
use proz_artifact::{encode_arguments, encode_call, parse_signature};
use proz_host::{ExecutionResult, StatusCode};

const BOB: Address = Address::repeat_byte(0xbb);

/// Deploys a program of the kit; `arguments` are those of `signature`.
fn deploy(world: &mut World, name: &str, signature: &str, arguments: &[String]) -> Address {
    let constructor = parse_signature(signature).unwrap();
    let arguments = encode_arguments("", &constructor.inputs, arguments).unwrap();
    let created = world.create([program(name), arguments].concat());
    assert_status(&created, StatusCode::SUCCESS);
    created.created.unwrap()
}

#[track_caller]
fn assert_reason(result: &ExecutionResult, signature: &str, arguments: &[String]) {
    assert_status(result, StatusCode::REVERT);
    assert_eq!(
        result.return_data,
        encode_call(signature, arguments).unwrap()
    );
}

/// A vault in ProzVM over a token in Solidity, with 1,000 of ALICE, and a borrower in Solidity with 50.
fn vault() -> (World, [Address; 3]) {
    let mut world = World::new();
    let gold = world.deploy(Vm::Evm, "Token", args!["Gold", "AU"]);
    let vault = deploy(&mut world, "vault", "constructed(address)", args![gold]);
    let borrower = world.deploy(Vm::Evm, "Hook", &[]);
    world.ok(gold, "mint(address,uint256)", args![ALICE, 1_000]);
    world.ok(gold, "mint(address,uint256)", args![borrower, 50]);
    world.ok(gold, "approve(address,uint256)", args![vault, 1_000]);
    world.ok(vault, "deposit(uint256)", args![1_000]);
    (world, [gold, vault, borrower])
}

const FLASH: &str = "flash(address,uint256,bytes)";

/// What the borrower is told: pay `back`, and call the lender with `call` before.
fn orders(gold: Address, back: u64, call: &[u8]) -> String {
    let signature = parse_signature("orders(address,uint256,bytes)").unwrap();
    let arguments = encode_arguments("", &signature.inputs, args![gold, back, hex(call)]);
    hex(&arguments.unwrap())
}

#[test]
fn a_vault_in_prozvm_lends_to_a_borrower_in_solidity() {
    let (mut world, [gold, vault, borrower]) = vault();
    let result = world.call(vault, FLASH, args![borrower, 600, orders(gold, 610, &[])]);
    assert_status(&result, StatusCode::SUCCESS);
    // What the borrower returned: who asked, how much, and that nothing was called.
    assert_eq!(
        word(&result.return_data, 0),
        U256::from_be_slice(ALICE.as_slice())
    );
    assert_eq!(word(&result.return_data, 1), U256::from(600));
    assert_eq!(result.return_data.len(), 96);
    let lent = result.events().iter().last().unwrap();
    assert_eq!(lent.address, vault);
    assert_eq!(lent.topics[0], keccak256("Lent(address,uint256)"));
    let balance = "balanceOf(address)";
    assert_eq!(world.number(gold, balance, args![vault]), U256::from(1_010));
    assert_eq!(world.number(gold, balance, args![borrower]), U256::from(40));
}

#[test]
fn a_loan_that_is_not_paid_back_never_happened() {
    let (mut world, [gold, vault, borrower]) = vault();
    let short = world.call(vault, FLASH, args![borrower, 600, orders(gold, 599, &[])]);
    assert_reason(&short, "NotPaidBack(uint256,uint256)", args![1_000, 999]);
    // The token's own reason comes through borrower and vault.
    let dear = world.call(vault, FLASH, args![borrower, 600, orders(gold, 651, &[])]);
    let reason = "ERC20InsufficientBalance(address,uint256,uint256)";
    assert_reason(&dear, reason, args![borrower, 650, 651]);
    let large = world.call(vault, FLASH, args![borrower, 1_001, orders(gold, 0, &[])]);
    assert_reason(&large, reason, args![vault, 1_000, 1_001]);
    let balance = world.number(gold, "balanceOf(address)", args![vault]);
    assert_eq!(balance, U256::from(1_000));
}

#[test]
fn the_vault_lets_nobody_in_while_it_lends() {
    let (mut world, [gold, vault, borrower]) = vault();
    for (call, arguments) in [
        ("deposit(uint256)", vec!["1".to_owned()]),
        ("withdraw(uint256)", vec!["1".to_owned()]),
        (FLASH, args![borrower, 1, "0x"].to_vec()),
    ] {
        let inner = encode_call(call, &arguments).unwrap();
        world.ok(
            vault,
            FLASH,
            args![borrower, 100, orders(gold, 100, &inner)],
        );
        let succeeded = world.number(borrower, "succeeded()", &[]);
        assert_eq!(succeeded, U256::ZERO, "{call}");
        let returned = world.ok(borrower, "returned()", &[]);
        let reason = encode_call::<&str>("Locked()", &[]).unwrap();
        assert_eq!(word(&returned, 1), U256::from(4), "{call}");
        assert_eq!(returned[64..68], reason, "{call}");
    }
    // Looking is allowed, and the lock is gone afterwards.
    let look = encode_call::<&str>("totalDeposits()", &[]).unwrap();
    world.ok(vault, FLASH, args![borrower, 100, orders(gold, 100, &look)]);
    assert_eq!(world.number(borrower, "succeeded()", &[]), U256::from(1));
    world.ok(vault, "withdraw(uint256)", args![1_000]);
}

#[test]
fn a_token_that_calls_back_finds_every_pair_locked() {
    let mut first = None;
    for vm in Vm::ALL {
        let mut world = World::new();
        let hook = world.deploy(Vm::Evm, "Hook", &[]);
        let silver = world.deploy(Vm::Evm, "Token", args!["Silver", "AG"]);
        let pair = world.deploy(vm, "Pair", args![hook, silver]);
        let is_first = hook < silver;
        for token in [hook, silver] {
            world.ok(token, "mint(address,uint256)", args![pair, 1_000_000]);
        }
        let shares = world.number(pair, "mint(address)", args![ALICE]);
        let mut seen = vec![shares];
        for inner in [
            encode_call("swap(uint256,uint256,address)", args![1, 0, ALICE]).unwrap(),
            encode_call("mint(address)", args![ALICE]).unwrap(),
            encode_call("burn(address)", args![ALICE]).unwrap(),
            encode_call::<&str>("getReserves()", &[]).unwrap(),
        ] {
            let is_look = inner.len() == 4;
            world.ok(hook, "arm(address,bytes)", args![pair, hex(&inner)]);
            world.ok(silver, "mint(address,uint256)", args![pair, 1_000]);
            let out = if is_first { [900, 0] } else { [0, 900] };
            let swap = "swap(uint256,uint256,address)";
            world.ok(pair, swap, args![out[0], out[1], BOB]);
            let succeeded = world.number(hook, "succeeded()", &[]);
            assert_eq!(succeeded, U256::from(u8::from(is_look)), "{vm:?}");
            let returned = world.ok(hook, "returned()", &[]);
            if !is_look {
                let reason = encode_call::<&str>("Locked()", &[]).unwrap();
                assert_eq!(returned[64..68], reason, "{vm:?}");
            }
            let reserves = world.ok(pair, "getReserves()", &[]);
            seen.extend([word(&reserves, 0), word(&reserves, 1)]);
        }
        assert_eq!(first.get_or_insert_with(|| seen.clone()), &seen, "{vm:?}");
    }
}

#[test]
fn an_airdrop_and_a_lock_in_prozvm_pay_tokens_in_solidity() {
    let mut world = World::new();
    let gold = world.deploy(Vm::Evm, "Token", args!["Gold", "AU"]);
    // One leaf is its own root.
    let leaf = parse_signature("leaf(uint256,address,uint256)").unwrap();
    let leaf = encode_arguments("", &leaf.inputs, args![7, BOB, 70]).unwrap();
    let root = keccak256(keccak256(leaf));
    let airdrop = deploy(
        &mut world,
        "airdrop",
        "constructed(address,bytes32)",
        args![gold, root],
    );
    world.ok(gold, "mint(address,uint256)", args![airdrop, 70]);
    let claim = "claim(uint256,address,uint256,bytes32[])";
    let wrong = world.call(airdrop, claim, args![7, ALICE, 70, "[]"]);
    assert_status(&wrong, StatusCode::REVERT);
    world.ok(airdrop, claim, args![7, BOB, 70, "[]"]);
    let again = world.call(airdrop, claim, args![7, BOB, 70, "[]"]);
    assert_reason(&again, "AlreadyClaimed(uint256)", args![7]);

    let locks = deploy(&mut world, "htlc", "constructed()", &[]);
    world.ok(gold, "mint(address,uint256)", args![ALICE, 30]);
    world.ok(gold, "approve(address,uint256)", args![locks, 30]);
    // SHA-256 of 32 zero bytes.
    let digest = "0x66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925";
    let lock = "lockTokens(address,uint256,address,bytes32,uint256)";
    world.ok(locks, lock, args![gold, 30, BOB, digest, 100]);
    let wrong = world.call(locks, "claim(uint256,bytes32)", args![0, digest]);
    assert_status(&wrong, StatusCode::REVERT);
    let early = world.call(locks, "refund(uint256)", args![0]);
    assert_reason(&early, "NotYet(uint256,uint256)", args![100, 1]);
    world.ok(locks, "claim(uint256,bytes32)", args![0, B256::ZERO]);
    let balance = world.number(gold, "balanceOf(address)", args![BOB]);
    assert_eq!(balance, U256::from(100));
}

/// A random number generator that gives the same numbers to both sides.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// Status, output and events of a call, for comparison.
type Sight = (StatusCode, Vec<u8>, Vec<(Address, Vec<B256>, Vec<u8>)>);

fn sight(result: &ExecutionResult) -> Sight {
    let logs = result.events();
    let own = |log: proz_state::LogRef<'_>| (log.address, log.topics.to_vec(), log.data.to_vec());
    let events = logs.iter().map(own).collect();
    (result.status.0, result.return_data.to_vec(), events)
}

const ADD_LIQUIDITY: &str = "addLiquidity(address,uint256,uint256,uint256,uint256,address,uint256)";

/// The market with contracts of one VM: two tokens, a pair, a router.
fn market(vm: Vm) -> (World, [Address; 4]) {
    let mut world = World::new();
    let gold = world.deploy(vm, "Token", args!["Gold", "AU"]);
    let silver = world.deploy(vm, "Token", args!["Silver", "AG"]);
    let pair = world.deploy(vm, "Pair", args![gold, silver]);
    let router = world.deploy(vm, "Router", &[]);
    (world, [gold, silver, pair, router])
}

#[test]
fn any_order_of_business_has_the_outcome_that_solidity_gives_it() {
    let (mut evm, accounts) = market(Vm::Evm);
    let (mut proz, same) = market(Vm::Proz);
    assert_eq!(accounts, same);
    let [gold, silver, pair, router] = accounts;
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut outcomes = std::collections::BTreeMap::new();
    for world in [&mut evm, &mut proz] {
        for token in [gold, silver] {
            let plenty: U256 = U256::from(1) << 90_usize;
            world.ok(token, "mint(address,uint256)", args![ALICE, plenty]);
        }
        for token in [gold, silver, pair] {
            world.ok(token, "approve(address,uint256)", args![router, U256::MAX]);
        }
        let amounts = args![pair, "1e18", "2e18", 0, 0, ALICE, 1];
        world.ok(router, ADD_LIQUIDITY, amounts);
    }
    for step in 0..600 {
        let token = [gold, silver, pair][dice.roll(3) as usize];
        let who = [ALICE, BOB, pair, router, Address::ZERO, gold][dice.roll(6) as usize];
        let amount = match dice.roll(8) {
            0 => U256::ZERO,
            1 => U256::MAX >> dice.roll(256) as usize,
            2 => U256::from(dice.roll(5_000)),
            _ => U256::from(dice.roll(1 << 40)) * U256::from(dice.roll(1 << 30)),
        };
        let other = U256::from(dice.roll(1 << 40));
        let (to, signature, arguments) = match dice.roll(16) {
            0 | 1 => (token, "mint(address,uint256)", args![who, amount].to_vec()),
            2 | 3 => (
                token,
                "transfer(address,uint256)",
                args![who, amount].to_vec(),
            ),
            4 => (
                token,
                "approve(address,uint256)",
                args![router, amount].to_vec(),
            ),
            5 => (
                token,
                "approve(address,uint256)",
                args![router, U256::MAX].to_vec(),
            ),
            6 => (token, "burn(uint256)", args![amount].to_vec()),
            7 | 8 => (pair, "mint(address)", args![who].to_vec()),
            9 => (pair, "burn(address)", args![who].to_vec()),
            10 => (
                pair,
                "swap(uint256,uint256,address)",
                args![amount, 0, who].to_vec(),
            ),
            11 => (
                pair,
                "swap(uint256,uint256,address)",
                args![0, other, who].to_vec(),
            ),
            12 => (
                pair,
                "getAmountOut(address,uint256)",
                args![token, amount].to_vec(),
            ),
            13 => (
                router,
                ADD_LIQUIDITY,
                args![
                    pair,
                    other * U256::from(512),
                    other,
                    0,
                    dice.roll(2),
                    who,
                    dice.roll(9)
                ]
                .to_vec(),
            ),
            14 => (
                router,
                "removeLiquidity(address,uint256,uint256,uint256,address,uint256)",
                args![pair, other, 0, dice.roll(2), who, 1].to_vec(),
            ),
            _ => (
                router,
                "swapExactInputThrough(address[],address,uint256,uint256,address,uint256)",
                args![format!("[{pair}]"), token, other, dice.roll(2), who, 1].to_vec(),
            ),
        };
        let [expected, found] =
            [&mut evm, &mut proz].map(|world| sight(&world.call(to, signature, &arguments)));
        assert_eq!(found, expected, "step {step}: {signature} {arguments:?}");
        *outcomes
            .entry((signature, expected.0.is_success()))
            .or_insert(0) += 1;
    }
    for token in [gold, silver] {
        let [expected, found] =
            [&evm, &proz].map(|world| world.state.get(&token).unwrap().sorted_storage());
        assert_eq!(found, expected);
    }
    // The pair keeps its own numbers as Solidity does; only where it keeps its tokens differs.
    for slot in 0..6 {
        assert_eq!(proz.slot(pair, slot), evm.slot(pair, slot), "slot {slot}");
    }
    println!("{outcomes:?}");
    let [successes, failures] = [true, false].map(|sort| {
        outcomes
            .keys()
            .filter(|(_, success)| *success == sort)
            .count()
    });
    assert!(successes == 11 && failures == 10, "{outcomes:?}");
}

#[test]
fn malformed_call_data_gets_the_answer_that_solidity_gives() {
    let (mut evm, accounts) = market(Vm::Evm);
    let (mut proz, _) = market(Vm::Proz);
    for (name, to) in [
        ("Token", accounts[0]),
        ("Pair", accounts[2]),
        ("Router", accounts[3]),
    ] {
        let abi = solidity(name).abi.unwrap();
        let mut dice = Dice(42);
        for function in abi.functions() {
            let words = function.inputs.len();
            let mut inputs: Vec<Vec<u8>> = (0..=4 + 32 * words)
                .map(|length| [function.selector().as_slice(), &[0; 256]].concat()[..length].into())
                .collect();
            for _ in 0..60 {
                let mut input = function.selector().to_vec();
                for _ in 0..words as u64 + dice.roll(4) {
                    let word = match dice.roll(9) {
                        0 => U256::MAX,
                        1 => U256::from(u64::MAX - dice.roll(40)),
                        2 => U256::from(1) << 160,
                        3 => U256::from(32 * dice.roll(9)),
                        4 => U256::from_be_slice(accounts[dice.roll(4) as usize].as_slice()),
                        5 => U256::from(1) << dice.roll(256) as usize,
                        _ => U256::from(dice.roll(200)),
                    };
                    input.extend(word.to_be_bytes::<32>());
                }
                input.truncate(input.len() - dice.roll(3) as usize);
                inputs.push(input);
            }
            for input in inputs {
                let [expected, found] =
                    [&mut evm, &mut proz].map(|world| sight(&world.send(to, input.clone())));
                let place = || format!("{name} {} {}", function.signature(), hex(&input));
                assert_eq!(found, expected, "{}", place());
            }
        }
    }
}
