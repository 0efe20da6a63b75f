//! Contracts of other chains: each is refused for the right reason, none by a panic.

use std::fs;

use proz_sdk::{VirtualMachine, VmErrorCode};
use proz_wasm::HOST_FUNCTIONS;

use crate::archive::{corpora, unpack};
use proz_wasm::testing::machine;

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

/// The first import of a module that this VM does not serve, as `module.name`.
fn foreign_import(code: &[u8]) -> Option<String> {
    let imports = wasmparser::Parser::new(0)
        .parse_all(code)
        .find_map(|payload| match payload {
            Ok(wasmparser::Payload::ImportSection(imports)) => Some(imports),
            _ => None,
        })?;
    let is_served = |path: &str| {
        let mut functions = HOST_FUNCTIONS.iter();
        functions.any(|served| !served.debug && served.path() == path)
    };
    imports
        .into_imports()
        .map_while(Result::ok)
        .filter(|import| {
            let is_function = matches!(import.ty, wasmparser::TypeRef::Func(_));
            !is_function || !is_served(&format!("{}.{}", import.module, import.name))
        })
        .map(|import| format!("{}.{}", import.module, import.name))
        .next()
}

#[test]
fn the_test_contracts_of_other_chains_are_refused_for_their_own_reasons() {
    let mut counts = std::collections::BTreeMap::new();
    for archive in [
        "cosmwasm-vm-testdata-fe929772a.tar.zst",
        "near-contracts.tar.zst",
        "soroban-test-wasms-30c9c36a.tar.zst",
    ] {
        let Some(files) = unpack(archive) else { return };
        for (path, code) in files {
            if !path.ends_with(".wasm") {
                continue;
            }
            let error = machine().validate_code(&code).unwrap_err();
            assert!(!error.code().is_fault(), "{path}: {error}");
            match error.code() {
                VmErrorCode::CODE_TOO_LARGE => assert!(code.len() > 1 << 20, "{path}: {error}"),
                // A name that is served here may have another type there.
                VmErrorCode::PROHIBITED_IMPORT if error.to_string().contains("` has type") => {}
                VmErrorCode::PROHIBITED_IMPORT => {
                    let import = foreign_import(&code).unwrap();
                    let words = format!("prohibited import `{import}`");
                    assert!(error.to_string().contains(&words), "{path}: {error}");
                }
                _ => assert_eq!(foreign_import(&code), None, "{path}: {error}"),
            }
            *counts.entry(error.code().0).or_insert(0) += 1;
        }
    }
    println!("refused: {counts:?} (16 invalid, 17 size, 19 import, 20 export)");
    assert!(counts.values().sum::<i32>() > 40, "{counts:?}");
}
