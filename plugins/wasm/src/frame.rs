//! One running call: what host functions know while contract code runs.
//!
//! The engine wants store data without borrows, so the frame keeps two raw pointers to the host's
//! callbacks and the context. Both outlive the store: [`Frame::new`] is called by the one function
//! that also drops the store.

use std::collections::BTreeMap;
use std::ptr::NonNull;

use alloy_primitives::U256;
use proz_sdk::{Buffer, ExecutionContext, Host, StatusCode, VmError, Word};
use wasmtime::{Memory, ResourceLimiter};

use crate::config::PAGE_BYTES;
use crate::gas::{WasmGasCosts, take};
use crate::machine::lacks;

/// A 32-byte word as contracts write it, big-endian.
pub(crate) type Bytes32 = [u8; 32];

/// Why contract code stopped before its entry point returned.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Exit {
    /// The contract handed over its output and ends normally.
    #[error("contract returned")]
    Return,
    /// The contract handed over its output and undoes its changes.
    #[error("contract reverted")]
    Revert,
    /// The contract broke a rule.
    #[error("contract halted: {0}")]
    Halt(StatusCode),
    /// A callback of the host failed; the transaction is undone.
    #[error("host callback failed")]
    Host(#[source] VmError),
}

impl Exit {
    /// Gas ran out.
    pub(crate) const OUT_OF_GAS: Self = Self::Halt(StatusCode::OUT_OF_GAS);
    /// A pointer or length reaches outside linear memory.
    pub(crate) const OUT_OF_BOUNDS: Self = Self::Halt(StatusCode::MEMORY_OUT_OF_BOUNDS);
    /// An argument of a host function is invalid.
    pub(crate) const INVALID_ARGUMENT: Self = Self::Halt(StatusCode::INVALID_ARGUMENT);
}

impl From<proz_sdk::HostError> for Exit {
    fn from(error: proz_sdk::HostError) -> Self {
        match error {
            proz_sdk::HostError::STATIC_VIOLATION => Self::Halt(StatusCode::STATIC_VIOLATION),
            proz_sdk::HostError::INVALID_ARGUMENT => Self::INVALID_ARGUMENT,
            other => Self::Host(other.into()),
        }
    }
}

/// A storage slot in the write-back cache of the Stylus set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CachedSlot {
    /// Value as the contract sees it.
    pub(crate) value: Word,
    /// Value the host is known to hold.
    pub(crate) known: Option<Word>,
}

/// Bounds linear memory and remembers how far it has grown.
///
/// Growth is paid at the next crossing to the host or at the end: what a page costs does not fit
/// the engine's table. Pages are not made when the gas of the last crossing cannot pay for them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageMeter {
    limit: u32,
    grown: u32,
    paid: u32,
    costs: (u64, u64),
    /// Fuel at the last crossing; only less can be left.
    pub(crate) budget: u64,
    /// The system was asked for pages that the frame may have.
    is_asking: bool,
}

impl PageMeter {
    /// Starts with `pages` pages, which the entry has paid.
    pub(crate) fn new(limit: u32, pages: u32, prices: &WasmGasCosts) -> Self {
        let costs = (prices.memory_page, prices.memory_page_squared);
        Self {
            limit,
            grown: pages,
            paid: pages,
            costs,
            budget: 0,
            is_asking: false,
        }
    }

    /// Returns the gas owed if there were `grown` pages.
    fn owed(&self, grown: u32) -> u64 {
        WasmGasCosts::pages_with(self.costs, grown)
            .saturating_sub(WasmGasCosts::pages_with(self.costs, self.paid))
    }

    /// Returns the gas owed for pages grown since the last call, and counts it as paid.
    #[inline]
    pub(crate) fn settle(&mut self) -> u64 {
        if self.grown == self.paid {
            return 0;
        }
        self.settle_growth()
    }

    #[cold]
    fn settle_growth(&mut self) -> u64 {
        let owed = self.owed(self.grown);
        self.paid = self.grown;
        owed
    }
}

impl ResourceLimiter for PageMeter {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.is_asking = false;
        let pages = desired as u64 / PAGE_BYTES;
        if pages > u64::from(self.limit) || maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let grown = self.grown.max(pages as u32);
        let owed = self.owed(grown);
        // Nothing is owed for the instance's own pages: the entry has paid them.
        if owed > 0 && take(self.budget, owed).is_none() {
            return Err(Exit::OUT_OF_GAS.into());
        }
        self.grown = grown;
        self.is_asking = true;
        Ok(true)
    }

    /// The system refused pages that the frame may have and pay: nothing a result may show. A growth
    /// that no memory of this type can make is refused before anybody is asked.
    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        if std::mem::take(&mut self.is_asking) {
            let text = format!("no room for linear memory: {error:#}");
            return Err(Exit::Host(lacks(text)).into());
        }
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        _desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // Validation refuses `table.grow`; only the declared size is made.
        Ok(current == 0)
    }
}

/// One running call.
pub(crate) struct Frame {
    host: NonNull<Host<'static>>,
    context: NonNull<ExecutionContext<'static>>,
    /// The contract's linear memory, known once the instance is made.
    pub(crate) memory: Option<Memory>,
    /// Prices of host functions.
    pub(crate) prices: WasmGasCosts,
    /// Bounds and debts of linear memory.
    pub(crate) pages: PageMeter,
    /// Refund counter, signed and uncapped.
    pub(crate) gas_refund: i64,
    /// Output of the last nested call.
    pub(crate) return_data: Buffer,
    /// Output of this call.
    pub(crate) output: Vec<u8>,
    /// Write-back cache of storage slots, in key order so that flushing has one order.
    pub(crate) slots: BTreeMap<U256, CachedSlot>,
    /// A frame of the same account is suspended below this one.
    pub(crate) is_reentrant: bool,
    /// The call must not change state.
    is_static: bool,
}

impl Frame {
    /// Builds the data of one call.
    ///
    /// # Safety
    ///
    /// `host` and `context` must outlive the frame, and `host` must not be used otherwise while
    /// the frame lives.
    pub(crate) unsafe fn new(
        host: &mut Host<'_>,
        context: &ExecutionContext<'_>,
        prices: WasmGasCosts,
        pages: PageMeter,
        is_reentrant: bool,
    ) -> Self {
        Self {
            host: NonNull::from(host).cast(),
            context: NonNull::from(context).cast(),
            memory: None,
            prices,
            pages,
            gas_refund: 0,
            return_data: Buffer::empty(),
            output: Vec::new(),
            slots: BTreeMap::new(),
            is_reentrant,
            is_static: context.message.is_static,
        }
    }

    /// Returns what crossing to the host costs now, pages grown since the last crossing included.
    #[inline]
    pub(crate) fn toll(&mut self) -> u64 {
        self.prices.host.base.saturating_add(self.pages.settle())
    }

    /// Halts when the call must not change state.
    #[inline]
    pub(crate) fn require_mutable(&self) -> Result<(), Exit> {
        if self.is_static {
            return Err(Exit::Halt(StatusCode::STATIC_VIOLATION));
        }
        Ok(())
    }

    /// Returns the host's callbacks.
    #[inline]
    pub(crate) fn host(&mut self) -> &mut Host<'_> {
        // SAFETY: the maker of the frame guarantees that the pointer is valid and unaliased; the
        // borrow is shortened to that of the frame.
        unsafe { self.host.cast::<Host<'_>>().as_mut() }
    }

    /// Returns the context of the call.
    #[inline]
    pub(crate) fn context(&self) -> &ExecutionContext<'_> {
        // SAFETY: as above; nobody changes the context while the frame lives.
        unsafe { self.context.cast::<ExecutionContext<'_>>().as_ref() }
    }

    /// Adds to the refund counter.
    #[inline]
    pub(crate) fn add_refund(&mut self, gas: i64) {
        self.gas_refund = self.gas_refund.saturating_add(gas);
    }
}
