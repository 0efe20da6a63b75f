//! Makes VMs: discovers plugins, loads those that are asked for, configures and keeps them.

use super::{
    Activation, EvmOptions, FaultPolicy, Generation, GenerationInfo, ProzVmOptions, Registry,
    RegistryError, WasmOptions,
};
use crate::{
    execution::{Machine, PrecompileInfo},
    trust::{LockedPlugin, PluginLock, Trust, TrustError},
};
use proz_interface::abi_stable::std_types::{RSlice, RStr};
use proz_interface::v1::{CodeFact, GENERATION, HostInfo, OpcodeCount, VmError, VmErrorCode};
use proz_loader::{LoadError, Loader, Staging};
use proz_manifest::{
    Candidate, Discovery, DiscoveryOptions, ManifestError, Offered as _, PluginId, Requirement,
    SearchPath, VmType, discover,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

/// What the factory makes VMs of. See the specification's `VmFactory`.
#[derive(Debug, Clone, Default)]
pub struct VmFactoryConfig {
    /// Where plugins are looked for.
    pub search_path: SearchPath,
    /// What to load; empty loads every release found.
    pub require: Vec<Requirement>,
    /// Plugins not to load.
    pub disabled: BTreeSet<PluginId>,
    /// Options of every release that serves `evm`.
    pub evm: EvmOptions,
    /// Options of every release that serves `wasm`.
    pub wasm: WasmOptions,
    /// Options of every release that serves `prozvm`.
    pub prozvm: ProzVmOptions,
    /// Further options by VM type or plugin id; the id's win, then the type's, then the above,
    /// then the manifest's defaults.
    pub options: BTreeMap<String, toml::Table>,
    /// Folder for files of plugins, such as compiled code; `None` lets them keep none.
    pub data_dir: Option<PathBuf>,
    /// Which release runs which block.
    pub activation: Activation,
    /// Which plugins may be loaded.
    pub trust: Trust,
    /// What becomes of builds that fault.
    pub faults: FaultPolicy,
    /// Most generations in memory; `None` for 64. Counts what runs, what a roll-back can bring
    /// back, and every different library ever loaded, since libraries stay mapped.
    pub generation_cap: Option<usize>,
}

impl VmFactoryConfig {
    fn discovery_options(&self) -> DiscoveryOptions {
        DiscoveryOptions {
            supported_generations: vec![GENERATION],
            disabled: self.disabled.clone(),
        }
    }

    fn generation_cap(&self) -> usize {
        self.generation_cap.unwrap_or(64)
    }
}

/// Why a VM could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FactoryError {
    /// A requirement names what was not found, or a manifest is wrong.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A plugin is not trusted.
    #[error("{}: not trusted", manifest.display())]
    Trust {
        /// Its manifest.
        manifest: PathBuf,
        /// Why.
        source: TrustError,
    },
    /// A library could not be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The registry does not take the change.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A plugin was loaded and started, but did not behave.
    #[error("`{id}` {version} failed its self-test: {reason}")]
    SelfTest {
        /// Plugin id.
        id: String,
        /// Release.
        version: String,
        /// What it did.
        reason: String,
    },
    /// The type is none that can be executed on its own.
    #[error("`{found}` is no VM type that runs contracts; loaded: {loaded}")]
    InvalidVmType {
        /// Type asked for.
        found: String,
        /// Types that are loaded.
        loaded: String,
    },
}

/// Discovers, loads, configures and keeps VMs.
pub struct VmFactory {
    config: VmFactoryConfig,
    discovery: Discovery,
    registry: Registry,
    loader: Loader,
}

impl VmFactory {
    /// Discovers plugins and loads what the configuration asks for, all or nothing.
    ///
    /// # Errors
    ///
    /// [`FactoryError`]: the first requirement or library that fails.
    pub fn new(config: VmFactoryConfig) -> Result<Self, FactoryError> {
        let discovery = discover(&config.search_path, &config.discovery_options());
        discovery.require_named_locations()?;
        let chosen: Vec<Candidate> = if config.require.is_empty() {
            discovery.taken.clone()
        } else {
            choose_all(&config.require, &discovery.taken)?
        };
        let factory = Self {
            registry: Registry::new(
                config.activation.clone(),
                config.generation_cap(),
                config.faults,
            ),
            loader: Loader::new(Staging::default()),
            config,
            discovery,
        };
        let generations = chosen
            .iter()
            .map(|candidate| factory.start(candidate))
            .collect::<Result<Vec<_>, _>>()?;
        factory.registry.add(generations);
        Ok(factory)
    }

    /// What was found on the search path, and what was passed over and why.
    #[must_use]
    pub const fn discovery(&self) -> &Discovery {
        &self.discovery
    }

    /// The loaded generations.
    #[must_use]
    pub const fn registry(&self) -> &Registry {
        &self.registry
    }

    /// What is loaded now, down to the byte: the content of a lock file.
    #[must_use]
    pub fn lock(&self) -> PluginLock {
        let active = self.registry.active();
        let entries = active.iter().map(|g| LockedPlugin {
            id: g.identity.id.clone(),
            version: g.identity.version.clone(),
            library_sha256: g.library_sha256,
            manifest_sha256: g.manifest_sha256,
        });
        PluginLock::new(entries.collect())
    }

    /// The configuration.
    #[must_use]
    pub const fn config(&self) -> &VmFactoryConfig {
        &self.config
    }

    /// Returns the best loaded VM of a type. Instances are kept: each call returns the same one
    /// until another generation is published.
    ///
    /// # Errors
    ///
    /// [`FactoryError::InvalidVmType`] for a type that is not loaded, or `precompile`.
    pub fn get_vm(&self, vm_type: &VmType) -> Result<VmHandle, FactoryError> {
        self.get(&Requirement::any(proz_manifest::Subject::VmType(
            vm_type.clone(),
        )))
        .ok_or_else(|| FactoryError::InvalidVmType {
            found: vm_type.to_string(),
            loaded: self.registry.lease(u64::MAX).set().describe(),
        })
    }

    /// Returns the best loaded VM for a requirement.
    #[must_use]
    pub fn get(&self, requirement: &Requirement) -> Option<VmHandle> {
        let lease = self.registry.lease(u64::MAX);
        super::activation::best(requirement, &lease.set().machines).map(VmHandle)
    }

    /// All loaded VMs, the newest last.
    #[must_use]
    pub fn machines(&self) -> Vec<VmHandle> {
        let lease = self.registry.lease(u64::MAX);
        let machines = lease.set().machines.iter();
        machines.cloned().map(VmHandle).collect()
    }

    /// Precompiles of all loaded packs, in the order of addresses and versions.
    #[must_use]
    pub fn precompiles(&self) -> Vec<PrecompileInfo> {
        self.registry.precompiles()
    }

    /// Loads a discovered plugin and adds it to what is running.
    ///
    /// # Errors
    ///
    /// [`FactoryError`]; nothing has changed then.
    pub fn load(&self, candidate: &Candidate) -> Result<GenerationInfo, FactoryError> {
        let generation = self.start(candidate)?;
        let info = generation.info(super::GenerationState::Active);
        self.registry.add(vec![generation]);
        Ok(info)
    }

    /// Loads a discovered plugin and puts it in place of the active generation `old`.
    ///
    /// The new one is loaded, started and tested before the old is touched; one publication makes
    /// the change; running transactions finish on what they leased.
    ///
    /// # Errors
    ///
    /// [`FactoryError`]; nothing has changed then.
    pub fn swap(&self, old: u64, candidate: &Candidate) -> Result<GenerationInfo, FactoryError> {
        let generation = self.start(candidate)?;
        let info = generation.info(super::GenerationState::Active);
        self.registry.replace(old, generation)?;
        Ok(info)
    }

    /// Looks again for plugins on the search path, for candidates to load or swap in.
    #[must_use]
    pub fn rediscover(&self) -> Discovery {
        discover(&self.config.search_path, &self.config.discovery_options())
    }

    /// Loads a library, creates and tests its instance, without publishing it.
    pub(crate) fn start(&self, candidate: &Candidate) -> Result<Arc<Generation>, FactoryError> {
        self.registry.require_room()?;
        // Decided before a byte of the library is looked at; the loader compares the digest with
        // the bytes that it then opens.
        let admitted = self.config.trust.admit(&candidate.manifest);
        let sha256 = admitted.map_err(|source| FactoryError::Trust {
            manifest: candidate.manifest_path.clone(),
            source,
        })?;
        let mut manifest = candidate.manifest.clone();
        manifest.sha256 = sha256;
        let plugin = self.loader.load(&candidate.library_path, Some(&manifest))?;
        let data_dir = self.config.data_dir.as_ref();
        let data_dir = data_dir.map_or_else(String::new, |dir| {
            dir.join(candidate.manifest.id.as_str())
                .to_string_lossy()
                .into_owned()
        });
        let host = HostInfo {
            version: RStr::from_str(env!("CARGO_PKG_VERSION")),
            data_dir: RStr::from_str(&data_dir),
        };
        let mut generation =
            Generation::start(candidate, &plugin, &self.options_of(candidate), &host)?;
        if let (Some(pack), Some(addresses)) =
            (&mut generation.pack, &self.config.evm.precompile_addresses)
        {
            pack.precompiles
                .retain(|entry| addresses.contains(&entry.address));
        }
        generation.self_test()?;
        Ok(Arc::new(generation))
    }

    /// The options of a plugin: manifest, typed options, by type, by id; later ones win.
    fn options_of(&self, candidate: &Candidate) -> toml::Table {
        let manifest = &candidate.manifest;
        let typed = match manifest.vm_type.as_str() {
            "evm" => toml::Table::try_from(&self.config.evm),
            "wasm" => toml::Table::try_from(&self.config.wasm),
            "prozvm" => toml::Table::try_from(&self.config.prozvm),
            _ => Ok(toml::Table::new()),
        };
        let mut options = manifest.config.clone();
        options.extend(typed.unwrap_or_default());
        for key in [manifest.vm_type.as_str(), manifest.id.as_str()] {
            options.extend(self.config.options.get(key).cloned().unwrap_or_default());
        }
        options
    }
}

/// For each requirement the best candidate, each once, in the order of discovery.
fn choose_all(
    requirements: &[Requirement],
    candidates: &[Candidate],
) -> Result<Vec<Candidate>, ManifestError> {
    let mut ranks = BTreeSet::new();
    for requirement in requirements {
        ranks.insert(proz_manifest::choose(requirement, candidates)?.rank);
    }
    Ok(candidates
        .iter()
        .filter(|candidate| ranks.contains(&candidate.rank))
        .cloned()
        .collect())
}

/// A VM outside of any transaction: what it is, and whether code may be deployed on it.
#[derive(Clone)]
pub struct VmHandle(pub(crate) Arc<Machine>);

impl VmHandle {
    /// Type of the VM.
    #[must_use]
    pub fn vm_type(&self) -> &VmType {
        self.0.identity.vm_type()
    }

    /// Version of the VM.
    #[must_use]
    pub fn vm_version(&self) -> &semver::Version {
        self.0.identity.version()
    }

    /// Plugin id.
    #[must_use]
    pub fn plugin_id(&self) -> &PluginId {
        self.0.identity.plugin_id()
    }

    /// Number of the loaded build.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.0.identity.generation
    }

    /// Decides whether code may be deployed on this VM.
    ///
    /// # Errors
    ///
    /// [`CodeRefused`] with the plugin's own words.
    pub fn validate_code(&self, code: &[u8]) -> Result<(), CodeRefused> {
        let verdict = self.0.vm.validate_code(RSlice::from_slice(code));
        Result::<(), VmError>::from(verdict).map_err(CodeRefused::from)
    }

    /// What the VM sees in code, fact by fact; `None` when it tells nothing.
    ///
    /// # Errors
    ///
    /// [`CodeRefused`] as from [`validate_code`](Self::validate_code).
    #[must_use]
    pub fn inspect(&self, code: &[u8]) -> Option<Result<Vec<CodeFact>, CodeRefused>> {
        proz_loader::inspect::inspect(&self.0.vm, code)
            .map(|facts| facts.map_err(CodeRefused::from))
    }

    /// Switches the VM's instruction metrics; `None` when it keeps none.
    #[must_use]
    pub fn enable_metrics(&self, on: bool) -> Option<bool> {
        proz_loader::metrics::enable(&self.0.vm, on)
    }

    /// Instruction counts since the last reading; `None` when the VM keeps none.
    #[must_use]
    pub fn take_metrics(&self) -> Option<Vec<OpcodeCount>> {
        proz_loader::metrics::take(&self.0.vm)
    }
}

/// A VM refuses code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CodeRefused {
    /// Class of the refusal.
    pub code: VmErrorCode,
    /// Offset in the code in bytes, where there is one.
    pub offset: Option<u64>,
    /// The VM's own words.
    pub message: String,
}

impl From<VmError> for CodeRefused {
    fn from(error: VmError) -> Self {
        Self {
            code: error.code(),
            offset: error.offset(),
            message: error.message().to_owned(),
        }
    }
}
