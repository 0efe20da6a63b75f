//! The committed JSON schema and the shipped manifests agree with the code.

use std::fs;
use std::path::PathBuf;

use proz_manifest::{Manifest, PROGRAMS_SUFFIX, VECTORS_SUFFIX, manifest_schema};

fn plugin_manifests() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../plugin-manifests")
}

#[test]
fn the_committed_schema_is_what_the_code_generates() {
    let file = plugin_manifests().join("schema.json");
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(&file, manifest_schema()).unwrap();
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == manifest_schema(),
        "{} differs; run the test with UPDATE_SCHEMA=1 and read the change",
        file.display()
    );
}

#[test]
fn every_shipped_manifest_is_valid() {
    for entry in fs::read_dir(plugin_manifests()).unwrap() {
        let file = entry.unwrap().path();
        let name = file.to_string_lossy();
        if name.ends_with(".toml")
            && !name.ends_with(PROGRAMS_SUFFIX)
            && !name.ends_with(VECTORS_SUFFIX)
            && let Err(error) = Manifest::read(&file)
        {
            panic!("{error}");
        }
    }
}
