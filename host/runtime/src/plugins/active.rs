//! From what a chain runs and what is loaded to the sets of VMs that blocks lease.

use super::Generation;
use crate::{
    chain::{Release, Schedule, ScheduledRelease, Start, is_same_release},
    execution::{ActiveMachine, LoadedPrecompile, VmSet},
};
use proz_manifest::{PluginId, Requirement, Subject, ranked};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What decides which of the loaded releases run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Plan {
    /// A development chain: the best that is loaded.
    BestLoaded,
    /// The chain's schedule.
    Scheduled(Arc<Schedule>),
}

/// The precompiles of one loaded pack.
#[derive(Clone)]
pub(crate) struct Pack {
    pub(crate) precompiles: Vec<Arc<LoadedPrecompile>>,
}

impl Plan {
    /// The sets of VMs by the start from which they are in force, the first for all before.
    pub(crate) fn resolve(
        &self,
        loaded: &[Arc<Generation>],
        quarantined: &BTreeSet<u64>,
    ) -> Vec<(Start, Arc<VmSet>)> {
        let mut epochs = match self {
            Self::BestLoaded => vec![(Start::Block(0), best_loaded(loaded))],
            Self::Scheduled(schedule) => schedule
                .epochs()
                .iter()
                .map(|epoch| (epoch.start, scheduled(&epoch.active, loaded)))
                .collect(),
        };
        for (_, set) in &mut epochs {
            set.quarantined.clone_from(quarantined);
        }
        epochs
            .into_iter()
            .map(|(start, set)| (start, Arc::new(set)))
            .collect()
    }
}

/// Everything that is loaded; of each pack the best release.
fn best_loaded(loaded: &[Arc<Generation>]) -> VmSet {
    let machines = loaded.iter().filter_map(|g| {
        Some(ActiveMachine {
            machine: g.machine.clone()?,
            answers_for: BTreeSet::new(),
        })
    });
    let packs: Vec<_> = loaded.iter().filter(|g| g.pack.is_some()).collect();
    let ids: BTreeSet<&PluginId> = packs.iter().map(|g| &g.identity.id).collect();
    let best = ids.into_iter().filter_map(|id| {
        let requirement = Requirement::any(Subject::Plugin(id.clone()));
        let generation = ranked(&requirement, packs.iter().map(|g| &*g.identity))
            .first()?
            .generation;
        packs
            .iter()
            .find(|g| g.identity.generation == generation)
            .copied()
    });
    let precompiles = precompiles_of(best);
    VmSet::new(machines.collect(), precompiles, false)
}

/// What a schedule names, found among what is loaded.
fn scheduled(active: &[ScheduledRelease], loaded: &[Arc<Generation>]) -> VmSet {
    let mut machines = Vec::new();
    let mut packs: BTreeMap<&PluginId, (&Release, &Arc<Generation>)> = BTreeMap::new();
    let mut missing = None;
    for ScheduledRelease {
        release,
        answers_for,
        since,
    } in active
    {
        let Some(generation) = loaded.iter().find(|g| g.serves(release)) else {
            missing.get_or_insert_with(|| (release.key(), *since));
            continue;
        };
        if let Some(machine) = &generation.machine {
            machines.push(ActiveMachine {
                machine: machine.clone(),
                answers_for: answers_for.clone(),
            });
        }
        if generation.pack.is_some() {
            let best = packs
                .entry(&release.plugin)
                .or_insert((release, generation));
            if release.version > best.0.version {
                *best = (release, generation);
            }
        }
    }
    let precompiles = precompiles_of(packs.into_values().map(|(_, generation)| generation));
    let mut set = VmSet::new(machines, precompiles, true);
    set.missing = missing;
    set
}

/// Precompiles of several packs; the first pack in the order of ids keeps an address.
fn precompiles_of<'a>(
    packs: impl Iterator<Item = &'a Arc<Generation>>,
) -> Vec<Arc<LoadedPrecompile>> {
    let mut by_address = BTreeMap::new();
    for entry in packs
        .filter_map(|g| g.pack.as_ref())
        .flat_map(|pack| &pack.precompiles)
    {
        by_address
            .entry((entry.address, entry.from))
            .or_insert_with(|| entry.clone());
    }
    by_address.into_values().collect()
}

impl Generation {
    /// Whether this build is an instance of a scheduled release.
    pub(crate) fn serves(&self, release: &Release) -> bool {
        self.identity.id == release.plugin
            && is_same_release(&self.identity.version, &release.version)
            && self.options == release.options
            && self.addresses == release.addresses
    }
}
