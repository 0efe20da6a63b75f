//! Contracts written in Rhai: an example of how an existing interpreter becomes a virtual machine.
//!
//! What it takes: every operation is metered through the interpreter's progress callback, every
//! growth is bounded, whatever depends on more than the message (clocks, floats, hash order) is
//! left out, and the script reaches the host by functions of its own. `README.md` lists them.

mod abi;
mod bytes;
mod engine;
mod frame;
mod functions;
mod scripts;
#[cfg(test)]
mod tests;
mod word;

use frame::Frame;
use proz_sdk::{
    ExecutionContext, FrameResult, Host, Revision, VirtualMachine, VmError, VmErrorCode,
};
use rhai::Engine;
use scripts::Scripts;

/// What an operator may change, in the manifest's `[config]` or in the host's options. Consensus
/// data: every node of a chain sets the same.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Gas of one operation of the interpreter.
    pub gas_per_operation: u64,
    /// Compiled scripts that are kept.
    pub cached_scripts: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            gas_per_operation: 100,
            cached_scripts: 64,
        }
    }
}

/// The machine: one interpreter for all threads, and the scripts that it has compiled.
pub struct ScriptVm {
    config: Config,
    engine: Engine,
    scripts: Scripts,
}

impl ScriptVm {
    /// Checks the configuration and builds the interpreter.
    ///
    /// # Errors
    ///
    /// `INVALID_CONFIGURATION` for operations without a price, since then a loop never ends.
    pub fn new(config: Config) -> Result<Self, VmError> {
        if config.gas_per_operation == 0 {
            let message = "`gas_per_operation` is 0, expected at least 1";
            return Err(VmError::new(VmErrorCode::INVALID_CONFIGURATION, message));
        }
        Ok(Self {
            scripts: Scripts::new(config.cached_scripts),
            engine: engine::new(),
            config,
        })
    }
}

impl VirtualMachine for ScriptVm {
    fn execute(
        &self,
        code: &[u8],
        context: &ExecutionContext<'_>,
        host: &mut Host<'_>,
    ) -> Result<FrameResult, VmError> {
        if context.revision > Revision::LATEST || context.message.kind.name().is_none() {
            let message = "expected a revision and a message kind of this release";
            return Err(VmError::new(VmErrorCode::UNSUPPORTED, message));
        }
        Frame::new(context, host, self.config.gas_per_operation).run(
            &self.engine,
            &self.scripts,
            code,
        )
    }

    fn validate_code(&self, code: &[u8]) -> Result<(), VmError> {
        scripts::compile(&self.engine, code)
            .map(drop)
            .map_err(|message| VmError::new(VmErrorCode::INVALID_CODE, message))
    }

    /// The interpreter recurses on the native stack: its limits of nesting keep within this.
    fn native_stack_bytes(&self) -> u64 {
        2 * 1024 * 1024
    }
}

proz_sdk::export_vm! {
    id: "script-vm",
    vm_type: "script",
    version: env!("CARGO_PKG_VERSION"),
    features: "calls,rhai",
    create: |config: Config, _host| ScriptVm::new(config),
}
