//! Calls of other contracts.

use super::{Context, Outcome, add_refund, address, memory_range, return_data, word};
use proz_sdk::{Buffer, CallOutcome, CallRequest, MessageKind, StatusCode};
use revm_interpreter::{
    InstructionResult,
    bytecode::opcode as op,
    check, gas,
    interpreter_types::{MemoryTr as _, RuntimeFlag as _},
    popn, primitives,
    primitives::{Bytes, U256, hardfork::SpecId},
    push,
};

/// `CALL`, `CALLCODE`, `DELEGATECALL`, `STATICCALL`.
///
/// The host runs the callee while this instruction waits; the input is a slice of this frame's
/// memory. Spec: EIP-150 (gas), EIP-161 (new accounts), EIP-211 (return data), EIP-214 (static
/// mode), EIP-2929 (first touch), EIP-7702 (delegation).
pub(super) fn call<const OPCODE: u8>(context: Context<'_, '_, '_>) -> Outcome {
    let Context { interpreter, host } = context;
    match OPCODE {
        op::DELEGATECALL => check!(interpreter, HOMESTEAD),
        op::STATICCALL => check!(interpreter, BYZANTIUM),
        _ => {}
    }
    popn!([wanted_gas, target], interpreter);
    let value = if matches!(OPCODE, op::CALL | op::CALLCODE) {
        popn!([value], interpreter);
        value
    } else {
        U256::ZERO
    };
    let transfers_value = !value.is_zero();
    if OPCODE == op::CALL && transfers_value && interpreter.runtime_flag.is_static() {
        return Err(InstructionResult::CallNotAllowedInsideStatic);
    }
    let rules = host.rules;
    let params = &rules.params;
    popn!(
        [input_offset, input_len, output_offset, output_len],
        interpreter
    );
    let input = memory_range(interpreter, params, input_offset, input_len)?;
    let output = memory_range(interpreter, params, output_offset, output_len)?;

    if transfers_value {
        gas!(interpreter, params.transfer_value_cost());
    }
    let target = address(target);
    let seen = match host.host.call_target(&target) {
        Ok(seen) => seen,
        Err(error) => return Err(host.fail(error)),
    };
    let mut cost = 0;
    if seen.status.is_cold() {
        cost += params.cold_account_additional_cost();
    }
    if seen.delegate.is_some() {
        cost += params.warm_storage_read_cost();
        if seen.delegate_status.is_cold() {
            cost += params.cold_account_additional_cost();
        }
    }
    if OPCODE == op::CALL && seen.is_absent {
        let knows_empty = rules.spec.is_enabled_in(SpecId::SPURIOUS_DRAGON);
        cost += params.new_account_cost(knows_empty, transfers_value);
    }
    gas!(interpreter, cost);

    let wanted_gas = u64::try_from(wanted_gas).unwrap_or(u64::MAX);
    let charged_gas = if rules.spec.is_enabled_in(SpecId::TANGERINE) {
        wanted_gas.min(params.call_stipend_reduction(interpreter.gas.remaining()))
    } else {
        wanted_gas
    };
    gas!(interpreter, charged_gas);
    let gas_limit = if transfers_value {
        charged_gas.saturating_add(params.call_stipend())
    } else {
        charged_gas
    };

    host.end_step(interpreter.gas.remaining());
    host.check_cancelled()?;
    let outcome = if host.context.message.depth >= host.settings.call_depth {
        refused(StatusCode::CALL_DEPTH_EXCEEDED, gas_limit)
    } else {
        let kind = match OPCODE {
            op::CALL => MessageKind::CALL,
            op::CALLCODE => MessageKind::CALL_CODE,
            op::DELEGATECALL => MessageKind::DELEGATE_CALL,
            _ => MessageKind::STATIC_CALL,
        };
        let input = &interpreter.memory.bytes()[input];
        let request = CallRequest {
            kind,
            gas_limit,
            target,
            value: word(value),
            input: input.into(),
        };
        match host.host.call(&request) {
            Ok(outcome) => outcome,
            Err(error) => return Err(host.fail(error)),
        }
    };

    let returned_gas = outcome.gas_left.min(gas_limit);
    interpreter.gas.erase_cost(returned_gas);
    host.nested_gas += charged_gas as i64 - returned_gas as i64;
    let is_success = outcome.status.is_success();
    if is_success {
        add_refund(&mut interpreter.gas, outcome.gas_refund);
    }
    if is_success || outcome.status.is_revert() {
        let len = output.len().min(outcome.output.len());
        interpreter
            .memory
            .set(output.start, &outcome.output.as_slice()[..len]);
        interpreter.return_data.0 = return_data(outcome.output);
    } else {
        interpreter.return_data.0 = Bytes::new();
    }
    push!(interpreter, U256::from(u8::from(is_success)));
    Ok(())
}

/// A call that this machine's settings refuse before it begins.
const fn refused(status: StatusCode, gas_limit: u64) -> CallOutcome {
    CallOutcome {
        status,
        gas_left: gas_limit,
        gas_refund: 0,
        output: Buffer::empty(),
    }
}
