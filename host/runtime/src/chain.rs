//! The rules of a chain: identity, revisions by height and time, limits, options.

use crate::transaction::BlobParams;
use proz_interface::v1::{Limits, Revision};
use proz_state::JournalRules;

/// Limits of Ethereum mainnet, with room for containers.
pub const ETHEREUM_LIMITS: Limits = Limits {
    call_depth: 1_024,
    code_size_bytes: 24_576,
    init_code_size_bytes: 49_152,
    container_size_bytes: 1_048_576,
    // Gas bounds EVM memory long before; this bounds VMs that declare memory.
    memory_bytes: 1 << 32,
};

/// When a revision begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RevisionStart {
    /// At a height.
    Block(u64),
    /// At a time, Unix seconds.
    Timestamp(u64),
}

/// Revisions of a chain in the order in which they begin.
///
/// The revision of a block is the last one that has begun; before all, the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionSchedule(Vec<(RevisionStart, Revision)>);

impl RevisionSchedule {
    /// One revision for all blocks.
    #[must_use]
    pub fn always(revision: Revision) -> Self {
        Self(vec![(RevisionStart::Block(0), revision)])
    }

    /// A schedule; entries are sorted by revision.
    ///
    /// # Errors
    ///
    /// [`ScheduleError`] when the list is empty, names a revision twice or lets a later revision
    /// begin at a lower height or time than an earlier one.
    pub fn new(
        starts: impl IntoIterator<Item = (RevisionStart, Revision)>,
    ) -> Result<Self, ScheduleError> {
        let mut starts: Vec<_> = starts.into_iter().collect();
        starts.sort_by_key(|(_, revision)| *revision);
        if starts.is_empty() {
            return Err(ScheduleError::Empty);
        }
        for pair in starts.windows(2) {
            let ((early_start, early), (late_start, late)) = (pair[0], pair[1]);
            if early == late {
                return Err(ScheduleError::Twice(late));
            }
            let is_ordered = match (early_start, late_start) {
                (RevisionStart::Block(a), RevisionStart::Block(b))
                | (RevisionStart::Timestamp(a), RevisionStart::Timestamp(b)) => a <= b,
                (RevisionStart::Block(_), RevisionStart::Timestamp(_)) => true,
                (RevisionStart::Timestamp(_), RevisionStart::Block(_)) => false,
            };
            if !is_ordered {
                return Err(ScheduleError::Order { early, late });
            }
        }
        Ok(Self(starts))
    }

    /// Revision of a block.
    #[must_use]
    pub fn at(&self, number: u64, timestamp: u64) -> Revision {
        self.0
            .iter()
            .rev()
            .find(|(start, _)| match start {
                RevisionStart::Block(height) => number >= *height,
                RevisionStart::Timestamp(time) => timestamp >= *time,
            })
            .or(self.0.first())
            .map_or(Revision::LATEST, |(_, revision)| *revision)
    }
}

/// Why a list of revisions is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// No entry.
    #[error("a revision schedule needs at least one entry")]
    Empty,
    /// A revision begins twice.
    #[error("{0} begins twice")]
    Twice(Revision),
    /// A later revision begins before an earlier one.
    #[error("{late} begins before {early}")]
    Order {
        /// Earlier revision.
        early: Revision,
        /// Later revision.
        late: Revision,
    },
}

/// What a chain is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainConfig {
    /// Spec: EIP-155.
    pub chain_id: u64,
    /// Revisions by height and time.
    pub revisions: RevisionSchedule,
    /// Whether code containers are accepted. Off, the chain is an exact Ethereum.
    pub containers: bool,
    /// Resource limits.
    pub limits: Limits,
    /// Blob limits and prices; `None` takes Ethereum's of the revision.
    pub blobs: Option<BlobParams>,
}

impl ChainConfig {
    /// An exact Ethereum at one revision: chain 1, no containers.
    #[must_use]
    pub fn ethereum(revision: Revision) -> Self {
        Self {
            chain_id: 1,
            revisions: RevisionSchedule::always(revision),
            containers: false,
            limits: ETHEREUM_LIMITS,
            blobs: None,
        }
    }

    /// A chain of many VMs: the latest revision, containers on.
    #[must_use]
    pub fn prozchain() -> Self {
        Self {
            containers: true,
            ..Self::ethereum(Revision::LATEST)
        }
    }

    /// Rules of one block.
    #[must_use]
    pub fn rules_at(&self, number: u64, timestamp: u64) -> ChainRules {
        self.rules(self.revisions.at(number, timestamp))
    }

    /// Rules of one revision.
    #[must_use]
    pub fn rules(&self, revision: Revision) -> ChainRules {
        ChainRules {
            revision,
            containers: self.containers,
            limits: self.limits,
            blobs: self.blobs.unwrap_or_else(|| BlobParams::at(revision)),
        }
    }
}

/// Rules of one block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainRules {
    /// Rule set.
    pub revision: Revision,
    /// Whether code containers are accepted.
    pub containers: bool,
    /// Resource limits.
    pub limits: Limits,
    /// Blob limits and prices.
    pub blobs: BlobParams,
}

impl ChainRules {
    /// What the journal must know.
    #[must_use]
    pub const fn journal(&self) -> JournalRules {
        JournalRules {
            state_clearing: self.revision.enables(Revision::SpuriousDragon),
            access_status: self.revision.enables(Revision::Berlin),
            selfdestruct_only_created: self.revision.enables(Revision::Cancun),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_revision_that_has_begun_is_in_force() {
        let schedule = RevisionSchedule::new([
            (RevisionStart::Timestamp(500), Revision::Cancun),
            (RevisionStart::Block(0), Revision::Frontier),
            (RevisionStart::Block(10), Revision::London),
        ])
        .unwrap();
        assert_eq!(schedule.at(9, 0), Revision::Frontier);
        assert_eq!(schedule.at(10, 499), Revision::London);
        assert_eq!(schedule.at(10, 500), Revision::Cancun);
    }

    #[test]
    fn refuses_schedules_that_run_backwards() {
        let starts = [
            (RevisionStart::Block(10), Revision::Berlin),
            (RevisionStart::Block(9), Revision::London),
        ];
        assert!(matches!(
            RevisionSchedule::new(starts),
            Err(ScheduleError::Order { .. })
        ));
        assert_eq!(RevisionSchedule::new([]), Err(ScheduleError::Empty));
    }
}
