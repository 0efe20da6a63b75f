//! Suites of modules that are no contracts, through the engine settings and the instrumentation
//! that contracts get: the specification's own tests and compute kernels.

mod kernels;
mod spec;

use std::io::Read;
use std::path::PathBuf;

use crate::config::WasmConfig;
use crate::stack_height::instrument;
use crate::validate::analyze;

/// The corpora, where they are.
fn corpora() -> Option<PathBuf> {
    let place = std::env::var_os("PROZ_CORPORA").map_or_else(
        || {
            PathBuf::from(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../../shared/corpora"
            ))
        },
        PathBuf::from,
    );
    if !place.is_dir() {
        eprintln!(
            "skipped: no corpora at `{}` (set PROZ_CORPORA)",
            place.display()
        );
    }
    place.is_dir().then_some(place)
}

/// Files of a packed suite, by path.
fn unpack(archive: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let file = std::fs::File::open(corpora()?.join("wasm-suites").join(archive)).unwrap();
    let mut decoder = zstd::Decoder::new(file).unwrap();
    decoder.window_log_max(27).unwrap();
    let mut files = Vec::new();
    for entry in tar::Archive::new(decoder).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        files.push((path, bytes));
    }
    files.sort();
    Some(files)
}

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
