//! Where tests come from: files, folders and `.tar.zst` archives, as one stream in a fixed order.
//!
//! Archives are decompressed as they are read and never touch the disk.

use crate::error::StateTestError;
use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

/// Largest window of the archives, as a power of two: 128 MiB.
const WINDOW_LOG: u32 = 27;

/// Largest file that is read, in bytes. The largest test file known has 60 MB.
const FILE_BYTES: u64 = 1 << 30;

/// Bytes that are taken from the decompressor at a time.
const READ_BYTES: usize = 128 * 1024;

/// Where a test file is: on the disk, or in an archive on the disk.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// File or archive.
    pub file: Arc<Path>,
    /// File in the archive.
    pub entry: Option<Arc<str>>,
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.file.display())?;
        match &self.entry {
            Some(entry) => write!(f, ":{entry}"),
            None => Ok(()),
        }
    }
}

/// A file or an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Input {
    path: Arc<Path>,
    kind: Kind,
    /// Size on the disk.
    pub(crate) size_bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Json,
    Archive,
}

/// What a stream gives.
pub(crate) enum Event {
    /// A test file with its contents.
    File(Location, Vec<u8>),
    /// Something that could not be read.
    Failure(Location, StateTestError),
    /// An input is finished: bytes of the disk that it took.
    Done(u64),
}

/// Lists the inputs under the paths: in the order given, in folders by name.
///
/// Hidden files and folders are passed over.
pub(crate) fn inputs(paths: &[PathBuf]) -> Result<Vec<Input>, StateTestError> {
    let mut list = Vec::new();
    for path in paths {
        let metadata = fs::metadata(path).map_err(|source| unreadable(path, source))?;
        if metadata.is_dir() {
            walk(path, &mut list)?;
        } else {
            let kind =
                kind_of(path).ok_or_else(|| StateTestError::UnknownKind { path: path.clone() })?;
            list.push(Input {
                path: path.as_path().into(),
                kind,
                size_bytes: metadata.len(),
            });
        }
    }
    Ok(list)
}

fn walk(folder: &Path, list: &mut Vec<Input>) -> Result<(), StateTestError> {
    let entries = fs::read_dir(folder)
        .and_then(Iterator::collect::<io::Result<Vec<_>>>)
        .map_err(|source| unreadable(folder, source))?;
    let mut paths: Vec<_> = entries.iter().map(fs::DirEntry::path).collect();
    paths.sort();
    for path in paths {
        if path.file_name().is_some_and(is_hidden) {
            continue;
        }
        let metadata = fs::metadata(&path).map_err(|source| unreadable(&path, source))?;
        if metadata.is_dir() {
            walk(&path, list)?;
        } else if let Some(kind) = kind_of(&path) {
            list.push(Input {
                path: path.into(),
                kind,
                size_bytes: metadata.len(),
            });
        }
    }
    Ok(())
}

fn kind_of(path: &Path) -> Option<Kind> {
    let name = path.file_name()?.to_str()?;
    if name.ends_with(".json") {
        Some(Kind::Json)
    } else if name.ends_with(".tar.zst") {
        Some(Kind::Archive)
    } else {
        None
    }
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().first() == Some(&b'.')
}

fn unreadable(path: &Path, source: io::Error) -> StateTestError {
    StateTestError::Unreadable {
        path: path.to_owned(),
        source,
    }
}

/// Gives everything that the input holds to `give`, until it answers `false`.
///
/// `buffer` supplies memory for the contents of a file.
pub(crate) fn stream(
    input: &Input,
    buffer: &mut dyn FnMut() -> Vec<u8>,
    give: &mut dyn FnMut(Event) -> bool,
) -> bool {
    let location = Location {
        file: input.path.clone(),
        entry: None,
    };
    let wants_more = match input.kind {
        Kind::Json => {
            let mut contents = buffer();
            let event = match read_file(&location, &mut contents) {
                Ok(()) => Event::File(location, contents),
                Err(error) => Event::Failure(location, error),
            };
            give(event)
        }
        Kind::Archive => match stream_archive(&input.path, buffer, give) {
            Ok(wants_more) => wants_more,
            Err(source) => give(Event::Failure(location, unreadable(&input.path, source))),
        },
    };
    wants_more && give(Event::Done(input.size_bytes))
}

fn read_file(location: &Location, contents: &mut Vec<u8>) -> Result<(), StateTestError> {
    let path = &location.file;
    let file = File::open(path).map_err(|source| unreadable(path, source))?;
    let size_bytes = file.metadata().map_or(0, |metadata| metadata.len());
    read(location, file, size_bytes, contents)
}

fn read(
    location: &Location,
    reader: impl Read,
    size_bytes: u64,
    contents: &mut Vec<u8>,
) -> Result<(), StateTestError> {
    if size_bytes > FILE_BYTES {
        return Err(StateTestError::TooLarge {
            file: location.to_string(),
            size_bytes,
            limit: FILE_BYTES,
        });
    }
    contents.clear();
    // What is reserved is what the file claims to have, within the limit; what is read is bounded.
    contents.reserve(usize::try_from(size_bytes).unwrap_or(0));
    reader
        .take(FILE_BYTES)
        .read_to_end(contents)
        .map_err(|source| unreadable(&location.file, source))?;
    Ok(())
}

fn stream_archive(
    path: &Arc<Path>,
    buffer: &mut dyn FnMut() -> Vec<u8>,
    give: &mut dyn FnMut(Event) -> bool,
) -> io::Result<bool> {
    let mut decoder = zstd::Decoder::new(File::open(path)?)?;
    decoder.window_log_max(WINDOW_LOG)?;
    let mut archive = tar::Archive::new(BufReader::with_capacity(READ_BYTES, decoder));
    for entry in archive.entries()? {
        let entry = entry?;
        let name = entry.path()?;
        let is_test = entry.header().entry_type().is_file()
            && kind_of(&name) == Some(Kind::Json)
            && !name.iter().any(is_hidden_part);
        if !is_test {
            continue;
        }
        let location = Location {
            file: path.clone(),
            entry: Some(name.to_string_lossy().into()),
        };
        drop(name);
        let mut contents = buffer();
        let size_bytes = entry.size();
        let event = match read(&location, entry, size_bytes, &mut contents) {
            Ok(()) => Event::File(location, contents),
            Err(error) => Event::Failure(location, error),
        };
        if !give(event) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// `.` and `..` are ways, not names.
fn is_hidden_part(part: &OsStr) -> bool {
    is_hidden(part) && part != "." && part != ".."
}

/// Reads one file again.
pub(crate) fn reopen(location: &Location) -> Result<Vec<u8>, StateTestError> {
    let path = location.file.as_ref();
    let inputs = inputs(&[path.to_owned()])?;
    let mut found = None;
    for input in &inputs {
        stream(input, &mut Vec::new, &mut |event| match event {
            Event::File(at, contents) if at == *location => {
                found = Some(Ok(contents));
                false
            }
            Event::Failure(_, error) => {
                found = Some(Err(error));
                false
            }
            _ => true,
        });
    }
    found.unwrap_or_else(|| {
        let source = io::Error::new(io::ErrorKind::NotFound, "no such entry in the archive");
        Err(unreadable(path, source))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn archive(path: &Path, files: &[(&str, &str)]) {
        let mut encoder = zstd::Encoder::new(File::create(path).unwrap(), 3).unwrap();
        encoder.window_log(WINDOW_LOG).unwrap();
        let mut tar = tar::Builder::new(encoder);
        for (name, text) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            tar.append_data(&mut header, name, text.as_bytes()).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap();
    }

    fn everything(paths: &[PathBuf]) -> Vec<String> {
        let mut seen = Vec::new();
        for input in inputs(paths).unwrap() {
            stream(&input, &mut Vec::new, &mut |event| {
                seen.push(match event {
                    Event::File(at, contents) => {
                        format!("{at}={}", String::from_utf8(contents).unwrap())
                    }
                    Event::Failure(_, error) => format!("failure: {error}"),
                    Event::Done(_) => "done".to_owned(),
                });
                true
            });
        }
        seen
    }

    #[test]
    fn folders_and_archives_are_one_stream_in_the_order_of_names() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("b/.meta")).unwrap();
        fs::write(root.join("b/.meta/index.json"), "no").unwrap();
        fs::write(root.join("b/1.json"), "one").unwrap();
        fs::write(root.join("c.json"), "last").unwrap();
        fs::write(root.join("readme.md"), "no").unwrap();
        archive(
            &root.join("a.tar.zst"),
            &[
                ("x/2.json", "two"),
                (".meta/i.json", "no"),
                ("./x/1.json", "three"),
            ],
        );
        let shown = |name: &str| format!("{}/{name}", root.display());
        assert_eq!(
            everything(&[root.to_owned()]),
            [
                shown("a.tar.zst:x/2.json=two"),
                shown("a.tar.zst:x/1.json=three"),
                "done".into(),
                shown("b/1.json=one"),
                "done".into(),
                shown("c.json=last"),
                "done".into(),
            ]
        );
        let again = Location {
            file: root.join("a.tar.zst").into(),
            entry: Some("x/2.json".into()),
        };
        assert_eq!(reopen(&again).unwrap(), b"two");
    }

    #[test]
    fn a_damaged_archive_is_a_failure_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tar.zst");
        let text = "x".repeat(100_000);
        archive(&path, &[("1.json", "one"), ("2.json", &text)]);
        let whole = fs::read(&path).unwrap();
        File::create(&path)
            .unwrap()
            .write_all(&whole[..whole.len() - 8])
            .unwrap();
        let seen = everything(&[path]);
        // How much comes out before the damage depends on how the compressor cut its blocks.
        let failure = seen.iter().find(|line| line.contains("cannot read"));
        assert!(
            failure.is_some_and(|line| line.contains("a.tar.zst")),
            "{seen:?}"
        );
    }

    #[test]
    fn a_file_beyond_the_limit_is_refused_with_its_size_before_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("huge.json");
        // A hole in the file: it takes no room on the disk.
        File::create(&path)
            .unwrap()
            .set_len(FILE_BYTES + 1)
            .unwrap();
        let seen = everything(&[path]);
        assert!(
            seen[0].contains("huge.json") && seen[0].contains("1073741825"),
            "{seen:?}"
        );
    }

    #[test]
    fn a_path_that_is_no_test_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        fs::write(&path, "").unwrap();
        assert!(matches!(
            inputs(&[path]),
            Err(StateTestError::UnknownKind { .. })
        ));
        let absent = folder.path().join("absent.json");
        assert!(matches!(
            inputs(&[absent]),
            Err(StateTestError::Unreadable { .. })
        ));
    }
}
