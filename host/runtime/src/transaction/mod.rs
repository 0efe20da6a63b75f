//! Transactions and their rules, engine-free: one room per subject, each rule citing its EIP.

mod access_list;
mod authorization;
mod blob;
mod envelope;
mod fees;
mod frame;
mod intrinsic;
mod run;
mod signature;
mod system;
mod validation;

pub(crate) use authorization::delegate_of;
pub use blob::BlobParams;
pub use envelope::EnvelopeError;
pub use fees::next_base_fee;
pub use frame::{FrameRequest, execute_frame};
pub(crate) use intrinsic::intrinsic_gas;
pub use run::{Mode, TransactOptions, transact};
pub use signature::{account_of_key, recover};
pub use system::{
    BEACON_ROOTS_ADDRESS, BlockEndError, CONSOLIDATION_REQUEST_ADDRESS, HISTORY_STORAGE_ADDRESS,
    SYSTEM_ADDRESS, SystemCall, WITHDRAWAL_REQUEST_ADDRESS, block_end_calls, block_start_calls,
    system_call,
};
pub use validation::TRANSACTION_GAS_CAP;

use alloy_primitives::{Address, B256, Bytes, U256};

/// A transaction as the host executes it: sender known, signature checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transaction {
    /// Account that signed.
    pub sender: Address,
    /// Callee; `None` creates a contract.
    pub to: Option<Address>,
    /// Nonce; `None` skips the check, for simulations.
    pub nonce: Option<u64>,
    /// Most gas to spend.
    pub gas_limit: u64,
    /// Price of gas.
    pub fee: Fee,
    /// Value in wei.
    pub value: U256,
    /// Call data or init code.
    pub input: Bytes,
    /// Chain id; `None` only for a legacy transaction from before EIP-155.
    pub chain_id: Option<u64>,
    /// Accounts and slots to warm; `Some` makes it at least type 1. Spec: EIP-2930.
    pub access_list: Option<Vec<AccessListItem>>,
    /// Blobs; `Some` makes it type 3. Spec: EIP-4844.
    pub blobs: Option<Blobs>,
    /// Authorizations; `Some` makes it type 4. Spec: EIP-7702.
    pub authorizations: Option<Vec<Authorization>>,
}

/// Price of gas, in wei.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fee {
    /// One price, types 0 and 1.
    Legacy {
        /// Wei per gas.
        gas_price: u128,
    },
    /// Cap and tip, types 2 to 4. Spec: EIP-1559.
    Dynamic {
        /// Most to pay per gas.
        max_fee: u128,
        /// Most to pay per gas above the base fee.
        max_priority_fee: u128,
    },
}

impl Default for Fee {
    fn default() -> Self {
        Self::Legacy { gas_price: 0 }
    }
}

/// One entry of an access list. Spec: EIP-2930.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessListItem {
    /// Account to warm.
    pub address: Address,
    /// Slots of it to warm.
    pub slots: Vec<B256>,
}

/// The blob part of a transaction. Spec: EIP-4844.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Blobs {
    /// Versioned hashes.
    pub hashes: Vec<B256>,
    /// Most to pay per blob gas, in wei.
    pub max_fee: u128,
}

/// One authorization with its signer. Spec: EIP-7702.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    /// Account that signed; `None` when the signature is invalid, and the entry is skipped.
    pub authority: Option<Address>,
    /// Chain it is for; zero for any.
    pub chain_id: U256,
    /// Account whose code is delegated to; zero clears a delegation.
    pub address: Address,
    /// Nonce that the authority must have.
    pub nonce: u64,
}

impl Transaction {
    /// Type number. Spec: EIP-2718.
    #[must_use]
    pub const fn kind(&self) -> u8 {
        if self.authorizations.is_some() {
            4
        } else if self.blobs.is_some() {
            3
        } else if matches!(self.fee, Fee::Dynamic { .. }) {
            2
        } else if self.access_list.is_some() {
            1
        } else {
            0
        }
    }
}
