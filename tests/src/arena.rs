//! A host, a block and a state with one rich account, for suites that execute.

use std::fs;
use std::path::{Path, PathBuf};

use alloy_primitives::{Address, B256, Bytes, U256, address};
use proz_artifact::{Contract, ReadOptions, encode_function, read_file};
use proz_host::{Block, ChainConfig, ExecutionResult, Host, Transaction, VmFactoryConfig};
use proz_state::{AccountInfo, MemoryDb};

use crate::{build_plugin, workspace_root};

/// The account that sends everything.
pub const SENDER: Address = address!("0x00000000000000000000000000000000000a11ce");

/// Gas limit of what an [`Arena`] sends.
pub const GAS_LIMIT: u64 = 16_000_000;

/// Host, block and state of one test.
pub struct Arena {
    /// The host.
    pub host: Host,
    /// The block that everything happens in.
    pub block: Block,
    /// The state.
    pub state: MemoryDb,
}

impl Arena {
    /// Loads plugins for a chain, at block 1.
    ///
    /// # Panics
    ///
    /// When they cannot be loaded.
    #[must_use]
    pub fn new(chain: ChainConfig, plugins: VmFactoryConfig) -> Self {
        Self {
            host: Host::new(chain, plugins).unwrap_or_else(|error| panic!("{error}")),
            block: block(1),
            state: world(),
        }
    }

    /// Calls a contract and keeps what changes.
    ///
    /// # Panics
    ///
    /// When the transaction is not executed; an outcome of any kind is returned.
    pub fn transact(&mut self, to: Address, input: impl Into<Bytes>) -> ExecutionResult {
        self.send(&transaction(Some(to), input.into()))
    }

    /// Creates a contract; returns its address.
    ///
    /// # Panics
    ///
    /// When it is not created.
    pub fn deploy(&mut self, init_code: impl Into<Bytes>) -> Address {
        let result = self.send(&transaction(None, init_code.into()));
        assert!(result.is_success(), "not created: {}", result.status);
        result.created.expect("a creation has an address")
    }

    /// Creates a contract of an artefact of `tests/fixtures/solidity`, without arguments.
    ///
    /// # Panics
    ///
    /// When there is no such artefact.
    pub fn deploy_fixture(&mut self, name: &str) -> Deployed {
        let contract = fixture(name);
        let code = contract
            .creation_code()
            .expect("a fixture has creation code");
        Deployed {
            address: self.deploy(Bytes::copy_from_slice(code)),
            contract,
        }
    }

    /// A slot of an account.
    #[must_use]
    pub fn slot(&self, address: Address, key: u64) -> U256 {
        let account = self.state.get(&address);
        account.map_or(U256::ZERO, |account| account.storage(&U256::from(key)))
    }

    fn send(&mut self, transaction: &Transaction) -> ExecutionResult {
        self.host
            .transact(&self.block, &mut self.state, transaction)
            .unwrap_or_else(|error| panic!("{error}"))
    }
}

/// A contract of an artefact, and where it lives.
pub struct Deployed {
    /// Its address.
    pub address: Address,
    /// The artefact.
    pub contract: Contract,
}

impl Deployed {
    /// The call data of a function; arguments as text.
    ///
    /// # Panics
    ///
    /// When the artefact has no such function or the arguments do not fit.
    #[must_use]
    pub fn call(&self, function: &str, arguments: &[&str]) -> Vec<u8> {
        let abi = self.contract.abi.as_ref().expect("a fixture has an ABI");
        let functions = abi
            .function(function)
            .expect("the artefact has the function");
        encode_function(&functions[0], arguments).unwrap_or_else(|error| panic!("{error}"))
    }
}

/// Reads an artefact of `tests/fixtures/solidity`.
///
/// # Panics
///
/// When there is none of this name.
#[must_use]
pub fn fixture(name: &str) -> Contract {
    let folder = workspace_root().join("tests/fixtures/solidity/artifacts");
    let path = folder.join(format!("{name}.json"));
    read_file(&path, &ReadOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// A block without fees.
#[must_use]
pub fn block(number: u64) -> Block {
    Block {
        number,
        timestamp: number,
        gas_limit: u64::MAX,
        chain_id: 1,
        coinbase: Address::ZERO.into(),
        base_fee: U256::ZERO.into(),
        difficulty: U256::ZERO.into(),
        prev_randao: B256::ZERO.into(),
        blob_base_fee: U256::ZERO.into(),
    }
}

/// A state in which [`SENDER`] is rich and nobody else exists.
#[must_use]
pub fn world() -> MemoryDb {
    let mut state = MemoryDb::new();
    let rich = AccountInfo {
        balance: U256::from(1) << 200,
        ..AccountInfo::default()
    };
    state.insert_account(SENDER, rich);
    state
}

/// A transaction of [`SENDER`].
#[must_use]
pub fn transaction(to: Option<Address>, input: Bytes) -> Transaction {
    Transaction {
        sender: SENDER,
        to,
        gas_limit: GAS_LIMIT,
        input,
        ..Transaction::default()
    }
}

/// Builds a plugin crate and puts library, manifest and the manifest's programs into `folder`;
/// returns where the manifest lies.
///
/// # Panics
///
/// When it cannot be built.
pub fn install_plugin(source: &str, manifest: &str, folder: &Path) -> PathBuf {
    let library = build_plugin(source);
    let name = library.file_name().expect("a library has a name");
    copy(&library, &folder.join(name));
    let from = workspace_root().join(source).join(manifest);
    let to = folder.join(manifest);
    copy(&from, &to);
    let programs = from.with_extension("conformance.toml");
    if programs.exists() {
        copy(&programs, &to.with_extension("conformance.toml"));
    }
    let codes = from.with_extension("conformance");
    if let Ok(entries) = fs::read_dir(&codes) {
        let folder = to.with_extension("conformance");
        fs::create_dir_all(&folder).expect("the folder can be written");
        for entry in entries.filter_map(Result::ok) {
            copy(&entry.path(), &folder.join(entry.file_name()));
        }
    }
    to
}

fn copy(from: &Path, to: &Path) {
    fs::copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
}
