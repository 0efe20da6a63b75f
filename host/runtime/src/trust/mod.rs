//! Which plugins may be loaded: by digest, by signature, or all.
//!
//! A plugin is native code in this process: once it is loaded nothing holds it back. So trust is
//! decided before, on the manifest and on the bytes of the library that are then loaded: the loader
//! reads the file once, compares its digest with the one that is trusted, and opens a sealed copy
//! of just those bytes.

mod keys;
mod lock;

pub use keys::{KeyError, PublicKey, SecretKey, TrustedKey};
pub use lock::{LOCK_VERSION, LockError, LockedPlugin, PluginLock};

use proz_manifest::{Manifest, Sha256Digest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which plugins may be loaded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TrustPolicy {
    /// Any; a digest in a manifest is compared all the same.
    #[default]
    Open,
    /// Those in the lock file, with the manifest and the library that it names, and all of them.
    Pinned,
    /// Those whose manifest names the library's digest and is signed with a trusted key.
    Signed,
}

/// A policy with what it needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    /// The policy.
    pub policy: TrustPolicy,
    /// Keys that [`TrustPolicy::Signed`] trusts.
    pub keys: Vec<TrustedKey>,
    /// Plugins that [`TrustPolicy::Pinned`] trusts.
    pub lock: PluginLock,
}

/// Why a plugin may not be loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// The lock file does not name the release.
    #[error("expected a plugin of the lock file, found {release}, which it does not name")]
    NotLocked {
        /// Id and version.
        release: String,
    },
    /// The manifest says something else than when it was locked.
    #[error(
        "the manifest of {release} has changed since it was locked: expected digest {expected}, found {found}"
    )]
    ManifestChanged {
        /// Id and version.
        release: String,
        /// Digest in the lock file.
        expected: String,
        /// Digest of the manifest.
        found: String,
    },
    /// The manifest does not say which library it belongs to.
    #[error("expected a manifest with a `sha256` of the library, found none in that of {release}")]
    DigestMissing {
        /// Id and version.
        release: String,
    },
    /// The manifest is not signed.
    #[error("expected a signed manifest, found no signature in that of {release}")]
    SignatureMissing {
        /// Id and version.
        release: String,
    },
    /// No trusted key has made the signature, or the manifest was changed after it was signed.
    #[error(
        "the signature of {release} is by none of the {keys} trusted keys, or the manifest was changed"
    )]
    SignatureInvalid {
        /// Id and version.
        release: String,
        /// How many keys are trusted.
        keys: usize,
    },
    /// A key has signed the manifest that is trusted for other plugins only.
    #[error("{release} is signed by the key {key}, which is not trusted for the id `{id}`")]
    KeyNotAllowed {
        /// Id and version.
        release: String,
        /// The key.
        key: String,
        /// The plugin's id.
        id: String,
    },
}

impl TrustError {
    /// What an operator can do about it.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::NotLocked { .. } => "look at the plugin, then run `proz plugin lock`",
            Self::ManifestChanged { .. } => {
                "find out who changed it; if it was meant, run `proz plugin lock`"
            }
            Self::DigestMissing { .. } | Self::SignatureMissing { .. } => {
                "have its author run `proz plugin package` with a key, or sign it with `proz plugin sign`"
            }
            Self::SignatureInvalid { .. } => {
                "get the plugin again from its author, or add the author's key to `trust.keys`"
            }
            Self::KeyNotAllowed { .. } => {
                "get the plugin from the author of that id; if the key may sign it, add the id to the key's `ids` in `trust.keys`"
            }
        }
    }
}

impl Trust {
    /// Releases that the lock file names and that are not among `found`, under
    /// [`TrustPolicy::Pinned`]; none under another policy.
    #[must_use]
    pub fn missing<'m>(&self, found: impl IntoIterator<Item = &'m Manifest>) -> Vec<String> {
        if self.policy != TrustPolicy::Pinned {
            return Vec::new();
        }
        let found: Vec<_> = found.into_iter().map(|m| (&m.id, &m.version)).collect();
        let locked = self.lock.plugins().iter();
        let missing = locked.filter(|p| !found.contains(&(&p.id, &p.version)));
        missing
            .map(|p| format!("`{}` {}", p.id, p.version))
            .collect()
    }

    /// Decides whether a manifest's plugin may be loaded; returns the digest that its library must
    /// have, where one is known.
    ///
    /// # Errors
    ///
    /// [`TrustError`].
    pub fn admit(&self, manifest: &Manifest) -> Result<Option<Sha256Digest>, TrustError> {
        let release = || format!("`{}` {}", manifest.id, manifest.version);
        match self.policy {
            TrustPolicy::Open => Ok(manifest.sha256),
            TrustPolicy::Pinned => {
                let locked = self.lock.find(manifest);
                let locked = locked.ok_or_else(|| TrustError::NotLocked { release: release() })?;
                let found = manifest_digest(manifest);
                if found != locked.manifest_sha256 {
                    return Err(TrustError::ManifestChanged {
                        release: release(),
                        expected: locked.manifest_sha256.to_string(),
                        found: found.to_string(),
                    });
                }
                Ok(Some(locked.library_sha256))
            }
            TrustPolicy::Signed => {
                if manifest.sha256.is_none() {
                    return Err(TrustError::DigestMissing { release: release() });
                }
                if manifest.signature.is_none() {
                    return Err(TrustError::SignatureMissing { release: release() });
                }
                let signers = self.keys.iter().filter(|key| key.key.has_signed(manifest));
                let signers: Vec<_> = signers.collect();
                if signers.iter().any(|key| key.may_sign(&manifest.id)) {
                    return Ok(manifest.sha256);
                }
                Err(match signers.first() {
                    None => TrustError::SignatureInvalid {
                        release: release(),
                        keys: self.keys.len(),
                    },
                    Some(signer) => TrustError::KeyNotAllowed {
                        release: release(),
                        key: signer.key.to_string(),
                        id: manifest.id.to_string(),
                    },
                })
            }
        }
    }
}

/// SHA-256 of what a manifest says: of the bytes that a signature covers.
#[must_use]
pub fn manifest_digest(manifest: &Manifest) -> Sha256Digest {
    use sha2::Digest as _;
    Sha256Digest(sha2::Sha256::digest(manifest.signing_bytes()).into())
}

#[cfg(test)]
mod tests;
