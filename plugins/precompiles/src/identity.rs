//! 0x04 IDENTITY: returns its input.
//!
//! Spec: Yellow Paper, appendix E.1.

use crate::{Revision, halt::Halt, words};

/// Price of a call with empty input.
const BASE_GAS: u64 = 15;
/// Price of each started 32-byte word.
const WORD_GAS: u64 = 3;

pub(crate) fn gas(input: &[u8], _revision: Revision) -> u64 {
    words::gas(input.len(), BASE_GAS, WORD_GAS)
}

#[allow(clippy::unnecessary_wraps)]
pub(crate) fn run(input: &[u8], _revision: Revision, output: &mut Vec<u8>) -> Result<(), Halt> {
    words::push(output, input);
    Ok(())
}
