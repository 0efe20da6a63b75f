//! Compiled contracts: in memory, on disk, or compiled now.
//!
//! The memory level is bounded by bytes of machine code and drops what was used longest ago. It is
//! keyed by the code itself (BLAKE3); the host's code hash is an alias, so that a contract compiled
//! when it was deployed is found by the hash of its container later. Each code is made ready by one
//! thread at a time, different codes at once; who waits notices the cancel flag.
//!
//! Nothing here shows in a result: what a frame pays depends on its code alone.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::artefact::{Artefact, ArtefactStore};
use crate::compiler::{Flight, NotStarted, Slots};
use crate::config::WasmConfig;
use crate::engine::{Contract, EngineError, Engines, Form};
use crate::error::ValidationError;
use crate::gas::WasmGasCosts;
use crate::pins::Pins;
use crate::stack_height::{INSTRUMENTATION_VERSION, instrument};
use crate::validate::validate;

type Key = [u8; 32];

/// Names that one contract is found by; the eldest goes when there are more.
const MAX_ALIASES: usize = 16;
/// Bytes that a contract takes besides its machine code, its names included.
const ENTRY_BYTES: u64 = 8 << 10;
/// Gas that a contract must have used, for each gas that compiling it anew may cost, before it is
/// compiled with optimisation.
const USE_PER_COMPILATION: u64 = 16;

/// Why a contract is not available.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum CacheError {
    /// The code is no valid contract.
    #[error(transparent)]
    Refused(#[from] ValidationError),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The frame cannot pay for a form as large as this contract's.
    #[error("the frame cannot pay for the contract's compiled form")]
    Unpaid,
    /// The host wants the frame to stop.
    #[error("the transaction was cancelled")]
    Cancelled,
    /// The machine gives no thread to compile on.
    #[error("no thread to compile on")]
    NoThread,
}

/// How often each level answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheCounts {
    /// Found in memory.
    pub memory: u64,
    /// Mapped from disk.
    pub disk: u64,
    /// Compiled.
    pub compiled: u64,
    /// Dropped from memory for room.
    pub evicted: u64,
    /// Contracts in memory.
    pub entries: u64,
    /// Bytes of machine code in memory.
    pub size_bytes: u64,
    /// Names of contracts in memory.
    pub aliases: u64,
    /// Compiled anew with optimisation.
    pub optimised: u64,
}

struct Entry {
    contract: Arc<Contract>,
    /// Bytes of all its forms.
    size_bytes: u64,
    used: AtomicU64,
    aliases: VecDeque<Key>,
}

#[derive(Default)]
struct Level {
    by_code: HashMap<Key, Entry>,
    aliases: HashMap<Key, Key>,
    size_bytes: u64,
}

/// What one frame asks for.
#[derive(Clone, Copy)]
pub(crate) struct Request<'frame> {
    /// Number of its transaction.
    pub(crate) sequence: u64,
    /// The host's name for the code, zero for none.
    pub(crate) code_hash: Key,
    /// The code.
    pub(crate) code: &'frame [u8],
    /// Gas that the frame has for a form larger than its code explains.
    pub(crate) gas: u64,
    /// Whether the host wants the frame to stop.
    pub(crate) is_cancelled: &'frame dyn Fn() -> bool,
}

type Made = Result<Arc<Contract>, CacheError>;
type Flights = HashMap<(Key, Form), Arc<Flight<Made>>>;

/// The three levels.
pub(crate) struct ContractCache {
    shared: Arc<Shared>,
    pins: Pins,
}

struct Shared {
    engines: Arc<Engines>,
    level: RwLock<Level>,
    limit_bytes: u64,
    disk: Option<ArtefactStore>,
    clock: AtomicU64,
    counts: [AtomicU64; 5],
    flights: Mutex<Flights>,
    slots: Arc<Slots>,
    /// Names the rules in the keys of artefacts.
    rules: String,
    config: WasmConfig,
}

impl ContractCache {
    /// Builds an empty cache over `disk`.
    pub(crate) fn new(
        config: &WasmConfig,
        engines: Arc<Engines>,
        disk: Option<ArtefactStore>,
    ) -> Self {
        // All that decides whether a module is valid and what it costs: an artefact must not stand
        // in for a validation by other rules.
        let rules = format!(
            "{:?}",
            (
                config.release,
                config.deterministic,
                config.debug_log,
                config.max_memory_pages,
                config.max_stack_height,
                &config.allowed_imports,
                config.limits,
                config.gas_costs,
            )
        );
        let rules = blake3::hash(rules.as_bytes()).to_hex();
        let shared = Shared {
            engines,
            level: RwLock::default(),
            limit_bytes: config.machine.memory_cache_bytes,
            disk,
            clock: AtomicU64::new(0),
            counts: Default::default(),
            flights: Mutex::default(),
            slots: Arc::new(Slots::new()),
            rules: rules.get(..16).unwrap_or_default().to_owned(),
            config: config.clone(),
        };
        Self {
            shared: Arc::new(shared),
            pins: Pins::default(),
        }
    }

    /// Returns the contract for a code and keeps it ready for the rest of the transaction.
    pub(crate) fn get(&self, request: &Request<'_>) -> Made {
        let hash = request.code_hash;
        let is_named = hash != [0; 32];
        if is_named && let Some(found) = self.pins.find(request.sequence, &hash) {
            self.shared.counts[0].fetch_add(1, Ordering::Relaxed);
            return affordable(found, request);
        }
        let found = match is_named.then(|| self.shared.find_alias(&hash)).flatten() {
            Some(found) => found,
            None => self
                .shared
                .find_or_make(request, is_named.then_some(hash))?,
        };
        let pin = if is_named { hash } else { found.key };
        self.pins.keep(request.sequence, pin, &found);
        affordable(found, request)
    }

    /// Returns `contract` for the engine that makes instances on demand.
    pub(crate) fn on_demand(&self, contract: &Arc<Contract>) -> Made {
        if let Some(found) = contract.form(Form::OnDemand) {
            return Ok(found);
        }
        let made = Arc::new(contract.copy_for(&self.shared.engines.on_demand)?);
        let made = contract.keep(Form::OnDemand, made);
        self.shared.grow(&contract.key, made.size_bytes);
        Ok(made)
    }

    /// Returns `contract` for the engine that can be interrupted.
    pub(crate) fn interruptible(&self, contract: &Arc<Contract>, request: &Request<'_>) -> Made {
        if let Some(found) = contract.form(Form::Interruptible) {
            return Ok(found);
        }
        let made = self
            .shared
            .single_flight(contract.key, Form::Interruptible, request)?;
        let kept = contract.keep(Form::Interruptible, made);
        self.shared.grow(&contract.key, kept.size_bytes);
        Ok(kept)
    }

    /// Counts gas that a contract used; when it is worth it, starts to compile the contract anew.
    pub(crate) fn count_use(&self, contract: &Arc<Contract>, code: &[u8], gas: u64) {
        let spent = contract.spent.fetch_add(gas, Ordering::Relaxed);
        let needed = contract
            .facts
            .optimise_gas
            .saturating_mul(USE_PER_COMPILATION);
        if spent.saturating_add(gas) < needed
            || !self.shared.config.machine.optimize
            || contract.is_optimising.swap(true, Ordering::Relaxed)
        {
            return;
        }
        let (shared, contract, code) = (
            Arc::clone(&self.shared),
            Arc::clone(contract),
            code.to_vec(),
        );
        let marked = Arc::clone(&contract);
        let started = self.shared.slots.try_start(move || {
            if let Some(made) = shared.optimise(&contract, &code) {
                let size_bytes = made.size_bytes;
                contract.keep(Form::Optimised, Arc::new(made));
                shared.grow(&contract.key, size_bytes);
                shared.counts[4].fetch_add(1, Ordering::Relaxed);
            }
        });
        if !started {
            marked.is_optimising.store(false, Ordering::Relaxed);
        }
    }

    /// Returns how often each level answered.
    pub(crate) fn counts(&self) -> CacheCounts {
        let shared = &self.shared;
        let level = shared.level.read().unwrap_or_else(PoisonError::into_inner);
        let at = |index: usize| shared.counts[index].load(Ordering::Relaxed);
        CacheCounts {
            memory: at(0),
            disk: at(1),
            compiled: at(2),
            evicted: at(3),
            entries: level.by_code.len() as u64,
            size_bytes: level.size_bytes,
            aliases: level.aliases.len() as u64,
            optimised: at(4),
        }
    }
}

/// The same answer whether the contract was there or not.
fn affordable(contract: Arc<Contract>, request: &Request<'_>) -> Made {
    if WasmGasCosts::excess(contract.facts.native_bytes, request.code.len() as u64) > request.gas {
        return Err(CacheError::Unpaid);
    }
    Ok(contract)
}

impl Shared {
    fn find_alias(&self, alias: &Key) -> Option<Arc<Contract>> {
        let level = self.level.read().unwrap_or_else(PoisonError::into_inner);
        let entry = level.by_code.get(level.aliases.get(alias)?)?;
        self.touch(entry);
        Some(Arc::clone(&entry.contract))
    }

    fn find(&self, key: &Key, alias: Option<Key>) -> Option<Arc<Contract>> {
        let found = {
            let level = self.level.read().unwrap_or_else(PoisonError::into_inner);
            let entry = level.by_code.get(key)?;
            self.touch(entry);
            Arc::clone(&entry.contract)
        };
        if let Some(alias) = alias {
            let mut level = self.level.write().unwrap_or_else(PoisonError::into_inner);
            level.name(*key, alias);
        }
        Some(found)
    }

    fn touch(&self, entry: &Entry) {
        entry.used.store(
            self.clock.fetch_add(1, Ordering::Relaxed),
            Ordering::Relaxed,
        );
        self.counts[0].fetch_add(1, Ordering::Relaxed);
    }

    fn find_or_make(self: &Arc<Self>, request: &Request<'_>, alias: Option<Key>) -> Made {
        let key = *blake3::hash(request.code).as_bytes();
        if let Some(found) = self.find(&key, alias) {
            return Ok(found);
        }
        let contract = self.single_flight(key, Form::Pooled, request)?;
        self.insert(key, alias, &contract);
        Ok(contract)
    }

    /// Makes a form, or waits for the thread that does.
    fn single_flight(self: &Arc<Self>, key: Key, form: Form, request: &Request<'_>) -> Made {
        loop {
            if (request.is_cancelled)() {
                return Err(CacheError::Cancelled);
            }
            let (flight, is_ours) = {
                let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
                match flights.get(&(key, form)) {
                    Some(flight) => (Arc::clone(flight), false),
                    None => {
                        let flight = Arc::new(Flight::new());
                        flights.insert((key, form), Arc::clone(&flight));
                        (flight, true)
                    }
                }
            };
            // Who waits must be told, whatever happens to the one who leads.
            if is_ours {
                let led = guarded(|| {
                    self.lead(key, form, request);
                    Ok(())
                });
                if let Err(error) = led {
                    self.land(key, form, Err(error.into()));
                }
            }
            match flight.wait(request.is_cancelled) {
                None => return Err(CacheError::Cancelled),
                // What stopped the one who led need not stop us.
                Some(Err(CacheError::Unpaid | CacheError::Cancelled | CacheError::NoThread))
                    if !is_ours => {}
                Some(made) => return made,
            }
        }
    }

    /// Loads or compiles; the flight lands when that is done, here or on another thread.
    fn lead(self: &Arc<Self>, key: Key, form: Form, request: &Request<'_>) {
        let engine = self.engines.of(form);
        let name = self.name(&key, engine.compatibility());
        let size = request.code.len() as u64;
        let pays =
            |native: u64| form != Form::Pooled || WasmGasCosts::excess(native, size) <= request.gas;
        if let Some(disk) = &self.disk {
            match disk.load(self.engines.runtime(form), &name, pays) {
                Artefact::Unpaid => return self.land(key, form, Err(CacheError::Unpaid)),
                Artefact::Found(module, facts) => {
                    if let Ok(contract) = self.engines.prepare(form, module, key, facts) {
                        self.counts[1].fetch_add(1, Ordering::Relaxed);
                        return self.land(key, form, Ok(Arc::new(contract)));
                    }
                }
                Artefact::Missing => {}
            }
        }
        let facts = match validate(request.code, &self.config) {
            Ok(facts) => facts,
            Err(refusal) => return self.land(key, form, Err(refusal.into())),
        };
        let preparation = facts.preparation;
        if !pays(preparation.native_bytes) {
            return self.land(key, form, Err(CacheError::Unpaid));
        }
        let instrumented = match instrument(request.code, &facts, self.config.max_stack_height) {
            Ok(code) => code,
            Err(refusal) => return self.land(key, form, Err(refusal.into())),
        };
        let shared = Arc::clone(self);
        let work = move || {
            let made = guarded(|| {
                let native = shared.engines.of(form).compile(&instrumented)?;
                shared.counts[2].fetch_add(1, Ordering::Relaxed);
                if let Some(disk) = &shared.disk {
                    // A full disk costs a compilation after the next restart, nothing else.
                    let _ = disk.save(&name, &native, &preparation);
                }
                shared.engines.load(form, &native, key, preparation)
            });
            shared.land(key, form, made.map(Arc::new).map_err(CacheError::from));
        };
        if let Err(reason) = self.slots.start(request.is_cancelled, work) {
            let error = match reason {
                NotStarted::Cancelled => CacheError::Cancelled,
                NotStarted::NoThread => CacheError::NoThread,
            };
            self.land(key, form, Err(error));
        }
    }

    fn land(&self, key: Key, form: Form, made: Made) {
        // What was left behind is found by the next who asks.
        if let (Ok(contract), Form::Pooled) = (&made, form) {
            self.insert(key, None, contract);
        }
        let flight = self
            .flights
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&(key, form));
        if let Some(flight) = flight {
            flight.land(made);
        }
    }

    fn name(&self, key: &Key, compatibility: u64) -> String {
        format!(
            "{}-{compatibility:016x}-{INSTRUMENTATION_VERSION}-{}",
            blake3::Hash::from_bytes(*key).to_hex(),
            self.rules
        )
    }

    fn optimise(&self, contract: &Contract, code: &[u8]) -> Option<Contract> {
        let facts = validate(code, &self.config).ok()?;
        let code = instrument(code, &facts, self.config.max_stack_height).ok()?;
        let native = self.engines.pooled.as_ref()?.compile(&code).ok()?;
        self.engines
            .load(Form::Pooled, &native, contract.key, contract.facts)
            .ok()
    }

    /// Counts another form of a contract in memory.
    fn grow(&self, key: &Key, size_bytes: u64) {
        let mut guard = self.level.write().unwrap_or_else(PoisonError::into_inner);
        let level = &mut *guard;
        if let Some(entry) = level.by_code.get_mut(key) {
            entry.size_bytes = entry.size_bytes.saturating_add(size_bytes);
            level.size_bytes = level.size_bytes.saturating_add(size_bytes);
            self.make_room(level, 0);
        }
    }

    /// Drops what was used longest ago until `size` more bytes fit.
    fn make_room(&self, level: &mut Level, size: u64) {
        while level.size_bytes.saturating_add(size) > self.limit_bytes {
            let oldest = level
                .by_code
                .iter()
                .min_by_key(|(_, entry)| entry.used.load(Ordering::Relaxed))
                .map(|(key, _)| *key);
            let Some(oldest) = oldest else { break };
            level.remove(&oldest);
            self.counts[3].fetch_add(1, Ordering::Relaxed);
        }
    }

    fn insert(&self, key: Key, alias: Option<Key>, contract: &Arc<Contract>) {
        let mut level = self.level.write().unwrap_or_else(PoisonError::into_inner);
        let size = contract.size_bytes.saturating_add(ENTRY_BYTES);
        if size <= self.limit_bytes && !level.by_code.contains_key(&key) {
            self.make_room(&mut level, size);
            let used = AtomicU64::new(self.clock.fetch_add(1, Ordering::Relaxed));
            let entry = Entry {
                contract: Arc::clone(contract),
                size_bytes: size,
                used,
                aliases: VecDeque::new(),
            };
            level.size_bytes = level.size_bytes.saturating_add(size);
            level.by_code.insert(key, entry);
        }
        if let Some(alias) = alias {
            level.name(key, alias);
        }
    }
}

/// Turns a panic into an error.
fn guarded<T>(work: impl FnOnce() -> Result<T, EngineError>) -> Result<T, EngineError> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(|_| Err(panicked()))
}

fn panicked() -> EngineError {
    EngineError::Compile("the compiler panicked".to_owned())
}

impl Level {
    /// Lets `alias` find the contract under `key`. A payload may stand in any number of containers,
    /// so the names of one contract are bounded.
    fn name(&mut self, key: Key, alias: Key) {
        let Some(entry) = self.by_code.get_mut(&key) else {
            return;
        };
        if self.aliases.insert(alias, key).is_some() {
            return;
        }
        entry.aliases.push_back(alias);
        if entry.aliases.len() > MAX_ALIASES
            && let Some(eldest) = entry.aliases.pop_front()
        {
            self.aliases.remove(&eldest);
        }
    }

    fn remove(&mut self, key: &Key) {
        let Some(entry) = self.by_code.remove(key) else {
            return;
        };
        self.size_bytes = self.size_bytes.saturating_sub(entry.size_bytes);
        for alias in entry.aliases {
            self.aliases.remove(&alias);
        }
    }
}
