//! The corpus of geth's precompile vectors, read as data.

use serde::Deserialize;
use std::{env, fs, path::PathBuf};

/// The list of files, with what each tests.
#[derive(Deserialize)]
pub(crate) struct Index {
    pub(crate) files: Vec<IndexFile>,
}

/// One file of vectors.
#[derive(Deserialize)]
pub(crate) struct IndexFile {
    pub(crate) file: String,
    pub(crate) vectors: usize,
    pub(crate) address: String,
    pub(crate) negative: bool,
}

impl IndexFile {
    /// Reads the address, which the index may follow with a remark.
    pub(crate) fn address(&self) -> u64 {
        let digits = self.address.split_whitespace().next().unwrap();
        u64::from_str_radix(digits.trim_start_matches("0x"), 16).unwrap()
    }
}

/// One vector; failing ones have neither output nor gas.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Vector {
    pub(crate) input: String,
    pub(crate) expected: Option<String>,
    pub(crate) gas: Option<u64>,
    pub(crate) name: String,
}

/// Returns the folder of the vectors, `None` where the corpora are absent.
pub(crate) fn folder() -> Option<PathBuf> {
    let corpora = env::var_os("PROZ_CORPORA").map_or_else(
        || {
            PathBuf::from(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../../shared/corpora"
            ))
        },
        PathBuf::from,
    );
    let folder = corpora.join("precompile-vectors");
    folder.join("index.json").is_file().then_some(folder)
}

/// Returns every file with its vectors, `None` where the corpora are absent.
pub(crate) fn vectors() -> Option<Vec<(IndexFile, Vec<Vector>)>> {
    let folder = folder()?;
    let index: Index =
        serde_json::from_slice(&fs::read(folder.join("index.json")).unwrap()).unwrap();
    let read = |file: IndexFile| {
        let bytes = fs::read(folder.join(&file.file)).unwrap();
        let vectors: Vec<Vector> = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(vectors.len(), file.vectors, "{}", file.file);
        (file, vectors)
    };
    Some(index.files.into_iter().map(read).collect())
}
