//! Compiles the kernels for this machine, with the compiler and the flags that make the artefacts; without that
//! compiler there is no native column.

use std::path::PathBuf;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=c");
    println!("cargo:rerun-if-changed=flags");
    println!("cargo:rerun-if-env-changed=PATH");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    let object = out.join("kernels.o");
    let flags = std::fs::read_to_string("flags").unwrap_or_default();
    let compiled = Command::new("clang-19")
        .args(flags.split_whitespace())
        .args(["-fPIC", "-c", "c/kernels.c", "-o"])
        .arg(&object)
        .status();
    if compiled.is_ok_and(|status| status.success()) {
        println!("cargo:rustc-cfg=native");
        println!("cargo:rustc-link-arg={}", object.display());
    } else {
        println!("cargo:warning=no clang-19: no native kernels");
    }
}
