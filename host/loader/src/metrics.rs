//! Instruction counters of a plugin: extension `proz.metrics/1`.

use proz_interface::abi_stable::std_types::{ROption, RStr};
use proz_interface::v1::{METRICS_EXTENSION, MetricsTable, OpcodeCount, VirtualMachineBox};

/// Switches the counters of a VM and returns the former setting; `None` when it keeps none.
#[must_use]
pub fn enable(vm: &VirtualMachineBox, on: bool) -> Option<bool> {
    // SAFETY: the function is called with the VM that the plugin put beside it.
    table(vm).map(|table| unsafe { (table.enable)(table.vm, on) })
}

/// Counts since the last reading; `None` when the VM keeps none.
#[must_use]
pub fn take(vm: &VirtualMachineBox) -> Option<Vec<OpcodeCount>> {
    // SAFETY: as above.
    table(vm).map(|table| unsafe { (table.take)(table.vm) }.into_vec())
}

fn table(vm: &VirtualMachineBox) -> Option<&MetricsTable> {
    match vm.extension(RStr::from_str(METRICS_EXTENSION)) {
        // SAFETY: the id names `MetricsTable`, and the table lives as long as the VM.
        ROption::RSome(extension) => unsafe { extension.cast() },
        ROption::RNone => None,
    }
}
