//! A program ready to run on the tier that its configuration asks for.

use std::sync::{Arc, OnceLock};

use crate::call::{Call, CallError};
use crate::config::Tier;
use crate::outcome::RunResult;
use crate::reference::Reference;
use crate::syscalls::Syscalls;
use crate::threaded::Prepared;
use crate::verify::Verified;

/// Runs one program, on the tier chosen by [`OptimizationConfig::tier`](crate::OptimizationConfig::tier).
///
/// Until it is translated it runs on the reference interpreter, with the same results.
///
/// Spec: C-5.
#[derive(Debug)]
pub struct Engine {
    program: Arc<Verified>,
    /// `None` inside when the program cannot be translated.
    prepared: OnceLock<Option<Prepared>>,
}

impl Engine {
    /// Takes a program, without preparing it.
    pub const fn new(program: Arc<Verified>) -> Self {
        Self {
            program,
            prepared: OnceLock::new(),
        }
    }

    /// The program.
    pub const fn program(&self) -> &Arc<Verified> {
        &self.program
    }

    /// The tier that runs it; never [`Tier::Auto`].
    pub fn tier(&self) -> Tier {
        match self.prepared.get() {
            Some(Some(_)) => Tier::Interpreter,
            _ => Tier::Reference,
        }
    }

    /// Whether [`translate`](Self::translate) has something to do.
    pub fn is_untranslated(&self) -> bool {
        self.program.config().optimization.tier != Tier::Reference && self.prepared.get().is_none()
    }

    /// Translates for the threaded interpreter, once, if the configuration allows it; proves first what has not been
    /// [proven](Verified::is_proven).
    pub fn translate(&self) {
        if self.is_untranslated() {
            self.prepared
                .get_or_init(|| Prepared::unfused(Arc::clone(&self.program)));
        }
    }

    /// Whether [`fuse`](Self::fuse) has something to do.
    pub fn is_unfused(&self) -> bool {
        let prepared = self.prepared.get().and_then(Option::as_ref);
        prepared.is_some_and(|prepared| !prepared.is_fused())
    }

    /// Fuses what is translated, once, if the configuration allows it; the program may be running.
    pub fn fuse(&self) {
        if let Some(Some(prepared)) = self.prepared.get() {
            prepared.fuse();
        }
    }

    /// Bytes that the translated form takes, whether it is there or not.
    pub fn size_bytes(&self) -> usize {
        if self.program.config().optimization.tier == Tier::Reference {
            return 0;
        }
        Prepared::size_of(&self.program)
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
        match self.prepared.get() {
            Some(Some(prepared)) => prepared.run(call, syscalls),
            _ => Ok(Reference::new(&self.program, call)?.run(syscalls)),
        }
    }
}
