//! Runs the compiler on threads of its own.
//!
//! Cranelift cannot be stopped. A frame that is cancelled leaves its compilation behind: it runs on
//! in its thread and keeps its slot, so that no more than a few run at once, whatever is asked for.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Native stack of a compiling thread: Cranelift recurses.
const STACK_BYTES: usize = 16 << 20;
/// Time between two looks at the cancel flag.
const LOOK: Duration = Duration::from_millis(2);

/// The slots for compilations.
pub(crate) struct Slots {
    free: Mutex<usize>,
    freed: Condvar,
}

/// Why a compilation was not started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotStarted {
    /// The host wants the frame to stop.
    Cancelled,
    /// The machine gives no thread.
    NoThread,
}

/// Gives its slot back when the compilation ends, however it ends.
struct Slot(Arc<Slots>);

impl Drop for Slot {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}

impl Slots {
    /// As many slots as the machine has processors, and two more for what was left behind.
    pub(crate) fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            free: Mutex::new(processors + 2),
            freed: Condvar::new(),
        }
    }

    /// Waits for a slot and runs `work` on a thread; does not wait for its end.
    pub(crate) fn start(
        self: &Arc<Self>,
        is_cancelled: &dyn Fn() -> bool,
        work: impl FnOnce() + Send + 'static,
    ) -> Result<(), NotStarted> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            if is_cancelled() {
                return Err(NotStarted::Cancelled);
            }
            free = self
                .freed
                .wait_timeout(free, LOOK)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        *free -= 1;
        drop(free);
        let slot = Slot(Arc::clone(self));
        std::thread::Builder::new()
            .name("wasm-compile".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || {
                let _slot = slot;
                work();
            })
            .map(|_| ())
            .map_err(|_| NotStarted::NoThread)
    }

    /// Starts `work` when a slot is free now; reports whether it did.
    pub(crate) fn try_start(self: &Arc<Self>, work: impl FnOnce() + Send + 'static) -> bool {
        let has_room = *self.free.lock().unwrap_or_else(PoisonError::into_inner) > 2;
        has_room && self.start(&|| true, work).is_ok()
    }
}

/// A value that one thread makes and others wait for.
pub(crate) struct Flight<T> {
    landed: Mutex<Option<T>>,
    woken: Condvar,
}

impl<T: Clone> Flight<T> {
    /// Nothing has come yet.
    pub(crate) fn new() -> Self {
        Self {
            landed: Mutex::new(None),
            woken: Condvar::new(),
        }
    }

    /// Hands the value to all who wait.
    pub(crate) fn land(&self, value: T) {
        *self.landed.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
        self.woken.notify_all();
    }

    /// Waits for the value; `None` when the host wants the frame to stop.
    pub(crate) fn wait(&self, is_cancelled: &dyn Fn() -> bool) -> Option<T> {
        let mut landed = self.landed.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(value) = &*landed {
                return Some(value.clone());
            }
            if is_cancelled() {
                return None;
            }
            landed = self
                .woken
                .wait_timeout(landed, LOOK)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}
