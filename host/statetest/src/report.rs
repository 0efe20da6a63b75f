//! What is told of cases and of a whole run.

use crate::{format::Indexes, source::Location};
use alloy_primitives::B256;
use serde::{Serialize, Serializer};
use std::{collections::BTreeMap, sync::Arc};

/// Which case, so that it can be found again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseId {
    /// Where its file is.
    #[serde(rename = "file", serialize_with = "as_text")]
    pub location: Location,
    /// Name of the test in the file; empty for a file that holds none.
    #[serde(serialize_with = "as_text")]
    pub test: Arc<str>,
    /// The suite's name of the fork; `VMTests` for a VM test.
    #[serde(serialize_with = "as_text")]
    pub fork: Arc<str>,
    /// Which of the transaction's parts it takes.
    pub indexes: Indexes,
}

impl std::fmt::Display for CaseId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Indexes { data, gas, value } = self.indexes;
        let Self { test, fork, .. } = self;
        write!(
            f,
            "`{test}` [{fork}, data {data}, gas {gas}, value {value}]"
        )
    }
}

/// How a case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// All that the file expects was found.
    Passed,
    /// Something differs, or the file is malformed.
    Failed,
    /// Not run.
    Skipped,
}

/// What a file expects and what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Compared<T> {
    /// By the file.
    pub expected: T,
    /// By this host.
    pub found: T,
}

/// Result of one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseResult {
    /// Which case.
    #[serde(flatten)]
    pub id: CaseId,
    /// How it ended.
    pub outcome: Outcome,
    /// What differs, or why it was skipped; empty for a case that passed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// Gas that the transaction paid for; absent when it was refused.
    pub gas_used: Option<u64>,
    /// Root of the state afterwards; absent when the case was not run.
    pub state_root: Option<Compared<B256>>,
    /// Keccak-256 of the RLP of the logs.
    pub logs_hash: Option<Compared<B256>>,
    /// Name of the expected exception, and this host's reason to refuse the transaction.
    pub exception: Compared<Option<String>>,
}

impl CaseResult {
    /// A case that was not run, for a reason.
    pub(crate) fn not_run(id: CaseId, outcome: Outcome, reason: String) -> Self {
        Self {
            id,
            outcome,
            reasons: vec![reason],
            gas_used: None,
            state_root: None,
            logs_hash: None,
            exception: Compared {
                expected: None,
                found: None,
            },
        }
    }
}

/// Numbers of cases by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Cases that passed.
    pub passed: u64,
    /// Cases that failed, malformed files included.
    pub failed: u64,
    /// Cases that were not run.
    pub skipped: u64,
}

impl Counts {
    /// All cases.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.passed + self.failed + self.skipped
    }

    pub(crate) const fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::Failed => self.failed += 1,
            Outcome::Skipped => self.skipped += 1,
        }
    }

    pub(crate) const fn merge(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// Result of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// All cases.
    #[serde(flatten)]
    pub counts: Counts,
    /// Files read.
    pub files: u64,
    /// Cases by fork.
    pub forks: BTreeMap<String, Counts>,
    /// Cases not run, by reason.
    pub skipped_because: BTreeMap<String, u64>,
    /// Gas of all transactions that were executed.
    pub gas_used: u64,
}

impl Summary {
    /// Whether nothing failed.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.counts.failed == 0
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.counts.merge(other.counts);
        self.files += other.files;
        self.gas_used = self.gas_used.saturating_add(other.gas_used);
        for (fork, counts) in other.forks {
            self.forks.entry(fork).or_default().merge(counts);
        }
        for (reason, count) in other.skipped_because {
            *self.skipped_because.entry(reason).or_default() += count;
        }
    }
}

fn as_text<T: std::fmt::Display, S: Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
