//! Numbers without a pattern, the same in every run, or those that a fuzzer's bytes say.

/// Where choices come from.
#[derive(Debug)]
pub(crate) struct Random<'a> {
    /// Bytes that decide as long as they last.
    bytes: &'a [u8],
    /// State of xorshift64*.
    state: u64,
}

impl<'a> Random<'a> {
    /// Seeded through splitmix64, so that neighbouring seeds have nothing in common.
    pub(crate) const fn new(seed: u64) -> Self {
        let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self {
            bytes: &[],
            state: (z ^ (z >> 31)) | 1,
        }
    }

    /// Choices by the bytes, one or eight of them each, so that a change of one byte changes one
    /// choice; afterwards always the same numbers.
    pub(crate) const fn of_bytes(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            ..Self::new(0)
        }
    }

    pub(crate) fn next(&mut self) -> u64 {
        if let Some((word, rest)) = self.bytes.split_first_chunk() {
            self.bytes = rest;
            return u64::from_le_bytes(*word);
        }
        self.bytes = &[];
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        if bound <= 256
            && let Some((byte, rest)) = self.bytes.split_first()
        {
            self.bytes = rest;
            return u64::from(*byte) % bound;
        }
        (self.next() >> 11) % bound
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.below(256) as u8
    }

    /// Whether one of `chances` comes up.
    pub(crate) fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        let index = self.below(items.len() as u64);
        items[index as usize]
    }
}
