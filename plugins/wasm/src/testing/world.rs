//! A world of Wasm contracts on the in-memory host.

use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use proz_sdk::{
    Address, B256, CallOutcome, CallRequest, CreateOutcome, CreateRequest, FrameResult, HostError,
    Message, MessageKind, Revision, StatusCode, VirtualMachine, VmError, Word,
};
use proz_sdk_testing::mock::{Environment, MockAccount, MockHost};

use crate::{MachineConfig, WasmConfig, WasmMachine};

/// Gas that suffices for every ordinary call of these tests.
pub const GAS: u64 = 10_000_000;

/// The account that signs.
pub const ALICE: Address = Address([0xaa; 20]);

/// Settings with a pool small enough for tests.
#[must_use]
pub fn config() -> WasmConfig {
    WasmConfig {
        machine: MachineConfig {
            pooled_instances: 1_100,
            ..MachineConfig::default()
        },
        ..WasmConfig::default()
    }
}

/// One VM with default settings for all tests.
#[must_use]
pub fn machine() -> Arc<WasmMachine> {
    static MACHINE: OnceLock<Arc<WasmMachine>> = OnceLock::new();
    Arc::clone(MACHINE.get_or_init(|| Arc::new(WasmMachine::new(config()).unwrap())))
}

/// Parses the text format.
#[must_use]
pub fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// Address number `number`.
#[must_use]
pub fn address(number: u8) -> Address {
    let mut bytes = [0; 20];
    bytes[0] = 0x10;
    bytes[19] = number;
    Address(bytes)
}

/// Hash of code, as a host names it.
#[must_use]
pub fn code_hash(code: &[u8]) -> B256 {
    B256(alloy_primitives::keccak256(code).0)
}

/// Accounts with contracts, and the VM that runs them.
pub struct World {
    /// The VM.
    pub machine: Arc<WasmMachine>,
    /// Block and transaction of every call.
    pub environment: Environment,
    /// Accounts and what they hold.
    pub host: MockHost,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// An empty world on the VM with default settings.
    #[must_use]
    pub fn new() -> Self {
        Self::with_machine(machine())
    }

    /// An empty world on `machine`.
    #[must_use]
    pub fn with_machine(machine: Arc<WasmMachine>) -> Self {
        static SEQUENCE: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
        let mut environment = Environment::new(Revision::LATEST);
        environment.transaction.sequence =
            SEQUENCE.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut host = MockHost::new(Address::default());
        host.observes = false;
        host.state
            .accounts
            .insert(ALICE, MockAccount::with_balance(1_000_000_000));
        let mut world = Self {
            machine,
            environment,
            host,
        };
        world.serve_nested();
        world
    }

    /// Nested calls and creations run on the same VM.
    fn serve_nested(&mut self) {
        let machine = Arc::clone(&self.machine);
        let transaction = self.environment.transaction;
        self.host.on_call = Some(Rc::new(
            move |host: &mut MockHost, request: &CallRequest<'_>| {
                nested_call(&machine, transaction.sequence, host, request)
            },
        ));
        let machine = Arc::clone(&self.machine);
        self.host.on_create = Some(Rc::new(
            move |host: &mut MockHost, request: &CreateRequest<'_>| {
                nested_create(&machine, transaction.sequence, host, request)
            },
        ));
    }

    /// Puts a contract at `address`.
    pub fn install(&mut self, address: Address, code: &[u8]) {
        self.machine.validate_code(code).unwrap();
        self.host
            .state
            .accounts
            .insert(address, MockAccount::with_code(code));
    }

    /// Puts a contract at `address` and runs its constructor.
    pub fn deploy(&mut self, address: Address, code: &[u8], arguments: &[u8]) -> FrameResult {
        self.install(address, code);
        let mut message = Environment::call(address, GAS, arguments);
        message.kind = MessageKind::CREATE;
        self.send(message).unwrap()
    }

    /// Calls a contract from [`ALICE`].
    pub fn call(&mut self, address: Address, input: &[u8]) -> FrameResult {
        self.send(Environment::call(address, GAS, input)).unwrap()
    }

    /// Sends a message whose recipient is a contract of this world.
    pub fn send(&mut self, mut message: Message<'_>) -> Result<FrameResult, VmError> {
        let code = self.host.state.accounts[&message.code_address].code.clone();
        if !message.kind.is_create() {
            message.code_hash = code_hash(&code);
        }
        SENDER.set(message.sender);
        self.host.recipient = message.recipient;
        self.host.is_static = message.is_static;
        let before = self.host.state.clone();
        let context = self.environment.context(message);
        let result = self.machine.execute(&code, &context, &mut self.host.host());
        if !matches!(&result, Ok(result) if result.status.is_success()) {
            self.host.state = before;
        }
        result
    }

    /// Runs a contract given as text once with `input`.
    #[must_use]
    pub fn run(text: &str, input: &[u8]) -> FrameResult {
        Self::run_code(&wat(text), input)
    }

    /// Runs a contract once with `input`.
    #[must_use]
    pub fn run_code(code: &[u8], input: &[u8]) -> FrameResult {
        let mut world = Self::new();
        world.install(address(1), code);
        world.call(address(1), input)
    }
}

thread_local! {
    /// Sender of the running frame, which delegate calls keep.
    static SENDER: std::cell::Cell<Address> = const { std::cell::Cell::new(ALICE) };
    static DEPTH: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
    static NEW_ACCOUNTS: std::cell::Cell<u8> = const { std::cell::Cell::new(0xe0) };
}

fn nested_call(
    machine: &WasmMachine,
    sequence: u64,
    host: &mut MockHost,
    request: &CallRequest<'_>,
) -> Result<CallOutcome, HostError> {
    let refused = |status| CallOutcome {
        status,
        gas_left: request.gas_limit,
        gas_refund: 0,
        output: proz_sdk::Buffer::empty(),
    };
    if DEPTH.get() >= 1_024 {
        return Ok(refused(StatusCode::CALL_DEPTH_EXCEEDED));
    }
    let caller = host.recipient;
    let recipient = match request.kind {
        MessageKind::DELEGATE_CALL | MessageKind::CALL_CODE => caller,
        _ => request.target,
    };
    let outer = SENDER.get();
    let sender = if request.kind == MessageKind::DELEGATE_CALL {
        outer
    } else {
        caller
    };
    let is_static = request.kind == MessageKind::STATIC_CALL || host.is_static;
    let transfers = request.kind == MessageKind::CALL && !request.value.is_zero();
    let code = host
        .state
        .accounts
        .get(&request.target)
        .map(|account| account.code.clone())
        .unwrap_or_default();
    DEPTH.set(DEPTH.get() + 1);
    let outcome = host.enter(recipient, is_static, |host| {
        if transfers && !host.state.transfer(caller, recipient, request.value) {
            return Ok(refused(StatusCode::INSUFFICIENT_BALANCE));
        }
        if code.is_empty() {
            return Ok(refused(StatusCode::SUCCESS));
        }
        let mut environment = Environment::new(Revision::LATEST);
        environment.transaction.sequence = sequence;
        let message = Message {
            kind: request.kind,
            depth: DEPTH.get(),
            is_static,
            gas_limit: request.gas_limit,
            sender,
            recipient,
            code_address: request.target,
            code_hash: code_hash(&code),
            value: request.value,
            input: request.input,
        };
        let context = environment.context(message);
        SENDER.set(sender);
        let executed = machine.execute(&code, &context, &mut host.host());
        SENDER.set(outer);
        match executed {
            Ok(result) => Ok(CallOutcome {
                status: result.status,
                gas_left: result.gas_left,
                gas_refund: if result.status.is_success() {
                    result.gas_refund
                } else {
                    0
                },
                output: result.output,
            }),
            Err(_) => Err(HostError::ABORTED),
        }
    });
    DEPTH.set(DEPTH.get() - 1);
    outcome
}

/// Stores the given module as the new contract's code and runs its constructor without arguments.
fn nested_create(
    machine: &WasmMachine,
    sequence: u64,
    host: &mut MockHost,
    request: &CreateRequest<'_>,
) -> Result<CreateOutcome, HostError> {
    let code = request.init_code.as_slice().to_vec();
    let refused = |status| CreateOutcome {
        status,
        gas_left: 0,
        gas_refund: 0,
        address: Address::default(),
        output: proz_sdk::Buffer::empty(),
    };
    if machine.validate_code(&code).is_err() {
        return Ok(refused(StatusCode::CODE_REFUSED));
    }
    NEW_ACCOUNTS.set(NEW_ACCOUNTS.get().wrapping_add(1));
    let created = address(NEW_ACCOUNTS.get());
    let creator = host.recipient;
    let outcome = host.enter(created, false, |host| {
        host.state
            .accounts
            .insert(created, MockAccount::with_code(code.clone()));
        if !request.value.is_zero() && !host.state.transfer(creator, created, request.value) {
            return Err(HostError::DATABASE);
        }
        let mut environment = Environment::new(Revision::LATEST);
        environment.transaction.sequence = sequence;
        let mut message = Environment::call(created, request.gas_limit, &[]);
        message.kind = request.kind;
        message.sender = creator;
        message.value = request.value;
        let context = environment.context(message);
        match machine.execute(&code, &context, &mut host.host()) {
            Ok(result) => Ok(CallOutcome {
                status: result.status,
                gas_left: result.gas_left,
                gas_refund: result.gas_refund,
                output: result.output,
            }),
            Err(_) => Err(HostError::ABORTED),
        }
    })?;
    Ok(CreateOutcome {
        status: outcome.status,
        gas_left: outcome.gas_left,
        gas_refund: outcome.gas_refund,
        address: if outcome.status.is_success() {
            created
        } else {
            Address::default()
        },
        output: if outcome.status.is_success() {
            proz_sdk::Buffer::empty()
        } else {
            outcome.output
        },
    })
}

/// Asserts how a call ended.
#[track_caller]
pub fn assert_status(result: &FrameResult, status: StatusCode) {
    assert_eq!(
        result.status, status,
        "ended with `{}`, expected `{}`",
        result.status, status
    );
}

/// Asserts that a call succeeded with `output`.
#[track_caller]
pub fn assert_output(result: &FrameResult, output: &[u8]) {
    assert_status(result, StatusCode::SUCCESS);
    assert_eq!(result.output.as_slice(), output);
}

/// A number as a 32-byte word.
#[must_use]
pub fn word(number: u64) -> [u8; 32] {
    Word::from(number).to_be_bytes()
}
