//! The list of cases, and how one is run.

use super::{
    Behaviour, CaseReport, Programs, Report, Verdict, cases,
    check::{Check, Failure},
    frame::Bench,
};
use proz_interface::v1::VirtualMachineBox;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Instant,
};

/// What a case is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each name says it")]
pub enum Group {
    Identity,
    Outcomes,
    Gas,
    Environment,
    Storage,
    Accounts,
    Logs,
    Calls,
    Creations,
    StaticMode,
    Failures,
    Code,
    Estimates,
    Determinism,
}

impl Group {
    /// Name for reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Outcomes => "outcomes",
            Self::Gas => "gas",
            Self::Environment => "environment",
            Self::Storage => "storage",
            Self::Accounts => "accounts",
            Self::Logs => "logs",
            Self::Calls => "calls",
            Self::Creations => "creations",
            Self::StaticMode => "static_mode",
            Self::Failures => "failures",
            Self::Code => "code",
            Self::Estimates => "estimates",
            Self::Determinism => "determinism",
        }
    }
}

/// One case of the kit for machines.
pub struct Case {
    /// Name, a claim about the machine.
    pub name: &'static str,
    /// What it is about.
    pub group: Group,
    /// Programs without which it cannot be run.
    pub needs: &'static [Behaviour],
    pub(super) check: fn(&Bench) -> Check,
}

/// Every case, in the order of reports.
pub fn machine_cases() -> impl Iterator<Item = &'static Case> {
    cases::ALL.iter().copied().flatten()
}

impl Case {
    /// Runs the case. A panic of the machine, or of the kit, is a failure.
    #[must_use]
    pub fn run(&self, machine: &Arc<VirtualMachineBox>, programs: &Arc<Programs>) -> CaseReport {
        let started = Instant::now();
        let (verdict, detail) = match self.missing(programs) {
            Some(reason) => (Verdict::NotCovered, reason),
            None => {
                let bench = Bench::new(machine.clone(), programs.clone());
                judge(|| (self.check)(&bench))
            }
        };
        CaseReport {
            group: self.group.name(),
            name: self.name,
            verdict,
            detail,
            time: started.elapsed(),
        }
    }

    /// Why the case cannot be run.
    #[must_use]
    pub fn missing(&self, programs: &Programs) -> Option<String> {
        let missing = self
            .needs
            .iter()
            .find(|need| programs.get(**need).is_none());
        missing.map(|behaviour| programs.why_absent(*behaviour))
    }
}

/// Runs a check and makes a verdict of how it ends.
pub(super) fn judge(check: impl FnOnce() -> Check) -> (Verdict, String) {
    match catch_unwind(AssertUnwindSafe(check)) {
        Ok(Ok(())) => (Verdict::Passed, String::new()),
        Ok(Err(Failure(detail))) => (Verdict::Failed, detail),
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            let text = text.unwrap_or_else(|| "no text".to_owned());
            (Verdict::Failed, format!("panicked: {text}"))
        }
    }
}

/// Runs every case on a machine.
#[must_use]
pub fn run_machine(machine: &Arc<VirtualMachineBox>, programs: &Arc<Programs>) -> Report {
    Report {
        cases: machine_cases()
            .map(|case| case.run(machine, programs))
            .collect(),
    }
}
