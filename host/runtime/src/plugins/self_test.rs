//! What a plugin must survive before it may serve: malformed code and empty input.

use super::{FactoryError, Generation};
use proz_interface::abi_stable::std_types::RSlice;
use proz_interface::v1::{Revision, VmError, VmErrorCode};

/// Code that no VM can take for its own but each must judge without a fault.
const SAMPLES: [&[u8]; 5] = [
    &[],
    &[0x00],
    &[0xff; 64],
    b"\0asm\x01\0\0\0\xff",
    b"PZ64\xff\xff\xff\xff",
];

impl Generation {
    /// Judges samples of code, and prices an empty input; neither may fault.
    pub(crate) fn self_test(&self) -> Result<(), FactoryError> {
        let failed = |reason: String| FactoryError::SelfTest {
            id: self.identity.id.to_string(),
            version: self.identity.version.to_string(),
            reason,
        };
        if let Some(machine) = &self.machine {
            for sample in SAMPLES {
                let verdict = machine.vm.validate_code(RSlice::from_slice(sample));
                if let Err(error) = Result::<(), VmError>::from(verdict)
                    && (error.code().is_fault() || error.code() == VmErrorCode::HOST)
                {
                    return Err(failed(format!("validate_code: {error}")));
                }
            }
        }
        for entry in self.pack.iter().flat_map(|pack| &pack.precompiles) {
            if entry.code.gas_cost(RSlice::EMPTY, Revision::LATEST)
                != entry.code.gas_cost(RSlice::EMPTY, Revision::LATEST)
            {
                return Err(failed(format!("{} has no steady price", entry.name)));
            }
        }
        Ok(())
    }
}
