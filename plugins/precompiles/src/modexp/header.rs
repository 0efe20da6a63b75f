//! The layout of MODEXP's input: three lengths, then the three operands.

use crate::padding;
use std::borrow::Cow;

/// Bytes taken by the three lengths.
const HEADER_BYTES: u64 = 96;

/// The announced lengths in bytes; `u64::MAX` stands for anything longer too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) base_length: u64,
    pub(super) exponent_length: u64,
    pub(super) modulus_length: u64,
}

impl Header {
    pub(super) fn parse(input: &[u8]) -> Self {
        Self {
            base_length: length(&padding::array(input, 0)),
            exponent_length: length(&padding::array(input, 32)),
            modulus_length: length(&padding::array(input, 64)),
        }
    }

    /// Returns the base; the caller has checked its length.
    pub(super) fn base<'a>(&self, input: &'a [u8]) -> Cow<'a, [u8]> {
        padded(input, HEADER_BYTES, self.base_length)
    }

    /// Returns the modulus; the caller has checked its length.
    pub(super) fn modulus<'a>(&self, input: &'a [u8]) -> Cow<'a, [u8]> {
        let offset = self.exponent_offset().saturating_add(self.exponent_length);
        padded(input, offset, self.modulus_length)
    }

    /// Returns the part of the exponent that the input holds and the number of zero bytes after it.
    pub(super) fn exponent<'a>(&self, input: &'a [u8]) -> (&'a [u8], u64) {
        let existing = padding::existing(input, self.exponent_offset(), self.exponent_length);
        (existing, self.exponent_length - existing.len() as u64)
    }

    /// Returns the first 32 bytes of the exponent as a number, fewer when it is shorter.
    pub(super) fn exponent_head_bits(&self, input: &[u8]) -> u64 {
        let head_length = self.exponent_length.min(32);
        let existing = padding::existing(input, self.exponent_offset(), head_length);
        let Some(first) = existing.iter().position(|byte| *byte != 0) else {
            return 0;
        };
        8 * (head_length - first as u64) - u64::from(existing[first].leading_zeros())
    }

    fn exponent_offset(&self) -> u64 {
        self.base_length.saturating_add(HEADER_BYTES)
    }
}

/// Reads a 32-byte length, saturated.
fn length(word: &[u8; 32]) -> u64 {
    let (high, low) = word.split_at(24);
    if high.iter().any(|byte| *byte != 0) {
        return u64::MAX;
    }
    u64::from_be_bytes(padding::first(low))
}

fn padded(input: &[u8], offset: u64, length: u64) -> Cow<'_, [u8]> {
    let existing = padding::existing(input, offset, length);
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if existing.len() == length {
        return Cow::Borrowed(existing);
    }
    let mut operand = existing.to_vec();
    operand.resize(length, 0);
    Cow::Owned(operand)
}
