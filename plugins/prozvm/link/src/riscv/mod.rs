//! RISC-V instructions: RV64IM, Zba, Zbb, Zicond, and what the custom opcodes stand for.

mod decode;
mod table;

pub(crate) use decode::{Decoded, decode};
#[cfg(feature = "testing")]
pub(crate) use table::{Format, ROWS};
