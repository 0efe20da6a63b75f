//! When rule sets begin.

use proz_interface::v1::Revision;
use std::fmt;

/// When something begins: a height or a time, as Ethereum's forks do.
///
/// Heights come before times: a schedule that has reached a time uses no more heights.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Start {
    /// At a height.
    Block(u64),
    /// At a time, Unix seconds.
    Timestamp(u64),
}

impl Start {
    /// Whether it has begun at a block.
    #[must_use]
    pub const fn has_begun(self, number: u64, timestamp: u64) -> bool {
        match self {
            Self::Block(height) => number >= height,
            Self::Timestamp(time) => timestamp >= time,
        }
    }
}

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Block(height) => write!(f, "block {height}"),
            Self::Timestamp(time) => write!(f, "time {time}"),
        }
    }
}

/// Revisions of a chain in the order in which they begin.
///
/// The revision of a block is the last one that has begun; before all, the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionSchedule(Vec<(Start, Revision)>);

impl RevisionSchedule {
    /// One revision for all blocks.
    #[must_use]
    pub fn always(revision: Revision) -> Self {
        Self(vec![(Start::Block(0), revision)])
    }

    /// A schedule; entries are sorted by revision.
    ///
    /// # Errors
    ///
    /// [`RevisionsError`] when the list is empty, names a revision twice or lets a later revision
    /// begin at a lower height or time than an earlier one.
    pub fn new(
        starts: impl IntoIterator<Item = (Start, Revision)>,
    ) -> Result<Self, RevisionsError> {
        let mut starts: Vec<_> = starts.into_iter().collect();
        starts.sort_by_key(|(_, revision)| *revision);
        if starts.is_empty() {
            return Err(RevisionsError::Empty);
        }
        for pair in starts.windows(2) {
            let ((early_start, early), (late_start, late)) = (pair[0], pair[1]);
            if early == late {
                return Err(RevisionsError::Twice(late));
            }
            if early_start > late_start {
                return Err(RevisionsError::Order { early, late });
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
            .find(|(start, _)| start.has_begun(number, timestamp))
            .or(self.0.first())
            .map_or(Revision::LATEST, |(_, revision)| *revision)
    }
}

/// Why a list of revisions is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RevisionsError {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_revision_that_has_begun_is_in_force() {
        let schedule = RevisionSchedule::new([
            (Start::Timestamp(500), Revision::Cancun),
            (Start::Block(0), Revision::Frontier),
            (Start::Block(10), Revision::London),
        ])
        .unwrap();
        assert_eq!(schedule.at(9, 0), Revision::Frontier);
        assert_eq!(schedule.at(10, 499), Revision::London);
        assert_eq!(schedule.at(10, 500), Revision::Cancun);
    }

    #[test]
    fn refuses_schedules_that_run_backwards() {
        let starts = [
            (Start::Block(10), Revision::Berlin),
            (Start::Block(9), Revision::London),
        ];
        assert!(matches!(
            RevisionSchedule::new(starts),
            Err(RevisionsError::Order { .. })
        ));
        assert_eq!(RevisionSchedule::new([]), Err(RevisionsError::Empty));
    }
}
