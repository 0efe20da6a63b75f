//! Blobs: limits per revision and the blob base fee. Spec: EIP-4844, EIP-7691, EIP-7594, EIP-7918.

use alloy_primitives::U256;
use proz_interface::v1::Revision;

/// Gas of one blob. Spec: EIP-4844.
pub(crate) const GAS_PER_BLOB: u64 = 1 << 17;

/// Version byte of a blob hash. Spec: EIP-4844.
pub(crate) const HASH_VERSION: u8 = 1;

/// What a chain allows and charges for blobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobParams {
    /// Most blobs in one transaction.
    pub max_per_transaction: usize,
    /// Divisor of the exponent of the blob base fee.
    pub update_fraction: u64,
    /// Least blob base fee, in wei per blob gas.
    pub min_base_fee: u64,
}

impl BlobParams {
    /// Ethereum's parameters at a revision.
    #[must_use]
    pub const fn at(revision: Revision) -> Self {
        let (max_per_transaction, update_fraction) = if revision.enables(Revision::Osaka) {
            // Spec: EIP-7594 limits a transaction to six blobs.
            (6, 5_007_716)
        } else if revision.enables(Revision::Prague) {
            (9, 5_007_716)
        } else {
            (6, 3_338_477)
        };
        Self {
            max_per_transaction,
            update_fraction,
            min_base_fee: 1,
        }
    }

    /// Blob base fee of a block with the given excess blob gas, in wei per blob gas.
    #[must_use]
    pub fn base_fee(&self, excess_blob_gas: u64) -> U256 {
        fake_exponential(self.min_base_fee, excess_blob_gas, self.update_fraction)
    }
}

/// Approximates `factor * e ** (numerator / denominator)`. Spec: EIP-4844, helpers.
fn fake_exponential(factor: u64, numerator: u64, denominator: u64) -> U256 {
    let (numerator, denominator) = (U256::from(numerator), U256::from(denominator));
    let mut term = U256::from(factor) * denominator;
    let (mut sum, mut i) = (U256::ZERO, U256::ONE);
    while !term.is_zero() {
        sum = sum.saturating_add(term);
        // An excess this large prices blobs above every balance; the exact fee does not matter.
        let Some(product) = term.checked_mul(numerator) else {
            return U256::MAX / denominator;
        };
        term = product / (denominator * i);
        i += U256::ONE;
    }
    sum / denominator
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of the execution-spec tests for EIP-4844.
    #[test]
    fn base_fee_grows_exponentially() {
        let cancun = BlobParams::at(Revision::Cancun);
        for (excess, fee) in [
            (0, 1u64),
            (2_314_057, 1),
            (2_314_058, 2),
            (10 * 1024 * 1024, 23),
        ] {
            assert_eq!(cancun.base_fee(excess), U256::from(fee), "{excess}");
        }
    }

    #[test]
    fn an_absurd_excess_ends() {
        assert!(BlobParams::at(Revision::Cancun).base_fee(u64::MAX) > U256::from(u128::MAX));
    }
}
