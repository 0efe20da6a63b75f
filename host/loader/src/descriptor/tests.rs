use proptest::prelude::*;

use super::*;

fn descriptor() -> Descriptor {
    Descriptor::new(
        DescriptorKind::VM,
        "proz-evm",
        "1.1.0",
        "evm",
        "osaka,blobs",
        "rustc 1.95.0",
        HOST_TARGET,
    )
}

fn manifest() -> Manifest {
    Manifest::from_toml(
        "manifest_version = 1\nid = \"proz-evm\"\nkind = \"vm\"\nvm_type = \"evm\"\nversion = \"1.1.0\"\n\
         features = [\"blobs\", \"osaka\"]\nabi = { generation = 1 }\nlibrary = \"evm\"\n",
        Path::new("evm.toml"),
    )
    .unwrap()
}

fn file() -> &'static Path {
    Path::new("libevm.so")
}

/// The bytes of a descriptor, as a library holds them.
fn bytes(descriptor: &Descriptor) -> Vec<u8> {
    let mut bytes = descriptor.magic.to_vec();
    for number in [
        descriptor.size_bytes,
        descriptor.generation,
        descriptor.kind,
        descriptor.reserved,
    ] {
        bytes.extend(number.to_ne_bytes());
    }
    bytes.extend(descriptor.id.0);
    bytes.extend(descriptor.version.0);
    bytes.extend(descriptor.vm_type.0);
    bytes.extend(descriptor.features.0);
    bytes.extend(descriptor.compiler.0);
    bytes.extend(descriptor.target.0);
    bytes
}

fn check(descriptor: &Descriptor) -> Result<(), LoadError> {
    let read = read(&bytes(descriptor), file())?;
    PluginIdentity::new(&read, file())?.compare(&manifest(), file())
}

#[test]
fn a_descriptor_is_read_as_it_was_written() {
    assert_eq!(read(&bytes(&descriptor()), file()).unwrap(), descriptor());
    assert!(check(&descriptor()).is_ok());
}

#[test]
fn a_longer_descriptor_of_a_later_sdk_is_read() {
    let mut later = bytes(&Descriptor {
        size_bytes: DESCRIPTOR_BYTES as u32 + 76,
        ..descriptor()
    });
    later.resize(DESCRIPTOR_BYTES + 76, 7);
    assert_eq!(read(&later, file()).unwrap().id, descriptor().id);
}

#[test]
fn each_field_that_is_wrong_is_named_with_what_was_expected() {
    let good = descriptor();
    for (bad, message) in [
        (
            Descriptor {
                magic: *b"ELSEWHER",
                ..good
            },
            "expected a descriptor that begins with \"PROZPLUG\", found \"ELSEWHER\"",
        ),
        (
            Descriptor {
                size_bytes: 12,
                ..good
            },
            &format!("expected a descriptor of {DESCRIPTOR_BYTES} bytes or more, found 12"),
        ),
        (
            Descriptor {
                generation: 2,
                ..good
            },
            "expected ABI generation 1, found 2",
        ),
        (
            Descriptor { kind: 9, ..good },
            "expected 1 (vm) or 2 (precompiles) as the descriptor's kind, found `9`",
        ),
        (
            Descriptor { kind: 2, ..good },
            "expected a name that goes with kind precompiles as the descriptor's vm_type, found `evm`",
        ),
        (
            Descriptor {
                id: Text::new("Proz EVM"),
                ..good
            },
            "expected a plugin id as the descriptor's id, found `Proz EVM`",
        ),
        (
            Descriptor {
                id: Text([0xff; 64]),
                ..good
            },
            "expected UTF-8 text as the descriptor's id, found `",
        ),
        (
            Descriptor {
                version: Text::new("1.1"),
                ..good
            },
            "expected a semantic version as the descriptor's version, found `1.1`",
        ),
        (
            Descriptor {
                features: Text::new("Osaka"),
                ..good
            },
            "expected feature names separated by commas as the descriptor's features, found `Osaka`",
        ),
        (
            Descriptor {
                target: Text::new("pdp11-unknown-none"),
                ..good
            },
            &format!("expected a plugin for {HOST_TARGET}, found one for pdp11-unknown-none"),
        ),
        (
            Descriptor {
                id: Text::new("other"),
                ..good
            },
            "the manifest says id proz-evm, the library says other",
        ),
        (
            Descriptor {
                vm_type: Text::new("wasm"),
                ..good
            },
            "the manifest says vm_type evm, the library says wasm",
        ),
        (
            Descriptor {
                version: Text::new("1.1.1"),
                ..good
            },
            "the manifest says version 1.1.0, the library says 1.1.1",
        ),
        (
            Descriptor {
                features: Text::new("osaka"),
                ..good
            },
            "the manifest says features [blobs,osaka], the library says [osaka]",
        ),
        (
            Descriptor {
                kind: 2,
                vm_type: Text::new("precompile"),
                ..good
            },
            "the manifest says kind vm, the library says precompiles",
        ),
    ] {
        let found = check(&bad).unwrap_err().to_string();
        assert!(
            found.starts_with(&format!("libevm.so: {message}")),
            "{found}"
        );
        assert_eq!(found.lines().count(), 1);
    }
}

#[test]
fn a_generation_that_the_manifest_does_not_name_is_refused() {
    let mut manifest = manifest();
    manifest.abi.generation = proz_manifest::AbiGenerations::only(2);
    let identity = PluginIdentity::new(&descriptor(), file()).unwrap();
    assert!(matches!(
        identity.compare(&manifest, file()),
        Err(LoadError::Generation { found: 1, .. })
    ));
}

#[test]
fn a_descriptor_cut_short_is_refused() {
    let bytes = bytes(&descriptor());
    for length in 0..bytes.len() {
        let error = read(&bytes[..length], file()).unwrap_err();
        assert!(
            matches!(error, LoadError::DescriptorSize { .. }),
            "{length}: {error}"
        );
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..DESCRIPTOR_BYTES + 80), sane: bool) {
        if sane && bytes.len() > 16 {
            bytes[..8].copy_from_slice(&MAGIC);
            bytes[8..12].copy_from_slice(&(DESCRIPTOR_BYTES as u32).to_ne_bytes());
            bytes[12..16].copy_from_slice(&1_u32.to_ne_bytes());
        }
        if let Ok(descriptor) = read(&bytes, file())
            && let Err(error) = PluginIdentity::new(&descriptor, file())
        {
            prop_assert_eq!(error.to_string().lines().count(), 1);
        }
    }
}
