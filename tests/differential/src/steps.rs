//! Instruction by instruction: what the two sides tell somebody who watches.

use proz_host::inspection::{FrameEnd, FrameStart, Inspector, StepEvent, TraceMask};
use revm::{
    inspector::Inspector as TheirInspector,
    interpreter::{
        CallInputs, CallOutcome, CreateInputs, CreateOutcome, Interpreter,
        interpreter_types::{Jumps as _, LegacyBytecode as _, MemoryTr as _},
    },
    primitives::U256,
};

/// An instruction that is about to execute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// 1 in the outermost frame.
    pub depth: u32,
    /// Offset in the code.
    pub program_counter: u64,
    /// Its number.
    pub opcode: u32,
    /// Gas left before it.
    pub gas: u64,
    /// What it charged, what it forwards to a nested frame included.
    pub gas_cost: u64,
    /// Refund of the frame so far.
    pub refund: i64,
    /// Lowest item first.
    pub stack: Vec<U256>,
    /// Memory of the frame before it, in bytes.
    pub memory_size_bytes: u64,
}

/// Keeps all steps.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    depth: u32,
    pub(crate) steps: Vec<Step>,
}

impl Inspector for Recorder {
    fn mask(&self) -> TraceMask {
        let steps = TraceMask::STEPS.union(TraceMask::STACK);
        steps.union(TraceMask::FRAMES)
    }

    fn frame_start(&mut self, _frame: &FrameStart<'_>) {
        self.depth += 1;
    }

    fn frame_end(&mut self, _end: &FrameEnd<'_>) {
        self.depth -= 1;
    }

    fn step(&mut self, event: &StepEvent<'_>) {
        self.steps.push(Step {
            depth: self.depth,
            program_counter: event.program_counter,
            opcode: event.opcode,
            gas: event.gas_left,
            gas_cost: 0,
            refund: event.gas_refund,
            stack: event.stack.iter().map(|word| word.to_u256()).collect(),
            memory_size_bytes: event.memory_size_bytes,
        });
    }

    fn step_end(&mut self, gas_left: u64, _has_failed: bool) {
        self.end_step(gas_left);
    }
}

impl Recorder {
    /// A step ends before the steps of a frame that it starts.
    fn end_step(&mut self, gas_left: u64) {
        if let Some(step) = self.steps.last_mut() {
            step.gas_cost = step.gas.saturating_sub(gas_left);
        }
    }
}

impl<C> TheirInspector<C> for Recorder {
    fn step(&mut self, interpreter: &mut Interpreter, _context: &mut C) {
        // A creation of nothing runs no instruction here, as in geth; revm runs the STOP behind it.
        if interpreter.bytecode.bytecode_len() == 0 {
            return;
        }
        self.steps.push(Step {
            depth: self.depth,
            program_counter: interpreter.bytecode.pc() as u64,
            opcode: u32::from(interpreter.bytecode.opcode()),
            gas: interpreter.gas.remaining(),
            gas_cost: 0,
            refund: interpreter.gas.refunded(),
            stack: interpreter.stack.data().to_vec(),
            memory_size_bytes: interpreter.memory.size() as u64,
        });
    }

    fn step_end(&mut self, interpreter: &mut Interpreter, _context: &mut C) {
        if interpreter.bytecode.bytecode_len() > 0 {
            self.end_step(interpreter.gas.remaining());
        }
    }

    fn call(&mut self, _context: &mut C, _inputs: &mut CallInputs) -> Option<CallOutcome> {
        self.depth += 1;
        None
    }

    fn call_end(&mut self, _context: &mut C, _inputs: &CallInputs, _outcome: &mut CallOutcome) {
        self.depth -= 1;
    }

    fn create(&mut self, _context: &mut C, _inputs: &mut CreateInputs) -> Option<CreateOutcome> {
        self.depth += 1;
        None
    }

    fn create_end(
        &mut self,
        _context: &mut C,
        _inputs: &CreateInputs,
        _outcome: &mut CreateOutcome,
    ) {
        self.depth -= 1;
    }
}
