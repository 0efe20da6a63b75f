//! Eight kernels in C, one source for every engine, to compare ProzVM with its peers.
//!
//! The kernels are in `c/`; `build.sh` makes `artefacts/` of them. [`engines`] runs them.

#![allow(clippy::unwrap_used, reason = "a bench: what fails must stop it")]

pub mod clock;
pub mod engines;
pub mod measure;

/// A kernel: an exported function from its size to a number that depends on all of its work.
#[derive(Clone, Copy, Debug)]
pub struct Kernel {
    /// Name of the export in ProzVM's program.
    pub name: &'static str,
    /// Name of the export everywhere else.
    pub portable: &'static str,
    /// The size that is timed.
    pub size: u64,
    /// A size for the reference interpreter.
    pub small: u64,
}

const fn kernel(name: &'static str, size: u64, small: u64) -> Kernel {
    Kernel {
        name,
        portable: name,
        size,
        small,
    }
}

/// Eight in plain C, and `mulmod` again, which on ProzVM uses its 256-bit instruction.
pub const KERNELS: [Kernel; 9] = [
    kernel("fib", 35, 20),
    kernel("loop", 20_000_000, 50_000),
    kernel("sieve", 2_000_000, 30_000),
    kernel("sha256", 2 << 20, 16 << 10),
    kernel("keccak", 2_000_000, 10_000),
    kernel("mulmod", 2_000_000, 5_000),
    kernel("matmul", 200, 20),
    kernel("sort", 200_000, 3_000),
    Kernel {
        portable: "mulmod",
        ..kernel("mulmod_wide", 2_000_000, 5_000)
    },
];

/// How many of [`KERNELS`] are plain C everywhere; means are of these.
pub const PLAIN: usize = 8;
