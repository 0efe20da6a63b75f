//! The linker against qemu: random functions give the same hashes there and on both interpreters.

use crate::running::fixture;
use proz_prozvm_core::testing::Entropy;
use proz_prozvm_link::LinkOptions;
use proz_prozvm_link::testing::{
    QEMU_MISSING, compare_with_qemu, has_qemu, random_batch, run_on_qemu,
};

use std::path::PathBuf;

fn scratch(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("proz-prozvm-link-{}-{name}", std::process::id()))
}

// L-3
#[test]
fn random_functions_give_what_they_give_on_qemu() {
    if !has_qemu() {
        eprintln!("{QEMU_MISSING}");
        return;
    }
    for seed in 0..3u8 {
        let batch = random_batch(&mut Entropy::new(&[seed, 77]), 200, 50);
        let directory = scratch(&format!("random-{seed}"));
        let mut options = LinkOptions::default();
        assert_eq!(compare_with_qemu(&directory, &batch, &options), 10_000);
        options.optimise = false;
        options.replace_memory_functions = false;
        options.config.optimization.strip_callee_saves = false;
        compare_with_qemu(&directory, &batch, &options);
    }
}

#[test]
fn compiled_fixtures_give_what_they_are_expected_to_on_qemu() {
    if !has_qemu() {
        eprintln!("{QEMU_MISSING}");
        return;
    }
    let expected = fixture("zoo.expected");
    for elf in [
        "zoo.clang-O0.elf",
        "zoo.clang-O3.elf",
        "zoo.gcc-O2.elf",
        "zoo.gcc-medany.elf",
        "zoo.zigcc-O2.elf",
    ] {
        let output = run_on_qemu(&scratch(elf), &fixture(elf)).unwrap();
        assert!(output == expected, "{elf}");
    }
}
