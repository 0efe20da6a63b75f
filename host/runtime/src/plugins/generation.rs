//! One loaded build of a plugin.

use crate::execution::{LoadedPrecompile, Machine, PluginIdentity};
use crate::{
    chain::{ConsensusOptions, MachineSettings, Release},
    plugins::active::Pack,
};
use alloy_primitives::Address;
use proz_interface::v1::HostInfo;
use proz_loader::{LoadError, LoadedPlugin};
use proz_manifest::{Candidate, Sha256Digest};
use semver::Version;
use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Numbers generations through the life of the process, over all registries.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// A loaded build: its library, its instance, its history.
pub(crate) struct Generation {
    pub(crate) identity: Arc<PluginIdentity>,
    pub(crate) manifest_path: PathBuf,
    /// Digest of what the manifest says.
    pub(crate) manifest_sha256: Sha256Digest,
    pub(crate) library_sha256: Sha256Digest,
    pub(crate) library_size_bytes: u64,
    /// What it was configured with and shows in results.
    pub(crate) options: ConsensusOptions,
    /// Of a pack, the addresses that it may serve; all of its own when absent.
    pub(crate) addresses: Option<BTreeSet<Address>>,
    pub(crate) machine: Option<Arc<Machine>>,
    pub(crate) pack: Option<Pack>,
    pub(crate) faults: AtomicU64,
}

/// What one instance of a library is created with.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct InstanceTerms {
    /// What shows in results.
    pub(crate) options: ConsensusOptions,
    /// What never does.
    pub(crate) settings: MachineSettings,
    /// Of a pack, the addresses that it may serve.
    pub(crate) addresses: Option<BTreeSet<Address>>,
}

/// What is known of a generation.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct GenerationInfo {
    /// Number of the generation, growing through the life of the process.
    pub generation: u64,
    /// Plugin id.
    pub id: String,
    /// Release.
    pub version: String,
    /// VM type.
    pub vm_type: String,
    /// Features.
    pub features: Vec<String>,
    /// Manifest that it was loaded by.
    pub manifest: PathBuf,
    /// SHA-256 of the library.
    pub library_sha256: String,
    /// Size of the library in bytes; stays mapped for the life of the process.
    pub library_size_bytes: u64,
    /// Addresses and names of precompiles, for a pack.
    pub precompiles: Vec<(alloy_primitives::Address, String)>,
    /// Faults so far.
    pub faults: u64,
    /// Where it stands.
    pub state: GenerationState,
}

/// Where a generation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum GenerationState {
    /// New transactions may lease it.
    Active,
    /// Replaced, but still leased by running transactions.
    Draining,
    /// No longer used.
    Retired,
    /// Set aside after faults.
    Quarantined,
}

impl Generation {
    /// Creates an instance of a loaded library.
    pub(crate) fn start(
        candidate: &Candidate,
        plugin: &LoadedPlugin,
        terms: InstanceTerms,
        host: &HostInfo<'_>,
    ) -> Result<Self, LoadError> {
        let manifest = &candidate.manifest;
        let configuration = terms.options.with(&terms.settings).to_string();
        let instance = plugin.create(&configuration, host)?;
        let identity = Arc::new(PluginIdentity {
            id: manifest.id.clone(),
            vm_type: manifest.vm_type.clone(),
            version: manifest.version.clone(),
            features: manifest.features.clone(),
            generation: NEXT.fetch_add(1, Ordering::Relaxed),
        });
        let machine = instance.machines.into_iter().next();
        let machine = machine.map(|vm| Arc::new(Machine::new(vm, identity.clone())));
        let precompiles: Vec<_> = instance
            .precompiles
            .into_iter()
            .map(|code| Arc::new(LoadedPrecompile::new(identity.clone(), code)))
            .filter(|entry| {
                let allowed = terms.addresses.as_ref();
                allowed.is_none_or(|addresses| addresses.contains(&entry.address))
            })
            .collect();
        Ok(Self {
            manifest_path: candidate.manifest_path.clone(),
            manifest_sha256: crate::trust::manifest_digest(manifest),
            library_sha256: plugin.sha256,
            library_size_bytes: plugin.size_bytes,
            options: terms.options,
            addresses: terms.addresses,
            machine,
            pack: (!precompiles.is_empty()).then_some(Pack { precompiles }),
            faults: AtomicU64::new(0),
            identity,
        })
    }

    /// Whether a set that is not this registry's bookkeeping still refers to it.
    ///
    /// One reference to a machine or precompile is the generation's own; a published set and the
    /// leases of it hold further ones.
    pub(crate) fn is_leased(&self) -> bool {
        let machine = self.machine.as_ref().map(Arc::strong_count);
        let pack = self.pack.as_ref().and_then(|pack| pack.precompiles.first());
        machine.or(pack.map(Arc::strong_count)).unwrap_or(0) > 1
    }

    /// The entry of a schedule that would start this instance.
    pub(crate) fn release(&self) -> Release {
        let identity = &self.identity;
        Release {
            plugin: identity.id.clone(),
            version: Version {
                // Builds of one release compute the same.
                build: semver::BuildMetadata::EMPTY,
                ..identity.version.clone()
            },
            vm_type: identity.vm_type.clone(),
            features: identity.features.clone(),
            options: self.options.clone(),
            replaces: BTreeSet::new(),
            addresses: self.addresses.clone(),
            fingerprint: None,
        }
    }

    pub(crate) fn info(&self, state: GenerationState) -> GenerationInfo {
        let identity = &self.identity;
        GenerationInfo {
            generation: identity.generation,
            id: identity.id.to_string(),
            version: identity.version.to_string(),
            vm_type: identity.vm_type.to_string(),
            features: identity.features.iter().map(ToString::to_string).collect(),
            manifest: self.manifest_path.clone(),
            library_sha256: self.library_sha256.to_string(),
            library_size_bytes: self.library_size_bytes,
            precompiles: self
                .pack
                .iter()
                .flat_map(|pack| &pack.precompiles)
                .map(|entry| (entry.address, entry.name.clone()))
                .collect(),
            faults: self.faults.load(Ordering::Relaxed),
            state,
        }
    }
}
