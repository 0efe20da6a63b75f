//! `host/runtime/containers.json`: cases of CONTAINERS.md for other implementations, held against
//! this host. `UPDATE_VECTORS=1` writes what the host does; read the change as carefully as code.
#![allow(clippy::unwrap_used, reason = "a test")]

use alloy_primitives::{Address, Bytes, U256, address, hex};
use proz_host::{
    Block, ChainConfig, ChainSpec, Host, SearchPath, Transaction, VmFactoryConfig,
    container::{self, Container},
};
use proz_state::{AccountInfo, MemoryDb};
use proz_tests::plugins_dir;
use serde_json::{Value, json};
use std::{fs, path::PathBuf};

const SENDER: Address = address!("00000000000000000000000000000000000a11ce");
const TARGET: Address = address!("0000000000000000000000000000000000000077");
/// PUSH1 42, PUSH1 0, MSTORE, PUSH1 32, PUSH1 0, RETURN.
const ANSWER: &[u8] = &hex!("602a60005260206000f3");

/// evm 1.0.0 alone until block 10, 1.1.0 beside it until 20, then 1.1.0 in its place.
const SPEC: &str = r#"
spec_version = 1
[genesis]
name = "containers"
chain_id = 1
containers = true
revision = "Shanghai"
[[genesis.activate]]
plugin = "proz-evm"
version = "1.0.0"
vm_type = "evm"
features = FEATURES_OF_1_0
[[upgrade]]
block = 10
[[upgrade.activate]]
plugin = "proz-evm"
version = "1.1.0"
vm_type = "evm"
features = FEATURES_OF_1_1
[[upgrade]]
block = 20
revision = "Osaka"
retire = [{ plugin = "proz-evm", version = "1.0.0" }]
"#;

fn host() -> Host {
    let features = |version: &str| {
        let file = plugins_dir().join(format!("evm-{version}.toml"));
        let manifest = proz_manifest::Manifest::read(&file).unwrap();
        format!(
            "{:?}",
            manifest
                .features
                .iter()
                .map(|f| f.as_str())
                .collect::<Vec<_>>()
        )
    };
    let text = SPEC
        .replace("FEATURES_OF_1_0", &features("1.0"))
        .replace("FEATURES_OF_1_1", &features("1.1"));
    let chain: ChainConfig = ChainSpec::from_toml(&text, "containers".as_ref())
        .unwrap()
        .config();
    let plugins = VmFactoryConfig {
        search_path: SearchPath::explicit([plugins_dir()]),
        ..VmFactoryConfig::default()
    };
    Host::new(chain, plugins).unwrap()
}

fn db(code: Option<&[u8]>) -> MemoryDb {
    let mut db = MemoryDb::new();
    db.insert_account(
        SENDER,
        AccountInfo {
            balance: U256::from(1) << 80,
            ..AccountInfo::default()
        },
    );
    if let Some(code) = code {
        db.set_code(TARGET, Bytes::copy_from_slice(code));
    }
    db
}

/// What a transaction comes to. Gas is that of the whole transaction.
fn outcome(host: &Host, block: u64, to: Option<Address>, input: &[u8], db: &MemoryDb) -> Value {
    let block = Block {
        number: block,
        timestamp: 1,
        gas_limit: 30_000_000,
        chain_id: 1,
        ..Block::default()
    };
    let transaction = Transaction {
        sender: SENDER,
        to,
        input: Bytes::copy_from_slice(input),
        gas_limit: 1_000_000,
        ..Transaction::default()
    };
    match host.call(&block, db, &transaction) {
        Ok(result) => json!({
            "status": result.status.0.0,
            "text": result.status.0.text(),
            "gas_used": result.gas_used,
            "output": result.return_data,
        }),
        Err(error) => panic!("user input ended in an operation error: {error}"),
    }
}

fn parsing() -> Value {
    let good = container::encode("evm", "^1.1[osaka]", ANSWER).unwrap();
    let packed = container::encode_compressed("evm", "", &ANSWER.repeat(9)).unwrap();
    let with = |base: &[u8], at: usize, byte: u8| {
        let mut changed = base.to_vec();
        changed[at] = byte;
        changed
    };
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("version 1", good.clone()),
        ("version 2", packed.clone()),
        ("with arguments", [&good[..], b"args"].concat()),
        ("the magic alone", good[..2].to_vec()),
        ("header cut", good[..8].to_vec()),
        ("payload cut", good[..good.len() - 1].to_vec()),
        ("version 0", with(&good, 2, 0)),
        ("version 3", with(&good, 2, 3)),
        ("no type", hex!("ef500100000000000100").to_vec()),
        ("upper-case type", with(&good, 9, b'E')),
        ("type with a NUL", with(&good, 11, 0)),
        ("requirement of 129 bytes", {
            let mut bytes = hex!("ef5001038100000000").to_vec();
            bytes.extend(b"evm");
            bytes.extend([b'1'; 129]);
            bytes
        }),
        (
            "payload of 2^32-1 bytes",
            hex!("ef50010300ffffffff65766d").to_vec(),
        ),
        (
            "compressed without a length",
            hex!("ef5002030000000003 65766d 000000").to_vec(),
        ),
        (
            "compressed, length too small",
            with(&packed, 15, packed[15] - 1),
        ),
        (
            "compressed, length too large",
            with(&packed, 15, packed[15] + 1),
        ),
    ];
    cases
        .into_iter()
        .map(|(name, bytes)| {
            let parsed = Container::parse(&bytes).ok().and_then(|c| {
                let code = c.payload.unpack(1 << 20).ok()?;
                Some(json!({
                    "vm_type": c.vm_type,
                    "requirement": c.requirement,
                    "code": hex::encode_prefixed(&code),
                    "arguments": hex::encode_prefixed(c.trailing),
                    "size_bytes": c.size_bytes,
                }))
            });
            json!({ "name": name, "bytes": hex::encode_prefixed(&bytes), "parsed": parsed })
        })
        .collect()
}

const REQUIREMENTS: [&str; 46] = [
    "",
    "*",
    " * ",
    "1",
    "1.0",
    "1.0.0",
    "1.1",
    "01",
    "1.00",
    "=1.0.0",
    "= 1.0.0",
    "=1",
    "=1.1.0",
    "^1",
    "^1.0.5",
    "^1.2",
    "~1.0",
    "~1",
    ">1",
    ">1.0.0",
    ">=1.0.0, <1.1",
    ">=1.0.0,<1.1",
    "<1",
    "<=1.0",
    "1.*",
    "1.x",
    "1.X.*",
    "1.*.0",
    "x",
    "1.0.0-rc.1",
    ">=1.0.0-rc.1",
    "1.0.0+build",
    ">=1, ",
    ",1",
    "1 1",
    "^",
    "garbage",
    "1.0.0.0",
    "18446744073709551616",
    "[osaka]",
    "*[osaka]",
    "1[shanghai]",
    "1[osaka,osaka]",
    "1[]",
    "1[osaka",
    "1[no-such-feature]",
];

/// Which of the releases active at each block runs a container with a requirement.
fn requirements(host: &Host) -> Value {
    let cases = REQUIREMENTS.iter().map(|requirement| {
        // The two releases differ in what the instruction MCOPY does before and after Cancun; the
        // gas of an answer is equal, so the trace of the host tells which ran.
        let code = container::encode("evm", requirement, ANSWER).unwrap();
        let runs =
            [5_u64, 15, 25].map(|block| json!({ "block": block, "runs": who(host, block, &code) }));
        json!({ "requirement": requirement, "routes": runs })
    });
    cases.collect()
}

/// The release that runs a stored code at a block, or the status of the halt.
fn who(host: &Host, block: u64, code: &[u8]) -> Value {
    use proz_host::{TransactOptions, inspection::CallTreeInspector};
    let block = Block {
        number: block,
        timestamp: 1,
        gas_limit: 30_000_000,
        chain_id: 1,
        ..Block::default()
    };
    let tree = std::cell::RefCell::new(CallTreeInspector::new());
    let options = TransactOptions {
        inspector: Some(&tree),
        mode: proz_host::Mode::Simulation,
        ..TransactOptions::default()
    };
    let transaction = Transaction {
        sender: SENDER,
        to: Some(TARGET),
        gas_limit: 100_000,
        ..Transaction::default()
    };
    let result = host
        .execute(&block, &db(Some(code)), &transaction, options)
        .unwrap();
    if !result.is_success() {
        return json!(result.status.0.text());
    }
    json!(tree.into_inner().into_tree().map(|frame| frame.code))
}

fn executions(host: &Host) -> Value {
    let stored = |vm: &str, requirement: &str| container::encode(vm, requirement, ANSWER).unwrap();
    let good = stored("evm", "^1");
    let packed = container::encode_compressed("evm", "^1", &ANSWER.repeat(9)).unwrap();
    let deploys_magic = |bytes: &[u8]| {
        let mut code = Vec::new();
        for (i, byte) in bytes.iter().enumerate() {
            code.extend([0x60, *byte, 0x60, i as u8, 0x53]);
        }
        code.extend([0x60, bytes.len() as u8, 0x60, 0, 0xf3]);
        code
    };
    let mut cases = Vec::new();
    let mut case =
        |name: &str, block: u64, to: Option<Address>, input: &[u8], code: Option<&[u8]>| {
            let expected = outcome(host, block, to, input, &db(code));
            cases.push(json!({
                "name": name,
                "block": block,
                "create": to.is_none(),
                "input": hex::encode_prefixed(input),
                "code_of_target": code.map(hex::encode_prefixed),
                "gas_limit": 1_000_000,
                "expected": expected,
            }));
        };
    for (name, code) in [
        ("version 1", good.clone()),
        ("version 2", packed.clone()),
        ("of an unknown type", stored("nosuch", "")),
        ("of a version that nobody has", stored("evm", "^9")),
        ("of a malformed requirement", stored("evm", "garbage")),
        (
            "of a release that is not active yet",
            stored("evm", "=1.1.0"),
        ),
        ("of a glued name", stored("evm1", "")),
        ("cut", good[..good.len() - 1].to_vec()),
        ("of version 9", [&[0xef, 0x50, 9][..], &good[3..]].concat()),
        (
            "whose block is damaged",
            [&packed[..18], &[0xff], &packed[19..]].concat(),
        ),
        ("the magic alone", vec![0xef, 0x50]),
    ] {
        case(&format!("create a container {name}"), 5, None, &code, None);
        case(
            &format!("call a container {name}"),
            5,
            Some(TARGET),
            &[],
            Some(&code),
        );
    }
    let old = stored("evm", "=1.0.0");
    case(
        "call a release while it is active",
        15,
        Some(TARGET),
        &[],
        Some(&old),
    );
    case(
        "call a release that was retired",
        25,
        Some(TARGET),
        &[],
        Some(&old),
    );
    case(
        "create for a release that was retired",
        25,
        None,
        &old,
        None,
    );
    let trailing = [&good[..], &[0]].concat();
    case("create with arguments", 5, None, &trailing, None);
    case(
        "call a container that something follows",
        5,
        Some(TARGET),
        &[],
        Some(&trailing),
    );
    for bytes in [
        &[0xef][..],
        &[0xef, 0x50],
        &[0xef, 0x50, 1],
        &[0xef, 0x51],
        &good[..20],
    ] {
        let name = format!("init code returns {}", hex::encode(bytes));
        case(&name, 5, None, &deploys_magic(bytes), None);
    }
    Value::Array(cases)
}

#[test]
fn the_host_does_what_the_cases_say() {
    let host = host();
    let generated = json!({
        "specification": "host/runtime/CONTAINERS.md",
        "schedule": "evm 1.0.0 from block 0, evm 1.1.0 beside it from 10, evm 1.0.0 retired at 20; Shanghai, Osaka from 20",
        "sender": SENDER,
        "target": TARGET,
        "parsing": parsing(),
        "requirements": requirements(&host),
        "executions": executions(&host),
    });
    let generated = serde_json::to_string_pretty(&generated).unwrap() + "\n";
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../host/runtime/containers.json");
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        fs::write(&file, &generated).unwrap();
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == generated,
        "containers.json differs from what the host does"
    );
}
