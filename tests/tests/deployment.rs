//! Contracts that others deployed for years: each is created, and answers, through the loaded EVM plugin.
#![allow(clippy::unwrap_used, reason = "a test")]

use alloy_primitives::{Address, Bytes, U256, address, hex};
use proz_artifact::{Contract, ReadOptions, encode_function, read_file};
use proz_host::{
    Block, ChainConfig, ExecutionResult, Host, Revision, SearchPath, StatusCode, Transaction,
    VmFactoryConfig,
};
use proz_sdk_testing::mock::Environment;
use proz_state::{AccountInfo, MemoryDb};
use proz_tests::{corpora_dir, plugins_dir};
use serde::Deserialize;

const SENDER: Address = address!("0x00000000000000000000000000000000000a11ce");
const GAS_LIMIT: u64 = 16_000_000;

/// One row of the corpus's index.
#[derive(Deserialize)]
struct Entry {
    name: String,
    runtime_bytes: Option<usize>,
    #[serde(default)]
    example_constructor_args: Option<String>,
    deploys_standalone_on_revme: bool,
}

impl Entry {
    fn arguments(&self) -> Vec<u8> {
        let text = self.example_constructor_args.as_deref().unwrap_or("0x");
        hex::decode(text).unwrap()
    }
}

/// A host with the shipped plugins, and a state with one rich account.
struct Deployer {
    host: Host,
    block: Block,
    state: MemoryDb,
    nonce: u64,
}

impl Deployer {
    fn new() -> Self {
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
        let balance = U256::from(1) << 200;
        let rich = AccountInfo {
            balance,
            ..AccountInfo::default()
        };
        state.insert_account(SENDER, rich);
        Self {
            host,
            block,
            state,
            nonce: 0,
        }
    }

    fn deploy(&mut self, creation: &[u8], arguments: &[u8]) -> ExecutionResult {
        let transaction = Transaction {
            sender: SENDER,
            nonce: Some(self.nonce),
            gas_limit: GAS_LIMIT,
            input: [creation, arguments].concat().into(),
            ..Transaction::default()
        };
        let result = self
            .host
            .transact(&self.block, &mut self.state, &transaction);
        self.nonce += 1;
        result.unwrap()
    }

    fn call(&self, to: Address, input: Vec<u8>) -> ExecutionResult {
        let transaction = Transaction {
            sender: SENDER,
            to: Some(to),
            gas_limit: GAS_LIMIT,
            input: input.into(),
            ..Transaction::default()
        };
        self.host
            .call(&self.block, &self.state, &transaction)
            .unwrap()
    }
}

fn corpus() -> Option<Vec<(Entry, Contract)>> {
    let folder = corpora_dir()?.join("evm-contracts");
    let index = std::fs::read(folder.join("index.json")).unwrap();
    let entries: Vec<Entry> = serde_json::from_slice(&index).unwrap();
    let read = |entry: Entry| {
        let path = folder.join(format!("{}.json", entry.name));
        let contract = read_file(&path, &ReadOptions::default()).unwrap();
        (entry, contract)
    };
    Some(entries.into_iter().map(read).collect())
}

/// Asserts that `deployed` is the artefact's runtime code. Immutables are written over zeros by the
/// constructor, so a byte may differ where the artefact has none.
fn assert_is_runtime_code(name: &str, deployed: &Bytes, artefact: &[u8]) -> usize {
    assert_eq!(deployed.len(), artefact.len(), "{name}: size");
    let differing = deployed.iter().zip(artefact).filter(|(d, a)| d != a);
    let differing: Vec<_> = differing.collect();
    assert!(
        differing.iter().all(|(_, artefact)| **artefact == 0),
        "{name}: runtime code differs where the artefact has no hole for an immutable"
    );
    differing.len()
}

/// Calls every function without parameters that may not change state; returns how many answered and how many reverted or asserted.
fn call_getters(
    deployer: &Deployer,
    name: &str,
    address: Address,
    contract: &Contract,
) -> (usize, usize) {
    let (mut answered, mut reverted) = (0, 0);
    let abi = contract.abi.as_ref().unwrap();
    let is_getter = |f: &&alloy_json_abi::Function| {
        f.inputs.is_empty()
            && !matches!(
                f.state_mutability,
                alloy_json_abi::StateMutability::Payable
                    | alloy_json_abi::StateMutability::NonPayable
            )
    };
    for function in abi.functions().filter(is_getter) {
        let input = encode_function::<&str>(function, &[]).unwrap();
        let result = deployer.call(address, input);
        match result.status.0 {
            StatusCode::SUCCESS => {
                let values = proz_artifact::decode_output(function, &result.return_data);
                assert_eq!(
                    values.unwrap().len(),
                    function.outputs.len(),
                    "{name}.{}",
                    function.name
                );
                answered += 1;
            }
            // Before Solidity 0.8 a failed assertion was the instruction INVALID.
            StatusCode::REVERT | StatusCode::INVALID_INSTRUCTION => reverted += 1,
            halt => panic!("{name}.{}: {halt}", function.name),
        }
    }
    (answered, reverted)
}

#[test]
fn every_standalone_contract_of_the_corpus_deploys_and_answers() {
    let Some(corpus) = corpus() else { return };
    let mut deployer = Deployer::new();
    let (mut equal, mut with_immutables, mut answered, mut reverted) = (0, 0, 0, 0);
    let standalone = corpus
        .iter()
        .filter(|(entry, _)| entry.deploys_standalone_on_revme);
    let mut count = 0;
    for (entry, contract) in standalone {
        let name = &entry.name;
        let result = deployer.deploy(contract.creation_code().unwrap(), &entry.arguments());
        assert!(result.is_success(), "{name}: {}", result.status);
        let address = result.created.unwrap();
        let code_hash = deployer.state.get(&address).unwrap().info.code_hash;
        let deployed = deployer.state.get_code(&code_hash).unwrap().clone();
        assert_eq!(deployed, result.return_data, "{name}");
        if entry.runtime_bytes.is_some() {
            match assert_is_runtime_code(name, &deployed, contract.runtime_code().unwrap()) {
                0 => equal += 1,
                _ => with_immutables += 1,
            }
        }
        let (yes, no) = call_getters(&deployer, name, address, contract);
        answered += yes;
        reverted += no;
        count += 1;
    }
    println!(
        "evm-contracts: {count} deployed, runtime code equal {equal}, equal but for immutables {with_immutables}; \
         {answered} getters answered, {reverted} reverted or asserted"
    );
    assert_eq!(count, 20);
}

/// What the index says of the others: their constructors need what is not there.
#[test]
fn contracts_that_need_others_revert_without_them_and_leave_no_code() {
    let Some(corpus) = corpus() else { return };
    let mut deployer = Deployer::new();
    for (entry, contract) in corpus
        .iter()
        .filter(|(entry, _)| !entry.deploys_standalone_on_revme)
    {
        let result = deployer.deploy(contract.creation_code().unwrap(), &entry.arguments());
        assert_eq!(result.status.0, StatusCode::REVERT, "{}", entry.name);
        assert_eq!(result.created, None, "{}", entry.name);
    }
}

/// An ERC-1967 proxy of a token: every call runs the token's code on the proxy's storage.
#[test]
fn a_proxy_deploys_in_front_of_a_contract_and_delegates_to_it() {
    let Some(corpus) = corpus() else { return };
    let find = |name: &str| corpus.iter().find(|(entry, _)| entry.name == name).unwrap();
    let mut deployer = Deployer::new();
    let (entry, multicall) = find("UniswapInterfaceMulticall");
    let logic = deployer.deploy(multicall.creation_code().unwrap(), &entry.arguments());
    let logic = logic.created.unwrap();

    let (_, proxy) = find("OZ4-ERC1967Proxy");
    let mut arguments = logic.into_word().to_vec();
    arguments.extend(U256::from(64).to_be_bytes::<32>());
    arguments.extend(U256::ZERO.to_be_bytes::<32>());
    let result = deployer.deploy(proxy.creation_code().unwrap(), &arguments);
    assert!(result.is_success(), "{}", result.status);

    let balance_of = multicall
        .abi
        .as_ref()
        .unwrap()
        .function("getEthBalance")
        .unwrap();
    let input = encode_function(&balance_of[0], &[SENDER.to_string()]).unwrap();
    let through_proxy = deployer.call(result.created.unwrap(), input.clone());
    assert!(through_proxy.is_success(), "{}", through_proxy.status);
    assert_eq!(
        through_proxy.return_data,
        deployer.call(logic, input).return_data
    );
    assert!(!through_proxy.return_data.iter().all(|byte| *byte == 0));
}
