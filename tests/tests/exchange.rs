//! What may be loaded beside what, and what may take whose place.
#![allow(clippy::unwrap_used, reason = "a test")]

use proz_host::{FactoryError, SearchPath, VmFactory, VmFactoryConfig};
use proz_manifest::Candidate;
use proz_tests::plugins_dir;

fn factory(require: &str) -> VmFactory {
    let config = VmFactoryConfig {
        search_path: SearchPath::explicit([plugins_dir()]),
        require: vec![require.parse().unwrap()],
        ..VmFactoryConfig::default()
    };
    VmFactory::new(config).unwrap()
}

fn candidate(factory: &VmFactory, id: &str, version: &str) -> Candidate {
    let mut found = factory.rediscover().taken.into_iter();
    found
        .find(|c| c.manifest.id.as_str() == id && c.manifest.version.to_string() == version)
        .unwrap()
}

#[test]
fn a_swap_takes_nothing_that_serves_something_else() {
    let factory = factory("evm@=1.1.0");
    let before = factory.registry().generations();
    for (id, found) in [
        ("proz-precompiles", "found `proz-precompiles` (precompile)"),
        ("proz-wasm", "found `proz-wasm` (wasm)"),
    ] {
        let mut others = factory.rediscover().taken.into_iter();
        let other = others.rfind(|c| c.manifest.id.as_str() == id);
        let error = factory.swap(before[0].generation, &other.unwrap());
        let error = error.unwrap_err();
        assert!(matches!(error, FactoryError::OtherPlugin { .. }));
        let text = error.to_string();
        assert!(text.ends_with(found), "{text}");
        assert!(text.starts_with("expected another release of `proz-evm` (evm)"));
    }
    assert_eq!(factory.registry().generations(), before);
    let older = candidate(&factory, "proz-evm", "1.0.0");
    factory.swap(before[0].generation, &older).unwrap();
}

#[test]
fn a_second_build_of_a_release_is_loaded_on_purpose_only() {
    let factory = factory("evm@=1.1.0");
    let same = candidate(&factory, "proz-evm", "1.1.0");
    let error = factory.load(&same).unwrap_err();
    assert!(
        matches!(error, FactoryError::AlreadyLoaded { .. }),
        "{error}"
    );
    assert_eq!(factory.registry().generations().len(), 1);
    factory.load_another_build(&same).unwrap();
    assert_eq!(factory.registry().generations().len(), 2);
    factory
        .load(&candidate(&factory, "proz-evm", "1.0.0"))
        .unwrap();
}
