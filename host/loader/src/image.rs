//! A library as bytes: read once, checked before anything is opened.
//!
//! Pure after the read: a host for x86-64 can look at a library for any machine.

mod bytes;
mod elf;
mod fuzz;
mod mach_o;
mod pe;

pub use fuzz::fuzz_image;

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use proz_manifest::{Platform, Sha256Digest};
use sha2::{Digest as _, Sha256};

use crate::error::LoadError;

/// Largest library in bytes.
pub const MAX_LIBRARY_BYTES: u64 = 512 * 1024 * 1024;

/// A library file, read once and found to be a whole shared library for this machine.
///
/// Everything that follows works on these bytes; the file may change or vanish meanwhile.
pub struct LibraryImage {
    path: PathBuf,
    bytes: Vec<u8>,
    sha256: Sha256Digest,
    pub(crate) read_time: Duration,
    pub(crate) hash_time: Duration,
}

/// What an image says about a symbol.
pub(crate) enum SymbolBytes<'a> {
    /// Its initial content.
    Found(&'a [u8]),
    /// The image has a symbol table, and it does not export the symbol.
    Absent,
    /// The image does not tell; the opened library will.
    Unknown,
}

/// What is wrong with an image; the path is added to make a [`LoadError`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ImageFault {
    /// It is something else than a shared library.
    NotALibrary(&'static str),
    /// It is for another processor.
    ForeignArchitecture { expected: String, found: String },
    /// It ends too early.
    Truncated {
        part: &'static str,
        expected_bytes: u64,
    },
}

impl LibraryImage {
    /// Reads and checks the library at `path`.
    ///
    /// # Errors
    ///
    /// [`LoadError::Read`], [`LoadError::NotAFile`], [`LoadError::Empty`], [`LoadError::TooLarge`],
    /// [`LoadError::NotALibrary`], [`LoadError::ForeignArchitecture`] and [`LoadError::Truncated`].
    pub fn read(path: &Path) -> Result<Self, LoadError> {
        let started = Instant::now();
        let bytes = read_file(path)?;
        let read_time = started.elapsed();
        check(&bytes, path)?;
        let started = Instant::now();
        let sha256 = Sha256Digest(Sha256::digest(&bytes).into());
        Ok(Self {
            path: path.to_path_buf(),
            bytes,
            sha256,
            read_time,
            hash_time: started.elapsed(),
        })
    }

    /// Returns the path that it was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the SHA-256 of the file.
    pub fn sha256(&self) -> Sha256Digest {
        self.sha256
    }

    /// Returns the size of the file in bytes.
    pub fn size_bytes(&self) -> u64 {
        self.bytes.len() as u64
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the initial content of the exported `symbol`, as far as the file tells.
    pub(crate) fn symbol(&self, symbol: &str) -> SymbolBytes<'_> {
        match Platform::CURRENT {
            Platform::Elf => elf::symbol(&self.bytes, symbol),
            _ => SymbolBytes::Unknown,
        }
    }
}

impl std::fmt::Debug for LibraryImage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("LibraryImage")
            .field("path", &self.path)
            .field("size_bytes", &self.bytes.len())
            .field("sha256", &self.sha256)
            .finish_non_exhaustive()
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, LoadError> {
    let read = |source| LoadError::Read {
        file: path.to_path_buf(),
        source,
    };
    // Asked before the file is opened: opening a pipe would wait for a writer.
    let metadata = fs::metadata(path).map_err(read)?;
    if !metadata.is_file() {
        let found = if metadata.is_dir() {
            "a directory"
        } else {
            "a special file"
        };
        return Err(LoadError::NotAFile {
            file: path.to_path_buf(),
            found,
        });
    }
    let too_large = |found_bytes| LoadError::TooLarge {
        file: path.to_path_buf(),
        limit_bytes: MAX_LIBRARY_BYTES,
        found_bytes,
    };
    if metadata.len() > MAX_LIBRARY_BYTES {
        return Err(too_large(metadata.len()));
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    File::open(path)
        .and_then(|file| file.take(MAX_LIBRARY_BYTES + 1).read_to_end(&mut bytes))
        .map_err(read)?;
    if bytes.len() as u64 > MAX_LIBRARY_BYTES {
        return Err(too_large(bytes.len() as u64));
    }
    Ok(bytes)
}

fn check(bytes: &[u8], path: &Path) -> Result<(), LoadError> {
    if bytes.is_empty() {
        return Err(LoadError::Empty {
            file: path.to_path_buf(),
        });
    }
    check_for(Platform::CURRENT, bytes).map_err(|fault| {
        let file = path.to_path_buf();
        match fault {
            ImageFault::NotALibrary(found) => LoadError::NotALibrary {
                file,
                expected: library_format(Platform::CURRENT),
                found,
            },
            ImageFault::ForeignArchitecture { expected, found } => LoadError::ForeignArchitecture {
                file,
                expected,
                found,
            },
            ImageFault::Truncated {
                part,
                expected_bytes,
            } => LoadError::Truncated {
                file,
                part,
                expected_bytes,
                found_bytes: bytes.len() as u64,
            },
        }
    })
}

fn check_for(platform: Platform, bytes: &[u8]) -> Result<(), ImageFault> {
    let format = format_of(bytes);
    if format.platform != Some(platform) {
        return Err(ImageFault::NotALibrary(format.name));
    }
    match platform {
        Platform::MachO => mach_o::check(bytes),
        Platform::Windows => pe::check(bytes),
        _ => elf::check(bytes),
    }
}

fn library_format(platform: Platform) -> &'static str {
    match platform {
        Platform::MachO => "a Mach-O dynamic library",
        Platform::Windows => "a Windows DLL",
        _ => "an ELF shared library",
    }
}

/// What a file is by its first bytes.
struct Format {
    platform: Option<Platform>,
    name: &'static str,
}

fn format_of(bytes: &[u8]) -> Format {
    let known = |platform, name| Format {
        platform: Some(platform),
        name,
    };
    let other = |name| Format {
        platform: None,
        name,
    };
    match bytes {
        [0x7f, b'E', b'L', b'F', ..] => known(Platform::Elf, "an ELF file"),
        [0xcf, 0xfa, 0xed, 0xfe, ..] => known(Platform::MachO, "a Mach-O file"),
        [0xca, 0xfe, 0xba, 0xbe, ..] => other("a Mach-O file for several processors"),
        [b'M', b'Z', ..] => known(Platform::Windows, "a Windows program or DLL"),
        [0, b'a', b's', b'm', ..] => other("a WebAssembly module"),
        [b'!', b'<', b'a', b'r', b'c', b'h', b'>', ..] => other("a static library"),
        [b'#', b'!', ..] => other("a script"),
        _ if std::str::from_utf8(&bytes[..bytes.len().min(64)])
            .is_ok_and(|text| !text.contains('\0')) =>
        {
            other("text")
        }
        _ => other("unknown data"),
    }
}

#[cfg(test)]
pub(crate) mod tests;
