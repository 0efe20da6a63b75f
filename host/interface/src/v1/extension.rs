//! Growth within a generation: string-keyed tables that either side may ask for.

use abi_stable::StableAbi;

/// A borrowed table of an extension, such as `proz.trace/1`.
///
/// The id fixes the layout of what `table` points to; `size_bytes` must equal that layout's size,
/// and is checked before the pointer is used. The table lives as long as the object that was
/// asked for it: a frame's state access until the frame returns, a VM until it is dropped.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy)]
pub struct Extension {
    /// The table.
    pub table: *const (),
    /// Size of the table, in bytes.
    pub size_bytes: usize,
}

impl Extension {
    /// Wraps a table.
    #[must_use]
    pub const fn new<T>(table: &T) -> Self {
        Self {
            table: std::ptr::from_ref(table).cast(),
            size_bytes: size_of::<T>(),
        }
    }

    /// The table as `T`, `None` when the size differs or the pointer is null or misaligned.
    ///
    /// # Safety
    ///
    /// The extension was obtained under the id whose specification names `T`, and the object it
    /// came from outlives `'a`.
    #[must_use]
    pub unsafe fn cast<'a, T>(self) -> Option<&'a T> {
        let table = self.table.cast::<T>();
        if self.size_bytes != size_of::<T>() || table.is_null() || !table.is_aligned() {
            return None;
        }
        // SAFETY: non-null, aligned and of the right size; the caller vouches for type and life.
        Some(unsafe { &*table })
    }
}
