//! Arithmetic on words, modulo 2^256.

use proz_sdk::{Address, Word};

/// Adds; an overflow wraps.
pub(crate) fn add(a: Word, b: Word) -> Word {
    combine(a, b, u64::overflowing_add)
}

/// Subtracts; an underflow wraps.
pub(crate) fn subtract(a: Word, b: Word) -> Word {
    combine(a, b, u64::overflowing_sub)
}

fn combine(a: Word, b: Word, step: fn(u64, u64) -> (u64, bool)) -> Word {
    let mut out = [0; 4];
    let mut carry = false;
    for (limb, (a, b)) in out.iter_mut().zip(a.0.into_iter().zip(b.0)) {
        let (partial, first) = step(a, b);
        let (whole, second) = step(partial, u64::from(carry));
        *limb = whole;
        carry = first || second;
    }
    Word(out)
}

/// Whether `a` is below `b`.
pub(crate) fn is_less(a: Word, b: Word) -> bool {
    a.0.into_iter().rev().lt(b.0.into_iter().rev())
}

/// One or zero.
pub(crate) fn flag(is_set: bool) -> Word {
    Word::from(u64::from(is_set))
}

/// The number, or the largest there is when it does not fit.
pub(crate) fn saturate(word: Word) -> u64 {
    match word.0 {
        [low, 0, 0, 0] => low,
        _ => u64::MAX,
    }
}

/// The address in the low 20 bytes.
pub(crate) fn to_address(word: Word) -> Address {
    let mut address = [0; 20];
    address.copy_from_slice(&word.to_be_bytes()[12..]);
    Address(address)
}

/// An address as a word.
pub(crate) fn from_address(address: Address) -> Word {
    let mut bytes = [0; 32];
    bytes[12..].copy_from_slice(&address.0);
    Word::from_be_bytes(bytes)
}

/// What of `data` stands at `offset` and behind.
pub(crate) fn tail(data: &[u8], offset: Word) -> &[u8] {
    let start = usize::try_from(saturate(offset)).unwrap_or(usize::MAX);
    data.get(start..).unwrap_or_default()
}

/// The 32 bytes of `data` at `offset`, with zeros behind its end.
pub(crate) fn at_offset(data: &[u8], offset: Word) -> Word {
    let mut bytes = [0; 32];
    for (byte, found) in bytes.iter_mut().zip(tail(data, offset)) {
        *byte = *found;
    }
    Word::from_be_bytes(bytes)
}
