//! Watching a run: each instruction as a line, and the profile.

use crate::program::Loaded;
use proz_prozvm_core::{Driver, Profile, Reference, RunResult, Syscalls, register_name};
use serde_json::{Map, Value, json};

/// A driver that profiles, and prints each instruction when asked to.
pub(crate) struct Watch<'a> {
    pub(crate) loaded: &'a Loaded,
    pub(crate) profile: Profile,
    /// How to print instructions, if at all.
    pub(crate) trace: Option<TraceForm>,
}

/// Forms of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TraceForm {
    /// Columns: gas left, place, instruction, registers that changed.
    Text,
    /// One object of JSON a line.
    Json,
}

impl<'a> Watch<'a> {
    /// A driver that has seen nothing.
    pub(crate) fn new(loaded: &'a Loaded, trace: Option<TraceForm>) -> Self {
        Self {
            loaded,
            profile: Profile::new(&loaded.verified),
            trace,
        }
    }

    fn print(&self, form: TraceForm, before: &Before, run: &Reference<'_>) {
        let changes = before.changes(run);
        let place = self
            .loaded
            .place(self.loaded.verified.location_of(before.at));
        match form {
            TraceForm::Text => {
                let changes = changes.iter().map(|&(register, value)| {
                    format!("  {} = {value:#x}", register_name(register))
                });
                let indent = "  ".repeat(before.depth - 1);
                outln!(
                    "{:>12}  {indent}{place:<24}  {:<32}{}",
                    before.gas,
                    self.loaded.text(before.at),
                    changes.collect::<String>()
                );
            }
            TraceForm::Json => {
                let changes: Map<String, Value> = changes
                    .iter()
                    .map(|&(register, value)| {
                        (
                            register_name(register).to_owned(),
                            format!("{value:#x}").into(),
                        )
                    })
                    .collect();
                outln!(
                    "{}",
                    json!({
                        "gas_left": before.gas,
                        "gas_cost": before.gas as i64 - run.gas_left() as i64,
                        "depth": before.depth,
                        "place": place,
                        "source": self.loaded.source(before.at),
                        "text": self.loaded.text(before.at),
                        "registers": changes,
                    })
                );
            }
        }
    }
}

impl Driver for Watch<'_> {
    fn drive(&mut self, run: &mut Reference<'_>, syscalls: &mut dyn Syscalls) -> RunResult {
        self.profile.begin(run);
        loop {
            let before = self.trace.map(|form| (form, Before::of(run)));
            let result = self.profile.step(run, syscalls);
            if let Some((form, before)) = before {
                self.print(form, &before, run);
            }
            if let Some(result) = result {
                return result;
            }
        }
    }
}

/// What an instruction found.
struct Before {
    at: u32,
    gas: u64,
    depth: usize,
    registers: [u64; proz_prozvm_core::REGISTERS],
}

impl Before {
    fn of(run: &Reference<'_>) -> Self {
        Self {
            at: run.code_index(),
            gas: run.gas_left(),
            depth: run.depth(),
            registers: *run.registers(),
        }
    }

    /// Registers that differ afterwards; none when another frame runs now, which has registers of its own.
    fn changes(&self, run: &Reference<'_>) -> Vec<(u8, u64)> {
        if run.depth() != self.depth {
            return Vec::new();
        }
        let pairs = self.registers.iter().zip(run.registers());
        let numbered = (0u8..).zip(pairs);
        numbered
            .filter(|(_, (old, new))| old != new)
            .map(|(register, (_, &new))| (register, new))
            .collect()
    }
}
