//! Contracts of other chains: each is refused for the right reason, none by a panic.

use std::fs;

use proz_sdk::{VirtualMachine, VmErrorCode};
use proz_wasm::HOST_FUNCTIONS;

use crate::support::{corpora, machine};

/// The reason for which a module of the index must be refused.
fn expected(entry: &serde_json::Value) -> (VmErrorCode, String) {
    // The corrupted one breaks in its code, behind imports that are refused before.
    if entry["valid"] == false {
        return (
            VmErrorCode::PROHIBITED_IMPORT,
            "prohibited import `env.".to_owned(),
        );
    }
    let imports = entry["imports"].as_array().unwrap();
    let foreign = imports
        .iter()
        .map(|import| import.as_str().unwrap())
        .find(|import| {
            let (path, kind) = import.rsplit_once(':').unwrap();
            kind != "function"
                || !HOST_FUNCTIONS
                    .iter()
                    .any(|served| !served.debug && served.path() == path)
        });
    match foreign {
        Some(import) => (
            VmErrorCode::PROHIBITED_IMPORT,
            format!("prohibited import `{}", import.rsplit_once(':').unwrap().0),
        ),
        None => (
            // Absent, or there with another type.
            VmErrorCode::MISSING_EXPORT,
            "export".to_owned(),
        ),
    }
}

#[test]
fn every_contract_of_another_chain_is_refused_for_its_own_reason() {
    let Some(corpora) = corpora() else { return };
    let folder = corpora.join("wasm-contracts");
    let index: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.join("index.json")).unwrap()).unwrap();
    let mut counts = std::collections::BTreeMap::new();
    for entry in index.as_array().unwrap() {
        let code = fs::read(folder.join(entry["file"].as_str().unwrap())).unwrap();
        let (code_of_error, words) = expected(entry);
        let error = machine().validate_code(&code).unwrap_err();
        assert_eq!(error.code(), code_of_error, "{}: {error}", entry["name"]);
        assert!(
            error.to_string().contains(&words),
            "{}: {error}",
            entry["name"]
        );
        *counts.entry(code_of_error.0).or_insert(0) += 1;
    }
    println!("refused: {counts:?} (19 import, 20 export)");
    assert_eq!(counts.values().sum::<i32>(), 26);
}
