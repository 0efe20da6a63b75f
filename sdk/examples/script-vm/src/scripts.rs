//! From source text to a compiled script: what is refused, and what is kept.

use proz_sdk::B256;
use rhai::{AST, Engine};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

/// Longest source text in bytes.
const MAX_SOURCE_BYTES: usize = 64 * 1024;
/// The function that serves calls; every script has it.
pub(crate) const MAIN: &str = "main";
/// The function that runs once, at deployment; a script may have it.
pub(crate) const INIT: &str = "init";

/// Compiles source text.
///
/// Says what is wrong and where, for whoever deploys it.
pub(crate) fn compile(engine: &Engine, code: &[u8]) -> Result<AST, String> {
    if code.len() > MAX_SOURCE_BYTES {
        let found = code.len();
        return Err(format!(
            "expected a script of at most {MAX_SOURCE_BYTES} bytes, found {found}"
        ));
    }
    let source = std::str::from_utf8(code).map_err(|error| {
        format!(
            "expected UTF-8 text, found a byte that is none at {}",
            error.valid_up_to()
        )
    })?;
    let script = engine.compile(source).map_err(|error| error.to_string())?;
    if !has(&script, MAIN) {
        return Err("expected a function `main()` without parameters, found none".to_owned());
    }
    Ok(script)
}

/// Whether a script has a function of this name without parameters.
pub(crate) fn has(script: &AST, name: &str) -> bool {
    script
        .iter_functions()
        .any(|function| function.name == name && function.params.is_empty())
}

/// The scripts compiled last, by the hash of their code.
pub(crate) struct Scripts {
    capacity: usize,
    kept: Mutex<VecDeque<(B256, Arc<AST>)>>,
}

impl Scripts {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            kept: Mutex::default(),
        }
    }

    /// The compiled script, from the cache where it is there. A hash of zero names no code.
    pub(crate) fn get(&self, engine: &Engine, hash: B256, code: &[u8]) -> Result<Arc<AST>, String> {
        let lock = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, script)) = lock()
            .iter()
            .find(|(of, _)| *of == hash && hash != B256::default())
        {
            return Ok(script.clone());
        }
        // Compiled without the lock: others go on meanwhile.
        let script = Arc::new(compile(engine, code)?);
        let mut kept = lock();
        if hash != B256::default() {
            kept.push_front((hash, script.clone()));
            kept.truncate(self.capacity);
        }
        Ok(script)
    }
}
