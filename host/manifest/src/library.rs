//! Where a manifest's library lies.
//!
//! A manifest names a *stem* relative to its own folder; the platform's prefix and suffix are added: `lib/proz_evm` is
//! `lib/libproz_evm.so` on Linux. One manifest so serves every platform, and no manifest can point outside its folder:
//! absolute paths, `..` and symbolic links that lead out are refused.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::error::{ManifestError, excerpt};

/// Longest stem in bytes.
const MAX_STEM_BYTES: usize = 255;

const STEM_RULE: &str = "a path below the manifest's folder without prefix and suffix, \
     parts of A-Z, a-z, 0-9, _, . and - separated by /";

/// The endings that a stem must not have: the platform's own is added to it.
const LIBRARY_SUFFIXES: [&str; 3] = [".so", ".dylib", ".dll"];

/// The path of a library relative to its manifest, without platform prefix and suffix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LibraryStem(String);

/// Why a library path leaves the manifest's folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LibraryEscape {
    /// The path is absolute, or names a drive.
    Absolute,
    /// A part of the path is `..`.
    ParentFolder,
    /// A symbolic link on the way leads out of the folder.
    SymbolicLink,
}

impl fmt::Display for LibraryEscape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Absolute => "the path is absolute",
            Self::ParentFolder => "the path contains `..`",
            Self::SymbolicLink => "a symbolic link leads out of it",
        })
    }
}

/// How a platform names shared libraries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Platform {
    /// `libNAME.so`: Linux and the other ELF systems.
    Elf,
    /// `libNAME.dylib`: macOS.
    MachO,
    /// `NAME.dll`: Windows.
    Windows,
}

impl Platform {
    /// The platform that this program was compiled for.
    pub const CURRENT: Self = if cfg!(windows) {
        Self::Windows
    } else if cfg!(target_vendor = "apple") {
        Self::MachO
    } else {
        Self::Elf
    };

    /// Returns the file name of the library called `name`.
    pub fn library_file_name(self, name: &str) -> String {
        match self {
            Self::Elf => format!("lib{name}.so"),
            Self::MachO => format!("lib{name}.dylib"),
            Self::Windows => format!("{name}.dll"),
        }
    }
}

impl LibraryStem {
    /// Checks `text` as a stem.
    ///
    /// # Errors
    ///
    /// [`ManifestError::LibraryEscapes`] when it leaves the folder, [`ManifestError::Name`] when it is not a stem at all.
    pub fn new(text: &str) -> Result<Self, ManifestError> {
        let escapes = |reason| ManifestError::LibraryEscapes {
            library: excerpt(text),
            folder: PathBuf::from("."),
            reason,
        };
        let refused = |expected| ManifestError::Name {
            what: "library",
            found: excerpt(text),
            expected,
        };

        let mut parts = text.split(['/', '\\']);
        if text.starts_with(['/', '\\']) || text.as_bytes().get(1) == Some(&b':') {
            return Err(escapes(LibraryEscape::Absolute));
        }
        if parts.clone().any(|part| part == "..") {
            return Err(escapes(LibraryEscape::ParentFolder));
        }
        if text.len() > MAX_STEM_BYTES || text.contains('\\') || !parts.all(is_part) {
            return Err(refused(STEM_RULE));
        }
        if LIBRARY_SUFFIXES.iter().any(|suffix| text.ends_with(suffix)) {
            return Err(refused(
                "a stem without .so, .dylib or .dll: the platform's own is added",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the stem as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the library's path relative to the manifest's folder on `platform`.
    pub fn file_path(&self, platform: Platform) -> PathBuf {
        match self.0.rsplit_once('/') {
            Some((folder, name)) => Path::new(folder).join(platform.library_file_name(name)),
            None => PathBuf::from(platform.library_file_name(&self.0)),
        }
    }

    /// Finds the library of this platform below `folder`, the folder of the manifest.
    ///
    /// Returns the path with all symbolic links resolved. A link may lead anywhere within the folder.
    ///
    /// # Errors
    ///
    /// [`ManifestError::LibraryMissing`] when no such file is there, [`ManifestError::LibraryEscapes`] when a symbolic
    /// link leads out of the folder.
    pub fn resolve(&self, folder: &Path) -> Result<PathBuf, ManifestError> {
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        let expected = folder.join(self.file_path(Platform::CURRENT));
        let missing = |source| ManifestError::LibraryMissing {
            expected: expected.clone(),
            source,
        };
        let resolved = expected.canonicalize().map_err(missing)?;
        let root = folder.canonicalize().map_err(missing)?;
        if resolved.starts_with(&root) {
            Ok(resolved)
        } else {
            Err(ManifestError::LibraryEscapes {
                library: self.0.clone(),
                folder: folder.to_path_buf(),
                reason: LibraryEscape::SymbolicLink,
            })
        }
    }
}

fn is_part(part: &str) -> bool {
    !part.is_empty()
        && part != "."
        && part
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

impl fmt::Display for LibraryStem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl FromStr for LibraryStem {
    type Err = ManifestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

impl Serialize for LibraryStem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for LibraryStem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl JsonSchema for LibraryStem {
    fn schema_name() -> Cow<'static, str> {
        "LibraryStem".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$",
            "maxLength": MAX_STEM_BYTES,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_platform_adds_its_own_prefix_and_suffix() {
        let stem = LibraryStem::new("1.0.0/proz_evm").unwrap();
        let paths = [Platform::Elf, Platform::MachO, Platform::Windows].map(|platform| {
            stem.file_path(platform)
                .to_str()
                .unwrap()
                .replace('\\', "/")
        });
        assert_eq!(
            paths,
            [
                "1.0.0/libproz_evm.so",
                "1.0.0/libproz_evm.dylib",
                "1.0.0/proz_evm.dll"
            ]
        );
    }

    #[test]
    fn refuses_paths_that_leave_the_folder() {
        for (text, expected) in [
            ("/usr/lib/evil", LibraryEscape::Absolute),
            ("\\\\server\\evil", LibraryEscape::Absolute),
            ("C:evil", LibraryEscape::Absolute),
            ("../evil", LibraryEscape::ParentFolder),
            ("a/../../evil", LibraryEscape::ParentFolder),
            ("a\\..\\evil", LibraryEscape::ParentFolder),
            ("..", LibraryEscape::ParentFolder),
        ] {
            let error = LibraryStem::new(text).unwrap_err();
            assert!(
                matches!(error, ManifestError::LibraryEscapes { reason, .. } if reason == expected),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn refuses_what_is_not_a_stem() {
        for text in [
            "",
            "a/",
            "a//b",
            "./a",
            "a/.",
            "a\\b",
            "a b",
            "a\0",
            "libevm.so",
            "evm.dll",
            "ä",
        ] {
            let error = LibraryStem::new(text).unwrap_err();
            assert!(
                matches!(error, ManifestError::Name { .. }),
                "{text:?}: {error}"
            );
        }
        assert!(LibraryStem::new(&"a".repeat(256)).is_err());
    }

    #[test]
    fn resolves_a_library_in_the_folder_and_below() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("deep")).unwrap();
        for stem in ["evm", "deep/evm"] {
            let stem = LibraryStem::new(stem).unwrap();
            let file = folder.path().join(stem.file_path(Platform::CURRENT));
            assert!(matches!(
                stem.resolve(folder.path()),
                Err(ManifestError::LibraryMissing { expected, .. }) if expected == file
            ));
            std::fs::write(&file, b"").unwrap();
            assert_eq!(
                stem.resolve(folder.path()).unwrap(),
                file.canonicalize().unwrap()
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn refuses_a_symbolic_link_that_leads_out_of_the_folder() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("plugins");
        std::fs::create_dir(&folder).unwrap();
        let stem = LibraryStem::new("evm").unwrap();
        let file_name = stem.file_path(Platform::CURRENT);
        std::fs::write(outer.path().join("outside"), b"").unwrap();
        std::fs::write(folder.join("inside"), b"").unwrap();

        std::os::unix::fs::symlink("../outside", folder.join(&file_name)).unwrap();
        assert!(matches!(
            stem.resolve(&folder),
            Err(ManifestError::LibraryEscapes {
                reason: LibraryEscape::SymbolicLink,
                ..
            })
        ));

        std::fs::remove_file(folder.join(&file_name)).unwrap();
        std::os::unix::fs::symlink("inside", folder.join(&file_name)).unwrap();
        assert!(stem.resolve(&folder).is_ok());
    }
}
