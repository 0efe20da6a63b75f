//! An ERC-20 transfer as a whole transaction: this host through the loaded plugin, and revm's
//! `transact`, each on its own state in memory, nothing written.
//!
//!     cargo xtask stage && cargo bench -p proz-differential --bench transfer
#![allow(missing_docs, clippy::unwrap_used)]

use alloy_primitives::{Address, B256, Bytes, TxKind, U256, hex, keccak256};
use proz_artifact::{ReadOptions, encode_call, read_file};
use proz_host::{
    Block, ChainConfig, Revision, SearchPath, TransactOptions, Transaction, VmFactory,
    VmFactoryConfig, transaction::transact,
};
use proz_state::{AccountInfo, MemoryDb};
use proz_tests::{plugins_dir, workspace_root};
use revm::{
    Context, ExecuteEvm as _, MainBuilder as _, MainContext as _,
    bytecode::Bytecode,
    context::TxEnv,
    database::{CacheDB, EmptyDB},
    primitives::hardfork::SpecId,
    state::AccountInfo as RevmInfo,
};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

const SENDER: Address = Address::repeat_byte(0xaa);
const HOLDER: Address = Address::repeat_byte(0xbb);
const TOKEN: Address = Address::repeat_byte(0x70);
const GAS_LIMIT: u64 = 100_000;
const BATCHES: usize = 61;
const CALLS: u32 = 2_000;

/// Slot of a holder's balance in the fixture.
fn balance_slot(holder: Address) -> U256 {
    let mut preimage = [0; 64];
    preimage[12..32].copy_from_slice(holder.as_slice());
    preimage[63] = 3;
    U256::from_be_bytes(keccak256(preimage).0)
}

fn time(run: &mut dyn FnMut()) -> Duration {
    let started = Instant::now();
    for _ in 0..CALLS {
        run();
    }
    started.elapsed() / CALLS
}

fn main() {
    let token = workspace_root().join("tests/fixtures/solidity/artifacts/Token.json");
    let token = read_file(&token, &ReadOptions::default()).unwrap();
    let code = Bytes::from(token.runtime_code().unwrap().to_vec());
    let arguments = [HOLDER.to_string(), "1".to_owned()];
    let input = Bytes::from(encode_call("transfer(address,uint256)", &arguments).unwrap());
    let many = U256::from(1_u64 << 60);

    let vms = VmFactory::new(VmFactoryConfig {
        search_path: SearchPath::explicit([plugins_dir()]),
        require: vec![
            "evm@^1.1".parse().unwrap(),
            "plugin:proz-precompiles@^2".parse().unwrap(),
        ],
        ..VmFactoryConfig::default()
    })
    .unwrap();
    let mut state = MemoryDb::new();
    let rich = AccountInfo {
        balance: many,
        ..AccountInfo::default()
    };
    state.insert_account(SENDER, rich);
    state.set_code(TOKEN, code.clone());
    let mut database = CacheDB::new(EmptyDB::new());
    database.insert_account_info(SENDER, RevmInfo::default().with_balance(many));
    let bytecode = Bytecode::new_raw(code);
    database.insert_account_info(TOKEN, RevmInfo::default().with_code(bytecode));
    for holder in [SENDER, HOLDER] {
        state.set_storage(TOKEN, balance_slot(holder), many);
        database
            .insert_account_storage(TOKEN, balance_slot(holder), many)
            .unwrap();
    }

    let rules = ChainConfig::ethereum(Revision::Cancun).rules(Revision::Cancun);
    let block = Block {
        number: 1,
        timestamp: 1,
        gas_limit: 30_000_000,
        chain_id: 1,
        coinbase: Address::repeat_byte(0xe0).into(),
        base_fee: U256::ZERO.into(),
        difficulty: U256::ZERO.into(),
        prev_randao: B256::ZERO.into(),
        blob_base_fee: U256::from(1).into(),
    };
    let transaction = Transaction {
        sender: SENDER,
        to: Some(TOKEN),
        nonce: Some(0),
        gas_limit: GAS_LIMIT,
        input: input.clone(),
        chain_id: Some(1),
        ..Transaction::default()
    };
    let lease = vms.registry().lease(1, 1);
    let here = || {
        let options = TransactOptions::default();
        let result = transact(
            lease.set(),
            &rules,
            &block,
            &state,
            black_box(&transaction),
            options,
        );
        black_box(result.unwrap().gas_used)
    };
    let mut evm = Context::mainnet()
        .with_db(database)
        .modify_block_chained(|block| {
            block.beneficiary = Address::repeat_byte(0xe0);
            block.basefee = 0;
        })
        .modify_cfg_chained(|cfg| cfg.set_spec_and_mainnet_gas_params(SpecId::CANCUN))
        .build_mainnet();
    let request = TxEnv {
        caller: SENDER,
        kind: TxKind::Call(TOKEN),
        gas_limit: GAS_LIMIT,
        data: input,
        chain_id: Some(1),
        ..TxEnv::default()
    };
    let mut there = || {
        let result = evm.transact(black_box(request.clone())).unwrap();
        assert!(
            result.result.is_success(),
            "{:?}",
            hex::encode(result.result.output().unwrap())
        );
        black_box(result.result.tx_gas_used())
    };
    assert_eq!(here(), there(), "gas");

    let (mut ours, mut theirs) = (Duration::MAX, Duration::MAX);
    for _ in 0..BATCHES {
        ours = ours.min(time(&mut || {
            here();
        }));
        theirs = theirs.min(time(&mut || {
            there();
        }));
    }
    println!(
        "ERC-20 transfer, whole transaction: host {ours:?}, revm {theirs:?}, ratio {:.2}",
        ours.as_secs_f64() / theirs.as_secs_f64()
    );
}
