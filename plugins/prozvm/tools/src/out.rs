//! Writing to stdout, where a reader may have gone: `proz prozvm … | head` ends quietly.

use std::io::{ErrorKind, Write as _, stdout};

/// Writes text; ends the program when nobody reads it.
pub(crate) fn write(text: std::fmt::Arguments<'_>) {
    if let Err(error) = stdout().write_fmt(text) {
        if error.kind() != ErrorKind::BrokenPipe {
            eprintln!("error: cannot write to stdout: {error}");
        }
        std::process::exit(i32::from(crate::error::UNUSABLE));
    }
}

/// A number of things, in words: `1 function`, `2 functions`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

/// Like `print!`, but see [`write()`].
macro_rules! out {
    ($($arguments:tt)*) => { $crate::out::write(format_args!($($arguments)*)) };
}

/// Like `println!`, but see [`write()`].
macro_rules! outln {
    ($($arguments:tt)*) => { $crate::out::write(format_args!("{}\n", format_args!($($arguments)*))) };
}
