//! Random frames, here and on revm's interpreter with revm's own instructions: everything that a
//! frame does and leaves must be equal.
//!
//! revm's side follows revm's handler: a call suspends the interpreter, the outcome is put into
//! gas, memory and stack from outside. Storage of the rule set Constantinople, which revm lacks,
//! is tested by its EIP's table instead.
#![allow(clippy::unwrap_used, reason = "tests may unwrap, their helpers too")]

use proz_evm::{Evm, EvmConfig};
use proz_interface::v1::{
    Address, Buffer, CallOutcome, CallRequest, CreateOutcome, CreateRequest, MessageKind, Revision,
    StateAccess as _, StatusCode, Word,
};
use proz_sdk::{HostError, VirtualMachine as _};
use proz_sdk_testing::mock::{Environment, MockAccount, MockHost, MockState};
use revm_interpreter::{
    CallInput, CallScheme, CreateScheme, FrameInput, InputsImpl, Interpreter, InterpreterAction,
    SStoreResult, SelfDestructResult, SharedMemory, StateLoad,
    bytecode::{Bytecode, opcode as op},
    context_interface::{cfg::GasParams, host::LoadError, journaled_state::AccountInfoLoad},
    instruction_table,
    instructions::gas_table_spec,
    interpreter::{EthInterpreter, ExtBytecode},
    interpreter_types::ReturnData as _,
    primitives::{self, B256, Bytes, Log, U256, hardfork::SpecId, keccak256},
    state::AccountInfo,
};
use std::{borrow::Cow, rc::Rc};

const SELF: Address = Address([0x11; 20]);
const GAS: u64 = 300_000;

/// xorshift64*: the same programs in every run.
struct Random(u64);

impl Random {
    const fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    const fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 11) % bound
    }
}

/// Accounts that programs meet: absent, rich, with code, delegated, the program's own.
fn account(number: u64) -> Address {
    match number % 6 {
        0 => SELF,
        n => Address([n as u8 * 0x20; 20]),
    }
}

fn world(code: &[u8]) -> MockState {
    let mut state = MockState::default();
    let delegate = account(2);
    let designator = [&[0xef, 0x01, 0x00], &delegate.0[..]].concat();
    for (number, entry) in [
        (0, MockAccount::with_code(code)),
        (1, MockAccount::with_balance(1_000_000)),
        (2, MockAccount::with_code([0x60, 0x01, 0x5b])),
        (3, MockAccount::with_code(designator)),
        (4, MockAccount::default()),
    ] {
        state.accounts.insert(account(number), entry);
    }
    state.accounts.get_mut(&SELF).unwrap().balance = Word::from(50);
    state.warm_accounts.insert(SELF);
    state.set_slot(SELF, 0, 5);
    state.set_slot(SELF, 1, 7);
    state
}

/// Code that is mostly pushes and otherwise anything, with targets for its jumps.
fn program(random: &mut Random) -> Vec<u8> {
    let mut code = Vec::new();
    let mut targets = Vec::new();
    for _ in 0..12 {
        code.extend([op::PUSH1, random.below(80) as u8]);
    }
    for _ in 0..4 + random.below(24) {
        match random.below(20) {
            0..=7 => code.extend([op::PUSH1, random.below(80) as u8]),
            8 => {
                code.push(op::PUSH20);
                code.extend(account(random.next()).0);
            }
            9 => {
                code.push(op::PUSH32);
                for _ in 0..4 {
                    code.extend((random.next() << random.below(64)).to_be_bytes());
                }
            }
            10 => {
                targets.push(code.len() as u8);
                code.push(op::JUMPDEST);
            }
            11 if !targets.is_empty() => {
                let target = targets[random.below(targets.len() as u64) as usize];
                code.extend([op::PUSH1, target, op::JUMP + random.below(2) as u8]);
            }
            12 => code.push(op::DUP1 + random.below(8) as u8),
            13 => {
                // A call with sensible operands.
                let kinds = [op::CALL, op::CALLCODE, op::DELEGATECALL, op::STATICCALL];
                let kind = kinds[random.below(4) as usize];
                for _ in 0..4 {
                    code.extend([op::PUSH1, random.below(100) as u8]);
                }
                if matches!(kind, op::CALL | op::CALLCODE) {
                    code.extend([op::PUSH1, random.below(3) as u8]);
                }
                code.push(op::PUSH20);
                code.extend(account(random.next()).0);
                code.extend([op::PUSH2, random.next() as u8, 0, kind]);
            }
            14 => {
                let ours = [
                    op::SSTORE,
                    op::SLOAD,
                    op::TSTORE,
                    op::TLOAD,
                    op::BALANCE,
                    op::EXTCODESIZE,
                    op::EXTCODEHASH,
                    op::EXTCODECOPY,
                    op::SELFBALANCE,
                    op::LOG0,
                    op::LOG2,
                    op::LOG4,
                    op::CREATE,
                    op::CREATE2,
                    op::RETURN,
                    op::REVERT,
                    op::SELFDESTRUCT,
                    op::KECCAK256,
                    op::BLOCKHASH,
                    op::RETURNDATACOPY,
                    op::RETURNDATASIZE,
                    op::MCOPY,
                    op::MLOAD,
                    op::MSTORE,
                    op::MSTORE8,
                    op::CALLDATACOPY,
                    op::CODECOPY,
                ];
                code.push(ours[random.below(ours.len() as u64) as usize]);
            }
            15..=18 => {
                let harmless = [
                    op::ADD,
                    op::ISZERO,
                    op::NOT,
                    op::AND,
                    op::GAS,
                    op::MSIZE,
                    op::PC,
                ];
                code.push(harmless[random.below(harmless.len() as u64) as usize]);
            }
            _ => code.push(random.below(256) as u8),
        }
    }
    code
}

/// Outcomes of nested calls, by what was asked.
fn call_outcome(request: &CallRequest<'_>) -> CallOutcome {
    let seed = keccak256(request.input.as_slice());
    let (status, share) = match seed[0] % 5 {
        0 => (StatusCode::REVERT, 2),
        1 => (StatusCode::OUT_OF_GAS, 0),
        2 => (StatusCode::INSUFFICIENT_BALANCE, 1),
        _ => (StatusCode::SUCCESS, 3),
    };
    let gives = status.is_success() || status.is_revert();
    let len = if gives { seed[1] as usize % 70 } else { 0 };
    CallOutcome {
        status,
        gas_left: request.gas_limit.checked_div(share).unwrap_or(0),
        gas_refund: if status.is_success() {
            i64::from(seed[2])
        } else {
            0
        },
        output: Buffer::from(seed.repeat(3)[..len].to_vec()),
    }
}

fn create_outcome(request: &CreateRequest<'_>) -> CreateOutcome {
    let seed = keccak256(request.init_code.as_slice());
    let (status, gas_left, len) = match seed[0] % 3 {
        0 => (
            StatusCode::REVERT,
            request.gas_limit / 2,
            seed[1] as usize % 32,
        ),
        1 => (StatusCode::ADDRESS_COLLISION, 0, 0),
        _ => (StatusCode::SUCCESS, request.gas_limit / 3, 0),
    };
    CreateOutcome {
        status,
        gas_left,
        gas_refund: if status.is_success() { 9 } else { 0 },
        address: Address([seed[3]; 20]),
        output: Buffer::from(&seed[..len]),
    }
}

fn host(revision: Revision, code: &[u8], is_static: bool) -> MockHost {
    let mut host = MockHost::new(SELF);
    host.state = world(code);
    host.is_static = is_static;
    host.tracks_access = revision >= Revision::Berlin;
    host.on_call = Some(Rc::new(|_, request| Ok(call_outcome(request))));
    host.on_create = Some(Rc::new(|_, request| Ok(create_outcome(request))));
    host
}

/// What a frame leaves.
#[derive(Debug, PartialEq)]
struct Remains {
    is_success: bool,
    is_revert: bool,
    gas_left: u64,
    gas_refund: i64,
    output: Vec<u8>,
    state: Option<MockState>,
    nested: Vec<String>,
}

impl Remains {
    fn of(host: MockHost, ok: bool, revert: bool, gas: u64, refund: i64, output: &[u8]) -> Self {
        let nested = host
            .transcript()
            .into_iter()
            .filter(|line| line.starts_with("Call ") || line.starts_with("Create "))
            .collect();
        Self {
            is_success: ok,
            is_revert: revert,
            gas_left: if ok || revert { gas } else { 0 },
            gas_refund: if ok { refund } else { 0 },
            output: output.to_vec(),
            // What a failed frame touched is undone, so it may differ.
            state: ok.then_some(host.state),
            nested,
        }
    }
}

fn here(evm: &Evm, environment: &Environment, code: &[u8], is_static: bool) -> Remains {
    let mut host = host(environment.revision, code, is_static);
    let mut message = Environment::call(SELF, GAS, &[0xab; 40]);
    message.code_hash = host.state.accounts[&SELF].code_hash();
    message.is_static = is_static;
    message.value = Word::from(3);
    let context = environment.context(message);
    let result = evm.execute(code, &context, &mut host.host()).unwrap();
    let (ok, revert) = (result.status.is_success(), result.status.is_revert());
    Remains::of(
        host,
        ok,
        revert,
        result.gas_left,
        result.gas_refund,
        &result.output,
    )
}

fn spec(revision: Revision) -> SpecId {
    [
        SpecId::FRONTIER,
        SpecId::HOMESTEAD,
        SpecId::TANGERINE,
        SpecId::SPURIOUS_DRAGON,
        SpecId::BYZANTIUM,
        SpecId::PETERSBURG,
        SpecId::PETERSBURG,
        SpecId::ISTANBUL,
        SpecId::BERLIN,
        SpecId::LONDON,
        SpecId::MERGE,
        SpecId::SHANGHAI,
        SpecId::CANCUN,
        SpecId::PRAGUE,
        SpecId::OSAKA,
    ][revision.0 as usize]
}

fn there(environment: &Environment, code: &[u8], is_static: bool) -> Remains {
    let spec = spec(environment.revision);
    let mut reference = Reference {
        mock: host(environment.revision, code, is_static),
        environment,
        params: GasParams::new_spec(spec),
    };
    let mut interpreter = Interpreter::<EthInterpreter>::new(
        SharedMemory::new(),
        ExtBytecode::new(Bytecode::new_legacy(Bytes::copy_from_slice(code))),
        InputsImpl {
            target_address: primitives::Address::new(SELF.0),
            bytecode_address: None,
            caller_address: primitives::Address::new([0xaa; 20]),
            input: CallInput::Bytes(Bytes::from_static(&[0xab; 40])),
            call_value: U256::from(3),
            depth: 0,
        },
        is_static,
        spec,
        GAS,
    );
    let table = instruction_table::<EthInterpreter, Reference<'_>>();
    let gas = gas_table_spec(spec);
    loop {
        match interpreter.run_plain(&table, &gas, &mut reference) {
            InterpreterAction::Return(result) => {
                return Remains::of(
                    reference.mock,
                    result.is_ok(),
                    result.is_revert(),
                    result.gas.remaining(),
                    result.gas.refunded(),
                    &result.output,
                );
            }
            InterpreterAction::NewFrame(frame) => resume(&mut interpreter, &mut reference, frame),
        }
    }
}

fn resume(
    interpreter: &mut Interpreter<EthInterpreter>,
    reference: &mut Reference<'_>,
    frame: FrameInput,
) {
    let (is_success, gas_left, refund, data, pushed) = match frame {
        FrameInput::Call(inputs) => {
            let input = if inputs.input.is_empty() {
                Vec::new()
            } else {
                inputs.input.as_bytes_memory(&interpreter.memory).to_vec()
            };
            let outcome = reference
                .mock
                .call(&CallRequest {
                    kind: match inputs.scheme {
                        CallScheme::Call => MessageKind::CALL,
                        CallScheme::CallCode => MessageKind::CALL_CODE,
                        CallScheme::DelegateCall => MessageKind::DELEGATE_CALL,
                        CallScheme::StaticCall => MessageKind::STATIC_CALL,
                    },
                    gas_limit: inputs.gas_limit,
                    target: Address(inputs.bytecode_address.0.0),
                    value: if inputs.scheme == CallScheme::DelegateCall {
                        Word::ZERO
                    } else {
                        Word(inputs.call_value().into_limbs())
                    },
                    input: input.as_slice().into(),
                })
                .into_result()
                .unwrap();
            let is_success = outcome.status.is_success();
            if is_success || outcome.status.is_revert() {
                let range = inputs.return_memory_offset;
                let len = range.len().min(outcome.output.len());
                interpreter.memory.set(range.start, &outcome.output[..len]);
            }
            let pushed = U256::from(u8::from(is_success));
            (
                is_success,
                outcome.gas_left,
                outcome.gas_refund,
                outcome.output,
                pushed,
            )
        }
        FrameInput::Create(inputs) => {
            let (kind, salt) = match inputs.scheme() {
                CreateScheme::Create2 { salt } => (MessageKind::CREATE2, salt),
                _ => (MessageKind::CREATE, U256::ZERO),
            };
            let outcome = reference
                .mock
                .create(&CreateRequest {
                    kind,
                    gas_limit: inputs.gas_limit(),
                    value: Word(inputs.value().into_limbs()),
                    salt: proz_sdk::B256(salt.to_be_bytes()),
                    init_code: inputs.init_code()[..].into(),
                })
                .into_result()
                .unwrap();
            let is_success = outcome.status.is_success();
            let data = if outcome.status.is_revert() {
                outcome.output
            } else {
                Buffer::empty()
            };
            let address = U256::from_be_slice(&outcome.address.0);
            let pushed = if is_success { address } else { U256::ZERO };
            (
                is_success,
                outcome.gas_left,
                outcome.gas_refund,
                data,
                pushed,
            )
        }
        FrameInput::Empty => unreachable!("never asked for"),
    };
    interpreter.gas.erase_cost(gas_left);
    if is_success {
        interpreter.gas.record_refund(refund);
    }
    interpreter
        .return_data
        .set_buffer(Bytes::copy_from_slice(&data));
    assert!(interpreter.stack.push(pushed));
}

#[test]
fn random_frames_end_as_on_revms_interpreter() {
    let evm = Evm::new(Revision::Osaka, &EvmConfig::default()).unwrap();
    let mut random = Random(0x5eed_0001);
    let (mut frames, mut successes, mut nested) = (0, 0, 0);
    for _ in 0..2_000 {
        let code = program(&mut random);
        let is_static = random.below(8) == 0;
        for revision in Revision::ALL {
            if *revision == Revision::Constantinople && code.contains(&op::SSTORE) {
                continue;
            }
            let environment = Environment::new(*revision);
            let found = here(&evm, &environment, &code, is_static);
            let expected = there(&environment, &code, is_static);
            assert_eq!(
                found,
                expected,
                "{revision}, static {is_static}: {}",
                primitives::hex::encode(&code)
            );
            frames += 1;
            successes += usize::from(found.is_success);
            nested += found.nested.len();
        }
    }
    // The programs are worth the name: they run, and they call.
    assert!(
        successes * 10 > frames,
        "{successes} of {frames} frames succeeded"
    );
    assert!(
        nested * 10 > frames,
        "{nested} nested calls in {frames} frames"
    );
}

/// revm's view of the mock.
struct Reference<'a> {
    mock: MockHost,
    environment: &'a Environment,
    params: GasParams,
}

impl Reference<'_> {
    fn code_of(&self, address: primitives::Address) -> Vec<u8> {
        let account = self.mock.state.accounts.get(&Address(address.0.0));
        account
            .map(|account| account.code.clone())
            .unwrap_or_default()
    }
}

const fn load_error(_error: HostError) -> LoadError {
    LoadError::DBError
}

impl revm_interpreter::Host for Reference<'_> {
    fn basefee(&self) -> U256 {
        U256::from_limbs(self.environment.block.base_fee.0)
    }
    fn blob_gasprice(&self) -> U256 {
        U256::from_limbs(self.environment.block.blob_base_fee.0)
    }
    fn gas_limit(&self) -> U256 {
        U256::from(self.environment.block.gas_limit)
    }
    fn difficulty(&self) -> U256 {
        U256::from_limbs(self.environment.block.difficulty.0)
    }
    fn prevrandao(&self) -> Option<U256> {
        Some(U256::from_be_bytes(self.environment.block.prev_randao.0))
    }
    fn block_number(&self) -> U256 {
        U256::from(self.environment.block.number)
    }
    fn timestamp(&self) -> U256 {
        U256::from(self.environment.block.timestamp)
    }
    fn beneficiary(&self) -> primitives::Address {
        primitives::Address::new(self.environment.block.coinbase.0)
    }
    fn slot_num(&self) -> U256 {
        U256::ZERO
    }
    fn chain_id(&self) -> U256 {
        U256::from(self.environment.block.chain_id)
    }
    fn effective_gas_price(&self) -> U256 {
        U256::from_limbs(self.environment.transaction.gas_price.0)
    }
    fn caller(&self) -> primitives::Address {
        primitives::Address::new(self.environment.transaction.origin.0)
    }
    fn blob_hash(&self, number: usize) -> Option<U256> {
        let hashes = self.environment.transaction.blob_hashes.as_slice();
        hashes.get(number).map(|hash| U256::from_be_bytes(hash.0))
    }
    fn max_initcode_size(&self) -> usize {
        self.environment.limits.init_code_size_bytes as usize
    }
    fn gas_params(&self) -> &GasParams {
        &self.params
    }
    fn is_amsterdam_eip8037_enabled(&self) -> bool {
        false
    }
    fn block_hash(&mut self, number: u64) -> Option<B256> {
        self.mock
            .block_hash(number)
            .into_result()
            .ok()
            .map(|hash| B256::new(hash.0))
    }
    fn selfdestruct(
        &mut self,
        _address: primitives::Address,
        target: primitives::Address,
        _skip: bool,
    ) -> Result<StateLoad<SelfDestructResult>, LoadError> {
        let effects = self
            .mock
            .selfdestruct(&Address(target.0.0))
            .into_result()
            .map_err(load_error)?;
        Ok(StateLoad::new(
            SelfDestructResult {
                had_value: effects.had_value,
                target_exists: effects.beneficiary_exists,
                previously_destroyed: effects.previously_destroyed,
            },
            effects.status.is_cold(),
        ))
    }
    fn log(&mut self, log: Log) {
        let topics: Vec<_> = log
            .topics()
            .iter()
            .map(|topic| proz_sdk::B256(topic.0))
            .collect();
        let logged = self
            .mock
            .log(topics.as_slice().into(), log.data.data[..].into());
        logged.into_result().unwrap();
    }
    fn sstore_skip_cold_load(
        &mut self,
        _address: primitives::Address,
        key: U256,
        value: U256,
        _skip: bool,
    ) -> Result<StateLoad<SStoreResult>, LoadError> {
        let (key, value) = (Word(key.into_limbs()), Word(value.into_limbs()));
        let store = self
            .mock
            .storage_store(&key, &value)
            .into_result()
            .map_err(load_error)?;
        Ok(StateLoad::new(
            SStoreResult {
                original_value: U256::from_limbs(store.original.0),
                present_value: U256::from_limbs(store.current.0),
                new_value: U256::from_limbs(store.new.0),
            },
            store.status.is_cold(),
        ))
    }
    fn sload_skip_cold_load(
        &mut self,
        _address: primitives::Address,
        key: U256,
        _skip: bool,
    ) -> Result<StateLoad<U256>, LoadError> {
        let load = self
            .mock
            .storage_load(&Word(key.into_limbs()))
            .into_result()
            .map_err(load_error)?;
        Ok(StateLoad::new(
            U256::from_limbs(load.value.0),
            load.status.is_cold(),
        ))
    }
    fn tstore(&mut self, _address: primitives::Address, key: U256, value: U256) {
        let (key, value) = (Word(key.into_limbs()), Word(value.into_limbs()));
        self.mock
            .transient_store(&key, &value)
            .into_result()
            .unwrap();
    }
    fn tload(&mut self, _address: primitives::Address, key: U256) -> U256 {
        let value = self
            .mock
            .transient_load(&Word(key.into_limbs()))
            .into_result()
            .unwrap();
        U256::from_limbs(value.0)
    }
    fn load_account_info_skip_cold_load(
        &mut self,
        address: primitives::Address,
        load_code: bool,
        _skip: bool,
    ) -> Result<AccountInfoLoad<'_>, LoadError> {
        let account = self
            .mock
            .account(&Address(address.0.0))
            .into_result()
            .map_err(load_error)?;
        let code =
            load_code.then(|| Bytecode::new_raw_checked(self.code_of(address).into()).unwrap());
        let info = AccountInfo {
            balance: U256::from_limbs(account.balance.0),
            nonce: account.nonce,
            code_hash: B256::new(account.code_hash.0),
            account_id: None,
            code,
        };
        Ok(AccountInfoLoad {
            account: Cow::Owned(info),
            is_cold: account.status.is_cold(),
            is_empty: account.is_absent,
        })
    }
}
