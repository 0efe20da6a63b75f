//! Bytes that cross the border with their ownership.

use abi_stable::StableAbi;

/// Owned, immutable bytes that are freed by the side that made them.
///
/// An empty buffer owns nothing, so that the frequent empty output costs no allocation and no
/// call. May be moved to and dropped on any thread.
#[repr(C)]
#[derive(StableAbi)]
pub struct Buffer {
    data: *const u8,
    size_bytes: usize,
    /// What `release` needs to free the bytes.
    owner: usize,
    /// `None` for an empty buffer.
    release: Option<unsafe extern "C" fn(data: *const u8, size_bytes: usize, owner: usize)>,
}

// SAFETY: the bytes are immutable and owned; every constructor takes `Send + Sync` storage, and
// its release function may run on any thread.
unsafe impl Send for Buffer {}
// SAFETY: shared access only reads immutable bytes.
unsafe impl Sync for Buffer {}

impl Buffer {
    /// A buffer without bytes.
    #[must_use]
    pub const fn empty() -> Self {
        Self {
            data: std::ptr::null(),
            size_bytes: 0,
            owner: 0,
            release: None,
        }
    }

    /// The bytes; empty when the other side handed over a null pointer or an impossible length.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        if self.is_malformed() || self.size_bytes == 0 {
            return &[];
        }
        // SAFETY: non-null and at most `isize::MAX` long (checked above); the maker guarantees
        // that `data` points to `size_bytes` initialised bytes until `release` is called.
        unsafe { std::slice::from_raw_parts(self.data, self.size_bytes) }
    }

    /// Whether the parts cannot describe bytes: null with a length, or longer than `isize::MAX`.
    #[must_use]
    pub const fn is_malformed(&self) -> bool {
        self.size_bytes > isize::MAX as usize || (self.size_bytes > 0 && self.data.is_null())
    }

    /// Length in bytes, as the other side stated it.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.size_bytes
    }

    /// Whether there are no bytes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.size_bytes == 0
    }

    /// Builds a buffer from raw parts, for plugins not written in Rust and for tests.
    ///
    /// # Safety
    ///
    /// `data` points to `size_bytes` bytes that stay valid and unchanged until `release` is called
    /// with the same three values; `release` may be called once, on any thread.
    #[must_use]
    pub const unsafe fn from_raw_parts(
        data: *const u8,
        size_bytes: usize,
        owner: usize,
        release: Option<unsafe extern "C" fn(*const u8, usize, usize)>,
    ) -> Self {
        Self {
            data,
            size_bytes,
            owner,
            release,
        }
    }
}

impl Drop for Buffer {
    #[inline]
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: called once, with the values the maker gave.
            unsafe { release(self.data, self.size_bytes, self.owner) }
        }
    }
}

impl Default for Buffer {
    fn default() -> Self {
        Self::empty()
    }
}

impl std::fmt::Debug for Buffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Buffer").field(&self.as_slice()).finish()
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Self {
        Self::from(self.as_slice())
    }
}

impl std::ops::Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl PartialEq for Buffer {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for Buffer {}

impl From<&[u8]> for Buffer {
    fn from(bytes: &[u8]) -> Self {
        Self::from(bytes.to_vec())
    }
}

impl From<Vec<u8>> for Buffer {
    fn from(bytes: Vec<u8>) -> Self {
        unsafe extern "C" fn release(data: *const u8, size_bytes: usize, capacity: usize) {
            // SAFETY: the parts of the vector taken apart below; released once.
            drop(unsafe { Vec::from_raw_parts(data.cast_mut(), size_bytes, capacity) });
        }
        if bytes.is_empty() {
            return Self::empty();
        }
        let bytes = std::mem::ManuallyDrop::new(bytes);
        Self {
            data: bytes.as_ptr(),
            size_bytes: bytes.len(),
            owner: bytes.capacity(),
            release: Some(release),
        }
    }
}

#[cfg(feature = "alloy-primitives")]
mod alloy {
    use super::Buffer;
    use alloy_primitives::Bytes;

    impl From<Bytes> for Buffer {
        fn from(bytes: Bytes) -> Self {
            unsafe extern "C" fn release(_data: *const u8, _size_bytes: usize, owner: usize) {
                // SAFETY: `owner` is the box leaked below; released once.
                drop(unsafe { Box::from_raw(owner as *mut Bytes) });
            }
            if bytes.is_empty() {
                return Self::empty();
            }
            let owner = Box::new(bytes);
            Self {
                data: owner.as_ptr(),
                size_bytes: owner.len(),
                owner: Box::into_raw(owner) as usize,
                release: Some(release),
            }
        }
    }

    impl From<Buffer> for Bytes {
        fn from(buffer: Buffer) -> Self {
            Self::copy_from_slice(buffer.as_slice())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_bytes_and_releases_them_once() {
        let buffer = Buffer::from(vec![1, 2, 3]);
        assert_eq!(&*buffer, &[1, 2, 3]);
        assert_eq!(buffer.clone(), buffer);
    }

    #[test]
    fn an_empty_buffer_owns_nothing() {
        assert!(Buffer::from(Vec::with_capacity(64)).release.is_none());
    }

    #[test]
    fn impossible_parts_read_as_empty() {
        for (data, size) in [(std::ptr::null(), 5), (std::ptr::dangling(), usize::MAX)] {
            // SAFETY: nothing is released, and malformed parts are never dereferenced.
            let buffer = unsafe { Buffer::from_raw_parts(data, size, 0, None) };
            assert!(buffer.is_malformed());
            assert_eq!(buffer.as_slice(), &[] as &[u8]);
        }
    }
}
