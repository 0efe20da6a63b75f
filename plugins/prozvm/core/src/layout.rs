//! Where the regions of guest memory lie.
//!
//! From low to high: nothing (64 KiB), read-only data, stack, data, bss, heap. Everything mapped is one range, and
//! everything writable is one range that ends where it ends, so that each access needs one comparison. The stack
//! grows down towards read-only data, where a write traps.
//!
//! Spec: M-1 to M-5.

use crate::program::{MEMORY_BASE, PAGE_SIZE, Program};

/// Addresses of the regions, all exact; sizes may exceed what the configuration allows until verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// First address of the stack, also the first that can be written.
    pub stack_start: u64,
    /// First address of data; the initial stack pointer.
    pub data_start: u64,
    /// First address of bss.
    pub bss_start: u64,
    /// First address of the heap.
    pub heap_start: u64,
    /// First address behind all memory mapped from the start.
    pub end: u64,
}

impl Layout {
    /// Computes the layout of a program.
    pub fn of(program: &Program) -> Self {
        Self::new(
            program.rodata.len() as u64,
            u64::from(program.stack_size),
            program.data.len() as u64,
            u64::from(program.bss_size),
            u64::from(program.heap_pages),
        )
    }

    /// Computes the layout from sizes in bytes and the pages of heap, each below 2^40.
    pub fn new(rodata: u64, stack: u64, data: u64, bss: u64, heap_pages: u64) -> Self {
        let page = u64::from(PAGE_SIZE);
        let stack_start = (u64::from(MEMORY_BASE) + rodata).next_multiple_of(page);
        let data_start = stack_start + stack;
        let bss_start = data_start + data;
        let heap_start = (bss_start + bss).next_multiple_of(page);
        Self {
            stack_start,
            data_start,
            bss_start,
            heap_start,
            end: heap_start + heap_pages * page,
        }
    }

    /// Pages mapped from the start, all regions together.
    pub const fn pages(&self) -> u64 {
        (self.end - MEMORY_BASE as u64) / PAGE_SIZE as u64
    }
}
