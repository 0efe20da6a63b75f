//! The instructions whose cost depends on their operands, shared by both interpreters.
//!
//! Each charges first, then checks memory, then acts; so running out of gas leaves no trace.
//!
//! Spec: G-6 to G-8, I-28, I-33 to I-36.

use sha2::Digest as _;

use crate::gas::{GasSchedule, charge};
use crate::isa::semantics::Hash;
use crate::isa::wide;
use crate::memory::Memory;
use crate::outcome::Interrupt;

pub(crate) use crate::hashes::keccak256;

/// SHA-256 of FIPS 180-4.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    sha2::Sha256::digest(bytes).into()
}

/// Machine state that these instructions touch.
pub(crate) struct Touch<'a> {
    pub(crate) memory: &'a mut Memory,
    pub(crate) gas: &'a mut u64,
    pub(crate) schedule: &'a GasSchedule,
}

impl Touch<'_> {
    /// `u256.exp (to), (base), (exponent)`. Spec: I-28.
    pub(crate) fn power(&mut self, to: u64, base: u64, exponent: u64) -> Result<(), Interrupt> {
        // The cost depends on memory, so the operand comes first here.
        let exponent = wide::from_bytes(self.memory.read(exponent)?);
        charge(self.gas, self.schedule.power(wide::bit_length(exponent)))?;
        let base = wide::from_bytes(self.memory.read(base)?);
        let target = self.memory.slice_mut(to, 32)?;
        target.copy_from_slice(&wide::to_bytes(wide::exp(base, exponent)));
        Ok(())
    }

    /// `keccak256` or `sha256 (to), (from), length`. Spec: I-33.
    pub(crate) fn hash<H: Hash>(
        &mut self,
        cost: u64,
        to: u64,
        from: u64,
        length: u64,
    ) -> Result<(), Interrupt> {
        charge(self.gas, cost)?;
        let digest = H::eval(self.memory.slice(from, length)?);
        self.memory.write(to, digest)?;
        Ok(())
    }

    /// `mem.copy (to), (from), length`. Spec: I-34.
    pub(crate) fn copy(&mut self, to: u64, from: u64, length: u64) -> Result<(), Interrupt> {
        charge(self.gas, self.schedule.copy(length))?;
        self.memory.slice(from, length)?;
        self.memory.slice_mut(to, length)?;
        self.memory.copy_within(from, to, length);
        Ok(())
    }

    /// `mem.fill (to), byte, length`. Spec: I-35.
    pub(crate) fn fill(&mut self, to: u64, byte: u64, length: u64) -> Result<(), Interrupt> {
        charge(self.gas, self.schedule.copy(length))?;
        self.memory.slice_mut(to, length)?.fill(byte as u8);
        Ok(())
    }

    /// `heap.grow rd, pages`, up to `limit` pages in all; gives what goes to `rd`. Spec: I-36, M-9.
    pub(crate) fn grow(&mut self, pages: u64, limit: u32) -> Result<u64, Interrupt> {
        if !self.memory.can_grow(pages, limit) {
            return Ok(u64::MAX);
        }
        let mapped = self.memory.pages();
        let cost = self.schedule.pages(mapped + pages) - self.schedule.pages(mapped);
        charge(self.gas, cost)?;
        let end = self.memory.end();
        self.memory.grow(pages)?;
        Ok(end)
    }
}
