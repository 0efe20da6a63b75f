//! What can be wrong with a text.

/// A line that the assembler cannot take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AsmError {
    /// The first word is neither mnemonic nor directive.
    #[error("line {line}: unknown mnemonic or directive `{found}`")]
    Unknown {
        /// Line number, from 1.
        line: usize,
        /// The word.
        found: String,
    },
    /// An operand, or their number, is wrong.
    #[error("line {line}: expected {expected}, found `{found}`")]
    Expected {
        /// Line number, from 1.
        line: usize,
        /// What should stand there.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// A name is used and nowhere defined.
    #[error("line {line}: `{name}` is not defined")]
    Undefined {
        /// Line number, from 1.
        line: usize,
        /// The name.
        name: String,
    },
    /// A name is defined twice.
    #[error("line {line}: `{name}` is defined twice")]
    Duplicate {
        /// Line number, from 1.
        line: usize,
        /// The name.
        name: String,
    },
    /// An instruction, label or datum stands where none can.
    #[error("line {line}: `{found}` is not allowed outside a function or data section")]
    Misplaced {
        /// Line number, from 1.
        line: usize,
        /// The text.
        found: String,
    },
}

pub(crate) fn expected(
    line: usize,
    expected: impl Into<String>,
    found: impl Into<String>,
) -> AsmError {
    AsmError::Expected {
        line,
        expected: expected.into(),
        found: found.into(),
    }
}
