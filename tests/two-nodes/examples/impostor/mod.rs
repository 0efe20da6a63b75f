//! A machine that is installed on some nodes and scheduled on none: what it runs shows at once.

use proz_sdk::{ExecutionContext, FrameResult, Host, StatusCode, VirtualMachine, VmError};

/// Takes any code for its own and returns one byte for seven gas.
pub(crate) struct Impostor;

impl VirtualMachine for Impostor {
    fn execute(
        &self,
        _code: &[u8],
        context: &ExecutionContext<'_>,
        _host: &mut Host<'_>,
    ) -> Result<FrameResult, VmError> {
        Ok(match context.message.gas_limit.checked_sub(7) {
            Some(gas_left) => FrameResult::success(gas_left, b"!".as_slice().into()),
            None => FrameResult::halt(StatusCode::OUT_OF_GAS),
        })
    }

    fn validate_code(&self, _code: &[u8]) -> Result<(), VmError> {
        Ok(())
    }
}

/// Exports the machine under an id, a VM type and a version.
macro_rules! impostor {
    ($id:literal, $vm_type:expr, $version:literal, $features:literal) => {
        proz_sdk::export_vm! {
            id: $id,
            vm_type: $vm_type,
            version: $version,
            features: $features,
            create: |_any: serde::de::IgnoredAny, _host| Ok($crate::impostor::Impostor),
        }
    };
}
pub(crate) use impostor;
