//! Release 1.0.0 of the ProzVM plugin: the 64-bit instructions and the syscalls that every chain has.

use proz_prozvm::{ProzVmConfig, ProzVmMachine, Release};
use proz_sdk::VmType;

proz_sdk::export_vm! {
    id: "proz-prozvm",
    vm_type: VmType::PROZVM,
    version: env!("CARGO_PKG_VERSION"),
    features: proz_prozvm::FEATURES_1_0,
    create: |configuration: ProzVmConfig, _host| {
        ProzVmMachine::new(ProzVmConfig { release: Release::V1_0, ..configuration })
    },
}
