//! The set of VMs and precompiles that one transaction sees, and the routes of code through it.
//!
//! Which machine runs a code depends on the set, the rule set and the code, and on nothing that
//! ran before: a route that is kept is the route that would be found.

use super::{ExecutionError, LoadedPrecompile, Machine, PluginIdentity, PrecompileTable};
use crate::{
    chain::{ReleaseKey, Start},
    container::{Container, RouteKey},
};
use proz_interface::v1::Revision;
use proz_manifest::{Misfit, Requirement, VmType};
use semver::Version;
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, OnceLock, PoisonError, RwLock},
};

/// A machine that is active, with the retired versions that it answers for.
pub(crate) struct ActiveMachine {
    pub(crate) machine: Arc<Machine>,
    pub(crate) answers_for: BTreeSet<Version>,
}

/// Why an active machine does not run what is asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unfit {
    /// It runs another type of code.
    #[error("runs `{found}`")]
    VmType {
        /// Its type.
        found: VmType,
    },
    /// It does not know the rules in force.
    #[error("runs {first} to {last}")]
    Revision {
        /// First rule set.
        first: Revision,
        /// Last rule set.
        last: Revision,
    },
    /// Version or features are others, and so are those of all that it answers for.
    #[error("{}", list(misfits))]
    Misfit {
        /// What is wrong with its own.
        misfits: Vec<Misfit>,
    },
}

fn list(misfits: &[Misfit]) -> String {
    let texts: Vec<_> = misfits.iter().map(ToString::to_string).collect();
    texts.join(" and ")
}

impl ActiveMachine {
    /// The version by which the machine satisfies a requirement: its own, or one that it answers
    /// for.
    pub(crate) fn fit(
        &self,
        requirement: &Requirement,
        revision: Revision,
    ) -> Result<&Version, Unfit> {
        let machine = &*self.machine;
        let identity = &*machine.identity;
        if !requirement.asks(identity) {
            return Err(Unfit::VmType {
                found: identity.vm_type.clone(),
            });
        }
        if !machine.revisions.contains(&revision) {
            return Err(Unfit::Revision {
                first: *machine.revisions.start(),
                last: *machine.revisions.end(),
            });
        }
        let accepts = |version: &&Version| {
            requirement.is_satisfied_by(&PluginIdentity {
                version: (*version).clone(),
                ..identity.clone()
            })
        };
        let misfits = requirement.misfits(identity);
        if misfits.is_empty() {
            return Ok(&identity.version);
        }
        let answered = self.answers_for.iter().rev().find(accepts);
        answered.ok_or(Unfit::Misfit { misfits })
    }
}

/// An immutable set of machines and precompiles, fixed for a range of blocks.
///
/// A transaction leases the whole set, so that a swap in its middle changes nothing for it.
pub struct VmSet {
    /// The active machines.
    machines: Vec<ActiveMachine>,
    /// Whether a chain's schedule decides. Where it does, code that nothing active runs ends in an
    /// outcome; in a development chain that lacks the EVM, the operator is told.
    is_scheduled: bool,
    /// A release in force that is not loaded: nothing may be executed.
    pub(crate) missing: Option<(ReleaseKey, Start)>,
    /// Generations that are set aside. They keep their place, so that nothing else takes it.
    pub(crate) quarantined: BTreeSet<u64>,
    precompiles: Vec<Arc<LoadedPrecompile>>,
    views: Vec<OnceLock<RevisionView>>,
}

/// What a set offers under one rule set.
pub(crate) struct RevisionView {
    pub(crate) precompiles: PrecompileTable,
    revision: Revision,
    /// Machine of plain code.
    plain: Option<usize>,
    /// Machines of containers that were routed before. Only what was found is kept, so hostile
    /// code cannot fill it with nothing.
    routes: RwLock<HashMap<Box<[u8]>, usize>>,
}

/// Most routes kept; a chain uses a handful, an attacker may send any number.
const ROUTES_KEPT: usize = 1_024;

impl VmSet {
    pub(crate) fn new(
        machines: Vec<ActiveMachine>,
        precompiles: Vec<Arc<LoadedPrecompile>>,
        is_scheduled: bool,
    ) -> Self {
        Self {
            machines,
            is_scheduled,
            missing: None,
            quarantined: BTreeSet::new(),
            precompiles,
            views: Revision::ALL.iter().map(|_| OnceLock::new()).collect(),
        }
    }

    /// The active machines.
    pub(crate) fn machines(&self) -> impl Iterator<Item = &Arc<Machine>> {
        self.machines.iter().map(|active| &active.machine)
    }

    /// The same with what each answers for.
    pub(super) fn active(&self) -> &[ActiveMachine] {
        &self.machines
    }

    /// Whether a chain's schedule decides what runs.
    #[must_use]
    pub const fn is_scheduled(&self) -> bool {
        self.is_scheduled
    }

    /// What the set offers under a rule set.
    pub(crate) fn view(&self, revision: Revision) -> &RevisionView {
        let index = (revision.0 as usize).min(self.views.len() - 1);
        self.views[index].get_or_init(|| RevisionView {
            precompiles: PrecompileTable::new(&self.precompiles, revision),
            revision,
            plain: self.best(&plain_requirement(), revision),
            routes: RwLock::default(),
        })
    }

    /// Machine of plain code: the best active one of type `evm` that runs the rule set.
    #[inline]
    pub(crate) fn plain(&self, view: &RevisionView) -> Option<&Machine> {
        Some(&self.machines.get(view.plain?)?.machine)
    }

    /// Machine of a container: the best active one that its requirement accepts.
    pub(crate) fn route(&self, view: &RevisionView, container: &Container<'_>) -> Option<&Machine> {
        let key = container.route_key();
        let known = |view: &RevisionView| {
            let routes = view.routes.read().unwrap_or_else(PoisonError::into_inner);
            routes.get(key.as_bytes()).copied()
        };
        let index = match known(view) {
            Some(index) => index,
            None => self.find(view, container, &key)?,
        };
        Some(&self.machines.get(index)?.machine)
    }

    #[cold]
    fn find(
        &self,
        view: &RevisionView,
        container: &Container<'_>,
        key: &RouteKey,
    ) -> Option<usize> {
        let requirement = requirement_of(container.vm_type, container.requirement)?;
        let index = self.best(&requirement, view.revision)?;
        let mut routes = view.routes.write().unwrap_or_else(PoisonError::into_inner);
        if routes.len() >= ROUTES_KEPT {
            routes.clear();
        }
        routes.insert(key.as_bytes().into(), index);
        Some(index)
    }

    /// The best active machine for a requirement under a rule set.
    fn best(&self, requirement: &Requirement, revision: Revision) -> Option<usize> {
        let fitting = self
            .machines
            .iter()
            .enumerate()
            .filter(|(_, active)| active.fit(requirement, revision).is_ok());
        let best = fitting.min_by(|(_, a), (_, b)| {
            proz_manifest::precedence(&*a.machine.identity, &*b.machine.identity)
        });
        best.map(|(index, _)| index)
    }

    /// Fails when a release in force is not loaded.
    pub(crate) fn require_whole(&self, block: u64) -> Result<(), ExecutionError> {
        match &self.missing {
            None => Ok(()),
            Some((release, since)) => Err(ExecutionError::ReleaseMissing {
                block,
                release: release.clone(),
                since: *since,
                loaded: self.describe(),
            }),
        }
    }

    /// What is active, for messages.
    pub(crate) fn describe(&self) -> String {
        let machines = self.machines().map(|m| &*m.identity);
        let machines = machines.map(|i| format!("{}@{}", i.vm_type, i.version));
        let packs = self.precompiles.iter().map(|p| &*p.identity);
        let packs: BTreeSet<_> = packs.map(|i| format!("{}@{}", i.id, i.version)).collect();
        let names: Vec<String> = machines.chain(packs).collect();
        if names.is_empty() {
            return "nothing".to_owned();
        }
        names.join(", ")
    }
}

/// Plain code runs in the VM of type `evm`.
pub(super) fn plain_requirement() -> Requirement {
    #[expect(clippy::expect_used, reason = "a constant that every test parses")]
    let requirement = "evm".parse().expect("`evm` is a requirement");
    requirement
}

/// Requirement of a container: its text without the type in front; `None` when malformed.
pub(super) fn requirement_of(vm_type: &str, text: &str) -> Option<Requirement> {
    let text = if text.is_empty() { "*" } else { text };
    format!("{vm_type}@{text}").parse().ok()
}

/// Whether a container's type and requirement are well-formed.
pub(crate) fn is_requirement(text: &str) -> bool {
    requirement_of("evm", text).is_some()
}
