//! The behaviour of shipped releases as hashes: the same on every machine, another after any change.
//!
//! `UPDATE_VECTORS=1` writes the vectors of the EVM and of the packs, which are made here.
#![allow(clippy::unwrap_used, reason = "a test")]

use proz_host::{ConsensusOptions, FactoryError, SearchPath, VmFactory, VmFactoryConfig};
use proz_manifest::Candidate;
use proz_tests::plugins_dir;
use std::{collections::BTreeMap, fs, path::PathBuf};

mod evm;
mod packs;

fn manifests() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../plugin-manifests")
}

/// The head of a generated file.
fn head(what: &str) -> String {
    format!(
        "# The behaviour of {what} is the hash of what they do with these.\n\
         # Made by `UPDATE_VECTORS=1 cargo test --release -p proz-tests --test fingerprint`.\n"
    )
}

/// Appends one vector of code.
fn push(text: &mut String, name: &str, code: &[u8], input: &[u8], gas: u64, create: bool) {
    let create = if create { "create = true\n" } else { "" };
    let (code, input) = (hex::encode(code), hex::encode(input));
    text.push_str(&format!(
        "\n[[vector]]\nname = \"{name}\"\ncode = \"0x{code}\"\ninput = \"0x{input}\"\ngas = {gas}\n{create}"
    ));
}

fn committed(name: &str, generated: &str) {
    let file = manifests().join(name);
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        fs::write(&file, generated).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == generated,
        "{name} differs; run with UPDATE_VECTORS=1 and read the change"
    );
}

#[test]
fn the_committed_vectors_are_those_made_here() {
    committed("evm.vectors.toml", &evm::vectors());
    committed("precompile.vectors.toml", &packs::vectors());
}

fn factory() -> VmFactory {
    VmFactory::new(VmFactoryConfig {
        search_path: SearchPath::explicit([plugins_dir()]),
        require: vec!["plugin:proz-evm@=1.1.0".parse().unwrap()],
        ..VmFactoryConfig::default()
    })
    .unwrap()
}

/// The releases of types that have vectors: the EVM and the packs.
fn candidates(factory: &VmFactory) -> Vec<Candidate> {
    let has_vectors = |c: &&Candidate| ["evm", "precompile"].contains(&c.manifest.vm_type.as_str());
    let taken = factory.discovery().taken.iter();
    taken.filter(has_vectors).cloned().collect()
}

#[test]
fn releases_differ_in_their_behaviour() {
    let factory = factory();
    let mut found = BTreeMap::new();
    for candidate in candidates(&factory) {
        let hash = factory.fingerprint(&candidate, &ConsensusOptions::default(), None);
        let key = format!("{} {}", candidate.manifest.id, candidate.manifest.version);
        found.insert(key, hash.unwrap().to_string());
    }
    // Releases differ from one another.
    let mut hashes: Vec<_> = found.values().collect();
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), found.len());
}

/// Whatever shows in a result changes the hash: here options stand for a rebuild with other rules.
#[test]
fn one_changed_rule_is_another_behaviour() {
    let factory = factory();
    let all = candidates(&factory);
    let find = |id: &str, version: &str| {
        let version: semver::Version = version.parse().unwrap();
        let mut all = all.iter();
        all.find(|c| c.manifest.id.as_str() == id && c.manifest.version == version)
            .unwrap()
    };
    let changes = [
        ("proz-evm", "1.1.0", "disabled_opcodes = [\"MSIZE\"]"),
        ("proz-evm", "1.1.0", "stack_limit = 1023"),
        ("proz-evm", "1.1.0", "charge_memory_expansion = false"),
        ("proz-evm", "1.1.0", "max_code_size = 24575"),
        ("proz-evm", "1.0.0", "revision = \"Paris\""),
    ];
    for (id, version, options) in changes {
        let candidate = find(id, version);
        let hash = |options: &str| {
            let options = ConsensusOptions::new(toml::from_str(options).unwrap()).unwrap();
            factory.fingerprint(candidate, &options, None)
        };
        let plain = hash("").unwrap();
        // A release that runs less has fewer answers; one that refuses is caught as well.
        match hash(options) {
            Ok(changed) => assert_ne!(changed, plain, "{id} with {options}"),
            Err(FactoryError::Fingerprint(_)) => {}
            Err(error) => panic!("{id} with {options}: {error}"),
        }
    }
}
