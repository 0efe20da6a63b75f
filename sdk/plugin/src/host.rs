//! A frame's view of the host, in safe Rust.

use crate::{
    AccountInfo, Address, B256, CallOutcome, CallRequest, CallTarget, CodeView, CreateOutcome,
    CreateRequest, HostError, SelfDestruct, StorageLoad, StorageStore, Tracer, Word,
};
use proz_interface::abi_stable::std_types::{ROption, RSlice, RStr};
use proz_interface::v1::{
    Extension, StateAccess, StateAccess_TO, StateAccessMut, TRACE_EXTENSION, TraceSink,
};

/// The host as one frame sees it. Methods are those of
/// [`StateAccess`](proz_interface::v1::StateAccess); each may fail, and a frame that meets an
/// error returns it at once.
pub struct Host<'a> {
    access: StateAccessMut<'a>,
}

impl<'a> Host<'a> {
    /// Wraps a frame's access.
    #[must_use]
    pub const fn new(access: StateAccessMut<'a>) -> Self {
        Self { access }
    }

    /// Serves a host written in Rust, such as the mock host of the conformance kit.
    pub fn from_impl<T: StateAccess + 'a>(implementation: &'a mut T) -> Self {
        Self::new(StateAccess_TO::from_ptr(
            proz_interface::abi_stable::sabi_types::RMut::new(implementation),
            proz_interface::abi_stable::sabi_trait::TD_Opaque,
        ))
    }

    /// Reads a storage slot of the recipient and warms it.
    ///
    /// # Errors
    ///
    /// `DATABASE`, `ABORTED`.
    #[inline]
    pub fn storage_load(&mut self, key: &Word) -> Result<StorageLoad, HostError> {
        self.access.storage_load(key).into()
    }

    /// Writes a storage slot of the recipient and warms it.
    ///
    /// # Errors
    ///
    /// `STATIC_VIOLATION`, `DATABASE`, `ABORTED`.
    #[inline]
    pub fn storage_store(&mut self, key: &Word, value: &Word) -> Result<StorageStore, HostError> {
        self.access.storage_store(key, value).into()
    }

    /// Reads a transient slot of the recipient. Spec: EIP-1153.
    ///
    /// # Errors
    ///
    /// `ABORTED`.
    #[inline]
    pub fn transient_load(&mut self, key: &Word) -> Result<Word, HostError> {
        self.access.transient_load(key).into()
    }

    /// Writes a transient slot of the recipient. Spec: EIP-1153.
    ///
    /// # Errors
    ///
    /// `STATIC_VIOLATION`, `ABORTED`.
    #[inline]
    pub fn transient_store(&mut self, key: &Word, value: &Word) -> Result<(), HostError> {
        self.access.transient_store(key, value).into()
    }

    /// Looks at any account and warms it.
    ///
    /// # Errors
    ///
    /// `DATABASE`, `ABORTED`.
    #[inline]
    pub fn account(&mut self, address: &Address) -> Result<AccountInfo, HostError> {
        self.access.account(address).into()
    }

    /// Looks at the target of a call and at its delegate, and warms both.
    ///
    /// # Errors
    ///
    /// `DATABASE`, `ABORTED`.
    #[inline]
    pub fn call_target(&mut self, address: &Address) -> Result<CallTarget, HostError> {
        self.access.call_target(address).into()
    }

    /// Reads the code of any account and warms it. Borrowed until the next callback.
    ///
    /// # Errors
    ///
    /// `DATABASE`, `ABORTED`.
    #[inline]
    pub fn code(&mut self, address: &Address) -> Result<CodeView<'_>, HostError> {
        self.access.code(address).into()
    }

    /// Hash of a block, zero where it is unknown.
    ///
    /// # Errors
    ///
    /// `DATABASE`, `ABORTED`.
    #[inline]
    pub fn block_hash(&mut self, number: u64) -> Result<B256, HostError> {
        self.access.block_hash(number).into()
    }

    /// Emits a log of the recipient with at most four topics.
    ///
    /// # Errors
    ///
    /// `STATIC_VIOLATION`, `INVALID_ARGUMENT`, `ABORTED`.
    #[inline]
    pub fn log(&mut self, topics: &[B256], data: &[u8]) -> Result<(), HostError> {
        self.access
            .log(RSlice::from_slice(topics), RSlice::from_slice(data))
            .into()
    }

    /// Marks the recipient as destroyed and moves its balance.
    ///
    /// # Errors
    ///
    /// `STATIC_VIOLATION`, `DATABASE`, `ABORTED`.
    #[inline]
    pub fn selfdestruct(&mut self, beneficiary: &Address) -> Result<SelfDestruct, HostError> {
        self.access.selfdestruct(beneficiary).into()
    }

    /// Calls another contract, in whichever VM it lives.
    ///
    /// # Errors
    ///
    /// `STATIC_VIOLATION` for a value in static mode, `INVALID_ARGUMENT`, `DATABASE`, `ABORTED`.
    #[inline]
    pub fn call(&mut self, request: &CallRequest<'_>) -> Result<CallOutcome, HostError> {
        self.access.call(request).into()
    }

    /// Creates a contract, in whichever VM its code belongs to.
    ///
    /// # Errors
    ///
    /// `STATIC_VIOLATION`, `INVALID_ARGUMENT`, `DATABASE`, `ABORTED`.
    #[inline]
    pub fn create(&mut self, request: &CreateRequest<'_>) -> Result<CreateOutcome, HostError> {
        self.access.create(request).into()
    }

    /// Runs a precompile directly, without a frame.
    ///
    /// # Errors
    ///
    /// `UNSUPPORTED` when no pack serves the address.
    pub fn precompile(
        &mut self,
        address: &Address,
        input: &[u8],
        gas_limit: u64,
    ) -> Result<CallOutcome, HostError> {
        self.access
            .precompile(address, RSlice::from_slice(input), gas_limit)
            .into()
    }

    /// Remembers the present state for [`rollback`](Self::rollback).
    ///
    /// # Errors
    ///
    /// `UNSUPPORTED`, `ABORTED`.
    pub fn checkpoint(&mut self) -> Result<u64, HostError> {
        self.access.checkpoint().into()
    }

    /// Undoes everything since the checkpoint.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` for a number that is no open checkpoint of this frame.
    pub fn rollback(&mut self, checkpoint: u64) -> Result<(), HostError> {
        self.access.rollback(checkpoint).into()
    }

    /// The tracer, when somebody traces this transaction.
    pub fn tracer(&mut self) -> Option<Tracer<'a>> {
        let table = self.extension(TRACE_EXTENSION)?;
        // SAFETY: the id names `TraceSink`, and the host keeps the table for the frame's life,
        // which is `'a`.
        unsafe { table.cast::<TraceSink>() }.map(Tracer::new)
    }

    fn extension(&mut self, id: &str) -> Option<Extension> {
        match self.access.extension(RStr::from_str(id)) {
            ROption::RSome(extension) => Some(extension),
            ROption::RNone => None,
        }
    }

    /// The same access for a shorter time, as `estimate_gas` needs for each trial.
    pub(crate) fn reborrow(&mut self) -> Host<'_> {
        Host::new(self.access.sabi_reborrow_mut())
    }
}
