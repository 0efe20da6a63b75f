//! Guest memory of one run.
//!
//! Buffers are kept for later runs of the same thread, and a run gets one without anybody having to clear it: whatever
//! a run may have written lies in one range, the *window*, and only that is cleared when the run ends.
//!
//! Memory is made when it has been paid, never before; a machine that has none left says so.
//!
//! Invariants: at least one page is mapped and writable; the writable range ends where the mapped range ends; every
//! byte of the buffer outside of read-only data and the window is zero.
//!
//! Spec: M-1 to M-9.

use std::cell::RefCell;
use std::ops::Range;

use crate::layout::Layout;
use crate::program::{MEMORY_BASE, PAGE_SIZE, Program};
use crate::zeroed::{NoMemory, lengthen, zeroed};

/// An access outside mapped memory, or a write to memory that is read-only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no access to {length} bytes at {address:#x}")]
pub struct MemoryFault {
    /// First address of the access.
    pub address: u64,
    /// Bytes of the access.
    pub length: u64,
}

/// Buffers that a thread keeps.
const KEPT_BUFFERS: usize = 16;
/// Largest buffer that it keeps, in bytes.
const KEPT_BYTES: usize = 512 << 10;
/// What the window grows by at least, and what it begins with below and above data.
const WINDOW_STEP: usize = 512;

thread_local! {
    /// Buffers not in use, zero throughout.
    static BUFFERS: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// The mapped range: read-only data, stack, data, bss, heap.
#[derive(Debug)]
pub struct Memory {
    /// At least `length` bytes.
    buffer: Vec<u8>,
    length: usize,
    rodata: usize,
    writable: usize,
    /// Offsets that may have been written; grows before anything outside of it is.
    window: Range<usize>,
    max_bytes: usize,
}

impl Memory {
    /// No memory at all: that of a run which could not pay its pages.
    pub(crate) const fn unmapped() -> Self {
        Self {
            buffer: Vec::new(),
            length: 0,
            rodata: 0,
            writable: 0,
            window: 0..0,
            max_bytes: 0,
        }
    }

    /// Maps the memory that a program declares. The program must be verified, and the pages paid.
    pub(crate) fn new(program: &Program, layout: &Layout) -> Result<Self, NoMemory> {
        let offset = |address: u64| (address - u64::from(MEMORY_BASE)) as usize;
        let length = offset(layout.end);
        let kept = BUFFERS.try_with(|kept| kept.borrow_mut().pop());
        let mut buffer = kept.ok().flatten().unwrap_or_default();
        if buffer.is_empty() || length > KEPT_BYTES {
            buffer = zeroed(length)?;
        } else {
            lengthen(&mut buffer, length)?;
        }
        let rodata = program.rodata.len();
        buffer[..rodata].copy_from_slice(&program.rodata);
        let data = offset(layout.data_start);
        let data_end = data + program.data.len();
        buffer[data..data_end].copy_from_slice(&program.data);
        let writable = offset(layout.stack_start);
        // The stack has a page at least (V-3), so the window has room for any access.
        let first = data.saturating_sub(WINDOW_STEP).max(writable);
        let last = (data_end + WINDOW_STEP).min(length);
        Ok(Self {
            buffer,
            length,
            rodata,
            writable,
            window: first..last,
            max_bytes: program.max_pages as usize * PAGE_SIZE as usize,
        })
    }

    /// All mapped bytes, from [`MEMORY_BASE`].
    pub fn bytes(&self) -> &[u8] {
        &self.buffer[..self.length]
    }

    /// First address behind mapped memory.
    pub fn end(&self) -> u64 {
        u64::from(MEMORY_BASE) + self.length as u64
    }

    /// Mapped pages.
    pub(crate) const fn pages(&self) -> u64 {
        (self.length / PAGE_SIZE as usize) as u64
    }

    /// Offsets at which can be written without [`widen`](Self::widen).
    pub(crate) const fn window(&self) -> &Range<usize> {
        &self.window
    }

    /// Start of the buffer. Writes through it stay inside the window.
    pub(crate) const fn base(&mut self) -> *mut u8 {
        self.buffer.as_mut_ptr()
    }

    /// Moves `length` bytes inside of mapped memory; the target has been given for writing.
    pub(crate) fn copy_within(&mut self, from: u64, to: u64, length: u64) {
        if length != 0 {
            let base = u64::from(MEMORY_BASE);
            let start = (from - base) as usize;
            self.buffer
                .copy_within(start..start + length as usize, (to - base) as usize);
        }
    }

    /// Bytes of a range.
    ///
    /// # Errors
    ///
    /// [`MemoryFault`] when a byte of the range is not mapped. An empty range is always there.
    pub fn slice(&self, address: u64, length: u64) -> Result<&[u8], MemoryFault> {
        if length == 0 {
            return Ok(&self.buffer[..0]);
        }
        let start = address.wrapping_sub(u64::from(MEMORY_BASE));
        let range = start
            .checked_add(length)
            .filter(|&end| end <= self.length as u64);
        range
            .map(|end| &self.buffer[start as usize..end as usize])
            .ok_or(MemoryFault { address, length })
    }

    /// Bytes of a range, for writing.
    ///
    /// # Errors
    ///
    /// [`MemoryFault`] when a byte of the range cannot be written. An empty range is always there.
    pub fn slice_mut(&mut self, address: u64, length: u64) -> Result<&mut [u8], MemoryFault> {
        if length == 0 {
            // Inside of the buffer: what fills or copies nothing at an address that is nowhere may take very long.
            return Ok(&mut self.buffer[..0]);
        }
        let range = self
            .writable_range(address, length)
            .ok_or(MemoryFault { address, length })?;
        if range.start < self.window.start || range.end > self.window.end {
            self.widen(&range);
        }
        Ok(&mut self.buffer[range])
    }

    /// Offsets of a range that is not empty, if all of it can be written.
    pub(crate) fn writable_range(&self, address: u64, length: u64) -> Option<Range<usize>> {
        let start = address.wrapping_sub(u64::from(MEMORY_BASE));
        let end = start.checked_add(length)?;
        let fits = start >= self.writable as u64 && end <= self.length as u64;
        fits.then_some(start as usize..end as usize)
    }

    /// Grows the window so that it includes a writable range. It at least doubles, so that a run widens it a few times
    /// only.
    #[cold]
    pub(crate) fn widen(&mut self, range: &Range<usize>) {
        let step = self.window.len().max(WINDOW_STEP);
        if range.start < self.window.start {
            let start = range.start.min(self.window.start.saturating_sub(step));
            self.window.start = start.max(self.writable);
        }
        if range.end > self.window.end {
            self.window.end = range.end.max(self.window.end + step).min(self.length);
        }
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
        pages <= most.saturating_sub(self.length as u64) / page
    }

    /// Maps `pages` zeroed pages behind the end; [`can_grow`](Self::can_grow) must have agreed.
    pub(crate) fn grow(&mut self, pages: u64) -> Result<(), NoMemory> {
        let length = self.length + pages as usize * PAGE_SIZE as usize;
        lengthen(&mut self.buffer, length)?;
        self.length = length;
        Ok(())
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if self.buffer.is_empty() || self.buffer.len() > KEPT_BYTES {
            return;
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer[..self.rodata].fill(0);
        buffer[self.window.clone()].fill(0);
        // While its thread ends there is nowhere to keep it.
        let _ = BUFFERS.try_with(|kept| {
            let mut kept = kept.borrow_mut();
            if kept.len() < KEPT_BUFFERS {
                kept.push(buffer);
            }
        });
    }
}

impl Clone for Memory {
    fn clone(&self) -> Self {
        Self {
            buffer: self.bytes().to_vec(),
            window: self.window.clone(),
            ..*self
        }
    }
}

impl PartialEq for Memory {
    fn eq(&self, other: &Self) -> bool {
        self.writable == other.writable
            && self.max_bytes == other.max_bytes
            && self.bytes() == other.bytes()
    }
}

impl Eq for Memory {}

#[cfg(test)]
mod tests {
    use super::*;

    fn small(pages: u32) -> Memory {
        let program = Program {
            stack_size: PAGE_SIZE,
            heap_pages: pages,
            max_pages: 1 << 20,
            rodata: vec![7; 10],
            data: vec![9; 10],
            ..Program::default()
        };
        Memory::new(&program, &Layout::of(&program)).expect("the machine has memory")
    }

    /// M-5: a buffer that another run has filled is clean for the next.
    #[test]
    fn nothing_of_a_run_is_left_for_the_next() {
        let base = u64::from(MEMORY_BASE);
        for _ in 0..3 {
            let mut memory = small(8);
            let untouched = small(8);
            assert!(memory == untouched);
            let (start, end) = (memory.writable as u64, memory.length as u64);
            for address in [start, start + 700, end - 1, end - 5000] {
                memory.slice_mut(base + address, 1).expect("it is writable")[0] = 1;
            }
            let whole = memory.slice_mut(base + start, end - start);
            whole.expect("it is writable").fill(0xff);
        }
        let larger = small(20);
        let fill = larger.rodata + 10;
        assert_eq!(
            larger.bytes().iter().filter(|&&byte| byte != 0).count(),
            fill
        );
    }

    #[test]
    fn large_buffers_are_not_kept() {
        drop(small(KEPT_BYTES as u32 / PAGE_SIZE));
        BUFFERS.with_borrow(|kept| assert!(kept.iter().all(|b| b.len() <= KEPT_BYTES)));
    }
}
