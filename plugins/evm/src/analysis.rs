//! Finds the jump destinations of code.

use revm_interpreter::{bytecode::Bytecode, primitives::Bytes};

/// Analyses code: marks its jump destinations and pads it so that no instruction reads past it.
pub(crate) fn analyse(code: &[u8]) -> Bytecode {
    Bytecode::new_legacy(Bytes::copy_from_slice(code))
}
