//! Chains whose schedules name the shipped releases.

use crate::workspace_root;
use proz_host::{
    ChainConfig, ChainSpec, ConsensusOptions, GenesisPart, Release, Revision, Start, Upgrade,
    VmFactoryConfig,
};
use proz_manifest::Manifest;
use std::fs;

/// A shipped release by its name, such as `proz-evm 1.1.0`, with what its manifest says.
///
/// # Panics
///
/// When none has the name.
#[must_use]
pub fn release(name: &str) -> Release {
    let folder = workspace_root().join("plugin-manifests");
    let files = fs::read_dir(&folder).expect("the folder can be read");
    let mut manifests = files.filter_map(|file| Manifest::read(&file.ok()?.path()).ok());
    let manifest = manifests
        .find(|manifest| format!("{} {}", manifest.id, manifest.version) == name)
        .unwrap_or_else(|| panic!("`{name}` is not shipped"));
    Release {
        plugin: manifest.id,
        version: manifest.version,
        vm_type: manifest.vm_type,
        features: manifest.features,
        options: ConsensusOptions::default(),
        replaces: Default::default(),
        addresses: None,
        fingerprint: None,
    }
}

/// The release, with versions that it retires and answers for.
///
/// # Panics
///
/// When a version is malformed.
#[must_use]
pub fn replacing(release: Release, versions: &[&str]) -> Release {
    let parse = |version: &&str| version.parse().expect("a version");
    Release {
        replaces: versions.iter().map(parse).collect(),
        ..release
    }
}

/// An upgrade at a height that activates releases.
#[must_use]
pub fn upgrade(block: u64, revision: Option<Revision>, activate: Vec<Release>) -> Upgrade {
    Upgrade {
        start: Start::Block(block),
        revision,
        limits: None,
        blobs: None,
        activate,
        retire: Vec::new(),
    }
}

/// A specification of chain 1 with containers.
///
/// # Panics
///
/// When the upgrades are no schedule.
#[must_use]
pub fn specification(upgrades: Vec<Upgrade>) -> ChainSpec {
    let rules = ChainConfig::prozchain();
    let genesis = GenesisPart {
        name: "test".to_owned(),
        chain_id: rules.chain_id,
        containers: true,
        limits: rules.limits,
    };
    ChainSpec::new(genesis, upgrades).unwrap_or_else(|error| panic!("{error}"))
}

/// Options that show in results, from TOML.
///
/// # Panics
///
/// When the text holds none.
#[must_use]
pub fn options(text: &str) -> ConsensusOptions {
    let table = toml::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    ConsensusOptions::new(table).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Takes a plugin's whole table apart: options of the VM type or plugin `key`, and its settings.
///
/// # Panics
///
/// When the text holds none.
pub fn configure(config: &mut VmFactoryConfig, key: &str, text: &str) {
    let mut table: toml::Table = toml::from_str(text).unwrap_or_else(|e| panic!("{text}: {e}"));
    if let Some(toml::Value::Table(settings)) = table.remove(proz_host::SETTINGS_KEY) {
        let settings = proz_host::MachineSettings::new(settings);
        config.settings.insert(key.to_owned(), settings);
    }
    let options = ConsensusOptions::new(table).unwrap_or_else(|error| panic!("{text}: {error}"));
    config.options.insert(key.to_owned(), options);
}
