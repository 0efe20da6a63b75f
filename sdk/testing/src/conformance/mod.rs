#![doc = include_str!("../../CONFORMANCE.md")]

#[macro_use]
mod check;

mod behaviour;
mod case;
mod cases;
mod frame;
mod in_process;
mod pack;
mod programs;
mod report;

pub use behaviour::{Behaviour, UnknownBehaviour};
pub use case::{Case, Group, machine_cases, run_machine};
pub use in_process::{machine_in_process, pack_in_process};
pub use pack::{PackCase, pack_cases, run_pack};
pub use programs::{PROGRAMS_SUFFIX, Program, Programs, ProgramsError};
pub use report::{CaseReport, Report, Verdict};
