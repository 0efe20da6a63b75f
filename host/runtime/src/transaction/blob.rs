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
    /// Most blobs in one block.
    pub max_per_block: u64,
    /// Blobs of a block that leave the blob base fee as it is.
    pub target_per_block: u64,
    /// Execution gas per blob below whose price the blob base fee does not fall further; zero
    /// before Osaka. Spec: EIP-7918, BLOB_BASE_COST.
    pub reserve_gas: u64,
    /// Divisor of the exponent of the blob base fee.
    pub update_fraction: u64,
    /// Least blob base fee, in wei per blob gas.
    pub min_base_fee: u64,
}

impl BlobParams {
    /// Ethereum's parameters at a revision.
    #[must_use]
    pub const fn at(revision: Revision) -> Self {
        let cancun = Self {
            max_per_transaction: 6,
            max_per_block: 6,
            target_per_block: 3,
            reserve_gas: 0,
            update_fraction: 3_338_477,
            min_base_fee: 1,
        };
        // Spec: EIP-7691.
        let prague = Self {
            max_per_transaction: 9,
            max_per_block: 9,
            target_per_block: 6,
            update_fraction: 5_007_716,
            ..cancun
        };
        if revision.enables(Revision::Osaka) {
            Self {
                // Spec: EIP-7594.
                max_per_transaction: 6,
                reserve_gas: 1 << 13,
                ..prague
            }
        } else if revision.enables(Revision::Prague) {
            prague
        } else {
            cancun
        }
    }

    /// Excess blob gas of a block: of its parent are given excess and used blob gas, and its base
    /// fee in wei per gas. These are the parameters of the block itself.
    ///
    /// Spec: EIP-4844, calc_excess_blob_gas; EIP-7918.
    #[must_use]
    pub fn next_excess(&self, excess: u64, blob_gas_used: u64, base_fee: U256) -> u64 {
        let target = self.target_per_block.saturating_mul(GAS_PER_BLOB);
        let sum = excess.saturating_add(blob_gas_used);
        if sum < target {
            return 0;
        }
        let reserve = U256::from(self.reserve_gas).saturating_mul(base_fee);
        if reserve > U256::from(GAS_PER_BLOB).saturating_mul(self.base_fee(excess)) {
            let above = self.max_per_block.saturating_sub(self.target_per_block);
            // A share of what was used: it fits where that did.
            let share = u128::from(blob_gas_used) * u128::from(above)
                / u128::from(self.max_per_block.max(1));
            return excess.saturating_add(u64::try_from(share).unwrap_or(u64::MAX));
        }
        sum - target
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
    use alloy_eips::eip7840;

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
    fn excess_moves_as_alloys_does() {
        for (revision, theirs) in [
            (Revision::Cancun, eip7840::BlobParams::cancun()),
            (Revision::Prague, eip7840::BlobParams::prague()),
            (Revision::Osaka, eip7840::BlobParams::osaka()),
        ] {
            let ours = BlobParams::at(revision);
            assert_eq!(ours.max_per_block, theirs.max_blob_count);
            assert_eq!(ours.max_per_transaction as u64, theirs.max_blobs_per_tx);
            for excess in [0, 1, 393_215, 393_216, 786_432, 5_000_000, 80_000_000] {
                for blobs in 0..=ours.max_per_block {
                    for base_fee in [0, 7, 16, 17, 1_000, 30_000_000_000] {
                        let used = blobs * GAS_PER_BLOB;
                        let expected =
                            theirs.next_block_excess_blob_gas_osaka(excess, used, base_fee);
                        let found = ours.next_excess(excess, used, U256::from(base_fee));
                        assert_eq!(found, expected, "{revision} {excess} {blobs} {base_fee}");
                    }
                }
            }
        }
    }

    /// The reserve price holds the excess up where execution is dear. Spec: EIP-7918.
    #[test]
    fn a_reserve_price_keeps_the_excess_from_falling() {
        let (prague, osaka) = (
            BlobParams::at(Revision::Prague),
            BlobParams::at(Revision::Osaka),
        );
        let used = 3 * GAS_PER_BLOB;
        let fall = |params: BlobParams, fee: u64| {
            params.next_excess(10 * GAS_PER_BLOB, used, U256::from(fee))
        };
        assert_eq!(fall(prague, 1_000), 7 * GAS_PER_BLOB);
        assert_eq!(fall(osaka, 1_000), 11 * GAS_PER_BLOB);
        assert_eq!(fall(osaka, 1), 7 * GAS_PER_BLOB);
        assert_eq!(osaka.next_excess(u64::MAX, u64::MAX, U256::MAX), u64::MAX);
    }

    #[test]
    fn an_absurd_excess_ends() {
        assert!(BlobParams::at(Revision::Cancun).base_fee(u64::MAX) > U256::from(u128::MAX));
    }
}
