//! wasmtime, set up for contracts. The only room, with `frame` and `host`, that knows its types.
//!
//! Invariant: everything set here that changes results is derived from the consensus part of the
//! configuration and ends up in the engine's compatibility hash.

use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, OnceLock};

use wasmtime::{
    Config, Engine, ExternType, InstanceAllocationStrategy, InstancePre, Linker, Module,
    ModuleExport, OptLevel, PoolingAllocationConfig, Strategy, ValType,
};

use crate::config::{PAGE_BYTES, WasmConfig};
use crate::cost::Preparation;
use crate::frame::Frame;
use crate::host;
use crate::validate::STACK_EXPORT;

/// What this room can fail with; a fault of the machine or of the build, never of a contract.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum EngineError {
    /// The engine cannot be set up on this machine.
    #[error("wasmtime cannot be set up: {0}")]
    Setup(String),
    /// A validated module does not compile.
    #[error("a validated module does not compile: {0}")]
    Compile(String),
    /// Compiled code does not fit this engine.
    #[error("compiled code does not fit this engine: {0}")]
    Load(String),
    /// A validated module lacks an export.
    #[error("a validated module lacks the export `{0}`")]
    Export(&'static str),
}

/// An engine with every host function linked.
pub(crate) struct WasmEngine {
    engine: Engine,
    linker: Linker<Frame>,
}

/// How a contract function is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// It takes the input's length.
    pub(crate) takes_length: bool,
    /// It returns a status, 0 for success.
    pub(crate) returns_status: bool,
}

/// A contract ready to be instantiated.
pub(crate) struct Contract {
    pre: InstancePre<Frame>,
    /// Linear memory.
    pub(crate) memory: ModuleExport,
    /// The stack-height counter.
    pub(crate) stack_left: ModuleExport,
    /// The entry point and how it is called.
    pub(crate) entry: (ModuleExport, Shape),
    /// The constructor, where there is one.
    pub(crate) constructor: Option<(ModuleExport, Shape)>,
    /// `output_ptr` and `output_len`, and whether they are addresses of variables.
    pub(crate) output: Option<(ModuleExport, ModuleExport, bool)>,
    /// Pages at the start.
    pub(crate) pages: u32,
    /// Bytes of machine code and data.
    pub(crate) size_bytes: u64,
    /// Hash of the code, the contract's name in the cache.
    pub(crate) key: [u8; 32],
    /// What preparing it takes.
    pub(crate) facts: Preparation,
    /// Gas that its frames have used in this process.
    pub(crate) spent: AtomicU64,
    /// It is being compiled with optimisation, or was.
    pub(crate) is_optimising: AtomicBool,
    /// The same contract for other engines, made when first needed.
    forms: [OnceLock<Arc<Contract>>; 4],
}

/// A contract's machine code for one engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    /// As deployment makes it, for instances from the pool.
    Pooled,
    /// For the engine that makes instances on demand.
    OnDemand,
    /// Compiled by the engine that can be interrupted.
    Interruptible,
    /// Compiled anew with optimisation, for instances from the pool.
    Optimised,
}

/// The engines of one machine. Which of them runs a frame never shows in its result.
pub(crate) struct Engines {
    /// Runs as many frames at once as its pool has room for, and optimises; `None` where the
    /// machine refuses the address space.
    pub(crate) pooled: Option<WasmEngine>,
    /// Compiles what is deployed, and runs the frames that the pool has no room for.
    pub(crate) on_demand: WasmEngine,
    /// Compiles and runs the frames with so much gas that they must notice the cancel flag.
    pub(crate) interruptible: WasmEngine,
}

impl Engines {
    /// Sets up the engines.
    pub(crate) fn new(config: &WasmConfig) -> Result<Self, EngineError> {
        let pooled = WasmEngine::pooled(config);
        if let Err(error) = &pooled {
            eprintln!("wasm: instances are made on demand: {error}");
        }
        Ok(Self {
            pooled: pooled.ok(),
            on_demand: WasmEngine::on_demand(config)?,
            interruptible: WasmEngine::interruptible(config)?,
        })
    }

    /// Returns the engine that compiles a form.
    pub(crate) fn of(&self, form: Form) -> &WasmEngine {
        match form {
            Form::Interruptible => &self.interruptible,
            _ => &self.on_demand,
        }
    }

    fn runner(&self, form: Form) -> &WasmEngine {
        match form {
            Form::Interruptible => &self.interruptible,
            Form::OnDemand => &self.on_demand,
            Form::Pooled | Form::Optimised => self.pooled.as_ref().unwrap_or(&self.on_demand),
        }
    }

    /// Returns the engine that runs a form.
    pub(crate) fn runtime(&self, form: Form) -> &Engine {
        &self.runner(form).engine
    }

    /// Links a module that was loaded for a form.
    pub(crate) fn prepare(
        &self,
        form: Form,
        module: Module,
        key: [u8; 32],
        facts: Preparation,
    ) -> Result<Contract, EngineError> {
        self.runner(form).prepare(module, key, facts)
    }

    /// Loads machine code that was compiled just now.
    pub(crate) fn load(
        &self,
        form: Form,
        native: &[u8],
        key: [u8; 32],
        facts: Preparation,
    ) -> Result<Contract, EngineError> {
        // SAFETY: the bytes were made just now, by an engine of this process whose settings differ
        // from this one's in nothing that compiled code depends on.
        let module = unsafe { Module::deserialize(self.runtime(form), native) }
            .map_err(|error| EngineError::Load(format!("{error:#}")))?;
        self.prepare(form, module, key, facts)
    }
}

impl Contract {
    /// Returns a form that was made before.
    pub(crate) fn form(&self, form: Form) -> Option<Arc<Self>> {
        self.forms[form as usize].get().cloned()
    }

    /// Keeps a form; the first one stays.
    pub(crate) fn keep(&self, form: Form, made: Arc<Self>) -> Arc<Self> {
        Arc::clone(self.forms[form as usize].get_or_init(|| made))
    }

    /// Makes the same contract for `engine`, which has the settings of this contract's own but for
    /// where its instances come from.
    pub(crate) fn copy_for(&self, engine: &WasmEngine) -> Result<Self, EngineError> {
        let load = |error: wasmtime::Error| EngineError::Load(format!("{error:#}"));
        let code = self.pre.module().serialize().map_err(load)?;
        // SAFETY: the bytes were made just now, of a module that an engine of this process compiled.
        let module = unsafe { Module::deserialize(&engine.engine, code) }.map_err(load)?;
        engine.prepare(module, self.key, self.facts)
    }

    /// Returns the template of instances.
    pub(crate) fn pre(&self) -> &InstancePre<Frame> {
        &self.pre
    }
}

/// Builds wasmtime's settings from ours.
pub(crate) fn settings(config: &WasmConfig) -> Config {
    let vectors = !config.deterministic;
    let mut settings = Config::new();
    settings
        .strategy(Strategy::Cranelift)
        .cranelift_opt_level(if config.machine.optimize {
            OptLevel::Speed
        } else {
            OptLevel::None
        })
        .consume_fuel(true)
        .operator_cost(config.gas_costs.operator_table())
        .wasm_simd(vectors)
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_tail_call(false)
        .wasm_extended_const(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        .max_wasm_stack(config.machine.native_stack_bytes)
        .generate_address_map(false)
        .wasm_backtrace_max_frames(None)
        .native_unwind_info(false)
        .signals_based_traps(config.machine.signals_based_traps);
    let slots = config.machine.pooled_instances;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(slots)
        .total_memories(slots)
        .total_tables(slots)
        .max_memories_per_module(1)
        .max_tables_per_module(config.limits.tables)
        .table_elements(config.limits.table_elements as usize)
        .max_memory_size((u64::from(config.max_memory_pages) * PAGE_BYTES) as usize)
        .linear_memory_keep_resident(config.machine.keep_resident_bytes);
    settings.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    settings
}

impl WasmEngine {
    /// Sets up the engine whose instances come from a pool.
    pub(crate) fn pooled(config: &WasmConfig) -> Result<Self, EngineError> {
        Self::new(&settings(config), config)
    }

    /// Sets up the engine whose instances are made on demand, as many as there are.
    pub(crate) fn on_demand(config: &WasmConfig) -> Result<Self, EngineError> {
        let mut settings = settings(config);
        settings
            .allocation_strategy(InstanceAllocationStrategy::OnDemand)
            .cranelift_opt_level(OptLevel::None);
        Self::new(&settings, config)
    }

    /// Sets up the engine whose code looks at the epoch, and so at the cancel flag, in every round
    /// of a loop.
    pub(crate) fn interruptible(config: &WasmConfig) -> Result<Self, EngineError> {
        let mut settings = settings(config);
        settings
            .allocation_strategy(InstanceAllocationStrategy::OnDemand)
            .cranelift_opt_level(OptLevel::None)
            .epoch_interruption(true);
        Self::new(&settings, config)
    }

    fn new(settings: &Config, config: &WasmConfig) -> Result<Self, EngineError> {
        let setup = |error: wasmtime::Error| EngineError::Setup(format!("{error:#}"));
        let engine = Engine::new(settings).map_err(setup)?;
        let mut linker = Linker::new(&engine);
        host::link(&mut linker, config.debug_log).map_err(setup)?;
        Ok(Self { engine, linker })
    }

    /// Returns a number that differs wherever compiled code must not be shared.
    pub(crate) fn compatibility(&self) -> u64 {
        use std::hash::{Hash, Hasher};
        // SipHash with fixed keys: the same in every process.
        #[expect(
            deprecated,
            reason = "the standard library's stable hash with fixed keys"
        )]
        let mut hasher = std::hash::SipHasher::new();
        self.engine
            .precompile_compatibility_hash()
            .hash(&mut hasher);
        hasher.finish()
    }

    /// Compiles an instrumented module. To be called on a thread whose stack suits the compiler.
    pub(crate) fn compile(&self, code: &[u8]) -> Result<Vec<u8>, EngineError> {
        self.engine
            .precompile_module(code)
            .map_err(|error| EngineError::Compile(format!("{error:#}")))
    }

    /// Links a module and looks up what every call needs.
    fn prepare(
        &self,
        module: Module,
        key: [u8; 32],
        facts: Preparation,
    ) -> Result<Contract, EngineError> {
        let image = module.image_range();
        let size_bytes = (image.end as usize).saturating_sub(image.start as usize) as u64;
        let memory = index(&module, "memory")?;
        let pages = match module.get_export("memory") {
            Some(ExternType::Memory(ty)) => ty.minimum() as u32,
            _ => return Err(EngineError::Export("memory")),
        };
        let is_stylus = module.get_export("user_entrypoint").is_some();
        let entry = function(&module, if is_stylus { "user_entrypoint" } else { "main" })?
            .ok_or(EngineError::Export("main"))?;
        let output = match (
            module.get_export("output_ptr"),
            module.get_export("output_len"),
        ) {
            (Some(ExternType::Global(ptr)), Some(ExternType::Global(_))) if !is_stylus => {
                let indirect = ptr.mutability() == wasmtime::Mutability::Const;
                Some((
                    index(&module, "output_ptr")?,
                    index(&module, "output_len")?,
                    indirect,
                ))
            }
            _ => None,
        };
        let (stack_left, constructor) = (
            index(&module, STACK_EXPORT)?,
            function(&module, "constructor")?,
        );
        let pre = self
            .linker
            .instantiate_pre(&module)
            .map_err(|error| EngineError::Load(format!("{error:#}")))?;
        Ok(Contract {
            pre,
            memory,
            stack_left,
            entry,
            constructor,
            output,
            pages,
            size_bytes,
            key,
            facts,
            spent: AtomicU64::new(0),
            is_optimising: AtomicBool::new(false),
            forms: Default::default(),
        })
    }
}

fn index(module: &Module, name: &'static str) -> Result<ModuleExport, EngineError> {
    module
        .get_export_index(name)
        .ok_or(EngineError::Export(name))
}

fn function(
    module: &Module,
    name: &'static str,
) -> Result<Option<(ModuleExport, Shape)>, EngineError> {
    let Some(ExternType::Func(ty)) = module.get_export(name) else {
        return Ok(None);
    };
    let is_i32 = |types: &mut dyn Iterator<Item = ValType>| match (types.next(), types.next()) {
        (None, _) => Ok(false),
        (Some(ValType::I32), None) => Ok(true),
        _ => Err(EngineError::Export(name)),
    };
    let shape = Shape {
        takes_length: is_i32(&mut ty.params())?,
        returns_status: is_i32(&mut ty.results())?,
    };
    Ok(Some((index(module, name)?, shape)))
}
