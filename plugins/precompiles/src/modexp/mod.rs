//! 0x05 MODEXP: `base ^ exponent mod modulus` on integers of any length.
//!
//! The input is read as if it went on with zeros for ever. Whatever the header announces, memory
//! follows what was paid for: exponents are never padded out, the other operands are limited.
//!
//! Spec: EIP-198, EIP-2565, EIP-7823, EIP-7883.

mod aurora;
mod division;
mod fastest;
mod gas;
mod header;
mod limbs;
mod montgomery;
mod power_of_two;
mod short;

use crate::{Revision, halt::Halt};
use header::Header;

/// Largest base or modulus in bytes before Osaka.
///
/// No rule names a limit there, but the cheapest such call costs 8.8e11 gas (EIP-198 pricing),
/// which is more than ten thousand Ethereum blocks hold.
const MAX_OPERAND_BYTES: u64 = 1 << 24;
/// Largest operand of any kind in bytes from Osaka on (EIP-7823).
const MAX_OPERAND_BYTES_OSAKA: u64 = 1_024;
/// Trailing zero bytes of the exponent that one pass works off.
const EXPONENT_STRIDE: usize = 4_096;

/// Computes `base ^ exponent mod modulus`; all big-endian, `modulus` above one and without leading
/// zeros, the result without any set length.
type Power = fn(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Vec<u8>;

pub(crate) fn gas(input: &[u8], revision: Revision) -> u64 {
    gas::price(&Header::parse(input), input, revision)
}

/// MODEXP on aurora-engine-modexp.
pub(crate) fn run_aurora(
    input: &[u8],
    revision: Revision,
    output: &mut Vec<u8>,
) -> Result<(), Halt> {
    run(input, revision, output, aurora::power)
}

/// MODEXP by the fastest way for each size and shape.
pub(crate) fn run_fastest(
    input: &[u8],
    revision: Revision,
    output: &mut Vec<u8>,
) -> Result<(), Halt> {
    run(input, revision, output, fastest::power)
}

fn run(input: &[u8], revision: Revision, output: &mut Vec<u8>, power: Power) -> Result<(), Halt> {
    let header = Header::parse(input);
    check_lengths(&header, revision)?;
    let modulus_length = usize::try_from(header.modulus_length).unwrap_or(usize::MAX);
    if modulus_length == 0 {
        return Ok(());
    }

    let modulus = header.modulus(input);
    let modulus = strip_leading_zeros(&modulus);
    let result = match modulus {
        [] | [1] => Vec::new(),
        modulus => {
            let (exponent, trailing_zeros) = header.exponent(input);
            let exponent = strip_leading_zeros(exponent);
            let base = header.base(input);
            raise(
                strip_leading_zeros(&base),
                exponent,
                trailing_zeros,
                modulus,
                power,
            )
        }
    };

    let result = strip_leading_zeros(&result);
    output.resize(modulus_length - result.len(), 0);
    output.extend_from_slice(result);
    Ok(())
}

/// Raises `base` to the exponent that consists of `exponent` and then `trailing_zeros` zero bytes.
fn raise(
    base: &[u8],
    exponent: &[u8],
    mut trailing_zeros: u64,
    modulus: &[u8],
    power: Power,
) -> Vec<u8> {
    if exponent.is_empty() {
        return vec![1];
    }
    if base.is_empty() {
        return Vec::new();
    }
    let mut result = power(base, exponent, modulus);
    while trailing_zeros > 0 {
        // 0 and 1 are fixed points of every further power.
        if matches!(strip_leading_zeros(&result), [] | [1]) {
            break;
        }
        let stride = usize::try_from(trailing_zeros)
            .map_or(EXPONENT_STRIDE, |left| left.min(EXPONENT_STRIDE));
        let mut shift = vec![0; stride + 1];
        shift[0] = 1;
        result = power(&result, &shift, modulus);
        trailing_zeros -= stride as u64;
    }
    result
}

fn check_lengths(header: &Header, revision: Revision) -> Result<(), Halt> {
    let check = |found: u64, limit: u64| match found <= limit {
        true => Ok(()),
        false => Err(Halt::OperandLength { limit, found }),
    };
    if revision >= Revision::Osaka {
        check(header.exponent_length, MAX_OPERAND_BYTES_OSAKA)?;
        check(header.base_length, MAX_OPERAND_BYTES_OSAKA)?;
        check(header.modulus_length, MAX_OPERAND_BYTES_OSAKA)
    } else {
        check(header.base_length, MAX_OPERAND_BYTES)?;
        check(header.modulus_length, MAX_OPERAND_BYTES)
    }
}

fn strip_leading_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

#[cfg(test)]
mod tests;
