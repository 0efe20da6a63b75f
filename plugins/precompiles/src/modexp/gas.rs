//! MODEXP's price under every revision.
//!
//! Spec: EIP-198 (Byzantium), EIP-2565 (Berlin), EIP-7883 (Osaka). Products are taken in 128 bits
//! and saturate there: whatever exceeds 128 bits exceeds 64 after the division too.

use super::header::Header;
use crate::Revision;

/// The rules of one repricing.
struct Pricing {
    /// Complexity of one multiplication of operands of that many bytes.
    complexity: fn(u128) -> u128,
    /// Iterations for each exponent byte beyond the 32nd.
    tail_iterations: u128,
    divisor: u128,
    minimum: u128,
}

const BYZANTIUM: Pricing = Pricing {
    complexity: |x| match x {
        0..=64 => x * x,
        65..=1_024 => x * x / 4 + 96 * x - 3_072,
        _ => x * x / 16 + 480 * x - 199_680,
    },
    tail_iterations: 8,
    divisor: 20,
    minimum: 0,
};

const BERLIN: Pricing = Pricing {
    complexity: |x| x.div_ceil(8) * x.div_ceil(8),
    tail_iterations: 8,
    divisor: 3,
    minimum: 200,
};

const OSAKA: Pricing = Pricing {
    complexity: |x| match x {
        0..=32 => 16,
        _ => 2 * x.div_ceil(8) * x.div_ceil(8),
    },
    tail_iterations: 16,
    divisor: 1,
    minimum: 500,
};

impl Pricing {
    const fn at(revision: Revision) -> &'static Self {
        if revision.0 >= Revision::Osaka.0 {
            &OSAKA
        } else if revision.0 >= Revision::Berlin.0 {
            &BERLIN
        } else {
            &BYZANTIUM
        }
    }
}

/// Returns the price of an input with that header.
pub(super) fn price(header: &Header, input: &[u8], revision: Revision) -> u64 {
    let pricing = Pricing::at(revision);
    // At most 2^64 - 1, so every complexity stays below 2^124.
    let longest = u128::from(header.base_length.max(header.modulus_length));
    let complexity = (pricing.complexity)(longest);
    let head = u128::from(header.exponent_head_bits(input).saturating_sub(1));
    let tail = u128::from(header.exponent_length.saturating_sub(32)) * pricing.tail_iterations;
    let iterations = (head + tail).max(1);
    let gas = complexity.saturating_mul(iterations) / pricing.divisor;
    u64::try_from(gas.max(pricing.minimum)).unwrap_or(u64::MAX)
}
