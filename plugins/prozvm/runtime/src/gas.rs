//! Prices of schedule 1, and the scale between the chain's gas and the machine's units.
//!
//! The machine counts in units, one of which is about one simple instruction; a unit of the chain's gas buys
//! [`ChainPrices::units_per_gas`] of them. What touches state costs what Ethereum charges for it, in gas; what only
//! takes time costs units.
//!
//! Invariant: a released schedule never changes; a new price is a new number.
//!
//! Spec: S-10 to S-13.

/// Prices beyond those of instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainPrices {
    /// Units of the machine in one gas of the chain.
    pub units_per_gas: u64,
    /// Gas of entering a contract: finding it, and its frames.
    pub enter: u64,
    /// Gas of preparing 1,024 bytes of a program, paid once in a transaction and at each creation.
    pub prepare_kib: u64,
    /// Units of a syscall beyond the cost of the instruction.
    pub syscall: u64,
    /// Units of each 32 bytes, begun, that a syscall copies.
    pub copy_word: u64,
}

impl ChainPrices {
    /// Prices of schedule 1.
    ///
    /// Two units are about 1.5 ns of the threaded interpreter, which is what a unit of gas takes in arithmetic on the
    /// Wasm plugin; `cargo bench -p proz-tests --bench prozvm` compares them.
    pub const V1: Self = Self {
        units_per_gas: 2,
        enter: 60,
        prepare_kib: 88,
        syscall: 8,
        copy_word: 4,
    };

    /// Units of copying `length` bytes.
    #[must_use]
    pub const fn copy(&self, length: u64) -> u64 {
        length.div_ceil(32).saturating_mul(self.copy_word)
    }

    /// Gas of preparing a program of `code_bytes` bytes. Spec: S-62.
    #[must_use]
    pub const fn preparation(&self, code_bytes: u64) -> u64 {
        code_bytes.saturating_mul(self.prepare_kib).div_ceil(1024)
    }
}

impl Default for ChainPrices {
    fn default() -> Self {
        Self::V1
    }
}
