//! Geth's `callTracer`: nested calls.

use super::quantity;
use alloy_primitives::Address;
use proz_artifact::RevertReason;
use proz_host::{ExecutionResult, MessageKind, StatusCode, inspection::CallTree};
use serde_json::{Value, json};

/// The object of a whole transaction: its limit and its gas stand at the outermost call.
pub(crate) fn call_tracer(tree: &CallTree, result: &ExecutionResult, gas_limit: u64) -> Value {
    let mut call = call(tree);
    call["gas"] = json!(quantity(gas_limit));
    call["gasUsed"] = json!(quantity(result.gas_used));
    call
}

fn call(tree: &CallTree) -> Value {
    let mut call = json!({
        "type": tree.kind.name().unwrap_or("CALL"),
        "from": hex(tree.sender),
        "to": hex(target(tree)),
        "gas": quantity(tree.gas_limit),
        "gasUsed": quantity(tree.gas_used),
        "input": tree.input,
    });
    if !matches!(tree.kind, MessageKind::STATIC_CALL) {
        call["value"] = json!(format!("{:#x}", tree.value));
    }
    // Which VM served it: no part of geth's format, and ignored by its readers.
    if !tree.code.is_empty() {
        call["vm"] = json!(tree.code);
    }
    if !tree.output.is_empty() {
        call["output"] = json!(tree.output);
    }
    if !tree.status.is_success() {
        call["error"] = json!(error(tree.status));
    }
    if tree.status.is_revert()
        && let RevertReason::Message(message) = RevertReason::decode(&tree.output, [])
    {
        call["revertReason"] = json!(message);
    }
    if !tree.logs.is_empty() {
        let log = |log: &proz_host::inspection::CallLog| {
            json!({
                "address": hex(log.address),
                "topics": log.topics,
                "data": log.data,
                "position": quantity(log.position as u64),
            })
        };
        call["logs"] = tree.logs.iter().map(log).collect();
    }
    if !tree.calls.is_empty() {
        call["calls"] = tree.calls.iter().map(self::call).collect();
    }
    call
}

/// The account that a call names: of a delegate call that whose code runs.
fn target(tree: &CallTree) -> Address {
    if tree.kind.is_create() {
        tree.recipient
    } else {
        tree.code_address
    }
}

/// Geth's words for the ends that it has.
fn error(status: StatusCode) -> String {
    match status {
        StatusCode::REVERT => "execution reverted".into(),
        StatusCode::INVALID_INSTRUCTION => "invalid opcode".into(),
        other => other.to_string(),
    }
}

/// Lower case, as geth writes addresses.
fn hex(address: Address) -> String {
    format!("{address:#x}")
}
