//! Gas estimates of whole transactions: enough, hardly more than enough, and found in few executions.
#![allow(clippy::unwrap_used, reason = "a test")]

use alloy_primitives::{Address, Bytes, U256, address};
use proz_artifact::{ReadOptions, encode_call, read_file};
use proz_host::{
    Block, ChainConfig, EstimateError, Host, Revision, SearchPath, StatusCode, TransactOptions,
    Transaction, VmFactoryConfig,
};
use proz_sdk_testing::mock::Environment;
use proz_state::{AccountInfo, MemoryDb};
use proz_tests::{plugins_dir, workspace_root};

const SENDER: Address = address!("0x00000000000000000000000000000000000a11ce");
const CONTRACT: Address = address!("0x000000000000000000000000000000000000c0de");
const INNER: Address = address!("0x000000000000000000000000000000000000beef");
const GAS_LIMIT: u64 = 16_000_000;
/// What `GasEstimate::executions` documents as its bound.
const MOST_EXECUTIONS: u32 = 30;

struct World {
    host: Host,
    block: Block,
    state: MemoryDb,
}

impl World {
    fn new(codes: &[(Address, &[u8])]) -> Self {
        let plugins = VmFactoryConfig {
            search_path: SearchPath::explicit([plugins_dir()]),
            ..VmFactoryConfig::default()
        };
        let host = Host::new(ChainConfig::ethereum(Revision::Osaka), plugins).unwrap();
        let block = Block {
            gas_limit: 60_000_000,
            base_fee: U256::ZERO.into(),
            ..Environment::new(Revision::Osaka).block
        };
        let mut state = MemoryDb::new();
        let rich = AccountInfo {
            balance: U256::from(1) << 100,
            ..AccountInfo::default()
        };
        state.insert_account(SENDER, rich);
        for (address, code) in codes {
            state.set_code(*address, Bytes::copy_from_slice(code));
        }
        Self { host, block, state }
    }

    fn succeeds(&self, transaction: &Transaction, gas_limit: u64) -> bool {
        let transaction = Transaction {
            gas_limit,
            ..transaction.clone()
        };
        let options = TransactOptions::default();
        let result = self
            .host
            .execute(&self.block, &self.state, &transaction, options);
        // Below the intrinsic gas it is not even executed.
        result.is_ok_and(|result| result.is_success())
    }

    /// Least limit with which the transaction succeeds, by trying each half.
    fn least(&self, transaction: &Transaction) -> u64 {
        let (mut low, mut high) = (20_999, GAS_LIMIT);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.succeeds(transaction, middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        high
    }

    fn estimate(&self, transaction: &Transaction) -> Result<proz_host::GasEstimate, EstimateError> {
        self.host
            .estimate_gas(&self.block, &self.state, transaction)
    }

    /// Asserts that the estimate suffices, lies at most 1.5 % above the least, and took few executions.
    fn assert_good(&self, name: &str, transaction: &Transaction) {
        let root = self.state.state_root();
        let estimate = self.estimate(transaction).unwrap();
        let least = self.least(transaction);
        println!("{name}: least {least}, estimate {estimate:?}");
        assert!(self.succeeds(transaction, estimate.gas), "{name}");
        assert!(estimate.gas >= least, "{name}: {estimate:?} below {least}");
        assert!(
            estimate.gas as f64 <= least as f64 * 1.015,
            "{name}: {estimate:?} far above {least}"
        );
        assert!(
            estimate.executions <= MOST_EXECUTIONS,
            "{name}: {estimate:?}"
        );
        assert_eq!(self.state.state_root(), root, "{name}");
    }
}

fn call(input: &[u8]) -> Transaction {
    Transaction {
        sender: SENDER,
        to: Some(CONTRACT),
        gas_limit: GAS_LIMIT,
        input: Bytes::copy_from_slice(input),
        ..Transaction::default()
    }
}

/// SSTORE of 0 over a slot that is set: earns a refund, which the limit must cover nevertheless.
const CLEAR: &[u8] = &[0x5f, 0x5f, 0x55, 0x00];

#[test]
fn a_transfer_needs_exactly_what_it_costs() {
    let world = World::new(&[]);
    let transfer = Transaction {
        to: Some(Address::repeat_byte(7)),
        value: U256::from(1),
        ..call(&[])
    };
    let estimate = world.estimate(&transfer).unwrap();
    assert_eq!((estimate.gas, world.least(&transfer)), (21_000, 21_000));
    // The floor of EIP-7623: 40 gas a byte that is not zero.
    let data = Transaction {
        input: vec![1; 1_000].into(),
        ..transfer
    };
    assert_eq!(world.estimate(&data).unwrap().gas, 21_000 + 40 * 1_000);
}

#[test]
fn gas_that_is_refunded_is_needed_first() {
    let mut world = World::new(&[(CONTRACT, CLEAR)]);
    world.state.set_storage(CONTRACT, U256::ZERO, U256::from(5));
    world.assert_good("refund", &call(&[]));
}

#[test]
fn a_64th_is_held_back_at_every_depth() {
    // Each frame calls itself until its call data has counted down, then stores.
    const RECURSION: &[u8] = &[
        0x5f, 0x35, 0x80, 0x60, 0x0a, 0x57, 0x60, 0x01, 0x5f, 0x55, // n; at zero slot[0] = 1
        0x5b, 0x80, 0x60, 0x11, 0x57, 0x00, 0x00, // stop at zero
        0x5b, 0x60, 0x01, 0x90, 0x03, 0x5f, 0x52, // memory[0] = n - 1
        0x5f, 0x5f, 0x60, 0x20, 0x5f, 0x5f, 0x30, 0x5a, 0xf1, // call itself
        0x60, 0x2a, 0x57, 0x5f, 0x5f, 0xfd, // revert when it failed
        0x00, 0x00, 0x00, 0x5b, 0x00,
    ];
    let world = World::new(&[(CONTRACT, RECURSION)]);
    for depth in [0_u64, 1, 5, 20, 60, 100] {
        let input = U256::from(depth).to_be_bytes::<32>();
        world.assert_good(&format!("depth {depth}"), &call(&input));
    }
}

#[test]
fn a_contract_may_ask_for_more_than_it_uses() {
    // GAS, PUSH3 300000, LT, JUMPI: reverts unless 300,000 gas are left, then does nothing.
    const GREEDY: &[u8] = &[
        0x62, 0x04, 0x93, 0xe0, 0x5a, 0x11, 0x60, 0x0b, 0x57, 0x5f,
        0x5f, // falls into 0xfd below
        0x5b, 0x00,
    ];
    let mut code = GREEDY.to_vec();
    code.splice(9..11, [0xfe, 0x00]);
    let world = World::new(&[(CONTRACT, &code)]);
    world.assert_good("greedy", &call(&[]));
}

#[test]
fn a_failed_inner_call_that_is_swallowed_needs_no_more() {
    // POP of a call of INNER, which halts and takes what it was given: 1,000 gas.
    const SWALLOW: &[u8] = &[
        0x5f, 0x5f, 0x5f, 0x5f, 0x5f, 0x61, 0xbe, 0xef, 0x61, 0x03, 0xe8, 0xf1, 0x50, 0x00,
    ];
    let world = World::new(&[(CONTRACT, SWALLOW), (INNER, &[0xfe])]);
    world.assert_good("swallowed", &call(&[]));
}

#[test]
fn creations_of_real_contracts_are_estimated() {
    let token = workspace_root().join("tests/fixtures/solidity/artifacts/Token.json");
    let token = read_file(&token, &ReadOptions::default()).unwrap();
    let world = World::new(&[]);
    let creation = Transaction {
        to: None,
        input: token.creation_call(&["Gold", "GLD"]).unwrap().into(),
        ..call(&[])
    };
    world.assert_good("creation", &creation);
}

#[test]
fn a_revert_is_told_with_its_data() {
    let probe = workspace_root().join("tests/fixtures/solidity/artifacts/Probe.json");
    let probe = read_file(&probe, &ReadOptions::default()).unwrap();
    let world = World::new(&[(CONTRACT, probe.runtime_code().unwrap())]);
    let input = encode_call("revertRaw(bytes)", &["0x0badc0de"]).unwrap();
    match world.estimate(&call(&input)).unwrap_err() {
        EstimateError::Reverted { data } => assert_eq!(data[..], [0x0b, 0xad, 0xc0, 0xde]),
        other => panic!("expected a revert, found {other}"),
    }
}

#[test]
fn what_never_succeeds_is_told_apart_from_what_costs_too_much() {
    let world = World::new(&[(CONTRACT, &[0xfe])]);
    match world.estimate(&call(&[])).unwrap_err() {
        EstimateError::Halted { gas_limit, status } => {
            assert_eq!(
                (gas_limit, status.0),
                (GAS_LIMIT, StatusCode::INVALID_INSTRUCTION)
            );
        }
        other => panic!("expected a halt, found {other}"),
    }
    let endless = World::new(&[(CONTRACT, &[0x5b, 0x5f, 0x56])]);
    match endless.estimate(&call(&[])).unwrap_err() {
        EstimateError::Halted { status, .. } => assert_eq!(status.0, StatusCode::OUT_OF_GAS),
        other => panic!("expected a halt, found {other}"),
    }
    let poor = Transaction {
        gas_limit: 20_000,
        ..call(&[])
    };
    match world.estimate(&poor).unwrap_err() {
        EstimateError::IntrinsicGas { gas_limit, needed } => {
            assert_eq!((gas_limit, needed), (20_000, 21_000));
        }
        other => panic!("expected too little gas, found {other}"),
    }
    let broke = Transaction {
        value: U256::MAX,
        ..call(&[])
    };
    match world.estimate(&broke).unwrap_err() {
        EstimateError::Halted { status, .. } => {
            assert_eq!(status.0, StatusCode::INSUFFICIENT_BALANCE);
        }
        other => panic!("expected too little money, found {other}"),
    }
}
