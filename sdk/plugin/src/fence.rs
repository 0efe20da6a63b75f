//! Keeps panics inside the plugin.

use crate::{VmError, VmErrorCode};
use proz_interface::abi_stable::std_types::RResult;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `body` and turns a panic into a [`VmErrorCode::PANICKED`] error.
///
/// A panic that left an exported function would end the host's process.
pub(crate) fn fence<T>(body: impl FnOnce() -> Result<T, VmError>) -> RResult<T, VmError> {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(result) => result.into(),
        Err(payload) => {
            let message = payload
                .downcast_ref::<&str>()
                .map(|text| (*text).to_owned())
                .or_else(|| payload.downcast_ref::<String>().cloned())
                .unwrap_or_else(|| "a value that is no text".to_owned());
            // The payload's destructor is the panicking code's own, and might panic again.
            std::mem::forget(payload);
            RResult::RErr(VmError::new(
                VmErrorCode::PANICKED,
                format!("the plugin panicked: {message}"),
            ))
        }
    }
}

/// Like [`fence`] for entries that cannot fail: a panic gives `otherwise`.
pub(crate) fn fence_or<T>(otherwise: T, body: impl FnOnce() -> T) -> T {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(value) => value,
        Err(payload) => {
            std::mem::forget(payload);
            otherwise
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_panics_into_errors_that_keep_the_message() {
        let RResult::RErr(error) = fence::<()>(|| panic!("stack of {}", 3)) else {
            unreachable!("the body panics")
        };
        assert_eq!(error.code(), VmErrorCode::PANICKED);
        assert_eq!(error.message(), "the plugin panicked: stack of 3");
    }

    #[test]
    fn survives_a_payload_that_panics_when_dropped() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("again");
            }
        }
        assert!(fence::<()>(|| std::panic::panic_any(Bomb)).is_err());
        assert_eq!(fence_or(7, || panic!("no")), 7);
    }
}
