//! Creation of contracts.

use super::{Context, Outcome, add_refund, memory_range, return_data, word};
use proz_sdk::{Address, B256, Buffer, CreateOutcome, CreateRequest, MessageKind, StatusCode};
use revm_interpreter::{
    Host as _, InstructionResult, as_usize_or_fail, check, gas,
    interpreter_types::RuntimeFlag as _,
    popn, primitives,
    primitives::{Bytes, U256, hardfork::SpecId},
    push, require_non_staticcall,
};

/// `CREATE` and `CREATE2`. Balance, nonce, depth and collisions are the host's to check.
///
/// Spec: EIP-150 (gas), EIP-211 (return data), EIP-1014 (CREATE2), EIP-3860 (init code).
pub(super) fn create<const IS_CREATE2: bool>(context: Context<'_, '_, '_>) -> Outcome {
    let Context { interpreter, host } = context;
    require_non_staticcall!(interpreter);
    if IS_CREATE2 {
        check!(interpreter, PETERSBURG);
    }
    popn!([value, offset, len], interpreter);
    let rules = host.rules;
    let params = &rules.params;
    let size_bytes = as_usize_or_fail!(interpreter, len);
    if size_bytes != 0 && rules.spec.is_enabled_in(SpecId::SHANGHAI) {
        if size_bytes > host.max_initcode_size() {
            return Err(InstructionResult::CreateInitCodeSizeLimit);
        }
        gas!(interpreter, params.initcode_cost(size_bytes));
    }
    let init_code = memory_range(interpreter, params, offset, len)?;
    let salt = if IS_CREATE2 {
        popn!([salt], interpreter);
        gas!(interpreter, params.create2_cost(size_bytes));
        B256(salt.to_be_bytes())
    } else {
        gas!(interpreter, params.create_cost());
        B256([0; 32])
    };
    let remaining = interpreter.gas.remaining();
    let gas_limit = if rules.spec.is_enabled_in(SpecId::TANGERINE) {
        params.call_stipend_reduction(remaining)
    } else {
        remaining
    };
    gas!(interpreter, gas_limit);

    host.end_step(interpreter.gas.remaining());
    host.check_cancelled()?;
    let outcome = if host.context.message.depth >= host.settings.call_depth {
        refused(StatusCode::CALL_DEPTH_EXCEEDED, gas_limit)
    } else if host.creations >= host.settings.creations {
        refused(StatusCode::INSTRUCTION_DISABLED, gas_limit)
    } else {
        host.creations += 1;
        let init_code = &interpreter.memory.bytes()[init_code];
        let request = CreateRequest {
            kind: if IS_CREATE2 {
                MessageKind::CREATE2
            } else {
                MessageKind::CREATE
            },
            gas_limit,
            value: word(value),
            salt,
            init_code: init_code.into(),
        };
        match host.host.create(&request) {
            Ok(outcome) => outcome,
            Err(error) => return Err(host.fail(error)),
        }
    };

    let returned_gas = outcome.gas_left.min(gas_limit);
    interpreter.gas.erase_cost(returned_gas);
    host.nested_gas += gas_limit as i64 - returned_gas as i64;
    if outcome.status.is_revert() {
        interpreter.return_data.0 = return_data(outcome.output);
    } else {
        interpreter.return_data.0 = Bytes::new();
    }
    let created = if outcome.status.is_success() {
        add_refund(&mut interpreter.gas, outcome.gas_refund);
        U256::from_be_slice(&outcome.address.0)
    } else {
        U256::ZERO
    };
    push!(interpreter, created);
    Ok(())
}

/// A creation that this machine's settings refuse before it begins.
fn refused(status: StatusCode, gas_limit: u64) -> CreateOutcome {
    CreateOutcome {
        status,
        gas_left: gas_limit,
        gas_refund: 0,
        address: Address::default(),
        output: Buffer::empty(),
    }
}
