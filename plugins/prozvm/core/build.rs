//! Decides how the threaded interpreter passes from one instruction to the next.
//!
//! `tail_dispatch`: each handler ends by calling the next, which the optimiser turns into a jump. Nothing in stable
//! Rust guarantees that, so it is on only where tests have shown it: optimised builds for x86-64 with the System V
//! convention, which has a register for each of the six arguments, and without instrumentation. Everywhere else a
//! loop calls the handlers. `PROZVM_DISPATCH=loop` asks for the loop.

use std::env::var;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=PROZVM_DISPATCH");
    let set = |name: &str| var(name).unwrap_or_default();
    let optimised = matches!(set("OPT_LEVEL").as_str(), "2" | "3");
    let known = set("CARGO_CFG_TARGET_ARCH") == "x86_64"
        && set("CARGO_CFG_TARGET_POINTER_WIDTH") == "64"
        && set("CARGO_CFG_TARGET_OS") != "windows";
    let flags = set("CARGO_ENCODED_RUSTFLAGS");
    let instruments = ["instrument", "sanitizer", "profile-generate", "passes"];
    let instrumented = instruments.iter().any(|word| flags.contains(word));
    if optimised && known && !instrumented && set("PROZVM_DISPATCH") != "loop" {
        println!("cargo:rustc-cfg=tail_dispatch");
    }
}
