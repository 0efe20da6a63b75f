//! An entry as the plugin interface sees it.

use crate::{Entry, Revision, halt::Halt};
use proz_sdk::{Address, ExecutionContext, FrameResult, Host, Precompile, StatusCode, VmError};

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
        let mut output = Vec::new();
        Ok(match self.run_paid(input, context.revision, &mut output) {
            Ok(()) => FrameResult::success(gas_left, output.into()),
            Err(halt) => FrameResult::halt(status(halt)),
        })
    }
}

fn status(halt: Halt) -> StatusCode {
    match halt {
        Halt::OutOfGas { .. } => StatusCode::OUT_OF_GAS,
        _ => StatusCode::PRECOMPILE_FAILURE,
    }
}
