//! Tokens, a constant-product market and a router, each in any VM: the numbers, the events and the
//! storage are those of the market that is Solidity throughout.

use crate::world::{ALICE, Vm, World, args, word};
use alloy_primitives::{Address, B256, U256};

/// A market and who is in it. The order of deployment gives equal addresses whatever the VMs.
struct Market {
    world: World,
    gold: Address,
    silver: Address,
    pair: Address,
    router: Address,
}

const DEADLINE: u64 = 9_999_999_999;

impl Market {
    /// A pair with reserves, and a swapping router; liquidity is added by a router in Solidity.
    fn open(token: Vm, pair: Vm, router: Vm) -> Self {
        let mut world = World::new();
        let gold = world.deploy(token, "Token", args!["Gold", "AU"]);
        let silver = world.deploy(token, "Token", args!["Silver", "AG"]);
        let pair = world.deploy(pair, "Pair", args![gold, silver]);
        let filler = world.deploy(Vm::Evm, "Router", &[]);
        let router = world.deploy(router, "Router", &[]);
        for token in [gold, silver] {
            world.ok(token, "mint(address,uint256)", args![ALICE, "1000000e18"]);
            for spender in [filler, router] {
                world.ok(
                    token,
                    "approve(address,uint256)",
                    args![spender, "1000000e18"],
                );
            }
        }
        let signature = "addLiquidity(address,uint256,uint256,uint256,uint256,address,uint256)";
        let amounts = args![pair, "5000e18", "20000e18", 0, 0, ALICE, DEADLINE];
        let added = world.ok(filler, signature, amounts);
        assert_eq!(added.len(), 96);
        Self {
            world,
            gold,
            silver,
            pair,
            router,
        }
    }

    fn swap(&mut self, amount: &str, least: &str) -> proz_host::ExecutionResult {
        self.world.call(
            self.router,
            "swapExactInput(address,address,uint256,uint256,address,uint256)",
            args![self.pair, self.gold, amount, least, ALICE, DEADLINE],
        )
    }

    /// All that anyone can see of the market.
    fn sight(&mut self) -> Vec<U256> {
        let mut seen = Vec::new();
        for token in [self.gold, self.silver, self.pair] {
            seen.push(self.world.number(token, "totalSupply()", &[]));
            for holder in [ALICE, self.pair, self.router] {
                seen.push(
                    self.world
                        .number(token, "balanceOf(address)", args![holder]),
                );
            }
        }
        let reserves = self.world.ok(self.pair, "getReserves()", &[]);
        seen.extend([word(&reserves, 0), word(&reserves, 1)]);
        seen
    }
}

/// Who emitted what.
type Event = (Address, Vec<B256>, Vec<u8>);

fn events(result: &proz_host::ExecutionResult) -> Vec<Event> {
    let own = |log: proz_state::LogRef<'_>| (log.address, log.topics.to_vec(), log.data.to_vec());
    result.events().iter().map(own).collect()
}

#[test]
fn every_mixture_of_vms_trades_alike() {
    let mut first: Option<(Vec<u8>, Vec<Event>, Vec<U256>)> = None;
    let mut gas = Vec::new();
    for token in Vm::ALL {
        for pair in Vm::ALL {
            for router in Vm::ALL {
                let mut market = Market::open(token, pair, router);
                let swapped = market.swap("100e18", "1e18");
                assert!(
                    swapped.is_success(),
                    "{token:?} {pair:?} {router:?}: {}",
                    swapped.status
                );
                let found = (
                    swapped.return_data.to_vec(),
                    events(&swapped),
                    market.sight(),
                );
                let expected = first.get_or_insert_with(|| found.clone());
                assert_eq!(&found, expected, "{token:?} {pair:?} {router:?}");
                assert!(found.1.len() >= 5, "transfers, sync, swap, swapped");
                gas.push(format!(
                    "{token:?}/{pair:?}/{router:?} {}",
                    swapped.gas_used
                ));
            }
        }
    }
    println!("gas of a swap by token/pair/router: {}", gas.join(", "));
}

/// The pair in Solidity keeps its tokens in its code, so only the tokens are compared.
#[test]
fn tokens_lay_their_storage_out_alike() {
    let storage = |vm| {
        let mut market = Market::open(vm, vm, vm);
        assert!(market.swap("100e18", "1e18").is_success());
        [market.gold, market.silver].map(|account| {
            let account = market.world.state.get(&account).unwrap();
            account.sorted_storage()
        })
    };
    let solidity = storage(Vm::Evm);
    for vm in [Vm::Native, Vm::Stylus, Vm::Proz] {
        assert_eq!(storage(vm), solidity, "{vm:?}");
    }
}

#[test]
fn a_failed_swap_changes_nothing_and_says_why_across_vms() {
    let mut reasons = std::collections::BTreeSet::new();
    for (token, pair, router) in [
        (Vm::Evm, Vm::Evm, Vm::Evm),
        (Vm::Evm, Vm::Native, Vm::Evm),
        (Vm::Native, Vm::Evm, Vm::Stylus),
        (Vm::Stylus, Vm::Native, Vm::Evm),
        (Vm::Evm, Vm::Stylus, Vm::Native),
        (Vm::Proz, Vm::Proz, Vm::Proz),
        (Vm::Proz, Vm::Evm, Vm::Proz),
        (Vm::Evm, Vm::Proz, Vm::Native),
        (Vm::Stylus, Vm::Proz, Vm::Evm),
    ] {
        let mut market = Market::open(token, pair, router);
        let before = market.sight();
        // Too little comes out: the router reverts after all transfers.
        let late = market.swap("100e18", "1000e18");
        assert_eq!(late.status.0, proz_host::StatusCode::REVERT);
        assert!(late.events().is_empty());
        // More than the allowance: the token reverts, two VMs deep.
        let dear = market.swap("2000000e18", "0");
        assert_eq!(dear.status.0, proz_host::StatusCode::REVERT);
        assert_eq!(market.sight(), before, "{token:?} {pair:?} {router:?}");
        reasons.insert((late.return_data, dear.return_data));
    }
    assert_eq!(reasons.len(), 1, "one pair of reasons for all: {reasons:?}");
}
