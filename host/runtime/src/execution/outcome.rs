//! What comes out of an execution: results, and why there may be none.

use crate::chain::{ReleaseKey, Start};
use alloy_primitives::{Address, Bytes, U256};
use proz_interface::v1::{Revision, StatusCode};
use proz_state::{Logs, StateChanges, StateError};

/// Result of a transaction or call.
///
/// The specification's five fields are `status`, `gas_used`, `return_data`, `events` and
/// `state_changes`. Events and changes come from the host's journal, never from a VM.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ExecutionResult {
    /// How it ended: success, revert, or the reason of a halt.
    pub status: Status,
    /// Gas paid for, after refunds.
    pub gas_used: u64,
    /// Gas refunded; not included in `gas_used`.
    pub gas_refunded: u64,
    /// Gas spent before refunds: what the transaction needs as its limit, roughly.
    pub gas_spent: u64,
    /// Returned data, revert data, or the deployed code of a creation.
    pub return_data: Bytes,
    /// Address of the contract created, if one was.
    pub created: Option<Address>,
    /// Accounts and slots that changed, sorted, and the events.
    pub state_changes: StateChanges,
}

impl ExecutionResult {
    /// Whether the transaction succeeded.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.status.0.is_success()
    }

    /// Events in the order of emission; none unless the transaction succeeded.
    #[must_use]
    pub const fn events(&self) -> &Logs {
        self.state_changes.logs()
    }

    /// Reason of a halt.
    #[must_use]
    pub fn halt_reason(&self) -> Option<StatusCode> {
        self.status.0.is_halt().then_some(self.status.0)
    }
}

/// A [`StatusCode`] that defaults to success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status(pub StatusCode);

impl Default for Status {
    fn default() -> Self {
        Self(StatusCode::SUCCESS)
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a transaction was not executed, or was undone as a whole. State is untouched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecutionError {
    /// The transaction breaks a rule of the chain.
    #[error("invalid transaction: {0}")]
    Invalid(#[from] InvalidTransaction),
    /// The state back-end failed.
    #[error("state back-end failed")]
    State(#[from] StateError),
    /// A plugin broke its contract: panicked, claimed gas it did not have, returned garbage.
    #[error("plugin fault in `{plugin}` {version} (generation {generation}): {message}")]
    PluginFault {
        /// Plugin id.
        plugin: String,
        /// Its version.
        version: String,
        /// Number of the loaded build.
        generation: u64,
        /// What it did.
        message: String,
    },
    /// A plugin does not support what it was asked to run.
    #[error("`{plugin}` {version} cannot run this: {message}")]
    Unsupported {
        /// Plugin id.
        plugin: String,
        /// Its version.
        version: String,
        /// The plugin's own words.
        message: String,
    },
    /// This node lacks what the transaction needs: memory, native stack, threads, disk. Other
    /// nodes may have it, so it is no outcome; the block cannot be executed here.
    #[error("this machine lacks what `{plugin}` {version} needs: {message}")]
    Resources {
        /// Plugin id.
        plugin: String,
        /// Its version.
        version: String,
        /// What is lacking, in the plugin's own words.
        message: String,
    },
    /// The chain's schedule has a release in force that this node has not loaded: it stops in
    /// front of the block.
    #[error(
        "block {block} needs {release}, in force from {since} on, which is not loaded; loaded: {loaded}"
    )]
    ReleaseMissing {
        /// Block height.
        block: u64,
        /// The release.
        release: ReleaseKey,
        /// When it began.
        since: Start,
        /// What is loaded.
        loaded: String,
    },
    /// No VM that could run the code is loaded; in a development chain.
    #[error("no VM for this code at block {block}: required {required}; loaded: {loaded}")]
    VmUnavailable {
        /// Block height.
        block: u64,
        /// VM and version requirement.
        required: String,
        /// What is loaded.
        loaded: String,
    },
    /// The build that would run the code was set aside after faults.
    #[error("`{plugin}` {version} (generation {generation}) is quarantined after faults")]
    Quarantined {
        /// Plugin id.
        plugin: String,
        /// Its version.
        version: String,
        /// Number of the loaded build.
        generation: u64,
    },
    /// Asked to stop through the cancel flag.
    #[error("cancelled")]
    Cancelled,
}

/// A rule of the chain that a transaction breaks. Amounts are in wei.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTransaction {
    /// The type came with a later revision.
    #[error("transaction type {found} needs {needed}, the rules are {revision}")]
    TypeNotSupported {
        /// Type number of EIP-2718.
        found: u8,
        /// First revision that has it.
        needed: Revision,
        /// Rules in force.
        revision: Revision,
    },
    /// Signed for another chain. Spec: EIP-155.
    #[error("signed for chain {found}, expected {expected}")]
    ChainId {
        /// Chain id of the transaction.
        found: u64,
        /// Chain id of the chain.
        expected: u64,
    },
    /// Typed transactions carry a chain id.
    #[error("transaction type {found} needs a chain id")]
    ChainIdMissing {
        /// Type number.
        found: u8,
    },
    /// Priority fee above the fee cap. Spec: EIP-1559.
    #[error("priority fee {priority} is above the fee cap {cap}")]
    PriorityFeeAboveCap {
        /// Priority fee per gas.
        priority: u128,
        /// Fee cap per gas.
        cap: u128,
    },
    /// Fee cap below the base fee. Spec: EIP-1559.
    #[error("gas price {found} is below the base fee {base_fee}")]
    FeeBelowBase {
        /// Gas price or fee cap.
        found: u128,
        /// Base fee of the block.
        base_fee: U256,
    },
    /// Gas limit above the block's.
    #[error("gas limit {found} is above the block's {limit}")]
    GasLimitAboveBlock {
        /// Gas limit of the transaction.
        found: u64,
        /// Gas limit of the block.
        limit: u64,
    },
    /// Gas limit above the cap per transaction. Spec: EIP-7825.
    #[error("gas limit {found} is above the cap of {cap} per transaction")]
    GasLimitAboveCap {
        /// Gas limit of the transaction.
        found: u64,
        /// The cap.
        cap: u64,
    },
    /// Gas limit below the cost of the transaction itself.
    #[error("gas limit {found} is below the intrinsic gas {needed}")]
    IntrinsicGas {
        /// Gas limit of the transaction.
        found: u64,
        /// Intrinsic gas.
        needed: u64,
    },
    /// Gas limit below the floor of call data. Spec: EIP-7623.
    #[error("gas limit {found} is below the call data floor {needed}")]
    FloorGas {
        /// Gas limit of the transaction.
        found: u64,
        /// The floor.
        needed: u64,
    },
    /// Init code too large. Spec: EIP-3860.
    #[error("init code of {found} bytes is above the limit of {limit}")]
    InitCodeTooLarge {
        /// Bytes of init code.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// Sender has code. Spec: EIP-3607.
    #[error("sender {sender} is a contract")]
    SenderHasCode {
        /// The sender.
        sender: Address,
    },
    /// Nonce differs from the account's.
    #[error("nonce {found} does not follow the account's, expected {expected}")]
    Nonce {
        /// Nonce of the transaction.
        found: u64,
        /// Nonce of the account.
        expected: u64,
    },
    /// Nonce cannot grow. Spec: EIP-2681.
    #[error("nonce is at its maximum")]
    NonceOverflow,
    /// Balance below what the transaction may cost.
    #[error("balance {found} is below the {needed} that the transaction may cost")]
    InsufficientFunds {
        /// Balance of the sender.
        found: U256,
        /// Gas, value and blobs at their highest price, saturated.
        needed: U256,
    },
    /// Blob transaction without blobs. Spec: EIP-4844.
    #[error("blob transaction without blobs")]
    NoBlobs,
    /// Too many blobs.
    #[error("{found} blobs are above the limit of {limit}")]
    TooManyBlobs {
        /// Blobs of the transaction.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// Unknown version of a blob hash. Spec: EIP-4844.
    #[error("blob {index} has hash version {found:#04x}, expected 0x01")]
    BlobVersion {
        /// Position of the blob.
        index: usize,
        /// Version byte.
        found: u8,
    },
    /// Blob fee cap below the blob base fee. Spec: EIP-4844.
    #[error("blob fee cap {found} is below the blob base fee {base_fee}")]
    BlobFee {
        /// Fee cap per blob gas.
        found: u128,
        /// Blob base fee of the block.
        base_fee: U256,
    },
    /// Transactions of this type cannot create contracts.
    #[error("transaction type {found} cannot create a contract")]
    CreationNotAllowed {
        /// Type number.
        found: u8,
    },
    /// Set-code transaction without authorizations. Spec: EIP-7702.
    #[error("set-code transaction without authorizations")]
    NoAuthorizations,
}
