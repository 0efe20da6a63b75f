//! Ed25519 keys and signatures of manifests. Spec: RFC 8032.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use proz_manifest::{Manifest, SignatureBytes};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

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
