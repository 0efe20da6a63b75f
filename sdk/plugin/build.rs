//! Passes compiler and target on to the descriptor of the plugins.

fn main() {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let compiler = std::process::Command::new(rustc)
        .arg("--version")
        .output()
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .unwrap_or_else(|| "unknown".into());
    println!("cargo::rustc-env=PROZ_SDK_COMPILER={}", compiler.trim());
    let target = std::env::var("TARGET").unwrap_or_default();
    println!("cargo::rustc-env=PROZ_SDK_TARGET={target}");
    println!("cargo::rerun-if-changed=build.rs");
}
