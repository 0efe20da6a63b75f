//! Reads numbers out of a file that may be cut off or lie.

/// A file's bytes with the byte order of its numbers.
#[derive(Clone, Copy)]
pub(super) struct Numbers<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) big_endian: bool,
}

impl Numbers<'_> {
    pub(super) fn u8(self, offset: u64) -> Option<u8> {
        self.bytes.get(usize::try_from(offset).ok()?).copied()
    }

    pub(super) fn u16(self, offset: u64) -> Option<u16> {
        let bytes = self.array(offset)?;
        Some(if self.big_endian {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        })
    }

    pub(super) fn u32(self, offset: u64) -> Option<u32> {
        let bytes = self.array(offset)?;
        Some(if self.big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    }

    pub(super) fn u64(self, offset: u64) -> Option<u64> {
        let bytes = self.array(offset)?;
        Some(if self.big_endian {
            u64::from_be_bytes(bytes)
        } else {
            u64::from_le_bytes(bytes)
        })
    }

    fn array<const N: usize>(self, offset: u64) -> Option<[u8; N]> {
        let offset = usize::try_from(offset).ok()?;
        self.bytes.get(offset..)?.first_chunk().copied()
    }
}
