//! The shipped manifests say what the packs say.
#![allow(clippy::unwrap_used, missing_docs)]

use proz_precompiles::{PACK_1, PACK_2, Pack, Revision};
use serde::Deserialize;

#[derive(Deserialize)]
struct Manifest {
    version: String,
    library: String,
    precompile: Vec<Listed>,
}

#[derive(Deserialize, Debug, PartialEq)]
struct Listed {
    address: String,
    name: String,
    from: String,
    until: Option<String>,
}

fn listed(pack: &Pack) -> Vec<Listed> {
    let name = |revision: Revision| revision.name().unwrap().to_owned();
    let listed = |entry: &proz_precompiles::Entry| Listed {
        address: format!("0x{:040x}", entry.address()),
        name: entry.name().to_owned(),
        from: name(entry.from()),
        until: entry.until().map(name),
    };
    pack.entries().iter().map(listed).collect()
}

#[test]
fn the_manifests_list_the_entries_of_their_packs() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../plugin-manifests");
    for (number, pack) in [(1, &PACK_1), (2, &PACK_2)] {
        let text = std::fs::read_to_string(format!("{folder}/precompiles-{number}.toml")).unwrap();
        let manifest: Manifest = toml::from_str(&text).unwrap();
        assert_eq!(manifest.version, format!("{number}.0.0"));
        assert_eq!(manifest.library, format!("proz_precompiles_{number}"));
        assert_eq!(manifest.precompile, listed(pack));
    }
}
