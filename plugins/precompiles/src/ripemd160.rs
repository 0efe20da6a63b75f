//! 0x03 RIPEMD-160: the digest, left-padded to a word.
//!
//! Spec: Yellow Paper, appendix E.1; Dobbertin, Bosselaers, Preneel 1996.

use crate::{Revision, halt::Halt, words};
use ripemd::{Digest, Ripemd160};

/// Price of a call with empty input.
const BASE_GAS: u64 = 600;
/// Price of each started 32-byte word.
const WORD_GAS: u64 = 120;

pub(crate) fn gas(input: &[u8], _revision: Revision) -> u64 {
    words::gas(input.len(), BASE_GAS, WORD_GAS)
}

#[allow(clippy::unnecessary_wraps)]
pub(crate) fn run(input: &[u8], _revision: Revision, output: &mut Vec<u8>) -> Result<(), Halt> {
    output.extend_from_slice(&[0; 12]);
    output.extend_from_slice(&Ripemd160::digest(input));
    Ok(())
}
