//! Release 1.1.0 of the ProzVM plugin: 256-bit and hash instructions, transient storage, blobs.

use proz_prozvm::{ProzVmConfig, ProzVmMachine, Release};
use proz_sdk::VmType;

proz_sdk::export_vm! {
    id: "proz-prozvm",
    vm_type: VmType::PROZVM,
    version: env!("CARGO_PKG_VERSION"),
    features: proz_prozvm::FEATURES_1_1,
    create: |configuration: ProzVmConfig, _host| {
        ProzVmMachine::new(ProzVmConfig { release: Release::V1_1, ..configuration })
    },
}
