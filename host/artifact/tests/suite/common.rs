//! Where the tests find their contracts.

use std::path::{Path, PathBuf};

use alloy_primitives::hex;
use proz_artifact::{Contract, ReadOptions, Result, read_file};

/// The root of the workspace.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A file of `tests/fixtures`.
pub(crate) fn fixture(path: &str) -> PathBuf {
    workspace().join("tests/fixtures").join(path)
}

/// A contract of `tests/fixtures/solidity`.
pub(crate) fn own_contract(name: &str) -> Contract {
    read_file(
        &fixture(&format!("solidity/artifacts/{name}.json")),
        &ReadOptions::default(),
    )
    .unwrap()
}

/// A folder of the corpora, or nothing after saying that the test is skipped.
pub(crate) fn corpus(folder: &str) -> Option<PathBuf> {
    let corpora = match std::env::var_os("PROZ_CORPORA") {
        Some(path) => PathBuf::from(path),
        None => workspace().join("../shared/corpora"),
    };
    let path = corpora.join(folder);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: no corpus at {}", path.display());
    None
}

/// Options that ask for one contract by name.
pub(crate) fn named(name: &str) -> ReadOptions {
    ReadOptions {
        contract: Some(name.to_owned()),
        ..ReadOptions::default()
    }
}

/// Asserts the text of an error, its causes joined by ` <- `.
#[track_caller]
pub(crate) fn assert_error<T: std::fmt::Debug>(result: Result<T>, expected: &str) {
    let error = result.unwrap_err();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text = format!("{text} <- {inner}");
        cause = inner.source();
    }
    assert_eq!(text, expected);
}

/// Words of 32 bytes written one after another; text is padded on the left.
pub(crate) fn words(texts: &[&str]) -> Vec<u8> {
    texts
        .iter()
        .flat_map(|text| hex::decode(format!("{text:0>64}")).unwrap())
        .collect()
}
