//! Passes the target on, so that a plugin's target can be compared with the host's.

fn main() {
    let target = std::env::var("TARGET").unwrap_or_default();
    println!("cargo::rustc-env=PROZ_LOADER_TARGET={target}");
    println!("cargo::rerun-if-changed=build.rs");
}
