//! One running frame, and how functions of the language find it.
//!
//! The interpreter's functions outlive every frame, so they cannot borrow one. The frame that runs
//! on a thread lies in a scoped variable of that thread; a call that re-enters this machine sets its
//! own and takes it away again.

use crate::{
    abi,
    scripts::{INIT, MAIN, Scripts, has},
    word::{Fallible, from_word, to_address, to_word},
};
use proz_sdk::{
    Address, B256, CallRequest, ExecutionContext, FrameResult, GasMeter, Host, HostError,
    MessageKind, OutOfGas, StatusCode, VmError, VmErrorCode, pricing,
};
use rhai::{CallFnOptions, Dynamic, Engine, EvalAltResult, Position, Scope};
use ruint::aliases::U256;
use scoped_tls_hkt::scoped_thread_local;

scoped_thread_local!(static mut RUNNING: for<'a> &'a mut (dyn Calls + 'a));

/// Gas of a byte of source that is compiled when the frame begins, whether it was cached or not.
const SOURCE_BYTE: u64 = 1;

/// Does something with the frame that runs on this thread.
pub(crate) fn with<T>(act: impl FnOnce(&mut dyn Calls) -> T) -> T {
    RUNNING.with(|frame| act(frame))
}

/// Why a frame ends before its script does.
#[derive(Debug)]
enum Stop {
    /// By the rules of the machine: part of consensus.
    Halt(StatusCode),
    /// The host failed or gave up: passed on as it is.
    Failed(VmError),
}

/// A frame as functions of the language see it. Errors end the script and cannot be caught in it.
pub(crate) trait Calls {
    /// Charges for what the interpreter did; `operations` counts from the beginning of the frame.
    fn charge_operations(&mut self, operations: u64) -> Fallible<()>;
    fn charge(&mut self, gas: u64) -> Fallible<()>;
    fn gas_left(&self) -> u64;
    fn context(&self) -> &ExecutionContext<'_>;
    fn load(&mut self, key: U256) -> Fallible<U256>;
    fn store(&mut self, key: U256, value: U256) -> Fallible<()>;
    fn transient_load(&mut self, key: U256) -> Fallible<U256>;
    fn transient_store(&mut self, key: U256, value: U256) -> Fallible<()>;
    fn balance(&mut self, address: U256) -> Fallible<U256>;
    fn log(&mut self, topics: &[B256], data: &[u8]) -> Fallible<()>;
    /// Calls with at most `gas`; returns whether the call succeeded, and its output.
    fn call(
        &mut self,
        kind: MessageKind,
        target: U256,
        value: U256,
        gas: u64,
        input: &[u8],
    ) -> Fallible<(bool, Vec<u8>)>;
}

/// The state of one frame.
pub(crate) struct Frame<'a, 'h> {
    context: &'a ExecutionContext<'a>,
    host: &'a mut Host<'h>,
    gas: GasMeter,
    gas_per_operation: u64,
    /// Operations that were charged.
    operations: u64,
    stop: Option<Stop>,
}

impl<'a, 'h> Frame<'a, 'h> {
    /// A frame at its beginning.
    pub(crate) fn new(
        context: &'a ExecutionContext<'a>,
        host: &'a mut Host<'h>,
        gas_per_operation: u64,
    ) -> Self {
        Self {
            context,
            host,
            gas: GasMeter::new(context.message.gas_limit),
            gas_per_operation,
            operations: 0,
            stop: None,
        }
    }

    /// Runs `init` of a creation, `main` of a call.
    pub(crate) fn run(
        mut self,
        engine: &Engine,
        scripts: &Scripts,
        code: &[u8],
    ) -> Result<FrameResult, VmError> {
        let source = SOURCE_BYTE.saturating_mul(code.len() as u64);
        if self.charge_operations(0).is_err() || self.charge(source).is_err() {
            return self.end(Err(terminated()));
        }
        // Code from a genesis file has not been validated.
        let Ok(script) = scripts.get(engine, self.context.message.code_hash, code) else {
            return Ok(FrameResult::halt(StatusCode::CODE_REFUSED));
        };
        let function = if self.context.message.kind.is_create() {
            INIT
        } else {
            MAIN
        };
        if function == INIT && !has(&script, INIT) {
            return self.end(Ok(Dynamic::UNIT));
        }
        let options = CallFnOptions::new().eval_ast(false);
        let calls: &mut dyn Calls = &mut self;
        let result = RUNNING.set(calls, || {
            engine.call_fn_with_options::<Dynamic>(
                options,
                &mut Scope::new(),
                &script,
                function,
                (),
            )
        });
        self.end(result)
    }

    /// From the interpreter's result to that of the frame.
    fn end(self, result: Fallible<Dynamic>) -> Result<FrameResult, VmError> {
        match self.stop {
            Some(Stop::Failed(error)) => return Err(error),
            Some(Stop::Halt(status)) => return Ok(FrameResult::halt(status)),
            None => {}
        }
        let output = match result {
            Ok(value) => abi::encode_result(value),
            Err(error) => Err(error),
        };
        Ok(match output {
            Ok(output) => FrameResult {
                gas_refund: self.gas.refund(),
                ..FrameResult::success(self.gas.left(), output.into())
            },
            Err(error) => match limit(&error) {
                Some(status) => FrameResult::halt(status),
                None => {
                    FrameResult::revert(self.gas.left(), abi::encode_revert(thrown(*error)).into())
                }
            },
        })
    }

    fn stop<T>(&mut self, stop: Stop) -> Fallible<T> {
        self.stop.get_or_insert(stop);
        Err(terminated())
    }

    fn paid(&mut self, charged: Result<(), OutOfGas>) -> Fallible<()> {
        charged.or_else(|_| self.stop(Stop::Halt(StatusCode::OUT_OF_GAS)))
    }

    fn answered<T>(&mut self, answer: Result<T, HostError>) -> Fallible<T> {
        answer.or_else(|error| match error {
            HostError::STATIC_VIOLATION => self.stop(Stop::Halt(StatusCode::STATIC_VIOLATION)),
            error => self.stop(Stop::Failed(error.into())),
        })
    }
}

/// The error that no script catches.
fn terminated() -> Box<EvalAltResult> {
    EvalAltResult::ErrorTerminated(Dynamic::UNIT, Position::NONE).into()
}

/// The halt of a script that went past a limit of the interpreter.
fn limit(error: &EvalAltResult) -> Option<StatusCode> {
    match error.unwrap_inner() {
        EvalAltResult::ErrorStackOverflow(_) => Some(StatusCode::STACK_OVERFLOW),
        EvalAltResult::ErrorDataTooLarge(..) => Some(StatusCode::MEMORY_LIMIT),
        EvalAltResult::ErrorTooManyVariables(_) => Some(StatusCode::MEMORY_LIMIT),
        _ => None,
    }
}

/// What a script threw, or the text of its mistake.
fn thrown(error: EvalAltResult) -> Dynamic {
    match error {
        EvalAltResult::ErrorRuntime(value, _) => value,
        EvalAltResult::ErrorInFunctionCall(_, _, inner, _) => thrown(*inner),
        other => other.to_string().into(),
    }
}

impl Calls for Frame<'_, '_> {
    fn charge_operations(&mut self, operations: u64) -> Fallible<()> {
        if self.context.cancel.is_set() {
            let error = VmError::new(VmErrorCode::CANCELLED, "asked to stop");
            return self.stop(Stop::Failed(error));
        }
        let fresh = operations.saturating_sub(self.operations);
        self.operations = operations;
        self.charge(fresh.saturating_mul(self.gas_per_operation))
    }

    fn charge(&mut self, gas: u64) -> Fallible<()> {
        let charged = self.gas.charge(gas);
        self.paid(charged)
    }

    fn gas_left(&self) -> u64 {
        self.gas.left()
    }

    fn context(&self) -> &ExecutionContext<'_> {
        self.context
    }

    fn load(&mut self, key: U256) -> Fallible<U256> {
        let answer = self.host.storage_load(&to_word(key));
        let load = self.answered(answer)?;
        self.charge(pricing::storage_load(load.status))?;
        Ok(from_word(load.value))
    }

    fn store(&mut self, key: U256, value: U256) -> Fallible<()> {
        // Less than a stipend may not write. Spec: EIP-2200.
        if self.gas.left() <= pricing::STORE_STIPEND_GUARD {
            return self.stop(Stop::Halt(StatusCode::OUT_OF_GAS));
        }
        let answer = self.host.storage_store(&to_word(key), &to_word(value));
        let store = self.answered(answer)?;
        let (cost, refund) = pricing::storage_store(&store);
        self.charge(cost)?;
        self.gas.add_refund(refund);
        Ok(())
    }

    fn transient_load(&mut self, key: U256) -> Fallible<U256> {
        self.charge(pricing::TRANSIENT)?;
        let answer = self.host.transient_load(&to_word(key));
        self.answered(answer).map(from_word)
    }

    fn transient_store(&mut self, key: U256, value: U256) -> Fallible<()> {
        self.charge(pricing::TRANSIENT)?;
        let answer = self.host.transient_store(&to_word(key), &to_word(value));
        self.answered(answer)
    }

    fn balance(&mut self, address: U256) -> Fallible<U256> {
        let answer = self.host.account(&to_address(address));
        let account = self.answered(answer)?;
        self.charge(pricing::account_access(account.status))?;
        Ok(from_word(account.balance))
    }

    fn log(&mut self, topics: &[B256], data: &[u8]) -> Fallible<()> {
        self.charge(pricing::log(topics.len(), data.len()))?;
        let answer = self.host.log(topics, data);
        self.answered(answer)
    }

    fn call(
        &mut self,
        kind: MessageKind,
        target: U256,
        value: U256,
        gas: u64,
        input: &[u8],
    ) -> Fallible<(bool, Vec<u8>)> {
        let target: Address = to_address(target);
        let answer = self.host.call_target(&target);
        let looked_at = self.answered(answer)?;
        let transfers = !value.is_zero();
        let is_plain_call = kind == MessageKind::CALL;
        self.charge(pricing::call(&looked_at, transfers, is_plain_call))?;
        let given = self.gas.child(gas);
        let stipend = if transfers { pricing::CALL_STIPEND } else { 0 };
        let answer = self.host.call(&CallRequest {
            kind,
            gas_limit: given.saturating_add(stipend),
            target,
            value: to_word(value),
            input: input.into(),
        });
        let outcome = self.answered(answer)?;
        self.gas.restore(outcome.gas_left, outcome.gas_refund);
        Ok((
            outcome.status.is_success(),
            outcome.output.as_slice().to_vec(),
        ))
    }
}
