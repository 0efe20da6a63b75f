//! EIP-3155: a line of JSON for each instruction, and a last one with the result.

use super::{
    quantity,
    steps::{Step, Steps},
    word,
};
use proz_host::{ExecutionResult, inspection::Inspector};
use serde_json::json;

/// A tracer that gives each line to a sink as it comes to be, so that a trace of any length takes
/// no memory.
pub(crate) fn eip3155(mut sink: impl FnMut(String)) -> impl Inspector {
    Steps::new(move |step: Step| sink(line(&step)))
}

/// The last line.
pub(crate) fn eip3155_summary(result: &ExecutionResult) -> String {
    let mut line = json!({
        "output": result.return_data,
        "gasUsed": quantity(result.gas_used),
        "pass": result.is_success(),
    });
    if !result.is_success() {
        line["error"] = json!(result.status.to_string());
    }
    line.to_string()
}

fn line(step: &Step) -> String {
    let stack: Vec<_> = step.stack.iter().copied().map(word).collect();
    let mut line = json!({
        "pc": step.program_counter,
        "op": step.opcode,
        "gas": quantity(step.gas),
        "gasCost": quantity(step.gas_cost),
        "memSize": step.memory_size_bytes,
        "stack": stack,
        "depth": step.depth,
        "refund": step.refund,
        "opName": step.name,
    });
    if let Some(error) = &step.error {
        line["error"] = json!(error);
    }
    line.to_string()
}
