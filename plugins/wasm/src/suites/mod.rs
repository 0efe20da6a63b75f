//! Suites of modules that are no contracts, through the engine settings and the instrumentation
//! that contracts get: the specification's own tests and compute kernels.

mod archive;
mod kernels;
mod spec;

use archive::{corpora, unpack};

use crate::config::WasmConfig;
use crate::stack_height::instrument;
use crate::validate::analyze;

/// Settings with every language feature this VM can be told to serve and room for suites.
fn settings() -> WasmConfig {
    let mut settings = WasmConfig {
        deterministic: false,
        max_memory_pages: 1_024,
        ..WasmConfig::default()
    };
    settings.limits.code_size_bytes = 16 << 20;
    settings.limits.body_size_bytes = 4 << 20;
    settings.limits.locals = 50_000;
    settings.limits.tables = 16;
    settings.limits.table_elements = 100_000;
    settings.limits.element_segments = 100_000;
    settings.limits.branch_targets = 1 << 20;
    settings.limits.block_depth = 50_000;
    settings.machine.pooled_instances = 512;
    settings
}

/// Validates and instruments a module by the rules of the language alone.
fn prepare(code: &[u8], settings: &WasmConfig) -> Result<Vec<u8>, String> {
    let facts = analyze(code, settings).map_err(|error| error.to_string())?;
    instrument(code, &facts, settings.max_stack_height).map_err(|error| error.to_string())
}
