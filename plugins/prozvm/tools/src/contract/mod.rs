//! Contract calls on a host in memory: the program as an account's code, syscalls and gas as on the chain.
//!
//! What a transaction adds is left out: intrinsic gas, fees, nonces. Sender and contract count as touched. Preparing a
//! program is paid at its first call, as the host does it.

mod call;
mod report;

pub(crate) use call::{ContractCall, read_call};
pub(crate) use report::Report;

use crate::{
    args::WorldArgs,
    error::ToolError,
    program::{self, Loaded},
};
use alloy_primitives::{Address, U256};
use proz_artifact::number::read_uint;
use proz_prozvm::{ChainPrices, ProzVmConfig, ProzVmMachine};
use proz_prozvm_core::Driver;
use proz_sdk::{
    Buffer, CallOutcome, CallRequest, FrameResult, HostError, Message, MessageKind, Revision,
    StatusCode, VirtualMachine as _, VmError, Word,
};
use proz_sdk_testing::mock::{Environment, MockAccount, MockHost, MockState};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    path::Path,
    rc::Rc,
};

/// Where the contract lies.
pub(crate) const CONTRACT: Address =
    alloy_primitives::address!("000000000000000000000000000000000000c0de");

/// Most frames open at once.
const CALL_DEPTH: u32 = 1024;

/// What the sender has.
const RICHES: U256 = U256::from_limbs([0, 0, 1 << 16, 0]);

/// A chain of a few accounts, and the machine that runs their code.
pub(crate) struct World {
    machine: Rc<ProzVmMachine>,
    environment: Rc<Environment>,
    pub(crate) host: MockHost,
    code: Vec<u8>,
    sender: Address,
    paid: Paid,
}

/// Codes whose preparation the transaction has paid.
type Paid = Rc<RefCell<BTreeSet<[u8; 32]>>>;

/// Takes the price of preparation for the first call of a code; `None` when the gas does not suffice.
fn pay(paid: &Paid, prices: &ChainPrices, message: &Message<'_>, code: &[u8]) -> Option<u64> {
    let hash = message.code_hash.0;
    if paid.borrow().contains(&hash) {
        return Some(message.gas_limit);
    }
    let price = prices.preparation(code.len() as u64);
    let left = message.gas_limit.checked_sub(price)?;
    paid.borrow_mut().insert(hash);
    Some(left)
}

impl World {
    /// Puts the program and what the command line adds on a new chain, and runs the constructor.
    pub(crate) fn new(loaded: &Loaded, args: &WorldArgs) -> Result<Self, ToolError> {
        let mut config = ProzVmConfig::default();
        config.optimization.debug_log = true;
        let machine = ProzVmMachine::new(config)
            .map_err(|error| ToolError::because("the machine cannot be made", error))?;
        let mut world = Self {
            machine: Rc::new(machine),
            environment: Rc::new(environment(args.sender)),
            host: MockHost::new(CONTRACT.into()),
            code: loaded.program().encode(),
            sender: args.sender,
            paid: Rc::default(),
        };
        world.host.observes = false;
        let sender = MockAccount::with_balance(RICHES);
        let accounts = &mut world.host.state.accounts;
        accounts.insert(args.sender.into(), sender);
        accounts.insert(CONTRACT.into(), MockAccount::with_code(world.code.clone()));
        for text in &args.contract {
            let (address, code) = other_contract(text)?;
            accounts.insert(address.into(), MockAccount::with_code(code));
        }
        for text in &args.storage {
            let (key, value) = slot(text)?;
            world.host.state.set_slot(CONTRACT.into(), key, value);
        }
        world.serve_nested();
        if !args.constructor.is_empty() {
            world.construct(&args.constructor)?;
        }
        // What a transaction touches by itself.
        let warm = [
            args.sender.into(),
            CONTRACT.into(),
            world.environment.block.coinbase,
        ];
        world.host.state.warm_accounts = warm.into();
        world.host.state.warm_slots.clear();
        world.host.state.original.clear();
        world.host.state.transient.clear();
        world.host.state.logs.clear();
        Ok(world)
    }

    /// Sends a call to the contract; `driver` makes the steps of its frame, not those of calls that it makes.
    pub(crate) fn send(
        &mut self,
        call: &ContractCall,
        driver: Option<&mut dyn Driver>,
    ) -> Result<FrameResult, ToolError> {
        let mut message = Environment::call(CONTRACT.into(), call.gas_limit, &call.input);
        message.value = call.value.into();
        self.execute(message, driver)
    }

    /// The present state.
    pub(crate) fn state(&self) -> &MockState {
        &self.host.state
    }

    /// Prices beyond those of instructions.
    pub(crate) fn prices(&self) -> &ChainPrices {
        self.machine.prices()
    }

    fn construct(&mut self, words: &[String]) -> Result<(), ToolError> {
        let input = call::constructor_arguments(words)?;
        let mut message = Environment::call(CONTRACT.into(), u64::MAX >> 8, &input);
        message.kind = MessageKind::CREATE;
        let result = self.execute(message, None)?;
        if result.status.is_success() {
            return Ok(());
        }
        let reason = report::reason(&result, None);
        Err(ToolError::new(format!("the constructor failed: {reason}"))
            .hint("--constructor takes the parameter types in parentheses, then the arguments")
            .refused())
    }

    fn execute(
        &mut self,
        mut message: Message<'_>,
        driver: Option<&mut dyn Driver>,
    ) -> Result<FrameResult, ToolError> {
        message.sender = self.sender.into();
        self.paid.borrow_mut().clear();
        if !message.kind.is_create() {
            message.code_hash = MockAccount::with_code(self.code.clone()).code_hash();
            match pay(&self.paid, self.machine.prices(), &message, &self.code) {
                Some(left) => message.gas_limit = left,
                None => return Ok(FrameResult::halt(StatusCode::OUT_OF_GAS)),
            }
        }
        let before = self.host.state.clone();
        let is_paid = message.value.is_zero()
            || self
                .host
                .state
                .transfer(message.sender, message.recipient, message.value);
        if !is_paid {
            return Err(ToolError::new("the sender has less than the value to send"));
        }
        let environment = Rc::clone(&self.environment);
        let context = environment.context(message);
        let result = {
            let mut host = self.host.host();
            match driver {
                Some(driver) => self.machine.drive(&self.code, &context, &mut host, driver),
                None => self.machine.execute(&self.code, &context, &mut host),
            }
        };
        let result =
            result.map_err(|error| ToolError::because("the call could not be executed", error))?;
        if !result.status.is_success() {
            self.host.state = before;
        }
        Ok(result)
    }

    /// Calls between contracts run on the same machine and state.
    fn serve_nested(&mut self) {
        let machine = Rc::clone(&self.machine);
        let environment = Rc::clone(&self.environment);
        let sender = Rc::new(Cell::new(self.sender.into()));
        let depth = Rc::new(Cell::new(0));
        let paid = Rc::clone(&self.paid);
        self.host.on_call = Some(Rc::new(move |host, request| {
            let nested = Nested {
                machine: &machine,
                environment: &environment,
                sender: &sender,
                depth: &depth,
                paid: &paid,
            };
            nested.call(host, request)
        }));
    }
}

/// What a nested call needs besides the host.
struct Nested<'a> {
    machine: &'a ProzVmMachine,
    environment: &'a Environment,
    /// Sender of the running frame, which delegate calls keep.
    sender: &'a Cell<proz_sdk::Address>,
    depth: &'a Cell<u32>,
    paid: &'a Paid,
}

impl Nested<'_> {
    fn call(
        &self,
        host: &mut MockHost,
        request: &CallRequest<'_>,
    ) -> Result<CallOutcome, HostError> {
        let unchanged = |status| CallOutcome {
            status,
            gas_left: request.gas_limit,
            gas_refund: 0,
            output: Buffer::empty(),
        };
        if self.depth.get() + 1 >= CALL_DEPTH {
            return Ok(unchanged(StatusCode::CALL_DEPTH_EXCEEDED));
        }
        let (caller, outer) = (host.recipient, self.sender.get());
        let is_delegate = request.kind == MessageKind::DELEGATE_CALL;
        let keeps_place = is_delegate || request.kind == MessageKind::CALL_CODE;
        let recipient = if keeps_place { caller } else { request.target };
        let is_static = request.kind == MessageKind::STATIC_CALL || host.is_static;
        let code = host.state.accounts.get(&request.target);
        let code = code.map(|account| account.code.clone()).unwrap_or_default();
        self.depth.set(self.depth.get() + 1);
        let outcome = host.enter(recipient, is_static, |host| {
            let moves = request.kind == MessageKind::CALL && !request.value.is_zero();
            if moves && !host.state.transfer(caller, recipient, request.value) {
                return Ok(unchanged(StatusCode::INSUFFICIENT_BALANCE));
            }
            if code.is_empty() {
                return Ok(unchanged(StatusCode::SUCCESS));
            }
            let sender = if is_delegate { outer } else { caller };
            let mut message = Message {
                kind: request.kind,
                depth: self.depth.get(),
                is_static,
                gas_limit: request.gas_limit,
                sender,
                recipient,
                code_address: request.target,
                code_hash: MockAccount::with_code(code.clone()).code_hash(),
                value: request.value,
                input: request.input,
            };
            match pay(self.paid, self.machine.prices(), &message, &code) {
                Some(left) => message.gas_limit = left,
                None => return outcome(Ok(FrameResult::halt(StatusCode::OUT_OF_GAS))),
            }
            self.sender.set(sender);
            let context = self.environment.context(message);
            let result = self.machine.execute(&code, &context, &mut host.host());
            self.sender.set(outer);
            outcome(result)
        });
        self.depth.set(self.depth.get() - 1);
        outcome
    }
}

fn outcome(result: Result<FrameResult, VmError>) -> Result<CallOutcome, HostError> {
    let result = result.map_err(|_| HostError::ABORTED)?;
    Ok(CallOutcome {
        status: result.status,
        gas_left: result.gas_left,
        gas_refund: result.gas_refund,
        output: result.output,
    })
}

fn environment(sender: Address) -> Environment {
    let mut environment = Environment::new(Revision::LATEST);
    environment.transaction.origin = sender.into();
    environment
}

/// `KEY=VALUE`, both numbers.
fn slot(text: &str) -> Result<(Word, Word), ToolError> {
    let wrong = || {
        ToolError::new(format!("expected KEY=VALUE, found `{text}`"))
            .hint("both are numbers, such as 0x01=5")
    };
    let (key, value) = text.split_once('=').ok_or_else(wrong)?;
    let number = |text| read_uint(text, 256).map(Word::from).map_err(|_| wrong());
    Ok((number(key)?, number(value)?))
}

/// `ADDRESS=FILE`, and the code in the file.
fn other_contract(text: &str) -> Result<(Address, Vec<u8>), ToolError> {
    let wrong = || {
        ToolError::new(format!("expected ADDRESS=FILE, found `{text}`"))
            .hint("such as 0x00000000000000000000000000000000000000aa=token.pz")
    };
    let (address, file) = text.split_once('=').ok_or_else(wrong)?;
    let address = address.parse().map_err(|_| wrong())?;
    let loaded = program::load(Path::new(file))?;
    Ok((address, loaded.program().encode()))
}
