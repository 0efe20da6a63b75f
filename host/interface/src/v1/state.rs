//! What a frame may ask of the host.

use super::{
    Address, B256, CallOutcome, CallRequest, CreateOutcome, CreateRequest, Extension, HostError,
    Word,
};
use abi_stable::{
    StableAbi, sabi_trait,
    sabi_types::RMut,
    std_types::{ROption, RResult, RSlice, RStr},
};

/// A frame's borrowed access to the host.
pub type StateAccessMut<'a> = StateAccess_TO<'a, RMut<'a, ()>>;

/// Whether something was touched before in this transaction. Spec: EIP-2929.
///
/// Before Berlin everything counts as warm.
#[repr(transparent)]
#[derive(StableAbi, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AccessStatus(pub u32);

impl AccessStatus {
    /// First touch.
    pub const COLD: Self = Self(0);
    /// Touched before.
    pub const WARM: Self = Self(1);

    /// Whether this was the first touch.
    #[inline]
    #[must_use]
    pub const fn is_cold(self) -> bool {
        self.0 == Self::COLD.0
    }
}

/// A storage slot that was read.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy)]
pub struct StorageLoad {
    /// Present value.
    pub value: Word,
    /// Status before this access.
    pub status: AccessStatus,
}

/// A storage slot that was written. The three values price it. Spec: EIP-2200, EIP-3529.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy)]
pub struct StorageStore {
    /// Value when the transaction began.
    pub original: Word,
    /// Value before this write.
    pub current: Word,
    /// Value after this write.
    pub new: Word,
    /// Status before this access.
    pub status: AccessStatus,
}

/// An account that was looked at.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy)]
pub struct AccountInfo {
    /// Balance in wei.
    pub balance: Word,
    /// Nonce.
    pub nonce: u64,
    /// Keccak-256 of the code; of the empty string where there is none. Zero for an account that
    /// does not exist. Spec: EIP-1052.
    pub code_hash: B256,
    /// Status before this access.
    pub status: AccessStatus,
    /// Whether the account counts as absent: empty by EIP-161, or before Spurious Dragon not
    /// existing.
    pub is_absent: bool,
}

/// What a caller must know of its target to price a call.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy)]
pub struct CallTarget {
    /// Status of the target before this access.
    pub status: AccessStatus,
    /// Whether the target counts as absent, see [`AccountInfo::is_absent`].
    pub is_absent: bool,
    /// Status of the account that the target delegates to. Spec: EIP-7702.
    pub delegate_status: AccessStatus,
    /// Account that the target delegates to.
    pub delegate: ROption<Address>,
}

/// Code of an account, borrowed until the next callback of the same frame.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy)]
pub struct CodeView<'a> {
    /// The code; of a delegated account its designator. Spec: EIP-7702.
    pub code: RSlice<'a, u8>,
    /// Keccak-256 of the code.
    pub code_hash: B256,
    /// Status of the account before this access.
    pub status: AccessStatus,
}

/// Effects of a self-destruction that price it. Spec: EIP-6780 and its ancestors.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy)]
pub struct SelfDestruct {
    /// Whether the account held a balance.
    pub had_value: bool,
    /// Whether the beneficiary counts as present.
    pub beneficiary_exists: bool,
    /// Whether the account had been destroyed before in this transaction.
    pub previously_destroyed: bool,
    /// Status of the beneficiary before this access.
    pub status: AccessStatus,
}

/// Callbacks of one frame into the host. `[executing]`
///
/// An object belongs to one frame: it works on the frame's recipient, on the frame's own thread,
/// until the frame returns. Storage is the recipient's alone; no plugin reaches another account's.
/// A callback may fail ([`HostError`]): the frame then returns at once. State changes in static
/// mode fail with [`HostError::STATIC_VIOLATION`] and change nothing. Nothing is charged by the
/// host: pricing is the VM's.
#[sabi_trait]
#[sabi(impl_InterfaceType())]
pub trait StateAccess {
    /// Reads a storage slot of the recipient and warms it.
    fn storage_load(&mut self, key: &Word) -> RResult<StorageLoad, HostError>;

    /// Writes a storage slot of the recipient and warms it.
    fn storage_store(&mut self, key: &Word, value: &Word) -> RResult<StorageStore, HostError>;

    /// Reads a transient slot of the recipient. Spec: EIP-1153.
    fn transient_load(&mut self, key: &Word) -> RResult<Word, HostError>;

    /// Writes a transient slot of the recipient. Spec: EIP-1153.
    fn transient_store(&mut self, key: &Word, value: &Word) -> RResult<(), HostError>;

    /// Looks at any account and warms it.
    fn account(&mut self, address: &Address) -> RResult<AccountInfo, HostError>;

    /// Looks at the target of a call, and at its delegate, and warms both.
    fn call_target(&mut self, address: &Address) -> RResult<CallTarget, HostError>;

    /// Reads the code of any account and warms it.
    fn code(&mut self, address: &Address) -> RResult<CodeView<'_>, HostError>;

    /// Hash of a block; zero where it is unknown or outside the last 256. Spec: Yellow Paper,
    /// appendix H, BLOCKHASH.
    fn block_hash(&mut self, number: u64) -> RResult<B256, HostError>;

    /// Emits a log of the recipient with at most four topics.
    fn log(&mut self, topics: RSlice<'_, B256>, data: RSlice<'_, u8>) -> RResult<(), HostError>;

    /// Marks the recipient as destroyed and moves its balance.
    fn selfdestruct(&mut self, beneficiary: &Address) -> RResult<SelfDestruct, HostError>;

    /// Calls another contract, in whichever VM it lives. The frame is suspended meanwhile.
    fn call(&mut self, request: &CallRequest<'_>) -> RResult<CallOutcome, HostError>;

    /// Creates a contract, in whichever VM its code belongs to.
    fn create(&mut self, request: &CreateRequest<'_>) -> RResult<CreateOutcome, HostError>;

    /// Runs a precompile directly: no frame, no value, no access-list entry. For VMs that offer
    /// hashes and signatures as host functions. `UNSUPPORTED` when no pack serves the address.
    fn precompile(
        &mut self,
        address: &Address,
        input: RSlice<'_, u8>,
        gas_limit: u64,
    ) -> RResult<CallOutcome, HostError>;

    /// Remembers the present state. Used by `estimate_gas`, whose trial runs must not leave
    /// traces. Returns a number for [`rollback`](Self::rollback).
    fn checkpoint(&mut self) -> RResult<u64, HostError>;

    /// Undoes everything since the checkpoint, warm slots included.
    fn rollback(&mut self, checkpoint: u64) -> RResult<(), HostError>;

    /// A host extension by id, such as `proz.trace/1`.
    #[sabi(last_prefix_field)]
    fn extension(&mut self, id: RStr<'_>) -> ROption<Extension>;
}
