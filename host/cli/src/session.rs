//! What a command works on: the host with its plugins, the state, the names of contracts.

use crate::{
    args::{Common, World, contradicts_chain},
    configuration::{Chain, DEVELOPMENT, InForce},
    diagnosis::warn_of_invalid,
    error::CliError,
};
use alloy_json_abi::JsonAbi;
use alloy_primitives::{Address, B256, U256, address};
use proz_artifact::{AbiBook, ReadOptions, read_abi_file};
use proz_host::{Block, ChainConfig, Host, Revision, RevisionSchedule, VmFactory, VmFactoryConfig};
use proz_state::{AccountInfo, MemoryDb, StateDb as _};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Sender of commands that name none; a new state gives it a million ether.
pub(crate) const DEFAULT_SENDER: Address = address!("00000000000000000000000000000000000a11ce");

/// Host, state and names of one command.
pub(crate) struct Session {
    pub(crate) host: Host,
    pub(crate) block: Block,
    pub(crate) state: MemoryDb,
    pub(crate) names: Names,
    state_file: Option<PathBuf>,
}

impl Session {
    pub(crate) fn open(common: &Common, world: &World) -> Result<Self, CliError> {
        let in_force = InForce::find(common)?;
        let chain = in_force.chain()?;
        let rules = rules(chain.as_ref(), world);
        let block = block(world.at.block, world.at.timestamp, rules.chain_id);
        let state_file = world.state.clone();
        let state = match state_file.as_deref().filter(|path| path.exists()) {
            Some(path) => MemoryDb::from_alloc_file(path)?,
            None => new_state(),
        };
        let names = match &state_file {
            Some(path) => Names::read(path)?,
            None => Names::default(),
        };
        let factory = load_for(common, &in_force, &rules, |_| {})?;
        Ok(Self {
            host: Host::with_factory(rules, factory)?,
            block,
            state,
            names,
            state_file,
        })
    }

    /// Writes state and names back.
    pub(crate) fn save(&self) -> Result<(), CliError> {
        let Some(path) = &self.state_file else {
            return Ok(());
        };
        if self.host.chain().schedule.is_none() {
            eprintln!("{DEVELOPMENT}; `proz chain spec init` fixes it");
        }
        write_whole(path, &self.state.to_alloc()?.to_json()?)?;
        self.names.write(path)
    }

    /// Names and ABIs by which results are decoded.
    pub(crate) fn book(&self, abis: &[PathBuf]) -> Result<AbiBook, CliError> {
        let mut book = AbiBook::new();
        book.add(DEFAULT_SENDER, "default sender", None);
        for (name, entry) in &self.names.0 {
            book.add(entry.address, name, entry.abi.clone());
        }
        for path in abis {
            book.add_anywhere(read_abi_file(path, &ReadOptions::default())?);
        }
        Ok(book)
    }

    pub(crate) fn balance(&self, address: &Address) -> Result<U256, CliError> {
        Ok(self
            .state
            .account(address)?
            .map_or(U256::ZERO, |account| account.balance))
    }
}

/// The rules of a command: the chain specification's, else those of the command line.
fn rules(chain: Option<&Chain>, world: &World) -> ChainConfig {
    let Some(chain) = chain else {
        return ChainConfig {
            chain_id: world.chain_id.unwrap_or(1),
            revisions: RevisionSchedule::always(world.revision.unwrap_or(Revision::LATEST)),
            containers: !world.no_containers,
            ..ChainConfig::prozchain()
        };
    };
    let decided = [
        (
            world.revision.is_some(),
            "--revision",
            "it says which rules hold; choose a block with --block and --timestamp",
        ),
        (world.chain_id.is_some(), "--chain-id", "it names the chain"),
        (
            world.no_containers,
            "--no-containers",
            "it says whether containers are accepted",
        ),
    ];
    for (is_given, option, because) in decided {
        if is_given {
            contradicts_chain(option, &chain.file, because);
        }
    }
    chain.spec.config()
}

/// A block without fees.
pub(crate) fn block(number: u64, timestamp: u64, chain_id: u64) -> Block {
    Block {
        number,
        timestamp,
        gas_limit: u64::MAX,
        chain_id,
        coinbase: Address::ZERO.into(),
        base_fee: U256::ZERO.into(),
        difficulty: U256::ZERO.into(),
        prev_randao: B256::ZERO.into(),
        blob_base_fee: U256::ONE.into(),
    }
}

fn new_state() -> MemoryDb {
    let mut state = MemoryDb::new();
    let million_ether = U256::from(10).pow(U256::from(24));
    state.insert_account(
        DEFAULT_SENDER,
        AccountInfo {
            balance: million_ether,
            ..AccountInfo::default()
        },
    );
    state
}

/// Discovers and loads the plugins that the chain, the configuration and the command line ask for.
pub(crate) fn load(common: &Common) -> Result<VmFactory, CliError> {
    let in_force = InForce::find(common)?;
    let rules = match in_force.chain()? {
        Some(chain) => chain.spec.config(),
        None => ChainConfig::prozchain(),
    };
    load_for(common, &in_force, &rules, |_| {})
}

/// Loads plugins for work that has rules of its own, whatever the chain.
pub(crate) fn load_without_chain(
    common: &Common,
    adjust: impl FnOnce(&mut VmFactoryConfig),
) -> Result<VmFactory, CliError> {
    refuse_chain(common);
    let in_force = InForce::find(common)?;
    load_for(common, &in_force, &ChainConfig::prozchain(), adjust)
}

/// Ends the program when a chain is named for work that has rules of its own.
pub(crate) fn refuse_chain(common: &Common) {
    if let Some(chain) = &common.chain {
        contradicts_chain("this command", chain, "it has rules of its own");
    }
}

fn load_for(
    common: &Common,
    in_force: &InForce,
    rules: &ChainConfig,
    adjust: impl FnOnce(&mut VmFactoryConfig),
) -> Result<VmFactory, CliError> {
    let mut config = in_force
        .configuration
        .factory(in_force.search_path(common))
        .map_err(|error| CliError::from(error).hint("`proz plugin lock` writes the lock file"))?;
    adjust(&mut config);
    // Told before anything fails: what was passed over may be why.
    warn_of_invalid(&in_force.discovery(common));
    let factory = VmFactory::for_chain(config, rules).map_err(|error| {
        let remedy = crate::diagnosis::remedy_if_known(&error);
        let error = CliError::from(error);
        match remedy {
            Some(remedy) => error.hint(remedy),
            None => error,
        }
    })?;
    if factory.discovery().taken.is_empty() {
        return Err(CliError::new("no plugin was found").hint(
            "name a folder of plugins with --plugins, or see what was searched with \
             `proz plugin list --explain`",
        ));
    }
    Ok(factory)
}

/// Contracts by name, kept beside the state file.
#[derive(Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct Names(pub(crate) BTreeMap<String, Named>);

/// A contract with a name.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Named {
    pub(crate) address: Address,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) abi: Option<JsonAbi>,
}

impl Names {
    fn file(state: &Path) -> PathBuf {
        state.with_extension("names.json")
    }

    fn read(state: &Path) -> Result<Self, CliError> {
        let file = Self::file(state);
        if !file.exists() {
            return Ok(Self::default());
        }
        let text = fs::read_to_string(&file)
            .map_err(|error| CliError::new(format!("cannot read {}: {error}", file.display())))?;
        serde_json::from_str(&text).map_err(|error| {
            CliError::new(format!("{} is malformed: {error}", file.display()))
                .hint("it names the contracts of the state; without it the state still works")
        })
    }

    fn write(&self, state: &Path) -> Result<(), CliError> {
        if self.0.is_empty() {
            return Ok(());
        }
        write_whole(&Self::file(state), &serde_json::to_string_pretty(self)?)
    }
}

/// Writes a file by way of another, so that it is never half written.
fn write_whole(path: &Path, text: &str) -> Result<(), CliError> {
    let fresh = path.with_extension("new");
    fs::write(&fresh, text)
        .and_then(|()| fs::rename(&fresh, path))
        .map_err(|error| CliError::new(format!("cannot write {}: {error}", path.display())))
}
