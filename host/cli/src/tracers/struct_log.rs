//! Geth's default tracer: one object with all instructions.
//!
//! Spec: go-ethereum, `debug_traceTransaction` without a tracer; memory is left out, as by default.

use super::steps::{Step, Steps};
use alloy_primitives::B256;
use proz_host::{ExecutionResult, inspection::Inspector};
use serde_json::{Map, Value, json};

/// A tracer that gives each instruction's log to a sink.
pub(crate) fn struct_logs(mut sink: impl FnMut(Value)) -> impl Inspector {
    Steps::new(move |step: Step| sink(log(&step)))
}

/// The whole object.
pub(crate) fn struct_log_trace(result: &ExecutionResult, logs: Vec<Value>) -> Value {
    json!({
        "gas": result.gas_used,
        "failed": !result.is_success(),
        "returnValue": result.return_data,
        "structLogs": logs,
    })
}

fn log(step: &Step) -> Value {
    let stack: Vec<_> = step.stack.iter().copied().map(super::word).collect();
    let mut log = json!({
        "pc": step.program_counter,
        "op": step.name,
        "gas": step.gas,
        "gasCost": step.gas_cost,
        "depth": step.depth,
        "stack": stack,
    });
    if step.refund != 0 {
        log["refund"] = json!(step.refund);
    }
    if let Some(error) = &step.error {
        log["error"] = json!(error);
    }
    if let Some(storage) = &step.storage {
        let slot = |word| format!("{:x}", B256::from(word));
        let slots = storage
            .iter()
            .map(|(key, value)| (slot(*key), json!(slot(*value))));
        log["storage"] = Value::Object(slots.collect::<Map<_, _>>());
    }
    log
}
