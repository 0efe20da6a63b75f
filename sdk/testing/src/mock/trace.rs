//! Records steps.

use proz_interface::v1::{StepEvent, TraceMask, TraceSink, Word};
use std::cell::RefCell;

/// A step with what it left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedStep {
    /// Offset of the instruction.
    pub program_counter: u64,
    /// Number of the instruction.
    pub opcode: u32,
    /// Name of the instruction.
    pub name: String,
    /// Gas before it.
    pub gas_left: u64,
    /// Refund counter before it.
    pub gas_refund: i64,
    /// Operand stack, lowest first.
    pub stack: Vec<Word>,
    /// Memory.
    pub memory: Vec<u8>,
    /// Size of memory in bytes.
    pub memory_size_bytes: u64,
    /// Gas after it and whether it failed; `None` while it runs.
    pub end: Option<(u64, bool)>,
}

/// Receiver of steps, the host's half of `proz.trace/1`.
pub struct StepRecorder {
    sink: TraceSink,
    steps: RefCell<Vec<RecordedStep>>,
}

impl StepRecorder {
    /// A recorder of the wanted events.
    #[must_use]
    pub fn new(mask: TraceMask) -> Box<Self> {
        let mut recorder = Box::new(Self {
            sink: TraceSink {
                mask,
                sink: std::ptr::null(),
                step,
                step_end,
            },
            steps: RefCell::default(),
        });
        recorder.sink.sink = std::ptr::from_ref(&recorder.steps).cast();
        recorder
    }

    /// Steps so far.
    #[must_use]
    pub fn steps(&self) -> Vec<RecordedStep> {
        self.steps.borrow().clone()
    }

    pub(super) const fn table(&self) -> &TraceSink {
        &self.sink
    }
}

unsafe extern "C" fn step(sink: *const (), event: &StepEvent<'_>) {
    // SAFETY: `sink` is the cell that `new` put there, inside a box that outlives the frame.
    let steps = unsafe { &*sink.cast::<RefCell<Vec<RecordedStep>>>() };
    steps.borrow_mut().push(RecordedStep {
        program_counter: event.program_counter,
        opcode: event.opcode,
        name: event.name.to_string(),
        gas_left: event.gas_left,
        gas_refund: event.gas_refund,
        stack: event.stack.to_vec(),
        memory: event.memory.to_vec(),
        memory_size_bytes: event.memory_size_bytes,
        end: None,
    });
}

unsafe extern "C" fn step_end(sink: *const (), gas_left: u64, failed: bool) {
    // SAFETY: as above.
    let steps = unsafe { &*sink.cast::<RefCell<Vec<RecordedStep>>>() };
    if let Some(last) = steps.borrow_mut().last_mut() {
        last.end = Some((gas_left, failed));
    }
}
