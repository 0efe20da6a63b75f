//! Compiled code on disk.
//!
//! Loading machine code trusts it wholly, so a file is mapped only after a keyed hash over all of
//! it is found right. The key is made once per installation, is readable by its owner alone, and
//! never leaves the directory. Files are written beside their place and renamed into it, and are
//! never changed afterwards. A file's name says the code, the engine and our version, and the hash
//! covers that name: an artefact of another engine or another contract cannot take its place.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use wasmtime::{Engine, Module};

/// Bytes of the keyed hash at a file's end.
const SEAL_BYTES: usize = 32;
const KEY_FILE: &str = "artefacts.key";
const SUFFIX: &str = "cwasm";

/// Why the directory of artefacts cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArtefactError {
    /// A file or directory cannot be made, read or written.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// The key can be read by others, or has a wrong size.
    #[error("key `{}` {found}, expected {expected}", path.display())]
    Key {
        /// The key file.
        path: PathBuf,
        /// What is wrong.
        found: String,
        /// What is right.
        expected: &'static str,
    },
}

/// A directory of compiled code.
#[derive(Debug)]
pub(crate) struct ArtefactStore {
    directory: PathBuf,
    key: [u8; 32],
    limit_bytes: u64,
    serial: AtomicU64,
}

impl ArtefactStore {
    /// Opens the directory, making it and its key where they are missing.
    pub(crate) fn open(directory: &Path, limit_bytes: u64) -> Result<Self, ArtefactError> {
        let io = |action, path: &Path| {
            let path = path.to_owned();
            move |source| ArtefactError::Io {
                action,
                path,
                source,
            }
        };
        make_private_directory(directory).map_err(io("make the directory", directory))?;
        let path = directory.join(KEY_FILE);
        let key = match read_key(&path)? {
            Some(key) => key,
            None => {
                let mut key = [0; 32];
                getrandom::fill(&mut key).map_err(|error| ArtefactError::Io {
                    action: "draw randomness for",
                    path: path.clone(),
                    source: std::io::Error::other(error.to_string()),
                })?;
                let fresh = directory.join(format!("{KEY_FILE}.{}", std::process::id()));
                write_private(&fresh, &[&key]).map_err(io("write", &fresh))?;
                // Of several processes one wins, and all read what the winner wrote.
                let linked = fs::hard_link(&fresh, &path);
                let _ = fs::remove_file(&fresh);
                match (linked, read_key(&path)?) {
                    (_, Some(key)) => key,
                    (Err(source), None) => return Err(io("write", &path)(source)),
                    (Ok(()), None) => {
                        return Err(io("read", &path)(std::io::ErrorKind::NotFound.into()));
                    }
                }
            }
        };
        Ok(Self {
            directory: directory.to_owned(),
            key,
            limit_bytes,
            serial: AtomicU64::new(0),
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name).with_extension(SUFFIX)
    }

    fn seal(&self, name: &str, code: &[u8]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(&(name.len() as u64).to_le_bytes());
        hasher.update(name.as_bytes());
        hasher.update(code);
        hasher.finalize()
    }

    /// Maps the artefact called `name`; `None` when there is none or its seal is not ours.
    pub(crate) fn load(&self, engine: &Engine, name: &str) -> Option<Module> {
        let mut file = File::open(self.path(name)).ok()?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).ok()?;
        let (code, seal) = bytes.split_last_chunk::<SEAL_BYTES>()?;
        // Comparing hashes takes the same time wherever they differ.
        if self.seal(name, code) != blake3::Hash::from_bytes(*seal) {
            return None;
        }
        // SAFETY: the seal shows that these bytes were written by this installation from a module
        // that this engine compiled; the open file is the one that was read, files are never
        // changed in place, and only the owner can write here.
        unsafe { Module::deserialize_open_file(engine, file) }.ok()
    }

    /// Writes the artefact called `name`. A failure costs a later compilation, nothing else.
    pub(crate) fn save(&self, name: &str, code: &[u8]) -> std::io::Result<()> {
        self.make_room(code.len() as u64);
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        let fresh = self
            .directory
            .join(format!("{name}.{}.{serial}", std::process::id()));
        let written = write_private(&fresh, &[code, self.seal(name, code).as_bytes()])
            .and_then(|()| fs::rename(&fresh, self.path(name)));
        if written.is_err() {
            let _ = fs::remove_file(&fresh);
        }
        written
    }

    /// Removes the oldest artefacts until `size` more bytes fit.
    fn make_room(&self, size: u64) {
        let Ok(entries) = fs::read_dir(&self.directory) else {
            return;
        };
        let mut files: Vec<(SystemTime, u64, PathBuf)> = entries
            .flatten()
            .filter(|entry| {
                entry
                    .path()
                    .extension()
                    .is_some_and(|suffix| suffix == SUFFIX)
            })
            .filter_map(|entry| {
                let data = entry.metadata().ok()?;
                Some((data.modified().ok()?, data.len(), entry.path()))
            })
            .collect();
        let mut total = files
            .iter()
            .map(|(_, size, _)| size)
            .sum::<u64>()
            .saturating_add(size);
        files.sort();
        for (_, size, path) in files {
            if total <= self.limit_bytes {
                break;
            }
            if fs::remove_file(path).is_ok() {
                total = total.saturating_sub(size);
            }
        }
    }
}

fn read_key(path: &Path) -> Result<Option<[u8; 32]>, ArtefactError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(ArtefactError::Io {
                action: "read",
                path: path.to_owned(),
                source,
            });
        }
    };
    let wrong = |found, expected| ArtefactError::Key {
        path: path.to_owned(),
        found,
        expected,
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path).map_or(0, |data| data.permissions().mode()) & 0o777;
        if mode & 0o077 != 0 {
            return Err(wrong(format!("has mode {mode:o}"), "mode 600"));
        }
    }
    let size = bytes.len();
    bytes
        .try_into()
        .map(Some)
        .map_err(|_| wrong(format!("has {size} bytes"), "32 bytes"))
}

fn make_private_directory(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn write_private(path: &Path, parts: &[&[u8]]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    for part in parts {
        file.write_all(part)?;
    }
    file.sync_all()
}
