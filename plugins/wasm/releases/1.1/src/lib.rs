//! Release 1.1.0 of the Wasm plugin: the native host functions and the Stylus set.

use proz_sdk::VmType;
use proz_wasm::{Release, WasmConfig, WasmMachine};

proz_sdk::export_vm! {
    id: "proz-wasm",
    vm_type: VmType::WASM,
    version: env!("CARGO_PKG_VERSION"),
    features: proz_wasm::FEATURES_1_1,
    create: |configuration: WasmConfig, host| {
        WasmMachine::for_host(WasmConfig { release: Release::V1_1, ..configuration }, host)
    },
}
