//! What the benches run: inputs, and one host for the plugin and for revm's interpreter alike.
#![allow(dead_code, reason = "each bench uses its own part")]

use proz_interface::abi_stable::std_types::{ROption, RResult, RSlice, RStr};
use proz_interface::v1::{
    AccessStatus, AccountInfo, Address, B256, BlockContext, Buffer, CallOutcome, CallRequest,
    CallTarget, CancelFlag, CodeView, CreateOutcome, CreateRequest, ExecutionContext, Extension,
    HostError, Limits, Message, MessageKind, Revision, SelfDestruct, StateAccess, StatusCode,
    StorageLoad, StorageStore, TransactionContext, Word,
};
use revm_interpreter::{
    CallInput, InputsImpl, InstructionTable, Interpreter, InterpreterResult, SStoreResult,
    SelfDestructResult, SharedMemory, StateLoad,
    bytecode::Bytecode,
    context_interface::{cfg::GasParams, host::LoadError, journaled_state::AccountInfoLoad},
    instruction_table,
    instructions::gas_table_spec,
    interpreter::{EthInterpreter, ExtBytecode},
    primitives::{self, Bytes, Log, U256, hardfork::SpecId, keccak256, map::HashMap},
};
use std::{cell::RefCell, path::PathBuf, rc::Rc, sync::atomic::AtomicBool};

/// Code with an input to run it on.
pub struct Case {
    pub name: String,
    pub code: Vec<u8>,
    pub input: Vec<u8>,
    pub storage: HashMap<U256, U256>,
}

impl Case {
    pub fn code_hash(&self) -> B256 {
        B256(keccak256(&self.code).0)
    }
}

/// Account under test, sender, gas.
pub const RECIPIENT: Address = Address([0xbe; 20]);
pub const SENDER: Address = Address([0xaa; 20]);
pub const GAS: u64 = 1_000_000_000;

/// Root of the workspace, whichever of its crates includes this.
fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let is_root = |path: &&std::path::Path| path.join("plugin-manifests").is_dir();
    here.ancestors()
        .find(is_root)
        .expect("the crate lies in the workspace")
        .to_owned()
}

fn corpora() -> Option<PathBuf> {
    let named = std::env::var_os("PROZ_CORPORA").map(PathBuf::from);
    let beside = root().join("../shared/corpora");
    named
        .into_iter()
        .chain([beside])
        .find(|path| path.join("evm-benchmarks").is_dir())
}

fn bytes(value: &serde_json::Value) -> Vec<u8> {
    primitives::hex::decode(value.as_str().expect("a hexadecimal text")).expect("hexadecimal")
}

/// The inputs of one set of the corpus; empty, with a note, where the corpus is absent.
pub fn corpus(set: &str) -> Vec<Case> {
    let Some(corpora) = corpora() else {
        eprintln!("skipped {set}: no corpora; set PROZ_CORPORA");
        return Vec::new();
    };
    let folder = corpora.join("evm-benchmarks").join(set);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the set is in the corpus")
        .map(|entry| entry.expect("readable").path())
        .collect();
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file).expect("readable");
        let file: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        for (name, test) in file.as_object().expect("tests by name") {
            let transaction = &test["transaction"];
            let target = transaction["to"].as_str().expect("an address");
            let code = bytes(&test["pre"][target]["code"]);
            let inputs = transaction["data"].as_array().expect("inputs");
            for (number, input) in inputs.iter().enumerate() {
                let label = test["_info"]["labels"][number.to_string()].as_str();
                cases.push(Case {
                    name: format!("{name}/{}", label.unwrap_or("?")),
                    code: code.clone(),
                    input: bytes(input),
                    storage: HashMap::default(),
                });
            }
        }
    }
    cases
}

/// A transfer of the fixture's token between two holders.
pub fn transfer() -> Case {
    let path = root().join("tests/fixtures/solidity/artifacts/Token.json");
    let text = std::fs::read_to_string(path).expect("the fixture");
    let artefact: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let object = &artefact["contracts"]["Token.sol"]["Token"]["evm"]["deployedBytecode"]["object"];
    let recipient = [0xbb; 20];
    let mut input = keccak256("transfer(address,uint256)")[..4].to_vec();
    input.extend([0; 12]);
    input.extend(recipient);
    input.extend(U256::from(1).to_be_bytes::<32>());
    let balance = |holder: [u8; 20]| {
        let mut preimage = [0; 64];
        preimage[12..32].copy_from_slice(&holder);
        preimage[63] = 3;
        U256::from_be_bytes(keccak256(preimage).0)
    };
    let storage = [SENDER.0, recipient].map(|holder| (balance(holder), U256::from(1) << 200));
    Case {
        name: "ERC-20 transfer".into(),
        code: bytes(object),
        input,
        storage: storage.into_iter().collect(),
    }
}

/// One instruction.
pub fn stop() -> Case {
    Case {
        name: "STOP".into(),
        code: vec![0],
        input: Vec::new(),
        storage: HashMap::default(),
    }
}

/// A host that does as little as can be: a table of slots, everything warm.
pub struct Simple {
    pub storage: HashMap<U256, U256>,
    pub logs: u64,
    params: GasParams,
}

impl Simple {
    pub fn new(case: &Case) -> Self {
        Self {
            storage: case.storage.clone(),
            logs: 0,
            params: GasParams::new_spec(SpecId::CANCUN),
        }
    }

    fn load(&self, key: U256) -> U256 {
        match self.storage.get(&key) {
            Some(value) => *value,
            None => U256::ZERO,
        }
    }

    fn store(&mut self, key: U256, value: U256) -> U256 {
        self.storage.insert(key, value).unwrap_or_default()
    }
}

const fn number(word: Word) -> U256 {
    U256::from_limbs(word.0)
}

impl StateAccess for Simple {
    fn storage_load(&mut self, key: &Word) -> RResult<StorageLoad, HostError> {
        RResult::ROk(StorageLoad {
            value: Word(self.load(number(*key)).into_limbs()),
            status: AccessStatus::WARM,
        })
    }

    fn storage_store(&mut self, key: &Word, value: &Word) -> RResult<StorageStore, HostError> {
        let current = Word(self.store(number(*key), number(*value)).into_limbs());
        RResult::ROk(StorageStore {
            original: current,
            current,
            new: *value,
            status: AccessStatus::WARM,
        })
    }

    fn transient_load(&mut self, _key: &Word) -> RResult<Word, HostError> {
        RResult::ROk(Word::ZERO)
    }

    fn transient_store(&mut self, _key: &Word, _value: &Word) -> RResult<(), HostError> {
        RResult::ROk(())
    }

    fn account(&mut self, _address: &Address) -> RResult<AccountInfo, HostError> {
        RResult::RErr(HostError::UNSUPPORTED)
    }

    fn call_target(&mut self, _address: &Address) -> RResult<CallTarget, HostError> {
        RResult::ROk(CallTarget {
            status: AccessStatus::WARM,
            is_absent: false,
            delegate_status: AccessStatus::WARM,
            delegate: ROption::RNone,
        })
    }

    fn code(&mut self, _address: &Address) -> RResult<CodeView<'_>, HostError> {
        RResult::RErr(HostError::UNSUPPORTED)
    }

    fn block_hash(&mut self, _number: u64) -> RResult<B256, HostError> {
        RResult::ROk(B256::default())
    }

    fn log(&mut self, topics: RSlice<'_, B256>, data: RSlice<'_, u8>) -> RResult<(), HostError> {
        self.logs += topics.len() as u64 + data.len() as u64;
        RResult::ROk(())
    }

    fn selfdestruct(&mut self, _beneficiary: &Address) -> RResult<SelfDestruct, HostError> {
        RResult::RErr(HostError::UNSUPPORTED)
    }

    fn call(&mut self, request: &CallRequest<'_>) -> RResult<CallOutcome, HostError> {
        RResult::ROk(CallOutcome {
            status: StatusCode::SUCCESS,
            gas_left: request.gas_limit,
            gas_refund: 0,
            output: Buffer::empty(),
        })
    }

    fn create(&mut self, _request: &CreateRequest<'_>) -> RResult<CreateOutcome, HostError> {
        RResult::RErr(HostError::UNSUPPORTED)
    }

    fn precompile(
        &mut self,
        _address: &Address,
        _input: RSlice<'_, u8>,
        _gas_limit: u64,
    ) -> RResult<CallOutcome, HostError> {
        RResult::RErr(HostError::UNSUPPORTED)
    }

    fn checkpoint(&mut self) -> RResult<u64, HostError> {
        RResult::RErr(HostError::UNSUPPORTED)
    }

    fn rollback(&mut self, _checkpoint: u64) -> RResult<(), HostError> {
        RResult::RErr(HostError::UNSUPPORTED)
    }

    fn extension(&mut self, _id: RStr<'_>) -> ROption<Extension> {
        ROption::RNone
    }
}

/// Surroundings of a message of the bench.
pub struct Surroundings {
    transaction: TransactionContext<'static>,
    block: BlockContext,
    limits: Limits,
    cancel: AtomicBool,
}

impl Surroundings {
    pub fn new() -> Self {
        Self {
            transaction: TransactionContext {
                origin: SENDER,
                gas_price: Word([1, 0, 0, 0]),
                blob_hashes: RSlice::from_slice(&[]),
                sequence: 1,
            },
            block: BlockContext {
                number: 1,
                timestamp: 1,
                gas_limit: GAS,
                chain_id: 1,
                coinbase: Address::default(),
                base_fee: Word::ZERO,
                difficulty: Word::ZERO,
                prev_randao: B256::default(),
                blob_base_fee: Word::ZERO,
            },
            limits: Limits {
                call_depth: 1024,
                code_size_bytes: 0x6000,
                init_code_size_bytes: 0xc000,
                container_size_bytes: 0,
                memory_bytes: u64::MAX,
            },
            cancel: AtomicBool::new(false),
        }
    }

    pub fn context<'a>(&'a self, case: &'a Case, code_hash: B256) -> ExecutionContext<'a> {
        ExecutionContext {
            message: Message {
                kind: MessageKind::CALL,
                depth: 0,
                is_static: false,
                gas_limit: GAS,
                sender: SENDER,
                recipient: RECIPIENT,
                code_address: RECIPIENT,
                code_hash,
                value: Word::ZERO,
                input: case.input.as_slice().into(),
            },
            transaction: &self.transaction,
            block: &self.block,
            limits: &self.limits,
            revision: Revision::Cancun,
            cancel: CancelFlag(&self.cancel),
        }
    }
}

/// revm's interpreter by itself, used as well as it can be: stack and memory are kept.
pub struct Revm {
    interpreter: Interpreter<EthInterpreter>,
    memory: Rc<RefCell<Vec<u8>>>,
    table: InstructionTable<EthInterpreter, Simple>,
    gas: [u16; 256],
}

impl Revm {
    pub fn new() -> Self {
        Self {
            interpreter: Interpreter::default(),
            memory: Rc::default(),
            table: instruction_table::<EthInterpreter, Simple>(),
            gas: gas_table_spec(SpecId::CANCUN),
        }
    }

    /// Runs analysed code.
    pub fn run(
        &mut self,
        code: Bytecode,
        hash: B256,
        input: &Bytes,
        host: &mut Simple,
    ) -> InterpreterResult {
        self.memory.borrow_mut().clear();
        let inputs = InputsImpl {
            target_address: primitives::Address::new(RECIPIENT.0),
            bytecode_address: None,
            caller_address: primitives::Address::new(SENDER.0),
            input: CallInput::Bytes(input.clone()),
            call_value: U256::ZERO,
            depth: 0,
        };
        self.interpreter.clear(
            SharedMemory::new_with_buffer(Rc::clone(&self.memory)),
            ExtBytecode::new_with_hash(code, primitives::B256::new(hash.0)),
            inputs,
            false,
            SpecId::CANCUN,
            GAS,
            0,
        );
        self.interpreter
            .run_plain(&self.table, &self.gas, host)
            .into_result_return()
            .expect("the inputs call nobody")
    }
}

impl revm_interpreter::Host for Simple {
    fn basefee(&self) -> U256 {
        U256::ZERO
    }
    fn blob_gasprice(&self) -> U256 {
        U256::ZERO
    }
    fn gas_limit(&self) -> U256 {
        U256::from(GAS)
    }
    fn difficulty(&self) -> U256 {
        U256::ZERO
    }
    fn prevrandao(&self) -> Option<U256> {
        Some(U256::ZERO)
    }
    fn block_number(&self) -> U256 {
        U256::ONE
    }
    fn timestamp(&self) -> U256 {
        U256::ONE
    }
    fn beneficiary(&self) -> primitives::Address {
        primitives::Address::ZERO
    }
    fn slot_num(&self) -> U256 {
        U256::ZERO
    }
    fn chain_id(&self) -> U256 {
        U256::ONE
    }
    fn effective_gas_price(&self) -> U256 {
        U256::ONE
    }
    fn caller(&self) -> primitives::Address {
        primitives::Address::new(SENDER.0)
    }
    fn blob_hash(&self, _number: usize) -> Option<U256> {
        None
    }
    fn max_initcode_size(&self) -> usize {
        0xc000
    }
    fn gas_params(&self) -> &GasParams {
        &self.params
    }
    fn is_amsterdam_eip8037_enabled(&self) -> bool {
        false
    }
    fn block_hash(&mut self, _number: u64) -> Option<primitives::B256> {
        Some(primitives::B256::ZERO)
    }
    fn selfdestruct(
        &mut self,
        _address: primitives::Address,
        _target: primitives::Address,
        _skip: bool,
    ) -> Result<StateLoad<SelfDestructResult>, LoadError> {
        Err(LoadError::DBError)
    }
    fn log(&mut self, log: Log) {
        self.logs += log.topics().len() as u64 + log.data.data.len() as u64;
    }
    fn sstore_skip_cold_load(
        &mut self,
        _address: primitives::Address,
        key: U256,
        value: U256,
        _skip: bool,
    ) -> Result<StateLoad<SStoreResult>, LoadError> {
        let current = self.store(key, value);
        Ok(StateLoad::new(
            SStoreResult {
                original_value: current,
                present_value: current,
                new_value: value,
            },
            false,
        ))
    }
    fn sload_skip_cold_load(
        &mut self,
        _address: primitives::Address,
        key: U256,
        _skip: bool,
    ) -> Result<StateLoad<U256>, LoadError> {
        Ok(StateLoad::new(self.load(key), false))
    }
    fn tstore(&mut self, _address: primitives::Address, _key: U256, _value: U256) {}
    fn tload(&mut self, _address: primitives::Address, _key: U256) -> U256 {
        U256::ZERO
    }
    fn load_account_info_skip_cold_load(
        &mut self,
        _address: primitives::Address,
        _code: bool,
        _skip: bool,
    ) -> Result<AccountInfoLoad<'_>, LoadError> {
        Err(LoadError::DBError)
    }
}

/// The machine as the host holds it: behind the ABI, fence and all.
pub fn machine() -> proz_interface::v1::VirtualMachineBox {
    static IDENTITY: proz_sdk::Identity = proz_sdk::Identity {
        id: "proz-evm",
        vm_type: "evm",
        version: "0.0.0",
        features: "",
    };
    let information = proz_interface::v1::HostInfo {
        version: "0.0.0".into(),
        data_dir: "".into(),
    };
    let instance = proz_sdk::__private::create_machine(
        &IDENTITY,
        "".into(),
        &information,
        |config: proz_evm::EvmConfig, _| proz_evm::Evm::new(Revision::Osaka, &config),
    );
    let mut instance = instance.into_result().expect("a default configuration");
    instance.machines.pop().expect("one machine")
}

/// Runs a case through the ABI.
pub fn execute(
    machine: &proz_interface::v1::VirtualMachineBox,
    code: &[u8],
    context: &ExecutionContext<'_>,
    host: &mut Simple,
) -> proz_interface::v1::FrameResult {
    let access = proz_interface::v1::StateAccess_TO::from_ptr(
        proz_interface::abi_stable::sabi_types::RMut::new(host),
        proz_interface::abi_stable::sabi_trait::TD_Opaque,
    );
    machine
        .execute(code.into(), context, access)
        .into_result()
        .expect("the inputs are computable")
}
