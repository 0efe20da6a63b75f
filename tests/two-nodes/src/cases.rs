//! Histories by name: what was found once, each in its smallest form and with its variants.

use std::fmt::Write as _;

use alloy_primitives::{Address, Bytes, U256};
use proz_tests::evm::{assemble, assemble_with, init_code};

use crate::{
    Account, Chain, History, NodeCalls, Release, RevisionFrom, Setup, Step, Transaction,
    codes::{artefact, batch, enclose, entry, factory},
};

const SENDER: Address = Address::repeat_byte(0xa0);
const GAS: u64 = 15_000_000;

/// All histories with their names.
#[must_use]
pub fn cases() -> Vec<(&'static str, History)> {
    vec![
        ("a simulation of a glued name", simulated_glued_name()),
        ("glued names in one transaction", created_glued_names()),
        ("glued names met in both orders", called_glued_names()),
        ("types and requirements that nobody has", unknown_machines()),
        (
            "a container that a fork leaves behind",
            container_across_forks(),
        ),
        (
            "a container that a fork leaves to another",
            container_answered_for(),
        ),
        ("the magic bytes before London", magic_before_london()),
        (
            "a release installed beside the scheduled one",
            release_beside(),
        ),
        ("another plugin of a higher version", other_plugin()),
        ("a newer pack of precompiles", newer_pack()),
        ("a release put in the place of another", exchanged()),
        ("a swap of builds and a roll-back", swapped_builds()),
        ("a deep constructor on other settings", deep_constructor()),
        (
            "growing memory where there is none",
            growth_without_memory(),
        ),
    ]
}

fn at(number: u8) -> Address {
    let mut address = Address::repeat_byte(0xc0);
    address.0[19] = number;
    address
}

fn minimal_wasm() -> Vec<u8> {
    module("(func (export \"main\"))")
}

fn module(functions: &str) -> Vec<u8> {
    let text = format!(
        "(module (import \"env\" \"return\" (func $return (param i32 i32)))
         (memory (export \"memory\") 1) {functions})"
    );
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn call(to: Address, input: impl Into<Bytes>) -> Transaction {
    Transaction {
        from: SENDER,
        to: Some(to),
        gas: GAS,
        gas_price: 10,
        input: input.into(),
        ..Transaction::default()
    }
}

fn create(code: impl Into<Bytes>) -> Transaction {
    Transaction {
        to: None,
        ..call(SENDER, code)
    }
}

fn block(number: u64, transactions: Vec<Transaction>) -> Step {
    Step::Block {
        number,
        transactions,
        meanwhile: Vec::new(),
    }
}

fn release(plugin: &str, version: &str, from_block: u64) -> Release {
    Release {
        plugin: plugin.to_owned(),
        version: version.to_owned(),
        from_block,
        ..Release::default()
    }
}

fn revision(revision: &str, from_block: u64) -> RevisionFrom {
    RevisionFrom {
        from_block,
        revision: revision.to_owned(),
    }
}

fn node(name: &str) -> Setup {
    Setup {
        name: name.to_owned(),
        ..Setup::default()
    }
}

fn settings(vm_type: &str, text: &str) -> Setup {
    let table = text
        .parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"));
    Setup {
        settings: [(vm_type.to_owned(), table)].into(),
        ..node(&text.replace('\n', " "))
    }
}

/// A history by the latest rules and the newest releases, on contracts at [`at`] 0, 1, …
fn history(codes: Vec<Vec<u8>>, nodes: Vec<Setup>, steps: Vec<Step>) -> History {
    let mut genesis = vec![Account {
        address: SENDER,
        balance: U256::from(1) << 120,
        ..Account::default()
    }];
    genesis.extend((0_u8..).zip(codes).map(|(number, code)| Account {
        address: at(number),
        nonce: 1,
        code: code.into(),
        ..Account::default()
    }));
    let mut all = vec![node("plain")];
    all.extend(nodes);
    History {
        note: String::new(),
        chain: Chain {
            revisions: vec![revision("osaka", 0)],
            releases: vec![
                release("proz-evm", "1.1.0", 0),
                release("proz-wasm", "1.1.0", 0),
                release("proz-prozvm", "1.1.0", 0),
                release("proz-precompiles", "2.0.0", 0),
            ],
            retired: Vec::new(),
        },
        genesis,
        nodes: all,
        steps,
    }
}

/// A free call on one node names `wasm1`; then all call a contract of `wasm` that requires `1`.
fn simulated_glued_name() -> History {
    let pairs = [
        ("wasm", minimal_wasm()),
        ("prozvm", program()),
        ("evm", answer()),
    ];
    let victims = pairs
        .iter()
        .map(|(vm_type, code)| enclose(vm_type, "1", code));
    let calls = pairs
        .iter()
        .map(|(vm_type, code)| create(enclose(&format!("{vm_type}1"), "", code)));
    history(
        victims.collect(),
        vec![node("simulates")],
        vec![
            Step::Simulate(NodeCalls {
                node: 1,
                calls: calls.collect(),
            }),
            block(1, (0..3).map(|number| call(at(number), [])).collect()),
        ],
    )
}

/// A factory creates `wasm`/`1` and then `wasm1`/``; a node that restarts calls the second.
fn created_glued_names() -> History {
    let code = minimal_wasm();
    let (good, glued) = (enclose("wasm", "1", &code), enclose("wasm1", "", &code));
    let both = [
        entry(5, &at(0), u32::MAX, false, &good),
        entry(5, &at(0), u32::MAX, false, &glued),
    ];
    let created = |code: &[u8]| at(0).create2([0; 32], alloy_primitives::keccak256(code));
    history(
        vec![batch()],
        vec![node("restarts")],
        vec![
            block(1, vec![call(at(0), both.concat())]),
            Step::Restart { node: 1 },
            block(2, vec![call(created(&glued), []), call(created(&good), [])]),
        ],
    )
}

/// Stored code of both names, called in both orders; a restart between.
fn called_glued_names() -> History {
    let (good, glued) = (
        enclose("evm", "1", &answer()),
        enclose("evm1", "", &answer()),
    );
    let calls = |order: [u8; 2]| {
        let entries = order.map(|number| entry(3, &at(number), 100_000, false, &[]));
        call(at(2), entries.concat())
    };
    history(
        vec![good, glued, batch()],
        vec![node("restarts"), node("stays")],
        vec![
            block(1, vec![calls([0, 1])]),
            Step::Restart { node: 1 },
            block(2, vec![calls([1, 0]), calls([0, 1])]),
            Step::Restart { node: 2 },
            block(3, vec![call(at(1), []), call(at(0), [])]),
        ],
    )
}

/// Creations that name what nobody has, from outside, by a factory, and in a frame that goes on.
fn unknown_machines() -> History {
    let named = [
        ("nosuch", ""),
        ("wasm", "^9"),
        ("wasm", "=1.1.0-rc.1"),
        ("wasm", ">=1, <1"),
        ("wasm", "^1[nosuch]"),
        ("wasm", "garbage"),
        ("evm", "2"),
        ("prozvm", "=0.0.1"),
        ("precompile", ""),
        ("precompile", "*"),
    ];
    let mut steps = Vec::new();
    for (number, (vm_type, requirement)) in (1..).zip(named) {
        let code = enclose(vm_type, requirement, &minimal_wasm());
        let caught = entry(4, &at(0), u32::MAX, false, &code);
        let outside = create(code.clone());
        steps.push(block(
            number,
            vec![call(at(1), caught), call(at(0), code), outside],
        ));
    }
    // Stored ones, met by every kind of call.
    let stored = named.map(|(vm_type, requirement)| enclose(vm_type, requirement, &answer()));
    let first = 2;
    for (number, place) in (20..).zip(0..stored.len() as u8) {
        let calls = (0..4).map(|kind| entry(kind, &at(first + place), 200_000, false, &[]));
        let calls: Vec<u8> = calls.flatten().collect();
        steps.push(block(
            number,
            vec![call(at(1), calls), call(at(first + place), [])],
        ));
    }
    let mut codes = vec![factory(), batch()];
    codes.extend(stored);
    let all = Setup {
        extra: vec!["stranger".to_owned(), "wasm_newer".to_owned()],
        ..node("has strangers")
    };
    history(codes, vec![all], steps)
}

/// An `evm` container that requires the release of Shanghai, created before and called after.
fn container_across_forks() -> History {
    let container = enclose("evm", "=1.0.0", &answer());
    let through = entry(0, &at(1), 50_000, false, &[]);
    let calls = |number| {
        let created = create(container.clone());
        block(
            number,
            vec![call(at(1), []), call(at(0), through.clone()), created],
        )
    };
    let steps = vec![calls(1), Step::Restart { node: 1 }, calls(2), calls(3)];
    let mut history = history(
        vec![batch(), container.clone()],
        vec![node("restarts")],
        steps,
    );
    history.chain.revisions = vec![
        revision("shanghai", 0),
        revision("cancun", 2),
        revision("osaka", 3),
    ];
    history.chain.releases[0] = release("proz-evm", "1.0.0", 0);
    history.chain.releases.push(release("proz-evm", "1.1.0", 2));
    history.chain.retired.push(release("proz-evm", "1.0.0", 2));
    history
}

/// The same, where the later release answers for the earlier one.
fn container_answered_for() -> History {
    let mut history = container_across_forks();
    history.chain.retired.clear();
    if let Some(last) = history.chain.releases.last_mut() {
        last.replaces.push("1.0.0".to_owned());
    }
    history
}

/// Code that begins with the magic bytes, deployed by plain init code before EIP-3541.
fn magic_before_london() -> History {
    let codes = [
        vec![0xef, b'P', 1],
        enclose("wasm", "", b"\0asm garbage"),
        enclose("nosuch", "", b"x"),
        enclose("evm", "", &answer()),
    ];
    let mut steps = vec![block(
        1,
        codes.iter().map(|code| create(init_code(code))).collect(),
    )];
    for number in 2..4 {
        let created = (0..codes.len() as u64).map(|nonce| call(SENDER.create(nonce), []));
        let stored = (1..=codes.len() as u8).map(|place| call(at(place), []));
        steps.push(block(number, created.chain(stored).collect()));
    }
    let mut stored = vec![batch()];
    stored.extend(codes.clone());
    let mut history = history(stored, vec![node("other")], steps);
    history.chain.revisions = vec![revision("berlin", 0), revision("london", 3)];
    history
}

/// A module of the later release in a container for any: only 1.0 is scheduled, and one node has 1.1.
fn release_beside() -> History {
    let module = artefact("wasm/artifacts/stylus-counter.wasm");
    let requirements = ["", "^1", "=1.1.0", "=1.0.0", "^1.1"];
    let codes: Vec<_> = requirements
        .iter()
        .map(|text| enclose("wasm", text, &module))
        .collect();
    let stored = (0..codes.len() as u8).map(|number| call(at(number), [0x83, 0x81, 0xf5, 0x8a]));
    let steps = vec![
        block(1, stored.collect()),
        block(2, codes.iter().map(|code| create(code.clone())).collect()),
    ];
    let only = Setup {
        lacks: vec!["proz-wasm@1.1.0".to_owned()],
        ..node("only 1.0")
    };
    let more = Setup {
        extra: ["wasm_older", "wasm_newer", "wasm_next"]
            .map(str::to_owned)
            .into(),
        ..node("more")
    };
    let mut history = history(codes, vec![only, more], steps);
    history.chain.releases[1] = release("proz-wasm", "1.0.0", 0);
    history
}

/// A plugin of another id serves the same types under a higher version.
fn other_plugin() -> History {
    let codes = vec![
        enclose("wasm", "", &minimal_wasm()),
        enclose("evm", "", &answer()),
        answer(),
        enclose("evm1", "", &answer()),
    ];
    let with = |file: &str| Setup {
        extra: vec![file.to_owned()],
        ..node(file)
    };
    history(
        codes,
        [
            "wasm_other",
            "evm_other",
            "evm_glued",
            "wasm_glued",
            "prozvm_glued",
        ]
        .map(with)
        .into(),
        vec![block(
            1,
            (0..4).map(|number| call(at(number), [])).collect(),
        )],
    )
}

/// A pack of precompiles that answers otherwise is installed and not scheduled.
fn newer_pack() -> History {
    let precompiles =
        [1, 2, 4, 9, 0xee].map(|number| call(Address::with_last_byte(number), [7; 40]));
    let newer = Setup {
        extra: vec!["pack_newer".to_owned()],
        ..node("newer pack")
    };
    history(Vec::new(), vec![newer], vec![block(1, precompiles.into())])
}

/// An operator puts releases in one another's place.
fn exchanged() -> History {
    let stylus = artefact("wasm/artifacts/stylus-counter.wasm");
    let counter = artefact("prozvm/artifacts/counter-c.pz");
    let codes = vec![
        enclose("wasm", "", &stylus),
        enclose("prozvm", "", &counter),
        enclose("wasm", "=1.1.0", &stylus),
        answer(),
    ];
    let calls = || {
        (0..4)
            .map(|number| call(at(number), [0x83, 0x81, 0xf5, 0x8a]))
            .collect()
    };
    let exchange = |old: &str, new: &str| Step::Exchange {
        node: 1,
        old: old.to_owned(),
        new: new.to_owned(),
    };
    history(
        codes,
        vec![node("exchanges")],
        vec![
            exchange("proz-wasm@1.1.0", "proz-wasm@1.0.0"),
            block(1, calls()),
            exchange("proz-prozvm@1.1.0", "proz-prozvm@1.0.0"),
            exchange("proz-evm@1.1.0", "proz-evm@1.0.0"),
            exchange("proz-precompiles@2.0.0", "proz-precompiles@1.0.0"),
            block(2, calls()),
            Step::RollBack { node: 1 },
            block(3, calls()),
        ],
    )
}

/// Builds of the same releases, swapped, rolled back and restarted, with files kept.
fn swapped_builds() -> History {
    let code = enclose("wasm", "", &artefact("wasm/artifacts/counter.wasm"));
    let proz = enclose("prozvm", "", &artefact("prozvm/artifacts/counter-c.pz"));
    let calls = |number| {
        let calls = (0..2).map(|place| call(at(place), [0xd0, 0x9d, 0xe0, 0x8a]));
        block(number, calls.chain([create(code.clone())]).collect())
    };
    let keeper = Setup {
        keeps_files: true,
        ..node("keeps files")
    };
    let rebuilt = Setup {
        keeps_files: true,
        rebuilt: true,
        ..node("rebuilt")
    };
    history(
        vec![code.clone(), proz],
        vec![keeper, rebuilt],
        vec![
            calls(1),
            Step::SwapBuilds { node: 1 },
            calls(2),
            Step::Restart { node: 1 },
            Step::Restart { node: 2 },
            calls(3),
            Step::SwapBuilds { node: 2 },
            calls(4),
            Step::RollBack { node: 2 },
            Step::RollBack { node: 1 },
            calls(5),
        ],
    )
}

/// A constructor whose frames fit a native stack or do not, by the settings of the compiler.
fn deep_constructor() -> History {
    let transactions = [
        ("constructor", 325),
        ("constructor", 324),
        ("main", 325),
        ("constructor", 120),
    ]
    .map(|(entry, depth)| Transaction {
        gas: 1 << 24,
        ..create(enclose("wasm", "", &chain_of_calls(depth, entry)))
    });
    let steps = (1..)
        .zip(transactions)
        .map(|(number, one)| block(number, vec![one]));
    history(
        Vec::new(),
        vec![
            settings("wasm", "optimize = false"),
            settings("wasm", "native_stack_bytes = 1048576"),
            settings("wasm", "signals_based_traps = false\nuninterrupted_gas = 0"),
        ],
        steps.collect(),
    )
}

/// Functions that call the next, with a hundred parameters each, down to one with many live values.
fn chain_of_calls(depth: usize, entry: &str) -> Vec<u8> {
    const PARAMS: usize = 100;
    const VALUES: usize = 150;
    let mut text = "(module (memory (export \"memory\") 1)
        (global (export \"output_ptr\") (mut i32) (i32.const 0))
        (global (export \"output_len\") (mut i32) (i32.const 0))"
        .to_owned();
    let signature = format!("(param{})", " i64".repeat(PARAMS));
    let loads = "(i64.load (i32.const 0))".repeat(PARAMS);
    let _ = write!(
        text,
        "(func (export \"{entry}\") (result i32) {loads} call $f0 i32.const 0)"
    );
    if entry != "main" {
        text.push_str("(func (export \"main\") (result i32) (i32.const 0))");
    }
    for number in 0..depth {
        let _ = write!(text, "(func $f{number} {signature}");
        for param in 0..PARAMS {
            let _ = write!(text, "(local.get {})", (param + 1) % PARAMS);
        }
        let _ = write!(text, "call $f{})", number + 1);
    }
    let _ = write!(
        text,
        "(func $f{depth} {signature} (drop (call $g (i32.const 8))))
         (func $g (param i32) (result i32) {} (local.get 0) {}))",
        "(i32.load (local.get 0))".repeat(VALUES),
        "i32.add ".repeat(VALUES)
    );
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"))
}

/// Memory that grows on all nodes or on none that goes on.
fn growth_without_memory() -> History {
    let grows = |pages: u32| {
        module(&format!(
            "(func (export \"main\")
                (i32.store (i32.const 0) (memory.grow (i32.const {pages})))
                (call $return (i32.const 0) (i32.const 4)))"
        ))
    };
    let proz = |bss: u32| {
        let text = format!(
            ".stack 4096\n.bss {bss}\n.pages 4096\n.export \"fallback\" main fallback payable\n
             .func main () -> 0\n la t0, __bss\n sd t0, 0(t0)\n mv a0, t0\n li a1, 8\n sys return\n ret\n"
        );
        let program = proz_prozvm_asm::assemble(&text, &proz_prozvm_syscalls::CHAIN);
        program.unwrap_or_else(|error| panic!("{error}")).encode()
    };
    let evm = assemble_with("8000000 MLOAD 0 MSTORE 32 0 RETURN", &[]);
    let codes = vec![
        enclose("wasm", "", &grows(100)),
        enclose("wasm", "", &grows(20)),
        enclose("prozvm", "", &proz(16_000_000)),
        enclose("prozvm", "", &proz(4_000_000)),
        evm,
        batch(),
    ];
    let tries: Vec<u8> = (0..4)
        .flat_map(|place| entry(0, &at(place), 3_000_000, false, &[]))
        .collect();
    let mut steps = Vec::new();
    for number in 1..6 {
        let place = number as u8 - 1;
        steps.push(block(number, vec![call(at(place), [])]));
    }
    steps.push(block(6, vec![call(at(5), tries)]));
    // Steps smaller than what one of the contracts asks for: some node lacks just that.
    let limited = (12_000..72_000).step_by(4_000).map(|kib| Setup {
        limits: vec!["-d".to_owned(), kib.to_string()],
        ..node(&format!("ulimit -d {kib}"))
    });
    history(codes, limited.collect(), steps)
}

/// EVM code that returns 42.
fn answer() -> Vec<u8> {
    assemble("42 0 MSTORE 32 0 RETURN")
}

fn program() -> Vec<u8> {
    artefact("prozvm/artifacts/counter-c.pz")
}
