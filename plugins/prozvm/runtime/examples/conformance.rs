//! Builds the conformance programs of both releases from their one source.
//!
//! `cargo run -p proz-prozvm --example conformance` writes them beside the manifests; with `--check` it only compares.
#![expect(clippy::unwrap_used, reason = "a tool of this repository")]

use std::fs;
use std::path::Path;
use std::process::ExitCode;

#[path = "../conformance/build.rs"]
mod build;

fn main() -> ExitCode {
    let is_check = std::env::args().any(|argument| argument == "--check");
    let mut stale = false;
    for (release, program) in build::programs() {
        let file = build::file(release);
        if is_check {
            stale |= fs::read(&file).ok().as_ref() != Some(&program);
        } else {
            fs::create_dir_all(file.parent().unwrap_or(Path::new(""))).unwrap();
            fs::write(&file, &program).unwrap();
            println!("{} bytes {}", program.len(), file.display());
        }
    }
    ExitCode::from(u8::from(stale))
}
