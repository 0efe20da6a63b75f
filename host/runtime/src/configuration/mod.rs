//! The configuration file of a host, `proz.toml`: which plugins, with which options, under which
//! policies.
//!
//! Unknown keys are errors. Paths are relative to the file. `CONFIGURATION.md` in this crate lists
//! every key; it and `proz.schema.json` are generated from the types here.

mod reference;

pub use reference::{configuration_reference, configuration_schema};

use crate::{
    ConsensusOptions, FaultPolicy, MachineSettings, ReleaseKey, Trust, TrustPolicy,
    VmFactoryConfig,
    chain::spec::ChainSpec,
    trust::{ChainTrust, ChainTrustError, LockError, PluginLock, TrustedKey},
};
use alloy_primitives::{Address, B256};
use proz_manifest::{PluginId, Requirement, SearchPath, Sha256Digest, VmType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

/// The version of the format that this release reads.
pub const CONFIG_VERSION: u32 = 1;

/// A configuration file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Configuration of a ProzChain VM host")]
pub struct Configuration {
    /// The version of this format.
    #[schemars(range(min = 1, max = 1))]
    pub config_version: u32,
    /// Which plugins are looked for and loaded.
    #[serde(default)]
    pub plugins: PluginSection,
    /// Options that show in results, by VM type or plugin id, handed on to the plugin; the id's win
    /// over the type's, and both over the defaults of the manifest. A plugin refuses options that
    /// it does not know. For development chains: a chain specification has its own.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, BTreeMap<String, serde_json::Value>>")]
    pub options: BTreeMap<String, ConsensusOptions>,
    /// Settings that never show in a result, by VM type or plugin id: sizes of caches,
    /// optimisation, native stack. The id's win over the type's, and both over the manifest's.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, BTreeMap<String, serde_json::Value>>")]
    pub settings: BTreeMap<String, MachineSettings>,
    /// Which plugins may be loaded.
    #[serde(default)]
    pub trust: TrustSection,
    /// What becomes of plugins that fault.
    #[serde(default)]
    pub faults: FaultPolicy,
    /// Which chain is run. Absent, a development chain runs the best release that is loaded.
    #[serde(default)]
    pub chain: ChainSection,
}

/// Which plugins are looked for and loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PluginSection {
    /// Folders of plugins or single manifests, searched in this order before the standard places.
    pub paths: Vec<PathBuf>,
    /// Whether the standard places are searched as well: `PROZ_PLUGIN_PATH`, beside the program,
    /// the user's and the system's folder.
    pub standard_paths: bool,
    /// What is loaded, such as `evm@^1.1[osaka]` or `plugin:proz-precompiles@=2.0.0`: for each
    /// requirement the best release found. Empty loads every release found.
    #[schemars(with = "Vec<String>")]
    pub require: Vec<Requirement>,
    /// Plugin ids that are not loaded.
    #[schemars(with = "BTreeSet<String>")]
    pub disabled: BTreeSet<PluginId>,
    /// Folder in which plugins keep files such as compiled code; absent, they keep none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<PathBuf>,
    /// Most generations in memory: active ones, those that a roll-back can bring back, and every
    /// different library ever loaded, since libraries stay mapped. 64 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation_cap: Option<usize>,
    /// Addresses at which precompiles may be active; all of a pack's when absent. Consensus data,
    /// for development chains: a chain specification names them for each pack.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<BTreeSet<String>>")]
    pub precompile_addresses: Option<BTreeSet<Address>>,
    /// Which build of a scheduled release runs, where several are installed: by plugin id and
    /// version, such as `"proz-evm 1.1.0"`, the SHA-256 of the library.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, String>")]
    pub builds: BTreeMap<String, Sha256Digest>,
}

/// Which chain is run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChainSection {
    /// The chain specification: which releases run from which height on, and all other rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spec: Option<PathBuf>,
}

impl Default for PluginSection {
    fn default() -> Self {
        Self {
            paths: Vec::new(),
            standard_paths: true,
            require: Vec::new(),
            disabled: BTreeSet::new(),
            data_dir: None,
            generation_cap: None,
            precompile_addresses: None,
            builds: BTreeMap::new(),
        }
    }
}

/// Which plugins may be loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrustSection {
    /// `open` loads any plugin, `pinned` those of the lock file and fails when one of them is
    /// missing, `signed` those that a key below has signed.
    pub policy: TrustPolicy,
    /// Public keys, as `proz plugin keygen` writes them; trusted for all plugins, or as
    /// `{ key = "…", ids = ["proz-evm"] }` for those with these ids, or as
    /// `{ key = "…", chains = ["mainnet"] }` for the specifications of chains with these names.
    pub keys: Vec<TrustedKey>,
    /// Hash of the whole chain specification, announced upgrades included, as `proz chain spec
    /// hash` prints it; another one is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub chain_hash: Option<B256>,
    /// Whether the chain specification must be signed by a key that is trusted for its name: in the
    /// file `chain.toml.sig` beside `chain.toml`, as `proz chain spec sign` writes it.
    pub chain_signed: bool,
    /// The lock file, as `proz plugin lock` writes it; `proz.lock` beside this file when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock_file: Option<PathBuf>,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigurationError {
    /// The file cannot be read.
    #[error("cannot read the configuration {}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is no configuration; the detail names line and column.
    #[error("{} is no configuration: {detail}", file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
        /// What is wrong and where.
        detail: String,
    },
    /// A value contradicts another.
    #[error("{}: `{key}`: expected {expected}, found {found}", file.display())]
    Contradiction {
        /// The file.
        file: PathBuf,
        /// The key.
        key: String,
        /// What would be right.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// The lock file cannot be used.
    #[error(transparent)]
    Lock(#[from] LockError),
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            config_version: CONFIG_VERSION,
            plugins: PluginSection::default(),
            options: BTreeMap::new(),
            trust: TrustSection::default(),
            faults: FaultPolicy::default(),
            settings: BTreeMap::new(),
            chain: ChainSection::default(),
        }
    }
}

impl Configuration {
    /// Reads and checks a file; its paths come out relative to nothing but the working directory.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError`].
    pub fn read(file: &Path) -> Result<Self, ConfigurationError> {
        let text = fs::read_to_string(file).map_err(|source| ConfigurationError::Read {
            file: file.to_path_buf(),
            source,
        })?;
        Ok(Self::from_toml(&text, file)?.beside(file))
    }

    /// The configuration with paths that are relative to a file made relative to the working
    /// directory.
    #[must_use]
    pub fn beside(mut self, file: &Path) -> Self {
        let folder = file.parent().unwrap_or(Path::new(""));
        let plugins = &mut self.plugins;
        let paths = plugins.paths.iter_mut().chain(&mut plugins.data_dir);
        for path in paths.chain(&mut self.chain.spec) {
            *path = folder.join(&*path);
        }
        let lock_file = self.trust.lock_file.take();
        let lock_file = lock_file.unwrap_or_else(|| PathBuf::from("proz.lock"));
        self.trust.lock_file = Some(folder.join(lock_file));
        self
    }

    /// Checks a text; `file` is named in errors.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError::Malformed`], [`ConfigurationError::Contradiction`].
    pub fn from_toml(text: &str, file: &Path) -> Result<Self, ConfigurationError> {
        let configuration: Self =
            toml::from_str(text).map_err(|error| ConfigurationError::Malformed {
                file: file.to_path_buf(),
                detail: explained(text, &error),
            })?;
        configuration.check(file)?;
        Ok(configuration)
    }

    fn check(&self, file: &Path) -> Result<(), ConfigurationError> {
        let contradiction =
            |key: &str, expected, found: String| ConfigurationError::Contradiction {
                file: file.to_path_buf(),
                key: key.to_owned(),
                expected,
                found,
            };
        if self.config_version != CONFIG_VERSION {
            let found = self.config_version.to_string();
            return Err(contradiction("config_version", "1", found));
        }
        if self.trust.policy == TrustPolicy::Signed && self.trust.keys.is_empty() {
            let expected = "at least one key, since the policy is `signed`";
            return Err(contradiction("trust.keys", expected, "none".into()));
        }
        if self.plugins.generation_cap == Some(0) {
            return Err(contradiction(
                "plugins.generation_cap",
                "at least 1",
                "0".into(),
            ));
        }
        let is_name = |key: &String| VmType::new(key).is_ok() || PluginId::new(key).is_ok();
        for (section, keys) in [
            ("options", self.options.keys().collect::<Vec<_>>()),
            ("settings", self.settings.keys().collect()),
        ] {
            if let Some(key) = keys.into_iter().find(|key| !is_name(key)) {
                let expected = "a VM type or a plugin id";
                return Err(contradiction(section, expected, format!("`{key}`")));
            }
        }
        for key in self.plugins.builds.keys() {
            if release_key(key).is_none() {
                let expected = "a plugin id and a version, such as `proz-evm 1.1.0`";
                return Err(contradiction(
                    "plugins.builds",
                    expected,
                    format!("`{key}`"),
                ));
            }
        }
        Ok(())
    }

    /// The file that locks plugins; `proz.lock` in the working directory for a configuration that
    /// comes from no file.
    #[must_use]
    pub fn lock_file(&self) -> &Path {
        let file = self.trust.lock_file.as_deref();
        file.unwrap_or(Path::new("proz.lock"))
    }

    /// The chain specification that is named and trusted; `None` for a development chain.
    ///
    /// # Errors
    ///
    /// [`ChainTrustError`].
    pub fn chain_spec(&self) -> Result<Option<ChainSpec>, ChainTrustError> {
        let trust = ChainTrust {
            hash: self.trust.chain_hash,
            is_signed: self.trust.chain_signed,
            keys: &self.trust.keys,
        };
        trust.read(self.chain.spec.as_deref())
    }

    /// What a factory of this configuration is made of; reads the lock file when the policy needs
    /// it.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError::Lock`].
    pub fn factory(&self, search_path: SearchPath) -> Result<VmFactoryConfig, ConfigurationError> {
        let lock = match self.trust.policy {
            TrustPolicy::Pinned => PluginLock::read(self.lock_file())?,
            TrustPolicy::Open | TrustPolicy::Signed => PluginLock::default(),
        };
        Ok(VmFactoryConfig {
            search_path,
            require: self.plugins.require.clone(),
            disabled: self.plugins.disabled.clone(),
            options: self.options.clone(),
            settings: self.settings.clone(),
            precompile_addresses: self.plugins.precompile_addresses.clone(),
            builds: self
                .plugins
                .builds
                .iter()
                .filter_map(|(key, digest)| Some((release_key(key)?, *digest)))
                .collect(),
            data_dir: self.plugins.data_dir.clone(),
            generation_cap: self.plugins.generation_cap,
            faults: self.faults,
            trust: Trust {
                policy: self.trust.policy,
                keys: self.trust.keys.clone(),
                lock,
            },
        })
    }
}

/// A release by the text `ID VERSION`.
fn release_key(text: &str) -> Option<ReleaseKey> {
    let (plugin, version) = text.split_once(' ')?;
    Some(ReleaseKey {
        plugin: plugin.parse().ok()?,
        version: version.parse().ok()?,
    })
}

/// The parser's words; for what an earlier release of the format had, what replaces it.
fn explained(text: &str, error: &toml::de::Error) -> String {
    let is_former =
        toml::from_str::<toml::Table>(text).is_ok_and(|table| table.contains_key("activation"));
    if is_former {
        return "`activation` chose ranges of versions; a chain names exact releases in a file of \
                its own: `proz chain spec migrate` writes it"
            .to_owned();
    }
    error.to_string()
}

#[cfg(test)]
mod tests;
