//! Which instructions begin a block: one bit each, and how many do before a place.
//!
//! A table of blocks would take as much memory as the code; these bits take a fortieth of it.

/// A set of instructions of the code.
#[derive(Clone, Debug, Default)]
pub(crate) struct Leaders {
    words: Vec<u64>,
    /// Members before each word.
    before: Vec<u32>,
    length: u32,
}

impl Leaders {
    /// An empty set of instructions below `length`.
    pub(super) fn new(length: usize) -> Self {
        Self {
            // One more, for what is marked behind the last instruction.
            words: vec![0; length / 64 + 1],
            before: Vec::new(),
            length: length as u32,
        }
    }

    /// Adds an instruction, at most that behind the last.
    #[inline]
    pub(super) fn insert(&mut self, at: usize) {
        self.words[at / 64] |= 1 << (at % 64);
    }

    /// Counts, after the last insertion.
    pub(super) fn count_up(&mut self) {
        let length = self.length as usize;
        self.words[length / 64] &= (1 << (length % 64)) - 1;
        let mut sum = 0;
        self.before = self
            .words
            .iter()
            .map(|word| {
                let before = sum;
                sum += word.count_ones();
                before
            })
            .collect();
    }

    /// Whether an instruction begins a block.
    #[inline]
    pub(crate) fn contains(&self, at: u32) -> bool {
        let word = self.words.get(at as usize / 64);
        word.is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    /// How many blocks begin before an instruction: for one that begins a block, the number of that block.
    #[inline]
    pub(crate) fn rank(&self, at: u32) -> u32 {
        let index = at as usize / 64;
        let below = self.words[index] & ((1 << (at % 64)) - 1);
        self.before[index] + below.count_ones()
    }

    /// How many blocks there are.
    pub(crate) fn len(&self) -> usize {
        self.rank(self.length) as usize
    }

    /// The first instruction behind `at` that begins a block, or the end of the code.
    #[inline]
    pub(crate) fn next(&self, at: u32) -> u32 {
        let from = at as usize + 1;
        let mut index = from / 64;
        let Some(word) = self.words.get(index) else {
            return self.length;
        };
        let mut word = word & (u64::MAX << (from % 64));
        while word == 0 {
            index += 1;
            match self.words.get(index) {
                Some(&next) => word = next,
                None => return self.length,
            }
        }
        (index * 64) as u32 + word.trailing_zeros()
    }
}
