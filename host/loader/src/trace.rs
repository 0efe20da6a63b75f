//! Steps of a plugin on their way to the host's inspector: extension `proz.trace/1`.

use proz_interface::v1::{Extension, StepEvent, TraceMask, TraceSink};

/// Receives the steps of a running VM, on the thread that runs it.
pub trait StepReceiver {
    /// An instruction is about to execute.
    fn step(&self, event: &StepEvent<'_>);

    /// The instruction reported last has executed.
    fn step_end(&self, gas_left: u64, has_failed: bool);
}

/// Makes a [`StepReceiver`] callable through the stable ABI for as long as it lives.
pub struct StepBridge<'a> {
    sink: TraceSink,
    /// What `sink.sink` points to.
    #[expect(
        clippy::redundant_allocation,
        reason = "the table holds a thin pointer, so the wide one needs a fixed place"
    )]
    _receiver: Box<&'a dyn StepReceiver>,
}

impl<'a> StepBridge<'a> {
    /// Bridges to `receiver`; `mask` tells plugins which events are wanted.
    #[must_use]
    pub fn new(receiver: &'a dyn StepReceiver, mask: TraceMask) -> Self {
        let receiver = Box::new(receiver);
        Self {
            sink: TraceSink {
                mask,
                sink: std::ptr::from_ref::<&dyn StepReceiver>(&receiver).cast(),
                step,
                step_end,
            },
            _receiver: receiver,
        }
    }

    /// The table to hand to a frame. It must not outlive the bridge: the host hands it out for the
    /// length of a frame, and the bridge lives as long as the transaction.
    #[must_use]
    pub const fn extension(&self) -> Extension {
        Extension::new(&self.sink)
    }
}

unsafe extern "C" fn step(sink: *const (), event: &StepEvent<'_>) {
    // SAFETY: `sink` is the receiver boxed in the bridge, which outlives the frame that calls.
    let receiver = unsafe { &*sink.cast::<&dyn StepReceiver>() };
    receiver.step(event);
}

unsafe extern "C" fn step_end(sink: *const (), gas_left: u64, has_failed: bool) {
    // SAFETY: as above.
    let receiver = unsafe { &*sink.cast::<&dyn StepReceiver>() };
    receiver.step_end(gas_left, has_failed);
}
