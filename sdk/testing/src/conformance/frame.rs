//! One frame on the mock host: what a case prepares, runs and looks at.

use super::{
    Behaviour, Programs,
    check::{Check, Failure, same},
};
use crate::mock::{CallHandler, Environment, MockAccount, MockHost, MockState};
use alloy_primitives::keccak256;
use proz_interface::abi_stable::{sabi_trait::TD_Opaque, sabi_types::RMut, std_types::RSlice};
use proz_interface::v1::{
    Address, B256, Buffer, CallOutcome, CallRequest, CancelFlag, ExecutionContext, FrameResult,
    GasEstimate, HostError, Message, MessageKind, StateAccess_TO, StatusCode, VirtualMachineBox,
    VmError, VmErrorCode, Word,
};
use std::{
    cell::Cell,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

/// Account that runs the program.
pub(crate) const SELF: Address = Address([0x11; 20]);
/// Some other account.
pub(crate) const OTHER: Address = Address([0x22; 20]);
/// Account that sends the message.
pub(crate) const SENDER: Address = Address([0x5e; 20]);

static SEQUENCE: AtomicU64 = AtomicU64::new(1);

/// An address as a word.
pub(crate) fn word(address: &Address) -> Word {
    let mut bytes = [0; 32];
    bytes[12..].copy_from_slice(&address.0);
    Word::from_be_bytes(bytes)
}

/// Words and bytes as an input.
pub(crate) fn input(words: &[Word], rest: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    bytes.extend_from_slice(rest);
    bytes
}

/// A word of 32 different bytes, made of `seed`.
pub(crate) fn wide(seed: u8) -> Word {
    let mut bytes = [0; 32];
    for (byte, offset) in bytes.iter_mut().zip(0_u8..) {
        *byte = seed.wrapping_add(offset.wrapping_mul(7));
    }
    Word::from_be_bytes(bytes)
}

/// A machine with its programs.
#[derive(Clone)]
pub(crate) struct Bench {
    pub(crate) machine: Arc<VirtualMachineBox>,
    pub(crate) programs: Arc<Programs>,
}

/// A frame before it runs, and its host afterwards.
pub(crate) struct Frame {
    bench: Bench,
    pub(crate) code: Vec<u8>,
    pub(crate) code_hash: B256,
    pub(crate) input: Vec<u8>,
    pub(crate) gas_limit: u64,
    pub(crate) kind: MessageKind,
    pub(crate) depth: u32,
    pub(crate) is_static: bool,
    pub(crate) sender: Address,
    pub(crate) code_address: Address,
    pub(crate) value: Word,
    pub(crate) environment: Environment,
    pub(crate) host: MockHost,
}

/// How a frame ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) status: StatusCode,
    pub(crate) gas_used: u64,
    pub(crate) gas_left: u64,
    pub(crate) gas_refund: i64,
    pub(crate) output: Vec<u8>,
}

impl Bench {
    pub(crate) const fn new(machine: Arc<VirtualMachineBox>, programs: Arc<Programs>) -> Self {
        Self { machine, programs }
    }

    /// A frame of a program, with an input by its contract.
    pub(crate) fn frame(&self, behaviour: Behaviour, input: &[u8]) -> Result<Frame, Failure> {
        let call_data = self.call_data(behaviour, input)?;
        let program = self.programs.get(behaviour);
        let code = program.map(|program| program.code.clone());
        Ok(self.frame_of(code.unwrap_or_default(), call_data))
    }

    /// The whole input of a program.
    pub(crate) fn call_data(&self, behaviour: Behaviour, input: &[u8]) -> Result<Vec<u8>, Failure> {
        match self.programs.get(behaviour) {
            Some(program) => Ok(program.call_data(input)),
            None => Err(Failure(self.programs.why_absent(behaviour))),
        }
    }

    /// A frame of any code.
    pub(crate) fn frame_of(&self, code: Vec<u8>, input: Vec<u8>) -> Frame {
        let mut host = MockHost::new(SELF);
        let account = MockAccount::with_code(code.as_slice());
        let code_hash = account.code_hash();
        host.state.accounts.insert(SELF, account);
        host.state.warm_accounts.insert(SELF);
        host.on_precompile = Some(Rc::new(precompile));
        let mut environment = Environment::new(self.programs.revision);
        environment.transaction.origin = Address([0x09; 20]);
        environment.transaction.sequence = SEQUENCE.fetch_add(1, Ordering::Relaxed);
        Frame {
            bench: self.clone(),
            code,
            code_hash,
            input,
            gas_limit: self.programs.gas_limit,
            kind: MessageKind::CALL,
            depth: 0,
            is_static: false,
            sender: SENDER,
            code_address: SELF,
            value: Word::ZERO,
            environment,
            host,
        }
    }

    /// Executes on a mock host.
    pub(crate) fn execute(
        &self,
        code: &[u8],
        context: &ExecutionContext<'_>,
        host: &mut MockHost,
    ) -> Result<FrameResult, VmError> {
        let state = StateAccess_TO::from_ptr(RMut::new(host), TD_Opaque);
        self.machine
            .execute(RSlice::from_slice(code), context, state)
            .into_result()
    }

    /// A handler that runs every nested call on this very machine, with the target's code.
    pub(crate) fn reentrant(&self) -> CallHandler {
        let bench = self.clone();
        let depth = Rc::new(Cell::new(0_u32));
        Rc::new(move |host: &mut MockHost, request: &CallRequest<'_>| {
            depth.set(depth.get() + 1);
            let outcome = bench.enter(host, request, depth.get());
            depth.set(depth.get() - 1);
            outcome
        })
    }

    fn enter(
        &self,
        host: &mut MockHost,
        request: &CallRequest<'_>,
        depth: u32,
    ) -> Result<CallOutcome, HostError> {
        let account = host.state.accounts.get(&request.target).cloned();
        let account = account.unwrap_or_default();
        let is_static = host.is_static || request.kind == MessageKind::STATIC_CALL;
        let keeps_recipient = matches!(
            request.kind,
            MessageKind::DELEGATE_CALL | MessageKind::CALL_CODE
        );
        let caller = host.recipient;
        let recipient = if keeps_recipient {
            caller
        } else {
            request.target
        };
        host.enter(recipient, is_static, |host| {
            let environment = Environment::new(self.programs.revision);
            let message = Message {
                kind: request.kind,
                depth,
                is_static,
                gas_limit: request.gas_limit,
                sender: caller,
                recipient,
                code_address: request.target,
                code_hash: account.code_hash(),
                value: request.value,
                input: request.input,
            };
            let result = self.execute(&account.code, &environment.context(message), host);
            let result = result.map_err(|_| HostError::ABORTED)?;
            let is_halt = result.status.is_halt();
            Ok(CallOutcome {
                status: result.status,
                gas_left: if is_halt { 0 } else { result.gas_left },
                gas_refund: if result.status.is_success() {
                    result.gas_refund
                } else {
                    0
                },
                output: if is_halt {
                    Buffer::empty()
                } else {
                    result.output
                },
            })
        })
    }
}

impl Frame {
    fn message(&self) -> Message<'_> {
        Message {
            kind: self.kind,
            depth: self.depth,
            is_static: self.is_static,
            gas_limit: self.gas_limit,
            sender: self.sender,
            recipient: self.host.recipient,
            code_address: self.code_address,
            code_hash: self.code_hash,
            value: self.value,
            input: RSlice::from_slice(&self.input),
        }
    }

    /// Forbids state changes, for machine and host.
    pub(crate) const fn set_static(&mut self) {
        self.is_static = true;
        self.host.is_static = true;
    }

    /// Runs the frame; the error of a frame that could not be computed is the case's to judge.
    pub(crate) fn attempt(&mut self) -> Result<Result<End, VmError>, Failure> {
        let mut host = std::mem::take(&mut self.host);
        let recipient = host.recipient;
        self.host.recipient = recipient;
        let context = self.environment.context(self.message());
        let result = self.bench.execute(&self.code, &context, &mut host);
        self.host = host;
        let result = match result {
            Ok(result) => result,
            Err(error) => return Ok(Err(error)),
        };
        ensure!(
            result.gas_left <= self.gas_limit,
            "returned {} gas of a limit of {}",
            result.gas_left,
            self.gas_limit
        );
        ensure!(
            !result.output.is_malformed(),
            "returned a malformed output of {} bytes",
            result.output.len()
        );
        Ok(Ok(End {
            status: result.status,
            gas_used: self.gas_limit - result.gas_left,
            gas_left: result.gas_left,
            gas_refund: result.gas_refund,
            output: result.output.to_vec(),
        }))
    }

    /// Runs the frame, which must have a result.
    pub(crate) fn run(&mut self) -> Result<End, Failure> {
        self.attempt()?
            .map_err(|error| Failure(format!("expected a result, found the error `{error}`")))
    }

    /// Runs the frame, which must succeed.
    pub(crate) fn succeed(&mut self) -> Result<End, Failure> {
        let end = self.run()?;
        same("status", StatusCode::SUCCESS, end.status)?;
        Ok(end)
    }

    /// Runs the frame, which must succeed and return a word.
    pub(crate) fn returns(&mut self, expected: Word) -> Check {
        let end = self.succeed()?;
        same("output", expected.to_be_bytes().to_vec(), end.output)
    }

    /// Runs the frame, which must fail with an error of this class.
    pub(crate) fn fails(&mut self, expected: VmErrorCode) -> Result<VmError, Failure> {
        match self.attempt()? {
            Ok(end) => Err(Failure(format!(
                "expected error {}, found a result: {}, {} gas left",
                expected.0, end.status, end.gas_left
            ))),
            Err(error) if error.code() == expected => Ok(error),
            Err(error) => Err(Failure(format!(
                "expected error {}, found error {}: {error}",
                expected.0,
                error.code().0
            ))),
        }
    }

    /// Runs the frame under a flag that another thread sets; it must fail with this class.
    pub(crate) fn fails_when(&mut self, flag: &AtomicBool, expected: VmErrorCode) -> Check {
        let mut host = std::mem::take(&mut self.host);
        self.host.recipient = host.recipient;
        let mut context = self.environment.context(self.message());
        context.cancel = CancelFlag(flag);
        let result = self.bench.execute(&self.code, &context, &mut host);
        self.host = host;
        match result {
            Err(error) if error.code() == expected => Ok(()),
            Err(error) => Err(Failure(format!(
                "expected error {}, found: {error}",
                expected.0
            ))),
            Ok(result) => Err(Failure(format!(
                "expected error {}, found a result: {}",
                expected.0, result.status
            ))),
        }
    }

    /// Asks the machine for the gas that the frame needs, at most its limit.
    pub(crate) fn estimate(&mut self) -> Result<GasEstimate, VmError> {
        let mut host = std::mem::take(&mut self.host);
        self.host.recipient = host.recipient;
        let context = self.environment.context(self.message());
        let state = StateAccess_TO::from_ptr(RMut::new(&mut host), TD_Opaque);
        let estimate = self.bench.machine.estimate_gas(
            RSlice::from_slice(&self.code),
            RSlice::from_slice(&self.input),
            &context,
            state,
        );
        self.host = host;
        estimate.into_result()
    }

    /// Fails unless the host's state is as it was.
    pub(crate) fn unchanged(&self, before: &MockState) -> Check {
        let now = &self.host.state;
        same("storage", &before.storage, &now.storage)?;
        same("transient storage", &before.transient, &now.transient)?;
        same("logs", &before.logs, &now.logs)?;
        same("destroyed accounts", &before.destroyed, &now.destroyed)?;
        same("accounts", &before.accounts, &now.accounts)
    }
}

/// A precompile at every address that returns its input for free.
fn precompile(_address: &Address, input: &[u8], gas: u64) -> Result<CallOutcome, HostError> {
    Ok(CallOutcome {
        status: StatusCode::SUCCESS,
        gas_left: gas,
        gas_refund: 0,
        output: Buffer::from(input),
    })
}

/// Keccak-256 of code.
pub(crate) fn hash_of(code: &[u8]) -> B256 {
    B256(keccak256(code).0)
}
