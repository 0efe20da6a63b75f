//! A fixed stream of bytes, and damage done by it.

/// A fixed stream of bytes.
#[derive(Clone, Debug)]
pub struct Noise(u64);

impl Noise {
    /// Starts the stream of `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next eight bytes.
    pub const fn draw(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// Returns the next `size` bytes.
    pub fn bytes(&mut self, size: usize) -> Vec<u8> {
        (0..size).map(|_| self.draw() as u8).collect()
    }

    /// Damages `code` in one to four places.
    pub fn mutate(&mut self, code: &mut Vec<u8>) {
        // Half of the time one bit of the later half, where the code is: such a module may still run.
        if self.draw().is_multiple_of(2) && code.len() > 1 {
            let half = code.len() / 2;
            let at = half + (self.draw() % half as u64) as usize;
            code[at] ^= 1 << (self.draw() % 8);
            return;
        }
        for _ in 0..=self.draw() % 4 {
            if code.is_empty() {
                return;
            }
            let at = (self.draw() % code.len() as u64) as usize;
            match self.draw() % 4 {
                0 => code[at] ^= 1 << (self.draw() % 8),
                1 => code[at] = self.draw() as u8,
                2 => code.truncate(at),
                _ => {
                    let other = (self.draw() % code.len() as u64) as usize;
                    let size = (self.draw() % 16) as usize;
                    let part: Vec<u8> = code.iter().skip(other).take(size).copied().collect();
                    code.splice(at..at, part);
                }
            }
        }
    }
}
