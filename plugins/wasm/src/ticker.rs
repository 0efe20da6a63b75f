//! Lets running contract code notice that the host wants it to stop.
//!
//! A thread moves the engine's epoch forward every few milliseconds; frames look at the cancel flag
//! when it has moved. Nothing here shows in a result: a cancelled transaction is undone as a whole.

use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use wasmtime::Engine;

/// Time between two looks at the cancel flag.
const PERIOD: Duration = Duration::from_millis(5);

/// The thread, started by the first frame and ended by the shutdown.
#[derive(Default)]
pub(crate) struct Ticker {
    running: OnceLock<Mutex<Option<Running>>>,
}

struct Running {
    stop: Arc<(Mutex<bool>, Condvar)>,
    thread: JoinHandle<()>,
}

impl Ticker {
    /// Starts the thread unless it was started before.
    pub(crate) fn start(&self, engine: &Engine) {
        self.running.get_or_init(|| Mutex::new(spawn(engine)));
    }

    /// Ends the thread; a second call does nothing.
    pub(crate) fn stop(&self) {
        let Some(running) = self.running.get() else {
            return;
        };
        let Some(running) = running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        else {
            return;
        };
        let (flag, wake) = &*running.stop;
        *flag.lock().unwrap_or_else(PoisonError::into_inner) = true;
        wake.notify_all();
        // A thread that only sleeps and counts does not panic.
        let _ = running.thread.join();
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Without a thread frames run on and end by their gas alone.
fn spawn(engine: &Engine) -> Option<Running> {
    let stop = Arc::new((Mutex::new(false), Condvar::new()));
    let seen = Arc::clone(&stop);
    let engine = engine.weak();
    let tick = move || {
        let (flag, wake) = &*seen;
        let mut stopped = flag.lock().unwrap_or_else(PoisonError::into_inner);
        while !*stopped {
            stopped = wake
                .wait_timeout(stopped, PERIOD)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            match engine.upgrade() {
                Some(engine) => engine.increment_epoch(),
                None => return,
            }
        }
    };
    let thread = std::thread::Builder::new()
        .name("wasm-ticker".to_owned())
        .spawn(tick)
        .ok()?;
    Some(Running { stop, thread })
}
