//! Counts: instructions of each VM, and the host's callbacks by VM.

use proz_host::{
    OpcodeCount, VmFactory, VmHandle,
    inspection::{FrameCode, FrameEnd, FrameStart, Inspector, TraceMask},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Counting, switched on in every VM that can.
pub(crate) struct Metrics(Vec<VmHandle>);

impl Metrics {
    /// Switches counting on.
    pub(crate) fn enable(factory: &VmFactory) -> Self {
        let machines = factory.machines();
        Self(
            machines
                .into_iter()
                .filter(|vm| vm.enable_metrics(true).is_some())
                .collect(),
        )
    }

    /// What was counted since, by VM; those that ran nothing are left out.
    pub(crate) fn take(&self) -> BTreeMap<String, Vec<OpcodeCount>> {
        let counted = self.0.iter().filter_map(|vm| {
            let name = format!("{}@{}", vm.vm_type(), vm.vm_version());
            let counts: Vec<_> = vm
                .take_metrics()?
                .into_iter()
                .filter(|c| c.count > 0)
                .collect();
            (!counts.is_empty()).then_some((name, counts))
        });
        counted.collect()
    }
}

/// Counts callbacks by the VM whose frame made them.
#[derive(Debug, Default)]
pub(crate) struct CallbackCounts {
    /// VM of each open frame.
    frames: Vec<String>,
    counts: BTreeMap<String, BTreeMap<&'static str, u64>>,
}

impl Inspector for CallbackCounts {
    fn mask(&self) -> TraceMask {
        TraceMask::FRAMES
    }

    fn frame_start(&mut self, _frame: &FrameStart<'_>) {
        self.frames.push(String::new());
    }

    fn frame_code(&mut self, code: FrameCode<'_>) {
        if let Some(frame) = self.frames.last_mut() {
            code.name.clone_into(frame);
        }
    }

    fn frame_end(&mut self, _end: &FrameEnd<'_>) {
        self.frames.pop();
    }

    fn callback(&mut self, name: &'static str) {
        if let Some(vm) = self.frames.last() {
            *self
                .counts
                .entry(vm.clone())
                .or_default()
                .entry(name)
                .or_default() += 1;
        }
    }
}

/// Prints both tables.
pub(crate) fn print(instructions: &BTreeMap<String, Vec<OpcodeCount>>, callbacks: &CallbackCounts) {
    for (vm, counts) in instructions {
        let (mut by_gas, total) = (counts.clone(), counts.iter().map(|c| c.gas).sum::<u64>());
        by_gas.sort_by(|a, b| b.gas.cmp(&a.gas).then(a.opcode.cmp(&b.opcode)));
        outln!("instructions of {vm}");
        outln!(
            "  {:<16} {:>10} {:>12} {:>7}",
            "name",
            "count",
            "gas",
            "share"
        );
        for count in &by_gas {
            let share = 100.0 * count.gas as f64 / total.max(1) as f64;
            outln!(
                "  {:<16} {:>10} {:>12} {share:>6.1}%",
                count.name,
                count.count,
                count.gas
            );
        }
    }
    for (vm, counts) in &callbacks.counts {
        outln!("callbacks of {vm}");
        for (name, count) in counts {
            outln!("  {name:<16} {count:>10}");
        }
    }
}

/// Both tables as JSON.
pub(crate) fn json(
    instructions: &BTreeMap<String, Vec<OpcodeCount>>,
    callbacks: &CallbackCounts,
) -> Value {
    let row = |c: &OpcodeCount| json!({ "opcode": c.opcode, "name": c.name.as_str(), "count": c.count, "gas": c.gas });
    let table = |counts: &Vec<OpcodeCount>| counts.iter().map(row).collect::<Vec<_>>();
    let instructions: BTreeMap<_, _> = instructions
        .iter()
        .map(|(vm, counts)| (vm, table(counts)))
        .collect();
    json!({ "instructions": instructions, "callbacks": callbacks.counts })
}
