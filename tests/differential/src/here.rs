//! This host's side: the host's rules and the loaded EVM plugin.

use crate::{
    Account, Ending, Executed, Remains,
    scenario::{HASHES, NUMBER, Scenario},
    steps::{Recorder, Step},
};
use alloy_primitives::{B256, Bytes, U256, keccak256};
use proz_host::{
    Block, ChainConfig, ExecutionError, FactoryError, SearchPath, TransactOptions, VmFactory,
    VmFactoryConfig, inspection::InspectorCell, transaction::transact,
};
use proz_state::{AccountInfo, MemoryDb, StateDbMut as _};
use std::{cell::RefCell, path::Path};

/// The loaded plugins.
pub struct Here(VmFactory);

impl Here {
    /// Loads the plugins of a folder.
    ///
    /// # Errors
    ///
    /// The first that cannot be loaded.
    pub fn load(plugins: &Path) -> Result<Self, FactoryError> {
        let config = VmFactoryConfig {
            search_path: SearchPath::explicit([plugins]),
            ..VmFactoryConfig::default()
        };
        VmFactory::new(config).map(Self)
    }

    /// Runs a scenario.
    ///
    /// # Panics
    ///
    /// When the host fails otherwise than by refusing the transaction: a defect.
    #[must_use]
    pub fn run(&self, scenario: &Scenario) -> Remains {
        self.run_watched(scenario, None)
    }

    /// Runs a scenario and keeps its steps.
    ///
    /// # Panics
    ///
    /// As [`Self::run`].
    #[must_use]
    pub fn steps(&self, scenario: &Scenario) -> Vec<Step> {
        let recorder = RefCell::new(Recorder::default());
        let _ = self.run_watched(scenario, Some(&recorder));
        recorder.into_inner().steps
    }

    fn run_watched(&self, scenario: &Scenario, inspector: Option<&InspectorCell>) -> Remains {
        let mut state = scenario.state();
        let rules = ChainConfig::ethereum(scenario.revision).rules(scenario.revision);
        let block = scenario.block();
        let lease = self.0.registry().lease(block.number, block.timestamp);
        let options = TransactOptions {
            inspector,
            ..TransactOptions::default()
        };
        let result = transact(
            lease.set(),
            &rules,
            &block,
            &state,
            &scenario.transaction,
            options,
        );
        let result = match result {
            Ok(result) => result,
            Err(ExecutionError::Invalid(_)) => return Remains::Refused,
            Err(error) => panic!("{error}: {scenario:#?}"),
        };
        let logs = result.events().iter();
        let logs = logs.map(|log| {
            (
                log.address,
                log.topics.to_vec(),
                Bytes::copy_from_slice(log.data),
            )
        });
        let logs = logs.collect();
        let applied = state.apply(&result.state_changes);
        applied.expect("memory takes every change");
        let status = result.status.0;
        Remains::Executed(Box::new(Executed {
            ending: match (status.is_success(), status.is_revert()) {
                (true, _) => Ending::Success,
                (_, true) => Ending::Revert,
                _ => Ending::Halt,
            },
            gas_used: result.gas_used,
            output: result.return_data,
            created: result.created,
            logs,
            accounts: accounts(&state),
        }))
    }
}

impl Scenario {
    /// The world before the transaction.
    #[must_use]
    pub fn state(&self) -> MemoryDb {
        let mut state = MemoryDb::new();
        for (number, hash) in (0..).zip(HASHES) {
            state.set_block_hash(number, hash);
        }
        for (address, balance, nonce, code, slots) in &self.accounts {
            let info = AccountInfo {
                balance: *balance,
                nonce: *nonce,
                ..AccountInfo::default()
            };
            state.insert_account(*address, info);
            if !code.is_empty() {
                state.set_code(*address, code.clone());
            }
            for (key, value) in slots {
                state.set_storage(*address, *key, *value);
            }
        }
        state
    }

    /// The block.
    #[must_use]
    pub fn block(&self) -> Block {
        Block {
            number: NUMBER,
            timestamp: 1,
            gas_limit: self.block_gas_limit,
            chain_id: 1,
            coinbase: self.coinbase.into(),
            base_fee: U256::from(self.base_fee).into(),
            difficulty: U256::from(0x20000).into(),
            prev_randao: B256::from(U256::from(0x20000)).into(),
            blob_base_fee: U256::from(self.blob_base_fee).into(),
        }
    }
}

fn accounts(state: &MemoryDb) -> std::collections::BTreeMap<alloy_primitives::Address, Account> {
    let accounts = state
        .sorted_accounts()
        .into_iter()
        .map(|(address, account)| {
            let account = Account {
                balance: account.info.balance,
                nonce: account.info.nonce,
                code_hash: account.info.code_hash,
                storage: account.sorted_storage().into_iter().collect(),
            };
            (*address, account)
        });
    accounts
        .filter(|(_, account)| !account.is_empty())
        .collect()
}

impl Account {
    /// Whether the account is empty in the sense of EIP-161 and has no slots.
    pub(crate) fn is_empty(&self) -> bool {
        self.balance.is_zero()
            && self.nonce == 0
            && self.code_hash == keccak256([])
            && self.storage.is_empty()
    }
}
