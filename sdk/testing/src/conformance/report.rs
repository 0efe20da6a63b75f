//! What the kit found.

use std::{fmt, time::Duration};

/// How a case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The plugin did what it must.
    Passed,
    /// It did not.
    Failed,
    /// The plugin supplies no program for it, so nothing is known.
    NotCovered,
}

/// One case and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct CaseReport {
    /// Subject that the case belongs to, such as `gas`.
    pub group: &'static str,
    /// Name, a claim.
    pub name: &'static str,
    /// How it ended.
    pub verdict: Verdict,
    /// What was expected and found, or why it is not covered; empty when it passed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// How long it took, in microseconds.
    #[serde(rename = "time_us", serialize_with = "microseconds")]
    pub time: Duration,
}

fn microseconds<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}

/// All cases of a kit, in the kit's order.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct Report {
    /// The cases.
    pub cases: Vec<CaseReport>,
}

impl Report {
    /// Whether no case failed. A case that is not covered is neither passed nor failed.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.count(Verdict::Failed) == 0
    }

    /// How many cases ended so.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.with(verdict).count()
    }

    /// The cases that ended so.
    pub fn with(&self, verdict: Verdict) -> impl Iterator<Item = &CaseReport> {
        self.cases
            .iter()
            .filter(move |case| case.verdict == verdict)
    }

    /// The groups in order, each with its cases.
    #[must_use]
    pub fn groups(&self) -> Vec<(&'static str, &[CaseReport])> {
        self.cases
            .chunk_by(|a, b| a.group == b.group)
            .filter_map(|cases| Some((cases.first()?.group, cases)))
            .collect()
    }
}

impl fmt::Display for Report {
    /// One line per group, and one for each case that did not pass.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (group, cases) in self.groups() {
            let passed = cases.iter().filter(|c| c.verdict == Verdict::Passed);
            writeln!(f, "  {group:<14} {} of {}", passed.count(), cases.len())?;
            for case in cases {
                match case.verdict {
                    Verdict::Passed => {}
                    Verdict::Failed => writeln!(f, "    FAILED {}: {}", case.name, case.detail)?,
                    Verdict::NotCovered => {
                        writeln!(f, "    not covered {}: {}", case.name, case.detail)?;
                    }
                }
            }
        }
        write!(
            f,
            "  {} passed, {} failed, {} not covered",
            self.count(Verdict::Passed),
            self.count(Verdict::Failed),
            self.count(Verdict::NotCovered)
        )
    }
}
