//! Jumps and ends.

use super::{Context, Outcome, memory_range};
use crate::{frame::FrameHost, pool::Wire};
use proz_sdk::Buffer;
use revm_interpreter::{
    InstructionResult, Interpreter, as_usize_saturated, check,
    interpreter_types::{Jumps as _, RuntimeFlag as _},
    popn, primitives,
    primitives::U256,
};

/// Gas of `JUMPDEST`. Spec: Yellow Paper, G_jumpdest.
const JUMPDEST_GAS: u64 = 1;

/// Goes to `target`, past its `JUMPDEST` when `LANDS`. Every loop jumps, so this is where the
/// cancel flag is looked at.
#[inline(always)]
fn go<const LANDS: bool>(
    interpreter: &mut Interpreter<Wire>,
    host: &mut FrameHost<'_, '_>,
    target: U256,
) -> Outcome {
    let target = as_usize_saturated!(target);
    if !interpreter.bytecode.is_valid_legacy_jump(target) {
        return Err(InstructionResult::InvalidJump);
    }
    host.check_cancelled()?;
    if LANDS {
        // The instruction there is a JUMPDEST: it is executed here, which saves its dispatch.
        interpreter.bytecode.absolute_jump(target + 1);
        if interpreter.gas.record_cost_unsafe(JUMPDEST_GAS) {
            return Err(InstructionResult::OutOfGas);
        }
    } else {
        interpreter.bytecode.absolute_jump(target);
    }
    Ok(())
}

#[inline(always)]
fn jump_with<const LANDS: bool>(context: Context<'_, '_, '_>) -> Outcome {
    let Context { interpreter, host } = context;
    popn!([target], interpreter);
    go::<LANDS>(interpreter, host, target)
}

#[inline(always)]
fn jumpi_with<const LANDS: bool>(context: Context<'_, '_, '_>) -> Outcome {
    let Context { interpreter, host } = context;
    popn!([target, condition], interpreter);
    if condition.is_zero() {
        return Ok(());
    }
    go::<LANDS>(interpreter, host, target)
}

/// `JUMP`.
pub(super) fn jump(context: Context<'_, '_, '_>) -> Outcome {
    jump_with::<false>(context)
}

/// `JUMPI`.
pub(super) fn jumpi(context: Context<'_, '_, '_>) -> Outcome {
    jumpi_with::<false>(context)
}

/// `JUMP` with the `JUMPDEST` it leads to.
pub(super) fn jump_and_land(context: Context<'_, '_, '_>) -> Outcome {
    jump_with::<true>(context)
}

/// `JUMPI` with the `JUMPDEST` it leads to.
pub(super) fn jumpi_and_land(context: Context<'_, '_, '_>) -> Outcome {
    jumpi_with::<true>(context)
}

/// `RETURN`.
pub(super) fn ret(context: Context<'_, '_, '_>) -> Outcome {
    end(context, InstructionResult::Return)
}

/// `REVERT`. Spec: EIP-140.
pub(super) fn revert(context: Context<'_, '_, '_>) -> Outcome {
    check!(context.interpreter, BYZANTIUM);
    end(context, InstructionResult::Revert)
}

#[inline]
fn end(context: Context<'_, '_, '_>, result: InstructionResult) -> Outcome {
    let Context { interpreter, host } = context;
    popn!([offset, len], interpreter);
    let range = memory_range(interpreter, &host.rules.params, offset, len)?;
    if !range.is_empty() {
        let bytes = &interpreter.memory.bytes()[range];
        let mut output = Vec::new();
        // Asked for first, because a failing allocation would end the process.
        if output.try_reserve_exact(bytes.len()).is_err() {
            return Err(host.out_of_memory());
        }
        output.extend_from_slice(bytes);
        host.output = Buffer::from(output);
    }
    Err(result)
}
