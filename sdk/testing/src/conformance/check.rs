//! How a case says that something is wrong.

use std::fmt::Debug;

/// What a case found wrong, in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure(pub(crate) String);

/// What a case ends with.
pub(crate) type Check = Result<(), Failure>;

/// Fails the case with a formatted message unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err($crate::conformance::check::Failure(format!($($message)+)));
        }
    };
}

/// Fails the case unless both are equal.
pub(crate) fn same<T: PartialEq + Debug>(what: &str, expected: T, found: T) -> Check {
    if expected == found {
        return Ok(());
    }
    Err(Failure(format!(
        "{what}: expected {}, found {}",
        shown(&expected),
        shown(&found)
    )))
}

/// Longest value shown in a message, in characters.
const SHOWN_CHARACTERS: usize = 200;

fn shown<T: Debug>(value: &T) -> String {
    let text = format!("{value:02x?}");
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}… ({} characters)", &text[..end], text.len()),
        None => text,
    }
}
