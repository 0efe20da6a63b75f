//! Reporting steps to a tracer.

use crate::{StepEvent, TraceMask};
use proz_interface::v1::TraceSink;

/// Receiver of the steps of one frame.
#[derive(Clone, Copy)]
pub struct Tracer<'a> {
    sink: &'a TraceSink,
}

impl<'a> Tracer<'a> {
    pub(crate) const fn new(sink: &'a TraceSink) -> Self {
        Self { sink }
    }

    /// Which events are wanted.
    #[must_use]
    pub const fn mask(&self) -> TraceMask {
        self.sink.mask
    }

    /// Reports an instruction that is about to execute.
    pub fn step(&self, event: &StepEvent<'_>) {
        // SAFETY: the host's function with the host's own argument, on the frame's thread.
        unsafe { (self.sink.step)(self.sink.sink, event) }
    }

    /// Reports that the instruction reported last has executed.
    pub fn step_end(&self, gas_left: u64, failed: bool) {
        // SAFETY: as above.
        unsafe { (self.sink.step_end)(self.sink.sink, gas_left, failed) }
    }
}
