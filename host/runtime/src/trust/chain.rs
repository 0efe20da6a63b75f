//! Which chain specification may be used: by hash, or by the signature of a key for that chain.
//!
//! A signature is over [`CHAIN_SIGNING_DOMAIN`] and the hash of the whole specification, announced
//! upgrades included, so each appended upgrade is signed anew. It stands in a file of its own
//! beside the specification: `chain.toml.sig`, 128 hexadecimal digits.

use super::{PublicKey, SecretKey, TrustedKey};
use crate::chain::spec::{ChainSpec, SpecError};
use alloy_primitives::B256;
use proz_manifest::SignatureBytes;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// What a signature of a chain specification begins with.
pub const CHAIN_SIGNING_DOMAIN: &[u8] = b"proz-chain-signature/1";

/// What is demanded of a chain specification.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ChainTrust<'a> {
    /// Hash of the whole specification.
    pub(crate) hash: Option<B256>,
    /// Whether a key for the chain must have signed it.
    pub(crate) is_signed: bool,
    /// Keys that are trusted.
    pub(crate) keys: &'a [TrustedKey],
}

/// Why a chain specification is not used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChainTrustError {
    /// The file cannot be read, or is no specification.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// A chain is demanded and none is named.
    #[error("`trust.{key}` demands a chain specification, and none is named as `chain.spec`")]
    NoSpecification {
        /// The key that demands it.
        key: &'static str,
    },
    /// It is another specification than the one that is trusted, or it was changed.
    #[error("{}: expected a chain specification with hash {expected}, found {found}", file.display())]
    Hash {
        /// The file.
        file: PathBuf,
        /// The hash that is trusted.
        expected: B256,
        /// Its hash.
        found: B256,
    },
    /// There is no signature, or it cannot be read.
    #[error("cannot read the signature {}", file.display())]
    SignatureMissing {
        /// Its file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The signature's file holds none.
    #[error("{} holds no signature: expected 128 hexadecimal digits", file.display())]
    SignatureMalformed {
        /// Its file.
        file: PathBuf,
    },
    /// No trusted key has made the signature, or the specification was changed since.
    #[error(
        "{}: the signature is by none of the {keys} keys that are trusted for the chain `{chain}`, or the specification was changed",
        file.display()
    )]
    SignatureInvalid {
        /// The signature's file.
        file: PathBuf,
        /// Name of the chain.
        chain: String,
        /// How many keys are trusted for it.
        keys: usize,
    },
}

impl ChainTrustError {
    /// What an operator can do about it.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::Spec(_) => "`proz chain spec init` writes one of what is loaded",
            Self::NoSpecification { .. } => "name the file as `chain.spec`",
            Self::Hash { .. } => {
                "find out who changed it; if it was meant, write its hash as `trust.chain_hash`"
            }
            Self::SignatureMissing { .. }
            | Self::SignatureMalformed { .. }
            | Self::SignatureInvalid { .. } => {
                "get specification and signature from who keeps the chain, or add the key with the chain's name in `chains` to `trust.keys`"
            }
        }
    }
}

/// Where the signature of a specification lies.
#[must_use]
pub fn chain_signature_file(spec: &Path) -> PathBuf {
    let mut name = spec.as_os_str().to_owned();
    name.push(".sig");
    PathBuf::from(name)
}

fn signing_bytes(spec: &ChainSpec) -> Vec<u8> {
    [CHAIN_SIGNING_DOMAIN, spec.hash().as_slice()].concat()
}

impl SecretKey {
    /// Signs a chain specification, announced upgrades included.
    #[must_use]
    pub fn sign_chain(&self, spec: &ChainSpec) -> SignatureBytes {
        self.sign_bytes(&signing_bytes(spec))
    }
}

impl PublicKey {
    /// Whether this key's holder has signed a chain specification.
    #[must_use]
    pub fn has_signed_chain(&self, spec: &ChainSpec, signature: &SignatureBytes) -> bool {
        self.has_signed_bytes(&signing_bytes(spec), signature)
    }
}

impl ChainTrust<'_> {
    /// Reads a specification and decides whether it may be used.
    pub(crate) fn read(&self, file: Option<&Path>) -> Result<Option<ChainSpec>, ChainTrustError> {
        let Some(file) = file else {
            return match (self.hash, self.is_signed) {
                (None, false) => Ok(None),
                (Some(_), _) => Err(ChainTrustError::NoSpecification { key: "chain_hash" }),
                (None, true) => Err(ChainTrustError::NoSpecification {
                    key: "chain_signed",
                }),
            };
        };
        let spec = ChainSpec::read(file)?;
        let found = spec.hash();
        if let Some(expected) = self.hash.filter(|expected| *expected != found) {
            return Err(ChainTrustError::Hash {
                file: file.to_path_buf(),
                expected,
                found,
            });
        }
        if self.is_signed {
            self.require_signature(file, &spec)?;
        }
        Ok(Some(spec))
    }

    fn require_signature(&self, file: &Path, spec: &ChainSpec) -> Result<(), ChainTrustError> {
        let file = chain_signature_file(file);
        let text = fs::read_to_string(&file).map_err(|source| {
            let file = file.clone();
            ChainTrustError::SignatureMissing { file, source }
        })?;
        let Ok(signature) = text.trim().parse::<SignatureBytes>() else {
            return Err(ChainTrustError::SignatureMalformed { file });
        };
        let keys = self.keys.iter();
        let keys: Vec<_> = keys.filter(|key| key.may_sign_chain(spec.name())).collect();
        if keys
            .iter()
            .any(|key| key.key.has_signed_chain(spec, &signature))
        {
            return Ok(());
        }
        Err(ChainTrustError::SignatureInvalid {
            file,
            chain: spec.name().to_owned(),
            keys: keys.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: &str = "spec_version = 1\n[genesis]\nname = \"one\"\nchain_id = 7\n\
                        containers = true\nrevision = \"Osaka\"\n";

    /// A folder with a specification, and a key that has signed it.
    fn site() -> (tempfile::TempDir, PathBuf, SecretKey) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("chain.toml");
        fs::write(&file, SPEC).unwrap();
        let key = SecretKey::generate().unwrap();
        sign(&file, &key);
        (folder, file, key)
    }

    fn sign(file: &Path, key: &SecretKey) {
        let signature = key.sign_chain(&ChainSpec::read(file).unwrap());
        fs::write(chain_signature_file(file), format!("{signature}\n")).unwrap();
    }

    fn key_for(key: &SecretKey, chain: &str) -> TrustedKey {
        TrustedKey {
            ids: Some(Default::default()),
            chains: [chain.to_owned()].into(),
            ..key.public().into()
        }
    }

    fn signed(file: &Path, keys: &[TrustedKey]) -> Result<(), String> {
        let trust = ChainTrust {
            hash: None,
            is_signed: true,
            keys,
        };
        let read = trust.read(Some(file));
        read.map(|_| ()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_signature_of_a_key_for_the_chain_is_demanded() {
        let (_folder, file, key) = site();
        assert_eq!(signed(&file, &[key_for(&key, "one")]), Ok(()));
        let refused = |keys: &[TrustedKey]| signed(&file, keys).unwrap_err();
        // A key for another chain, a key for plugins, a stranger's.
        let other = refused(&[key_for(&key, "two"), key.public().into()]);
        assert!(other.contains("none of the 0 keys"), "{other}");
        let stranger = SecretKey::generate().unwrap();
        let strange = refused(&[key_for(&stranger, "one")]);
        assert!(strange.contains("none of the 1 keys"), "{strange}");
        // An upgrade was appended since.
        fs::write(&file, format!("{SPEC}[[upgrade]]\nblock = 5\n")).unwrap();
        let changed = refused(&[key_for(&key, "one")]);
        assert!(
            changed.contains("the specification was changed"),
            "{changed}"
        );
        sign(&file, &key);
        assert_eq!(signed(&file, &[key_for(&key, "one")]), Ok(()));
        fs::write(chain_signature_file(&file), "00").unwrap();
        assert!(refused(&[]).contains("128 hexadecimal digits"));
        fs::remove_file(chain_signature_file(&file)).unwrap();
        assert!(refused(&[]).contains("cannot read the signature"));
    }

    #[test]
    fn the_hash_of_the_whole_is_demanded() {
        let (_folder, file, _) = site();
        let spec = ChainSpec::read(&file).unwrap();
        let by_hash = |hash: B256| {
            let trust = ChainTrust {
                hash: Some(hash),
                ..ChainTrust::default()
            };
            trust.read(Some(&file)).map(|found| found.is_some())
        };
        assert!(by_hash(spec.hash()).unwrap());
        assert!(matches!(
            by_hash(B256::ZERO),
            Err(ChainTrustError::Hash { .. })
        ));
        fs::write(&file, format!("{SPEC}[[upgrade]]\nblock = 5\n")).unwrap();
        assert!(matches!(
            by_hash(spec.hash()),
            Err(ChainTrustError::Hash { .. })
        ));
    }

    #[test]
    fn a_chain_that_is_demanded_must_be_named() {
        let trust = ChainTrust {
            is_signed: true,
            ..ChainTrust::default()
        };
        let error = trust.read(None).unwrap_err();
        assert!(error.to_string().contains("trust.chain_signed"), "{error}");
        assert!(ChainTrust::default().read(None).unwrap().is_none());
    }
}
