//! The configuration file of a host, `proz.toml`: which plugins, with which options, under which
//! policies.
//!
//! Unknown keys are errors. Paths are relative to the file. `CONFIGURATION.md` in this crate lists
//! every key; it and `proz.schema.json` are generated from the types here.

mod reference;

pub use reference::{configuration_reference, configuration_schema};

use crate::{
    Activation, ActivationRule, EvmOptions, FaultPolicy, Trust, TrustPolicy, VmFactoryConfig,
    trust::{LockError, PluginLock, PublicKey},
};
use alloy_primitives::Address;
use proz_manifest::{PluginId, Requirement, SearchPath, VmType};
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
    /// Options by VM type or plugin id, handed on to the plugin; the id's win over the type's, and
    /// both over the defaults of the manifest. A plugin refuses options that it does not know.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, BTreeMap<String, serde_json::Value>>")]
    pub options: BTreeMap<String, toml::Table>,
    /// Which plugins may be loaded.
    #[serde(default)]
    pub trust: TrustSection,
    /// What becomes of plugins that fault.
    #[serde(default)]
    pub faults: FaultPolicy,
    /// From which block which release runs plain code and serves precompiles. Consensus data: all
    /// nodes of a chain need the same.
    #[serde(default)]
    pub activation: Vec<ActivationRule>,
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
    /// Addresses at which precompiles may be active; all of a pack's when absent. Consensus data.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<BTreeSet<String>>")]
    pub precompile_addresses: Option<BTreeSet<Address>>,
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
        }
    }
}

/// Which plugins may be loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrustSection {
    /// `open` loads any plugin, `pinned` those of the lock file, `signed` those that a key below
    /// has signed.
    pub policy: TrustPolicy,
    /// Public keys, as `proz plugin keygen` writes them.
    pub keys: Vec<PublicKey>,
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
            activation: Vec::new(),
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
        let mut configuration = Self::from_toml(&text, file)?;
        let folder = file.parent().unwrap_or(Path::new(""));
        let plugins = &mut configuration.plugins;
        for path in plugins.paths.iter_mut().chain(&mut plugins.data_dir) {
            *path = folder.join(&*path);
        }
        let lock_file = configuration.trust.lock_file.take();
        let lock_file = lock_file.unwrap_or_else(|| PathBuf::from("proz.lock"));
        configuration.trust.lock_file = Some(folder.join(lock_file));
        Ok(configuration)
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
                detail: error.to_string(),
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
        if let Some(key) = self.options.keys().find(|key| !is_name(key)) {
            let expected = "a VM type or a plugin id";
            return Err(contradiction("options", expected, format!("`{key}`")));
        }
        let mut seen = BTreeSet::new();
        for rule in &self.activation {
            if !seen.insert((format!("{:?}", rule.vm.subject), rule.from_block)) {
                let found = format!("a second one, `{}`", rule.vm);
                let expected = "one rule for each VM and block";
                return Err(contradiction("activation", expected, found));
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
            data_dir: self.plugins.data_dir.clone(),
            activation: Activation::new(self.activation.clone()),
            generation_cap: self.plugins.generation_cap,
            faults: self.faults,
            evm: EvmOptions {
                precompile_addresses: self.plugins.precompile_addresses.clone(),
                ..EvmOptions::default()
            },
            trust: Trust {
                policy: self.trust.policy,
                keys: self.trust.keys.clone(),
                lock,
            },
            ..VmFactoryConfig::default()
        })
    }
}

#[cfg(test)]
mod tests;
