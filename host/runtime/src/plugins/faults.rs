//! What becomes of a build that faults: counted, quarantined, replaced where the policy allows.
//!
//! A quarantined build keeps its place: code that would run on it is refused with
//! [`ExecutionError::Quarantined`](crate::ExecutionError::Quarantined), and never falls to another
//! release on its own. Which release runs is consensus data, so another one takes over only where
//! the operator's policy names that, and every such change is kept as an [`Incident`].

use super::{Generation, GenerationInfo};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::atomic::Ordering;

/// When a build is set aside, and what may take its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FaultPolicy {
    /// Faults after which a build is quarantined; 0 counts them and does nothing.
    ///
    /// One fault ends one transaction and nothing else. Whoever can make a plugin fault by
    /// sending transactions can make it be quarantined, so the number is a choice between
    /// stopping early and going on. Simulations, such as calls and estimates, never count.
    pub quarantine_after: u64,
    /// What may take the place of a quarantined build.
    pub fall_back: FallBack,
}

impl Default for FaultPolicy {
    fn default() -> Self {
        Self {
            quarantine_after: 16,
            fall_back: FallBack::SameRelease,
        }
    }
}

/// What may take the place of a quarantined build.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FallBack {
    /// Nothing: its code is refused until somebody acts.
    Never,
    /// An earlier build of the same release with the same configuration: what it computes is the
    /// same by definition.
    #[default]
    SameRelease,
    /// The generation of the same plugin that ran before, of whatever version. This may change
    /// what contracts compute: for hosts outside of consensus only.
    AnyRelease,
}

impl FallBack {
    /// Whether `former`, which ran before, may take the place of `failing`.
    pub(super) fn allows(self, former: &Generation, failing: &Generation) -> bool {
        let (old, new) = (&former.identity, &failing.identity);
        match self {
            Self::Never => false,
            Self::SameRelease => {
                is_same_release(former, failing)
                    && former.options == failing.options
                    && former.addresses == failing.addresses
                    // The same bytes would fault the same way.
                    && former.library_sha256 != failing.library_sha256
            }
            Self::AnyRelease => {
                old.id == new.id
                    && (!is_same_release(former, failing)
                        || former.library_sha256 != failing.library_sha256)
            }
        }
    }
}

fn is_same_release(a: &Generation, b: &Generation) -> bool {
    let (a, b) = (&a.identity, &b.identity);
    a.id == b.id && a.version == b.version && a.features == b.features
}

/// A build that was quarantined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Incident {
    /// The build, as it stood then.
    pub quarantined: GenerationInfo,
    /// What it did last.
    pub last_fault: String,
    /// The build that took its place, if the policy allowed one.
    pub replacement: Option<GenerationInfo>,
    /// Whether the replacement is another release: what contracts compute may have changed.
    pub changes_release: bool,
}

impl Incident {
    pub(super) fn new(
        failing: &Generation,
        last_fault: &str,
        replacement: Option<&Generation>,
    ) -> Self {
        Self {
            quarantined: failing.info(super::GenerationState::Quarantined),
            last_fault: last_fault.to_owned(),
            replacement: replacement.map(|g| g.info(super::GenerationState::Active)),
            changes_release: replacement.is_some_and(|g| !is_same_release(g, failing)),
        }
    }

    /// Writes the incident to the log.
    pub(super) fn log(&self) {
        let failing = &self.quarantined;
        let replacement = self.replacement.as_ref().map(|g| g.generation);
        tracing::error!(
            id = failing.id,
            version = failing.version,
            generation = failing.generation,
            faults = failing.faults,
            last_fault = self.last_fault,
            replacement,
            changes_release = self.changes_release,
            "a plugin was quarantined"
        );
    }
}

impl Generation {
    /// Counts a fault; returns how many there were.
    pub(super) fn count_fault(&self) -> u64 {
        self.faults.fetch_add(1, Ordering::Relaxed) + 1
    }
}
