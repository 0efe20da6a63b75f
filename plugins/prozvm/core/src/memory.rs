//! Guest memory of one run.
//!
//! Invariant: at least one page is mapped and writable; the writable range ends where the mapped range ends.
//!
//! Spec: M-1 to M-8.

use crate::layout::Layout;
use crate::program::{MEMORY_BASE, PAGE_SIZE, Program};

/// An access outside mapped memory, or a write to memory that is read-only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no access to {length} bytes at {address:#x}")]
pub struct MemoryFault {
    /// First address of the access.
    pub address: u64,
    /// Bytes of the access.
    pub length: u64,
}

/// The mapped range: read-only data, stack, data, bss, heap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    bytes: Vec<u8>,
    writable: usize,
    max_bytes: usize,
}

impl Memory {
    /// Maps the memory that a program declares. The program must be verified.
    pub(crate) fn new(program: &Program, layout: &Layout) -> Self {
        let offset = |address: u64| (address - u64::from(MEMORY_BASE)) as usize;
        let mut bytes = vec![0; offset(layout.end)];
        bytes[..program.rodata.len()].copy_from_slice(&program.rodata);
        let data = offset(layout.data_start);
        bytes[data..data + program.data.len()].copy_from_slice(&program.data);
        let max_bytes = program.max_pages as usize * PAGE_SIZE as usize;
        Self {
            bytes,
            writable: offset(layout.stack_start),
            max_bytes,
        }
    }

    /// All mapped bytes, from [`MEMORY_BASE`].
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// First address behind mapped memory.
    pub fn end(&self) -> u64 {
        u64::from(MEMORY_BASE) + self.bytes.len() as u64
    }

    /// Offset of the first writable byte in [`bytes`](Self::bytes).
    pub(crate) const fn writable_offset(&self) -> usize {
        self.writable
    }

    pub(crate) const fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Bytes of a range.
    ///
    /// # Errors
    ///
    /// [`MemoryFault`] when a byte of the range is not mapped. An empty range is always there.
    pub fn slice(&self, address: u64, length: u64) -> Result<&[u8], MemoryFault> {
        if length == 0 {
            return Ok(&[]);
        }
        let start = address.wrapping_sub(u64::from(MEMORY_BASE));
        let range = start
            .checked_add(length)
            .filter(|&end| end <= self.bytes.len() as u64);
        range
            .map(|end| &self.bytes[start as usize..end as usize])
            .ok_or(MemoryFault { address, length })
    }

    /// Bytes of a range, for writing.
    ///
    /// # Errors
    ///
    /// [`MemoryFault`] when a byte of the range cannot be written. An empty range is always there.
    pub fn slice_mut(&mut self, address: u64, length: u64) -> Result<&mut [u8], MemoryFault> {
        if length == 0 {
            return Ok(&mut []);
        }
        let start = address.wrapping_sub(u64::from(MEMORY_BASE));
        let range = start.checked_add(length);
        let range =
            range.filter(|&end| start >= self.writable as u64 && end <= self.bytes.len() as u64);
        range
            .map(|end| &mut self.bytes[start as usize..end as usize])
            .ok_or(MemoryFault { address, length })
    }

    /// Reads `N` bytes.
    ///
    /// # Errors
    ///
    /// [`MemoryFault`] when one of them is not mapped.
    pub fn read<const N: usize>(&self, address: u64) -> Result<[u8; N], MemoryFault> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.slice(address, N as u64)?);
        Ok(bytes)
    }

    /// Writes `N` bytes.
    ///
    /// # Errors
    ///
    /// [`MemoryFault`] when one of them cannot be written; then none is.
    pub fn write<const N: usize>(
        &mut self,
        address: u64,
        bytes: [u8; N],
    ) -> Result<(), MemoryFault> {
        self.slice_mut(address, N as u64)?.copy_from_slice(&bytes);
        Ok(())
    }

    /// Whether `pages` more pages stay inside the declared maximum, and inside `limit` pages.
    pub(crate) fn can_grow(&self, pages: u64, limit: u32) -> bool {
        let page = u64::from(PAGE_SIZE);
        let most = (self.max_bytes as u64).min(u64::from(limit) * page);
        pages <= most.saturating_sub(self.bytes.len() as u64) / page
    }

    /// Maps `pages` zeroed pages behind the end; [`can_grow`](Self::can_grow) must have agreed.
    pub(crate) fn grow(&mut self, pages: u64) {
        let added = pages as usize * PAGE_SIZE as usize;
        self.bytes.resize(self.bytes.len() + added, 0);
    }
}
