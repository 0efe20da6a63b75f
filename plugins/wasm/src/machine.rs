//! The Wasm VM: one message in, one result out.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use proz_sdk::{
    Address, Buffer, ExecutionContext, FrameResult, Host, HostInfo, Inspect, PreparationPrice,
    Revision, StatusCode, VirtualMachine, VmError, VmErrorCode,
};
use wasmtime::{Instance, Memory, Store, Trap, UpdateDeadline};

use crate::artefact::{ArtefactError, ArtefactStore};
use crate::cache::{CacheCounts, CacheError, ContractCache, Request};
use crate::config::{PAGE_BYTES, WasmConfig};
use crate::engine::{Contract, EngineError, Engines, Form, Shape};
use crate::error::ValidationError;
use crate::frame::{Exit, Frame, PageMeter};
use crate::gas::{FuelScale, WasmGasCosts, take};
use crate::stack_height::OVERFLOW_MARK;
use crate::ticker::Ticker;
use crate::validate::validate;

/// Native stack that the plugin's own code needs around contract code, in bytes.
const OWN_STACK_BYTES: u64 = 128 << 10;

/// The Wasm VM.
pub struct WasmMachine {
    config: WasmConfig,
    engines: Arc<Engines>,
    ticker: Ticker,
    running: AtomicU32,
    cache: ContractCache,
}

/// One of the frames that run at once, on all threads.
struct Seat<'machine> {
    running: &'machine AtomicU32,
    number: u32,
}

impl<'machine> Seat<'machine> {
    fn take(running: &'machine AtomicU32) -> Self {
        let number = running.fetch_add(1, Ordering::Acquire);
        Self { running, number }
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.running.fetch_sub(1, Ordering::Release);
    }
}

impl std::fmt::Debug for WasmMachine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("WasmMachine")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl WasmMachine {
    /// Builds the VM.
    ///
    /// # Errors
    ///
    /// `INVALID_CONFIGURATION` when the settings contradict each other or the key of the disk cache
    /// can be read by others. A directory that cannot be used costs compilations, and an address
    /// space too small for the pool costs microseconds: neither stops the start.
    pub fn new(config: WasmConfig) -> Result<Self, VmError> {
        let refuse = |message: String| VmError::new(VmErrorCode::INVALID_CONFIGURATION, message);
        config.check().map_err(refuse)?;
        let engines = Engines::new(&config).map_err(|error| refuse(error.to_string()))?;
        let engines = Arc::new(engines);
        let machine = &config.machine;
        let opened = machine
            .disk_cache
            .as_ref()
            .map(|directory| ArtefactStore::open(directory, machine.disk_cache_bytes));
        let disk = match opened.transpose() {
            Ok(disk) => disk,
            Err(error @ ArtefactError::Key { .. }) => return Err(refuse(with_causes(&error))),
            Err(error) => {
                eprintln!("wasm: compiled code is not kept: {}", with_causes(&error));
                None
            }
        };
        let cache = ContractCache::new(&config, Arc::clone(&engines), disk);
        Ok(Self {
            config,
            engines,
            ticker: Ticker::default(),
            running: AtomicU32::new(0),
            cache,
        })
    }

    /// Builds the VM for a host: compiled code is kept in the host's data directory unless the
    /// configuration names another.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn for_host(mut config: WasmConfig, host: &HostInfo<'_>) -> Result<Self, VmError> {
        let data = host.data_dir.as_str();
        if config.machine.disk_cache.is_none() && !data.is_empty() {
            config.machine.disk_cache = Some(std::path::Path::new(data).join("wasm"));
        }
        Self::new(config)
    }

    /// Returns the settings.
    #[must_use]
    pub fn config(&self) -> &WasmConfig {
        &self.config
    }

    /// Returns how often each level of the cache answered.
    #[must_use]
    pub fn cache_counts(&self) -> CacheCounts {
        self.cache.counts()
    }

    /// Compiles `code` into the cache, as deployment does.
    ///
    /// # Errors
    ///
    /// As [`validate_code`](VirtualMachine::validate_code).
    pub fn warm(&self, code: &[u8]) -> Result<(), VmError> {
        let request = Request {
            sequence: 0,
            code_hash: [0; 32],
            code,
            gas: u64::MAX,
            is_cancelled: &|| false,
        };
        self.cache
            .get(&request)
            .map(|_| ())
            .map_err(|error| match error {
                CacheError::Refused(refusal) => refused(&refusal),
                other => unavailable(&other),
            })
    }

    /// Takes the price of compiling `code` from a creating frame, before the compiler starts.
    fn pay_compilation(&self, code: &[u8], gas_limit: u64) -> Result<u64, StatusCode> {
        let facts = validate(code, &self.config).map_err(|_| StatusCode::CODE_REFUSED)?;
        gas_limit
            .checked_sub(facts.preparation.compile_gas)
            .ok_or(StatusCode::OUT_OF_GAS)
    }

    fn run(
        &self,
        contract: &Arc<Contract>,
        request: &Request<'_>,
        context: &ExecutionContext<'_>,
        host: &mut Host<'_>,
    ) -> Result<FrameResult, VmError> {
        let code = request.code;
        let seat = Seat::take(&self.running);
        let machine = &self.config.machine;
        let is_interruptible = context.message.gas_limit > machine.uninterrupted_gas;
        let message = &context.message;
        let prices = self.config.gas_costs;
        let limit = page_limit(&self.config, context);
        if contract.pages > limit {
            return Ok(FrameResult::halt(StatusCode::MEMORY_LIMIT));
        }
        let code_bytes = code.len() as u64;
        let entry_gas =
            prices
                .entry(code_bytes, contract.pages)
                .saturating_add(WasmGasCosts::excess(
                    contract.facts.native_bytes,
                    code_bytes,
                ));
        let Some(gas) = request.gas.checked_sub(entry_gas) else {
            return Ok(FrameResult::halt(StatusCode::OUT_OF_GAS));
        };
        let is_creation = message.kind.is_create();
        if is_creation && contract.constructor.is_none() {
            return Ok(FrameResult::success(gas, Buffer::empty()));
        }
        let has_seat = self.engines.pooled.is_some() && seat.number < machine.pooled_instances;
        let stored = contract;
        let (form, contract) = if is_interruptible {
            let form = self.cache.interruptible(contract, request);
            (
                Form::Interruptible,
                form.map_err(|error| unavailable(&error))?,
            )
        } else {
            let best = contract
                .form(Form::Optimised)
                .unwrap_or_else(|| Arc::clone(contract));
            if has_seat || self.engines.pooled.is_none() {
                (Form::Pooled, best)
            } else {
                let form = self.cache.on_demand(&best);
                (Form::OnDemand, form.map_err(|error| unavailable(&error))?)
            }
        };
        let engine = self.engines.runtime(form);
        let contract = &*contract;
        let entry = match &contract.constructor {
            Some(constructor) if is_creation => constructor,
            _ => &contract.entry,
        };
        let (entry, shape) = entry;
        let running = Running::enter(context.transaction.sequence, message.recipient);
        let pages = PageMeter::new(limit, contract.pages, &prices);
        // SAFETY: the store, and with it the frame, is dropped before this function returns;
        // `host` and `context` outlive the call, and `host` is reached only through the frame.
        let frame = unsafe { Frame::new(host, context, prices, pages, running.is_reentrant) };
        let mut store = Store::new(engine, frame);
        store.limiter(|frame| &mut frame.pages);
        if is_interruptible {
            self.ticker.start(engine);
            store.set_epoch_deadline(1);
            store.epoch_deadline_callback(|store| {
                if store.data().context().cancel.is_set() {
                    return Err(Exit::Host(cancelled()).into());
                }
                Ok(UpdateDeadline::Continue(1))
            });
        }
        let (scale, fuel) = FuelScale::split(gas);
        store.set_fuel(fuel).map_err(|error| engine_fault(&error))?;
        store.data_mut().pages.budget = fuel;
        let instance = match contract.pre().instantiate(&mut store) {
            Ok(instance) => instance,
            Err(error) => return instantiation_failure(&error),
        };
        let memory = instance
            .get_module_export(&mut store, &contract.memory)
            .and_then(wasmtime::Extern::into_memory)
            .ok_or_else(|| internal(&EngineError::Export("memory")))?;
        store.data_mut().memory = Some(memory);
        let ended = self.enter(
            &mut store,
            instance,
            entry,
            *shape,
            message.input.len() as u32,
        );
        let exit = match ended {
            Ok(status) => match self.output(&mut store, instance, memory, contract) {
                Ok(()) if status == 0 => Exit::Return,
                Ok(()) => Exit::Revert,
                Err(exit) => exit,
            },
            Err(error) => exit_of(error, &mut store, instance, contract),
        };
        if !is_interruptible {
            let left = store.get_fuel().ok().and_then(|fuel| scale.gas_left(fuel));
            let used = gas.saturating_sub(left.unwrap_or(0));
            self.cache.count_use(stored, code, used);
        }
        if let Exit::Host(error) = exit {
            return Err(error);
        }
        if let Exit::Halt(status) = exit {
            return Ok(FrameResult::halt(status));
        }
        let paid = settle(&mut store).is_ok();
        let left = store.get_fuel().ok().and_then(|fuel| scale.gas_left(fuel));
        let Some(gas_left) = left.filter(|_| paid) else {
            return Ok(FrameResult::halt(StatusCode::OUT_OF_GAS));
        };
        let frame = store.data_mut();
        let output = Buffer::from(std::mem::take(&mut frame.output));
        if matches!(exit, Exit::Revert) {
            return Ok(FrameResult::revert(gas_left, output));
        }
        let mut result = FrameResult::success(gas_left, output);
        result.gas_refund = frame.gas_refund;
        Ok(result)
    }

    fn enter(
        &self,
        store: &mut Store<Frame>,
        instance: Instance,
        entry: &wasmtime::ModuleExport,
        shape: Shape,
        input_size: u32,
    ) -> wasmtime::Result<u32> {
        let function = instance
            .get_module_export(&mut *store, entry)
            .and_then(wasmtime::Extern::into_func)
            .ok_or_else(|| wasmtime::Error::msg("the entry point is no function"))?;
        match (shape.takes_length, shape.returns_status) {
            (false, true) => function.typed::<(), u32>(&*store)?.call(store, ()),
            (true, true) => function.typed::<u32, u32>(&*store)?.call(store, input_size),
            (false, false) => function
                .typed::<(), ()>(&*store)?
                .call(store, ())
                .map(|()| 0),
            (true, false) => function
                .typed::<u32, ()>(&*store)?
                .call(store, input_size)
                .map(|()| 0),
        }
    }

    /// Copies the output of the native protocol out of linear memory.
    fn output(
        &self,
        store: &mut Store<Frame>,
        instance: Instance,
        memory: Memory,
        contract: &Contract,
    ) -> Result<(), Exit> {
        let Some((ptr, len, indirect)) = &contract.output else {
            return Ok(());
        };
        let mut place = [0_u32; 2];
        for (slot, export) in place.iter_mut().zip([ptr, len]) {
            let global = instance
                .get_module_export(&mut *store, export)
                .and_then(wasmtime::Extern::into_global)
                .ok_or_else(|| Exit::Host(internal(&EngineError::Export("output_ptr"))))?;
            *slot = global.get(&mut *store).i32().unwrap_or(0) as u32;
        }
        if *indirect {
            for slot in &mut place {
                let at = *slot as usize;
                let bytes = memory
                    .data(&*store)
                    .get(at..)
                    .and_then(|rest| rest.first_chunk::<4>());
                *slot = u32::from_le_bytes(*bytes.ok_or(Exit::OUT_OF_BOUNDS)?);
            }
        }
        let [ptr, len] = place;
        if len == 0 {
            return Ok(());
        }
        let copy = WasmGasCosts::words(self.config.gas_costs.host.copy_word, u64::from(len));
        charge(store, copy)?;
        let end = u64::from(ptr) + u64::from(len);
        let bytes = memory
            .data(&*store)
            .get(ptr as usize..end as usize)
            .ok_or(Exit::OUT_OF_BOUNDS)?;
        let bytes = bytes.to_vec();
        store.data_mut().output = bytes;
        Ok(())
    }
}

/// Sorts the error that ended contract code.
fn exit_of(
    error: wasmtime::Error,
    store: &mut Store<Frame>,
    instance: Instance,
    contract: &Contract,
) -> Exit {
    let error = match error.downcast::<Exit>() {
        Ok(exit) => return exit,
        Err(error) => error,
    };
    let status = match error.downcast_ref::<Trap>() {
        None | Some(Trap::Interrupt) => return Exit::Host(engine_fault(&error)),
        Some(Trap::OutOfFuel) => StatusCode::OUT_OF_GAS,
        // The counter is reached first on every module we could build. How much native stack code
        // takes depends on the machine, so its end is never an outcome.
        Some(Trap::StackOverflow) => {
            return Exit::Host(lacks("contract code used up its native stack".to_owned()));
        }
        Some(Trap::MemoryOutOfBounds | Trap::HeapMisaligned) => StatusCode::MEMORY_OUT_OF_BOUNDS,
        Some(Trap::UnreachableCodeReached) => {
            let left = instance
                .get_module_export(&mut *store, &contract.stack_left)
                .and_then(wasmtime::Extern::into_global)
                .and_then(|global| global.get(&mut *store).i32());
            if left == Some(OVERFLOW_MARK) {
                StatusCode::STACK_HEIGHT
            } else {
                StatusCode::TRAP
            }
        }
        Some(_) => StatusCode::TRAP,
    };
    Exit::Halt(status)
}

impl VirtualMachine for WasmMachine {
    fn execute(
        &self,
        code: &[u8],
        context: &ExecutionContext<'_>,
        host: &mut Host<'_>,
    ) -> Result<FrameResult, VmError> {
        if context.cancel.is_set() {
            return Err(cancelled());
        }
        if context.revision > Revision::LATEST {
            return Err(VmError::new(
                VmErrorCode::UNSUPPORTED,
                format!(
                    "expected a revision up to {}, found {}",
                    Revision::LATEST,
                    context.revision
                ),
            ));
        }
        if context.message.kind.name().is_none() {
            return Err(VmError::new(
                VmErrorCode::UNSUPPORTED,
                format!(
                    "expected a message kind up to 5, found {}",
                    context.message.kind.0
                ),
            ));
        }
        let message = &context.message;
        let gas = if message.kind.is_create() {
            match self.pay_compilation(code, message.gas_limit) {
                Ok(gas) => gas,
                Err(status) => return Ok(FrameResult::halt(status)),
            }
        } else {
            message.gas_limit
        };
        let request = Request {
            sequence: context.transaction.sequence,
            code_hash: message.code_hash.0,
            code,
            gas,
            is_cancelled: &|| context.cancel.is_set(),
        };
        let contract = match self.cache.get(&request) {
            Ok(contract) => contract,
            // Code that validation refuses cannot be deployed; met all the same, it halts.
            Err(CacheError::Refused(_)) => return Ok(FrameResult::halt(StatusCode::CODE_REFUSED)),
            Err(CacheError::Unpaid) => return Ok(FrameResult::halt(StatusCode::OUT_OF_GAS)),
            Err(error) => return Err(unavailable(&error)),
        };
        self.run(&contract, &request, context, host)
    }

    fn validate_code(&self, code: &[u8]) -> Result<(), VmError> {
        validate(code, &self.config)
            .map(|_| ())
            .map_err(|error| refused(&error))
    }

    fn preparation_price(&self) -> PreparationPrice {
        self.config.gas_costs.preparation()
    }

    fn native_stack_bytes(&self) -> u64 {
        (self.config.machine.native_stack_bytes as u64).saturating_add(OWN_STACK_BYTES)
    }

    fn inspector(&self) -> Option<&dyn Inspect> {
        Some(self)
    }

    fn shutdown(&self) {
        self.ticker.stop();
    }
}

fn cancelled() -> VmError {
    VmError::new(VmErrorCode::CANCELLED, "the transaction was cancelled")
}

/// Pays for pages grown since the last host function.
fn settle(store: &mut Store<Frame>) -> Result<(), Exit> {
    let owed = store.data_mut().pages.settle();
    if owed == 0 {
        Ok(())
    } else {
        charge(store, owed)
    }
}

fn charge(store: &mut Store<Frame>, gas: u64) -> Result<(), Exit> {
    // Fails only on an engine that does not count fuel; ours always does.
    let left = take(store.get_fuel().unwrap_or(0), gas);
    let _ = store.set_fuel(left.unwrap_or(0));
    left.map(|_| ()).ok_or(Exit::OUT_OF_GAS)
}

fn page_limit(config: &WasmConfig, context: &ExecutionContext<'_>) -> u32 {
    let pages = context.limits.memory_bytes / PAGE_BYTES;
    config
        .max_memory_pages
        .min(u32::try_from(pages).unwrap_or(u32::MAX))
}

/// Memory or address space ran out: nothing a result may show.
fn instantiation_failure(error: &wasmtime::Error) -> Result<FrameResult, VmError> {
    if error.downcast_ref::<Trap>().is_some() {
        return Ok(FrameResult::halt(StatusCode::TRAP));
    }
    Err(lacks(format!("no room for another instance: {error:#}")))
}

fn engine_fault(error: &wasmtime::Error) -> VmError {
    VmError::new(VmErrorCode::INTERNAL, format!("wasmtime failed: {error:#}"))
}

fn internal(error: &EngineError) -> VmError {
    VmError::new(VmErrorCode::INTERNAL, error.to_string())
}

/// What this machine has too little of: never an outcome.
pub(crate) fn lacks(what: String) -> VmError {
    VmError::new(VmErrorCode::RESOURCES, what)
}

/// Why a valid contract has no form that runs: never the contract's doing.
fn unavailable(error: &CacheError) -> VmError {
    match error {
        CacheError::Cancelled => cancelled(),
        CacheError::NoThread | CacheError::Engine(EngineError::Load(_)) => lacks(error.to_string()),
        other => VmError::new(VmErrorCode::INTERNAL, other.to_string()),
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Turns a refusal into the interface's error.
pub(crate) fn refused(error: &ValidationError) -> VmError {
    let (code, offset) = match error {
        ValidationError::CodeTooLarge { .. } => (VmErrorCode::CODE_TOO_LARGE, None),
        ValidationError::MissingRequiredExport { .. } | ValidationError::WrongExportType { .. } => {
            (VmErrorCode::MISSING_EXPORT, None)
        }
        ValidationError::ProhibitedImport { .. } | ValidationError::WrongImportType { .. } => {
            (VmErrorCode::PROHIBITED_IMPORT, None)
        }
        ValidationError::MemoryTooLarge { .. } => (VmErrorCode::MEMORY_TOO_LARGE, None),
        ValidationError::TooMany { .. } => (VmErrorCode::LIMIT_EXCEEDED, None),
        ValidationError::ProhibitedOperator { offset, .. }
        | ValidationError::ProhibitedFeature { offset, .. } => {
            (VmErrorCode::PROHIBITED_INSTRUCTION, Some(*offset))
        }
        ValidationError::InvalidWasmModule { offset, .. } => {
            (VmErrorCode::INVALID_CODE, Some(*offset))
        }
    };
    let refusal = VmError::new(code, error.to_string());
    match offset {
        Some(offset) => refusal.at(offset as u64),
        None => refusal,
    }
}

thread_local! {
    /// Accounts whose frames are suspended on this thread, innermost last.
    static SUSPENDED: RefCell<Vec<(u64, Address)>> = const { RefCell::new(Vec::new()) };
}

/// Marks an account as running while it lives.
struct Running {
    is_reentrant: bool,
}

impl Running {
    fn enter(sequence: u64, account: Address) -> Self {
        SUSPENDED.with_borrow_mut(|suspended| {
            let is_reentrant = suspended.contains(&(sequence, account));
            suspended.push((sequence, account));
            Self { is_reentrant }
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        SUSPENDED.with_borrow_mut(|suspended| suspended.pop());
    }
}
