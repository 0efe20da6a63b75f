//! Logs.

use super::{Context, Outcome, memory_range};
use proz_sdk::B256;
use revm_interpreter::{
    InstructionResult, as_usize_or_fail, gas, interpreter_types::RuntimeFlag as _, popn,
    require_non_staticcall,
};

/// `LOG0` to `LOG4`: data and topics go to the host as they lie in memory and on the stack.
pub(super) fn log<const TOPICS: usize>(context: Context<'_, '_, '_>) -> Outcome {
    let Context { interpreter, host } = context;
    require_non_staticcall!(interpreter);
    popn!([offset, len], interpreter);
    let size_bytes = as_usize_or_fail!(interpreter, len);
    let params = &host.rules.params;
    gas!(
        interpreter,
        params.log_cost(TOPICS as u8, size_bytes as u64)
    );
    let range = memory_range(interpreter, params, offset, len)?;
    let Some(topics) = interpreter.stack.popn::<TOPICS>() else {
        return Err(InstructionResult::StackUnderflow);
    };
    let topics = topics.map(|topic| B256(topic.to_be_bytes()));
    let data = &interpreter.memory.bytes()[range];
    match host.host.log(&topics, data) {
        Ok(()) => Ok(()),
        Err(error) => Err(host.fail(error)),
    }
}
