//! What instructions cost. State and calls cost what they cost in the EVM: `proz_sdk::pricing`.

/// An instruction that moves or compares words.
pub(crate) const BASE: u64 = 3;
/// A jump, taken or not.
pub(crate) const JUMP: u64 = 8;
/// A byte appended to the buffer, above `BASE`.
pub(crate) const BUFFER_BYTE: u64 = 1;
