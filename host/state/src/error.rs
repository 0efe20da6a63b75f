//! What can go wrong with a store, a transfer or an alloc file.

use std::path::PathBuf;

use alloy_primitives::B256;
use thiserror::Error;

/// A failure of the store or of its import, never an outcome of a transaction.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StateError {
    /// An account names code that the store does not have.
    #[error("no code with hash {code_hash} in the store")]
    CodeMissing {
        /// Hash named by the account.
        code_hash: B256,
    },
    /// The store behind the state failed.
    #[error("the state store failed to {operation}")]
    Backend {
        /// What was asked of the store, as a verb phrase: `read an account`.
        operation: &'static str,
        /// The store's own error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An alloc is not what it should be.
    #[error(
        "malformed alloc: expected an object of accounts by address, or a genesis file with an `alloc` object"
    )]
    AllocMalformed {
        /// Place and kind of the fault.
        #[source]
        source: serde_json::Error,
    },
    /// An alloc file cannot be read.
    #[error("cannot read the alloc file `{}`", path.display())]
    AllocUnreadable {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        #[source]
        source: std::io::Error,
    },
}

/// Why value did not move. An outcome, not a failure of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TransferError {
    /// The payer has less than the value.
    #[error("insufficient balance")]
    InsufficientBalance,
    /// The payee's balance would exceed 2²⁵⁶ - 1 wei.
    #[error("balance overflow")]
    BalanceOverflow,
}

/// The nonce is 2⁶⁴ - 1 and cannot grow. An outcome, not a failure of the store.
///
/// Spec: EIP-2681.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("nonce overflow")]
pub struct NonceOverflow;
