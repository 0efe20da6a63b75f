//! 0x03 RIPEMD-160: the digest, left-padded to a word.
//!
//! Spec: Yellow Paper, appendix E.1; Dobbertin, Bosselaers, Preneel 1996.

mod interleaved;

use crate::{Revision, halt::Halt, words};
use ripemd::{Digest, Ripemd160};

/// Price of a call with empty input.
const BASE_GAS: u64 = 600;
/// Price of each started 32-byte word.
const WORD_GAS: u64 = 120;

pub(crate) fn gas(input: &[u8], _revision: Revision) -> u64 {
    words::gas(input.len(), BASE_GAS, WORD_GAS)
}

/// RIPEMD-160 on the crate ripemd.
#[allow(clippy::unnecessary_wraps)]
pub(crate) fn run_ripemd(
    input: &[u8],
    _revision: Revision,
    output: &mut Vec<u8>,
) -> Result<(), Halt> {
    words::push_short(output, &Ripemd160::digest(input).into());
    Ok(())
}

/// RIPEMD-160 with both lines of the compression function in step.
#[allow(clippy::unnecessary_wraps)]
pub(crate) fn run_interleaved(
    input: &[u8],
    _revision: Revision,
    output: &mut Vec<u8>,
) -> Result<(), Halt> {
    words::push_short(output, &interleaved::digest(input));
    Ok(())
}
