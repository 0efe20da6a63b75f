//! What an execution may see: message, transaction, block, limits.

use super::{Address, B256, Message, Revision, Word};
use abi_stable::{StableAbi, std_types::RSlice};
use std::sync::atomic::{AtomicBool, Ordering};

/// Everything an execution may depend on. `[executing]`
///
/// Borrowed from the host for the length of the call; nothing in it may be kept.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy)]
pub struct ExecutionContext<'a> {
    /// The message to execute.
    pub message: Message<'a>,
    /// The transaction it belongs to.
    pub transaction: &'a TransactionContext<'a>,
    /// The block it belongs to.
    pub block: &'a BlockContext,
    /// Resource limits beyond gas.
    pub limits: &'a Limits,
    /// Rule set in force.
    pub revision: Revision,
    /// Set by the host when it wants the frame to stop.
    pub cancel: CancelFlag<'a>,
}

/// The transaction's fields that code can read.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy)]
pub struct TransactionContext<'a> {
    /// Account that signed the transaction.
    pub origin: Address,
    /// Effective gas price, wei per gas. Spec: EIP-1559.
    pub gas_price: Word,
    /// Versioned hashes of the blobs. Spec: EIP-4844.
    pub blob_hashes: RSlice<'a, B256>,
    /// Number unique among the transactions of this process. Lets a plugin drop what it cached
    /// for an earlier transaction; never consensus data.
    pub sequence: u64,
}

/// The block's fields that code can read.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BlockContext {
    /// Height.
    pub number: u64,
    /// Unix seconds.
    pub timestamp: u64,
    /// Block gas limit.
    pub gas_limit: u64,
    /// Chain id. Spec: EIP-155, EIP-1344.
    pub chain_id: u64,
    /// Fee recipient.
    pub coinbase: Address,
    /// Base fee, wei per gas; zero before London. Spec: EIP-3198.
    pub base_fee: Word,
    /// Proof-of-work difficulty before Paris.
    pub difficulty: Word,
    /// Beacon-chain randomness from Paris on. Spec: EIP-4399.
    pub prev_randao: B256,
    /// Blob base fee, wei per blob gas; zero before Cancun. Spec: EIP-7516.
    pub blob_base_fee: Word,
}

/// Resource limits beyond gas. Consensus data: every node of a chain runs with the same.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Deepest frame; 1,024 on Ethereum.
    pub call_depth: u32,
    /// Largest deployed EVM code, in bytes. Spec: EIP-170.
    pub code_size_bytes: u64,
    /// Largest EVM init code, in bytes. Spec: EIP-3860.
    pub init_code_size_bytes: u64,
    /// Largest code container, in bytes.
    pub container_size_bytes: u64,
    /// Memory that one frame may use, in bytes.
    pub memory_bytes: u64,
}

/// A flag by which the host asks a frame to stop soon.
///
/// Wall-clock limits protect the host; the flag never shows in a result, since a cancelled
/// transaction is undone as a whole. A frame that sees it returns
/// [`VmErrorCode::CANCELLED`](super::VmErrorCode::CANCELLED).
#[repr(transparent)]
#[derive(StableAbi, Debug, Clone, Copy)]
pub struct CancelFlag<'a>(pub &'a AtomicBool);

impl CancelFlag<'_> {
    /// Whether the frame should stop. Cheap enough for every backward jump.
    #[inline]
    #[must_use]
    pub fn is_set(self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
