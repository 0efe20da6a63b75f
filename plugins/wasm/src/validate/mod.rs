//! Decides whether a module may be deployed.
//!
//! One pass over the bytes: wasmparser's validator proves the module well-formed, this room adds
//! the contract rules (entry point, imports, caps, refused operators) and collects what the stack
//! instrumentation needs. Nothing is compiled here, and the work is linear in the module's size.
//!
//! Invariant: a module this room accepts compiles and instantiates on the engine of the same
//! configuration.

mod body;
mod entry;
mod sections;
mod shape;

use std::collections::BTreeMap;

use wasmparser::{
    ExternalKind, FuncType, FuncValidatorAllocations, Parser, ValType, ValidPayload, Validator,
    WasmFeatures,
};

use crate::config::{ModuleLimits, WasmConfig};
use crate::cost::{MAX_COMPILE_GAS, Preparation, preparation};
use crate::error::ValidationError;
use crate::imports::signature_text;

pub use sections::allowed_imports;
pub use shape::Shape;

/// Name of the export that the stack instrumentation adds; contracts may not use it.
pub(crate) const STACK_EXPORT: &str = "__proz_stack_left";

/// How a contract is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryPoint {
    /// `main`, native protocol.
    Main {
        /// `main` takes the input length.
        takes_length: bool,
        /// `main` returns a status, 0 for success.
        returns_status: bool,
        /// The exports `output_ptr` and `output_len` are there.
        output: Option<OutputGlobals>,
    },
    /// `user_entrypoint(args_len) -> status`, the Stylus protocol.
    User,
}

/// Whether the exported globals hold the output's place or the address of variables that do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputGlobals {
    /// The globals are immutable: they are addresses of 32-bit variables, as linkers export them.
    pub indirect: bool,
}

/// What the pass learnt about one function with a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunctionFacts {
    /// Index into [`ModuleFacts::types`].
    pub type_index: u32,
    /// Parameters and declared locals.
    pub locals: u32,
    /// Largest number of operands on the stack.
    pub operands: u32,
    /// Operators that compute a value.
    pub values: u32,
    /// Bytes of its body.
    pub size_bytes: u32,
    /// What compiling it takes.
    pub shape: Shape,
    /// Functions called directly, sorted, without repeats.
    pub calls: Vec<u32>,
    /// Types called through a table, sorted, without repeats.
    pub indirect_calls: Vec<u32>,
}

/// What the pass learnt about a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleFacts {
    /// How the contract is entered.
    pub entry: EntryPoint,
    /// Function types in index order.
    pub types: Vec<FuncType>,
    /// Imports, `module.name`, in index order; all are functions.
    pub imports: Vec<String>,
    /// Type index of each imported function.
    pub import_types: Vec<u32>,
    /// Functions with a body in index order.
    pub functions: Vec<FunctionFacts>,
    /// Functions that can be reached through a table, sorted.
    pub table_functions: Vec<u32>,
    /// Number of globals.
    pub globals: u32,
    /// Exports: name and kind.
    pub exports: Vec<(String, ExternalKind, u32)>,
    /// Pages at the start.
    pub memory_pages: u32,
    /// Largest number of pages the module asks for.
    pub memory_max_pages: Option<u64>,
    /// Bytes of all data segments.
    pub data_bytes: u64,
    /// Operators by name with their number; filled only by [`inspect`].
    pub operators: BTreeMap<String, u64>,
    /// What compiling it takes.
    pub preparation: Preparation,
}

/// Checks a module against the configuration.
///
/// # Errors
///
/// The first rule the module breaks, see [`ValidationError`].
pub fn validate(code: &[u8], config: &WasmConfig) -> Result<ModuleFacts, ValidationError> {
    Pass::new(config, false).run(code)
}

/// Does what [`validate`] does and counts operators by name as well.
///
/// # Errors
///
/// As [`validate`].
pub fn inspect(code: &[u8], config: &WasmConfig) -> Result<ModuleFacts, ValidationError> {
    Pass::new(config, true).run(code)
}

/// Learns the same about a module that is no contract, for suites of such modules.
#[cfg(test)]
pub(crate) fn analyze(code: &[u8], config: &WasmConfig) -> Result<ModuleFacts, ValidationError> {
    let mut pass = Pass::new(config, false);
    pass.is_contract = false;
    pass.run(code)
}

/// Proposals the validator must understand, be they served or refused by name.
pub(crate) fn understood_features() -> WasmFeatures {
    served_features(false)
        | WasmFeatures::SIMD
        | WasmFeatures::RELAXED_SIMD
        | WasmFeatures::THREADS
        | WasmFeatures::FLOATS
}

/// Proposals that contracts may use.
pub(crate) fn served_features(deterministic: bool) -> WasmFeatures {
    let base = WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::REFERENCE_TYPES
        | WasmFeatures::MULTI_VALUE
        | WasmFeatures::BULK_MEMORY;
    if deterministic {
        base
    } else {
        base | WasmFeatures::FLOATS | WasmFeatures::SIMD
    }
}

struct Pass<'config> {
    config: &'config WasmConfig,
    limits: ModuleLimits,
    count_operators: bool,
    /// Off only for suites of modules that are no contracts: rules of the language alone.
    is_contract: bool,
    imported_globals: u32,
    types: Vec<FuncType>,
    imports: Vec<String>,
    import_types: Vec<u32>,
    functions: Vec<FunctionFacts>,
    bodies: usize,
    table_functions: Vec<u32>,
    globals: Vec<(ValType, bool)>,
    exports: Vec<(String, ExternalKind, u32)>,
    memory: Option<(u64, Option<u64>)>,
    tables: Vec<u64>,
    data_bytes: u64,
    operators: BTreeMap<String, u64>,
}

impl<'config> Pass<'config> {
    fn new(config: &'config WasmConfig, count_operators: bool) -> Self {
        Self {
            config,
            limits: config.limits,
            count_operators,
            is_contract: true,
            imported_globals: 0,
            types: Vec::new(),
            imports: Vec::new(),
            import_types: Vec::new(),
            functions: Vec::new(),
            bodies: 0,
            table_functions: Vec::new(),
            globals: Vec::new(),
            exports: Vec::new(),
            memory: None,
            tables: Vec::new(),
            data_bytes: 0,
            operators: BTreeMap::new(),
        }
    }

    fn run(mut self, code: &[u8]) -> Result<ModuleFacts, ValidationError> {
        if code.len() as u64 > u64::from(self.limits.code_size_bytes) {
            return Err(ValidationError::CodeTooLarge {
                size_bytes: code.len(),
                limit_bytes: self.limits.code_size_bytes,
            });
        }
        if !code.starts_with(b"\0asm") {
            return Err(ValidationError::InvalidWasmModule {
                offset: 0,
                reason: format!(
                    "expected the magic bytes 00 61 73 6d, found {}",
                    code.iter()
                        .take(4)
                        .map(|byte| format!("{byte:02x}"))
                        .collect::<Vec<_>>()
                        .join(" ")
                ),
            });
        }
        let mut validator = Validator::new_with_features(understood_features());
        let mut allocations = FuncValidatorAllocations::default();
        let mut parser = Parser::new(0);
        parser.set_features(understood_features());
        for payload in parser.parse_all(code) {
            let payload = payload?;
            match validator.payload(&payload)? {
                ValidPayload::Func(to_validate, body) => {
                    allocations = self.body(to_validate, &body, allocations, code)?;
                }
                _ => self.section(&payload)?,
            }
        }
        // The pass above understands more than is served, so that it can refuse by name. What has
        // no name there, such as a block whose result is a vector, must not reach the engine.
        let engine = served_features(self.config.deterministic) | WasmFeatures::FLOATS;
        if self.is_contract {
            Validator::new_with_features(engine).validate_all(code)?;
        }
        self.finish()
    }

    fn cap(&self, what: &str, count: u64, limit: u32) -> Result<(), ValidationError> {
        if count > u64::from(limit) {
            return Err(ValidationError::TooMany {
                what: what.to_owned(),
                count,
                limit,
            });
        }
        Ok(())
    }

    fn finish(mut self) -> Result<ModuleFacts, ValidationError> {
        let entry = if self.is_contract {
            self.constructor()?;
            self.entry()?
        } else {
            EntryPoint::User
        };
        let (memory_pages, memory_max_pages) = self.memory.unwrap_or_default();
        self.table_functions.sort_unstable();
        self.table_functions.dedup();
        let mut facts = ModuleFacts {
            entry,
            types: self.types,
            imports: self.imports,
            import_types: self.import_types,
            functions: self.functions,
            table_functions: self.table_functions,
            globals: self.imported_globals + self.globals.len() as u32,
            exports: self.exports,
            memory_pages: u32::try_from(memory_pages).unwrap_or(u32::MAX),
            memory_max_pages,
            data_bytes: self.data_bytes,
            operators: self.operators,
            preparation: Preparation::default(),
        };
        facts.preparation = preparation(&facts);
        let gas = facts.preparation.compile_gas;
        if self.is_contract && gas > MAX_COMPILE_GAS {
            return Err(ValidationError::TooMany {
                what: "gas for compiling the module".to_owned(),
                count: gas,
                limit: MAX_COMPILE_GAS as u32,
            });
        }
        Ok(facts)
    }
}

fn type_text(ty: &FuncType) -> String {
    signature_text(
        ty.params().iter().map(ToString::to_string),
        ty.results().iter().map(ToString::to_string),
    )
}

/// Returns the word for an export's kind.
#[must_use]
pub(crate) fn kind_word(kind: ExternalKind) -> &'static str {
    match kind {
        ExternalKind::Func | ExternalKind::FuncExact => "function",
        ExternalKind::Table => "table",
        ExternalKind::Memory => "memory",
        ExternalKind::Global => "global",
        ExternalKind::Tag => "tag",
    }
}
