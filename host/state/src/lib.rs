//! World state for every virtual machine of the host.
//!
//! Three things live here, none of which knows any virtual machine:
//!
//! - [`StateDb`] and [`StateDbMut`], what a store of accounts, code and storage must offer, with
//!   [`MemoryDb`] as the back-end that keeps everything in memory and computes the Ethereum state
//!   root;
//! - [`Journal`], the view that one transaction has of a store: it caches what was read, records
//!   what was written, undoes a failed frame and reports what is left at the end;
//! - [`StateChanges`], what a transaction did, which a store applies and a user reads.
//!
//! ```
//! use alloy_primitives::{Address, U256};
//! use proz_state::{AccountInfo, Journal, JournalRules, MemoryDb, StateDbMut};
//!
//! # fn main() -> Result<(), proz_state::StateError> {
//! let (alice, bob) = (Address::repeat_byte(0xaa), Address::repeat_byte(0xbb));
//! let mut db = MemoryDb::new();
//! db.insert_account(alice, AccountInfo { balance: U256::from(10), ..AccountInfo::default() });
//!
//! let mut journal = Journal::new(&db, JournalRules::LATEST);
//! let (from, _) = journal.load(alice)?;
//! let (to, _) = journal.load(bob)?;
//! let checkpoint = journal.checkpoint();
//! assert!(journal.transfer(from, to, U256::from(4)).is_ok());
//! journal.revert_to(checkpoint);
//! assert!(journal.transfer(from, to, U256::from(3)).is_ok());
//! let changes = journal.finish();
//!
//! db.apply(&changes)?;
//! assert_eq!(changes.accounts().len(), 2);
//! assert_eq!(db.get(&bob).map(|account| account.info.balance), Some(U256::from(3)));
//! # Ok(())
//! # }
//! ```

mod account;
mod changes;
mod db;
mod error;
mod genesis;
mod journal;
mod logs;
mod memory;
mod root;
mod rules;
mod warm_set;

pub use account::AccountInfo;
pub use changes::{AccountChange, StateChanges, StorageChange};
pub use db::{StateDb, StateDbMut};
pub use error::{NonceOverflow, StateError, TransferError};
pub use genesis::Alloc;
pub use journal::{
    AccountEntry, AccountId, Checkpoint, Journal, JournalBuffers, SelfDestruct, SlotEntry,
    StorageLoad, StorageStore,
};
pub use logs::{LogRef, Logs};
pub use memory::{MemoryAccount, MemoryDb, UnknownBlockHash};
pub use root::{state_root, storage_root};
pub use rules::{AccessStatus, JournalRules};
pub use warm_set::WarmSet;

/// The account type of genesis files, re-exported for [`MemoryDb::from_alloc`].
pub use alloy_genesis::GenesisAccount;
