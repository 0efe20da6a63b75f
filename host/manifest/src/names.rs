//! The names that manifests and requirements are written in.
//!
//! Every name is 1 to 64 characters of `a-z`, `0-9` and `-`, and begins with a letter or digit; a VM type is at most 32
//! characters and begins with a letter, as in the interface. Names are open: a third party brings its own VM type or
//! feature without asking anyone.

use std::collections::BTreeSet;
use std::collections::btree_set;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{ManifestError, excerpt};

/// Longest name in bytes.
const MAX_NAME_BYTES: usize = 64;
/// Most features that one plugin or requirement may name.
const MAX_FEATURES: usize = 256;

const NAME_RULE: &str = "1 to 64 characters of a-z, 0-9 and -, beginning with a letter or digit";
const NAME_PATTERN: &str = "^[a-z0-9][a-z0-9-]{0,63}$";

const VM_TYPE_RULE: &str = "1 to 32 characters of a-z, 0-9 and -, beginning with a letter";
const VM_TYPE_PATTERN: &str = "^[a-z][a-z0-9-]{0,31}$";
/// Longest VM type in bytes.
const MAX_VM_TYPE_BYTES: usize = 32;

const REVISION_RULE: &str =
    "1 to 64 characters of A-Z, a-z, 0-9 and -, beginning with a letter or digit";
const REVISION_PATTERN: &str = "^[A-Za-z0-9][A-Za-z0-9-]{0,63}$";

fn is_lower_case_name(text: &str) -> bool {
    is_name(text, |byte| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit()
    })
}

fn is_vm_type(text: &str) -> bool {
    is_lower_case_name(text)
        && text.len() <= MAX_VM_TYPE_BYTES
        && text.starts_with(|character: char| character.is_ascii_lowercase())
}

fn is_revision_name(text: &str) -> bool {
    is_name(text, |byte| byte.is_ascii_alphanumeric())
}

fn is_name(text: &str, alphanumeric: impl Fn(u8) -> bool) -> bool {
    text.len() <= MAX_NAME_BYTES
        && text.bytes().next().is_some_and(&alphanumeric)
        && text.bytes().all(|byte| alphanumeric(byte) || byte == b'-')
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $what:literal, $accepts:ident, $rule:ident, $pattern:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            #[doc = concat!("Checks `text` as a ", $what, ".")]
            ///
            /// # Errors
            ///
            /// [`ManifestError::Name`] when a character or the length is not allowed.
            pub fn new(text: &str) -> Result<Self, ManifestError> {
                if $accepts(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(ManifestError::Name { what: $what, found: excerpt(text), expected: $rule })
                }
            }

            /// Returns the name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = ManifestError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::new(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(&String::deserialize(deserializer)?).map_err(de::Error::custom)
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

name_type!(
    /// The name of a line of plugin releases, such as `proz-evm`.
    PluginId, "plugin id", is_lower_case_name, NAME_RULE, NAME_PATTERN
);
name_type!(
    /// The kind of code that a plugin runs, such as `evm`, `wasm` or `prozvm`; an open set.
    ///
    /// Packs of precompiles use [`VmType::precompile`].
    VmType,
    "VM type",
    is_vm_type,
    VM_TYPE_RULE,
    VM_TYPE_PATTERN
);
name_type!(
    /// The name of something that one release offers beyond its version, such as `osaka` or `simd`.
    FeatureName, "feature name", is_lower_case_name, NAME_RULE, NAME_PATTERN
);
name_type!(
    /// The name of a rule set, such as `Cancun`; informative in a manifest, so its spelling is free.
    RevisionName, "revision name", is_revision_name, REVISION_RULE, REVISION_PATTERN
);

impl VmType {
    /// Returns the VM type of packs of precompiles, `precompile`.
    pub fn precompile() -> Self {
        Self("precompile".to_owned())
    }

    /// Tells whether this is the VM type of packs of precompiles.
    pub fn is_precompile(&self) -> bool {
        self.0 == "precompile"
    }
}

/// A set of feature names, kept in alphabetical order.
///
/// In text it is a list; a name given twice is an error, since it is most likely a slip for another one.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct FeatureSet(BTreeSet<FeatureName>);

impl FeatureSet {
    /// Returns the empty set.
    pub const fn new() -> Self {
        Self(BTreeSet::new())
    }

    /// Adds `feature`; tells whether it is new.
    pub fn insert(&mut self, feature: FeatureName) -> bool {
        self.0.insert(feature)
    }

    /// Tells whether `feature` is in the set.
    pub fn contains(&self, feature: &FeatureName) -> bool {
        self.0.contains(feature)
    }

    /// Tells whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the number of features.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Walks the features in alphabetical order.
    pub fn iter(&self) -> btree_set::Iter<'_, FeatureName> {
        self.0.iter()
    }

    /// Returns the features of this set that `offered` lacks.
    pub fn missing_from(&self, offered: &Self) -> Self {
        Self(self.0.difference(&offered.0).cloned().collect())
    }
}

impl fmt::Display for FeatureSet {
    /// Writes the names separated by commas: `blobs,osaka`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, feature) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str(",")?;
            }
            formatter.write_str(feature.as_str())?;
        }
        Ok(())
    }
}

impl FromIterator<FeatureName> for FeatureSet {
    fn from_iter<I: IntoIterator<Item = FeatureName>>(features: I) -> Self {
        Self(features.into_iter().collect())
    }
}

impl<'a> IntoIterator for &'a FeatureSet {
    type Item = &'a FeatureName;
    type IntoIter = btree_set::Iter<'a, FeatureName>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'de> Deserialize<'de> for FeatureSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Features;

        impl<'de> Visitor<'de> for Features {
            type Value = FeatureSet;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list of feature names")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<FeatureSet, A::Error> {
                let mut features = FeatureSet::new();
                while let Some(feature) = list.next_element::<FeatureName>()? {
                    if features.len() == MAX_FEATURES {
                        return Err(de::Error::custom(format_args!(
                            "more than {MAX_FEATURES} features"
                        )));
                    }
                    if features.contains(&feature) {
                        return Err(de::Error::custom(format_args!(
                            "feature `{feature}` is listed twice"
                        )));
                    }
                    features.insert(feature);
                }
                Ok(features)
            }
        }

        deserializer.deserialize_seq(Features)
    }
}

impl JsonSchema for FeatureSet {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FeatureSet".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let feature = generator.subschema_for::<FeatureName>();
        json_schema!({
            "type": "array",
            "items": feature,
            "uniqueItems": true,
            "maxItems": MAX_FEATURES,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_lower_case_names_up_to_64_characters() {
        for text in ["evm", "proz-evm", "0x", "eip-7702", &"a".repeat(64)] {
            assert_eq!(PluginId::new(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn a_vm_type_begins_with_a_letter_and_has_at_most_32_characters() {
        assert!(VmType::new(&"a".repeat(32)).is_ok());
        assert!(VmType::new(&"a".repeat(33)).is_err());
        assert!(VmType::new("0x").is_err());
    }

    #[test]
    fn refuses_other_names_and_says_what_was_expected() {
        for text in [
            "",
            "-evm",
            "Evm",
            "evm ",
            "e_vm",
            "évm",
            "a/b",
            "..",
            &"a".repeat(65),
        ] {
            let error = VmType::new(text).unwrap_err();
            assert!(
                matches!(
                    &error,
                    ManifestError::Name {
                        what: "VM type",
                        ..
                    }
                ),
                "{text:?}: {error}"
            );
            assert!(error.to_string().contains("a-z, 0-9 and -"), "{error}");
        }
    }

    #[test]
    fn revision_names_may_have_capitals() {
        assert!(RevisionName::new("TangerineWhistle").is_ok());
        assert!(RevisionName::new("Tangerine Whistle").is_err());
    }

    #[test]
    fn a_feature_set_is_ordered_whatever_the_order_of_insertion() {
        let set: FeatureSet = ["osaka", "blobs", "simd"]
            .iter()
            .map(|name| FeatureName::new(name).unwrap())
            .collect();
        assert_eq!(set.to_string(), "blobs,osaka,simd");
    }
}
