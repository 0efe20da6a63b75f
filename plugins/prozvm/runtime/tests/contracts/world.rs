//! Contracts of the kit on the in-memory host, spoken to in Solidity's ABI.

use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use proz_prozvm::{ProzVmConfig, ProzVmMachine};
use proz_sdk::{
    Address, Buffer, CallOutcome, CallRequest, FrameResult, HostError, MessageKind, Revision,
    StatusCode, VirtualMachine, Word,
};
use proz_sdk_testing::mock::{Environment, MockAccount, MockHost};
use sha3::{Digest as _, Keccak256};

/// Gas that suffices for every ordinary call of these tests.
const GAS: u64 = 10_000_000;

pub(crate) const ALICE: Address = Address([0xaa; 20]);
pub(crate) const BOB: Address = Address([0xbb; 20]);
pub(crate) const CAROL: Address = Address([0xcc; 20]);

/// One word of arguments, results, topics.
pub(crate) type Bytes32 = [u8; 32];

pub(crate) fn keccak(bytes: &[u8]) -> Bytes32 {
    Keccak256::digest(bytes).into()
}

/// Reads an artefact of tests/fixtures/prozvm.
pub(crate) fn artefact(name: &str) -> Vec<u8> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/fixtures/prozvm/artifacts");
    let file = folder.join(format!("{name}.pz"));
    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// An argument or result of a call.
pub(crate) enum Arg<'a> {
    Number(u64),
    Word(Bytes32),
    Account(Address),
    Bytes(&'a [u8]),
    Words(&'a [Bytes32]),
}
use Arg::{Account, Bytes, Number, Words};

pub(crate) fn account(account: Address) -> Bytes32 {
    let mut word = [0; 32];
    word[12..].copy_from_slice(&account.0);
    word
}

pub(crate) fn number(number: u64) -> Bytes32 {
    Word::from(number).to_be_bytes()
}

/// Encodes arguments as Solidity does.
pub(crate) fn encode(arguments: &[Arg<'_>]) -> Vec<u8> {
    let (mut head, mut tail) = (Vec::new(), Vec::new());
    for argument in arguments {
        let place = number((arguments.len() * 32 + tail.len()) as u64);
        match argument {
            Number(value) => head.extend(number(*value)),
            Arg::Word(word) => head.extend(word),
            Account(value) => head.extend(account(*value)),
            Bytes(bytes) => {
                head.extend(place);
                tail.extend(number(bytes.len() as u64));
                tail.extend(*bytes);
                tail.resize(tail.len().next_multiple_of(32), 0);
            }
            Words(words) => {
                head.extend(place);
                tail.extend(number(words.len() as u64));
                tail.extend(words.concat());
            }
        }
    }
    [head, tail].concat()
}

pub(crate) fn encode_call(signature: &str, arguments: &[Arg<'_>]) -> Vec<u8> {
    [&keccak(signature.as_bytes())[..4], &encode(arguments)].concat()
}

fn machine() -> &'static Arc<ProzVmMachine> {
    static MACHINE: OnceLock<Arc<ProzVmMachine>> = OnceLock::new();
    MACHINE.get_or_init(|| Arc::new(ProzVmMachine::new(ProzVmConfig::default()).unwrap()))
}

/// Accounts with contracts, and the time.
pub(crate) struct World {
    pub(crate) host: MockHost,
    pub(crate) timestamp: u64,
}

fn environment(timestamp: u64) -> Environment {
    static SEQUENCE: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    let mut environment = Environment::new(Revision::LATEST);
    environment.transaction.sequence = SEQUENCE.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    environment.block.timestamp = timestamp;
    environment
}

impl World {
    pub(crate) fn new() -> Self {
        let mut host = MockHost::new(Address::default());
        host.observes = false;
        for account in [ALICE, BOB, CAROL] {
            host.state
                .accounts
                .insert(account, MockAccount::with_balance(1_000_000));
        }
        Self {
            host,
            timestamp: 1_000,
        }
    }

    /// Sends a message; what fails changes nothing.
    pub(crate) fn send(
        &mut self,
        sender: Address,
        to: Address,
        kind: MessageKind,
        value: u64,
        input: &[u8],
    ) -> FrameResult {
        let environment = environment(self.timestamp);
        let timestamp = self.timestamp;
        self.host.on_call = Some(Rc::new(
            move |host: &mut MockHost, request: &CallRequest<'_>| nested(timestamp, host, request),
        ));
        let target = &self.host.state.accounts[&to];
        let code = target.code.clone();
        let mut message = Environment::call(to, GAS, input);
        message.kind = kind;
        message.sender = sender;
        message.value = value.into();
        message.code_hash = target.code_hash();
        let before = self.host.state.clone();
        self.host.recipient = to;
        assert!(self.host.state.transfer(sender, to, value.into()));
        let context = environment.context(message);
        let result = machine()
            .execute(&code, &context, &mut self.host.host())
            .unwrap();
        if !result.status.is_success() {
            self.host.state = before;
        }
        result
    }

    /// Puts a contract at address `number` and runs its constructor from ALICE.
    pub(crate) fn deploy(&mut self, number: u8, name: &str, arguments: &[Arg<'_>]) -> Address {
        let (address, result) = self.try_deploy(number, name, &encode(arguments));
        assert!(result.status.is_success(), "{name}: {}", result.status);
        address
    }

    pub(crate) fn try_deploy(
        &mut self,
        number: u8,
        name: &str,
        arguments: &[u8],
    ) -> (Address, FrameResult) {
        let address = Address([number; 20]);
        let code = artefact(name);
        machine().validate_code(&code).unwrap();
        let account = MockAccount::with_code(code);
        self.host.state.accounts.insert(address, account);
        let result = self.send(ALICE, address, MessageKind::CREATE, 0, arguments);
        (address, result)
    }

    pub(crate) fn call(
        &mut self,
        sender: Address,
        to: Address,
        signature: &str,
        arguments: &[Arg<'_>],
    ) -> FrameResult {
        let input = encode_call(signature, arguments);
        self.send(sender, to, MessageKind::CALL, 0, &input)
    }

    /// Calls a function that must succeed, and gives its output.
    #[track_caller]
    pub(crate) fn ok(
        &mut self,
        sender: Address,
        to: Address,
        signature: &str,
        arguments: &[Arg<'_>],
    ) -> Vec<u8> {
        let result = self.call(sender, to, signature, arguments);
        let output = result.output.as_slice().to_vec();
        assert!(
            result.status.is_success(),
            "{signature}: {} {output:02x?}",
            result.status
        );
        output
    }

    /// Calls a function whose only result is a small number.
    #[track_caller]
    pub(crate) fn number(&mut self, to: Address, signature: &str, arguments: &[Arg<'_>]) -> u64 {
        let output = self.ok(ALICE, to, signature, arguments);
        assert_eq!(output.len(), 32, "{signature}");
        assert_eq!(output[..24], [0; 24], "{signature}");
        u64::from_be_bytes(output[24..].try_into().unwrap())
    }

    /// Asserts that a call reverts with a custom error, or with nothing when `error` is empty.
    #[track_caller]
    pub(crate) fn refused(
        &mut self,
        sender: Address,
        to: Address,
        call: (&str, &[Arg<'_>]),
        error: &str,
        values: &[Arg<'_>],
    ) {
        let before = self.host.state.clone();
        let result = self.call(sender, to, call.0, call.1);
        assert_reverted(&result, error, values);
        assert_eq!(self.host.state, before);
    }

    /// The last event: its topics and data.
    pub(crate) fn last_event(&self) -> (Vec<Bytes32>, Vec<u8>) {
        let log = self.host.state.logs.last().unwrap();
        let topics = log.topics.iter().map(|topic| topic.0).collect();
        (topics, log.data.clone())
    }
}

#[track_caller]
pub(crate) fn assert_reverted(result: &FrameResult, error: &str, values: &[Arg<'_>]) {
    assert_eq!(result.status, StatusCode::REVERT, "{}", result.status);
    let expected = match error {
        "" => Vec::new(),
        error => encode_call(error, values),
    };
    assert_eq!(result.output.as_slice(), expected, "{error}");
}

/// Runs a nested call on the same VM; accounts without code just take the value.
fn nested(
    timestamp: u64,
    host: &mut MockHost,
    request: &CallRequest<'_>,
) -> Result<CallOutcome, HostError> {
    let outcome = |status, gas_left, output| CallOutcome {
        status,
        gas_left,
        gas_refund: 0,
        output,
    };
    let (caller, target) = (host.recipient, request.target);
    let is_static = request.kind == MessageKind::STATIC_CALL || host.is_static;
    let found = host.state.accounts.get(&target).cloned();
    host.enter(target, is_static, |host| {
        if !request.value.is_zero() && !host.state.transfer(caller, target, request.value) {
            let status = StatusCode::INSUFFICIENT_BALANCE;
            return Ok(outcome(status, request.gas_limit, Buffer::empty()));
        }
        let Some(callee) = found.filter(|account| !account.code.is_empty()) else {
            return Ok(outcome(
                StatusCode::SUCCESS,
                request.gas_limit,
                Buffer::empty(),
            ));
        };
        let mut message = Environment::call(target, request.gas_limit, request.input.as_slice());
        message.kind = request.kind;
        message.depth = 1;
        message.is_static = is_static;
        message.sender = caller;
        message.value = request.value;
        message.code_hash = callee.code_hash();
        let environment = environment(timestamp);
        let context = environment.context(message);
        match machine().execute(&callee.code, &context, &mut host.host()) {
            Ok(result) => Ok(outcome(result.status, result.gas_left, result.output)),
            Err(_) => Err(HostError::ABORTED),
        }
    })
}
