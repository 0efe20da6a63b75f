//! Makes VMs: discovers plugins, loads those that are asked for, configures and keeps them.

use super::{
    FallBack, FaultPolicy, FingerprintError, Generation, GenerationInfo, Registry, RegistryError,
    Vectors,
    active::Plan,
    builds::{BuildError, choose_build},
    generation::InstanceTerms,
};
use crate::{
    chain::{
        ChainConfig, ConsensusOptions, MachineSettings, OptionsError, Release, ReleaseKey,
        SETTINGS_KEY, Schedule, Start, is_same_release,
    },
    execution::{Machine, PrecompileInfo},
    trust::{LockedPlugin, PluginLock, Trust, TrustError, TrustPolicy},
};
use alloy_primitives::{Address, B256};
use proz_interface::abi_stable::std_types::{RSlice, RStr};
use proz_interface::v1::{
    CodeFact, GENERATION, HostInfo, OpcodeCount, Revision, VmError, VmErrorCode,
};
use proz_loader::{LoadError, Loader, Staging};
use proz_manifest::{
    Candidate, Discovery, DiscoveryOptions, ManifestError, Offered as _, PluginId, Requirement,
    SearchPath, Sha256Digest, VmType, discover, ranked,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
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
    /// Options that show in results, by VM type or plugin id; the id's win over the type's, and
    /// both over the manifest's defaults. Only for a development chain: a schedule has its own.
    pub options: BTreeMap<String, ConsensusOptions>,
    /// Settings that never show in a result, by VM type or plugin id; the id's win.
    pub settings: BTreeMap<String, MachineSettings>,
    /// Addresses at which precompiles may be active; all of a pack's when absent. Only for a
    /// development chain: a schedule names them for each pack.
    pub precompile_addresses: Option<BTreeSet<Address>>,
    /// Which build of a release runs, where several are found: SHA-256 of its library.
    pub builds: BTreeMap<ReleaseKey, Sha256Digest>,
    /// Folder for files of plugins, such as compiled code; `None` lets them keep none.
    pub data_dir: Option<PathBuf>,
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
    /// The lock file names releases that were not found: what is left would choose among others.
    #[error("the lock file names what was not found: {}", releases.join(", "))]
    LockedMissing {
        /// Ids and versions.
        releases: Vec<String>,
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
    /// The manifest's defaults cannot be taken apart into options and settings.
    #[error("{}: {source}", manifest.display())]
    Options {
        /// The manifest.
        manifest: PathBuf,
        /// What is wrong.
        source: OptionsError,
    },
    /// What the chain's schedule decides was set by the operator as well.
    #[error(
        "`{key}` is set, but the chain's schedule decides it: remove it, or run without the chain specification"
    )]
    ScheduleDecides {
        /// The key.
        key: String,
    },
    /// A build is not what the schedule says of its release, or not the one that was chosen.
    #[error("{release}: expected {what} {expected}, found {found}")]
    NotAsScheduled {
        /// The release.
        release: ReleaseKey,
        /// What differs.
        what: &'static str,
        /// What was to be loaded.
        expected: String,
        /// What the plugin is.
        found: String,
    },
    /// A scheduled release cannot run the rules that are in force with it.
    #[error("{release} is scheduled at {start} under {revision}, but runs {first} to {last} only")]
    Revision {
        /// The release.
        release: ReleaseKey,
        /// Start of the epoch.
        start: Start,
        /// Rule set in force.
        revision: Revision,
        /// First rule set that it runs.
        first: Revision,
        /// Last rule set that it runs.
        last: Revision,
    },
    /// Two active packs serve one address.
    #[error(
        "at {start} {first} and {second} both serve the precompile {address}: name the `addresses` of each"
    )]
    Address {
        /// Start of the epoch.
        start: Start,
        /// The address.
        address: Address,
        /// One pack.
        first: ReleaseKey,
        /// The other.
        second: ReleaseKey,
    },
    /// The behaviour of a release could not be told, or is not the one that was pinned.
    #[error(transparent)]
    Fingerprint(#[from] FingerprintError),
    /// A build could not be chosen.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// A change would make another release run than the schedule says.
    #[error(
        "{what} would change what runs under the chain's schedule; to change it, append an upgrade to the chain specification: {line}"
    )]
    Scheduled {
        /// What was asked for.
        what: String,
        /// What to write.
        line: String,
    },
    /// A candidate serves something else than what it was to replace.
    #[error("expected another release of {expected}, found {found}")]
    OtherPlugin {
        /// Id and VM type of what is loaded.
        expected: String,
        /// Id and VM type of the candidate.
        found: String,
    },
    /// A build of the release is active already.
    #[error(
        "{release} is loaded already as generation {generation}: swap its builds, or load another one beside it"
    )]
    AlreadyLoaded {
        /// Id and version.
        release: String,
        /// The active generation.
        generation: u64,
    },
    /// The plugins were loaded for the schedule of another chain.
    #[error("the plugins were loaded for another schedule than the chain's")]
    OtherChain,
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
    /// Discovers plugins and loads what the configuration asks for, all or nothing; for a
    /// development chain, which runs the best that is loaded.
    ///
    /// # Errors
    ///
    /// [`FactoryError`]: the first requirement or library that fails.
    pub fn new(config: VmFactoryConfig) -> Result<Self, FactoryError> {
        let factory = Self::empty(config, Plan::BestLoaded)?;
        let chosen: Vec<Candidate> = if factory.config.require.is_empty() {
            factory.discovery.taken.clone()
        } else {
            choose_all(&factory.config.require, &factory.discovery.taken)?
        };
        let generations = chosen
            .iter()
            .map(|candidate| factory.start(candidate))
            .collect::<Result<Vec<_>, _>>()?;
        factory.registry.add(generations);
        Ok(factory)
    }

    /// Discovers plugins and loads what a chain runs: with a schedule the releases that it names
    /// and nothing else, all that are found; else as [`new`](Self::new).
    ///
    /// A scheduled release that is not found stops the blocks that need it, and no others; see
    /// [`missing`](Self::missing).
    ///
    /// # Errors
    ///
    /// [`FactoryError`]: what the operator set against the schedule, a build that could not be
    /// chosen or started, or that is not what the schedule says.
    pub fn for_chain(config: VmFactoryConfig, chain: &ChainConfig) -> Result<Self, FactoryError> {
        let Some(schedule) = &chain.schedule else {
            return Self::new(config);
        };
        config.leave_to_schedule()?;
        let factory = Self::empty(config, Plan::Scheduled(schedule.clone()))?;
        let mut generations = Vec::new();
        for release in schedule.releases() {
            let builds = &factory.config.builds;
            if let Some(candidate) = choose_build(&factory.discovery, release, builds)? {
                generations.push(factory.start_scheduled(&candidate, release)?);
            }
        }
        check_schedule(schedule, &generations)?;
        factory.registry.add(generations);
        Ok(factory)
    }

    pub(super) fn empty(config: VmFactoryConfig, plan: Plan) -> Result<Self, FactoryError> {
        let discovery = discover(&config.search_path, &config.discovery_options());
        discovery.require_named_locations()?;
        config.require_locked(&discovery)?;
        Ok(Self {
            registry: Registry::new(plan, config.generation_cap(), config.faults),
            loader: Loader::new(Staging::default()),
            config,
            discovery,
        })
    }

    fn schedule(&self) -> Option<&Arc<Schedule>> {
        match self.registry.plan() {
            Plan::BestLoaded => None,
            Plan::Scheduled(schedule) => Some(schedule),
        }
    }

    /// Releases that the chain's schedule names and that are not loaded.
    #[must_use]
    pub fn missing(&self) -> Vec<ReleaseKey> {
        let active = self.registry.active();
        let releases = self.schedule().map(|schedule| schedule.releases());
        let mut missing: Vec<_> = releases
            .unwrap_or_default()
            .into_iter()
            .filter(|release| !active.iter().any(|g| g.serves(release)))
            .map(Release::key)
            .collect();
        missing.dedup();
        missing
    }

    pub(crate) fn require_chain(&self, chain: &ChainConfig) -> Result<(), FactoryError> {
        match (self.schedule(), &chain.schedule) {
            (None, None) => Ok(()),
            (Some(ours), Some(theirs)) if ours == theirs => Ok(()),
            _ => Err(FactoryError::OtherChain),
        }
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
            loaded: self.registry.last().set().describe(),
        })
    }

    /// Returns the best loaded VM for a requirement.
    #[must_use]
    pub fn get(&self, requirement: &Requirement) -> Option<VmHandle> {
        let lease = self.registry.last();
        let machines: Vec<_> = lease.set().machines().collect();
        let identities = machines.iter().map(|machine| &*machine.identity);
        let generation = ranked(requirement, identities).first()?.generation;
        let found = machines
            .iter()
            .find(|m| m.identity.generation == generation);
        found.map(|machine| VmHandle((*machine).clone()))
    }

    /// All loaded VMs, the newest last.
    #[must_use]
    pub fn machines(&self) -> Vec<VmHandle> {
        let lease = self.registry.last();
        lease.set().machines().cloned().map(VmHandle).collect()
    }

    /// Precompiles of all loaded packs, in the order of addresses and versions.
    #[must_use]
    pub fn precompiles(&self) -> Vec<PrecompileInfo> {
        self.registry.precompiles()
    }

    /// Loads a discovered plugin and adds it to what is running. Under a schedule this stages a
    /// release that the schedule names and that was missing.
    ///
    /// # Errors
    ///
    /// [`FactoryError`]; nothing has changed then. [`FactoryError::Scheduled`] when another release
    /// would run than the schedule says; [`FactoryError::AlreadyLoaded`] when a build of the release
    /// is active.
    pub fn load(&self, candidate: &Candidate) -> Result<GenerationInfo, FactoryError> {
        let Some(schedule) = self.schedule() else {
            let manifest = &candidate.manifest;
            let active = self.registry.active();
            let loaded = active.iter().find(|g| {
                let (id, version) = (&g.identity.id, &g.identity.version);
                *id == manifest.id && is_same_release(version, &manifest.version)
            });
            if let Some(loaded) = loaded {
                return Err(FactoryError::AlreadyLoaded {
                    release: format!("`{}` {}", manifest.id, manifest.version),
                    generation: loaded.identity.generation,
                });
            }
            return self.load_another_build(candidate);
        };
        let manifest = &candidate.manifest;
        let releases = schedule.releases();
        let mut named = releases
            .iter()
            .filter(|release| is_release(candidate, release))
            .peekable();
        let refused = |what: &str| FactoryError::Scheduled {
            what: format!("{what} {} {}", manifest.id, manifest.version),
            line: schedule_line(candidate),
        };
        if named.peek().is_none() {
            return Err(refused("loading"));
        }
        let active = self.registry.active();
        let mut generations = Vec::new();
        for release in named {
            if active.iter().any(|g| g.serves(release)) {
                return Err(refused("loading a second build of"));
            }
            generations.push(self.start_scheduled(candidate, release)?);
        }
        check_schedule(schedule, &[active, generations.clone()].concat())?;
        let info = generations[0].info(super::GenerationState::Active);
        self.registry.add(generations);
        Ok(info)
    }

    /// Loads a discovered plugin beside a build of the same release, for a development chain: the
    /// newer build runs what the release runs.
    ///
    /// # Errors
    ///
    /// [`FactoryError`]; nothing has changed then. [`FactoryError::Scheduled`] under a schedule,
    /// which knows one build of a release.
    pub fn load_another_build(
        &self,
        candidate: &Candidate,
    ) -> Result<GenerationInfo, FactoryError> {
        if self.schedule().is_some() {
            let manifest = &candidate.manifest;
            return Err(FactoryError::Scheduled {
                what: format!(
                    "loading a second build of {} {}",
                    manifest.id, manifest.version
                ),
                line: schedule_line(candidate),
            });
        }
        let generation = self.start(candidate)?;
        let info = generation.info(super::GenerationState::Active);
        self.registry.add(vec![generation]);
        Ok(info)
    }

    /// Loads a discovered plugin and puts it in place of the active generation `old`, which must be
    /// of the same plugin id and VM type.
    ///
    /// The new one is loaded, started and tested before the old is touched; one publication makes
    /// the change; running transactions finish on what they leased.
    ///
    /// # Errors
    ///
    /// [`FactoryError`]; nothing has changed then. [`FactoryError::OtherPlugin`] when the candidate
    /// serves something else.
    ///
    /// Under a schedule a swap exchanges builds of one release.
    pub fn swap(&self, old: u64, candidate: &Candidate) -> Result<GenerationInfo, FactoryError> {
        let former = self.registry.find(old)?;
        require_same_kind(&former, candidate)?;
        let generation = match self.schedule() {
            None => self.start(candidate)?,
            Some(schedule) => {
                let releases = schedule.releases();
                let release = releases.into_iter().find(|release| former.serves(release));
                let release = release.filter(|release| is_release(candidate, release));
                let Some(release) = release else {
                    return Err(FactoryError::Scheduled {
                        what: format!(
                            "putting {} {} in place of {} {}",
                            candidate.manifest.id,
                            candidate.manifest.version,
                            former.identity.id,
                            former.identity.version
                        ),
                        line: schedule_line(candidate),
                    });
                };
                let generation = self.start_scheduled(candidate, release)?;
                let others = self.registry.active().into_iter();
                let others = others.filter(|g| g.identity.generation != old);
                let all: Vec<_> = others.chain([generation.clone()]).collect();
                check_schedule(schedule, &all)?;
                generation
            }
        };
        let info = generation.info(super::GenerationState::Active);
        self.registry.replace(old, generation)?;
        Ok(info)
    }

    /// Looks again for plugins on the search path, for candidates to load or swap in.
    #[must_use]
    pub fn rediscover(&self) -> Discovery {
        discover(&self.config.search_path, &self.config.discovery_options())
    }

    /// Removes a generation; running transactions finish on it.
    ///
    /// # Errors
    ///
    /// [`FactoryError::Registry`]; [`FactoryError::Scheduled`] when the schedule names it.
    pub fn unload(&self, number: u64) -> Result<(), FactoryError> {
        if self.schedule().is_some() {
            let generation = self.registry.find(number)?;
            let (id, version) = (&generation.identity.id, &generation.identity.version);
            return Err(FactoryError::Scheduled {
                what: format!("unloading {id} {version}"),
                line: format!("retire = [{{ plugin = \"{id}\", version = \"{version}\" }}]"),
            });
        }
        Ok(self.registry.unload(number)?)
    }

    /// Loads a library, creates and tests its instance for a development chain, without publishing
    /// it.
    pub(crate) fn start(&self, candidate: &Candidate) -> Result<Arc<Generation>, FactoryError> {
        let terms = InstanceTerms {
            options: self.options_of(candidate)?,
            settings: self.settings_of(candidate)?,
            addresses: self.addresses_of(candidate),
        };
        self.start_with(candidate, terms)
    }

    /// The same with what the schedule says of the release.
    pub(super) fn start_scheduled(
        &self,
        candidate: &Candidate,
        release: &Release,
    ) -> Result<Arc<Generation>, FactoryError> {
        let manifest = &candidate.manifest;
        let differs = |what, expected: String, found: String| FactoryError::NotAsScheduled {
            release: release.key(),
            what,
            expected,
            found,
        };
        if manifest.vm_type != release.vm_type {
            let (expected, found) = (release.vm_type.to_string(), manifest.vm_type.to_string());
            return Err(differs("VM type", expected, found));
        }
        if manifest.features != release.features {
            let list = |features: &proz_manifest::FeatureSet| format!("[{features}]");
            let (expected, found) = (list(&release.features), list(&manifest.features));
            return Err(differs("features", expected, found));
        }
        let generation = self.start_with(
            candidate,
            InstanceTerms {
                // Not the manifest's defaults: an operator can edit those.
                options: release.options.clone(),
                settings: self.settings_of(candidate)?,
                addresses: release.addresses.clone(),
            },
        )?;
        if let Some(expected) = release.fingerprint {
            let found = self.fingerprint_of(&generation, candidate)?;
            if found != expected {
                return Err(FingerprintError::Differs {
                    release: release.key(),
                    expected,
                    found,
                }
                .into());
            }
        }
        if let Some(expected) = self.config.builds.get(&release.key())
            && generation.library_sha256 != *expected
        {
            // Exchanged since it was looked at, or swapped in without being chosen.
            let (expected, found) = (expected, generation.library_sha256);
            return Err(differs("build", expected.to_string(), found.to_string()));
        }
        Ok(generation)
    }

    /// Loads a release with options, and returns the hash of its behaviour, without publishing
    /// it: what a chain specification pins.
    ///
    /// # Errors
    ///
    /// [`FactoryError`].
    pub fn fingerprint(
        &self,
        candidate: &Candidate,
        options: &ConsensusOptions,
        addresses: Option<&BTreeSet<Address>>,
    ) -> Result<B256, FactoryError> {
        let generation = self.start_with(
            candidate,
            InstanceTerms {
                options: options.clone(),
                settings: self.settings_of(candidate)?,
                addresses: addresses.cloned(),
            },
        )?;
        self.fingerprint_of(&generation, candidate)
    }

    fn fingerprint_of(
        &self,
        generation: &Generation,
        candidate: &Candidate,
    ) -> Result<B256, FactoryError> {
        let vm_type = candidate.manifest.vm_type.as_str();
        let vectors = Vectors::beside(&candidate.manifest_path, vm_type)?;
        Ok(generation.fingerprint(&vectors)?)
    }

    fn start_with(
        &self,
        candidate: &Candidate,
        terms: InstanceTerms,
    ) -> Result<Arc<Generation>, FactoryError> {
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
            // Each build has files of its own: what one compiled, another never runs.
            dir.join(candidate.manifest.id.as_str())
                .join(plugin.sha256.to_string())
                .to_string_lossy()
                .into_owned()
        });
        let host = HostInfo {
            version: RStr::from_str(env!("CARGO_PKG_VERSION")),
            data_dir: RStr::from_str(&data_dir),
        };
        let generation = Generation::start(candidate, &plugin, terms, &host)?;
        generation.self_test()?;
        Ok(Arc::new(generation))
    }

    /// Options that show in results: manifest, by type, by id; later ones win.
    fn options_of(&self, candidate: &Candidate) -> Result<ConsensusOptions, FactoryError> {
        let manifest = &candidate.manifest;
        let mut defaults = manifest.config.clone();
        defaults.remove(SETTINGS_KEY);
        let mut options =
            ConsensusOptions::new(defaults).map_err(|source| FactoryError::Options {
                manifest: candidate.manifest_path.clone(),
                source,
            })?;
        for key in [manifest.vm_type.as_str(), manifest.id.as_str()] {
            if let Some(more) = self.config.options.get(key) {
                options.extend(more);
            }
        }
        Ok(options)
    }

    /// Settings that never show in a result: manifest, by type, by id; later ones win.
    fn settings_of(&self, candidate: &Candidate) -> Result<MachineSettings, FactoryError> {
        let manifest = &candidate.manifest;
        let defaults = match manifest.config.get(SETTINGS_KEY) {
            None => toml::Table::new(),
            Some(toml::Value::Table(table)) => table.clone(),
            Some(other) => {
                return Err(FactoryError::Options {
                    manifest: candidate.manifest_path.clone(),
                    source: OptionsError::NoTable {
                        found: other.type_str(),
                    },
                });
            }
        };
        let mut settings = MachineSettings::new(defaults);
        for key in [manifest.vm_type.as_str(), manifest.id.as_str()] {
            if let Some(more) = self.config.settings.get(key) {
                settings.extend(more);
            }
        }
        Ok(settings)
    }

    fn addresses_of(&self, candidate: &Candidate) -> Option<BTreeSet<Address>> {
        let is_pack = candidate.manifest.vm_type.is_precompile();
        let addresses = self.config.precompile_addresses.as_ref();
        addresses.filter(|_| is_pack).cloned()
    }
}

/// Fails when a candidate serves something else than an active generation.
fn require_same_kind(former: &Generation, candidate: &Candidate) -> Result<(), FactoryError> {
    let (old, new) = (&former.identity, &candidate.manifest);
    if old.id == new.id && old.vm_type == new.vm_type {
        return Ok(());
    }
    Err(FactoryError::OtherPlugin {
        expected: format!("`{}` ({})", old.id, old.vm_type),
        found: format!("`{}` ({})", new.id, new.vm_type),
    })
}

impl VmFactoryConfig {
    /// Fails when a release that is pinned was not found, or its manifest has changed.
    fn require_locked(&self, discovery: &Discovery) -> Result<(), FactoryError> {
        let taken = &discovery.taken;
        let releases = self.trust.missing(taken.iter().map(|c| &c.manifest));
        if !releases.is_empty() {
            return Err(FactoryError::LockedMissing { releases });
        }
        // One that was changed may no longer be chosen, and then nothing would look at it.
        let lock = &self.trust.lock;
        let locked = taken.iter().filter(|c| lock.find(&c.manifest).is_some());
        for candidate in locked.filter(|_| self.trust.policy == TrustPolicy::Pinned) {
            let admitted = self.trust.admit(&candidate.manifest);
            admitted.map_err(|source| FactoryError::Trust {
                manifest: candidate.manifest_path.clone(),
                source,
            })?;
        }
        Ok(())
    }

    /// Fails when something is set that a schedule decides.
    fn leave_to_schedule(&self) -> Result<(), FactoryError> {
        match self.decided_by_schedule().into_iter().next() {
            Some(key) => Err(FactoryError::ScheduleDecides { key }),
            None => Ok(()),
        }
    }

    /// Keys that are set and that a schedule decides.
    pub(super) fn decided_by_schedule(&self) -> Vec<String> {
        let mut keys = Vec::new();
        if !self.require.is_empty() {
            keys.push("plugins.require".to_owned());
        }
        if self.precompile_addresses.is_some() {
            keys.push("plugins.precompile_addresses".to_owned());
        }
        let options = self.options.iter();
        let set = options.filter(|(_, options)| !options.is_empty());
        keys.extend(set.map(|(key, _)| format!("options.{key}")));
        if self.faults.fall_back == FallBack::AnyRelease {
            keys.push("faults.fall_back = \"any-release\"".to_owned());
        }
        keys
    }
}

/// Whether a candidate is a build of a scheduled release.
fn is_release(candidate: &Candidate, release: &Release) -> bool {
    candidate.manifest.id == release.plugin
        && is_same_release(&candidate.manifest.version, &release.version)
}

/// The lines of a chain specification that would activate a candidate.
fn schedule_line(candidate: &Candidate) -> String {
    let manifest = &candidate.manifest;
    let features: Vec<_> = manifest
        .features
        .iter()
        .map(|f| format!("\"{f}\""))
        .collect();
    format!(
        "[[upgrade]] block = HEIGHT, activate = [{{ plugin = \"{}\", version = \"{}\", vm_type = \
         \"{}\", features = [{}] }}]",
        manifest.id,
        manifest.version,
        manifest.vm_type,
        features.join(", ")
    )
}

/// Fails when a loaded release cannot serve where the schedule puts it.
pub(super) fn check_schedule(
    schedule: &Schedule,
    loaded: &[Arc<Generation>],
) -> Result<(), FactoryError> {
    for epoch in schedule.epochs() {
        let mut served: BTreeMap<Address, (ReleaseKey, &PluginId)> = BTreeMap::new();
        for scheduled in &epoch.active {
            let release = &scheduled.release;
            let Some(generation) = loaded.iter().find(|g| g.serves(release)) else {
                continue;
            };
            if let Some(machine) = &generation.machine
                && !machine.revisions.contains(&epoch.revision)
            {
                return Err(FactoryError::Revision {
                    release: release.key(),
                    start: epoch.start,
                    revision: epoch.revision,
                    first: *machine.revisions.start(),
                    last: *machine.revisions.end(),
                });
            }
            for entry in generation.pack.iter().flat_map(|pack| &pack.precompiles) {
                let key = release.key();
                let first = served.insert(entry.address, (key.clone(), &release.plugin));
                if let Some((first, plugin)) = first
                    && *plugin != release.plugin
                {
                    return Err(FactoryError::Address {
                        start: epoch.start,
                        address: entry.address,
                        first,
                        second: key,
                    });
                }
            }
        }
    }
    Ok(())
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

    /// Rule sets that it runs.
    #[must_use]
    pub fn revisions(&self) -> RangeInclusive<Revision> {
        self.0.revisions.clone()
    }

    /// Number of the loaded build.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.0.identity.generation
    }

    /// Gas that the first call of code of a size costs in a transaction before the VM is asked.
    #[must_use]
    pub fn preparation_gas(&self, size_bytes: u64) -> u64 {
        self.0.preparation.gas(size_bytes)
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
