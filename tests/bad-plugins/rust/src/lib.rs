//! What the misbehaving plugins share; each is one file in `examples`.

mod machine;
mod raw;

pub use abi_stable;
pub use machine::{Config, Machine, create};
pub use raw::{RawMachine, instance};
