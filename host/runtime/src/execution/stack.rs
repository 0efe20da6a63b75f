//! Native stack for one more frame.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Native stack added when too little is left, in bytes. Virtual: pages are used as touched.
const SEGMENT_BYTES: usize = 4 * 1024 * 1024;

/// The machine has no memory for more native stack; nothing was run.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OutOfStack;

/// Runs `body` where at least `needed` bytes of native stack are left, on a new segment if need be.
#[inline]
pub(super) fn on_enough_stack<R>(needed: usize, body: impl FnOnce() -> R) -> Result<R, OutOfStack> {
    if stacker::remaining_stack().is_some_and(|left| left >= needed) {
        return Ok(body());
    }
    on_new_segment(needed.max(SEGMENT_BYTES), body)
}

#[cold]
fn on_new_segment<R>(size: usize, body: impl FnOnce() -> R) -> Result<R, OutOfStack> {
    let mut body = Some(body);
    // `stacker` panics where the segment cannot be mapped, before it runs anything.
    let run = AssertUnwindSafe(|| stacker::grow(size, || body.take().map(|body| body())));
    match catch_unwind(run) {
        Ok(Some(result)) => Ok(result),
        Ok(None) => Err(OutOfStack),
        Err(_) if body.is_some() => Err(OutOfStack),
        Err(panic) => resume_unwind(panic),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_that_cannot_be_mapped_is_told_and_runs_nothing() {
        let mut ran = false;
        let huge = 1 << 60;
        assert_eq!(on_enough_stack(huge, || ran = true), Err(OutOfStack));
        assert!(!ran);
        assert_eq!(on_enough_stack(16 << 20, || 7), Ok(7));
    }

    #[test]
    fn a_panic_of_the_body_goes_on() {
        let outcome = catch_unwind(|| on_new_segment(SEGMENT_BYTES, || panic!("of the body")));
        assert!(outcome.is_err());
    }
}
