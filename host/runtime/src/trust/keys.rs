//! Ed25519 keys and signatures of manifests. Spec: RFC 8032.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use proz_manifest::{Manifest, PluginId, SignatureBytes};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// A key that signs manifests.
pub struct SecretKey(SigningKey);

/// A key that signatures are verified with; 64 hexadecimal digits as text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// Why text is no key, or none could be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// It has another form.
    #[error("expected 64 hexadecimal digits, found {found} characters that are not those")]
    Form {
        /// How many characters.
        found: usize,
    },
    /// The digits are no point of the curve.
    #[error("the digits are no Ed25519 public key")]
    NotOnCurve,
    /// The system gave no randomness.
    #[error("the system gave no randomness: {0}")]
    Randomness(String),
}

impl SecretKey {
    /// Makes a key.
    ///
    /// # Errors
    ///
    /// [`KeyError::Randomness`].
    pub fn generate() -> Result<Self, KeyError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| KeyError::Randomness(error.to_string()))?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// The key that verifies what this one signs.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// The seed as 64 hexadecimal digits: what a key file holds.
    #[must_use]
    pub fn to_text(&self) -> String {
        alloy_primitives::hex::encode(self.0.to_bytes())
    }

    /// Signs what a manifest says; see [`Manifest::signing_bytes`].
    #[must_use]
    pub fn sign(&self, manifest: &Manifest) -> SignatureBytes {
        SignatureBytes(self.0.sign(&manifest.signing_bytes()).to_bytes())
    }
}

impl FromStr for SecretKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        Ok(Self(SigningKey::from_bytes(&digits(text)?)))
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(of {})", self.public())
    }
}

impl PublicKey {
    /// Whether this key's holder has signed what the manifest says.
    #[must_use]
    pub fn has_signed(&self, manifest: &Manifest) -> bool {
        let Some(SignatureBytes(bytes)) = &manifest.signature else {
            return false;
        };
        // Strict: refuses keys of small order and signatures that could be written otherwise.
        let signature = Signature::from_bytes(bytes);
        self.0
            .verify_strict(&manifest.signing_bytes(), &signature)
            .is_ok()
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_bytes(&digits(text)?);
        key.map(Self).map_err(|_| KeyError::NotOnCurve)
    }
}

fn digits(text: &str) -> Result<[u8; 32], KeyError> {
    let form = KeyError::Form {
        found: text.trim().len(),
    };
    alloy_primitives::hex::decode_to_array(text.trim()).map_err(|_| form)
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&alloy_primitives::hex::encode(self.0.as_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

impl JsonSchema for PublicKey {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PublicKey".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9a-f]{64}$" })
    }
}

/// A key that is trusted, for all plugins or for some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedKey {
    /// The key.
    pub key: PublicKey,
    /// Plugin ids that it may sign; all when absent.
    pub ids: Option<BTreeSet<PluginId>>,
}

impl TrustedKey {
    /// Whether what this key signs is trusted for a plugin.
    #[must_use]
    pub fn may_sign(&self, id: &PluginId) -> bool {
        self.ids.as_ref().is_none_or(|ids| ids.contains(id))
    }
}

impl From<PublicKey> for TrustedKey {
    /// Trusts the key for all plugins.
    fn from(key: PublicKey) -> Self {
        Self { key, ids: None }
    }
}

/// The written form of a key that is trusted for some plugins.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scoped {
    key: PublicKey,
    ids: BTreeSet<PluginId>,
}

impl Serialize for TrustedKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let key = self.key;
        match self.ids.clone() {
            None => key.serialize(serializer),
            Some(ids) => Scoped { key, ids }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for TrustedKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TrustedKeyVisitor)
    }
}

/// Reads both forms, each with its own errors.
struct TrustedKeyVisitor;

impl<'de> de::Visitor<'de> for TrustedKeyVisitor {
    type Value = TrustedKey;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key, or a table of `key` and `ids`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<TrustedKey, E> {
        let key = text.parse::<PublicKey>().map_err(E::custom)?;
        Ok(key.into())
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<TrustedKey, A::Error> {
        let table = de::value::MapAccessDeserializer::new(map);
        let Scoped { key, ids } = Scoped::deserialize(table)?;
        if ids.is_empty() {
            return Err(de::Error::custom(format!(
                "expected at least one of `ids` for the key {key}, found none"
            )));
        }
        Ok(TrustedKey {
            key,
            ids: Some(ids),
        })
    }
}

impl JsonSchema for TrustedKey {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TrustedKey".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let key = PublicKey::json_schema(generator);
        json_schema!({
            "anyOf": [
                key,
                {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["key", "ids"],
                    "properties": {
                        "key": key,
                        "ids": { "type": "array", "minItems": 1, "items": { "type": "string" } },
                    },
                },
            ],
        })
    }
}
