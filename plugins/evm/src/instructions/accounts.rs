//! Balances, code of others, self-destruction.

use super::{Context, Outcome, address, memory_range, number};
use crate::frame::FrameHost;
use proz_sdk::{AccountInfo, Address};
use revm_interpreter::{
    Gas, InstructionResult, as_usize_or_fail, as_usize_saturated, check, gas,
    interpreter_types::{MemoryTr as _, RuntimeFlag as _},
    popn, popn_top, primitives,
    primitives::{U256, hardfork::SpecId},
    push, require_non_staticcall,
};

/// Looks at an account and charges the first touch. Spec: EIP-2929.
fn account(
    gas: &mut Gas,
    host: &mut FrameHost<'_, '_>,
    address: &Address,
) -> Result<AccountInfo, InstructionResult> {
    let account = match host.host.account(address) {
        Ok(account) => account,
        Err(error) => return Err(host.fail(error)),
    };
    charge_touch(gas, host, account.status.is_cold())?;
    Ok(account)
}

fn charge_touch(
    gas: &mut Gas,
    host: &FrameHost<'_, '_>,
    is_cold: bool,
) -> Result<(), InstructionResult> {
    if is_cold && !gas.record_regular_cost(host.rules.params.cold_account_additional_cost()) {
        return Err(InstructionResult::OutOfGas);
    }
    Ok(())
}

/// `BALANCE`.
pub(super) fn balance(context: Context<'_, '_, '_>) -> Outcome {
    let Context { interpreter, host } = context;
    popn_top!([], top, interpreter);
    let account = account(&mut interpreter.gas, host, &address(*top))?;
    *top = number(account.balance);
    Ok(())
}

/// `SELFBALANCE`. Spec: EIP-1884.
pub(super) fn selfbalance(context: Context<'_, '_, '_>) -> Outcome {
    let Context { interpreter, host } = context;
    check!(interpreter, ISTANBUL);
    // The running account is warm: nothing but the static price is due.
    let account = match host.host.account(&host.context.message.recipient) {
        Ok(account) => account,
        Err(error) => return Err(host.fail(error)),
    };
    push!(interpreter, number(account.balance));
    Ok(())
}

/// `EXTCODESIZE`.
pub(super) fn extcodesize(context: Context<'_, '_, '_>) -> Outcome {
    let Context { interpreter, host } = context;
    popn_top!([], top, interpreter);
    let (size, is_cold) = match host.host.code(&address(*top)) {
        Ok(view) => (view.code.len(), view.status.is_cold()),
        Err(error) => return Err(host.fail(error)),
    };
    charge_touch(&mut interpreter.gas, host, is_cold)?;
    *top = U256::from(size);
    Ok(())
}

/// `EXTCODECOPY`.
pub(super) fn extcodecopy(context: Context<'_, '_, '_>) -> Outcome {
    let Context { interpreter, host } = context;
    popn!([target, memory_offset, code_offset, len], interpreter);
    let params = &host.rules.params;
    let size = as_usize_or_fail!(interpreter, len);
    gas!(interpreter, params.extcodecopy(size));
    let range = memory_range(interpreter, params, memory_offset, len)?;
    let view = match host.host.code(&address(target)) {
        Ok(view) => view,
        Err(error) => return Err(host.fail(error)),
    };
    if view.status.is_cold() {
        gas!(interpreter, params.cold_account_additional_cost());
    }
    let offset = as_usize_saturated!(code_offset).min(view.code.len());
    interpreter
        .memory
        .set_data(range.start, offset, range.len(), view.code.as_slice());
    Ok(())
}

/// `EXTCODEHASH`: zero for an account that is absent or empty. Spec: EIP-1052, EIP-161.
pub(super) fn extcodehash(context: Context<'_, '_, '_>) -> Outcome {
    let Context { interpreter, host } = context;
    check!(interpreter, PETERSBURG);
    popn_top!([], top, interpreter);
    let account = account(&mut interpreter.gas, host, &address(*top))?;
    let hash = U256::from_be_bytes(account.code_hash.0);
    let has_code = !hash.is_zero() && account.code_hash.0 != primitives::KECCAK_EMPTY.0;
    let is_empty = !has_code && account.nonce == 0 && account.balance.is_zero();
    *top = if is_empty { U256::ZERO } else { hash };
    Ok(())
}

/// `SELFDESTRUCT`. Spec: EIP-150, EIP-161, EIP-2929, EIP-3529, EIP-6780.
pub(super) fn selfdestruct(context: Context<'_, '_, '_>) -> Outcome {
    let Context { interpreter, host } = context;
    require_non_staticcall!(interpreter);
    popn!([beneficiary], interpreter);
    let effects = match host.host.selfdestruct(&address(beneficiary)) {
        Ok(effects) => effects,
        Err(error) => return Err(host.fail(error)),
    };
    let is_new = !effects.beneficiary_exists;
    let spec = interpreter.runtime_flag.spec_id;
    let creates_account = if spec.is_enabled_in(SpecId::SPURIOUS_DRAGON) {
        is_new && effects.had_value
    } else {
        is_new
    };
    let params = &host.rules.params;
    gas!(
        interpreter,
        params.selfdestruct_cost(creates_account, effects.status.is_cold())
    );
    if !effects.previously_destroyed {
        interpreter.gas.record_refund(params.selfdestruct_refund());
    }
    Err(InstructionResult::SelfDestruct)
}
