//! The gas schedule: what instructions cost, and arithmetic that cannot overflow.
//!
//! Spec: G-1 to G-9.

#![warn(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

use crate::isa::Opcode;

/// Pages that a program may have before they get dearer: 1.25 MiB.
pub const NEAR_PAGES: u64 = 320;

/// Costs of a machine, under a consensus number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GasSchedule {
    /// Number that programs name in their header.
    pub id: u16,
    costs: [u32; 256],
    /// Per page of memory, declared or grown.
    pub page: u64,
    /// Per square of the number of pages: large memories are dearer for each page.
    pub page_square: u64,
    /// Per page beyond the first [`NEAR_PAGES`], besides: they do not fit the caches of processors, and programs pay no
    /// more for an access that misses them.
    pub far_page: u64,
    /// Per block of 136 bytes hashed by `keccak256`.
    pub keccak256_block: u64,
    /// Per block of 64 bytes hashed by `sha256`.
    pub sha256_block: u64,
    /// Per 64 bytes, begun, of `mem.copy` and `mem.fill`.
    pub copy_block: u64,
    /// Per byte of the exponent of `u256.exp`, leading zeros not counted.
    pub exponent_byte: u64,
}

impl Default for GasSchedule {
    fn default() -> Self {
        Self::version_1()
    }
}

impl GasSchedule {
    /// Schedule 1: the costs in the instruction table.
    pub fn version_1() -> Self {
        let mut costs = [0; 256];
        for &opcode in Opcode::ALL {
            if let Some(cost) = costs.get_mut(opcode as usize) {
                *cost = opcode.default_cost();
            }
        }
        Self {
            id: 1,
            costs,
            page: 150,
            page_square: 3,
            far_page: 40_000,
            keccak256_block: 400,
            sha256_block: 50,
            copy_block: 2,
            exponent_byte: 60,
        }
    }

    /// Makes a schedule of another number with some static costs replaced.
    #[must_use]
    pub fn with_costs(mut self, id: u16, costs: &[(Opcode, u32)]) -> Self {
        self.id = id;
        for &(opcode, cost) in costs {
            if let Some(slot) = self.costs.get_mut(opcode as usize) {
                *slot = cost;
            }
        }
        self
    }

    /// The static cost of an instruction.
    pub fn cost(&self, opcode: Opcode) -> u32 {
        self.costs.get(opcode as usize).copied().unwrap_or_default()
    }

    /// Dynamic cost of `keccak256` over `length` bytes.
    pub fn keccak256(&self, length: u64) -> u64 {
        (length / 136)
            .saturating_add(1)
            .saturating_mul(self.keccak256_block)
    }

    /// Dynamic cost of `sha256` over `length` bytes.
    pub fn sha256(&self, length: u64) -> u64 {
        (length.saturating_add(8) / 64)
            .saturating_add(1)
            .saturating_mul(self.sha256_block)
    }

    /// Dynamic cost of copying or filling `length` bytes.
    pub fn copy(&self, length: u64) -> u64 {
        length.div_ceil(64).saturating_mul(self.copy_block)
    }

    /// Dynamic cost of a power with an exponent of `bits` significant bits.
    pub fn power(&self, bits: u32) -> u64 {
        u64::from(bits.div_ceil(8)).saturating_mul(self.exponent_byte)
    }

    /// Cost of having `pages` pages of memory.
    pub fn pages(&self, pages: u64) -> u64 {
        let squared = pages.saturating_mul(pages).saturating_mul(self.page_square);
        let far = pages
            .saturating_sub(NEAR_PAGES)
            .saturating_mul(self.far_page);
        let near = pages.saturating_mul(self.page).saturating_add(squared);
        near.saturating_add(far)
    }
}

/// Not enough gas; nothing was charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("out of gas: {cost} needed, {left} left")]
pub struct OutOfGas {
    /// What should have been charged.
    pub cost: u64,
    /// What is left.
    pub left: u64,
}

/// Takes `cost` from `gas`.
///
/// # Errors
///
/// [`OutOfGas`] when less is left; then nothing is taken.
pub(crate) fn charge(gas: &mut u64, cost: u64) -> Result<(), OutOfGas> {
    match gas.checked_sub(cost) {
        Some(left) => {
            *gas = left;
            Ok(())
        }
        None => Err(OutOfGas { cost, left: *gas }),
    }
}
