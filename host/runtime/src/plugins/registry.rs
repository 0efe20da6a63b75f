//! The loaded generations, and the one immutable snapshot that transactions lease.

use super::{Activation, Generation, GenerationInfo, GenerationState};
use crate::execution::{PrecompileInfo, VmSet};
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
    activation: Activation,
    /// Most generations to load in the life of the process.
    generation_cap: usize,
    published: ArcSwap<Published>,
    changes: Mutex<Changes>,
}

/// An immutable state of the registry.
struct Published {
    generations: Vec<Arc<Generation>>,
    /// Sets of VMs by the height from which they are in force, in ascending order.
    epochs: Vec<(u64, Arc<VmSet>)>,
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
    /// No earlier state is remembered.
    #[error("there is nothing to roll back to")]
    NoHistory,
    /// Loaded libraries stay mapped, so their number is bounded.
    #[error("{loaded} generations are loaded, at most {cap} may be: restart to load more")]
    TooManyGenerations {
        /// Generations loaded since the start.
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
    /// Every generation that was active once and is not now.
    retired: Vec<Arc<Generation>>,
    /// Former lists of active generations, oldest first.
    history: Vec<Vec<Arc<Generation>>>,
    /// Generations that must stay.
    pinned: BTreeSet<u64>,
}

/// Former states kept for roll-back.
const HISTORY: usize = 8;

impl Registry {
    pub(crate) fn new(activation: Activation, generation_cap: usize) -> Self {
        let empty = Published::new(Vec::new(), &activation);
        Self {
            activation,
            generation_cap,
            published: ArcSwap::from_pointee(empty),
            changes: Mutex::default(),
        }
    }

    /// The activation schedule.
    #[must_use]
    pub const fn activation(&self) -> &Activation {
        &self.activation
    }

    /// Leases the set of VMs for a block.
    #[inline]
    #[must_use]
    pub fn lease(&self, block: u64) -> Lease {
        let published = self.published.load_full();
        let begun = published.epochs.partition_point(|(from, _)| *from <= block);
        Lease {
            published,
            // The first epoch begins at 0.
            epoch: begun.saturating_sub(1),
        }
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
        let remembered = changes.history.len();
        self.publish(&mut changes, former);
        changes.history.truncate(remembered);
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

    /// Counts a fault of a generation; returns how many it has had.
    pub(crate) fn record_fault(&self, number: u64) -> u64 {
        self.published
            .load()
            .generations
            .iter()
            .find(|g| g.identity.generation == number)
            .map_or(0, |g| g.faults.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Fails when one more generation would be too many.
    pub(crate) fn require_room(&self) -> Result<(), RegistryError> {
        let loaded = self.lock().retired.len() + self.published.load().generations.len();
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
        let mut infos: Vec<_> = published
            .generations
            .iter()
            .map(|g| g.info(GenerationState::Active))
            .collect();
        infos.extend(changes.retired.iter().map(|g| {
            g.info(if g.is_leased() {
                GenerationState::Draining
            } else {
                GenerationState::Retired
            })
        }));
        infos
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

    fn find(&self, number: u64) -> Result<Arc<Generation>, RegistryError> {
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

    fn publish(&self, changes: &mut Changes, active: Vec<Arc<Generation>>) {
        let new = Arc::new(Published::new(active, &self.activation));
        let old = self.published.swap(new.clone());
        let is_active = |g: &Arc<Generation>| new.generations.iter().any(|n| Arc::ptr_eq(g, n));
        changes.retired.retain(|g| !is_active(g));
        let left = old.generations.iter().filter(|g| !is_active(g));
        changes.retired.extend(left.cloned());
        if !old.generations.is_empty() {
            changes.history.push(old.generations.clone());
            let surplus = changes.history.len().saturating_sub(HISTORY);
            changes.history.drain(..surplus);
        }
    }
}

impl Published {
    fn new(generations: Vec<Arc<Generation>>, activation: &Activation) -> Self {
        let machines: Vec<_> = generations
            .iter()
            .filter_map(|g| g.machine.clone())
            .collect();
        let packs: Vec<_> = generations.iter().filter_map(|g| g.pack.clone()).collect();
        let epochs = activation.resolve(&machines, &packs);
        Self {
            generations,
            epochs,
        }
    }
}
