//! Addresses, hashes and 256-bit words.

use abi_stable::StableAbi;

/// A 20-byte account address, big-endian as Ethereum writes it.
#[repr(transparent)]
#[derive(StableAbi, Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address(pub [u8; 20]);

/// A 32-byte hash, big-endian.
#[repr(transparent)]
#[derive(StableAbi, Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct B256(pub [u8; 32]);

/// An unsigned 256-bit number as four 64-bit limbs, least significant first.
///
/// Limbs rather than bytes: a word written as four u64 and read as four u64 forwards from the
/// store buffer; bytes written one by one and read as words stall for some 8 ns.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Word(pub [u64; 4]);

impl Word {
    /// Zero.
    pub const ZERO: Self = Self([0; 4]);

    /// The number as 32 big-endian bytes.
    #[must_use]
    #[inline]
    pub fn to_be_bytes(self) -> [u8; 32] {
        let mut out = [0; 32];
        for (chunk, limb) in out.chunks_exact_mut(8).zip(self.0.iter().rev()) {
            chunk.copy_from_slice(&limb.to_be_bytes());
        }
        out
    }

    /// Reads 32 big-endian bytes.
    #[must_use]
    #[inline]
    pub fn from_be_bytes(bytes: [u8; 32]) -> Self {
        let mut limbs = [0; 4];
        for (chunk, limb) in bytes.chunks_exact(8).zip(limbs.iter_mut().rev()) {
            let mut eight = [0; 8];
            eight.copy_from_slice(chunk);
            *limb = u64::from_be_bytes(eight);
        }
        Self(limbs)
    }

    /// Whether the number is zero.
    #[must_use]
    pub const fn is_zero(&self) -> bool {
        self.0[0] | self.0[1] | self.0[2] | self.0[3] == 0
    }
}

impl From<u64> for Word {
    fn from(value: u64) -> Self {
        Self([value, 0, 0, 0])
    }
}

#[cfg(feature = "alloy-primitives")]
mod alloy {
    use super::{Address, B256, Word};

    impl From<alloy_primitives::Address> for Address {
        #[inline]
        fn from(value: alloy_primitives::Address) -> Self {
            Self(value.0.0)
        }
    }

    impl From<Address> for alloy_primitives::Address {
        #[inline]
        fn from(value: Address) -> Self {
            Self::new(value.0)
        }
    }

    impl From<alloy_primitives::B256> for B256 {
        #[inline]
        fn from(value: alloy_primitives::B256) -> Self {
            Self(value.0)
        }
    }

    impl From<B256> for alloy_primitives::B256 {
        #[inline]
        fn from(value: B256) -> Self {
            Self::new(value.0)
        }
    }

    impl From<alloy_primitives::U256> for Word {
        #[inline]
        fn from(value: alloy_primitives::U256) -> Self {
            Self(value.into_limbs())
        }
    }

    impl Word {
        /// The same number in alloy's type, whose inherent `from` hides the trait's.
        #[inline]
        #[must_use]
        pub const fn to_u256(self) -> alloy_primitives::U256 {
            alloy_primitives::U256::from_limbs(self.0)
        }
    }

    impl From<Word> for alloy_primitives::U256 {
        #[inline]
        fn from(value: Word) -> Self {
            value.to_u256()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip_through_big_endian_bytes() {
        let mut bytes = [0; 32];
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = i as u8;
        }
        assert_eq!(Word::from_be_bytes(bytes).to_be_bytes(), bytes);
        assert_eq!(Word::from(7).to_be_bytes()[31], 7);
    }
}
