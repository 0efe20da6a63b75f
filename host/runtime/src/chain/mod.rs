//! What a chain is: identity, rules by height and time, and which releases run it.
//!
//! All of it is consensus data. [`spec`] is its file, [`schedule`] the releases by height.

mod options;
mod revisions;
mod schedule;
pub(crate) mod spec;

pub use options::{ConsensusOptions, MachineSettings, OptionsError, SETTINGS_KEY};
pub use revisions::{RevisionSchedule, RevisionsError, Start};
pub(crate) use schedule::is_same_release;
pub use schedule::{Release, ReleaseKey, Schedule, ScheduleError, ScheduledRelease, Upgrade};

use crate::transaction::BlobParams;
use proz_interface::v1::{Limits, Revision};
use proz_state::JournalRules;
use std::sync::Arc;

/// Limits of Ethereum mainnet, with room for containers.
pub const ETHEREUM_LIMITS: Limits = Limits {
    call_depth: 1_024,
    code_size_bytes: 24_576,
    init_code_size_bytes: 49_152,
    container_size_bytes: 1_048_576,
    // Gas bounds EVM memory long before; this bounds VMs that declare memory.
    memory_bytes: 1 << 32,
};

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
    /// Which releases run which block. `None` for a development chain, which runs the best that is
    /// loaded: two nodes of it agree only while they have the same plugins. Where there is a
    /// schedule, it decides revisions, limits and blobs as well.
    pub schedule: Option<Arc<Schedule>>,
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
            schedule: None,
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
        let Some(schedule) = &self.schedule else {
            return self.rules(self.revisions.at(number, timestamp));
        };
        let epoch = schedule.at(number, timestamp);
        ChainRules {
            revision: epoch.revision,
            containers: self.containers,
            limits: epoch.limits,
            blobs: epoch
                .blobs
                .unwrap_or_else(|| BlobParams::at(epoch.revision)),
        }
    }

    /// Rules of one revision, with the limits of the configuration.
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
