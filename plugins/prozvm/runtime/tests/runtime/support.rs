//! A world of ProzVM contracts on the in-memory host.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use proz_prozvm::{ProzVmConfig, ProzVmMachine};
use proz_prozvm_asm::assemble;
use proz_prozvm_syscalls::CHAIN;
use proz_sdk::{
    Address, B256, CallOutcome, CallRequest, CreateOutcome, CreateRequest, FrameResult, HostError,
    Message, MessageKind, Revision, StatusCode, VirtualMachine, VmError, Word,
};
use proz_sdk_testing::mock::{Environment, MockAccount, MockHost};
use sha3::Digest as _;

/// Gas that suffices for every ordinary call of these tests.
pub(crate) const GAS: u64 = 10_000_000;

/// The account that signs.
pub(crate) const ALICE: Address = Address([0xaa; 20]);

/// A machine with default settings.
pub(crate) fn machine() -> Arc<ProzVmMachine> {
    Arc::new(ProzVmMachine::new(ProzVmConfig::default()).unwrap())
}

/// A machine with settings in TOML.
pub(crate) fn machine_of(settings: &str) -> Arc<ProzVmMachine> {
    let config = toml::from_str(settings).unwrap();
    Arc::new(ProzVmMachine::new(config).unwrap())
}

/// Assembles a program.
pub(crate) fn assembled(text: &str) -> Vec<u8> {
    assemble(text, &CHAIN)
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
        .encode()
}

/// A program of one page of stack whose fallback, payable, has this body, between making room for 1,024 bytes at `sp`
/// and returning.
pub(crate) fn fallback(body: &str) -> Vec<u8> {
    assembled(&format!(
        ".stack 4096\n.export \"fallback\" main fallback payable\n
        .func main () -> 0\n addi sp, sp, -1024\n{body}\n ret\n"
    ))
}

/// Ends a body: returns `length` bytes at `sp`.
pub(crate) fn give(length: u32) -> String {
    format!("mv a0, sp\n li a1, {length}\n sys return\n")
}

/// Ends a body: returns register a0 as eight bytes, little-endian.
pub(crate) const GIVE_A0: &str = "sd a0, 0(sp)\n mv a0, sp\n li a1, 8\n sys return\n";

/// Begins a body: copies the input to `sp`.
pub(crate) const TAKE_INPUT: &str =
    "sys input_size\n mv a2, a0\n mv a0, sp\n li a1, 0\n sys input_copy\n";

/// Address number `number`.
pub(crate) fn address(number: u8) -> Address {
    let mut bytes = [0; 20];
    bytes[0] = 0x10;
    bytes[19] = number;
    Address(bytes)
}

pub(crate) fn keccak256(bytes: &[u8]) -> [u8; 32] {
    sha3::Keccak256::digest(bytes).into()
}

/// A number as a word.
pub(crate) fn word(number: u64) -> [u8; 32] {
    Word::from(number).to_be_bytes()
}

/// Accounts with contracts, and the VM that runs them.
pub(crate) struct World {
    pub(crate) machine: Arc<ProzVmMachine>,
    pub(crate) environment: Environment,
    pub(crate) host: MockHost,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with_machine(machine())
    }

    pub(crate) fn with_machine(machine: Arc<ProzVmMachine>) -> Self {
        let mut host = MockHost::new(Address::default());
        host.observes = false;
        host.state
            .accounts
            .insert(ALICE, MockAccount::with_balance(1_000_000_000));
        let nested = Arc::clone(&machine);
        host.on_call = Some(Rc::new(
            move |host: &mut MockHost, request: &CallRequest<'_>| {
                nested_call(&nested, host, request)
            },
        ));
        let nested = Arc::clone(&machine);
        host.on_create = Some(Rc::new(
            move |host: &mut MockHost, request: &CreateRequest<'_>| {
                nested_create(&nested, host, request)
            },
        ));
        Self {
            machine,
            environment: Environment::new(Revision::LATEST),
            host,
        }
    }

    /// Puts a contract at `address`.
    pub(crate) fn install(&mut self, address: Address, code: &[u8]) {
        self.machine.validate_code(code).unwrap();
        let account = MockAccount::with_code(code);
        self.host.state.accounts.insert(address, account);
    }

    /// Calls a contract from [`ALICE`].
    pub(crate) fn call(&mut self, address: Address, input: &[u8]) -> FrameResult {
        self.send(Environment::call(address, GAS, input)).unwrap()
    }

    /// Sends a message whose recipient is a contract of this world; keeps what it changed if it succeeds.
    pub(crate) fn send(&mut self, mut message: Message<'_>) -> Result<FrameResult, VmError> {
        let code = self.host.state.accounts[&message.code_address].code.clone();
        if !message.kind.is_create() {
            message.code_hash = B256(keccak256(&code));
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

    /// Runs a contract once.
    pub(crate) fn run(code: &[u8], input: &[u8]) -> FrameResult {
        let mut world = Self::new();
        world.install(address(1), code);
        world.call(address(1), input)
    }

    /// Runs a body as [`fallback`] makes it.
    pub(crate) fn eval(body: &str, input: &[u8]) -> FrameResult {
        Self::run(&fallback(body), input)
    }
}

/// The number that a body leaves in a0.
#[track_caller]
pub(crate) fn number(result: &FrameResult) -> u64 {
    assert_status(result, StatusCode::SUCCESS);
    u64::from_le_bytes(result.output.as_slice().try_into().unwrap())
}

/// Asserts how a call ended.
#[track_caller]
pub(crate) fn assert_status(result: &FrameResult, status: StatusCode) {
    assert_eq!(
        result.status, status,
        "ended with `{}`, expected `{status}`",
        result.status
    );
}

/// Asserts that a call succeeded with `output`.
#[track_caller]
pub(crate) fn assert_output(result: &FrameResult, output: &[u8]) {
    assert_status(result, StatusCode::SUCCESS);
    assert_eq!(result.output.as_slice(), output);
}

thread_local! {
    /// Sender of the running frame, which delegate calls keep.
    static SENDER: Cell<Address> = const { Cell::new(ALICE) };
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    static NEW_ACCOUNTS: Cell<u8> = const { Cell::new(0xe0) };
}

fn nested_call(
    machine: &ProzVmMachine,
    host: &mut MockHost,
    request: &CallRequest<'_>,
) -> Result<CallOutcome, HostError> {
    let unrun = |status| CallOutcome {
        status,
        gas_left: request.gas_limit,
        gas_refund: 0,
        output: proz_sdk::Buffer::empty(),
    };
    if DEPTH.get() >= 1_024 {
        return Ok(unrun(StatusCode::CALL_DEPTH_EXCEEDED));
    }
    let caller = host.recipient;
    let is_delegate = request.kind == MessageKind::DELEGATE_CALL;
    let recipient = if is_delegate { caller } else { request.target };
    let outer = SENDER.get();
    let sender = if is_delegate { outer } else { caller };
    let is_static = request.kind == MessageKind::STATIC_CALL || host.is_static;
    let transfers = request.kind == MessageKind::CALL && !request.value.is_zero();
    let account = host.state.accounts.get(&request.target);
    let code = account
        .map(|account| account.code.clone())
        .unwrap_or_default();
    DEPTH.set(DEPTH.get() + 1);
    let outcome = host.enter(recipient, is_static, |host| {
        if transfers && !host.state.transfer(caller, recipient, request.value) {
            return Ok(unrun(StatusCode::INSUFFICIENT_BALANCE));
        }
        if code.is_empty() {
            return Ok(unrun(StatusCode::SUCCESS));
        }
        let environment = Environment::new(Revision::LATEST);
        let context = environment.context(Message {
            kind: request.kind,
            depth: DEPTH.get(),
            is_static,
            gas_limit: request.gas_limit,
            sender,
            recipient,
            code_address: request.target,
            code_hash: B256(keccak256(&code)),
            value: request.value,
            input: request.input,
        });
        SENDER.set(sender);
        let executed = machine.execute(&code, &context, &mut host.host());
        SENDER.set(outer);
        outcome_of(executed)
    });
    DEPTH.set(DEPTH.get() - 1);
    outcome
}

fn outcome_of(executed: Result<FrameResult, VmError>) -> Result<CallOutcome, HostError> {
    let result = executed.map_err(|_| HostError::ABORTED)?;
    let refund = if result.status.is_success() {
        result.gas_refund
    } else {
        0
    };
    Ok(CallOutcome {
        status: result.status,
        gas_left: result.gas_left,
        gas_refund: refund,
        output: result.output,
    })
}

/// Stores the given program as the new contract's code and runs its constructor without arguments.
fn nested_create(
    machine: &ProzVmMachine,
    host: &mut MockHost,
    request: &CreateRequest<'_>,
) -> Result<CreateOutcome, HostError> {
    let code = request.init_code.as_slice().to_vec();
    if machine.validate_code(&code).is_err() {
        return Ok(CreateOutcome {
            status: StatusCode::CODE_REFUSED,
            gas_left: 0,
            gas_refund: 0,
            address: Address::default(),
            output: proz_sdk::Buffer::empty(),
        });
    }
    NEW_ACCOUNTS.set(NEW_ACCOUNTS.get().wrapping_add(1));
    let created = address(NEW_ACCOUNTS.get());
    let creator = host.recipient;
    let outcome = host.enter(created, false, |host| {
        let account = MockAccount::with_code(code.clone());
        host.state.accounts.insert(created, account);
        if !request.value.is_zero() && !host.state.transfer(creator, created, request.value) {
            return Err(HostError::DATABASE);
        }
        let environment = Environment::new(Revision::LATEST);
        let mut message = Environment::call(created, request.gas_limit, &[]);
        message.kind = request.kind;
        message.sender = creator;
        message.value = request.value;
        let context = environment.context(message);
        outcome_of(machine.execute(&code, &context, &mut host.host()))
    })?;
    let succeeded = outcome.status.is_success();
    Ok(CreateOutcome {
        status: outcome.status,
        gas_left: outcome.gas_left,
        gas_refund: outcome.gas_refund,
        address: if succeeded {
            created
        } else {
            Address::default()
        },
        output: if succeeded {
            proz_sdk::Buffer::empty()
        } else {
            outcome.output
        },
    })
}
