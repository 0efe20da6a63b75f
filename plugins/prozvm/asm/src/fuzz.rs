//! The body of the fuzz target for the text form.

use proz_prozvm_core::{SyscallTable, VmConfig, verify};

use crate::{assemble, disassemble};

/// Assembles bytes as text and checks what must hold for every program that comes out and verifies.
///
/// # Panics
///
/// When the text of a verified program does not assemble to the same program: a defect of this crate.
#[allow(clippy::panic)]
pub fn fuzz_text(bytes: &[u8], syscalls: &SyscallTable) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(program) = assemble(text, syscalls) else {
        return;
    };
    let Ok(verified) = verify(program, &VmConfig::default(), syscalls) else {
        return;
    };
    let written = disassemble(verified.program());
    match assemble(&written, syscalls) {
        Ok(again) => assert_eq!(&again, verified.program(), "{written}"),
        Err(error) => panic!("{error} in\n{written}"),
    }
}
