//! The behaviour of shipped releases as hashes: the same on every machine, another after any change.
//!
//! `UPDATE_VECTORS=1` writes the vectors of the EVM and of the packs, which are made here, and the
//! file of hashes. A hash that changes says that a release behaves otherwise than it did: that is
//! another version, or a correction before the first publication.

use proz_host::{ConsensusOptions, FactoryError, SearchPath, VmFactory, VmFactoryConfig};
use proz_manifest::Candidate;
use proz_tests::plugins_dir;
use std::{collections::BTreeMap, fmt::Write as _, fs, path::PathBuf};

fn manifests() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../plugin-manifests")
}

/// Instructions that put 17 words on the stack, the last on top.
fn pushes(word: impl Fn(u8) -> Vec<u8>) -> Vec<u8> {
    (0..17).rev().flat_map(word).collect()
}

/// One instruction after each of several stacks, its topmost result returned.
fn instruction(opcode: u8, stack: &[u8]) -> Vec<u8> {
    let data = match opcode {
        0x60..=0x7f => usize::from(opcode - 0x5f),
        _ => 0,
    };
    let mut code = stack.to_vec();
    code.push(opcode);
    code.extend(vec![0xa5; data]);
    code.extend([0x60, 0, 0x52, 0x60, 32, 0x60, 0, 0xf3]);
    code
}

fn evm_vectors() -> String {
    let stacks: [(&str, Vec<u8>); 5] = [
        ("small", pushes(|i| vec![0x60, i + 1])),
        ("zero", pushes(|_| vec![0x60, 0])),
        ("large", pushes(|i| [&[0x7f][..], &[0xff - i; 32]].concat())),
        (
            "account",
            pushes(|i| vec![0x61, if i < 2 { 0xbb } else { 0 }, 0xbb]),
        ),
        // Offsets and lengths beyond the first words, gas for calls.
        ("memory", pushes(|i| vec![0x61, 1 + i, 0x20 * (i % 5)])),
    ];
    let mut text = String::from(
        "# The behaviour of EVM releases is the hash of what they do with these.\n\
         # Made by `UPDATE_VECTORS=1 cargo test --release -p proz-tests --test fingerprint`.\n",
    );
    let mut vector = |name: &str, code: &[u8], input: &[u8], gas: u64, create: bool| {
        let create = if create { "create = true\n" } else { "" };
        let (code, input) = (hex::encode(code), hex::encode(input));
        let _ = write!(
            text,
            "\n[[vector]]\nname = \"{name}\"\ncode = \"0x{code}\"\ninput = \"0x{input}\"\ngas = {gas}\n{create}"
        );
    };
    let input: Vec<u8> = (0..96).collect();
    for opcode in 0..=u8::MAX {
        for (name, stack) in &stacks {
            let code = instruction(opcode, stack);
            vector(
                &format!("{opcode:#04x} {name}"),
                &code,
                &input,
                400_000,
                false,
            );
        }
        vector(
            &format!("{opcode:#04x} on an empty stack"),
            &[opcode],
            &input,
            100_000,
            false,
        );
    }
    // Twice in one frame: what was cold is warm, what was clean is dirty.
    for opcode in [
        0x31, 0x3b, 0x3f, 0x54, 0x55, 0x5c, 0x5d, 0xf1, 0xf2, 0xf4, 0xfa, 0xf0, 0xf5,
    ] {
        let stack = &stacks[0].1;
        let twice = [stack, &[opcode][..], stack, &[opcode, 0x00]].concat();
        vector(
            &format!("{opcode:#04x} twice"),
            &twice,
            &input,
            900_000,
            false,
        );
    }
    // SSTORE of every value over every value: 0, 1 and 2 over what is there, then back.
    for slot in 0..3 {
        for (first, second) in [(0, 1), (1, 0), (1, 2), (2, 1), (0, 0), (2, 2)] {
            let code = [
                0x60, first, 0x60, slot, 0x55, 0x60, second, 0x60, slot, 0x55,
            ];
            vector(
                &format!("store {first} then {second} at {slot}"),
                &code,
                &[],
                200_000,
                false,
            );
        }
    }
    // EXP by the length of the exponent; KECCAK256, LOG and copies by length.
    for bytes in [1_usize, 2, 16, 32] {
        let exponent = [&[0x5f + bytes as u8][..], &vec![0xff; bytes]].concat();
        let code = [&exponent[..], &[0x60, 3, 0x0a, 0x00]].concat();
        vector(
            &format!("power of {bytes} bytes"),
            &code,
            &[],
            100_000,
            false,
        );
    }
    for size in [0_u16, 1, 32, 33, 1_000, 10_000] {
        let [high, low] = size.to_be_bytes();
        for opcode in [0x20, 0x37, 0x39, 0x3e, 0x5e, 0xa0, 0xa1, 0xa2, 0xf3, 0xfd] {
            let code = [
                0x60, 1, 0x60, 2, 0x61, high, low, 0x60, 0, 0x60, 0, opcode, 0x00,
            ];
            vector(
                &format!("{opcode:#04x} over {size} bytes"),
                &code,
                &input,
                300_000,
                false,
            );
            let code = [0x60, 1, 0x61, high, low, 0x60, 0, opcode, 0x00];
            vector(
                &format!("{opcode:#04x} over {size}"),
                &code,
                &input,
                300_000,
                false,
            );
        }
    }
    // Limits: stack, deployed code, init code, code that begins with 0xEF.
    for depth in [1_024, 1_025] {
        let code = [0x60, 0].repeat(depth);
        vector(&format!("stack of {depth}"), &code, &[], 100_000, false);
    }
    for size in [24_576_u32, 24_577] {
        let [_, a, b, c] = size.to_be_bytes();
        let code = [0x62, a, b, c, 0x60, 0, 0xf3];
        vector(
            &format!("deploys {size} bytes"),
            &code,
            &[],
            6_000_000,
            true,
        );
    }
    for size in [49_152, 49_153] {
        vector(
            &format!("init code of {size} bytes"),
            &vec![0; size],
            &[],
            3_000_000,
            true,
        );
    }
    let reserved = [0x60, 0xef, 0x60, 0, 0x53, 0x60, 1, 0x60, 0, 0xf3];
    vector("deploys 0xEF", &reserved, &[], 100_000, true);
    // Recursion: with all gas, so the 63/64 rule shows.
    let recursion = [
        0x60, 0, 0x60, 0, 0x60, 0, 0x60, 0, 0x60, 0, 0x30, 0x5a, 0xf1, 0x00,
    ];
    vector("calls itself", &recursion, &[], 1_000_000, false);
    text
}

fn pack_vectors() -> String {
    let mut text = String::from(
        "# The behaviour of packs of precompiles is the hash of what they do with these.\n\
         # Made by `UPDATE_VECTORS=1 cargo test --release -p proz-tests --test fingerprint`.\n",
    );
    let inputs: Vec<(String, Vec<u8>)> = [
        0_usize, 1, 31, 32, 64, 96, 128, 160, 192, 213, 256, 288, 384, 512,
    ]
    .into_iter()
    .flat_map(|size| {
        [
            (format!("{size} zeros"), vec![0; size]),
            (
                format!("{size} bytes"),
                (0..size).map(|i| (i % 7) as u8).collect(),
            ),
            (format!("{size} words of one"), one_words(size)),
        ]
    })
    .collect();
    for address in (1..=0x11_u64).chain([0x100]) {
        for (name, input) in &inputs {
            let _ = write!(
                text,
                "\n[[vector]]\nname = \"{address:#x} on {name}\"\naddress = \"0x{address:040x}\"\ninput = \"0x{}\"\ngas = 1000000\n",
                hex::encode(input)
            );
        }
    }
    text
}

/// Words that are the number one each, cut to a size.
fn one_words(size: usize) -> Vec<u8> {
    (0..size).map(|i| u8::from(i % 32 == 31)).collect()
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
    committed("evm.vectors.toml", &evm_vectors());
    committed("precompile.vectors.toml", &pack_vectors());
}

fn factory() -> VmFactory {
    VmFactory::new(VmFactoryConfig {
        search_path: SearchPath::explicit([plugins_dir()]),
        require: vec!["plugin:proz-evm@=1.1.0".parse().unwrap()],
        ..VmFactoryConfig::default()
    })
    .unwrap()
}

fn candidates(factory: &VmFactory) -> Vec<Candidate> {
    factory.discovery().taken.clone()
}

#[test]
fn every_shipped_release_behaves_as_its_fingerprint_says() {
    let factory = factory();
    let mut found = BTreeMap::new();
    for candidate in candidates(&factory) {
        let hash = factory.fingerprint(&candidate, &ConsensusOptions::default(), None);
        let key = format!("{} {}", candidate.manifest.id, candidate.manifest.version);
        found.insert(key, hash.unwrap().to_string());
    }
    let generated = toml::to_string(&found).unwrap();
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/fingerprints.toml");
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        fs::write(&file, &generated).unwrap();
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(
        committed, generated,
        "a release behaves otherwise than it did"
    );
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
        ("proz-wasm", "1.1.0", "max_stack_height = 1000"),
        ("proz-wasm", "1.1.0", "max_memory_pages = 1"),
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
