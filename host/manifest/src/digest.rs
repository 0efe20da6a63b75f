//! Fixed-length byte strings that a manifest writes in hexadecimal.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::error::{ManifestError, excerpt};

macro_rules! hex_type {
    ($(#[$doc:meta])* $name:ident, $what:literal, $bytes:literal, $rule:literal, $pattern:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $bytes]);

        impl fmt::Display for $name {
            /// Writes lower-case hexadecimal without a prefix.
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = ManifestError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                parse_hex(text).map(Self).ok_or_else(|| ManifestError::Name {
                    what: $what,
                    found: excerpt(text),
                    expected: $rule,
                })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    };
}

hex_type!(
    /// The SHA-256 of a library file.
    Sha256Digest, "sha256", 32, "64 lower-case hexadecimal digits", "^[0-9a-f]{64}$"
);
hex_type!(
    /// An ed25519 signature over [`Manifest::signing_bytes`](crate::Manifest::signing_bytes).
    ///
    /// This crate carries it; verifying is the work of whoever holds the trusted keys.
    SignatureBytes, "signature", 64, "128 lower-case hexadecimal digits", "^[0-9a-f]{128}$"
);

impl Sha256Digest {
    /// Returns the first eight bytes in hexadecimal: enough to tell builds apart in a listing.
    pub fn short(&self) -> String {
        let mut text = self.to_string();
        text.truncate(16);
        text
    }
}

/// Reads exactly `N` bytes of lower-case hexadecimal.
///
/// One spelling only, so that equal values are equal text.
pub(crate) fn parse_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_survives_a_round_trip() {
        let text = "00ff10a5".repeat(8);
        assert_eq!(text.parse::<Sha256Digest>().unwrap().to_string(), text);
        assert_eq!(
            text.parse::<Sha256Digest>().unwrap().short(),
            "00ff10a500ff10a5"
        );
    }

    #[test]
    fn refuses_wrong_length_upper_case_and_prefix() {
        for text in [
            "",
            "00",
            &"0".repeat(63),
            &"0".repeat(65),
            &"A".repeat(64),
            &"g".repeat(64),
        ] {
            let error = text.parse::<Sha256Digest>().unwrap_err().to_string();
            assert!(
                error.contains("64 lower-case hexadecimal digits"),
                "{error}"
            );
        }
        assert!(
            format!("0x{}", "0".repeat(64))
                .parse::<Sha256Digest>()
                .is_err()
        );
    }
}
