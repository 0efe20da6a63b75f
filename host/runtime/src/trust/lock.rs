//! The lock file: which plugins were loaded, down to the byte.

use super::manifest_digest;
use proz_manifest::{Manifest, PluginId, Sha256Digest};
use semver::Version;
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The version of the format.
pub const LOCK_VERSION: u32 = 1;

/// What was loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginLock {
    lock_version: u32,
    /// In the order of ids and versions.
    #[serde(default, rename = "plugin", skip_serializing_if = "Vec::is_empty")]
    plugins: Vec<LockedPlugin>,
}

/// One plugin that was loaded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedPlugin {
    /// Its line of releases.
    pub id: PluginId,
    /// Its release.
    pub version: Version,
    /// SHA-256 of its library.
    pub library_sha256: Sha256Digest,
    /// SHA-256 of what its manifest says.
    pub manifest_sha256: Sha256Digest,
}

/// Why there is no lock.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// The file cannot be read.
    #[error("cannot read the lock file {}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is none that this release reads.
    #[error("{} is no lock file: {detail}", file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        detail: String,
    },
}

impl Default for PluginLock {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl PluginLock {
    /// A lock of some plugins.
    #[must_use]
    pub fn new(mut plugins: Vec<LockedPlugin>) -> Self {
        plugins.sort();
        plugins.dedup();
        Self {
            lock_version: LOCK_VERSION,
            plugins,
        }
    }

    /// What is locked.
    #[must_use]
    pub fn plugins(&self) -> &[LockedPlugin] {
        &self.plugins
    }

    /// The entry for a manifest's release.
    #[must_use]
    pub fn find(&self, manifest: &Manifest) -> Option<&LockedPlugin> {
        let mut plugins = self.plugins.iter();
        plugins.find(|p| p.id == manifest.id && p.version == manifest.version)
    }

    /// Reads a lock file.
    ///
    /// # Errors
    ///
    /// [`LockError`].
    pub fn read(file: &Path) -> Result<Self, LockError> {
        let text = fs::read_to_string(file).map_err(|source| LockError::Read {
            file: file.to_path_buf(),
            source,
        })?;
        let malformed = |detail: String| LockError::Malformed {
            file: file.to_path_buf(),
            detail,
        };
        let lock: Self = toml::from_str(&text).map_err(|error| malformed(error.to_string()))?;
        if lock.lock_version != LOCK_VERSION {
            let found = lock.lock_version;
            return Err(malformed(format!(
                "expected lock_version {LOCK_VERSION}, found {found}"
            )));
        }
        let lock = Self::new(lock.plugins);
        let mut pairs = lock.plugins.windows(2);
        if let Some([one, _]) = pairs.find(|p| p[0].id == p[1].id && p[0].version == p[1].version) {
            let (id, version) = (&one.id, &one.version);
            return Err(malformed(format!(
                "expected one entry for `{id}` {version}, found two that differ"
            )));
        }
        Ok(lock)
    }

    /// The lock as the text of a file.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let body = toml::to_string(self).unwrap_or_default();
        format!(
            "# Which plugins were loaded, down to the byte. Written by `proz plugin lock`.\n{body}"
        )
    }
}

impl LockedPlugin {
    /// The entry for a manifest and the digest of its library.
    #[must_use]
    pub fn new(manifest: &Manifest, library_sha256: Sha256Digest) -> Self {
        Self {
            id: manifest.id.clone(),
            version: manifest.version.clone(),
            library_sha256,
            manifest_sha256: manifest_digest(manifest),
        }
    }
}
