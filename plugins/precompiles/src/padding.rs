//! Reads inputs as if they went on with zeros for ever, the way the EVM does.

/// Returns the first `N` bytes of `input`, zeros where it is shorter.
#[inline]
pub(crate) fn first<const N: usize>(input: &[u8]) -> [u8; N] {
    match input.first_chunk::<N>() {
        Some(chunk) => *chunk,
        None => {
            let mut padded = [0; N];
            padded[..input.len()].copy_from_slice(input);
            padded
        }
    }
}

/// Returns the part of `input` from `offset` on that exists, at most `length` bytes of it.
///
/// Any offset and length are valid; what lies beyond the input is simply absent.
pub(crate) fn existing(input: &[u8], offset: u64, length: u64) -> &[u8] {
    let Ok(offset) = usize::try_from(offset) else {
        return &[];
    };
    let rest = input.get(offset..).unwrap_or_default();
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    &rest[..rest.len().min(length)]
}

/// Copies the `N` bytes at `offset`; the caller's `input` reaches that far by its type or a check.
#[inline]
pub(crate) fn array<const N: usize>(input: &[u8], offset: usize) -> [u8; N] {
    first(input.get(offset..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pads_with_zeros_and_cuts() {
        assert_eq!(first::<4>(&[1, 2]), [1, 2, 0, 0]);
        assert_eq!(first::<2>(&[1, 2, 3]), [1, 2]);
        assert_eq!(array::<2>(&[1, 2, 3], 2), [3, 0]);
        assert_eq!(array::<2>(&[1, 2, 3], 9), [0, 0]);
    }

    #[test]
    fn takes_what_exists_at_any_offset() {
        assert_eq!(existing(&[1, 2, 3], 1, 1), [2]);
        assert_eq!(existing(&[1, 2, 3], 1, u64::MAX), [2, 3]);
        assert!(existing(&[1, 2, 3], u64::MAX, u64::MAX).is_empty());
    }
}
