//! A small stack machine: an example of a plugin from outside the project.
//!
//! Words have 256 bits. There is no memory but one byte buffer, which programs append to and which becomes the input of
//! a call, the data of a log, or the output. There are no constructors: a creation only stores the code.
//! `README.md` lists the instructions.

mod code;
mod frame;
mod gas;
#[cfg(test)]
mod tests;
mod word;

use frame::{Frame, Stop};
use proz_sdk::{
    Buffer, ExecutionContext, FrameResult, Host, Revision, VirtualMachine, VmError, VmErrorCode,
};

/// What an operator may change, in the manifest's `[config]` or in the host's options.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Most items on the stack.
    pub max_stack_items: usize,
    /// Most bytes in the buffer.
    pub max_buffer_bytes: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_stack_items: 256,
            max_buffer_bytes: 1_048_576,
        }
    }
}

/// The machine: nothing but its configuration, since every frame begins afresh.
pub struct StackVm {
    config: Config,
}

impl StackVm {
    /// Checks the configuration.
    ///
    /// # Errors
    ///
    /// `INVALID_CONFIGURATION` for a stack without room.
    pub fn new(config: Config) -> Result<Self, VmError> {
        if config.max_stack_items == 0 {
            let message = "`max_stack_items` is 0, expected at least 1";
            return Err(VmError::new(VmErrorCode::INVALID_CONFIGURATION, message));
        }
        Ok(Self { config })
    }
}

impl VirtualMachine for StackVm {
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
        let gas_limit = context.message.gas_limit;
        if context.message.kind.is_create() {
            return Ok(FrameResult::success(gas_limit, Buffer::empty()));
        }
        match Frame::new(&self.config, context).run(code, host) {
            Ok(result) => Ok(result),
            Err(Stop::Halt(status)) => Ok(FrameResult::halt(status)),
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    fn validate_code(&self, code: &[u8]) -> Result<(), VmError> {
        code::validate(code)
    }
}

proz_sdk::export_vm! {
    id: "stack-vm",
    vm_type: "stack",
    version: env!("CARGO_PKG_VERSION"),
    features: "calls",
    create: |config: Config, _host| StackVm::new(config),
}
