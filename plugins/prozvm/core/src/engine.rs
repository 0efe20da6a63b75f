//! A program ready to run on the tier that its configuration asks for.

use std::sync::Arc;

use crate::call::{Call, CallError};
use crate::config::Tier;
use crate::outcome::RunResult;
use crate::reference::Reference;
use crate::syscalls::Syscalls;
use crate::threaded::Prepared;
use crate::verify::Verified;

/// Runs one program, on the tier chosen by [`OptimizationConfig::tier`](crate::OptimizationConfig::tier).
///
/// Spec: C-5.
#[derive(Debug)]
pub struct Engine {
    program: Arc<Verified>,
    prepared: Option<Prepared>,
}

impl Engine {
    /// Prepares a program.
    pub fn new(program: Arc<Verified>) -> Self {
        let prepared = match program.config().optimization.tier {
            Tier::Reference => None,
            Tier::Interpreter | Tier::Auto => Some(Prepared::new(Arc::clone(&program))),
        };
        Self { program, prepared }
    }

    /// The program.
    pub fn program(&self) -> &Arc<Verified> {
        &self.program
    }

    /// The tier that runs it; never [`Tier::Auto`].
    pub fn tier(&self) -> Tier {
        match self.prepared {
            Some(_) => Tier::Interpreter,
            None => Tier::Reference,
        }
    }

    /// Bytes that the prepared form takes, for caches that keep to
    /// [`code_cache_bytes`](crate::OptimizationConfig::code_cache_bytes).
    pub fn size_bytes(&self) -> usize {
        self.prepared.as_ref().map_or(0, Prepared::size_bytes)
    }

    /// Runs a function to its end.
    ///
    /// # Errors
    ///
    /// [`CallError`] when the call does not fit the program.
    pub fn run(
        &self,
        call: &Call<'_>,
        syscalls: &mut dyn Syscalls,
    ) -> Result<RunResult, CallError> {
        match &self.prepared {
            Some(prepared) => prepared.run(call, syscalls),
            None => Ok(Reference::new(&self.program, call)?.run(syscalls)),
        }
    }
}
