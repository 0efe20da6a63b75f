use super::*;
use crate::chain::spec::change::DifferenceKind;
use proptest::prelude::*;

const EXAMPLE: &str = r#"
spec_version = 1

[genesis]
name = "example"
chain_id = 7
containers = true
revision = "Shanghai"

[[genesis.activate]]
plugin = "proz-evm"
version = "1.0.0"
vm_type = "evm"
features = ["shanghai"]

[[upgrade]]
block = 100
revision = "osaka"

[[upgrade.activate]]
plugin = "proz-evm"
version = "1.1.0"
vm_type = "evm"
features = ["osaka"]
replaces = ["1.0.0"]
options = { max_code_size = 24576 }

[[upgrade]]
timestamp = 5000
blobs = { max_per_transaction = 6, max_per_block = 15, target_per_block = 10, reserve_gas = 8192, update_fraction = 8346193, min_base_fee = 1 }
"#;

fn spec(text: &str) -> ChainSpec {
    ChainSpec::from_toml(text, Path::new("chain.toml")).unwrap()
}

fn refused(text: &str) -> String {
    let error = ChainSpec::from_toml(text, Path::new("chain.toml"));
    error.unwrap_err().to_string()
}

/// A hash that was published stays: what follows changes only with `spec_version`.
#[test]
fn hashes_are_those_of_the_first_release() {
    let spec = spec(EXAMPLE);
    let genesis = String::from_utf8(spec.canonical_genesis()).unwrap();
    assert_eq!(
        genesis,
        r#"{"activate":[{"features":["shanghai"],"options":{},"plugin":"proz-evm","replaces":[],"version":"1.0.0","vm_type":"evm"}],"chain_id":7,"containers":true,"limits":{"call_depth":1024,"code_size_bytes":24576,"container_size_bytes":1048576,"init_code_size_bytes":49152,"memory_bytes":4294967296},"name":"example","revision":"Shanghai"}"#
    );
    let hashes: Vec<String> = spec.hashes().iter().map(ToString::to_string).collect();
    assert_eq!(hashes, GOLDEN);
}

const GOLDEN: [&str; 3] = [
    "0x83cd779dbcb68e39ff35b2f1d6f8275d0cd311e9e18fcd36f9a7c8a085742fd3",
    "0xffa579b89cb904fd8650fce15cc9effa4c48e282009c22494ae73a32bfeac8b9",
    "0x9494b14e16c1d8e5001678ba8a6719b82fe8249747e837532834c2f4ce0b73e1",
];

#[test]
fn a_written_specification_reads_back() {
    let spec = spec(EXAMPLE);
    assert_eq!(super::tests::spec(&spec.to_toml()), spec);
    let epoch = |number, timestamp| spec.config().rules_at(number, timestamp);
    assert_eq!(epoch(99, 0).revision.to_string(), "Shanghai");
    assert_eq!(epoch(100, 0).revision.to_string(), "Osaka");
    assert_eq!(epoch(100, 0).blobs.max_per_block, 9);
    assert_eq!(epoch(100, 5000).blobs.max_per_block, 15);
}

#[test]
fn what_is_left_out_and_what_is_written_out_hash_alike() {
    let spec = spec(EXAMPLE);
    assert_eq!(super::tests::spec(&spec.to_toml()).hashes(), spec.hashes());
}

#[test]
fn refuses_what_is_no_specification() {
    let cases = [
        ("spec_version = 2", "missing field `genesis`"),
        (
            &EXAMPLE.replace("= 1\n\n[genesis]", "= 2\n\n[genesis]"),
            "expected 1, found 2",
        ),
        (
            &EXAMPLE.replace("\"1.1.0\"", "\"^1.1\""),
            "unexpected character",
        ),
        (
            &EXAMPLE.replace("\"osaka\"\n\n", "\"mars\"\n\n"),
            "`mars` is no revision",
        ),
        (&EXAMPLE.replace("chain_id", "chainid"), "unknown field"),
        (
            &EXAMPLE.replace("block = 100", ""),
            "either a `block` or a `timestamp`",
        ),
        (
            &EXAMPLE.replace("max_code_size = 24576", "machine = {}"),
            "belongs into the operator's",
        ),
        (
            &EXAMPLE.replace("24576 }", "1.5 }"),
            "a float cannot be consensus data",
        ),
        (
            &EXAMPLE.replace("\"example\"", "\"Ex ample\""),
            "lower-case letters",
        ),
        (&EXAMPLE.replace("8346193", "0"), "cannot be 0"),
    ];
    for (text, expected) in cases {
        let error = refused(text);
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn what_has_begun_is_fixed() {
    let old = spec(EXAMPLE);
    let head = (150, 3000);
    let announced = spec(&EXAMPLE.replace("timestamp = 5000", "timestamp = 6000"));
    assert_eq!(old.check_successor(&announced, head), Ok(()));
    let text = |error: Box<SpecChange>| error.to_string();
    let changed = spec(&EXAMPLE.replace("max_code_size = 24576", "max_code_size = 9"));
    assert_eq!(
        old.check_successor(&changed, head).map_err(text),
        Err("the upgrade at block 100 changes; the head is block 150 at time 3000, and what has begun is fixed".into())
    );
    assert_eq!(old.check_successor(&changed, (99, 3000)), Ok(()));
    let added = spec(&format!(
        "{}\n",
        EXAMPLE.replacen("[[upgrade]]", "[[upgrade]]\nblock = 50\n[[upgrade]]", 1)
    ));
    let difference = old.check_successor(&added, head).unwrap_err().difference;
    assert_eq!(difference.kind, DifferenceKind::Added);
    let genesis = spec(&EXAMPLE.replace("chain_id = 7", "chain_id = 8"));
    assert!(old.check_successor(&genesis, (0, 0)).is_err());
}

#[test]
fn nodes_agree_while_neither_has_missed_an_upgrade() {
    let (with, without) = (spec(EXAMPLE), {
        let end = EXAMPLE.find("[[upgrade]]\ntimestamp").unwrap();
        spec(&EXAMPLE[..end])
    });
    let head = (150, 3000);
    // One does not know of the announced upgrade yet.
    assert_eq!(with.check_fork_id(head, without.fork_id(150, 3000)), Ok(()));
    assert_eq!(without.check_fork_id(head, with.fork_id(150, 3000)), Ok(()));
    // It has begun: who knows nothing of it is on another chain.
    assert!(matches!(
        without.check_fork_id((150, 5000), with.fork_id(150, 3000)),
        Err(ForkMismatch::Missed { .. })
    ));
    assert!(matches!(
        with.check_fork_id((150, 5000), without.fork_id(150, 5000)),
        Err(ForkMismatch::WrongNext { .. })
    ));
    // Behind, on the same way.
    assert_eq!(with.check_fork_id((150, 6000), with.fork_id(7, 0)), Ok(()));
    // Ahead.
    assert_eq!(with.check_fork_id((7, 0), with.fork_id(150, 6000)), Ok(()));
    let other = spec(&EXAMPLE.replace("chain_id = 7", "chain_id = 8"));
    assert!(matches!(
        with.check_fork_id(head, other.fork_id(150, 3000)),
        Err(ForkMismatch::Other { .. })
    ));
    let moved = spec(&EXAMPLE.replace("timestamp = 5000", "timestamp = 6000"));
    assert!(matches!(
        with.check_fork_id(head, moved.fork_id(150, 3000)),
        Err(ForkMismatch::Announced { .. })
    ));
}

#[test]
fn reads_no_file_without_end() {
    let error = ChainSpec::read(Path::new("/dev/zero")).unwrap_err();
    assert!(matches!(error, SpecError::TooLarge { .. }), "{error}");
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,200}", cut in 0..EXAMPLE.len()) {
        let _ = ChainSpec::from_toml(&text, Path::new("x"));
        let mut cut = cut;
        while !EXAMPLE.is_char_boundary(cut) { cut -= 1; }
        let _ = ChainSpec::from_toml(&EXAMPLE[..cut], Path::new("x"));
        let _ = ChainSpec::from_toml(&format!("{}{text}{}", &EXAMPLE[..cut], &EXAMPLE[cut..]), Path::new("x"));
    }
}
