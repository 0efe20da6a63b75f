//! Compiled code on disk.
//!
//! Loading machine code trusts it wholly, so a file is mapped only after a keyed hash over all of
//! it is found right. The key is made once per installation, is readable by its owner alone, and
//! never leaves the directory. Files are written beside their place and renamed into it, and are
//! never changed afterwards. A file's name says the code, the engine and our version, and the hash
//! covers that name: an artefact of another engine or another contract cannot take its place.

use std::cell::RefCell;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use wasmtime::{Engine, Module};

use crate::cost::Preparation;

/// Bytes of the keyed hash at a file's end.
const SEAL_BYTES: usize = 32;
/// Bytes of what is known of an artefact's module.
const FACTS_BYTES: usize = 24;
/// Bytes after the code: the facts, their seal, the code's seal.
const TRAILER_BYTES: usize = FACTS_BYTES + 2 * SEAL_BYTES;
/// Bytes of the buffer that stay from file to file.
const BUFFER_BYTES: usize = 4 << 20;
/// How the names of files begin that are being written.
const FRESH: &str = "fresh-";
/// Age of a file that nobody is writing any more.
const LEFT_BEHIND: Duration = Duration::from_secs(600);
/// Files saved between two looks at the whole directory.
const SAVES_PER_LOOK: u32 = 4_096;
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
    known: Mutex<Known>,
}

/// What is known of the directory without reading it.
#[derive(Debug, Default)]
struct Known {
    size_bytes: u64,
    saves_left: u32,
}

/// What a look for an artefact found.
pub(crate) enum Artefact {
    /// None, or none of ours.
    Missing,
    /// One that the frame cannot pay for.
    Unpaid,
    /// The module and what it takes.
    Found(Module, Preparation),
}

thread_local! {
    /// Room to read a file into: to check a seal costs less than fresh memory.
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
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
                let name = random_name().map_err(io("draw randomness for", &path))?;
                let fresh = directory.join(format!("{FRESH}{name}"));
                let written = write_private(&fresh, &[&key]);
                // Of several processes one wins, and all read what the winner wrote. Where the file
                // system has no links, the key is written in its place.
                let linked = written.and_then(|()| match fs::hard_link(&fresh, &path) {
                    Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                        write_private(&path, &[&key])
                    }
                    linked => linked,
                });
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
            known: Mutex::default(),
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

    /// Maps the artefact called `name` when `pays` accepts the bytes of compiled code in it.
    ///
    /// What it takes is read, and its own seal checked, before the code is: a frame that cannot pay
    /// for a large one causes no work.
    pub(crate) fn load(
        &self,
        engine: &Engine,
        name: &str,
        pays: impl FnOnce(u64) -> bool,
    ) -> Artefact {
        self.try_load(engine, name, pays)
            .unwrap_or(Artefact::Missing)
    }

    fn try_load(
        &self,
        engine: &Engine,
        name: &str,
        pays: impl FnOnce(u64) -> bool,
    ) -> Option<Artefact> {
        let mut file = File::open(self.path(name)).ok()?;
        let size = file.metadata().ok()?.len();
        file.seek(SeekFrom::Start(size.checked_sub(TRAILER_BYTES as u64)?))
            .ok()?;
        let mut trailer = [0; TRAILER_BYTES];
        file.read_exact(&mut trailer).ok()?;
        let (facts, rest) = trailer.split_first_chunk::<FACTS_BYTES>()?;
        let (facts_seal, seal) = rest.split_first_chunk::<SEAL_BYTES>()?;
        let seal: [u8; SEAL_BYTES] = seal.try_into().ok()?;
        // Comparing hashes takes the same time wherever they differ.
        if self.seal(name, facts) != blake3::Hash::from_bytes(*facts_seal) {
            return None;
        }
        let facts = preparation_of(facts);
        if !pays(facts.native_bytes) {
            return Some(Artefact::Unpaid);
        }
        file.seek(SeekFrom::Start(0)).ok()?;
        let is_ours = BUFFER.with_borrow_mut(|bytes| {
            bytes.clear();
            bytes.shrink_to(BUFFER_BYTES);
            (&file)
                .take(size - TRAILER_BYTES as u64)
                .read_to_end(bytes)
                .ok()?;
            Some(self.seal(name, bytes) == blake3::Hash::from_bytes(seal))
        })?;
        if !is_ours {
            return None;
        }
        // SAFETY: the seal shows that these bytes were written by this installation from a module
        // that this engine compiled; the open file is the one that was read, files are never
        // changed in place, and only the owner can write here.
        let module = unsafe { Module::deserialize_open_file(engine, file) }.ok()?;
        Some(Artefact::Found(module, facts))
    }

    /// Writes the artefact called `name`. A failure costs a later compilation, nothing else.
    pub(crate) fn save(&self, name: &str, code: &[u8], facts: &Preparation) -> std::io::Result<()> {
        self.make_room(code.len() as u64);
        let fresh = self.directory.join(format!("{FRESH}{}", random_name()?));
        let facts = bytes_of(facts);
        let seals = [self.seal(name, &facts), self.seal(name, code)];
        let [facts_seal, seal] = seals.each_ref().map(blake3::Hash::as_bytes);
        let parts: [&[u8]; 4] = [code, &facts, facts_seal, seal];
        let written =
            write_private(&fresh, &parts).and_then(|()| fs::rename(&fresh, self.path(name)));
        if written.is_err() {
            let _ = fs::remove_file(&fresh);
        }
        written
    }

    /// Removes the oldest artefacts until `size` more bytes fit. The directory is read once, and
    /// again after many files, since others may write here, too.
    fn make_room(&self, size: u64) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.size_bytes = known.size_bytes.saturating_add(size);
        if known.saves_left > 0 && known.size_bytes <= self.limit_bytes {
            known.saves_left -= 1;
            return;
        }
        let mut files = self.files();
        let mut total = files
            .iter()
            .map(|(_, size, _)| size)
            .sum::<u64>()
            .saturating_add(size);
        // Room for more than one file, so that a full directory is not read at each save.
        let goal = self.limit_bytes - self.limit_bytes / 16;
        if total > self.limit_bytes {
            files.sort();
            for (_, size, path) in files {
                if total <= goal {
                    break;
                }
                if fs::remove_file(path).is_ok() {
                    total = total.saturating_sub(size);
                }
            }
        }
        *known = Known {
            size_bytes: total,
            saves_left: SAVES_PER_LOOK,
        };
    }

    /// Returns all artefacts; removes what writers that ended half-way left behind.
    fn files(&self) -> Vec<(SystemTime, u64, PathBuf)> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.directory)
            .into_iter()
            .flatten()
            .flatten()
        {
            let path = entry.path();
            let Ok(data) = entry.metadata() else { continue };
            let Ok(modified) = data.modified() else {
                continue;
            };
            if path.extension().is_some_and(|suffix| suffix == SUFFIX) {
                files.push((modified, data.len(), path));
            } else if entry.file_name().to_string_lossy().starts_with(FRESH)
                && modified.elapsed().is_ok_and(|age| age > LEFT_BEHIND)
            {
                let _ = fs::remove_file(path);
            }
        }
        files
    }
}

fn bytes_of(facts: &Preparation) -> [u8; FACTS_BYTES] {
    let mut bytes = [0; FACTS_BYTES];
    let numbers = [facts.compile_gas, facts.native_bytes, facts.optimise_gas];
    for (chunk, number) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(numbers) {
        *chunk = number.to_le_bytes();
    }
    bytes
}

fn preparation_of(bytes: &[u8; FACTS_BYTES]) -> Preparation {
    let mut numbers = bytes
        .as_chunks::<8>()
        .0
        .iter()
        .map(|chunk| u64::from_le_bytes(*chunk));
    let mut next = || numbers.next().unwrap_or(u64::MAX);
    Preparation {
        compile_gas: next(),
        native_bytes: next(),
        optimise_gas: next(),
    }
}

/// A name that nobody else uses, in this process or another.
fn random_name() -> std::io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| std::io::Error::other(error.to_string()))?;
    Ok(u128::from_le_bytes(bytes).to_string())
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
    // Not forced to the disk: what a crash cuts off has no seal and is made anew.
    for part in parts {
        file.write_all(part)?;
    }
    Ok(())
}
