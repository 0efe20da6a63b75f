//! The conformance kit on every shipped plugin, loaded from its library. Each case is a test.

use libtest_mimic::{Arguments, Trial};
use proz_interface::v1::HostInfo;
use proz_loader::Loader;
use proz_manifest::{Candidate, DiscoveryOptions, PluginKind, SearchPath, discover};
use proz_sdk_testing::{
    conformance::Programs,
    harness::{machine_trials, pack_trials},
};
use proz_tests::plugins_dir;

fn main() {
    let arguments = Arguments::from_args();
    libtest_mimic::run(&arguments, trials()).exit();
}

fn trials() -> Vec<Trial> {
    let options = DiscoveryOptions {
        supported_generations: vec![proz_interface::v1::GENERATION],
        ..DiscoveryOptions::default()
    };
    let discovery = discover(&SearchPath::explicit([plugins_dir()]), &options);
    assert!(
        discovery.passed_over.is_empty(),
        "a manifest is passed over"
    );
    discovery.taken.iter().flat_map(trials_of).collect()
}

/// The cases for one plugin, as `evm-1.1.0::gas::…`.
fn trials_of(candidate: &Candidate) -> Vec<Trial> {
    let manifest = &candidate.manifest;
    let subject = format!("{}-{}", manifest.id, manifest.version);
    let plugin = Loader::default()
        .load(&candidate.library_path, Some(manifest))
        .expect("a shipped plugin loads");
    let host = HostInfo {
        version: "1.0.0".into(),
        data_dir: "".into(),
    };
    let instance = plugin
        .create(&manifest.config.to_string(), &host)
        .expect("a shipped plugin starts");
    if manifest.kind == PluginKind::Precompiles {
        return pack_trials(&subject, instance.precompiles.into_iter().collect());
    }
    let file = Programs::file_beside(&candidate.manifest_path);
    let programs = Programs::read(&file).expect("a shipped machine has programs for the kit");
    let machine = instance.machines.into_iter().next();
    machine_trials(&subject, machine.expect("a machine"), programs)
}
