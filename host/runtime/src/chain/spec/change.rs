//! What may change in a specification: upgrades that have not begun.

use super::ChainSpec;
use crate::chain::Start;

/// One difference between two specifications.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SpecDifference {
    /// Start of the upgrade; `None` for the genesis part.
    pub start: Option<Start>,
    /// What became of it.
    pub kind: DifferenceKind,
}

/// What became of a part of a specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum DifferenceKind {
    /// The new one has it, the old one not.
    Added,
    /// The old one has it, the new one not.
    Removed,
    /// Both have it with different content.
    Changed,
}

/// A change of a specification that a chain cannot take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{}; the head is block {number} at time {timestamp}, and what has begun is fixed",
    describe(difference)
)]
pub struct SpecChange {
    /// What would change.
    pub difference: SpecDifference,
    /// Height of the head.
    pub number: u64,
    /// Time of the head, Unix seconds.
    pub timestamp: u64,
}

fn describe(difference: &SpecDifference) -> String {
    let verb = match difference.kind {
        DifferenceKind::Added => "is added",
        DifferenceKind::Removed => "is removed",
        DifferenceKind::Changed => "changes",
    };
    match difference.start {
        None => format!("the genesis part {verb}"),
        Some(start) => format!("the upgrade at {start} {verb}"),
    }
}

impl std::fmt::Display for SpecDifference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&describe(self))
    }
}

impl ChainSpec {
    /// How `new` differs from this specification, in the order of starts.
    #[must_use]
    pub fn differences(&self, new: &Self) -> Vec<SpecDifference> {
        let mut differences = Vec::new();
        if self.genesis_hash() != new.genesis_hash() {
            differences.push(SpecDifference {
                start: None,
                kind: DifferenceKind::Changed,
            });
        }
        let mut starts: Vec<Start> = self.starts().chain(new.starts()).skip(1).collect();
        starts.retain(|start| *start != Start::Block(0));
        starts.sort_unstable();
        starts.dedup();
        for start in starts {
            let find = |spec: &Self| spec.upgrades.iter().find(|u| u.start == start).cloned();
            let kind = match (find(self), find(new)) {
                (None, Some(_)) => DifferenceKind::Added,
                (Some(_), None) => DifferenceKind::Removed,
                (Some(old), Some(new)) if old != new => DifferenceKind::Changed,
                _ => continue,
            };
            differences.push(SpecDifference {
                start: Some(start),
                kind,
            });
        }
        differences
    }

    /// Checks that a chain at a head may go on with `new` in place of this specification.
    ///
    /// # Errors
    ///
    /// [`SpecChange`]: the first difference that lies at or below the head.
    pub fn check_successor(
        &self,
        new: &Self,
        (number, timestamp): (u64, u64),
    ) -> Result<(), Box<SpecChange>> {
        let is_fixed = |difference: &SpecDifference| match difference.start {
            None => true,
            Some(start) => start.has_begun(number, timestamp),
        };
        match self.differences(new).into_iter().find(is_fixed) {
            None => Ok(()),
            Some(difference) => Err(Box::new(SpecChange {
                difference,
                number,
                timestamp,
            })),
        }
    }
}
