//! The machine.

use crate::{
    config::{EvmConfig, Settings},
    frame::{Fault, FrameHost},
    metrics::{Counters, Tally},
    pool::{ActiveFrame, Wire},
    rules::Rules,
    run,
    status::status,
    validate,
};
use proz_sdk::{
    ExecutionContext, FrameResult, Host, MessageKind, Metrics, Revision, StatusCode, VmError,
    VmErrorCode,
};
use revm_interpreter::{InstructionResult, Interpreter};
use std::{ops::RangeInclusive, sync::Once};

/// What a machine says when compiled code is asked for.
pub const NO_COMPILED_TIER: &str = "proz-evm: `machine.enable_jit` is set, but this release has no compiled tier; code is interpreted";

/// Native stack of one frame between its entry and its callbacks, in bytes.
const NATIVE_STACK_BYTES: u64 = 16 * 1024;

/// The Ethereum virtual machine under one configuration.
pub struct Evm {
    settings: Settings,
    wants_compiled_code: bool,
    /// By number of the revision, oldest first, up to the newest that is executed.
    rules: Box<[Rules]>,
    counters: Counters,
}

impl Evm {
    /// A machine whose newest rule set is `newest`, or the configuration's if that is older.
    ///
    /// When the configuration asks for compiled code, the first frame says [`NO_COMPILED_TIER`] on
    /// standard error, once in the life of the library: releases that are loaded and run nothing
    /// keep silent.
    ///
    /// # Errors
    ///
    /// `INVALID_CONFIGURATION`, naming key, value and what is allowed.
    pub fn new(newest: Revision, config: &EvmConfig) -> Result<Self, VmError> {
        let settings = config.check(newest)?;
        let rules = (0..=settings.newest.0)
            .map_while(|number| Rules::new(Revision(number), &settings))
            .collect();
        Ok(Self {
            settings,
            wants_compiled_code: config.machine.enable_jit,
            rules,
            counters: Counters::default(),
        })
    }

    fn rules(&self, revision: Revision) -> Result<&Rules, VmError> {
        self.rules.get(revision.0 as usize).ok_or_else(|| {
            VmError::new(
                VmErrorCode::UNSUPPORTED,
                format!(
                    "{revision} is not executed here; the newest rules are {}",
                    self.settings.newest
                ),
            )
        })
    }

    /// The result of a frame that ended with `result`.
    fn finish(
        &self,
        result: InstructionResult,
        interpreter: &Interpreter<Wire>,
        host: FrameHost<'_, '_>,
    ) -> Result<FrameResult, VmError> {
        if interpreter.memory.is_exhausted() {
            return Err(Fault::OutOfMemory.into());
        }
        let Some(status) = status(result) else {
            return Err(match host.fault {
                Some(fault) => fault.into(),
                None => VmError::new(
                    VmErrorCode::INTERNAL,
                    format!("the interpreter ended with {result:?} and no reason"),
                ),
            });
        };
        let gas_left = interpreter.gas.remaining();
        if status.is_success() {
            let is_too_large = host.output.len() as u64 > self.settings.code_size_bytes;
            if is_too_large && host.context.message.kind.is_create() {
                return Ok(FrameResult::halt(StatusCode::CODE_TOO_LARGE));
            }
            return Ok(FrameResult {
                status,
                gas_left,
                gas_refund: interpreter.gas.refunded(),
                output: host.output,
            });
        }
        if status.is_revert() {
            return Ok(FrameResult::revert(gas_left, host.output));
        }
        if host.is_disabled {
            return Ok(FrameResult::halt(StatusCode::INSTRUCTION_DISABLED));
        }
        // revm answers DUP on too few items as it answers a full stack.
        let is_underflow = status == StatusCode::STACK_OVERFLOW
            && interpreter.stack.len() < self.settings.stack_limit;
        Ok(FrameResult::halt(if is_underflow {
            StatusCode::STACK_UNDERFLOW
        } else {
            status
        }))
    }
}

#[cold]
fn say_that_code_is_interpreted() {
    static SAID: Once = Once::new();
    SAID.call_once(|| eprintln!("{NO_COMPILED_TIER}"));
}

impl proz_sdk::VirtualMachine for Evm {
    fn execute(
        &self,
        code: &[u8],
        context: &ExecutionContext<'_>,
        host: &mut Host<'_>,
    ) -> Result<FrameResult, VmError> {
        if self.wants_compiled_code {
            say_that_code_is_interpreted();
        }
        let rules = self.rules(context.revision)?;
        let message = &context.message;
        if message.kind.0 > MessageKind::CREATE2.0 {
            return Err(VmError::new(
                VmErrorCode::UNSUPPORTED,
                format!("unknown message kind {}, expected 0 to 5", message.kind.0),
            ));
        }
        if message.depth > self.settings.call_depth {
            return Ok(FrameResult::halt(StatusCode::CALL_DEPTH_EXCEEDED));
        }
        let memory_bytes = self.settings.memory_bytes.min(context.limits.memory_bytes);
        let frame = ActiveFrame::enter(code, message, rules.spec, memory_bytes);
        let mut frame = frame.ok_or(Fault::OutOfMemory)?;
        let tracer = host.tracer();
        let mut host = FrameHost::new(host, context, rules, &self.settings);
        let interpreter = frame.interpreter();
        let result = if let Some(tracer) = tracer {
            run::traced(interpreter, &mut host, tracer)
        } else if self.counters.is_on() {
            let mut tally = Tally::default();
            let result = run::counting(interpreter, &mut host, &mut tally);
            self.counters.add(&tally);
            result
        } else {
            run::plain(interpreter, &mut host)
        };
        self.finish(result, interpreter, host)
    }

    fn validate_code(&self, code: &[u8]) -> Result<(), VmError> {
        validate::validate(code, &self.settings)
    }

    fn revisions(&self) -> RangeInclusive<Revision> {
        Revision::Frontier..=self.settings.newest
    }

    fn native_stack_bytes(&self) -> u64 {
        NATIVE_STACK_BYTES
    }

    fn metrics(&self) -> Option<&dyn Metrics> {
        Some(&self.counters)
    }
}
