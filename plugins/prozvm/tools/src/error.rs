//! How failures are told: headline, causes, one hint, exit code. As `proz` tells them.

use std::{error::Error, process::ExitCode};

/// Exit code of a program that was refused or whose execution failed.
pub(crate) const FAILED: u8 = 1;
/// Exit code of a command that could not be carried out.
pub(crate) const UNUSABLE: u8 = 2;

/// A command that could not be carried out, or the refusal of a program.
#[derive(Debug)]
pub(crate) struct ToolError {
    headline: String,
    cause: Option<Box<dyn Error + Send + Sync>>,
    hint: Option<String>,
    code: u8,
}

/// What a command ends with.
pub(crate) type Outcome = Result<ExitCode, ToolError>;

impl ToolError {
    /// An error told in one sentence.
    pub(crate) fn new(headline: impl Into<String>) -> Self {
        Self {
            headline: headline.into(),
            cause: None,
            hint: None,
            code: UNUSABLE,
        }
    }

    /// An error told by what could not be done, then why.
    pub(crate) fn because(
        headline: impl Into<String>,
        cause: impl Error + Send + Sync + 'static,
    ) -> Self {
        Self {
            cause: Some(Box::new(cause)),
            ..Self::new(headline)
        }
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Ends with the code of a program that was refused.
    pub(crate) fn refused(mut self) -> Self {
        self.code = FAILED;
        self
    }

    /// Tells it on stderr.
    pub(crate) fn report(&self) -> ExitCode {
        eprintln!("error: {}", self.headline);
        let mut cause: Option<&dyn Error> = self.cause.as_ref().map(|cause| &**cause as _);
        while let Some(error) = cause {
            eprintln!("  because: {error}");
            cause = error.source();
        }
        if let Some(hint) = &self.hint {
            eprintln!("hint: {hint}");
        }
        ExitCode::from(self.code)
    }
}
