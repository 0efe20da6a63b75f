//! The payload of a container: code as it is, or compressed.
//!
//! LZ4's block format, since its reader is small, as fast on hostile input as on any other, and
//! makes at most what the length in front says. Which bytes unpack to what is consensus data, so
//! the reader is pinned exactly.

use std::borrow::Cow;

/// Bytes of the length in front of a compressed payload.
const LENGTH_BYTES: usize = 4;

/// Code of a VM as a container stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload<'a> {
    /// The code itself.
    Plain(&'a [u8]),
    /// Compressed code.
    Compressed {
        /// One LZ4 block.
        block: &'a [u8],
        /// Length of the code in bytes, as the container says.
        size_bytes: u32,
    },
}

/// Why a compressed payload cannot be unpacked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnpackError {
    /// There is more code than is allowed.
    #[error("the code has {found} bytes, at most {most_bytes} are allowed")]
    TooLarge {
        /// Bytes allowed.
        most_bytes: u64,
        /// Bytes that the container says.
        found: u64,
    },
    /// The block is damaged.
    #[error("the payload is no LZ4 block of {expected} bytes")]
    Damaged {
        /// Length that the container says.
        expected: u32,
    },
    /// The block makes fewer bytes than the container says.
    #[error("the payload unpacks to {found} bytes, the container says {expected}")]
    Length {
        /// Length that the container says.
        expected: u32,
        /// Bytes that came out.
        found: usize,
    },
}

impl<'a> Payload<'a> {
    /// Reads length and block; `None` when there is no whole length.
    pub(super) fn compressed(bytes: &'a [u8]) -> Option<Self> {
        let (length, block) = bytes.split_first_chunk::<LENGTH_BYTES>()?;
        Some(Self::Compressed {
            block,
            size_bytes: u32::from_be_bytes(*length),
        })
    }

    /// Length of the code in bytes, before anything is unpacked.
    #[must_use]
    pub const fn size_bytes(&self) -> usize {
        match self {
            Self::Plain(code) => code.len(),
            Self::Compressed { size_bytes, .. } => *size_bytes as usize,
        }
    }

    /// Whether it must be unpacked before it runs.
    #[must_use]
    pub const fn is_compressed(&self) -> bool {
        matches!(self, Self::Compressed { .. })
    }

    /// The code, if it has `most_bytes` at most. Takes memory and time in proportion to its size.
    ///
    /// # Errors
    ///
    /// [`UnpackError`].
    pub fn unpack(&self, most_bytes: u64) -> Result<Cow<'a, [u8]>, UnpackError> {
        let found = self.size_bytes() as u64;
        if found > most_bytes {
            return Err(UnpackError::TooLarge { most_bytes, found });
        }
        let (block, expected) = match *self {
            Self::Plain(code) => return Ok(Cow::Borrowed(code)),
            Self::Compressed { block, size_bytes } => (block, size_bytes),
        };
        let mut code = vec![0; expected as usize];
        let found = lz4_flex::block::decompress_into(block, &mut code)
            .map_err(|_| UnpackError::Damaged { expected })?;
        if found != code.len() {
            return Err(UnpackError::Length { expected, found });
        }
        Ok(Cow::Owned(code))
    }
}

/// A compressed payload of code; `None` when its length does not fit.
pub(super) fn pack(code: &[u8]) -> Option<Vec<u8>> {
    let length = u32::try_from(code.len()).ok()?;
    if code.is_empty() {
        // The library reads in front of an empty input. One token without literals ends a block.
        return Some([&length.to_be_bytes()[..], &[0]].concat());
    }
    let mode = lz4::block::CompressionMode::HIGHCOMPRESSION(12);
    let block = lz4::block::compress(code, Some(mode), false).ok()?;
    Some([&length.to_be_bytes()[..], &block].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unpack(bytes: &[u8]) -> Result<Vec<u8>, UnpackError> {
        let payload = Payload::compressed(bytes).unwrap();
        payload.unpack(1 << 20).map(Cow::into_owned)
    }

    #[test]
    fn a_length_that_lies_is_refused() {
        let packed = pack(&[7; 100]).unwrap();
        for (length, is_longer) in [(99_u32, false), (101, true), (0, false)] {
            let bytes = [&length.to_be_bytes()[..], &packed[4..]].concat();
            let error = unpack(&bytes).unwrap_err();
            assert_eq!(matches!(error, UnpackError::Length { .. }), is_longer);
        }
    }

    #[test]
    fn no_code_is_packed_too() {
        assert_eq!(unpack(&pack(&[]).unwrap()).unwrap(), b"");
    }

    proptest! {
        #[test]
        fn what_is_packed_unpacks(code in prop::collection::vec(0_u8..4, 0..5000)) {
            prop_assert_eq!(unpack(&pack(&code).unwrap()).unwrap(), code);
        }

        /// Damage is refused or gives exactly as many bytes; it never panics.
        #[test]
        fn damage_makes_no_other_length(
            code in prop::collection::vec(0_u8..4, 1..500),
            place in any::<prop::sample::Index>(),
            byte: u8,
        ) {
            let mut packed = pack(&code).unwrap();
            let place = 4 + place.index(packed.len() - 4);
            packed[place] = byte;
            if let Ok(unpacked) = unpack(&packed) {
                prop_assert_eq!(unpacked.len(), code.len());
            }
        }
    }
}
