//! What keeps test files from being run.

use std::path::PathBuf;

/// A failure of the input, never of a test.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateTestError {
    /// A file, folder or archive cannot be read.
    #[error("cannot read `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The operating system's or the decompressor's reason.
        #[source]
        source: std::io::Error,
    },
    /// A file that was named is of no known kind.
    #[error("`{}` is neither a folder nor a `.json` or `.tar.zst` file", path.display())]
    UnknownKind {
        /// The file.
        path: PathBuf,
    },
    /// A file is larger than any test.
    #[error("`{file}` has {size_bytes} bytes, more than the {limit} that are read")]
    TooLarge {
        /// The file, or the archive and the file in it.
        file: String,
        /// Its size.
        size_bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// A file is not what test files are.
    #[error("malformed test file `{file}` at `{at}`")]
    Malformed {
        /// The file, or the archive and the file in it.
        file: String,
        /// Place in the JSON, such as `test.pre.0x….nonce`.
        at: String,
        /// What was expected and found there, with line and column.
        #[source]
        source: serde_json::Error,
    },
    /// A file is JSON as it should be, but its parts do not fit together.
    #[error("malformed test file `{file}` at `{at}`: {problem}")]
    Inconsistent {
        /// The file, or the archive and the file in it.
        file: String,
        /// Place in the JSON.
        at: String,
        /// What is wrong there.
        problem: String,
    },
    /// A case that was asked for is not in its file.
    #[error("`{file}` has no case {case}")]
    NoSuchCase {
        /// The file, or the archive and the file in it.
        file: String,
        /// The case.
        case: String,
    },
}

impl StateTestError {
    /// The message with its causes, in one line.
    #[must_use]
    pub fn in_one_line(&self) -> String {
        let mut line = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            line.push_str(": ");
            line.push_str(&error.to_string());
            cause = error.source();
        }
        line
    }
}

/// What is wrong with a test, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// Path below the test, such as `transaction.sender`.
    pub(crate) at: &'static str,
    pub(crate) problem: String,
}

impl Flaw {
    pub(crate) fn new(at: &'static str, problem: impl Into<String>) -> Self {
        Self {
            at,
            problem: problem.into(),
        }
    }

    pub(crate) fn missing(at: &'static str) -> Self {
        Self::new(at, "missing")
    }
}
