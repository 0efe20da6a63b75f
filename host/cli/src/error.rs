//! How failures are told: headline, causes, one hint, exit code.

use std::{error::Error, fmt, process::ExitCode};

/// Exit code of an execution that failed: reverted, halted, refused.
pub(crate) const FAILED: u8 = 1;
/// Exit code of a command that could not be carried out.
pub(crate) const UNUSABLE: u8 = 2;

/// A command that could not be carried out.
#[derive(Debug)]
pub(crate) struct CliError {
    source: Box<dyn Error + Send + Sync>,
    hint: Option<String>,
}

/// What could not be done, and why.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
struct Because {
    message: String,
    #[source]
    cause: Box<dyn Error + Send + Sync>,
}

/// What a command ends with.
pub(crate) type Outcome = Result<ExitCode, CliError>;

impl CliError {
    /// An error told in one sentence.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            source: message.into().into(),
            hint: None,
        }
    }

    /// An error told by what could not be done, then why.
    pub(crate) fn because(
        message: impl Into<String>,
        cause: impl Error + Send + Sync + 'static,
    ) -> Self {
        Self::from(Because {
            message: message.into(),
            cause: Box::new(cause),
        })
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The error and its causes, in one line.
    pub(crate) fn with_causes(&self) -> String {
        crate::diagnosis::with_causes(&*self.source)
    }

    /// Tells it on stderr.
    pub(crate) fn report(&self) -> ExitCode {
        eprintln!("error: {self}");
        let mut cause = self.source.source();
        while let Some(error) = cause {
            eprintln!("  because: {error}");
            cause = error.source();
        }
        if let Some(hint) = &self.hint {
            eprintln!("hint: {hint}");
        }
        ExitCode::from(UNUSABLE)
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for CliError {
    fn from(error: E) -> Self {
        Self {
            source: Box::new(error),
            hint: None,
        }
    }
}
