//! Each case of the kit as a test of its own.
//!
//! For a test binary with `harness = false`:
//!
//! ```no_run
//! use libtest_mimic::{Arguments, run};
//! use proz_sdk_testing::{conformance::Programs, harness::machine_trials};
//! # fn machine() -> proz_interface::v1::VirtualMachineBox { unreachable!() }
//!
//! let programs = Programs::none("echo");
//! let trials = machine_trials("echo 0.1.0", machine(), programs);
//! run(&Arguments::from_args(), trials).exit();
//! ```
//!
//! A case that is not covered is shown as ignored.

use crate::conformance::{CaseReport, PackCase, Programs, Verdict, machine_cases, pack_cases};
use libtest_mimic::{Failed, Trial};
use proz_interface::v1::{PrecompileBox, VirtualMachineBox};
use std::sync::Arc;

/// The cases for a machine, named `subject::group::case`.
#[must_use]
pub fn machine_trials(subject: &str, machine: VirtualMachineBox, programs: Programs) -> Vec<Trial> {
    let (machine, programs) = (Arc::new(machine), Arc::new(programs));
    machine_cases()
        .map(|case| {
            let name = format!("{subject}::{}::{}", case.group.name(), case.name);
            let is_ignored = case.missing(&programs).is_some();
            let (machine, programs) = (machine.clone(), programs.clone());
            Trial::test(name, move || told(case.run(&machine, &programs)))
                .with_ignored_flag(is_ignored)
        })
        .collect()
}

/// The cases for a pack, named `subject::case`.
#[must_use]
pub fn pack_trials(subject: &str, pack: Vec<PrecompileBox>) -> Vec<Trial> {
    let pack = Arc::new(pack);
    pack_cases()
        .map(|case: &'static PackCase| {
            let pack = pack.clone();
            let name = format!("{subject}::{}", case.name);
            Trial::test(name, move || told(case.run(&pack)))
        })
        .collect()
}

fn told(report: CaseReport) -> Result<(), Failed> {
    match report.verdict {
        Verdict::Passed => Ok(()),
        Verdict::Failed | Verdict::NotCovered => Err(report.detail.into()),
    }
}
