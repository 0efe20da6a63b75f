//! Memory of one frame.
//!
//! revm's own memory is one buffer that nested frames share by counted references, which every
//! access pays for. Here each frame has its buffer, and an access is a bounds check and a copy.

use revm_interpreter::interpreter_types::MemoryTr;
use std::{
    cell::{Ref, RefCell},
    ops::{Deref, Range},
};

/// Zero-filled bytes that grow by words up to a limit.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// In a cell because revm's trait hands out a cell's references; borrowed mutably only
    /// through `&mut self`.
    buffer: RefCell<Vec<u8>>,
    limit_bytes: u64,
    /// Whether the machine had no memory for what was paid.
    is_exhausted: bool,
}

impl Memory {
    /// Sets the most that [`resize`](MemoryTr::resize) may be asked for.
    pub(crate) const fn set_limit(&mut self, limit_bytes: u64) {
        self.limit_bytes = limit_bytes;
    }

    /// Whether the machine lacked memory for a size that was paid and within the limit.
    ///
    /// revm ends such a frame as one that ran out of gas; but nodes differ in the memory they have,
    /// so it is no outcome.
    pub(crate) const fn is_exhausted(&self) -> bool {
        self.is_exhausted
    }

    /// Everything.
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: the buffer is changed through `&mut self` alone, never while this borrow lives.
        unsafe { &*self.buffer.as_ptr() }
    }

    /// Empties the memory and keeps at most `kept_bytes` of its buffer.
    pub(crate) fn clear(&mut self, kept_bytes: usize) {
        self.is_exhausted = false;
        let buffer = self.buffer.get_mut();
        buffer.clear();
        if buffer.capacity() > kept_bytes {
            buffer.shrink_to(kept_bytes);
        }
    }

    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.buffer.borrow().capacity()
    }

    #[cold]
    fn grow(&mut self, new_size: usize) -> bool {
        let buffer = self.buffer.get_mut();
        // Asked for first, because a failing allocation would end the process.
        let missing = new_size.saturating_sub(buffer.len());
        // Room for further growth is wished for, not needed.
        if buffer.try_reserve(missing).is_err() && buffer.try_reserve_exact(missing).is_err() {
            self.is_exhausted = true;
            return false;
        }
        buffer.resize(new_size, 0);
        true
    }
}

impl MemoryTr for Memory {
    #[inline]
    fn set_data(&mut self, memory_offset: usize, data_offset: usize, len: usize, data: &[u8]) {
        if len == 0 {
            return;
        }
        let target = &mut self.buffer.get_mut()[memory_offset..memory_offset + len];
        let data = data.get(data_offset..).unwrap_or_default();
        let copied = data.len().min(len);
        target[..copied].copy_from_slice(&data[..copied]);
        target[copied..].fill(0);
    }

    fn set_data_from_global(
        &mut self,
        _memory_offset: usize,
        _data_offset: usize,
        _len: usize,
        _data_range: Range<usize>,
    ) {
        unreachable!("call data never lies in a frame's own memory");
    }

    fn global_slice(&self, range: Range<usize>) -> Ref<'_, [u8]> {
        self.slice(range)
    }

    fn local_memory_offset(&self) -> usize {
        0
    }

    #[inline]
    fn set(&mut self, memory_offset: usize, data: &[u8]) {
        if !data.is_empty() {
            self.buffer.get_mut()[memory_offset..memory_offset + data.len()].copy_from_slice(data);
        }
    }

    #[inline]
    fn size(&self) -> usize {
        self.bytes().len()
    }

    fn copy(&mut self, destination: usize, source: usize, len: usize) {
        self.buffer
            .get_mut()
            .copy_within(source..source + len, destination);
    }

    fn slice(&self, range: Range<usize>) -> Ref<'_, [u8]> {
        Ref::map(self.buffer.borrow(), |buffer| &buffer[range])
    }

    #[inline]
    #[expect(refining_impl_trait, reason = "a plain slice is what a reader wants")]
    fn slice_len(&self, offset: usize, len: usize) -> &[u8] {
        &self.bytes()[offset..offset + len]
    }

    fn resize(&mut self, new_size: usize) -> bool {
        self.grow(new_size)
    }

    fn limit_reached(&self, new_words: usize) -> bool {
        new_words.saturating_mul(32) as u64 > self.limit_bytes
    }
}

impl Deref for Memory {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(bytes: &[u8]) -> Memory {
        let mut memory = Memory::default();
        assert!(memory.resize(bytes.len()));
        memory.set(0, bytes);
        memory
    }

    #[test]
    fn copies_what_there_is_and_zeroes_the_rest() {
        for (offset, len, expected) in [
            (0, 3, [1, 2, 3, 9, 9]),
            (1, 3, [2, 3, 0, 9, 9]),
            (3, 2, [0, 0, 9, 9, 9]),
            (usize::MAX, 2, [0, 0, 9, 9, 9]),
            (0, 0, [9; 5]),
        ] {
            let mut memory = memory(&[9; 5]);
            memory.set_data(0, offset, len, &[1, 2, 3]);
            assert_eq!(*memory, expected, "{offset} {len}");
        }
    }

    #[test]
    fn moves_overlapping_ranges() {
        let mut memory = memory(&[1, 2, 3, 4]);
        memory.copy(1, 0, 3);
        assert_eq!(*memory, [1, 1, 2, 3]);
    }

    #[test]
    fn the_limit_counts_whole_words() {
        let mut memory = Memory::default();
        memory.set_limit(64);
        assert_eq!(
            [2, 3, usize::MAX].map(|words| memory.limit_reached(words)),
            [false, true, true]
        );
    }

    #[test]
    fn an_impossible_size_is_refused_and_ends_nothing() {
        let mut memory = memory(&[1]);
        assert!(!memory.is_exhausted());
        assert!(!memory.resize(isize::MAX as usize));
        assert_eq!(*memory, [1]);
        assert!(memory.is_exhausted());
        memory.clear(0);
        assert!(!memory.is_exhausted());
    }

    #[test]
    fn grown_memory_is_zero_after_a_clear() {
        let mut memory = memory(&[7; 64]);
        memory.clear(1024);
        assert!(memory.is_empty() && memory.resize(64));
        assert_eq!(*memory, [0; 64]);
    }
}
