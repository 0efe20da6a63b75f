//! Settings of the Wasm VM.
//!
//! Everything here that can change the outcome of a contract is consensus data: the limits, the
//! deterministic mode, the gas schedule and the allowed imports. The cache and the pool are
//! private to one machine and never show in a result.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::gas::WasmGasCosts;
use crate::imports::HOST_FUNCTIONS;
use crate::stack_height::BYTES_PER_SLOT;

/// Bytes of one page of linear memory.
pub const PAGE_BYTES: u64 = 65_536;

/// Settings of the Wasm VM, with the specification's names first.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WasmConfig {
    /// Largest linear memory, in pages of 64 KiB; `memory.grow` past it returns -1.
    pub max_memory_pages: u32,
    /// Largest logical stack height of one frame, in slots.
    pub max_stack_height: u32,
    /// Prices of operators and host functions; a configuration names their version.
    #[serde(deserialize_with = "gas_costs_of_version")]
    pub gas_costs: WasmGasCosts,
    /// Imports a contract may use, written `module.name`; `None` allows every served function.
    pub allowed_imports: Option<BTreeSet<String>>,
    /// Refuses floating point, SIMD, threads and relaxed SIMD.
    pub deterministic: bool,
    /// Release whose host functions are served; the plugin library sets it.
    #[serde(skip)]
    pub release: Release,
    /// Serves the debug log imports (`env.log_debug` and the module `console`).
    pub debug_log: bool,
    /// Caps on the shape of a module.
    pub limits: ModuleLimits,
    /// Caches and pool of this machine.
    pub machine: MachineConfig,
}

impl Default for WasmConfig {
    fn default() -> Self {
        Self {
            max_memory_pages: 128,
            max_stack_height: 16_384,
            gas_costs: WasmGasCosts::V1,
            allowed_imports: None,
            deterministic: true,
            release: Release::default(),
            debug_log: false,
            limits: ModuleLimits::default(),
            machine: MachineConfig::default(),
        }
    }
}

/// A release of the plugin. A later one serves all that an earlier one serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Release {
    /// 1.0: the native host functions.
    V1_0,
    /// 1.1: the Stylus set as well.
    #[default]
    V1_1,
}

impl Release {
    /// Tells whether this release serves the import module `module`.
    #[must_use]
    pub fn serves(self, module: &str) -> bool {
        self >= Self::V1_1 || module == "env"
    }
}

/// Caps on the shape of a module, checked by `validate_code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModuleLimits {
    /// Bytes of the whole module.
    pub code_size_bytes: u32,
    /// Function types.
    pub types: u32,
    /// Functions with a body.
    pub functions: u32,
    /// Parameters of one function.
    pub params: u32,
    /// Results of one function.
    pub results: u32,
    /// Declared locals of one function, parameters excluded.
    pub locals: u32,
    /// Bytes of one function's body.
    pub body_size_bytes: u32,
    /// Imports.
    pub imports: u32,
    /// Exports.
    pub exports: u32,
    /// Globals.
    pub globals: u32,
    /// Tables.
    pub tables: u32,
    /// Elements of one table.
    pub table_elements: u32,
    /// Element segments.
    pub element_segments: u32,
    /// Data segments.
    pub data_segments: u32,
    /// Targets of one `br_table`.
    pub branch_targets: u32,
    /// Nested blocks in one function.
    pub block_depth: u32,
}

impl Default for ModuleLimits {
    fn default() -> Self {
        Self {
            code_size_bytes: 1 << 20,
            types: 2_000,
            functions: 20_000,
            params: 100,
            results: 16,
            locals: 1_024,
            body_size_bytes: 256 * 1024,
            imports: 100,
            exports: 1_000,
            globals: 1_000,
            tables: 1,
            table_elements: 2_500,
            element_segments: 1_000,
            data_segments: 1_000,
            branch_targets: 4_096,
            block_depth: 4_096,
        }
    }
}

/// Settings that belong to one machine and never show in a result.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MachineConfig {
    /// Instances kept in a pool, each with 4 GiB of address space reserved; what threads and call
    /// depth need beyond is made on demand, a few microseconds slower, for the same results.
    pub pooled_instances: u32,
    /// Bytes of machine code that the memory cache may hold.
    pub memory_cache_bytes: u64,
    /// Directory of the disk cache; `None` keeps nothing on disk.
    pub disk_cache: Option<PathBuf>,
    /// Bytes of machine code that the disk cache may hold.
    pub disk_cache_bytes: u64,
    /// Native stack that one frame may use; the logical height limit must be reached first.
    pub native_stack_bytes: usize,
    /// Bytes of linear memory that an instance leaves resident for the next one.
    pub keep_resident_bytes: usize,
    /// Frames with at most this much gas run code that does not look at the host's cancel flag:
    /// gas ends them soon enough. Looking costs a tenth to a quarter of the speed of tight loops, and
    /// frames with more gas do it: they run code compiled anew, when first needed, for the same
    /// results.
    pub uninterrupted_gas: u64,
    /// Compiles a contract anew with optimisation, beside the execution, once it has used many
    /// times the gas that this is worth; for the same results.
    pub optimize: bool,
    /// Catches memory faults by signal handlers (fast) instead of checks in the code.
    ///
    /// With handlers the library must never be unmapped.
    pub signals_based_traps: bool,
}

impl Default for MachineConfig {
    fn default() -> Self {
        Self {
            pooled_instances: 256,
            memory_cache_bytes: 256 << 20,
            disk_cache: None,
            disk_cache_bytes: 4 << 30,
            native_stack_bytes: 512 << 10,
            // Zeroing what a contract touched costs less than mapping it anew for the next call.
            keep_resident_bytes: 64 << 10,
            // All that a transaction may have (EIP-7825). Arithmetic, division, bulk operators and
            // growth take less than 0.2 s for it, loads that no cache serves one to four.
            uninterrupted_gas: 1 << 24,
            optimize: true,
            signals_based_traps: true,
        }
    }
}

impl WasmConfig {
    /// Checks that the settings can work together.
    pub(crate) fn check(&self) -> Result<(), String> {
        let needed = u64::from(self.max_stack_height) * u64::from(BYTES_PER_SLOT);
        let native = self.machine.native_stack_bytes as u64;
        if native < needed {
            return Err(format!(
                "native_stack_bytes is {native}, expected at least {needed} for a max_stack_height of {}",
                self.max_stack_height
            ));
        }
        if self.max_memory_pages == 0 || self.max_memory_pages > 65_536 {
            return Err(format!(
                "max_memory_pages is {}, expected 1 to 65536",
                self.max_memory_pages
            ));
        }
        if self.machine.pooled_instances == 0 {
            return Err("pooled_instances is 0, expected at least 1".to_owned());
        }
        let unknown = self.allowed_imports.iter().flatten().find(|path| {
            !HOST_FUNCTIONS
                .iter()
                .any(|function| function.path() == **path)
        });
        match unknown {
            Some(path) => Err(format!(
                "allowed_imports names `{path}`, which the host does not serve"
            )),
            None => Ok(()),
        }
    }
}

fn gas_costs_of_version<'de, D: serde::Deserializer<'de>>(
    source: D,
) -> Result<WasmGasCosts, D::Error> {
    match <u32 as serde::Deserialize>::deserialize(source)? {
        1 => Ok(WasmGasCosts::V1),
        other => Err(serde::de::Error::custom(format!(
            "gas_costs is {other}, expected 1"
        ))),
    }
}
