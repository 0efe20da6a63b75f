//! Where the corpora are, and what their archives hold. The tests beside the crate use it too.

use std::io::Read;
use std::path::PathBuf;

/// The corpora, where they are.
pub(crate) fn corpora() -> Option<PathBuf> {
    let place = std::env::var_os("PROZ_CORPORA").map_or_else(
        || {
            PathBuf::from(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../../shared/corpora"
            ))
        },
        PathBuf::from,
    );
    if !place.is_dir() {
        eprintln!(
            "skipped: no corpora at `{}` (set PROZ_CORPORA)",
            place.display()
        );
    }
    place.is_dir().then_some(place)
}

/// Files of a packed suite, by path.
pub(crate) fn unpack(archive: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let file = std::fs::File::open(corpora()?.join("wasm-suites").join(archive)).unwrap();
    let mut decoder = zstd::Decoder::new(file).unwrap();
    decoder.window_log_max(27).unwrap();
    let mut files = Vec::new();
    for entry in tar::Archive::new(decoder).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        files.push((path, bytes));
    }
    files.sort();
    Some(files)
}
