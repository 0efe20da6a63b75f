//! Every engine gives the same, and the hashes are the real ones.

#![allow(clippy::unwrap_used)]

use proz_prozvm_kernels::engines::{self, Engine, ProzReference, ProzThreaded};
use proz_prozvm_kernels::{KERNELS, Kernel};
use sha2::Digest;

/// Kernels of the size that is timed, on everything but the reference.
#[test]
fn engines_agree_at_full_size() {
    let mut engines = engines::all();
    for kernel in &KERNELS {
        let results = engines
            .iter_mut()
            .map(|engine| (engine.run(kernel, kernel.size).result, engine.name()))
            .collect::<Vec<_>>();
        for (result, name) in &results {
            assert_eq!(*result, results[0].0, "{} on {name}", kernel.name);
        }
    }
}

/// Also the reference, which charges as much as the threaded interpreter.
#[test]
fn engines_agree_at_small_sizes() {
    let mut engines = engines::all();
    let (mut threaded, mut reference) = (ProzThreaded::new(), ProzReference::new());
    for kernel in &KERNELS {
        // Sizes that are multiples of what sha256 and keccak ask for.
        for size in [kernel.small, kernel.small / 8 / 64 * 64 + 64] {
            let size = if kernel.name == "fib" {
                size % 23
            } else {
                size
            };
            let size = size.min(kernel.size);
            let expected = reference.run(kernel, size);
            assert_eq!(threaded.run(kernel, size), expected, "{}", kernel.name);
            for engine in &mut engines {
                let result = engine.run(kernel, size).result;
                assert_eq!(
                    result,
                    expected.result,
                    "{} on {}",
                    kernel.name,
                    engine.name()
                );
            }
        }
    }
}

fn named(name: &str) -> &'static Kernel {
    KERNELS.iter().find(|kernel| kernel.name == name).unwrap()
}

fn message(length: usize) -> Vec<u8> {
    let mut x: u64 = 88_172_645_463_325_252;
    let words = std::iter::repeat_with(|| {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        x.to_le_bytes()
    });
    words.take(length / 8).flatten().collect()
}

/// Against implementations that others wrote.
#[test]
fn kernels_compute_what_they_are_named_after() {
    let mut engine = ProzThreaded::new();
    let mut run = |name, size| engine.run(named(name), size).result;
    for length in [64, 1024, 4096] {
        let digest = sha2::Sha256::digest(message(length as usize));
        let expected = u64::from_be_bytes(digest[..8].try_into().unwrap());
        assert_eq!(run("sha256", length), expected, "{length}");
    }
    for length in [0, 8, 128, 136, 1024] {
        let digest = sha3::Keccak256::digest(message(length as usize));
        let expected = u64::from_le_bytes(digest[..8].try_into().unwrap());
        assert_eq!(run("keccak", length), expected, "{length}");
    }
    assert_eq!(run("fib", 20), 6_765);
    assert_eq!(run("sieve", 2_000_000), 148_933);
}
