//! Release 1.0.0 of the Wasm plugin: the native host functions.

use proz_sdk::VmType;
use proz_wasm::{Release, WasmConfig, WasmMachine};

proz_sdk::export_vm! {
    id: "proz-wasm",
    vm_type: VmType::WASM,
    version: env!("CARGO_PKG_VERSION"),
    features: proz_wasm::FEATURES_1_0,
    create: |configuration: WasmConfig, host| {
        WasmMachine::for_host(WasmConfig { release: Release::V1_0, ..configuration }, host)
    },
}
