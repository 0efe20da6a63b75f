//! Choices made from bytes, so that a fuzzer steers them.

/// A source of choices: the given bytes first, then a sequence that they determine.
#[derive(Clone, Debug)]
pub struct Entropy<'a> {
    bytes: &'a [u8],
    state: u64,
}

impl<'a> Entropy<'a> {
    /// Starts with these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        let state = bytes
            .iter()
            .fold(0xcbf2_9ce4_8422_2325, |state: u64, &byte| {
                (state ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
            });
        Self { bytes, state }
    }

    /// A byte.
    pub fn byte(&mut self) -> u8 {
        match self.bytes.split_first() {
            Some((&first, rest)) => {
                self.bytes = rest;
                first
            }
            None => (self.mixed() >> 56) as u8,
        }
    }

    /// A number below `bound`, which must not be zero.
    pub fn below(&mut self, bound: u32) -> u32 {
        let wide =
            u32::from_le_bytes([self.byte(), if bound > 256 { self.byte() } else { 0 }, 0, 0]);
        wide % bound
    }

    /// Whether a chance of one in `n` came true.
    pub fn one_in(&mut self, n: u32) -> bool {
        self.below(n) == 0
    }

    /// A 64-bit value, of the kinds that find mistakes: small, near powers of two, all ones, anything.
    pub fn value(&mut self) -> u64 {
        let any = |entropy: &mut Self| u64::from_le_bytes([(); 8].map(|()| entropy.byte()));
        match self.below(6) {
            0 => u64::from(self.byte()),
            1 => u64::from(self.byte()).wrapping_neg(),
            2 => 1u64.wrapping_shl(u32::from(self.byte())),
            3 => (1u64.wrapping_shl(u32::from(self.byte()))).wrapping_sub(1),
            4 => any(self) as i32 as u64,
            _ => any(self),
        }
    }

    /// One of several.
    pub fn pick<'b, T>(&mut self, choices: &'b [T]) -> &'b T {
        &choices[self.below(choices.len() as u32) as usize]
    }

    fn mixed(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^ (mixed >> 27)
    }
}
