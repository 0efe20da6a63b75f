//! An entry as the plugin interface sees it.

use crate::{Entry, Revision, halt::Halt};
use proz_sdk::{
    Address, ExecutionContext, FrameResult, Host, Precompile, StatusCode, VmError, VmErrorCode,
};

impl Precompile for Entry {
    fn name(&self) -> &str {
        self.name()
    }

    fn address(&self) -> Address {
        let mut address = [0; 20];
        address[12..].copy_from_slice(&self.address().to_be_bytes());
        Address(address)
    }

    fn active_from(&self) -> Revision {
        self.from()
    }

    fn active_until(&self) -> Option<Revision> {
        self.until()
    }

    fn gas_cost(&self, input: &[u8], revision: Revision) -> u64 {
        self.gas(input, revision)
    }

    fn run(
        &self,
        input: &[u8],
        gas_left: u64,
        context: &ExecutionContext<'_>,
        _host: &mut Host<'_>,
    ) -> Result<FrameResult, VmError> {
        require_memory(input.len())?;
        let mut output = Vec::new();
        Ok(match self.run_paid(input, context.revision, &mut output) {
            Ok(()) => FrameResult::success(gas_left, output.into()),
            Err(halt) => FrameResult::halt(status(halt)),
        })
    }
}

/// Inputs from this size on are asked for before they are worked on, in bytes.
const LARGE_INPUT_BYTES: usize = 64 * 1024;

/// Fails when the machine lacks memory for an input that has been paid for: what is computed takes a
/// few times its size at most, and a failing allocation would end the process.
fn require_memory(input_bytes: usize) -> Result<(), VmError> {
    if input_bytes < LARGE_INPUT_BYTES {
        return Ok(());
    }
    let mut room = Vec::<u8>::new();
    room.try_reserve_exact(input_bytes.saturating_mul(3))
        .map_err(|_| {
            let message = format!("the system has no memory for an input of {input_bytes} bytes");
            VmError::new(VmErrorCode::RESOURCES, message)
        })
}

fn status(halt: Halt) -> StatusCode {
    match halt {
        Halt::OutOfGas { .. } => StatusCode::OUT_OF_GAS,
        _ => StatusCode::PRECOMPILE_FAILURE,
    }
}
