//! Why a transaction was refused.

use proz_host::InvalidTransaction;
use std::fmt;

/// Why there was nothing to execute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The named field does not fit the transaction's encoding.
    Unencodable(&'static str),
    /// A rule of the chain is broken.
    Invalid(InvalidTransaction),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unencodable(field) => write!(f, "`{field}` is too large to be encoded"),
            Self::Invalid(reason) => reason.fmt(f),
        }
    }
}
