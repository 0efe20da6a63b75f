//! A chain with contracts of several VMs.

use alloy_primitives::{Address, Bytes, U256, address};
use proz_artifact::{Contract, ReadOptions, encode_call, encode_constructor, read_file};
use proz_host::{
    Block, ChainConfig, ExecutionResult, Host, Mode, Revision, RevisionSchedule, SearchPath,
    StatusCode, TransactOptions, Transaction, VmFactoryConfig, container,
};
use proz_state::{AccountInfo, MemoryDb, StateDbMut as _};
use proz_tests::{plugins_dir, workspace_root};
use std::{fs, sync::OnceLock};

/// The account that signs everything.
pub(crate) const ALICE: Address = address!("00000000000000000000000000000000000a11ce");

/// Where a contract lives, and by which host functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vm {
    /// Solidity in the EVM.
    Evm,
    /// C in Wasm by the native host functions.
    Native,
    /// The same C in Wasm by the Stylus set.
    Stylus,
    /// C in ProzVM.
    Proz,
}

impl Vm {
    pub(crate) const ALL: [Self; 4] = [Self::Evm, Self::Native, Self::Stylus, Self::Proz];
    pub(crate) const WASM: [Self; 2] = [Self::Native, Self::Stylus];
}

/// One host for all tests: it has no state.
pub(crate) fn host() -> &'static Host {
    static HOST: OnceLock<Host> = OnceLock::new();
    HOST.get_or_init(|| host_with(VmFactoryConfig::default()))
}

/// A host of many VMs with the shipped plugins. Cancun: later revisions cap a transaction's gas,
/// and deep recursion needs more.
pub(crate) fn host_with(config: VmFactoryConfig) -> Host {
    let chain = ChainConfig {
        revisions: RevisionSchedule::always(Revision::Cancun),
        ..ChainConfig::prozchain()
    };
    let config = VmFactoryConfig {
        search_path: SearchPath::explicit([plugins_dir()]),
        ..config
    };
    Host::new(chain, config).unwrap()
}

pub(crate) fn block() -> Block {
    Block {
        number: 1,
        timestamp: 1,
        gas_limit: u64::MAX,
        chain_id: 1,
        ..Block::default()
    }
}

/// An artefact of the Solidity fixtures.
pub(crate) fn solidity(name: &str) -> Contract {
    let file = format!("tests/fixtures/solidity/artifacts/{name}.json");
    let options = ReadOptions {
        contract: Some(name.to_owned()),
        ..ReadOptions::default()
    };
    read_file(&workspace_root().join(file), &options).unwrap()
}

/// A module of the Wasm fixtures.
pub(crate) fn module(vm: Vm, name: &str) -> Vec<u8> {
    let prefix = if vm == Vm::Stylus { "stylus-" } else { "" };
    let file = format!("tests/fixtures/wasm/artifacts/{prefix}{name}.wasm");
    fs::read(workspace_root().join(file)).unwrap()
}

/// A module in a container for any release that serves it.
pub(crate) fn enclosed(module: &[u8]) -> Vec<u8> {
    container::encode("wasm", "", module).unwrap()
}

/// A program of the ProzVM fixtures in a container for any release that serves it.
pub(crate) fn program(name: &str) -> Vec<u8> {
    let file = format!("tests/fixtures/prozvm/artifacts/{name}.pz");
    let program = fs::read(workspace_root().join(file)).unwrap();
    container::encode("prozvm", "", &program).unwrap()
}

/// A ProzVM program in text form, in a container.
pub(crate) fn assembled(text: &str) -> Vec<u8> {
    let program = proz_prozvm_asm::assemble(text, &proz_prozvm_syscalls::CHAIN);
    let program = program.unwrap_or_else(|error| panic!("{error}\n{text}"));
    container::encode("prozvm", "", &program.encode()).unwrap()
}

/// State with contracts.
pub(crate) struct World {
    pub(crate) host: &'static Host,
    pub(crate) state: MemoryDb,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::on(host())
    }

    pub(crate) fn on(host: &'static Host) -> Self {
        let mut state = MemoryDb::new();
        let rich = AccountInfo {
            balance: U256::from(1) << 200,
            ..AccountInfo::default()
        };
        state.insert_account(ALICE, rich);
        Self { host, state }
    }

    /// Sends a transaction and keeps what it changed.
    pub(crate) fn transact(&mut self, transaction: &Transaction) -> ExecutionResult {
        let options = TransactOptions {
            mode: Mode::Simulation,
            ..TransactOptions::default()
        };
        let result = self
            .host
            .execute(&block(), &self.state, transaction, options)
            .unwrap();
        self.state.apply(&result.state_changes).unwrap();
        result
    }

    pub(crate) fn create(&mut self, init_code: Vec<u8>) -> ExecutionResult {
        self.transact(&Transaction {
            sender: ALICE,
            to: None,
            gas_limit: 1_000_000_000,
            input: init_code.into(),
            ..Transaction::default()
        })
    }

    /// Deploys a fixture: the constructor's arguments are those of the Solidity contract `name`.
    pub(crate) fn deploy(&mut self, vm: Vm, name: &str, arguments: &[String]) -> Address {
        let code = if vm == Vm::Evm {
            let contract = solidity(name);
            contract.creation_call(arguments).unwrap()
        } else {
            let file = name.to_lowercase();
            let mut code = match vm {
                Vm::Proz => program(&file),
                _ => enclosed(&module(vm, &file)),
            };
            if !arguments.is_empty() {
                let abi = solidity(name).abi;
                code.extend(encode_constructor(abi.as_ref(), arguments).unwrap());
            }
            code
        };
        let result = self.create(code);
        assert!(result.is_success(), "{vm:?} {name}: {}", result.status);
        result.created.unwrap()
    }

    pub(crate) fn send(&mut self, to: Address, input: impl Into<Bytes>) -> ExecutionResult {
        self.transact(&Transaction {
            sender: ALICE,
            to: Some(to),
            gas_limit: 1_000_000_000,
            input: input.into(),
            ..Transaction::default()
        })
    }

    /// Calls a function by signature.
    pub(crate) fn call(
        &mut self,
        to: Address,
        signature: &str,
        args: &[String],
    ) -> ExecutionResult {
        self.send(to, encode_call(signature, args).unwrap())
    }

    /// Calls a function that must succeed, and returns its output.
    #[track_caller]
    pub(crate) fn ok(&mut self, to: Address, signature: &str, args: &[String]) -> Bytes {
        let result = self.call(to, signature, args);
        let words = String::from_utf8_lossy(&result.return_data);
        assert!(
            result.is_success(),
            "{signature}: {} {words}",
            result.status
        );
        result.return_data
    }

    /// Calls a function whose first result is a number.
    #[track_caller]
    pub(crate) fn number(&mut self, to: Address, signature: &str, args: &[String]) -> U256 {
        word(&self.ok(to, signature, args), 0)
    }

    pub(crate) fn slot(&self, account: Address, key: u64) -> U256 {
        let account = self.state.get(&account).unwrap();
        account.storage(&U256::from(key))
    }
}

/// Arguments of a call as text.
macro_rules! args {
    ($($arg:expr),* $(,)?) => { &[$($arg.to_string()),*] };
}
pub(crate) use args;

/// Word number `index` of ABI-encoded data.
pub(crate) fn word(data: &[u8], index: usize) -> U256 {
    U256::from_be_slice(&data[index * 32..][..32])
}

/// Word number `index` as the address that it holds.
pub(crate) fn account(data: &[u8], index: usize) -> Address {
    Address::from_word(word(data, index).into())
}

/// Bytes as an argument.
pub(crate) fn hex(bytes: &[u8]) -> String {
    alloy_primitives::hex::encode_prefixed(bytes)
}

#[track_caller]
pub(crate) fn assert_status(result: &ExecutionResult, status: StatusCode) {
    assert_eq!(result.status.0, status, "ended with `{}`", result.status);
}
