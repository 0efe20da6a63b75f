//! The loaded generations, and the one immutable snapshot that transactions lease.

use super::{Activation, Generation, GenerationInfo, GenerationState};
use crate::execution::{PrecompileInfo, VmSet};
use arc_swap::ArcSwap;
use std::sync::{Arc, Mutex, PoisonError, atomic::Ordering};

/// Keeps the generations and publishes which of them run.
///
/// Readers never wait: a lease is one atomic load. Changes are made one at a time, on a copy, and
/// published at once; a change that fails publishes nothing.
pub struct Registry {
    activation: Activation,
    published: ArcSwap<Published>,
    retired: Mutex<Vec<Arc<Generation>>>,
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

/// Why a change of the registry was refused.
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
}

impl Registry {
    pub(crate) fn new(activation: Activation) -> Self {
        let empty = Published::new(Vec::new(), &activation);
        Self {
            activation,
            published: ArcSwap::from_pointee(empty),
            retired: Mutex::default(),
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
        self.change(|generations| generations.extend(new));
    }

    /// Puts `new` in place of the active generation `old`, in one publication.
    ///
    /// # Errors
    ///
    /// [`RegistryError::UnknownGeneration`]; nothing has changed then.
    pub(crate) fn replace(&self, old: u64, new: Arc<Generation>) -> Result<(), RegistryError> {
        self.require_active(old)?;
        self.change(|generations| {
            generations.retain(|g| g.identity.generation != old);
            generations.push(new);
        });
        Ok(())
    }

    /// Removes a generation; running transactions finish on it.
    ///
    /// # Errors
    ///
    /// [`RegistryError::UnknownGeneration`].
    pub fn remove(&self, number: u64) -> Result<(), RegistryError> {
        self.require_active(number)?;
        self.change(|generations| generations.retain(|g| g.identity.generation != number));
        Ok(())
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

    /// Every generation ever loaded: active first, then retired.
    #[must_use]
    pub fn generations(&self) -> Vec<GenerationInfo> {
        let published = self.published.load();
        let mut infos: Vec<_> = published
            .generations
            .iter()
            .map(|g| g.info(GenerationState::Active))
            .collect();
        let retired = self.retired.lock().unwrap_or_else(PoisonError::into_inner);
        infos.extend(retired.iter().map(|g| {
            // The registry's own list holds one reference; a published set holds others.
            let is_leased = g.machine.as_ref().is_some_and(|m| Arc::strong_count(m) > 1);
            g.info(if is_leased {
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

    fn require_active(&self, number: u64) -> Result<(), RegistryError> {
        let published = self.published.load();
        let active: Vec<u64> = published
            .generations
            .iter()
            .map(|g| g.identity.generation)
            .collect();
        if active.contains(&number) {
            return Ok(());
        }
        Err(RegistryError::UnknownGeneration { number, active })
    }

    fn change(&self, edit: impl FnOnce(&mut Vec<Arc<Generation>>)) {
        let mut retired = self.retired.lock().unwrap_or_else(PoisonError::into_inner);
        let old = self.published.load_full();
        let mut generations = old.generations.clone();
        edit(&mut generations);
        let is_kept = |g: &Arc<Generation>| generations.iter().any(|other| Arc::ptr_eq(g, other));
        retired.extend(old.generations.iter().filter(|g| !is_kept(g)).cloned());
        self.published
            .store(Arc::new(Published::new(generations, &self.activation)));
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
