//! Instructions that a configuration takes away or bounds.

use super::{Context, Outcome};
use revm_interpreter::{InstructionResult, interpreter_types::Jumps as _};

/// A disabled instruction. Its static price is 0, so that it halts for being disabled and nothing
/// else.
pub(super) fn disabled(context: Context<'_, '_, '_>) -> Outcome {
    context.host.is_disabled = true;
    Err(InstructionResult::NotActivated)
}

/// An instruction that grows the stack, under a limit below Ethereum's. None of them touches
/// anything but the stack before it pushes, so looking first is exact.
pub(super) fn within_stack_limit(context: Context<'_, '_, '_>) -> Outcome {
    let Context { interpreter, host } = context;
    if interpreter.stack.len() >= host.settings.stack_limit {
        return Err(InstructionResult::StackOverflow);
    }
    // The program counter is already past the opcode.
    let at = interpreter.bytecode.pc() - 1;
    let opcode = interpreter.bytecode.bytes_slice()[at];
    let instruction = host.rules.unlimited()[opcode as usize];
    instruction.execute(Context { interpreter, host })
}
