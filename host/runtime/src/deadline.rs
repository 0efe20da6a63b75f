//! A limit of wall-clock time for an execution.
//!
//! It protects the host and never shows in a result: a transaction that is stopped has none, and
//! its state is untouched. A VM sees the flag at its next check; one that never looks can only be
//! stopped by ending its process.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// A flag that is set when its time is up, or before by [`cancel`](Self::cancel).
///
/// ```
/// use proz_host::{Deadline, TransactOptions};
/// use std::time::Duration;
///
/// let deadline = Deadline::after(Duration::from_millis(5));
/// let options = TransactOptions { cancel: Some(deadline.flag()), ..TransactOptions::default() };
/// # let _ = options;
/// ```
#[derive(Debug)]
pub struct Deadline(Arc<AtomicBool>);

impl Deadline {
    /// A flag that is set after `time`.
    #[must_use]
    pub fn after(time: Duration) -> Self {
        let flag = Arc::new(AtomicBool::new(false));
        // A time that the clock cannot express never comes.
        if let Some(at) = Instant::now().checked_add(time) {
            Watchdog::get().watch(at, &flag);
        }
        Self(flag)
    }

    /// The flag, for [`TransactOptions::cancel`](crate::TransactOptions::cancel).
    #[must_use]
    pub fn flag(&self) -> &AtomicBool {
        &self.0
    }

    /// Sets the flag now.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the flag is set.
    #[must_use]
    pub fn has_passed(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// One thread for all deadlines of the process; asleep unless one is pending.
struct Watchdog {
    pending: Mutex<BinaryHeap<Pending>>,
    changed: Condvar,
}

struct Pending {
    at: Reverse<Instant>,
    flag: Weak<AtomicBool>,
}

impl Watchdog {
    fn get() -> &'static Self {
        static WATCHDOG: OnceLock<&'static Watchdog> = OnceLock::new();
        WATCHDOG.get_or_init(|| {
            let watchdog: &'static Self = Box::leak(Box::new(Self {
                pending: Mutex::default(),
                changed: Condvar::new(),
            }));
            let started = thread::Builder::new()
                .name("proz-deadlines".into())
                .spawn(move || watchdog.run());
            if let Err(error) = started {
                tracing::error!(%error, "deadlines cannot be watched: no thread");
            }
            watchdog
        })
    }

    fn watch(&self, at: Instant, flag: &Arc<AtomicBool>) {
        self.lock().push(Pending {
            at: Reverse(at),
            flag: Arc::downgrade(flag),
        });
        self.changed.notify_one();
    }

    fn run(&self) {
        let mut pending = self.lock();
        loop {
            let now = Instant::now();
            while pending.peek().is_some_and(|next| next.at.0 <= now) {
                if let Some(flag) = pending.pop().and_then(|next| next.flag.upgrade()) {
                    flag.store(true, Ordering::Relaxed);
                }
            }
            pending = match pending.peek().map(|next| next.at.0 - now) {
                Some(time) => {
                    let waited = self.changed.wait_timeout(pending, time);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => {
                    let waited = self.changed.wait(pending);
                    waited.unwrap_or_else(PoisonError::into_inner)
                }
            };
        }
    }

    /// Nothing panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, BinaryHeap<Pending>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PartialEq for Pending {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Pending {}

impl PartialOrd for Pending {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pending {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait_for(deadline: &Deadline) -> Duration {
        let started = Instant::now();
        while !deadline.has_passed() && started.elapsed() < Duration::from_secs(10) {
            thread::sleep(Duration::from_millis(1));
        }
        started.elapsed()
    }

    #[test]
    fn the_earlier_deadline_passes_first_whatever_the_order() {
        let late = Deadline::after(Duration::from_secs(3_600));
        let early = Deadline::after(Duration::from_millis(20));
        assert!(wait_for(&early) < Duration::from_secs(10));
        assert!(early.has_passed() && !late.has_passed());
        late.cancel();
        assert!(late.has_passed());
    }

    #[test]
    fn a_time_beyond_the_clock_never_comes() {
        assert!(!Deadline::after(Duration::MAX).has_passed());
    }
}
