//! What the state trie knows of an account apart from its storage.

use alloy_primitives::{B256, KECCAK256_EMPTY, U256};
use serde::Serialize;

/// Balance, nonce and code hash of an account.
///
/// Spec: Yellow Paper section 4.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountInfo {
    /// Balance in wei.
    pub balance: U256,
    /// Number of transactions sent, or of contracts created by a contract.
    pub nonce: u64,
    /// Keccak-256 of the code; that of the empty string where there is no code.
    pub code_hash: B256,
}

impl Default for AccountInfo {
    /// An account with nothing in it.
    fn default() -> Self {
        Self {
            balance: U256::ZERO,
            nonce: 0,
            code_hash: KECCAK256_EMPTY,
        }
    }
}

impl AccountInfo {
    /// Returns whether balance and nonce are zero and there is no code.
    ///
    /// Spec: EIP-161, definition of *empty*.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.nonce == 0 && self.balance.is_zero() && !self.has_code()
    }

    /// Returns whether there is code.
    #[inline]
    pub fn has_code(&self) -> bool {
        self.code_hash != KECCAK256_EMPTY
    }
}
