//! revm's side: its mainnet handler on its database in memory.

use crate::{
    Account, Ending, Executed, Remains,
    scenario::{HASHES, NUMBER, Scenario},
    steps::{Recorder, Step},
};
use alloy_primitives::{B256, TxKind, U256};
use proz_host::{Fee, Revision};
use revm::{
    Context, ExecuteEvm as _, InspectEvm as _, MainBuilder as _, MainContext as _,
    bytecode::Bytecode,
    context::{
        BlockEnv, TxEnv,
        either::Either,
        result::{EVMError, ExecutionResult},
        transaction::{AccessList, AccessListItem, RecoveredAuthority, RecoveredAuthorization},
    },
    context_interface::{block::BlobExcessGasAndPrice, transaction::Authorization},
    database::{CacheDB, EmptyDB},
    handler::MainnetContext,
    primitives::hardfork::SpecId,
    state::AccountInfo,
};
use std::collections::BTreeMap;

/// Runs a scenario.
pub(crate) fn run(scenario: &Scenario) -> Remains {
    let mut evm = context(scenario).build_mainnet();
    let result = match evm.transact(transaction(scenario)) {
        Ok(result) => result,
        Err(EVMError::Transaction(_)) => return Remains::Refused,
        Err(error) => panic!("{error}: {scenario:#?}"),
    };
    let (ending, output) = match &result.result {
        ExecutionResult::Success { output, .. } => (Ending::Success, output.data().clone()),
        ExecutionResult::Revert { output, .. } => (Ending::Revert, output.clone()),
        ExecutionResult::Halt { .. } => (Ending::Halt, Default::default()),
    };
    let logs = result.result.logs().iter();
    let logs = logs.map(|log| {
        (
            log.address,
            log.data.topics().to_vec(),
            log.data.data.clone(),
        )
    });
    let logs = match ending {
        Ending::Success => logs.collect(),
        _ => Vec::new(),
    };
    Remains::Executed(Box::new(Executed {
        ending,
        gas_used: result.result.tx_gas_used(),
        output,
        created: result.result.created_address(),
        logs,
        accounts: accounts(scenario, &result.state),
    }))
}

/// Runs a scenario and keeps its steps.
pub(crate) fn steps(scenario: &Scenario) -> Vec<Step> {
    let recorder = Recorder::default();
    let mut evm = context(scenario).build_mainnet_with_inspector(recorder);
    // A transaction that is refused has no steps.
    let _ = evm.inspect_one_tx(transaction(scenario));
    evm.inspector.steps
}

/// Block, rules and world, each made anew.
fn context(scenario: &Scenario) -> MainnetContext<CacheDB<EmptyDB>> {
    let mut database = CacheDB::new(EmptyDB::new());
    let hashes = (0..).zip(HASHES);
    let hashes = hashes.map(|(number, hash)| (U256::from(number as u64), hash));
    database.cache.block_hashes.extend(hashes);
    for (address, balance, nonce, code, slots) in &scenario.accounts {
        // What begins like a delegation and is none is code that halts; revm panics at it.
        let bytecode = Bytecode::new_raw_checked(code.clone());
        let bytecode = bytecode.unwrap_or_else(|_| Bytecode::new_legacy(code.clone()));
        let info = AccountInfo::new(*balance, *nonce, bytecode.hash_slow(), bytecode);
        database.insert_account_info(*address, info);
        for (key, value) in slots {
            let inserted = database.insert_account_storage(*address, *key, *value);
            inserted.expect("memory takes every slot");
        }
    }
    let spec = spec(scenario.revision);
    let block = BlockEnv {
        number: U256::from(NUMBER),
        timestamp: U256::from(1),
        gas_limit: scenario.block_gas_limit,
        basefee: scenario.base_fee,
        beneficiary: scenario.coinbase,
        difficulty: U256::from(0x20000),
        prevrandao: Some(B256::from(U256::from(0x20000))),
        blob_excess_gas_and_price: Some(BlobExcessGasAndPrice {
            excess_blob_gas: 0,
            blob_gasprice: u128::from(scenario.blob_base_fee),
        }),
        ..BlockEnv::default()
    };
    Context::mainnet()
        .with_db(database)
        .with_block(block)
        .modify_cfg_chained(|cfg| {
            cfg.set_spec_and_mainnet_gas_params(spec);
            cfg.max_blobs_per_tx = Some(most_blobs(scenario.revision));
        })
}

/// The accounts of the scenario with what the transaction changed.
fn accounts(
    scenario: &Scenario,
    changed: &revm::state::EvmState,
) -> BTreeMap<alloy_primitives::Address, Account> {
    let mut accounts: BTreeMap<_, _> = scenario
        .accounts
        .iter()
        .map(|(address, balance, nonce, code, slots)| {
            let account = Account {
                balance: *balance,
                nonce: *nonce,
                code_hash: alloy_primitives::keccak256(code),
                storage: slots.iter().copied().collect(),
            };
            (*address, account)
        })
        .collect();
    for (address, account) in changed {
        if !account.is_touched() {
            continue;
        }
        // Whoever keeps the state clears what was touched and is empty. Spec: EIP-161.
        let is_cleared = account.is_empty() && scenario.revision >= Revision::SpuriousDragon;
        if account.is_selfdestructed() || is_cleared {
            accounts.remove(address);
            continue;
        }
        let mut storage = match accounts.remove(address) {
            Some(before) if !account.is_created() => before.storage,
            _ => BTreeMap::new(),
        };
        for (key, slot) in &account.storage {
            storage.insert(*key, slot.present_value());
        }
        storage.retain(|_, value| !value.is_zero());
        let info = &account.info;
        let after = Account {
            balance: info.balance,
            nonce: info.nonce,
            code_hash: info.code_hash,
            storage,
        };
        accounts.insert(*address, after);
    }
    accounts.retain(|_, account| !account.is_empty());
    accounts
}

fn transaction(scenario: &Scenario) -> TxEnv {
    let transaction = &scenario.transaction;
    let (gas_price, gas_priority_fee) = match transaction.fee {
        Fee::Legacy { gas_price } => (gas_price, None),
        Fee::Dynamic {
            max_fee,
            max_priority_fee,
        } => (max_fee, Some(max_priority_fee)),
    };
    let access_list = transaction
        .access_list
        .iter()
        .flatten()
        .map(|item| AccessListItem {
            address: item.address,
            storage_keys: item.slots.clone(),
        });
    let authorizations = transaction.authorizations.iter().flatten().map(|entry| {
        let authorization = Authorization {
            chain_id: entry.chain_id,
            address: entry.address,
            nonce: entry.nonce,
        };
        let authority = entry
            .authority
            .map_or(RecoveredAuthority::Invalid, RecoveredAuthority::Valid);
        Either::Right(RecoveredAuthorization::new_unchecked(
            authorization,
            authority,
        ))
    });
    let blobs = transaction.blobs.as_ref();
    TxEnv {
        tx_type: transaction.kind(),
        caller: transaction.sender,
        gas_limit: transaction.gas_limit,
        gas_price,
        kind: transaction.to.map_or(TxKind::Create, TxKind::Call),
        value: transaction.value,
        data: transaction.input.clone(),
        nonce: transaction.nonce.unwrap_or_default(),
        chain_id: transaction.chain_id,
        access_list: AccessList(access_list.collect()),
        gas_priority_fee,
        blob_hashes: blobs.map(|blobs| blobs.hashes.clone()).unwrap_or_default(),
        max_fee_per_blob_gas: blobs.map_or(0, |blobs| blobs.max_fee),
        authorization_list: authorizations.collect(),
    }
}

/// Most blobs of a transaction, which revm's handler is told: those of a block until EIP-7594.
fn most_blobs(revision: Revision) -> u64 {
    if revision == Revision::Prague { 9 } else { 6 }
}

const fn spec(revision: Revision) -> SpecId {
    match revision {
        Revision::Frontier => SpecId::FRONTIER,
        Revision::Homestead => SpecId::HOMESTEAD,
        Revision::TangerineWhistle => SpecId::TANGERINE,
        Revision::SpuriousDragon => SpecId::SPURIOUS_DRAGON,
        Revision::Byzantium => SpecId::BYZANTIUM,
        Revision::Petersburg => SpecId::PETERSBURG,
        Revision::Istanbul => SpecId::ISTANBUL,
        Revision::Berlin => SpecId::BERLIN,
        Revision::London => SpecId::LONDON,
        Revision::Paris => SpecId::MERGE,
        Revision::Shanghai => SpecId::SHANGHAI,
        Revision::Cancun => SpecId::CANCUN,
        Revision::Prague => SpecId::PRAGUE,
        _ => SpecId::OSAKA,
    }
}
