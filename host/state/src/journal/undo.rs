//! Checkpoints, and what it takes to go back to one.

use alloy_primitives::{Address, B256, Bytes, U256, address};

use super::{
    Journal, JournalBuffers,
    entry::{AccountId, account_flags},
};

/// The RIPEMD-160 precompile, whose touch is never undone.
const RIPEMD_160: Address = address!("0x0000000000000000000000000000000000000003");

/// Entries that the undo log keeps room for after a transaction that needed more.
const KEEP_ENTRIES: usize = 1 << 14;

/// A moment of a transaction that the journal can go back to.
///
/// Checkpoints nest: going back to one makes those taken after it meaningless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    undo_len: usize,
    logs_len: usize,
}

/// One step back. Each holds what was there before.
#[derive(Clone, Copy, Debug)]
pub(super) enum Undo {
    AccountFlags {
        account: AccountId,
        flags: u8,
    },
    Balance {
        account: AccountId,
        balance: U256,
    },
    Nonce {
        account: AccountId,
        nonce: u64,
    },
    /// Hash and code are the last of [`UndoLog::codes`].
    Code {
        account: AccountId,
    },
    SlotFlags {
        slot: u32,
        flags: u8,
    },
    SlotPresent {
        slot: u32,
        present: U256,
    },
    SlotOriginal {
        slot: u32,
        original: U256,
    },
    Transient {
        slot: u32,
        value: U256,
    },
}

/// The steps back, in the order in which the steps forward were made.
#[derive(Debug, Default)]
pub(super) struct UndoLog {
    steps: Vec<Undo>,
    codes: Vec<(B256, Option<Bytes>)>,
}

impl UndoLog {
    #[inline]
    pub(super) fn push(&mut self, undo: Undo) {
        self.steps.push(undo);
    }

    pub(super) fn push_code(&mut self, account: AccountId, hash: B256, code: Option<Bytes>) {
        self.codes.push((hash, code));
        self.steps.push(Undo::Code { account });
    }

    pub(super) fn clear(&mut self) {
        self.steps.clear();
        self.steps.shrink_to(KEEP_ENTRIES);
        self.codes.clear();
    }
}

impl Journal<'_> {
    /// Marks this moment. There is nothing to do when the frame succeeds.
    #[inline]
    pub const fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            undo_len: self.buffers.undo.steps.len(),
            logs_len: self.buffers.logs.len(),
        }
    }

    /// Undoes everything since `checkpoint`.
    ///
    /// Spec: EIP-161, with the exemption of account 0x03: its touch stays, because clients once
    /// let it stay at mainnet block 2,675,119 (Yellow Paper, appendix K.1).
    #[inline]
    pub fn revert_to(&mut self, checkpoint: Checkpoint) {
        self.buffers.logs.truncate(checkpoint.logs_len);
        if checkpoint.undo_len < self.buffers.undo.steps.len() {
            self.undo_to(checkpoint.undo_len);
        }
    }

    fn undo_to(&mut self, len: usize) {
        let state_clearing = self.rules.state_clearing;
        let JournalBuffers {
            accounts,
            slots,
            transient,
            undo,
            ..
        } = &mut self.buffers;
        for step in undo.steps.drain(len..).rev() {
            match step {
                Undo::AccountFlags { account, flags } => {
                    let account = accounts.get_mut(account.0);
                    let mut flags = flags;
                    if state_clearing && account.is_touched() && account.address() == RIPEMD_160 {
                        flags |= account_flags::TOUCHED;
                    }
                    account.flags =
                        account.flags & !account_flags::UNDOABLE | flags & account_flags::UNDOABLE;
                }
                Undo::Balance { account, balance } => {
                    accounts.get_mut(account.0).info.balance = balance;
                }
                Undo::Nonce { account, nonce } => {
                    accounts.get_mut(account.0).info.nonce = nonce;
                }
                Undo::Code { account } => {
                    if let Some((hash, code)) = undo.codes.pop() {
                        let account = accounts.get_mut(account.0);
                        account.info.code_hash = hash;
                        account.code = code;
                    }
                }
                Undo::SlotFlags { slot, flags } => slots.get_mut(slot).flags = flags,
                Undo::SlotPresent { slot, present } => slots.get_mut(slot).present = present,
                Undo::SlotOriginal { slot, original } => slots.get_mut(slot).original = original,
                Undo::Transient { slot, value } => transient.get_mut(slot).value = value,
            }
        }
    }
}
