//! Persistent and transient storage.

use super::{Context, Outcome, number, word};
use revm_interpreter::{
    InstructionResult, SStoreResult, check, gas, interpreter_types::RuntimeFlag as _, popn,
    popn_top, primitives, primitives::hardfork::SpecId, require_non_staticcall,
};

/// `SLOAD`. Spec: EIP-2929.
pub(super) fn sload(context: Context<'_, '_, '_>) -> Outcome {
    let Context { interpreter, host } = context;
    popn_top!([], top, interpreter);
    let load = match host.host.storage_load(&word(*top)) {
        Ok(load) => load,
        Err(error) => return Err(host.fail(error)),
    };
    if load.status.is_cold() {
        gas!(
            interpreter,
            host.rules.params.cold_storage_additional_cost()
        );
    }
    *top = number(load.value);
    Ok(())
}

/// `SSTORE`. `IS_NET`: priced by what the transaction changes in the end. Spec: EIP-1283,
/// EIP-2200, EIP-2929, EIP-3529; before, Yellow Paper, appendix H.
pub(super) fn sstore<const IS_NET: bool>(context: Context<'_, '_, '_>) -> Outcome {
    let Context { interpreter, host } = context;
    require_non_staticcall!(interpreter);
    popn!([key, value], interpreter);
    let params = &host.rules.params;
    // Not in EIP-1283: the guard is what EIP-2200 added to it.
    if interpreter
        .runtime_flag
        .spec_id
        .is_enabled_in(SpecId::ISTANBUL)
        && interpreter.gas.remaining() <= params.call_stipend()
    {
        return Err(InstructionResult::ReentrancySentryOOG);
    }
    gas!(interpreter, params.sstore_static_gas());
    let store = match host.host.storage_store(&word(key), &word(value)) {
        Ok(store) => store,
        Err(error) => return Err(host.fail(error)),
    };
    let values = SStoreResult {
        original_value: number(store.original),
        present_value: number(store.current),
        new_value: number(store.new),
    };
    let is_cold = store.status.is_cold();
    gas!(
        interpreter,
        params.sstore_dynamic_gas(IS_NET, &values, is_cold)
    );
    interpreter
        .gas
        .record_refund(params.sstore_refund(IS_NET, &values));
    Ok(())
}

/// `TLOAD`. Spec: EIP-1153.
pub(super) fn tload(context: Context<'_, '_, '_>) -> Outcome {
    let Context { interpreter, host } = context;
    check!(interpreter, CANCUN);
    popn_top!([], top, interpreter);
    match host.host.transient_load(&word(*top)) {
        Ok(value) => *top = number(value),
        Err(error) => return Err(host.fail(error)),
    }
    Ok(())
}

/// `TSTORE`. Spec: EIP-1153.
pub(super) fn tstore(context: Context<'_, '_, '_>) -> Outcome {
    let Context { interpreter, host } = context;
    check!(interpreter, CANCUN);
    require_non_staticcall!(interpreter);
    popn!([key, value], interpreter);
    match host.host.transient_store(&word(key), &word(value)) {
        Ok(()) => Ok(()),
        Err(error) => Err(host.fail(error)),
    }
}
