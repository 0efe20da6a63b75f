//! From the conformance program's text to the programs of both releases.

use std::path::{Path, PathBuf};

use proz_prozvm::Release;
use proz_prozvm_asm::assemble;

const SOURCE: &str = include_str!("conformance.pzs");

/// The programs, with the release each is for.
pub(crate) fn programs() -> Vec<(&'static str, Vec<u8>)> {
    let build = |name, release: Release| {
        let text = text(release);
        let program =
            assemble(&text, &release.syscalls()).unwrap_or_else(|error| panic!("{error}"));
        (name, program.encode())
    };
    vec![build("1.0", Release::V1_0), build("1.1", Release::V1_1)]
}

/// Where the program of a release lies.
pub(crate) fn file(release: &str) -> PathBuf {
    let manifests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../plugin-manifests");
    manifests.join(format!("prozvm-{release}.conformance/conformance.pz"))
}

/// The text for a release: 1.0 goes without what is marked.
fn text(release: Release) -> String {
    let mut lines = Vec::new();
    let mut skips = false;
    for line in SOURCE.lines() {
        match line.trim() {
            "; since 1.1" => skips = release < Release::V1_1,
            "; end" => skips = false,
            _ if skips => {}
            _ => lines.push(line),
        }
    }
    lines.join("\n")
}
