//! Blocks by chance: what happens to a chain and to its nodes.

use alloy_primitives::{Address, Bytes, U256};
use proz_tests::random::Random;

use crate::{
    Authorization, Chain, History, NodeCalls, Release, RevisionFrom, Step, Transaction,
    codes::{self, Kind},
    setups,
    world::{genesis, sender},
};

/// Wei per gas: the base fee of every block and a tip.
const GAS_PRICE: u64 = 10;

/// Accounts of precompiles, and some where nobody is.
const OTHERS: [u8; 8] = [1, 2, 4, 5, 8, 9, 0x0b, 0xee];

/// Makes the steps of a history one by one, and learns what contracts there are.
pub(crate) struct Maker {
    random: Random,
    contracts: Vec<(Address, Kind)>,
    /// What transactions create, by their place in the last block.
    expected: Vec<Option<Kind>>,
    nodes: usize,
    number: u64,
}

impl Maker {
    /// A chain, its accounts and its nodes; steps come from [`Self::steps`].
    pub(crate) fn new(seed: u64, blocks: u64) -> (Self, History) {
        let mut random = Random::new(seed);
        let chain = chain(&mut random, blocks);
        let (accounts, contracts) = genesis(&mut random);
        let with_limits = random.one_in(3);
        let nodes = setups::setups(&mut random, 3, with_limits);
        let history = History {
            note: format!("seed {seed}"),
            chain,
            genesis: accounts,
            nodes,
            steps: Vec::new(),
        };
        let maker = Self {
            random,
            contracts,
            expected: Vec::new(),
            nodes: history.nodes.len(),
            number: 0,
        };
        (maker, history)
    }

    /// What happens next: perhaps something to a node, then a block.
    pub(crate) fn steps(&mut self) -> Vec<Step> {
        self.number += 1;
        let mut steps = Vec::new();
        // The first node is left in peace: others are compared with it.
        let node = 1 + self.random.below(self.nodes as u64 - 1) as usize;
        match self.random.below(24) {
            0 | 1 => steps.push(Step::Restart { node }),
            2 => steps.push(Step::SwapBuilds { node }),
            3 => steps.push(Step::RollBack { node }),
            4 => {
                let (old, new) = setups::exchange(&mut self.random);
                steps.push(Step::Exchange { node, old, new });
            }
            5..=9 => {
                let calls = self.calls();
                steps.push(Step::Simulate(NodeCalls { node, calls }));
            }
            _ => {}
        }
        let mut meanwhile = Vec::new();
        if self.random.one_in(3) {
            let node = 1 + self.random.below(self.nodes as u64 - 1) as usize;
            let calls = self.calls();
            meanwhile.push(NodeCalls { node, calls });
        }
        self.expected.clear();
        let transactions = (0..1 + self.random.below(5))
            .map(|_| {
                let (transaction, kind) = self.transaction();
                self.expected.push(kind);
                transaction
            })
            .collect();
        steps.push(Step::Block {
            number: self.number,
            transactions,
            meanwhile,
        });
        steps
    }

    /// Takes note of what the last block created.
    pub(crate) fn learn(&mut self, created: &[Option<Address>]) {
        for (address, kind) in created.iter().zip(&self.expected) {
            if let (Some(address), Some(kind)) = (address, kind) {
                self.contracts.push((*address, *kind));
            }
        }
    }

    fn calls(&mut self) -> Vec<Transaction> {
        (0..1 + self.random.below(4))
            .map(|_| self.transaction().0)
            .collect()
    }

    fn accounts(&mut self) -> Vec<Address> {
        // The latest contracts are met more often than their number says.
        let latest = self.contracts.iter().rev().take(6);
        let mut accounts: Vec<_> = latest.map(|(address, _)| *address).collect();
        for _ in 0..6 {
            accounts.push(self.random.pick(&self.contracts).0);
        }
        accounts.push(Address::with_last_byte(*self.random.pick(&OTHERS)));
        accounts.push(sender(self.random.below(6)));
        accounts
    }

    fn transaction(&mut self) -> (Transaction, Option<Kind>) {
        let accounts = self.accounts();
        let random = &mut self.random;
        let mut transaction = Transaction {
            from: sender(random.below(6)),
            gas: gas(random),
            gas_price: GAS_PRICE,
            ..Transaction::default()
        };
        let kind = match random.below(16) {
            0..=3 => {
                let deployment = codes::contained(random, &accounts);
                transaction.gas = transaction.gas.max(3_000_000);
                transaction.input = deployment.init_code.into();
                Some(deployment.kind)
            }
            4 => {
                let deployment = codes::plain(random, &accounts);
                transaction.gas = transaction.gas.max(2_000_000);
                transaction.input = deployment.init_code.into();
                Some(deployment.kind)
            }
            5 => {
                transaction.to = Some(*random.pick(&accounts));
                transaction.value = U256::from(random.below(3));
                None
            }
            6 => {
                delegate(random, &accounts, &mut transaction);
                None
            }
            _ => {
                let is_late = random.one_in(2);
                let count = self.contracts.len() as u64;
                let from = if is_late { count.saturating_sub(6) } else { 0 };
                let place = from + random.below(count - from);
                let (address, kind) = self.contracts[place as usize];
                transaction.to = Some(address);
                transaction.input = codes::input(random, kind, &accounts).into();
                transaction.value = U256::from(u64::from(random.one_in(8)));
                None
            }
        };
        if self.random.one_in(60) {
            transaction.nonce = Some(self.random.below(4));
        }
        if self.random.one_in(80) {
            transaction.gas_price = self.random.below(8);
        }
        (transaction, kind)
    }
}

/// Authorizations of senders for contracts, and a call of a sender that may be delegated.
fn delegate(random: &mut Random, accounts: &[Address], transaction: &mut Transaction) {
    if random.below(3) > 0 {
        transaction.authorizations = (0..1 + random.below(2))
            .map(|_| Authorization {
                authority: sender(random.below(6)),
                address: *random.pick(accounts),
                nonce: random.below(12),
            })
            .collect();
    }
    transaction.to = Some(sender(random.below(6)));
    transaction.input = Bytes::from(codes::input(random, Kind::Raw, accounts));
}

/// Mostly enough, sometimes hardly or not; seldom all that a transaction may have.
fn gas(random: &mut Random) -> u64 {
    match random.below(20) {
        0 => 21_000 + random.below(40_000),
        1 => 1 << 24,
        2 | 3 => 100_000 + random.below(300_000),
        _ => 600_000 + random.below(2_000_000),
    }
}

/// Revisions and releases that begin and end on the way.
fn chain(random: &mut Random, blocks: u64) -> Chain {
    const NAMES: [&str; 7] = [
        "berlin", "london", "paris", "shanghai", "cancun", "prague", "osaka",
    ];
    const SHANGHAI: u64 = 3;
    let first = match random.below(4) {
        0 => random.below(3),
        1 => SHANGHAI,
        _ => 6,
    };
    let mut chain = Chain::default();
    let mut from_block = 0;
    let mut cancun = 0;
    for (number, name) in (0..).zip(NAMES) {
        if number < first {
            continue;
        }
        if number == SHANGHAI + 1 {
            cancun = from_block;
        }
        chain.revisions.push(RevisionFrom {
            from_block,
            revision: (*name).to_owned(),
        });
        from_block += 1 + random.below((blocks / 4).max(1));
    }
    let begin = |plugin: &str, version: &str, from_block: u64| Release {
        plugin: plugin.to_owned(),
        version: version.to_owned(),
        from_block,
        ..Release::default()
    };
    let replaced = || vec!["1.0.0".to_owned()];
    if cancun > 0 {
        // No later than the rules that the old release does not run.
        let mut newer = begin("proz-evm", "1.1.0", 1 + random.below(cancun));
        chain.releases.push(begin("proz-evm", "1.0.0", 0));
        if random.one_in(2) {
            newer.replaces = replaced();
        } else {
            chain.retired.push(begin("proz-evm", "1.0.0", cancun));
        }
        chain.releases.push(newer);
    } else {
        chain.releases.push(begin("proz-evm", "1.1.0", 0));
    }
    for (plugin, options) in [
        (
            "proz-wasm",
            [
                "max_memory_pages = 20",
                "deterministic = true",
                "limits = { locals = 40 }",
            ],
        ),
        (
            "proz-prozvm",
            [
                "memory_model = { max_pages = 300 }",
                "stack_limit = { call_depth = 50 }",
                "",
            ],
        ),
    ] {
        let first = begin(plugin, random.pick::<&str>(&["1.0.0", "1.1.0"]), 0);
        let mut later = begin(plugin, "1.1.0", 1 + random.below(blocks));
        if random.below(3) > 0 {
            let text = random.pick(&options);
            later.options = text
                .parse()
                .unwrap_or_else(|error| panic!("{text}: {error}"));
        }
        match random.below(5) {
            0 => {}
            1 if first.version == "1.0.0" => {
                later.replaces = replaced();
                chain.releases.push(later);
            }
            2 => {
                let end = later.from_block + random.below(blocks);
                chain
                    .retired
                    .push(begin(plugin, &first.version, end.max(1)));
                if first.version == "1.0.0" {
                    chain.releases.push(later);
                }
            }
            _ => chain.releases.push(later),
        }
        chain.releases.push(first);
    }
    chain.releases.push(begin(
        "proz-precompiles",
        random.pick::<&str>(&["1.0.0", "2.0.0"]),
        0,
    ));
    if random.one_in(2)
        && chain
            .releases
            .last()
            .is_some_and(|pack| pack.version == "1.0.0")
    {
        chain
            .releases
            .push(begin("proz-precompiles", "2.0.0", 1 + random.below(blocks)));
    }
    chain
}
