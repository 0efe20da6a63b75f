//! What a store of world state must offer.
//!
//! The read side is object safe and takes `&self`: a journal borrows a `&dyn StateDb` for one
//! transaction. The write side takes whole [`StateChanges`], so a store sees a transaction at once
//! and can make it durable in one step.

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes, U256};

use crate::{AccountInfo, StateChanges, StateError};

/// Read access to world state.
///
/// A store tells a failure from an absence: what is not there is `None` or zero, what cannot be
/// read is an error, and an error is never answered as a zero.
pub trait StateDb: Send + Sync {
    /// Returns the account at `address`, or `None` if there is none.
    ///
    /// An account that exists and is empty (possible before EIP-161) is `Some`.
    ///
    /// # Errors
    ///
    /// [`StateError::Backend`] when the store cannot be read.
    fn account(&self, address: &Address) -> Result<Option<AccountInfo>, StateError>;

    /// Returns the code with the given hash.
    ///
    /// # Errors
    ///
    /// [`StateError::CodeMissing`] when the store has none, [`StateError::Backend`] when it cannot
    /// be read.
    fn code(&self, code_hash: &B256) -> Result<Bytes, StateError>;

    /// Returns the value of a storage slot, zero if it was never written.
    ///
    /// # Errors
    ///
    /// [`StateError::Backend`] when the store cannot be read.
    fn storage(&self, address: &Address, key: &U256) -> Result<U256, StateError>;

    /// Returns whether any slot of the account is not zero.
    ///
    /// # Errors
    ///
    /// [`StateError::Backend`] when the store cannot be read.
    ///
    /// Spec: EIP-7610.
    fn has_storage(&self, address: &Address) -> Result<bool, StateError>;

    /// Returns the hash of the block with the given number, zero if it is not known.
    ///
    /// # Errors
    ///
    /// [`StateError::Backend`] when the store cannot be read.
    fn block_hash(&self, number: u64) -> Result<B256, StateError>;
}

/// Write access to world state.
pub trait StateDbMut: StateDb {
    /// Applies what a transaction did.
    ///
    /// # Errors
    ///
    /// [`StateError::Backend`] when the store cannot be written; the store then holds either all
    /// of the changes or none.
    fn apply(&mut self, changes: &StateChanges) -> Result<(), StateError>;
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        impl<T: StateDb + ?Sized> StateDb for $pointer {
            #[inline]
            fn account(&self, address: &Address) -> Result<Option<AccountInfo>, StateError> {
                (**self).account(address)
            }
            #[inline]
            fn code(&self, code_hash: &B256) -> Result<Bytes, StateError> {
                (**self).code(code_hash)
            }
            #[inline]
            fn storage(&self, address: &Address, key: &U256) -> Result<U256, StateError> {
                (**self).storage(address, key)
            }
            #[inline]
            fn has_storage(&self, address: &Address) -> Result<bool, StateError> {
                (**self).has_storage(address)
            }
            #[inline]
            fn block_hash(&self, number: u64) -> Result<B256, StateError> {
                (**self).block_hash(number)
            }
        }
    )*};
}

forward!(&T, &mut T, Box<T>, Arc<T>);

impl<T: StateDbMut + ?Sized> StateDbMut for &mut T {
    fn apply(&mut self, changes: &StateChanges) -> Result<(), StateError> {
        (**self).apply(changes)
    }
}

impl<T: StateDbMut + ?Sized> StateDbMut for Box<T> {
    fn apply(&mut self, changes: &StateChanges) -> Result<(), StateError> {
        (**self).apply(changes)
    }
}
