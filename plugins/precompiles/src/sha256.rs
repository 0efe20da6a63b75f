//! 0x02 SHA2-256.
//!
//! Spec: Yellow Paper, appendix E.1; FIPS 180-4.

use crate::{Revision, halt::Halt, words};
use sha2::{Digest, Sha256};

/// Price of a call with empty input.
const BASE_GAS: u64 = 60;
/// Price of each started 32-byte word.
const WORD_GAS: u64 = 12;

pub(crate) fn gas(input: &[u8], _revision: Revision) -> u64 {
    words::gas(input.len(), BASE_GAS, WORD_GAS)
}

#[allow(clippy::unnecessary_wraps)]
pub(crate) fn run(input: &[u8], _revision: Revision, output: &mut Vec<u8>) -> Result<(), Halt> {
    words::push(output, &Sha256::digest(input));
    Ok(())
}
