//! Random verified programs and the comparison of all tiers on them.
//!
//! The bodies here serve bounded tests and fuzzers alike: they take bytes and panic when something is wrong.

mod differential;
mod entropy;
mod generate;
mod host;
mod shapes;

pub use differential::{compare_tiers, decode_and_verify};
pub use entropy::Entropy;
pub use generate::random_program;
pub use host::{TEST_SYSCALLS, TestHost};
pub use shapes::{SHAPES, shape};
