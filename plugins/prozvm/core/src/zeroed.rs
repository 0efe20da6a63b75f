//! Zeroed bytes from the allocator, or the news that there are none.
//!
//! The system hands large blocks out as zero pages that cost nothing until they are touched, so memory that a program
//! declares and never uses is not cleared either.

#![expect(
    unsafe_code,
    reason = "the standard library offers no zeroed allocation that can fail"
)]

use std::alloc::{Layout, alloc_zeroed};

/// The machine has no memory left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoMemory;

/// `length` zeroed bytes.
pub(crate) fn zeroed(length: usize) -> Result<Vec<u8>, NoMemory> {
    if length == 0 {
        return Ok(Vec::new());
    }
    let layout = Layout::array::<u8>(length).map_err(|_| NoMemory)?;
    // SAFETY: the layout is not empty.
    let start = unsafe { alloc_zeroed(layout) };
    if start.is_null() {
        return Err(NoMemory);
    }
    // SAFETY: the block is the allocator's, of this layout, and all of it is initialised.
    Ok(unsafe { Vec::from_raw_parts(start, length, length) })
}

/// Makes a vector longer, with zeros.
pub(crate) fn lengthen<T: Clone + Default>(
    vector: &mut Vec<T>,
    length: usize,
) -> Result<(), NoMemory> {
    let missing = length.saturating_sub(vector.len());
    vector.try_reserve(missing).map_err(|_| NoMemory)?;
    vector.resize(length.max(vector.len()), T::default());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S-64
    #[test]
    fn memory_that_is_not_there_is_an_error() {
        assert_eq!(zeroed(isize::MAX as usize), Err(NoMemory));
        assert_eq!(zeroed(usize::MAX), Err(NoMemory));
        let mut vector = vec![1_u8];
        assert_eq!(lengthen(&mut vector, usize::MAX), Err(NoMemory));
        assert_eq!(lengthen(&mut vector, 3), Ok(()));
        assert_eq!(vector, [1, 0, 0]);
        assert_eq!(zeroed(2), Ok(vec![0, 0]));
    }
}
