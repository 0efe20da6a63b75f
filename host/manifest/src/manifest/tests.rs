use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::names::{FeatureName, RevisionName};
use crate::requirement::tests::{feature_set, name, version, vm_type};

const VALID: &str = r#"manifest_version = 1
id = "proz-evm"
kind = "vm"
vm_type = "evm"
version = "1.1.0"
features = ["blobs", "osaka"]
abi = { generation = 1 }
library = "proz_evm"
description = "Ethereum virtual machine"

[config]
max_memory_bytes = 33554432
"#;

fn parse(text: &str) -> Result<Manifest, ManifestError> {
    Manifest::from_toml(text, Path::new("plugins/evm.toml"))
}

/// The valid manifest with `from` replaced by `to`.
fn changed(from: &str, to: &str) -> String {
    assert!(VALID.contains(from), "{from} is in the manifest");
    VALID.replacen(from, to, 1)
}

#[test]
fn reads_every_key_of_a_manifest() {
    let manifest = parse(VALID).unwrap();
    assert_eq!(manifest.id.as_str(), "proz-evm");
    assert_eq!(manifest.kind, PluginKind::Vm);
    assert_eq!(manifest.vm_type.as_str(), "evm");
    assert_eq!(manifest.version, Version::new(1, 1, 0));
    assert_eq!(manifest.features.to_string(), "blobs,osaka");
    assert!(manifest.abi.generation.contains(1) && !manifest.abi.generation.contains(2));
    assert_eq!(manifest.library.as_str(), "proz_evm");
    assert_eq!(
        manifest.description.as_deref(),
        Some("Ethereum virtual machine")
    );
    assert_eq!(
        manifest.config["max_memory_bytes"].as_integer(),
        Some(33_554_432)
    );
    assert_eq!((manifest.sha256, manifest.signature), (None, None));
}

#[test]
fn reads_the_manifest_of_a_pack() {
    let pack = parse(&format!(
        r#"manifest_version = 1
id = "ethereum-precompiles"
kind = "precompiles"
vm_type = "precompile"
version = "1.0.0"
abi = {{ generation = [1, 2] }}
library = "1.0.0/precompiles"
sha256 = "{}"
signature = "{}"
[[precompile]]
address = "0x0000000000000000000000000000000000000001"
name = "ECRECOVER"
[[precompile]]
address = "0x000000000000000000000000000000000000000a"
name = "KZG_POINT_EVALUATION"
from = "Cancun"
until = "Far"
"#,
        "0f".repeat(32),
        "f0".repeat(64)
    ))
    .unwrap();
    assert_eq!(pack.sha256, Some(Sha256Digest([0x0f; 32])));
    assert_eq!(pack.signature, Some(SignatureBytes([0xf0; 64])));
    assert_eq!(pack.precompiles[1].address.0[19], 10);
    assert_eq!(
        pack.precompiles[1].from,
        Some(RevisionName::new("Cancun").unwrap())
    );
}

#[test]
fn names_file_line_column_and_what_was_expected() {
    for (text, start) in [
        // Not TOML.
        (
            changed("kind = \"vm\"", "kind = vm"),
            "plugins/evm.toml:3:8: ",
        ),
        // Unknown keys, at the top and inside tables.
        (
            changed("description", "descripton"),
            "plugins/evm.toml:9:1: unknown field `descripton`",
        ),
        (
            changed("generation = 1", "generation = 1, min = 1"),
            "plugins/evm.toml:7:25: unknown field `min`",
        ),
        (
            changed("[config]", "[[precompile]]\naddres = \"0x\"\n[config]"),
            "plugins/evm.toml:12:1: unknown field `addres`",
        ),
        // Keys missing and given twice.
        (
            changed("id = \"proz-evm\"\n", ""),
            "plugins/evm.toml:1:1: missing field `id`",
        ),
        (
            changed("vm_type = \"evm\"\n", ""),
            "plugins/evm.toml:1:1: missing field `vm_type`",
        ),
        (
            changed("kind = \"vm\"", "id = \"b\""),
            "plugins/evm.toml:3:1: duplicate key",
        ),
        // Values.
        (
            changed("proz-evm", "Proz EVM"),
            "plugins/evm.toml:2:6: invalid plugin id `Proz EVM`, expected 1 to 64 characters of a-z, 0-9 and -",
        ),
        (
            changed("kind = \"vm\"", "kind = \"game\""),
            "plugins/evm.toml:3:8: unknown variant `game`, expected `vm` or `precompiles`",
        ),
        (changed("1.1.0", "1.1"), "plugins/evm.toml:5:11: "),
        (changed("1.1.0", "latest"), "plugins/evm.toml:5:11: "),
        (
            changed("\"blobs\"", "\"osaka\""),
            "plugins/evm.toml:6:12: feature `osaka` is listed twice",
        ),
        (
            changed("generation = 1", "generation = 0"),
            "plugins/evm.toml:7:22: ABI generation 0 does not exist, expected 1 or more",
        ),
        (
            changed("\"proz_evm\"", "\"../proz_evm\""),
            "plugins/evm.toml:8:11: library `../proz_evm` leaves the manifest's folder .: the path contains `..`",
        ),
        (
            changed("\"proz_evm\"", "\"/proz_evm\""),
            "plugins/evm.toml:8:11: library `/proz_evm` leaves the manifest's folder .: the path is absolute",
        ),
        (
            changed("description", "sha256 = \"00\"\ndescription"),
            "plugins/evm.toml:9:10: invalid sha256 `00`, expected 64 lower-case hexadecimal digits",
        ),
        (
            changed("description", "signature = \"00\"\ndescription"),
            "plugins/evm.toml:9:13: invalid signature `00`, expected 128 lower-case hexadecimal digits",
        ),
        (
            changed("library = \"proz_evm\"", "library = 7"),
            "plugins/evm.toml:8:11: invalid type: integer `7`, expected a string",
        ),
    ] {
        let error = parse(&text).unwrap_err();
        assert!(matches!(error, ManifestError::Toml { .. }), "{error}");
        let message = error.to_string();
        assert!(
            message.starts_with(start),
            "expected {start}\n   found {message}"
        );
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}

#[test]
fn columns_count_characters_not_bytes() {
    let text = changed(
        "description = \"Ethereum",
        "description = \"Äther\", x = \"",
    );
    assert!(
        parse(&text)
            .unwrap_err()
            .to_string()
            .starts_with("plugins/evm.toml:9:22: ")
    );
}

#[test]
fn the_manifest_version_comes_first() {
    for (text, position, found) in [
        (String::new(), (1, 1), "an empty file"),
        (changed("manifest_version = 1\n", ""), (1, 1), "`id`"),
        (
            format!(
                "# licence\nid = \"a\"\n{}",
                changed("id = \"proz-evm\"\n", "")
            ),
            (2, 1),
            "`id`",
        ),
        (
            "[config]\n".to_owned() + &changed("[config]", ""),
            (1, 2),
            "`config`",
        ),
    ] {
        let error = parse(&text).unwrap_err();
        let ManifestError::ManifestVersionNotFirst {
            line,
            column,
            found: key,
            ..
        } = &error
        else {
            panic!("{error}");
        };
        assert_eq!(
            ((*line, *column), key.as_str()),
            (position, found),
            "{error}"
        );
    }
}

#[test]
fn refuses_a_later_version_of_the_format_before_it_looks_at_other_keys() {
    for value in ["2", "0", "-1", "\"1\"", "1.0", "99999999999999999999999"] {
        let text = changed(
            "manifest_version = 1",
            &format!("manifest_version = {value}\nnew_key = 1"),
        );
        let error = parse(&text).unwrap_err();
        assert!(
            matches!(&error, ManifestError::ManifestVersion { line: 1, column: 20, expected: 1, found, .. } if found == value),
            "{error}"
        );
    }
    assert!(
        parse(&changed(
            "manifest_version = 1",
            "# first\n\nmanifest_version = 0x1"
        ))
        .is_ok()
    );
}

#[test]
fn refuses_keys_that_exclude_one_another() {
    for (text, message) in [
        (
            changed("\"vm\"", "\"precompiles\""),
            "vm_type is evm, expected precompile, since kind is precompiles",
        ),
        (
            changed("\"evm\"", "\"precompile\""),
            "vm_type is precompile, expected the name of a virtual machine, since kind is vm",
        ),
        (
            changed(
                "[config]",
                "[[precompile]]\naddress = \"0x0000000000000000000000000000000000000001\"\nname = \"a\"\n[config]",
            ),
            "precompile is a list of 1, expected absent, since kind is vm",
        ),
    ] {
        let error = parse(&text).unwrap_err();
        assert!(
            matches!(error, ManifestError::Contradiction { .. }),
            "{error}"
        );
        assert_eq!(error.to_string(), format!("plugins/evm.toml: {message}"));
    }
}

#[test]
fn refuses_files_that_are_too_long_or_not_text() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("evm.toml");
    assert!(matches!(
        Manifest::read(&file),
        Err(ManifestError::Read { .. })
    ));

    std::fs::write(&file, VALID).unwrap();
    assert_eq!(Manifest::read(&file).unwrap(), parse(VALID).unwrap());

    std::fs::write(&file, " ".repeat(MAX_MANIFEST_BYTES as usize + 100)).unwrap();
    assert!(matches!(
        Manifest::read(&file),
        Err(ManifestError::TooLong {
            limit_bytes: MAX_MANIFEST_BYTES,
            ..
        })
    ));

    std::fs::write(&file, b"manifest_version = 1\nid = \"\xff\"").unwrap();
    assert!(matches!(
        Manifest::read(&file),
        Err(ManifestError::NotText {
            offset_bytes: 27,
            ..
        })
    ));
}

#[test]
fn deep_nesting_is_an_error_and_not_an_overflow() {
    let nested = format!(
        "[config]\na = {}{}\n",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert!(matches!(
        parse(&changed("[config]\n", &nested)),
        Err(ManifestError::Toml { .. })
    ));
}

#[test]
fn the_written_form_is_readable_and_begins_with_the_version() {
    let written = parse(VALID).unwrap().to_toml();
    assert!(
        written.starts_with("manifest_version = 1\nid = \"proz-evm\"\n"),
        "{written}"
    );
    assert_eq!(parse(&written).unwrap(), parse(VALID).unwrap(), "{written}");
}

fn config_value() -> impl Strategy<Value = toml::Value> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(toml::Value::Integer),
        any::<f64>().prop_map(toml::Value::Float),
        any::<bool>().prop_map(toml::Value::Boolean),
        "\\PC{0,12}".prop_map(toml::Value::String),
        Just(toml::Value::Datetime(
            "1979-05-27T07:32:00.5+02:00".parse().unwrap()
        )),
        Just(toml::Value::Datetime("1979-05-27".parse().unwrap())),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(toml::Value::Array),
            config_table(inner).prop_map(toml::Value::Table),
        ]
    })
}

fn config_table(value: impl Strategy<Value = toml::Value>) -> impl Strategy<Value = toml::Table> {
    prop::collection::btree_map("[a-z_. é\"]{0,6}", value, 0..4)
        .prop_map(|entries| entries.into_iter().collect())
}

fn manifest() -> impl Strategy<Value = Manifest> {
    let vm_type = vm_type().prop_filter("precompile is for packs", |vm_type| {
        !vm_type.is_precompile()
    });
    let abi = prop::collection::btree_set(1_u32.., 1..4);
    let precompile = (
        any::<[u8; 20]>(),
        "\\PC{0,8}",
        prop::option::of("[A-Z][a-z]{0,8}"),
    );
    (
        (
            name(),
            vm_type,
            version(),
            feature_set(),
            abi,
            any::<bool>(),
        ),
        prop::option::of("\\PC{0,30}|a\nb\t\"c\""),
        prop::option::of(any::<[u8; 32]>()),
        prop::option::of(any::<[u8; 32]>()),
        config_table(config_value()),
        prop::collection::vec(precompile, 0..3),
    )
        .prop_map(
            |(
                (id, vm_type, version, features, abi, is_vm),
                description,
                sha256,
                signature,
                config,
                list,
            )| {
                let generations = toml::Value::try_from(abi).unwrap().try_into().unwrap();
                let (kind, vm_type) = if is_vm {
                    (PluginKind::Vm, vm_type)
                } else {
                    (PluginKind::Precompiles, VmType::precompile())
                };
                let id = PluginId::new(&id).unwrap();
                let library = LibraryStem::new("lib/plugin").unwrap();
                let mut manifest = Manifest::new(id, kind, vm_type, version, generations, library);
                manifest.features = features;
                manifest.description = description;
                manifest.sha256 = sha256.map(Sha256Digest);
                manifest.signature = signature.map(|half| {
                    let mut bytes = [0; 64];
                    bytes[32..].copy_from_slice(&half);
                    SignatureBytes(bytes)
                });
                manifest.config = config;
                if !is_vm {
                    manifest.precompiles = list
                        .into_iter()
                        .map(|(address, name, from)| PrecompileEntry {
                            address: PrecompileAddress(address),
                            name,
                            from: from.map(|name| RevisionName::new(&name).unwrap()),
                            until: None,
                        })
                        .collect();
                }
                manifest
            },
        )
}

proptest! {
    #[test]
    fn every_manifest_survives_writing_and_reading(manifest in manifest()) {
        let written = manifest.to_toml();
        let again = parse(&written).unwrap();
        prop_assert_eq!(again.signing_bytes(), manifest.signing_bytes(), "{}", written);
        prop_assert_eq!(again.signature, manifest.signature);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        crate::fuzz_manifest(text.as_bytes());
    }

    #[test]
    fn a_valid_manifest_with_bytes_overwritten_is_read_or_refused(
        changes in prop::collection::vec((0..VALID.len(), any::<u8>()), 1..4)
    ) {
        let mut bytes = VALID.as_bytes().to_vec();
        for (offset, byte) in changes {
            bytes[offset] = byte;
        }
        crate::fuzz_manifest(&bytes);
    }

    #[test]
    fn removing_a_feature_changes_the_signed_bytes(manifest in manifest()) {
        let mut other = manifest.clone();
        other.features.insert(FeatureName::new("another-feature").unwrap());
        prop_assert_ne!(other.signing_bytes(), manifest.signing_bytes());
    }
}
