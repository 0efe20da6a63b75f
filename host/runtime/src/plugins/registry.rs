//! The loaded generations, and the one immutable snapshot that transactions lease.

use super::active::Plan;
use super::{FaultPolicy, Generation, GenerationInfo, GenerationState, Incident};
use crate::{
    chain::Start,
    execution::{PrecompileInfo, VmSet, cut},
};
use arc_swap::ArcSwap;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::{Duration, Instant},
};

/// Keeps the generations and publishes which of them run.
///
/// Readers never wait: a lease is one atomic load. Changes are made one at a time, on a copy, and
/// published at once; a change that fails publishes nothing.
pub struct Registry {
    plan: Plan,
    /// Most generations in memory.
    generation_cap: usize,
    faults: FaultPolicy,
    published: ArcSwap<Published>,
    changes: Mutex<Changes>,
}

/// An immutable state of the registry.
struct Published {
    generations: Vec<Arc<Generation>>,
    /// Sets of VMs by the start from which they are in force, in the order of the schedule.
    epochs: Vec<(Start, Arc<VmSet>)>,
}

/// The set of VMs that a transaction runs with, held until it ends.
pub struct Lease {
    published: Arc<Published>,
    epoch: usize,
}

impl Lease {
    /// The set.
    #[must_use]
    pub fn set(&self) -> &VmSet {
        &self.published.epochs[self.epoch].1
    }
}

/// Why a change of the registry was refused. Nothing has changed then.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistryError {
    /// No active generation has this number.
    #[error("no active generation {number}; active: {active:?}")]
    UnknownGeneration {
        /// The number asked for.
        number: u64,
        /// Numbers that are active.
        active: Vec<u64>,
    },
    /// A release of this plugin is pinned.
    #[error("generation {number} of `{id}` is pinned; unpin it first")]
    Pinned {
        /// The generation.
        number: u64,
        /// Its plugin id.
        id: String,
    },
    /// A generation is not set aside.
    #[error("generation {number} is not quarantined")]
    NotQuarantined {
        /// The generation.
        number: u64,
    },
    /// No earlier state is remembered.
    #[error("there is nothing to roll back to")]
    NoHistory,
    /// Memory is bounded: instances that may run or come back, and libraries, which stay mapped.
    #[error("{loaded} generations are in memory, at most {cap} may be: restart to load more")]
    TooManyGenerations {
        /// Generations in memory.
        loaded: usize,
        /// The bound.
        cap: usize,
    },
    /// Running transactions did not end in time.
    #[error("generation {number} is still used by running transactions after {waited_ms} ms")]
    StillDraining {
        /// The generation.
        number: u64,
        /// How long was waited, in milliseconds.
        waited_ms: u128,
    },
}

/// What may change; behind a lock, unlike what is published.
#[derive(Default)]
struct Changes {
    /// Generations that were active once, are not now, and may still run or come back.
    retired: Vec<Arc<Generation>>,
    /// What is known of those that never will: their instances are gone, their libraries stay.
    forgotten: Vec<GenerationInfo>,
    /// Former lists of active generations, oldest first.
    history: Vec<Vec<Arc<Generation>>>,
    /// Generations that must stay.
    pinned: BTreeSet<u64>,
    /// Generations that are set aside, active or not.
    quarantined: BTreeSet<u64>,
    incidents: Vec<Incident>,
}

/// Former states kept for roll-back.
const HISTORY: usize = 8;

impl Registry {
    pub(crate) fn new(plan: Plan, generation_cap: usize, faults: FaultPolicy) -> Self {
        let empty = Published::new(Vec::new(), BTreeSet::new(), &plan);
        Self {
            plan,
            generation_cap,
            faults,
            published: ArcSwap::from_pointee(empty),
            changes: Mutex::default(),
        }
    }

    pub(crate) const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Leases the set of VMs for a block, by its height and its time in Unix seconds.
    #[inline]
    #[must_use]
    pub fn lease(&self, number: u64, timestamp: u64) -> Lease {
        let published = self.published.load_full();
        let begun = |(start, _): &(Start, _)| start.has_begun(number, timestamp);
        // The first epoch is in force before all others.
        let epoch = published.epochs.iter().rposition(begun).unwrap_or(0);
        Lease { published, epoch }
    }

    /// Leases the set that is in force in the end.
    pub(crate) fn last(&self) -> Lease {
        self.lease(u64::MAX, u64::MAX)
    }

    /// Adds generations, in one publication.
    pub(crate) fn add(&self, new: Vec<Arc<Generation>>) {
        let mut changes = self.lock();
        let mut active = self.published.load().generations.clone();
        active.extend(new);
        self.publish(&mut changes, active);
    }

    /// Puts `new` in place of the active generation `old`, in one publication.
    ///
    /// # Errors
    ///
    /// [`RegistryError::UnknownGeneration`], [`RegistryError::Pinned`].
    pub(crate) fn replace(&self, old: u64, new: Arc<Generation>) -> Result<(), RegistryError> {
        let mut changes = self.lock();
        let mut active = self.without(&changes, old)?;
        active.push(new);
        self.publish(&mut changes, active);
        Ok(())
    }

    /// Removes a generation; running transactions finish on it.
    ///
    /// # Errors
    ///
    /// [`RegistryError::UnknownGeneration`], [`RegistryError::Pinned`].
    pub fn unload(&self, number: u64) -> Result<(), RegistryError> {
        let mut changes = self.lock();
        let active = self.without(&changes, number)?;
        self.publish(&mut changes, active);
        Ok(())
    }

    /// Makes the generations active that were so before the last change.
    ///
    /// # Errors
    ///
    /// [`RegistryError::NoHistory`]; [`RegistryError::Pinned`] when it would remove a pinned one.
    pub fn roll_back(&self) -> Result<(), RegistryError> {
        let mut changes = self.lock();
        let Some(former) = changes.history.last().cloned() else {
            return Err(RegistryError::NoHistory);
        };
        let published = self.published.load_full();
        for generation in &published.generations {
            let is_kept = former.iter().any(|g| Arc::ptr_eq(g, generation));
            if !is_kept {
                Self::require_free(&changes, generation)?;
            }
        }
        changes.history.pop();
        self.publish_unremembered(&mut changes, former);
        Ok(())
    }

    /// Keeps a generation from being replaced, unloaded or rolled back; or lets it go again.
    ///
    /// # Errors
    ///
    /// [`RegistryError::UnknownGeneration`].
    pub fn pin(&self, number: u64, is_pinned: bool) -> Result<(), RegistryError> {
        let mut changes = self.lock();
        self.find(number)?;
        if is_pinned {
            changes.pinned.insert(number);
        } else {
            changes.pinned.remove(&number);
        }
        Ok(())
    }

    /// Waits until no running transaction uses a generation that is no longer active.
    ///
    /// # Errors
    ///
    /// [`RegistryError::StillDraining`] at the deadline.
    pub fn drain(&self, number: u64, deadline: Duration) -> Result<(), RegistryError> {
        let started = Instant::now();
        loop {
            let states = self.generations();
            let is_draining = states
                .iter()
                .any(|g| g.generation == number && g.state == GenerationState::Draining);
            if !is_draining {
                return Ok(());
            }
            if started.elapsed() >= deadline {
                return Err(RegistryError::StillDraining {
                    number,
                    waited_ms: started.elapsed().as_millis(),
                });
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Counts a fault of a generation, and sets the generation aside when the policy says so.
    ///
    /// A pinned generation is counted and stays: somebody has decided that it must.
    pub(crate) fn record_fault(&self, number: u64, fault: &str) {
        let published = self.published.load();
        let mut generations = published.generations.iter();
        let Some(failing) = generations.find(|g| g.identity.generation == number) else {
            // Replaced while the transaction ran: it runs nothing new.
            return;
        };
        let count = failing.count_fault();
        if self.faults.quarantine_after > 0 && count >= self.faults.quarantine_after {
            // Pinned, or another thread was faster.
            let _ = self.set_aside(failing, &cut(fault));
        }
    }

    /// Sets an active generation aside by hand, as if it had faulted too often.
    ///
    /// # Errors
    ///
    /// [`RegistryError::UnknownGeneration`]; [`RegistryError::Pinned`].
    pub fn quarantine(&self, number: u64, reason: &str) -> Result<(), RegistryError> {
        let failing = self.find(number)?;
        self.set_aside(&failing, reason)
    }

    fn set_aside(&self, failing: &Arc<Generation>, reason: &str) -> Result<(), RegistryError> {
        let number = failing.identity.generation;
        let mut changes = self.lock();
        // It may have been replaced since.
        self.find(number)?;
        Self::require_free(&changes, failing)?;
        if !changes.quarantined.insert(number) {
            return Ok(());
        }
        let replacement = changes.retired.iter().rev().find(|former| {
            let is_good = !changes.quarantined.contains(&former.identity.generation);
            is_good && self.faults.fall_back.allows(former, failing)
        });
        let replacement = replacement.cloned();
        let incident = Incident::new(failing, reason, replacement.as_deref());
        let mut active = self.published.load().generations.clone();
        if let Some(replacement) = replacement {
            active.retain(|g| !Arc::ptr_eq(g, failing));
            active.push(replacement);
        }
        self.publish_unremembered(&mut changes, active);
        incident.log();
        changes.incidents.push(incident);
        Ok(())
    }

    /// Lets a quarantined generation run again, its faults forgotten.
    ///
    /// # Errors
    ///
    /// [`RegistryError::NotQuarantined`].
    pub fn release(&self, number: u64) -> Result<(), RegistryError> {
        let mut changes = self.lock();
        if !changes.quarantined.remove(&number) {
            return Err(RegistryError::NotQuarantined { number });
        }
        let active = self.published.load().generations.clone();
        for generation in active.iter().chain(&changes.retired) {
            if generation.identity.generation == number {
                generation.faults.store(0, Ordering::Relaxed);
            }
        }
        self.publish_unremembered(&mut changes, active);
        Ok(())
    }

    /// The quarantines since the start, oldest first.
    #[must_use]
    pub fn incidents(&self) -> Vec<Incident> {
        self.lock().incidents.clone()
    }

    /// Fails when one more generation would be too many.
    pub(crate) fn require_room(&self) -> Result<(), RegistryError> {
        let changes = self.lock();
        let published = self.published.load();
        let kept = published.generations.iter().chain(&changes.retired);
        let kept_libraries: BTreeSet<_> =
            kept.clone().map(|g| g.library_sha256.to_string()).collect();
        let forgotten = changes.forgotten.iter().map(|g| &g.library_sha256);
        let mapped: BTreeSet<_> = forgotten
            .filter(|sha| !kept_libraries.contains(*sha))
            .collect();
        let loaded = kept.count() + mapped.len();
        if loaded < self.generation_cap {
            return Ok(());
        }
        Err(RegistryError::TooManyGenerations {
            loaded,
            cap: self.generation_cap,
        })
    }

    /// Every generation ever loaded: active first, then those that were.
    #[must_use]
    pub fn generations(&self) -> Vec<GenerationInfo> {
        let changes = self.lock();
        let published = self.published.load();
        let state_of = |g: &Generation, otherwise| {
            let is_quarantined = changes.quarantined.contains(&g.identity.generation);
            g.info(if is_quarantined {
                GenerationState::Quarantined
            } else {
                otherwise
            })
        };
        let active = published.generations.iter();
        let active = active.map(|g| state_of(g, GenerationState::Active));
        let retired = changes.retired.iter().map(|g| {
            let is_leased = g.is_leased();
            let state = if is_leased {
                GenerationState::Draining
            } else {
                GenerationState::Retired
            };
            state_of(g, state)
        });
        let forgotten = changes.forgotten.iter().cloned();
        active.chain(retired).chain(forgotten).collect()
    }

    /// The active generations.
    pub(crate) fn active(&self) -> Vec<Arc<Generation>> {
        self.published.load().generations.clone()
    }

    /// Precompiles of the active packs, by address and version.
    pub(crate) fn precompiles(&self) -> Vec<PrecompileInfo> {
        let published = self.published.load();
        let packs = published.generations.iter().filter_map(|g| g.pack.as_ref());
        let mut infos: Vec<_> = packs
            .flat_map(|pack| &pack.precompiles)
            .map(|entry| entry.info())
            .collect();
        infos.sort_by(|a, b| (a.address, &a.version).cmp(&(b.address, &b.version)));
        infos
    }

    /// No change panics while it holds the lock, and nothing is published half done.
    fn lock(&self) -> std::sync::MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn find(&self, number: u64) -> Result<Arc<Generation>, RegistryError> {
        let published = self.published.load();
        let found = published
            .generations
            .iter()
            .find(|g| g.identity.generation == number);
        found.cloned().ok_or_else(|| {
            let active = published.generations.iter();
            RegistryError::UnknownGeneration {
                number,
                active: active.map(|g| g.identity.generation).collect(),
            }
        })
    }

    fn require_free(changes: &Changes, generation: &Generation) -> Result<(), RegistryError> {
        let number = generation.identity.generation;
        if !changes.pinned.contains(&number) {
            return Ok(());
        }
        Err(RegistryError::Pinned {
            number,
            id: generation.identity.id.to_string(),
        })
    }

    /// The active generations without one.
    fn without(
        &self,
        changes: &Changes,
        number: u64,
    ) -> Result<Vec<Arc<Generation>>, RegistryError> {
        let generation = self.find(number)?;
        Self::require_free(changes, &generation)?;
        let mut active = self.published.load().generations.clone();
        active.retain(|g| !Arc::ptr_eq(g, &generation));
        Ok(active)
    }

    /// Publishes a change that a roll-back can undo.
    fn publish(&self, changes: &mut Changes, active: Vec<Arc<Generation>>) {
        let old = self.publish_unremembered(changes, active);
        if !old.generations.is_empty() {
            changes.history.push(old.generations.clone());
            let surplus = changes.history.len().saturating_sub(HISTORY);
            changes.history.drain(..surplus);
        }
        drop(old);
        changes.forget();
    }

    /// Publishes, and returns what was published before.
    fn publish_unremembered(
        &self,
        changes: &mut Changes,
        active: Vec<Arc<Generation>>,
    ) -> Arc<Published> {
        let quarantined = changes.quarantined.clone();
        let new = Arc::new(Published::new(active, quarantined, &self.plan));
        let old = self.published.swap(new.clone());
        let is_active = |g: &Arc<Generation>| new.generations.iter().any(|n| Arc::ptr_eq(g, n));
        changes.retired.retain(|g| !is_active(g));
        let left = old.generations.iter().filter(|g| !is_active(g));
        changes.retired.extend(left.cloned());
        old
    }
}

impl Changes {
    /// Lets go of generations that no transaction uses and no roll-back can bring back.
    fn forget(&mut self) {
        let remembered: BTreeSet<u64> = self
            .history
            .iter()
            .flatten()
            .map(|g| g.identity.generation)
            .collect();
        let (kept, gone): (Vec<_>, Vec<_>) = std::mem::take(&mut self.retired)
            .into_iter()
            .partition(|g| g.is_leased() || remembered.contains(&g.identity.generation));
        self.retired = kept;
        for generation in gone {
            let is_quarantined = self.quarantined.contains(&generation.identity.generation);
            self.forgotten.push(generation.info(if is_quarantined {
                GenerationState::Quarantined
            } else {
                GenerationState::Retired
            }));
        }
    }
}

impl Published {
    fn new(generations: Vec<Arc<Generation>>, mut quarantined: BTreeSet<u64>, plan: &Plan) -> Self {
        quarantined.retain(|number| {
            let mut active = generations.iter();
            active.any(|g| g.identity.generation == *number)
        });
        let epochs = plan.resolve(&generations, &quarantined);
        Self {
            generations,
            epochs,
        }
    }
}
