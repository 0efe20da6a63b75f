//! What a user of plugins asks for: a VM type or a plugin line, a version range, features.
//!
//! The text form is `SUBJECT[@VERSIONS][[FEATURES]]`:
//!
//! | text | asks for |
//! |---|---|
//! | `evm` | any release of any plugin of VM type `evm` |
//! | `evm@^1.1` | `>=1.1.0, <2.0.0` of VM type `evm` |
//! | `evm@^1.1[blobs,osaka]` | the same, offering both features |
//! | `plugin:proz-evm@=1.1.0` | exactly 1.1.0 of the plugin line `proz-evm` |
//!
//! VM types and plugin ids are kept apart, so that no plugin can answer for another VM type by the choice of its id.
//! Versions follow the rules of Cargo, pre-releases included: one matches only where the range names a pre-release of
//! the same major, minor and patch.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use semver::VersionReq;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::error::{ManifestError, excerpt};
use crate::names::{FeatureName, FeatureSet, PluginId, VmType};

/// Longest text of a requirement in bytes.
const MAX_REQUIREMENT_BYTES: usize = 1024;

const PLUGIN_PREFIX: &str = "plugin:";

/// A requirement on the plugin to use.
///
/// Displays in the one canonical form that reads back as an equal requirement: `evm@^1.1[blobs,osaka]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Requirement {
    /// Whom it asks.
    pub subject: Subject,
    /// The versions that satisfy it.
    pub versions: VersionReq,
    /// The features that must be offered.
    pub features: FeatureSet,
}

/// Whom a [`Requirement`] asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// Every plugin of this VM type, whatever its id.
    VmType(VmType),
    /// The one plugin line of this id.
    Plugin(PluginId),
}

impl Requirement {
    /// Returns a requirement on `subject` that any version satisfies.
    pub fn any(subject: Subject) -> Self {
        Self {
            subject,
            versions: VersionReq::STAR,
            features: FeatureSet::new(),
        }
    }

    /// Returns a requirement on plugins of `vm_type` within `versions`.
    pub fn vm(vm_type: VmType, versions: VersionReq) -> Self {
        Self {
            subject: Subject::VmType(vm_type),
            versions,
            features: FeatureSet::new(),
        }
    }

    /// Returns a requirement on the plugin line `id` within `versions`.
    pub fn plugin(id: PluginId, versions: VersionReq) -> Self {
        Self {
            subject: Subject::Plugin(id),
            versions,
            features: FeatureSet::new(),
        }
    }

    /// Returns this requirement with `features` asked for in place of its own.
    pub fn with_features(self, features: FeatureSet) -> Self {
        Self { features, ..self }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VmType(vm_type) => formatter.write_str(vm_type.as_str()),
            Self::Plugin(id) => write!(formatter, "{PLUGIN_PREFIX}{id}"),
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}@{}", self.subject, self.versions)?;
        if self.features.is_empty() {
            Ok(())
        } else {
            write!(formatter, "[{}]", self.features)
        }
    }
}

impl FromStr for Requirement {
    type Err = ManifestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = |detail: String| ManifestError::RequirementSyntax {
            text: excerpt(text),
            detail,
        };
        if text.len() > MAX_REQUIREMENT_BYTES {
            return Err(refused(format!(
                "expected at most {MAX_REQUIREMENT_BYTES} bytes, found {}",
                text.len()
            )));
        }
        let (head, features) = match text.split_once('[') {
            None => (text, FeatureSet::new()),
            Some((head, list)) => {
                let list = list
                    .strip_suffix(']')
                    .ok_or_else(|| refused("expected `]` at the end of the features".to_owned()))?;
                (head, parse_features(list).map_err(refused)?)
            }
        };
        let (subject, versions) = match head.split_once('@') {
            None => (head, VersionReq::STAR),
            Some((subject, versions)) => (
                subject,
                VersionReq::parse(versions)
                    .map_err(|error| refused(format!("version range `{versions}`: {error}")))?,
            ),
        };
        let subject = match subject.strip_prefix(PLUGIN_PREFIX) {
            Some(id) => PluginId::new(id).map(Subject::Plugin),
            None => VmType::new(subject).map(Subject::VmType),
        };
        let subject = subject.map_err(|error| refused(error.to_string()))?;
        Ok(Self {
            subject,
            versions,
            features,
        })
    }
}

fn parse_features(list: &str) -> Result<FeatureSet, String> {
    let mut features = FeatureSet::new();
    for name in list.split(',') {
        let feature = FeatureName::new(name.trim()).map_err(|error| error.to_string())?;
        if features.contains(&feature) {
            return Err(format!("feature `{feature}` is listed twice"));
        }
        features.insert(feature);
    }
    Ok(features)
}

impl Serialize for Requirement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Requirement {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

impl JsonSchema for Requirement {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Requirement".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A VM type or `plugin:` and an id, then optionally `@` and a semver range, then optionally features in brackets",
            "pattern": r"^(plugin:)?[a-z0-9][a-z0-9-]{0,63}(@[^\[\]@]+)?(\[[a-z0-9, -]+\])?$",
            "examples": ["evm@^1.1[blobs,osaka]", "plugin:proz-evm@=1.1.0"],
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;
    use semver::{BuildMetadata, Comparator, Op, Prerelease, Version};

    use super::*;

    pub(crate) fn vm_type() -> impl Strategy<Value = VmType> {
        "[a-z][a-z0-9-]{0,12}".prop_map(|name| VmType::new(&name).unwrap())
    }

    pub(crate) fn name() -> impl Strategy<Value = String> {
        "[a-z0-9][a-z0-9-]{0,12}"
    }

    pub(crate) fn feature_set() -> impl Strategy<Value = FeatureSet> {
        prop::collection::vec(name(), 0..4).prop_map(|names| {
            names
                .iter()
                .map(|name| FeatureName::new(name).unwrap())
                .collect()
        })
    }

    pub(crate) fn pre_release() -> impl Strategy<Value = Prerelease> {
        prop_oneof![4 => Just(""), 1 => Just("alpha.1"), 1 => Just("rc.2")]
            .prop_map(|text| Prerelease::new(text).unwrap())
    }

    pub(crate) fn version() -> impl Strategy<Value = Version> {
        let build = prop_oneof![4 => Just(""), 1 => Just("a"), 1 => Just("b.7")];
        (0..3_u64, 0..4_u64, 0..3_u64, pre_release(), build).prop_map(
            |(major, minor, patch, pre, build)| Version {
                major,
                minor,
                patch,
                pre,
                build: BuildMetadata::new(build).unwrap(),
            },
        )
    }

    fn comparator() -> impl Strategy<Value = Comparator> {
        let op = prop::sample::select(vec![
            Op::Exact,
            Op::Greater,
            Op::GreaterEq,
            Op::Less,
            Op::LessEq,
            Op::Tilde,
            Op::Caret,
        ]);
        (op, version(), 0..3_u8).prop_map(|(op, version, parts)| Comparator {
            op,
            major: version.major,
            minor: (parts > 0).then_some(version.minor),
            patch: (parts > 1).then_some(version.patch),
            pre: if parts > 1 {
                version.pre
            } else {
                Prerelease::EMPTY
            },
        })
    }

    fn subject() -> impl Strategy<Value = Subject> {
        prop_oneof![
            vm_type().prop_map(Subject::VmType),
            name().prop_map(|name| Subject::Plugin(PluginId::new(&name).unwrap())),
        ]
    }

    pub(crate) fn requirement() -> impl Strategy<Value = Requirement> {
        let versions = prop::collection::vec(comparator(), 0..4)
            .prop_map(|comparators| VersionReq { comparators });
        (subject(), versions, feature_set()).prop_map(|(subject, versions, features)| Requirement {
            subject,
            versions,
            features,
        })
    }

    proptest! {
        #[test]
        fn the_text_form_reads_back_as_an_equal_requirement(requirement in requirement()) {
            let text = requirement.to_string();
            prop_assert_eq!(&text.parse::<Requirement>().unwrap(), &requirement, "{}", text);
            let json = serde_json::to_string(&requirement).unwrap();
            prop_assert_eq!(serde_json::from_str::<Requirement>(&json).unwrap(), requirement);
        }

        #[test]
        fn any_text_is_read_or_refused_and_what_is_read_is_canonical(text in "\\PC{0,40}|(plugin:)?[a-z@^=*.0-9\\[\\], -]{0,30}") {
            if let Ok(requirement) = text.parse::<Requirement>() {
                prop_assert_eq!(requirement.to_string().parse::<Requirement>().unwrap(), requirement);
            }
        }
    }

    #[test]
    fn reads_the_documented_forms() {
        for (text, canonical) in [
            ("evm", "evm@*"),
            ("evm@*", "evm@*"),
            ("evm@1.1", "evm@^1.1"),
            ("evm@^1.1[osaka,blobs]", "evm@^1.1[blobs,osaka]"),
            ("evm[osaka, blobs]", "evm@*[blobs,osaka]"),
            ("wasm@>=1.2,<3[simd]", "wasm@>=1.2, <3[simd]"),
            ("plugin:proz-evm@=1.1.0", "plugin:proz-evm@=1.1.0"),
            ("evm@=2.0.0-rc.1", "evm@=2.0.0-rc.1"),
        ] {
            assert_eq!(
                text.parse::<Requirement>().unwrap().to_string(),
                canonical,
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_other_text_and_says_why() {
        for (text, detail) in [
            ("", "invalid VM type"),
            ("@1", "invalid VM type"),
            ("EVM@1", "invalid VM type"),
            ("plugin:@1", "invalid plugin id"),
            ("evm@", "version range"),
            ("evm@one", "version range"),
            ("evm@^1@2", "version range"),
            ("evm@1[osaka", "expected `]`"),
            ("evm@1[osaka]x", "expected `]`"),
            ("evm@1[]", "invalid feature name"),
            ("evm@1[osaka,osaka]", "listed twice"),
            ("evm@1]", "version range"),
        ] {
            let error = text.parse::<Requirement>().unwrap_err().to_string();
            assert!(error.contains(detail), "{text}: {error}");
            assert!(error.contains(&format!("`{text}`")), "{error}");
        }
        let long = format!("evm@{}", "1".repeat(2000));
        let error = long.parse::<Requirement>().unwrap_err().to_string();
        assert!(
            error.contains("at most 1024 bytes") && error.len() < 200,
            "{error}"
        );
    }
}
