//! Compiled contracts: in memory, on disk, or compiled now.
//!
//! The memory level is bounded by bytes of machine code and drops what was used longest ago. It is
//! keyed by the code itself (BLAKE3); the host's code hash is an alias, so that a contract compiled
//! when it was deployed is found by the hash of its container later.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use wasmtime::Module;

use crate::artefact::ArtefactStore;
use crate::config::WasmConfig;
use crate::engine::{Contract, EngineError, Form, WasmEngine};
use crate::error::ValidationError;
use crate::stack_height::{INSTRUMENTATION_VERSION, instrument};
use crate::validate::validate;

type Key = [u8; 32];

/// Why a contract is not available.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CacheError {
    /// The code is no valid contract.
    #[error(transparent)]
    Refused(#[from] ValidationError),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
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
}

struct Entry {
    contract: Arc<Contract>,
    /// Bytes of all its forms.
    size_bytes: u64,
    used: AtomicU64,
    aliases: Mutex<Vec<Key>>,
}

#[derive(Default)]
struct Level {
    by_code: HashMap<Key, Entry>,
    aliases: HashMap<Key, Key>,
    size_bytes: u64,
}

/// The three levels.
pub(crate) struct ContractCache {
    level: RwLock<Level>,
    limit_bytes: u64,
    disk: Option<ArtefactStore>,
    clock: AtomicU64,
    counts: [AtomicU64; 4],
    /// One compilation at a time per contract is enough; one at all keeps it simple and bounded.
    compiling: Mutex<()>,
    /// Names the rules in the keys of artefacts.
    rules: String,
}

impl ContractCache {
    /// Builds an empty cache over `disk`.
    pub(crate) fn new(config: &WasmConfig, disk: Option<ArtefactStore>) -> Self {
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
        Self {
            level: RwLock::default(),
            limit_bytes: config.machine.memory_cache_bytes,
            disk,
            clock: AtomicU64::new(0),
            counts: Default::default(),
            compiling: Mutex::new(()),
            rules: rules.get(..16).unwrap_or_default().to_owned(),
        }
    }

    /// Returns the contract for `code`. `code_hash` is the host's name for it, zero for none.
    pub(crate) fn get(
        &self,
        code_hash: Key,
        code: &[u8],
        engine: &WasmEngine,
        config: &WasmConfig,
    ) -> Result<Arc<Contract>, CacheError> {
        let is_named = code_hash != [0; 32];
        if is_named && let Some(found) = self.find_alias(&code_hash) {
            return Ok(found);
        }
        let key = *blake3::hash(code).as_bytes();
        if let Some(found) = self.find(&key, is_named.then_some(code_hash)) {
            return Ok(found);
        }
        let _turn = self
            .compiling
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = self.find(&key, is_named.then_some(code_hash)) {
            return Ok(found);
        }
        let contract = Arc::new(self.make(&key, code, engine, config)?);
        self.insert(key, is_named.then_some(code_hash), &contract);
        Ok(contract)
    }

    /// Returns `contract` for the engine that makes instances on demand.
    pub(crate) fn on_demand(
        &self,
        contract: &Contract,
        engine: &WasmEngine,
    ) -> Result<Arc<Contract>, CacheError> {
        self.form(contract, Form::OnDemand, || Ok(contract.copy_for(engine)?))
    }

    /// Returns `contract`, whose code is `code`, for the engine that can be interrupted.
    pub(crate) fn interruptible(
        &self,
        contract: &Contract,
        code: &[u8],
        engine: &WasmEngine,
        config: &WasmConfig,
    ) -> Result<Arc<Contract>, CacheError> {
        self.form(contract, Form::Interruptible, || {
            self.make(&contract.key, code, engine, config)
        })
    }

    fn form(
        &self,
        contract: &Contract,
        form: Form,
        make: impl FnOnce() -> Result<Contract, CacheError>,
    ) -> Result<Arc<Contract>, CacheError> {
        if let Some(found) = contract.form(form) {
            return Ok(found);
        }
        let _turn = self
            .compiling
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = contract.form(form) {
            return Ok(found);
        }
        let made = contract.keep(form, Arc::new(make()?));
        let mut guard = self.level.write().unwrap_or_else(PoisonError::into_inner);
        let level = &mut *guard;
        if let Some(entry) = level.by_code.get_mut(&contract.key) {
            entry.size_bytes = entry.size_bytes.saturating_add(made.size_bytes);
            level.size_bytes = level.size_bytes.saturating_add(made.size_bytes);
            self.make_room(level, 0);
        }
        Ok(made)
    }

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

    fn make(
        &self,
        key: &Key,
        code: &[u8],
        engine: &WasmEngine,
        config: &WasmConfig,
    ) -> Result<Contract, CacheError> {
        let name = format!(
            "{}-{:016x}-{INSTRUMENTATION_VERSION}-{}",
            blake3::Hash::from_bytes(*key).to_hex(),
            engine.compatibility(),
            self.rules
        );
        if let Some(disk) = &self.disk
            && let Some(module) = disk.load(engine.raw(), &name)
            && let Ok(contract) = engine.prepare(module, *key)
        {
            self.counts[1].fetch_add(1, Ordering::Relaxed);
            return Ok(contract);
        }
        let module = compile(code, engine, config)?;
        self.counts[2].fetch_add(1, Ordering::Relaxed);
        if let Some(disk) = &self.disk
            && let Ok(bytes) = module.serialize()
        {
            // A full disk costs a compilation after the next restart, nothing else.
            let _ = disk.save(&name, &bytes);
        }
        Ok(engine.prepare(module, *key)?)
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
        let size = contract.size_bytes;
        self.make_room(&mut level, size);
        if size > self.limit_bytes {
            return;
        }
        let used = AtomicU64::new(self.clock.fetch_add(1, Ordering::Relaxed));
        let entry = Entry {
            contract: Arc::clone(contract),
            size_bytes: size,
            used,
            aliases: Mutex::default(),
        };
        level.size_bytes = level.size_bytes.saturating_add(size);
        level.by_code.insert(key, entry);
        if let Some(alias) = alias {
            level.name(key, alias);
        }
    }

    /// Returns how often each level answered.
    pub(crate) fn counts(&self) -> CacheCounts {
        let level = self.level.read().unwrap_or_else(PoisonError::into_inner);
        let at = |index: usize| self.counts[index].load(Ordering::Relaxed);
        CacheCounts {
            memory: at(0),
            disk: at(1),
            compiled: at(2),
            evicted: at(3),
            entries: level.by_code.len() as u64,
            size_bytes: level.size_bytes,
        }
    }
}

/// Validates, instruments and compiles.
pub(crate) fn compile(
    code: &[u8],
    engine: &WasmEngine,
    config: &WasmConfig,
) -> Result<Module, CacheError> {
    let facts = validate(code, config)?;
    Ok(engine.compile(&instrument(code, &facts, config.max_stack_height)?)?)
}

impl Level {
    /// Lets `alias` find the contract under `key`.
    fn name(&mut self, key: Key, alias: Key) {
        let Some(entry) = self.by_code.get(&key) else {
            return;
        };
        if self.aliases.insert(alias, key).is_none() {
            entry
                .aliases
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(alias);
        }
    }

    fn remove(&mut self, key: &Key) {
        let Some(entry) = self.by_code.remove(key) else {
            return;
        };
        self.size_bytes = self.size_bytes.saturating_sub(entry.size_bytes);
        for alias in entry
            .aliases
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
        {
            self.aliases.remove(&alias);
        }
    }
}
