//! The manifest format.
//!
//! A manifest is a TOML file whose first key is `manifest_version`. Unknown keys are errors, so a slip never passes for
//! an absent option. `plugin-manifests/schema.json` describes the format to editors.
//!
//! ```toml
//! manifest_version = 1
//! id = "proz-evm"                # the line of releases: a-z, 0-9, -
//! kind = "vm"                    # "vm" or "precompiles"
//! vm_type = "evm"                # an open name; "precompile" for packs
//! version = "1.1.0"              # semver
//! features = ["blobs", "osaka"]  # what this release offers; counts in matching
//! abi = { generation = 1 }       # ABI generations that the library speaks: a number or a list
//! library = "proz_evm"           # stem relative to this file; becomes libproz_evm.so, .dylib or .dll
//! description = "Ethereum virtual machine"
//! sha256 = "…"                   # of the library file, 64 hexadecimal digits
//! signature = "…"                # ed25519 over the manifest without this key, 128 hexadecimal digits
//!
//! [config]                       # default configuration, handed on to the plugin
//! max_memory_bytes = 33554432
//! ```
//!
//! # Manifest version 1
//!
//! The first version. Required: `manifest_version`, `id`, `kind`, `vm_type`, `version`, `abi`, `library`.
//!
//! Absence of an optional key means:
//! - `features`: none are offered;
//! - `description`: there is none;
//! - `sha256`: any content of the library is accepted (a policy may refuse that);
//! - `signature`: the manifest is unsigned (a policy may refuse that);
//! - `config`: the plugin's own defaults;
//! - `precompile`: the pack's list is known only once it is loaded. The entries inform readers and listings; what the
//!   loaded pack says decides.

use std::fmt;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use semver::Version;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use toml::Spanned;
use toml::de::DeTable;

use crate::digest::{Sha256Digest, SignatureBytes, parse_hex};
use crate::error::{ManifestError, excerpt};
use crate::generations::{AbiGenerations, AbiRange};
use crate::library::LibraryStem;
use crate::names::{FeatureSet, PluginId, RevisionName, VmType};

/// The newest manifest version that this crate reads; it reads all from 1.
pub const CURRENT_MANIFEST_VERSION: u32 = 1;

/// Longest manifest file in bytes.
pub const MAX_MANIFEST_BYTES: u64 = 256 * 1024;

/// One plugin's manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "ProzChain VM plugin manifest")]
#[non_exhaustive]
pub struct Manifest {
    /// The version of the manifest format, and the first key of the file.
    #[schemars(range(min = 1, max = 1))]
    pub manifest_version: u32,
    /// The line of releases that this plugin belongs to.
    pub id: PluginId,
    /// Whether the library holds a virtual machine or a pack of precompiles.
    pub kind: PluginKind,
    /// The kind of code that the plugin runs; `precompile` for packs.
    pub vm_type: VmType,
    /// The release, by semantic versioning.
    #[schemars(
        with = "String",
        regex(pattern = r"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$")
    )]
    pub version: Version,
    /// What this release offers beyond its version; requirements may ask for it.
    #[serde(default, skip_serializing_if = "FeatureSet::is_empty")]
    pub features: FeatureSet,
    /// The ABI generations that the library speaks.
    pub abi: AbiRange,
    /// The library's path relative to the manifest, without platform prefix and suffix.
    pub library: LibraryStem,
    /// One line for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The SHA-256 of the library file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256Digest>,
    /// An ed25519 signature over the manifest without this key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<SignatureBytes>,
    /// The default configuration, handed on to the plugin.
    #[serde(default, skip_serializing_if = "toml::Table::is_empty")]
    #[schemars(with = "std::collections::BTreeMap<String, serde_json::Value>")]
    pub config: toml::Table,
    /// The precompiles of a pack, for information.
    #[serde(default, rename = "precompile", skip_serializing_if = "Vec::is_empty")]
    pub precompiles: Vec<PrecompileEntry>,
}

/// What a plugin's library holds.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum PluginKind {
    /// A virtual machine.
    Vm,
    /// A pack of precompiled contracts.
    Precompiles,
}

impl fmt::Display for PluginKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Vm => "vm",
            Self::Precompiles => "precompiles",
        })
    }
}

/// One precompile of a pack, as the manifest announces it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrecompileEntry {
    /// The address that it answers at.
    pub address: PrecompileAddress,
    /// Its name.
    pub name: String,
    /// The first revision in which it is active; absent means from the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<RevisionName>,
    /// The first revision in which it is no longer active; absent means never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<RevisionName>,
}

/// The address of a precompile, written as `0x` and 40 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrecompileAddress(pub [u8; 20]);

impl Manifest {
    /// Returns a manifest with the required keys; everything else is absent.
    pub fn new(
        id: PluginId,
        kind: PluginKind,
        vm_type: VmType,
        version: Version,
        abi: AbiGenerations,
        library: LibraryStem,
    ) -> Self {
        Self {
            manifest_version: CURRENT_MANIFEST_VERSION,
            id,
            kind,
            vm_type,
            version,
            features: FeatureSet::new(),
            abi: AbiRange { generation: abi },
            library,
            description: None,
            sha256: None,
            signature: None,
            config: toml::Table::new(),
            precompiles: Vec::new(),
        }
    }

    /// Reads and checks the manifest in `file`.
    ///
    /// Whether its library exists is [`LibraryStem::resolve`]'s question.
    ///
    /// # Errors
    ///
    /// [`ManifestError::Read`] and [`ManifestError::TooLong`], and those of [`Manifest::from_slice`].
    pub fn read(file: &Path) -> Result<Self, ManifestError> {
        let read = |source| ManifestError::Read {
            file: file.to_path_buf(),
            source,
        };
        let mut bytes = Vec::new();
        fs::File::open(file)
            .map_err(read)?
            .take(MAX_MANIFEST_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(read)?;
        Self::from_slice(&bytes, file)
    }

    /// Checks the manifest in `bytes`; `file` is named in errors.
    ///
    /// # Errors
    ///
    /// [`ManifestError::TooLong`], [`ManifestError::NotText`], and those of [`Manifest::from_toml`].
    pub fn from_slice(bytes: &[u8], file: &Path) -> Result<Self, ManifestError> {
        if bytes.len() as u64 > MAX_MANIFEST_BYTES {
            return Err(ManifestError::TooLong {
                file: file.to_path_buf(),
                limit_bytes: MAX_MANIFEST_BYTES,
                found_bytes: bytes.len() as u64,
            });
        }
        let text = std::str::from_utf8(bytes).map_err(|error| ManifestError::NotText {
            file: file.to_path_buf(),
            offset_bytes: error.valid_up_to(),
        })?;
        Self::from_toml(text, file)
    }

    /// Checks the manifest in `text`; `file` is named in errors.
    ///
    /// The version of the format is looked at first, so that a manifest of a later version is refused for its version
    /// and not for a key that this host cannot know.
    ///
    /// # Errors
    ///
    /// [`ManifestError::Toml`], [`ManifestError::ManifestVersionNotFirst`], [`ManifestError::ManifestVersion`] and
    /// [`ManifestError::Contradiction`].
    pub fn from_toml(text: &str, file: &Path) -> Result<Self, ManifestError> {
        let source = Source { text, file };
        let document = DeTable::parse(text).map_err(|error| source.toml_error(&error))?;
        source.check_manifest_version(document.get_ref())?;
        let manifest = Self::deserialize(toml::Deserializer::from(document))
            .map_err(|error| source.toml_error(&error))?;
        manifest.check_consistent(file)?;
        Ok(manifest)
    }

    /// Writes the manifest as TOML that [`Manifest::from_toml`] reads back as an equal manifest.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("every field of a manifest has a TOML form")
    }

    /// Finds this plugin's library below `folder`, the folder that the manifest lies in.
    ///
    /// # Errors
    ///
    /// Those of [`LibraryStem::resolve`].
    pub fn library_path(&self, folder: &Path) -> Result<PathBuf, ManifestError> {
        self.library.resolve(folder)
    }

    fn check_consistent(&self, file: &Path) -> Result<(), ManifestError> {
        let contradiction =
            |key, expected, found: &dyn fmt::Display| ManifestError::Contradiction {
                file: file.to_path_buf(),
                key,
                expected,
                found: found.to_string(),
            };
        match self.kind {
            PluginKind::Precompiles if !self.vm_type.is_precompile() => Err(contradiction(
                "vm_type",
                "precompile, since kind is precompiles",
                &self.vm_type,
            )),
            PluginKind::Vm if self.vm_type.is_precompile() => Err(contradiction(
                "vm_type",
                "the name of a virtual machine, since kind is vm",
                &self.vm_type,
            )),
            PluginKind::Vm if !self.precompiles.is_empty() => Err(contradiction(
                "precompile",
                "absent, since kind is vm",
                &format_args!("a list of {}", self.precompiles.len()),
            )),
            PluginKind::Vm | PluginKind::Precompiles => Ok(()),
        }
    }
}

/// The text of a manifest, with what turns its faults into errors.
struct Source<'a> {
    text: &'a str,
    file: &'a Path,
}

impl Source<'_> {
    fn check_manifest_version(&self, document: &DeTable<'_>) -> Result<(), ManifestError> {
        let (line, column) = self.position(0);
        let Some((key, value)) = document.iter().min_by_key(|(key, _)| key.span().start) else {
            return Err(ManifestError::ManifestVersionNotFirst {
                file: self.file.to_path_buf(),
                line,
                column,
                found: "an empty file".to_owned(),
            });
        };
        if key.get_ref() != "manifest_version" {
            let (line, column) = self.position(key.span().start);
            return Err(ManifestError::ManifestVersionNotFirst {
                file: self.file.to_path_buf(),
                line,
                column,
                found: format!("`{}`", excerpt(key.get_ref())),
            });
        }
        self.check_known_version(value)
    }

    fn check_known_version(
        &self,
        value: &Spanned<toml::de::DeValue<'_>>,
    ) -> Result<(), ManifestError> {
        let known = value
            .get_ref()
            .as_integer()
            .and_then(|integer| u32::from_str_radix(integer.as_str(), integer.radix()).ok())
            .is_some_and(|version| (1..=CURRENT_MANIFEST_VERSION).contains(&version));
        if known {
            return Ok(());
        }
        let (line, column) = self.position(value.span().start);
        Err(ManifestError::ManifestVersion {
            file: self.file.to_path_buf(),
            line,
            column,
            expected: CURRENT_MANIFEST_VERSION,
            found: excerpt(self.text.get(value.span()).unwrap_or_default()),
        })
    }

    fn toml_error(&self, error: &toml::de::Error) -> ManifestError {
        let (line, column) = self.position(error.span().map_or(0, |span| span.start));
        ManifestError::Toml {
            file: self.file.to_path_buf(),
            line,
            column,
            // The parser sometimes adds help on further lines; an error message is one line.
            message: error.message().trim_end().replace('\n', "; "),
        }
    }

    /// Returns line and column of `offset`, both from 1.
    fn position(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        (line, before[line_start..].chars().count() + 1)
    }
}

impl fmt::Display for PrecompileAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("0x")?;
        self.0
            .iter()
            .try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl FromStr for PrecompileAddress {
    type Err = ManifestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.strip_prefix("0x")
            .and_then(parse_hex)
            .map(Self)
            .ok_or_else(|| ManifestError::Name {
                what: "precompile address",
                found: excerpt(text),
                expected: "0x and 40 lower-case hexadecimal digits",
            })
    }
}

impl Serialize for PrecompileAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PrecompileAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

impl JsonSchema for PrecompileAddress {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PrecompileAddress".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^0x[0-9a-f]{40}$" })
    }
}

#[cfg(test)]
mod tests;
