//! Which releases a chain runs, from which block on.
//!
//! A chain begins with a first upgrade and appends further ones. An upgrade activates releases,
//! retires releases and may change revision, limits and blob parameters. From them follow the
//! epochs: what is active from one upgrade to the next. Pure data; nothing here knows what a
//! node has loaded.
//!
//! Several releases of a VM may be active at once. Plain code runs on the highest active release of
//! type `evm`; a container on the highest that its requirement accepts; of a pack the highest
//! active release serves.

use super::{ConsensusOptions, Start};
use crate::transaction::BlobParams;
use alloy_primitives::{Address, B256};
use proz_interface::v1::{Limits, Revision};
use proz_manifest::{FeatureSet, PluginId, VmType};
use semver::Version;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// The name of a release: a plugin and its version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseKey {
    /// Line of releases.
    pub plugin: PluginId,
    /// Version, without build metadata: builds of one release compute the same.
    pub version: Version,
}

impl fmt::Display for ReleaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.plugin, self.version)
    }
}

/// A release as an upgrade activates it.
///
/// A release that is active already gets the options of the later entry: one release with two sets
/// of options is two instances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Line of releases.
    pub plugin: PluginId,
    /// Exact version.
    pub version: Version,
    /// Kind of code that it runs; `precompile` for a pack.
    pub vm_type: VmType,
    /// What it offers beyond its version; exactly what its manifest says.
    #[serde(default)]
    pub features: FeatureSet,
    /// Options that show in results.
    #[serde(default)]
    pub options: ConsensusOptions,
    /// Versions of the same plugin that it retires and answers for: a requirement that names one
    /// of them is satisfied by this release.
    #[serde(default)]
    pub replaces: BTreeSet<Version>,
    /// Of a pack, the addresses that it serves; all of its own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addresses: Option<BTreeSet<Address>>,
    /// Behaviour that the release must show when it is loaded; not checked when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<B256>,
}

impl Release {
    /// Its name.
    #[must_use]
    pub fn key(&self) -> ReleaseKey {
        ReleaseKey {
            plugin: self.plugin.clone(),
            version: self.version.clone(),
        }
    }
}

/// A point at which a chain changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upgrade {
    /// When it begins.
    pub start: Start,
    /// Rule set from here on; as before when absent.
    pub revision: Option<Revision>,
    /// Resource limits from here on; as before when absent.
    pub limits: Option<Limits>,
    /// Blob parameters from here on, whatever the revision; as before when absent.
    pub blobs: Option<BlobParams>,
    /// Releases that begin, or get other options.
    pub activate: Vec<Release>,
    /// Releases that end and that nothing answers for.
    pub retire: Vec<ReleaseKey>,
}

/// A release in force, with all that it answers for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduledRelease {
    /// The entry that activated it.
    pub release: Release,
    /// Retired versions that it answers for, directly or through one that it replaced.
    pub answers_for: BTreeSet<Version>,
    /// The beginning of the entry.
    pub since: Start,
}

/// What is in force from one upgrade to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Epoch {
    pub(crate) start: Start,
    pub(crate) revision: Revision,
    pub(crate) limits: Limits,
    pub(crate) blobs: Option<BlobParams>,
    pub(crate) active: Vec<ScheduledRelease>,
}

/// The epochs of a chain. There is at least one, which begins at block 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    epochs: Vec<Epoch>,
}

/// Why upgrades are no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// The first upgrade is not the genesis, or lacks what later ones inherit.
    #[error("the first upgrade must begin at block 0 and name a revision")]
    NoGenesis,
    /// An upgrade does not begin after the one before it.
    #[error(
        "an upgrade at {later} follows one at {earlier}; heights come first, then times, each later than the last"
    )]
    Order {
        /// Start of the former.
        earlier: Start,
        /// Start of the latter.
        later: Start,
    },
    /// The rule set goes backwards.
    #[error("at {start} the revision goes back from {from} to {to}")]
    RevisionBack {
        /// Start of the upgrade.
        start: Start,
        /// Revision before.
        from: Revision,
        /// Revision that it names.
        to: Revision,
    },
    /// A version carries build metadata.
    #[error("{release}: a schedule names releases, and `+{build}` names a build of one")]
    Build {
        /// The release.
        release: ReleaseKey,
        /// The metadata.
        build: String,
    },
    /// A release ends that is not active.
    #[error("at {start} {release} ends, but it is not active; active: {active}")]
    NotActive {
        /// Start of the upgrade.
        start: Start,
        /// The release.
        release: ReleaseKey,
        /// What is active.
        active: String,
    },
    /// One upgrade names a release twice.
    #[error("at {start} {release} is named twice")]
    Twice {
        /// Start of the upgrade.
        start: Start,
        /// The release.
        release: ReleaseKey,
    },
    /// Two active releases could answer the same requirement equally well.
    #[error(
        "from {start} on {first} and {second} both serve `{vm_type}` with one version: nothing tells which runs"
    )]
    Ambiguous {
        /// Start of the epoch.
        start: Start,
        /// One release.
        first: ReleaseKey,
        /// The other.
        second: ReleaseKey,
        /// Their type.
        vm_type: VmType,
    },
    /// An entry of a plugin names another type than an earlier one.
    #[error("{release} serves `{found}`, but an earlier entry of the plugin says `{expected}`")]
    VmType {
        /// The release.
        release: ReleaseKey,
        /// Type of the earlier entry.
        expected: VmType,
        /// Type of this one.
        found: VmType,
    },
    /// Addresses are given for something that is no pack.
    #[error("{release} serves `{vm_type}`: only packs of precompiles have addresses")]
    Addresses {
        /// The release.
        release: ReleaseKey,
        /// Its type.
        vm_type: VmType,
    },
}

impl Schedule {
    /// Makes the epochs of a chain; the first upgrade is the genesis.
    ///
    /// # Errors
    ///
    /// [`ScheduleError`].
    pub fn new(limits: Limits, upgrades: &[Upgrade]) -> Result<Self, ScheduleError> {
        let Some(first) = upgrades.first() else {
            return Err(ScheduleError::NoGenesis);
        };
        let (Start::Block(0), Some(revision)) = (first.start, first.revision) else {
            return Err(ScheduleError::NoGenesis);
        };
        let mut epoch = Epoch {
            start: first.start,
            revision,
            limits,
            blobs: None,
            active: Vec::new(),
        };
        let mut types = BTreeMap::new();
        let mut epochs: Vec<Epoch> = Vec::with_capacity(upgrades.len());
        for upgrade in upgrades {
            if let Some(last) = epochs.last()
                && last.start >= upgrade.start
            {
                return Err(ScheduleError::Order {
                    earlier: last.start,
                    later: upgrade.start,
                });
            }
            epoch.apply(upgrade, &mut types)?;
            epochs.push(epoch.clone());
        }
        Ok(Self { epochs })
    }

    pub(crate) fn epochs(&self) -> &[Epoch] {
        &self.epochs
    }

    /// What is in force at a block.
    pub(crate) fn at(&self, number: u64, timestamp: u64) -> &Epoch {
        &self.epochs[self.index_at(number, timestamp)]
    }

    /// The number of the epoch of a block.
    pub(crate) fn index_at(&self, number: u64, timestamp: u64) -> usize {
        let begun = |epoch: &Epoch| epoch.start.has_begun(number, timestamp);
        self.epochs.iter().rposition(begun).unwrap_or(0)
    }

    /// The releases that are active at a block.
    #[must_use]
    pub fn active_at(&self, number: u64, timestamp: u64) -> &[ScheduledRelease] {
        &self.at(number, timestamp).active
    }

    /// Every release that is ever active, each set of options once, in the order of activation.
    #[must_use]
    pub fn releases(&self) -> Vec<&Release> {
        let mut all: Vec<&Release> = Vec::new();
        for scheduled in self.epochs.iter().flat_map(|epoch| &epoch.active) {
            let release = &scheduled.release;
            if !all.iter().any(|known| known.is_same_instance(release)) {
                all.push(release);
            }
        }
        all
    }

    /// The start of the first epoch in which an instance is active; block 0 for one that never is.
    #[must_use]
    pub fn first_start(&self, release: &Release) -> Start {
        let names = |epoch: &&Epoch| {
            let mut active = epoch.active.iter();
            active.any(|scheduled| scheduled.release.is_same_instance(release))
        };
        let epoch = self.epochs.iter().find(names);
        epoch.map_or(Start::Block(0), |epoch| epoch.start)
    }

    /// Whether a release is ever active.
    #[must_use]
    pub fn names(&self, plugin: &PluginId, version: &Version) -> bool {
        let is_it = |release: &&Release| {
            release.plugin == *plugin && is_same_release(&release.version, version)
        };
        self.releases().iter().any(is_it)
    }
}

impl Release {
    /// Whether one running instance serves both entries.
    pub(crate) fn is_same_instance(&self, other: &Self) -> bool {
        self.plugin == other.plugin
            && self.version == other.version
            && self.options == other.options
            && self.addresses == other.addresses
    }
}

/// Whether two versions name one release: builds of it differ in metadata alone.
pub(crate) fn is_same_release(a: &Version, b: &Version) -> bool {
    a.cmp_precedence(b).is_eq()
}

impl Epoch {
    fn apply(
        &mut self,
        upgrade: &Upgrade,
        types: &mut BTreeMap<PluginId, VmType>,
    ) -> Result<(), ScheduleError> {
        self.start = upgrade.start;
        if let Some(revision) = upgrade.revision {
            if revision < self.revision {
                return Err(ScheduleError::RevisionBack {
                    start: upgrade.start,
                    from: self.revision,
                    to: revision,
                });
            }
            self.revision = revision;
        }
        self.limits = upgrade.limits.unwrap_or(self.limits);
        self.blobs = upgrade.blobs.or(self.blobs);
        for key in &upgrade.retire {
            self.remove(key)?;
        }
        let mut named = BTreeSet::new();
        for release in &upgrade.activate {
            let key = release.key();
            if !named.insert(key.clone()) {
                return Err(ScheduleError::Twice {
                    start: upgrade.start,
                    release: key,
                });
            }
            self.activate(release, types)?;
        }
        self.check_unambiguous()
    }

    fn activate(
        &mut self,
        release: &Release,
        types: &mut BTreeMap<PluginId, VmType>,
    ) -> Result<(), ScheduleError> {
        let key = release.key();
        if !release.version.build.is_empty() {
            return Err(ScheduleError::Build {
                build: release.version.build.to_string(),
                release: key,
            });
        }
        let vm_type = types
            .entry(release.plugin.clone())
            .or_insert_with(|| release.vm_type.clone());
        if *vm_type != release.vm_type {
            return Err(ScheduleError::VmType {
                release: key,
                expected: vm_type.clone(),
                found: release.vm_type.clone(),
            });
        }
        if release.addresses.is_some() && !release.vm_type.is_precompile() {
            return Err(ScheduleError::Addresses {
                release: key,
                vm_type: release.vm_type.clone(),
            });
        }
        let mut answers_for = release.replaces.clone();
        // Other options for a release that is active already.
        if let Some(former) = self.take(&key) {
            answers_for.extend(former.answers_for);
        }
        for version in &release.replaces {
            let replaced = self.remove(&ReleaseKey {
                plugin: release.plugin.clone(),
                version: version.clone(),
            })?;
            answers_for.extend(replaced.answers_for);
        }
        answers_for.remove(&release.version);
        // A version that runs answers for itself.
        for other in &mut self.active {
            if other.release.plugin == release.plugin {
                other.answers_for.remove(&release.version);
            }
        }
        self.active.push(ScheduledRelease {
            release: release.clone(),
            answers_for,
            since: self.start,
        });
        Ok(())
    }

    fn take(&mut self, key: &ReleaseKey) -> Option<ScheduledRelease> {
        let is_it = |scheduled: &ScheduledRelease| scheduled.release.key() == *key;
        let place = self.active.iter().position(is_it)?;
        Some(self.active.remove(place))
    }

    fn remove(&mut self, key: &ReleaseKey) -> Result<ScheduledRelease, ScheduleError> {
        self.take(key).ok_or_else(|| ScheduleError::NotActive {
            start: self.start,
            release: key.clone(),
            active: self.describe(),
        })
    }

    fn describe(&self) -> String {
        let keys = self.active.iter().map(|s| s.release.key().to_string());
        let keys: Vec<String> = keys.collect();
        if keys.is_empty() {
            return "nothing".to_owned();
        }
        keys.join(", ")
    }

    /// Fails when two releases of one type have one version: no requirement could tell them apart.
    fn check_unambiguous(&self) -> Result<(), ScheduleError> {
        let mut seen: BTreeMap<(&VmType, &Version), &Release> = BTreeMap::new();
        for ScheduledRelease { release, .. } in &self.active {
            if release.vm_type.is_precompile() {
                continue;
            }
            if let Some(first) = seen.insert((&release.vm_type, &release.version), release) {
                return Err(ScheduleError::Ambiguous {
                    start: self.start,
                    first: first.key(),
                    second: release.key(),
                    vm_type: release.vm_type.clone(),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
