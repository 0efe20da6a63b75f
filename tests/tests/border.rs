//! What crosses the border between host and plugin: results, errors, memory.
//!
//! The host has another allocator than the plugins, so memory that the wrong side frees ends the process.
#![expect(
    clippy::unwrap_used,
    reason = "the helpers of a test may panic as the test may"
)]

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use proz_interface::abi_stable::sabi_trait::TD_Opaque;
use proz_interface::abi_stable::sabi_types::RMut;
use proz_interface::v1::{
    Address, FrameResult, HostInfo, Instance, Revision, StateAccess_TO, StatusCode, VmError,
    VmErrorCode,
};
use proz_loader::{LibraryImage, LoadedPlugin, Loader, Residency};
use proz_sdk_testing::mock::{Environment, MockHost};
use proz_tests::{build_example, build_example_with};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RUST: &str = "tests/bad-plugins/rust";
const GAS_LIMIT: u64 = 1000;
const RECIPIENT: Address = Address([7; 20]);

fn load(path: &Path) -> LoadedPlugin {
    Loader::default().load(path, None).unwrap()
}

fn create(plugin: &LoadedPlugin, behaviour: &str) -> Instance {
    let host = HostInfo {
        version: "1.0.0".into(),
        data_dir: "".into(),
    };
    plugin
        .create(&format!("behaviour = \"{behaviour}\""), &host)
        .unwrap()
}

fn plugin(behaviour: &str) -> Instance {
    create(&load(&build_example(RUST, "good")), behaviour)
}

fn execute(instance: &Instance, input: &[u8]) -> Result<FrameResult, VmError> {
    let environment = Environment::new(Revision::Osaka);
    execute_in(instance, input, &environment, &mut MockHost::new(RECIPIENT))
}

fn execute_in(
    instance: &Instance,
    input: &[u8],
    environment: &Environment,
    mock: &mut MockHost,
) -> Result<FrameResult, VmError> {
    let context = environment.context(Environment::call(RECIPIENT, GAS_LIMIT, input));
    let state = StateAccess_TO::from_ptr(RMut::new(mock), TD_Opaque);
    instance.machines[0]
        .execute([].as_slice().into(), &context, state)
        .into_result()
}

#[track_caller]
fn assert_echoes(instance: &Instance) {
    let input = [0xab; 100];
    let result = execute(instance, &input).unwrap();
    assert_eq!(
        (result.status, result.gas_left),
        (StatusCode::SUCCESS, GAS_LIMIT - 100)
    );
    assert_eq!(result.output.as_slice(), input);
}

#[track_caller]
fn assert_panicked(error: Option<VmError>, message: &str) {
    let error = error.unwrap();
    assert_eq!(error.code(), VmErrorCode::PANICKED);
    assert_eq!(error.message(), format!("the plugin panicked: {message}"));
}

#[test]
fn memory_is_freed_by_the_side_that_made_it() {
    let instance = plugin("good");
    for _ in 0..1000 {
        assert_echoes(&instance);
    }
    for size in [0, 1, 31, 4096, 1 << 20] {
        let result = execute(&instance, &vec![1; size]).unwrap();
        assert_eq!(result.status.is_success(), size as u64 <= GAS_LIMIT);
    }
}

#[test]
fn a_plugin_built_by_a_nightly_compiler_is_accepted_and_runs() {
    let Some(path) = build_example_with("nightly", RUST, "good") else {
        return;
    };
    let loaded = load(&path);
    assert!(
        loaded.identity.compiler.contains("nightly"),
        "{}",
        loaded.identity.compiler
    );
    assert_echoes(&create(&loaded, "good"));
    let error = execute(&create(&loaded, "panic-in-execute"), &[]).err();
    assert_panicked(error, "a value that is no text");
}

#[test]
fn a_panic_in_any_entry_is_an_error_and_the_plugin_goes_on() {
    let environment = Environment::new(Revision::Osaka);
    let context = environment.context(Environment::call(RECIPIENT, GAS_LIMIT, &[]));
    for _ in 0..3 {
        let error = execute(&plugin("panic-in-execute"), &[]).err();
        assert_panicked(error, "a value that is no text");

        let error = execute(&plugin("panic-after-store"), &[]).err();
        assert_panicked(error, "after a store");

        let instance = plugin("panic-in-validate");
        let error = instance.machines[0]
            .validate_code([].as_slice().into())
            .into_result()
            .err();
        assert_panicked(error, "panic in validate_code");
        assert_echoes(&instance);

        let instance = plugin("panic-in-estimate");
        let mut mock = MockHost::new(RECIPIENT);
        let state = StateAccess_TO::from_ptr(RMut::new(&mut mock), TD_Opaque);
        let (code, input) = ([].as_slice().into(), [].as_slice().into());
        let estimate = instance.machines[0].estimate_gas(code, input, &context, state);
        assert_panicked(estimate.into_result().err(), "panic in estimate_gas");
        assert_echoes(&instance);

        let instance = plugin("panic-in-shutdown");
        instance.machines[0].shutdown();
        assert_echoes(&instance);
    }
}

#[test]
fn results_that_break_the_rules_can_be_told() {
    let result = execute(&plugin("gas-above-limit"), &[]).unwrap();
    assert_eq!(result.gas_left, GAS_LIMIT + 1);

    let result = execute(&plugin("malformed-output"), &[]).unwrap();
    assert!(result.output.is_malformed());
    assert_eq!(result.output.as_slice(), [0_u8; 0]);

    let result = execute(&plugin("unknown-status"), &[]).unwrap();
    assert!(result.status.is_halt() && result.status.text().is_none());

    let error = execute(&plugin("internal-error"), &[]).unwrap_err();
    assert!(error.code().is_fault(), "{error}");
}

#[test]
fn a_frame_that_spins_stops_when_it_is_cancelled() {
    let instance = plugin("spin-until-cancelled");
    let environment = Environment::new(Revision::Osaka);
    let error = std::thread::scope(|scope| {
        let run = || execute_in(&instance, &[], &environment, &mut MockHost::new(RECIPIENT));
        let frame = scope.spawn(run);
        std::thread::sleep(Duration::from_millis(20));
        assert!(!frame.is_finished());
        environment.cancel.store(true, Ordering::Relaxed);
        frame.join().unwrap().unwrap_err()
    });
    assert_eq!(error.code(), VmErrorCode::CANCELLED);
}

#[test]
fn instances_of_one_mapping_share_statics_and_separate_mappings_do_not() {
    let image = LibraryImage::read(&build_example(RUST, "good")).unwrap();
    let map = || {
        Loader::default()
            .load_image(&image, None, Residency::Separate)
            .unwrap()
    };
    let count = |instance: &Instance| {
        let output = execute(instance, &[]).unwrap().output;
        u64::from_be_bytes(output.as_slice().try_into().unwrap())
    };
    let (one, two) = (map(), map());
    let first = create(&one, "count-instances");
    assert_eq!(count(&first), 1);
    let second = create(&one, "count-instances");
    assert_eq!((count(&first), count(&second)), (2, 2));
    assert_eq!(count(&create(&two, "count-instances")), 1);
}
