//! The conformance kit on both releases, by the programs that are shipped beside their manifests.

use std::path::Path;
use std::sync::Arc;

use proz_sdk::{Identity, VmType};
use proz_sdk_testing::conformance::{Programs, Verdict, machine_in_process, run_machine};
use proz_wasm::{FEATURES_1_0, FEATURES_1_1, Release, WasmConfig, WasmMachine};

use proz_wasm::testing::config;

static FIRST: Identity = Identity {
    id: "proz-wasm",
    vm_type: VmType::WASM,
    version: "1.0.0",
    features: FEATURES_1_0,
};
static SECOND: Identity = Identity {
    id: "proz-wasm",
    vm_type: VmType::WASM,
    version: "1.1.0",
    features: FEATURES_1_1,
};

#[test]
fn both_releases_pass_every_case_they_have_a_program_for() {
    for (identity, release) in [(&FIRST, Release::V1_0), (&SECOND, Release::V1_1)] {
        let machine = WasmMachine::new(WasmConfig {
            release,
            ..config()
        })
        .unwrap();
        let machine = machine_in_process(identity, machine).unwrap();
        let version = identity.version.strip_suffix(".0").unwrap();
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!(
            "../../plugin-manifests/wasm-{version}.conformance.toml"
        ));
        let programs = Programs::read(&file).unwrap();
        let report = run_machine(&Arc::new(machine), &Arc::new(programs));
        println!("{report}");
        assert!(report.is_success(), "{report}");
        assert!(report.count(Verdict::Passed) > 100, "{report}");
    }
}
