//! The host: a chain's rules, a registry of VMs, and the ways to execute on a state.

use crate::{
    chain::{ChainConfig, ChainRules},
    estimate::{GasEstimate, estimate_gas},
    execution::{ExecutionError, ExecutionResult},
    plugins::{FactoryError, Lease, VmFactory, VmFactoryConfig},
    transaction::{
        BlockEndError, Mode, SystemCall, TransactOptions, Transaction, block_end_calls,
        block_start_calls, system_call, transact,
    },
};
use alloy_primitives::{B256, Bytes, KECCAK256_EMPTY};
use proz_interface::v1::BlockContext;
use proz_state::{StateDb, StateDbMut};

/// A multi-VM execution host. Share it between threads; all methods take `&self`.
///
/// ```no_run
/// use proz_host::{Block, ChainConfig, Host, Transaction, VmFactoryConfig, SearchPath};
/// use proz_state::MemoryDb;
///
/// let plugins = VmFactoryConfig {
///     search_path: SearchPath::explicit(["target/release/plugins"]),
///     ..VmFactoryConfig::default()
/// };
/// let host = Host::new(ChainConfig::prozchain(), plugins)?;
/// let mut state = MemoryDb::new();
/// let block = Block { number: 1, gas_limit: 30_000_000, chain_id: 1, ..Block::default() };
/// let transaction = Transaction { gas_limit: 100_000, ..Transaction::default() };
/// let result = host.transact(&block, &mut state, &transaction)?;
/// println!("{}: {} gas", result.status, result.gas_used);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Host {
    chain: ChainConfig,
    factory: VmFactory,
}

/// The block that a transaction executes in.
pub type Block = BlockContext;

impl Host {
    /// Loads plugins and builds a host.
    ///
    /// # Errors
    ///
    /// [`FactoryError`]: what could not be found, loaded or started.
    pub fn new(chain: ChainConfig, plugins: VmFactoryConfig) -> Result<Self, FactoryError> {
        let factory = VmFactory::for_chain(plugins, &chain)?;
        Ok(Self { chain, factory })
    }

    /// Builds a host of plugins loaded before, for a development chain of any rules or for the
    /// chain whose schedule they were loaded for.
    ///
    /// # Errors
    ///
    /// [`FactoryError::OtherChain`] when the plugins were loaded for another schedule.
    pub fn with_factory(chain: ChainConfig, factory: VmFactory) -> Result<Self, FactoryError> {
        factory.require_chain(&chain)?;
        Ok(Self { chain, factory })
    }

    /// The chain's configuration.
    #[must_use]
    pub const fn chain(&self) -> &ChainConfig {
        &self.chain
    }

    /// The VMs: lookup, loading, generations.
    #[must_use]
    pub const fn factory(&self) -> &VmFactory {
        &self.factory
    }

    /// The rules of a block.
    #[must_use]
    pub fn rules(&self, block: &Block) -> ChainRules {
        self.chain.rules_at(block.number, block.timestamp)
    }

    /// Leases the VMs of a block. A lease taken once serves many transactions of the block.
    #[must_use]
    pub fn lease(&self, block: &Block) -> Lease {
        self.factory.registry().lease(block.number, block.timestamp)
    }

    /// Executes a transaction and writes its changes.
    ///
    /// # Errors
    ///
    /// [`ExecutionError`]; the state is untouched then.
    pub fn transact(
        &self,
        block: &Block,
        db: &mut dyn StateDbMut,
        transaction: &Transaction,
    ) -> Result<ExecutionResult, ExecutionError> {
        let result = self.execute(block, &*db, transaction, TransactOptions::default())?;
        db.apply(&result.state_changes)?;
        Ok(result)
    }

    /// Executes a transaction without writing: what it would do.
    ///
    /// A fault of a plugin counts against its build unless the mode is [`Mode::Simulation`].
    ///
    /// # Errors
    ///
    /// [`ExecutionError`].
    pub fn execute(
        &self,
        block: &Block,
        db: &dyn StateDb,
        transaction: &Transaction,
        options: TransactOptions<'_>,
    ) -> Result<ExecutionResult, ExecutionError> {
        let lease = self.lease(block);
        let rules = self.rules(block);
        let result = transact(lease.set(), &rules, block, db, transaction, options);
        // Whoever may ask for a simulation pays nothing for it, so no number of them sets a build
        // aside.
        if options.mode != Mode::Simulation {
            self.record_fault(&result);
        }
        result
    }

    /// Calls a contract without a transaction's fees and checks, and without writing.
    ///
    /// # Errors
    ///
    /// [`ExecutionError`].
    pub fn call(
        &self,
        block: &Block,
        db: &dyn StateDb,
        transaction: &Transaction,
    ) -> Result<ExecutionResult, ExecutionError> {
        let options = TransactOptions {
            mode: Mode::Simulation,
            ..TransactOptions::default()
        };
        self.execute(block, db, transaction, options)
    }

    /// Finds the gas limit that a transaction needs, up to its own.
    ///
    /// # Errors
    ///
    /// [`EstimateError`](crate::EstimateError) when it fails with any limit.
    pub fn estimate_gas(
        &self,
        block: &Block,
        db: &dyn StateDb,
        transaction: &Transaction,
    ) -> Result<GasEstimate, crate::EstimateError> {
        estimate_gas(transaction, &self.rules(block), |trial| {
            self.call(block, db, trial)
        })
    }

    /// Executes a call of the protocol itself and writes its changes. See
    /// [`block_start_calls`](crate::transaction::block_start_calls).
    ///
    /// # Errors
    ///
    /// [`ExecutionError`].
    pub fn system_call(
        &self,
        block: &Block,
        db: &mut dyn StateDbMut,
        call: &SystemCall,
    ) -> Result<ExecutionResult, ExecutionError> {
        let lease = self.lease(block);
        let result = system_call(lease.set(), &self.rules(block), block, &*db, call);
        self.record_fault(&result);
        let result = result?;
        db.apply(&result.state_changes)?;
        Ok(result)
    }

    /// Executes what the protocol does before the transactions of a block: stores the beacon root
    /// (EIP-4788) and the parent's hash (EIP-2935), as far as the revision has them and the
    /// contracts are there.
    ///
    /// # Errors
    ///
    /// [`ExecutionError`]; calls before it have been written then.
    pub fn start_block(
        &self,
        block: &Block,
        db: &mut dyn StateDbMut,
        parent_beacon_root: Option<B256>,
        parent_hash: B256,
    ) -> Result<(), ExecutionError> {
        let revision = self.rules(block).revision;
        for call in block_start_calls(revision, parent_beacon_root, parent_hash) {
            self.system_call(block, db, &call)?;
        }
        Ok(())
    }

    /// Executes what the protocol does after the transactions of a block, and returns its requests
    /// to the consensus layer: withdrawals (EIP-7002) and consolidations (EIP-7251), each with its
    /// type in front (EIP-7685). Deposits (EIP-6110) come from logs, which the caller has.
    ///
    /// # Errors
    ///
    /// [`BlockEndError`]: the block is invalid, or could not be executed. Calls before it have been
    /// written then.
    pub fn end_block(
        &self,
        block: &Block,
        db: &mut dyn StateDbMut,
    ) -> Result<Vec<Bytes>, BlockEndError> {
        let mut requests = Vec::new();
        for call in block_end_calls(self.rules(block).revision) {
            let (address, request_type) = (call.to, call.request_type.unwrap_or_default());
            let account = db.account(&address).map_err(ExecutionError::from)?;
            if account.is_none_or(|account| account.code_hash == KECCAK256_EMPTY) {
                return Err(BlockEndError::ContractMissing {
                    address,
                    request_type,
                });
            }
            let result = self.system_call(block, db, &call)?;
            if !result.is_success() {
                return Err(BlockEndError::CallFailed {
                    address,
                    request_type,
                    status: result.status,
                });
            }
            if !result.return_data.is_empty() {
                requests.push([&[request_type], &result.return_data[..]].concat().into());
            }
        }
        Ok(requests)
    }

    /// Counts a fault against the build that did it.
    fn record_fault(&self, result: &Result<ExecutionResult, ExecutionError>) {
        if let Err(ExecutionError::PluginFault {
            generation,
            message,
            ..
        }) = result
        {
            self.factory.registry().record_fault(*generation, message);
        }
    }
}
