//! Loading accounts and changing balance, nonce and code.

use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256};

use super::{
    Journal,
    entry::{AccountEntry, AccountId, account_flags},
    undo::Undo,
};
use crate::{AccessStatus, NonceOverflow, StateError, TransferError};

impl Journal<'_> {
    /// Loads an account and makes it warm; tells whether it was cold before.
    ///
    /// The warmth is undone with the frame. Without [`JournalRules::access_status`] the answer is
    /// always [`AccessStatus::Warm`].
    ///
    /// # Errors
    ///
    /// [`StateError::Backend`] when the store cannot be read; nothing has changed then.
    ///
    /// Spec: EIP-2929.
    ///
    /// [`JournalRules::access_status`]: crate::JournalRules::access_status
    #[inline]
    pub fn load(&mut self, address: Address) -> Result<(AccountId, AccessStatus), StateError> {
        const READY: u8 = account_flags::WARM | account_flags::LOADED;
        let hash = self.buffers.accounts.hash(&address);
        let found = self.buffers.accounts.find(hash, &address);
        if let Some(place) = found
            && self.buffers.accounts.get(place).flags & READY == READY
        {
            return Ok((AccountId(place), AccessStatus::Warm));
        }
        self.load_and_warm(address, hash, found)
    }

    #[inline(never)]
    fn load_and_warm(
        &mut self,
        address: Address,
        hash: u64,
        found: Option<u32>,
    ) -> Result<(AccountId, AccessStatus), StateError> {
        let id = self.fetch(address, hash, found)?;
        let cold = self.rules.access_status && !self.is_warm_from_start(&address);
        let account = self.buffers.accounts.get_mut(id.0);
        if account.is_warm() {
            return Ok((id, AccessStatus::Warm));
        }
        let flags = account.flags;
        account.flags |= account_flags::WARM;
        if !cold {
            return Ok((id, AccessStatus::Warm));
        }
        self.buffers
            .undo
            .push(Undo::AccountFlags { account: id, flags });
        Ok((id, AccessStatus::Cold))
    }

    /// Loads an account and leaves it as cold or warm as it is.
    ///
    /// # Errors
    ///
    /// [`StateError::Backend`] when the store cannot be read; nothing has changed then.
    #[inline]
    pub fn peek(&mut self, address: Address) -> Result<AccountId, StateError> {
        let hash = self.buffers.accounts.hash(&address);
        let found = self.buffers.accounts.find(hash, &address);
        self.fetch(address, hash, found)
    }

    /// Makes sure that an account is in the slab with its contents.
    #[inline]
    fn fetch(
        &mut self,
        address: Address,
        hash: u64,
        found: Option<u32>,
    ) -> Result<AccountId, StateError> {
        if let Some(place) = found
            && self.buffers.accounts.get(place).is_loaded()
        {
            return Ok(AccountId(place));
        }
        let info = self.db.account(&address)?;
        let place = found.unwrap_or_else(|| {
            self.buffers
                .accounts
                .insert(hash, AccountEntry::unloaded(address))
        });
        self.buffers.accounts.get_mut(place).set_loaded(info);
        Ok(AccountId(place))
    }

    /// Returns whether the next [`Self::load`] of `address` will find it cold.
    ///
    /// Never reads the store.
    #[inline]
    pub fn is_cold(&self, address: Address) -> bool {
        if !self.rules.access_status {
            return false;
        }
        let hash = self.buffers.accounts.hash(&address);
        let is_warm = self
            .buffers
            .accounts
            .find(hash, &address)
            .is_some_and(|place| self.buffers.accounts.get(place).is_warm());
        !is_warm && !self.is_warm_from_start(&address)
    }

    #[inline]
    fn is_warm_from_start(&self, address: &Address) -> bool {
        self.warm_set
            .is_some_and(|warm_set| warm_set.contains(address))
    }

    /// Makes an address warm for the rest of the transaction, whatever frames are undone.
    ///
    /// Meant for the access list, the sender, the recipient and the coinbase, before the first
    /// frame. Never reads the store.
    ///
    /// Spec: EIP-2929, EIP-2930, EIP-3651.
    pub fn warm_address(&mut self, address: Address) {
        let id = self.place(address);
        self.buffers.accounts.get_mut(id.0).flags |= account_flags::WARM;
    }

    /// Finds or makes the entry of an account, perhaps without its contents.
    pub(super) fn place(&mut self, address: Address) -> AccountId {
        let hash = self.buffers.accounts.hash(&address);
        let found = self.buffers.accounts.find(hash, &address);
        AccountId(found.unwrap_or_else(|| {
            self.buffers
                .accounts
                .insert(hash, AccountEntry::unloaded(address))
        }))
    }

    /// Returns a loaded account as it is now.
    ///
    /// # Panics
    ///
    /// May panic for a handle that another journal gave, or this one before it was cleared.
    #[inline]
    pub fn account(&self, id: AccountId) -> &AccountEntry {
        self.buffers.accounts.get(id.0)
    }

    /// Returns whether the account exists in the sense of the rules in force.
    ///
    /// With state clearing an account exists when it is not empty; before, when the store has it or
    /// this transaction touched it.
    ///
    /// Spec: EIP-161.
    #[inline]
    pub fn exists(&self, id: AccountId) -> bool {
        let account = self.account(id);
        if self.rules.state_clearing {
            !account.is_empty()
        } else {
            account.has_flag(account_flags::EXISTED | account_flags::TOUCHED)
        }
    }

    /// Returns the code of an account; it is read from the store when first asked for.
    ///
    /// # Errors
    ///
    /// [`StateError::CodeMissing`] or [`StateError::Backend`] from the store.
    #[inline]
    pub fn code(&mut self, id: AccountId) -> Result<&Bytes, StateError> {
        let account = self.buffers.accounts.get_mut(id.0);
        if account.code.is_none() {
            account.code = Some(if account.has_code() {
                self.db.code(&account.info.code_hash)?
            } else {
                Bytes::new()
            });
        }
        Ok(account.code.get_or_insert_default())
    }

    /// Marks an account as touched: if it is empty it vanishes at the end (EIP-161), and before
    /// that rule it comes to exist.
    #[inline]
    pub fn touch(&mut self, id: AccountId) {
        self.set_flag(id, account_flags::TOUCHED);
    }

    #[inline]
    pub(super) fn set_flag(&mut self, id: AccountId, flag: u8) {
        let account = self.buffers.accounts.get_mut(id.0);
        if account.flags & flag != flag {
            let flags = account.flags;
            account.flags |= flag;
            self.buffers
                .undo
                .push(Undo::AccountFlags { account: id, flags });
        }
    }

    /// Sets the balance of an account and touches it.
    pub fn set_balance(&mut self, id: AccountId, balance: U256) {
        self.touch(id);
        let account = self.buffers.accounts.get_mut(id.0);
        if account.info.balance != balance {
            let before = account.info.balance;
            account.info.balance = balance;
            self.buffers.undo.push(Undo::Balance {
                account: id,
                balance: before,
            });
        }
    }

    /// Adds to the balance of an account and touches it, even if `value` is zero.
    ///
    /// # Errors
    ///
    /// [`TransferError::BalanceOverflow`]; nothing has changed then.
    #[inline]
    pub fn add_balance(&mut self, id: AccountId, value: U256) -> Result<(), TransferError> {
        let balance = self.account(id).balance();
        let balance = balance
            .checked_add(value)
            .ok_or(TransferError::BalanceOverflow)?;
        self.set_balance(id, balance);
        Ok(())
    }

    /// Takes from the balance of an account and touches it, even if `value` is zero.
    ///
    /// # Errors
    ///
    /// [`TransferError::InsufficientBalance`]; nothing has changed then.
    #[inline]
    pub fn sub_balance(&mut self, id: AccountId, value: U256) -> Result<(), TransferError> {
        let balance = self.account(id).balance();
        let balance = balance
            .checked_sub(value)
            .ok_or(TransferError::InsufficientBalance)?;
        self.set_balance(id, balance);
        Ok(())
    }

    /// Moves value from one account to another and touches both.
    ///
    /// A zero value touches only the recipient, as a call without value does.
    ///
    /// # Errors
    ///
    /// [`TransferError`]; nothing has changed then.
    #[inline]
    pub fn transfer(
        &mut self,
        from: AccountId,
        to: AccountId,
        value: U256,
    ) -> Result<(), TransferError> {
        if value.is_zero() {
            self.touch(to);
            return Ok(());
        }
        let payer = self.account(from).balance();
        let payer = payer
            .checked_sub(value)
            .ok_or(TransferError::InsufficientBalance)?;
        if from == to {
            self.touch(to);
            return Ok(());
        }
        let payee = self.account(to).balance();
        let payee = payee
            .checked_add(value)
            .ok_or(TransferError::BalanceOverflow)?;
        self.set_balance(from, payer);
        self.set_balance(to, payee);
        Ok(())
    }

    /// Adds one to the nonce of an account, touches it and returns the nonce before.
    ///
    /// # Errors
    ///
    /// [`NonceOverflow`]; nothing has changed then.
    ///
    /// Spec: EIP-2681.
    pub fn increment_nonce(&mut self, id: AccountId) -> Result<u64, NonceOverflow> {
        let nonce = self.account(id).nonce();
        self.set_nonce(id, nonce.checked_add(1).ok_or(NonceOverflow)?);
        Ok(nonce)
    }

    /// Sets the nonce of an account and touches it.
    pub fn set_nonce(&mut self, id: AccountId, nonce: u64) {
        self.touch(id);
        let account = self.buffers.accounts.get_mut(id.0);
        let before = account.info.nonce;
        if before != nonce {
            account.info.nonce = nonce;
            self.buffers.undo.push(Undo::Nonce {
                account: id,
                nonce: before,
            });
        }
    }

    /// Gives an account code, or takes it away if `code` is empty, and touches the account.
    ///
    /// `code_hash` must be keccak-256 of `code`; it is a parameter because whoever made the code
    /// mostly knows it.
    pub fn set_code(&mut self, id: AccountId, code: Bytes, code_hash: B256) {
        debug_assert_eq!(
            code_hash == KECCAK256_EMPTY,
            code.is_empty(),
            "code and code hash must agree"
        );
        self.touch(id);
        let account = self.buffers.accounts.get_mut(id.0);
        let before = account.code.replace(code);
        let hash = account.info.code_hash;
        account.info.code_hash = code_hash;
        self.buffers.undo.push_code(id, hash, before);
    }
}
