//! Finds manifests along a search path and explains each one taken or passed over.
//!
//! In a directory every file that ends in `.toml` and does not begin with a dot is a manifest, in order of file name,
//! except the [programs of the conformance kit](PROGRAMS_SUFFIX) and [vectors](VECTORS_SUFFIX); sub-directories are not entered (a manifest can name
//! a library in one). A place that is a file is one manifest.
//!
//! - Of manifests with the same id and version in different places the earlier is taken, the later is
//!   [shadowed](PassedOverReason::Shadowed).
//! - In the *same* directory they are an [error](PassedOverReason::DuplicateIdVersion): nothing tells which is meant, so
//!   none of them is taken, nor one from a later place.
//! - A manifest that is passed over for another reason shadows nothing.
//!
//! Deterministic: the same files and search path give the same result in the same order.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::PathBuf;

use semver::Version;

use crate::error::ManifestError;
use crate::generations::AbiGenerations;
use crate::manifest::Manifest;
use crate::matching::Offered;
use crate::names::{FeatureSet, PluginId, VmType};
use crate::search_path::{Origin, SearchPath};
use crate::walk::Walk;

/// The ending that takes a manifest out of service without removing it: `evm.toml.disabled`.
pub const DISABLED_SUFFIX: &str = ".toml.disabled";

/// The ending of a file beside a manifest that holds the plugin's programs for the conformance kit: no manifest.
pub const PROGRAMS_SUFFIX: &str = ".conformance.toml";

/// The ending of a file beside manifests that holds the vectors by which the behaviour of a VM type's releases is
/// told: no manifest.
pub const VECTORS_SUFFIX: &str = ".vectors.toml";

/// Most manifests that are read from one directory; with more the directory is not used.
pub const MAX_MANIFESTS_PER_DIRECTORY: usize = 4096;

/// What discovery accepts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiscoveryOptions {
    /// The ABI generations that the host speaks.
    pub supported_generations: Vec<u32>,
    /// The plugin lines that the configuration disables.
    pub disabled: BTreeSet<PluginId>,
}

/// What [`discover`] found.
#[derive(Debug, Default)]
pub struct Discovery {
    /// The manifests taken, in order of precedence.
    pub taken: Vec<Candidate>,
    /// The manifests passed over, in the order in which they were found.
    pub passed_over: Vec<PassedOver>,
    /// Each place of the search path and what it is.
    pub locations: Vec<SearchedLocation>,
}

/// A manifest that was taken: its plugin can be loaded.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The manifest.
    pub manifest: Manifest,
    /// The file that it was read from.
    pub manifest_path: PathBuf,
    /// Its library, with all symbolic links resolved.
    pub library_path: PathBuf,
    /// Who named the place that it was found in.
    pub origin: Origin,
    /// Its place in the order of precedence, unique in one discovery.
    pub rank: usize,
}

/// A manifest that was passed over.
#[derive(Debug)]
pub struct PassedOver {
    /// The file.
    pub manifest_path: PathBuf,
    /// Who named the place that it was found in.
    pub origin: Origin,
    /// The id and version that it names, as far as it could be read.
    pub release: Option<(PluginId, Version)>,
    /// Why it was passed over.
    pub reason: PassedOverReason,
}

/// Why a manifest was passed over.
#[derive(Debug)]
#[non_exhaustive]
pub enum PassedOverReason {
    /// It cannot be read, or its library is not where it says.
    Invalid(ManifestError),
    /// It is disabled.
    Disabled(DisabledBy),
    /// The library speaks no ABI generation that the host speaks.
    UnsupportedAbi {
        /// The generations that the host speaks.
        expected: Vec<u32>,
        /// The generations that the library speaks.
        found: AbiGenerations,
    },
    /// An earlier place names the same id and version.
    Shadowed {
        /// The manifest that was met first.
        by: PathBuf,
    },
    /// Another manifest of the same directory names the same id and version; neither is taken.
    DuplicateIdVersion(ManifestError),
    /// The same file was met before, by another place of the search path.
    Repeated {
        /// The path by which it was met first.
        first: PathBuf,
    },
}

/// What disables a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DisabledBy {
    /// Its file name ends in [`DISABLED_SUFFIX`].
    FileName,
    /// The configuration disables its plugin line.
    Configuration,
}

/// A place of the search path and what it turned out to be.
#[derive(Debug)]
pub struct SearchedLocation {
    /// The place.
    pub path: PathBuf,
    /// Who named it.
    pub origin: Origin,
    /// What it is.
    pub status: LocationStatus,
}

/// What a place of the search path turned out to be.
#[derive(Debug)]
#[non_exhaustive]
pub enum LocationStatus {
    /// A directory with this many manifests, disabled ones included.
    Directory {
        /// The number of manifests.
        manifests: usize,
    },
    /// One manifest.
    File,
    /// Nothing is there.
    Missing,
    /// The directory was searched before, as an earlier place.
    Repeated,
    /// The directory has more than [`MAX_MANIFESTS_PER_DIRECTORY`] manifests and is not used.
    TooManyManifests,
    /// It cannot be read.
    Unreadable(io::Error),
}

/// Walks `search_path` and returns what is there.
///
/// Faults are part of the result: a bad manifest never hides a good one.
pub fn discover(search_path: &SearchPath, options: &DiscoveryOptions) -> Discovery {
    let mut walk = Walk::new(options);
    for entry in &search_path.entries {
        let status = walk.visit(&entry.path, entry.origin);
        walk.discovery.locations.push(SearchedLocation {
            path: entry.path.clone(),
            origin: entry.origin,
            status,
        });
    }
    walk.discovery
}

impl Discovery {
    /// Checks that every place that the operator or the environment named could be used.
    ///
    /// The other places of the standard search path may well be missing.
    ///
    /// # Errors
    ///
    /// [`ManifestError::SearchPath`] for the first that could not.
    pub fn require_named_locations(&self) -> Result<(), ManifestError> {
        for location in &self.locations {
            let named = matches!(location.origin, Origin::Explicit | Origin::Environment);
            if named && !location.status.is_usable() {
                return Err(ManifestError::SearchPath {
                    path: location.path.clone(),
                    found: location.status.to_string(),
                });
            }
        }
        Ok(())
    }
}

impl PassedOverReason {
    /// Tells whether something is wrong, as opposed to meant.
    pub fn is_error(&self) -> bool {
        matches!(self, Self::Invalid(_) | Self::DuplicateIdVersion(_))
    }
}

impl LocationStatus {
    /// Tells whether manifests could be looked for there.
    pub fn is_usable(&self) -> bool {
        matches!(self, Self::Directory { .. } | Self::File | Self::Repeated)
    }
}

impl fmt::Display for PassedOverReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(error) | Self::DuplicateIdVersion(error) => error.fmt(formatter),
            Self::Disabled(DisabledBy::FileName) => {
                write!(
                    formatter,
                    "disabled: the file name ends in {DISABLED_SUFFIX}"
                )
            }
            Self::Disabled(DisabledBy::Configuration) => {
                formatter.write_str("disabled by the configuration")
            }
            Self::UnsupportedAbi { expected, found } => {
                write!(
                    formatter,
                    "expected ABI generation {expected:?}, found {found}"
                )
            }
            Self::Shadowed { by } => write!(formatter, "shadowed by {}", by.display()),
            Self::Repeated { first } => write!(formatter, "met before as {}", first.display()),
        }
    }
}

impl fmt::Display for LocationStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory { manifests: 1 } => formatter.write_str("a directory with 1 manifest"),
            Self::Directory { manifests } => {
                write!(formatter, "a directory with {manifests} manifests")
            }
            Self::File => formatter.write_str("a manifest"),
            Self::Missing => formatter.write_str("nothing"),
            Self::Repeated => formatter.write_str("a directory that was searched before"),
            Self::TooManyManifests => {
                write!(
                    formatter,
                    "more than {MAX_MANIFESTS_PER_DIRECTORY} manifests"
                )
            }
            Self::Unreadable(error) => write!(formatter, "something unreadable ({error})"),
        }
    }
}

impl Offered for Candidate {
    fn plugin_id(&self) -> &PluginId {
        &self.manifest.id
    }

    fn vm_type(&self) -> &VmType {
        &self.manifest.vm_type
    }

    fn version(&self) -> &Version {
        &self.manifest.version
    }

    fn features(&self) -> &FeatureSet {
        &self.manifest.features
    }

    fn rank(&self) -> usize {
        self.rank
    }
}

#[cfg(test)]
mod tests;
