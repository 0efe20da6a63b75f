//! Ethereum's precompiled contracts as pure functions, in two packs.
//!
//! [`PACK_1`] holds 0x01 to 0x09, [`PACK_2`] everything up to Osaka. The two share prices and
//! parsing and differ in the libraries beneath; every input has the same result in both. The
//! libraries that export the packs are the crates `pack-1` and `pack-2` beside this one.
//!
//! # Examples
//!
//! ```
//! use proz_precompiles::{PACK_2, Revision};
//!
//! let identity = PACK_2.find(0x04, Revision::Osaka).expect("active since Frontier");
//! let mut output = Vec::new();
//! let gas_used = identity.run(b"abc", 100, Revision::Osaka, &mut output).expect("enough gas");
//! assert_eq!((gas_used, output.as_slice()), (18, b"abc".as_slice()));
//! ```
#![expect(
    unsafe_code,
    reason = "calls blst and AWS-LC, which are C libraries, and AVX2 code after detection"
)]

mod big_number;
mod blake2f;
mod bls12_381;
mod bn254;
mod ecrecover;
mod entry;
mod export;
mod fuzz;
mod halt;
mod identity;
mod kzg;
mod modexp;
mod p256;
mod pack;
mod padding;
mod ripemd160;
mod sha256;
mod words;

pub use entry::{Entry, GasFunction};
pub use fuzz::fuzz_packs;
pub use halt::Halt;
pub use pack::{PACK_1, PACK_2, Pack};
pub use proz_sdk::Revision;
