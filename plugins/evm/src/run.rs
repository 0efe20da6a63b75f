//! The three ways to run a frame: plain, counting, traced.
//!
//! They are separate loops, so that what is not asked for costs nothing.

use crate::{frame::FrameHost, metrics::Tally, opcodes, pool::Wire};
use proz_sdk::{StepEvent, TraceMask, Tracer, Word};
use revm_interpreter::{
    InstructionResult, Interpreter, interpreter_types::Jumps as _, primitives::U256,
};

/// Runs to the end.
pub(crate) fn plain(
    interpreter: &mut Interpreter<Wire>,
    host: &mut FrameHost<'_, '_>,
) -> InstructionResult {
    let rules = host.rules;
    let (table, gas) = (rules.plain(), &rules.gas);
    loop {
        if let Err(result) = interpreter.step(table, gas, host) {
            return result;
        }
    }
}

/// Runs to the end and counts instructions and their gas, forwarded gas excluded. An instruction
/// that halts the frame is counted without gas: what was left is lost, not charged.
pub(crate) fn counting(
    interpreter: &mut Interpreter<Wire>,
    host: &mut FrameHost<'_, '_>,
    tally: &mut Tally,
) -> InstructionResult {
    let rules = host.rules;
    let (table, gas) = (rules.stepping(), &rules.gas);
    loop {
        let opcode = interpreter.bytecode.opcode();
        let before = interpreter.gas.remaining();
        host.nested_gas = 0;
        let outcome = interpreter.step(table, gas, host);
        let is_halt = matches!(outcome, Err(result) if result.is_halt());
        let spent = if is_halt {
            0
        } else {
            before as i64 - interpreter.gas.remaining() as i64 - host.nested_gas
        };
        tally.count(opcode, spent.max(0) as u64);
        if let Err(result) = outcome {
            return result;
        }
    }
}

/// Runs to the end and reports each instruction before and after.
///
/// An instruction that calls or creates ends its step before the nested frame begins, with the
/// forwarded gas charged, so that steps of nested frames never lie inside it.
pub(crate) fn traced<'h>(
    interpreter: &mut Interpreter<Wire>,
    host: &mut FrameHost<'_, 'h>,
    tracer: Tracer<'h>,
) -> InstructionResult {
    let rules = host.rules;
    let (table, gas) = (rules.stepping(), &rules.gas);
    loop {
        report(interpreter, &tracer);
        host.open_step = Some(tracer);
        let before = interpreter.gas.remaining();
        let outcome = interpreter.step(table, gas, host);
        if host.open_step.take().is_some() {
            let left = interpreter.gas.remaining();
            let is_halt = matches!(outcome, Err(result) if result.is_halt());
            // What cannot be paid takes all there is, however much of it was charged before that was
            // seen; a static price leaves the counter below zero.
            let is_out_of_gas = outcome == Err(InstructionResult::OutOfGas);
            let left = if is_out_of_gas || left > before {
                0
            } else {
                left
            };
            tracer.step_end(left, is_halt);
        }
        if let Err(result) = outcome {
            return result;
        }
    }
}

fn report(interpreter: &Interpreter<Wire>, tracer: &Tracer<'_>) {
    let mask = tracer.mask();
    let opcode = interpreter.bytecode.opcode();
    let memory = interpreter.memory.bytes();
    let stack: &[Word] = if mask.contains(TraceMask::STACK) {
        words(interpreter.stack.data())
    } else {
        &[]
    };
    let content: &[u8] = if mask.contains(TraceMask::MEMORY) {
        memory
    } else {
        &[]
    };
    tracer.step(&StepEvent {
        program_counter: interpreter.bytecode.pc() as u64,
        opcode: u32::from(opcode),
        name: opcodes::name(opcode).unwrap_or("UNDEFINED").into(),
        gas_left: interpreter.gas.remaining(),
        gas_refund: interpreter.gas.refunded(),
        stack: stack.into(),
        memory: content.into(),
        memory_size_bytes: memory.len() as u64,
    });
}

/// Stack items as the ABI passes them.
fn words(items: &[U256]) -> &[Word] {
    const {
        assert!(size_of::<U256>() == size_of::<Word>() && align_of::<U256>() == align_of::<Word>());
    }
    // SAFETY: both are four 64-bit limbs, least significant first: `Word` by its specification,
    // `U256` by `as_limbs`, which returns a reference to its only field.
    unsafe { std::slice::from_raw_parts(items.as_ptr().cast(), items.len()) }
}
