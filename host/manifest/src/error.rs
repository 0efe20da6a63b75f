//! What can go wrong with manifests, their discovery and their matching.

use std::fmt;
use std::io;
use std::path::PathBuf;

use semver::Version;

use crate::library::LibraryEscape;
use crate::matching::NearMiss;
use crate::names::{PluginId, VmType};
use crate::requirement::Requirement;

/// Most bytes of a refused text that an error repeats.
const EXCERPT_BYTES: usize = 64;

/// An error about a manifest, a requirement or the choice of a version.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// The manifest file cannot be read.
    #[error("{}: cannot read the manifest", file.display())]
    Read {
        /// The manifest.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// The manifest is longer than any manifest may be.
    #[error("{}: the manifest is too long, expected at most {limit_bytes} bytes, found {found_bytes}", file.display())]
    TooLong {
        /// The manifest.
        file: PathBuf,
        /// Longest manifest accepted.
        limit_bytes: u64,
        /// Length of this one, as far as it was read.
        found_bytes: u64,
    },

    /// The manifest is not UTF-8 text.
    #[error("{}: expected UTF-8 text, found an invalid byte at offset {offset_bytes}", file.display())]
    NotText {
        /// The manifest.
        file: PathBuf,
        /// Offset of the first invalid byte.
        offset_bytes: usize,
    },

    /// The manifest is not TOML, lacks a key, has an unknown one or a value that is not allowed.
    #[error("{}:{line}:{column}: {message}", file.display())]
    Toml {
        /// The manifest.
        file: PathBuf,
        /// Line of the fault, from 1.
        line: usize,
        /// Column of the fault in characters, from 1.
        column: usize,
        /// What was expected and found.
        message: String,
    },

    /// The manifest does not begin with `manifest_version`.
    #[error("{}:{line}:{column}: expected `manifest_version` as the first key, found {found}", file.display())]
    ManifestVersionNotFirst {
        /// The manifest.
        file: PathBuf,
        /// Line of the first key, from 1.
        line: usize,
        /// Column of the first key, from 1.
        column: usize,
        /// The key found instead.
        found: String,
    },

    /// The manifest is written in a version of the format that this host does not know.
    #[error("{}:{line}:{column}: expected manifest version {expected}, found {found}", file.display())]
    ManifestVersion {
        /// The manifest.
        file: PathBuf,
        /// Line of the value, from 1.
        line: usize,
        /// Column of the value, from 1.
        column: usize,
        /// The newest version that this host knows; it knows all from 1.
        expected: u32,
        /// The value found.
        found: String,
    },

    /// Two keys of the manifest exclude one another.
    #[error("{}: {key} is {found}, expected {expected}", file.display())]
    Contradiction {
        /// The manifest.
        file: PathBuf,
        /// The key at fault.
        key: &'static str,
        /// What the other keys ask for.
        expected: &'static str,
        /// What it holds.
        found: String,
    },

    /// A name or another short text is not well formed.
    #[error("invalid {what} `{found}`, expected {expected}")]
    Name {
        /// What the text was read as.
        what: &'static str,
        /// The text, shortened.
        found: String,
        /// The rule.
        expected: &'static str,
    },

    /// The library lies outside the manifest's folder.
    #[error("library `{library}` leaves the manifest's folder {}: {reason}", folder.display())]
    LibraryEscapes {
        /// The stem as written.
        library: String,
        /// The manifest's folder.
        folder: PathBuf,
        /// How it leaves.
        reason: LibraryEscape,
    },

    /// The library that the manifest names is not there.
    #[error("expected the library at {}, found none", expected.display())]
    LibraryMissing {
        /// Where it should be.
        expected: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// A place that the operator named in the search path is not usable.
    #[error("{}: expected a directory or manifest in the search path, found {found}", path.display())]
    SearchPath {
        /// The place.
        path: PathBuf,
        /// What is there instead.
        found: String,
    },

    /// Two manifests of one directory name the same id and version.
    #[error("`{id}` {version} is named twice: {} and {}", first.display(), second.display())]
    DuplicateIdVersion {
        /// The plugin line.
        id: PluginId,
        /// The version.
        version: Version,
        /// The manifest that comes first by file name.
        first: PathBuf,
        /// The other one.
        second: PathBuf,
    },

    /// The text is not a requirement.
    #[error("invalid requirement `{text}`: {detail}")]
    RequirementSyntax {
        /// The text, shortened.
        text: String,
        /// What is wrong with it.
        detail: String,
    },

    /// No candidate has the VM type or id that the requirement names.
    #[error(
        "nothing offers `{requirement}`; found VM types {} and plugins {}",
        List(vm_types),
        List(ids)
    )]
    SubjectUnknown {
        /// The requirement.
        requirement: Box<Requirement>,
        /// The VM types among the candidates, in order.
        vm_types: Vec<VmType>,
        /// The plugin ids among the candidates, in order.
        ids: Vec<PluginId>,
    },

    /// Candidates of the right VM type or id exist, yet none satisfies version and features.
    #[error("no version satisfies `{requirement}`; found {}", List(found))]
    VersionUnsatisfied {
        /// The requirement.
        requirement: Box<Requirement>,
        /// Each candidate and why it does not fit, the highest version first.
        found: Vec<NearMiss>,
    },
}

/// Writes items separated by semicolons, and `none` for an empty list.
struct List<'a, T>(&'a [T]);

impl<T: fmt::Display> fmt::Display for List<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return formatter.write_str("none");
        }
        for (index, item) in self.0.iter().enumerate() {
            let separator = if index > 0 { "; " } else { "" };
            write!(formatter, "{separator}{item}")?;
        }
        Ok(())
    }
}

/// Shortens `text` for an error message and makes control characters visible.
pub(crate) fn excerpt(text: &str) -> String {
    let mut end = text.len().min(EXCERPT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut excerpt = String::new();
    for character in text[..end].chars() {
        if character.is_control() {
            excerpt.extend(character.escape_default());
        } else {
            excerpt.push(character);
        }
    }
    if end < text.len() {
        excerpt.push('…');
    }
    excerpt
}
