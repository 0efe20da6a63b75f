//! Wasm modules: dear to compile, dear to run, dear to begin.

use proz_tests::evm::assemble;

use crate::{
    rows::Row,
    scene::{Scene, calls, calls_in_turn, container, creates, creates_with, forever, victim},
};

/// What every module imports, and some things to work with.
const HEAD: &str = r#"
    (import "env" "return" (func $return (param i32 i32)))
    (import "env" "storage_get" (func $storage_get (param i32 i32) (result i32)))
    (import "env" "storage_set" (func $storage_set (param i32 i32)))
    (import "env" "storage_read" (func $storage_read (param i32 i32 i32 i32) (result i32)))
    (import "env" "transient_set" (func $transient_set (param i32 i32)))
    (import "env" "emit_event" (func $emit (param i32 i32 i32 i32)))
    (import "env" "call" (func $call (param i32 i32 i32 i64 i32 i32) (result i32)))
    (import "env" "create" (func $create (param i32 i32 i32 i32 i32 i32) (result i32)))
    (import "env" "address" (func $address (param i32)))
    (import "env" "balance" (func $balance (param i32 i32)))
    (import "env" "code_copy" (func $code_copy (param i32 i32 i32 i32) (result i32)))
    (import "env" "block_hash" (func $block_hash (param i64 i32) (result i32)))
    (import "env" "gas_left" (func $gas (result i64)))
    (import "env" "keccak256" (func $keccak (param i32 i32 i32)))
    (import "env" "sha256" (func $sha256 (param i32 i32 i32)))
    (import "env" "ecrecover" (func $ecrecover (param i32 i32) (result i32)))
    (import "env" "input_copy" (func $input_copy (param i32 i32 i32)))"#;

/// A module; `salt` sits in its last 32 bytes, in a section that nobody reads.
pub(crate) fn module(pages: u32, items: &str, main: &str, salt: u64) -> Vec<u8> {
    let text = format!(
        "(module {HEAD} (memory (export \"memory\") {pages})
         (table 64 funcref) (elem (i32.const 0) func $leaf)
         (type $leaf_type (func)) (func $leaf) (elem declare func $leaf)
         {items}
         (func (export \"main\") (local $i i32) (local $n i64) {main}))"
    );
    salted(&text, salt)
}

/// Parses a module's text and adds a section with a salt at its end.
pub(crate) fn salted(text: &str, salt: u64) -> Vec<u8> {
    let mut code = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    // A custom section of 34 bytes: a name of one byte, then the salt.
    code.extend([0, 34, 1, b's']);
    code.extend([0; 24]);
    code.extend(salt.to_be_bytes());
    code
}

/// A module whose constructor reverts: it is compiled, and not a byte of it is paid for as stored.
pub(crate) fn refusing(items: &str, salt: u64) -> Vec<u8> {
    let text = format!(
        "(module (import \"env\" \"return\" (func $return (param i32 i32)))
         (memory (export \"memory\") 1) (func (export \"main\"))
         (func (export \"constructor\") (result i32) (i32.const 1)) {items})"
    );
    salted(&text, salt)
}

/// Loops in one another around reads and writes of all locals, and a table of branches to all loops.
pub(crate) fn bomb(depth: usize, locals: usize) -> String {
    let reads: String = (0..locals).map(|at| format!("(local.get {at})")).collect();
    let writes: String = (0..locals).map(|at| format!("(local.set {at})")).collect();
    let labels: String = (0..=depth).map(|at| format!(" {at}")).collect();
    format!(
        "(func (local {}) block {} (local.set 0 (i64.load (i32.const 16))) {reads} {writes}
            (br_table{labels} (i32.load (i32.const 0))) {} end
            (i64.store (i32.const 8) (local.get 0)))",
        "i64 ".repeat(locals),
        "loop ".repeat(depth),
        "end ".repeat(depth)
    )
}

/// Functions, each with this body.
pub(crate) fn functions(count: usize, signature: &str, body: &str) -> String {
    format!("(func {signature} {body})\n").repeat(count)
}

/// Bodies that a compiler finds hard: name and items of a module.
pub(crate) fn hard_bodies() -> Vec<(&'static str, String)> {
    let loads = "(i64.load (i32.const 0))";
    vec![
        ("400 loops around 400 locals", bomb(400, 400)),
        ("2000 loops around 1024 locals", bomb(2_000, 1_024)),
        (
            "40 loops around 40 locals, 30 times",
            bomb(40, 40).repeat(30),
        ),
        (
            "3000 loops in a row",
            functions(1, "", &"loop end ".repeat(3_000)),
        ),
        (
            "30000 loops in a row",
            functions(1, "", &"loop end ".repeat(30_000)),
        ),
        (
            "30 loops in 200 functions",
            functions(200, "", &"loop end ".repeat(30)),
        ),
        (
            "4000 branches in a row",
            functions(
                1,
                "(param i32)",
                &"block (br_if 0 (local.get 0)) end ".repeat(4_000),
            ),
        ),
        ("2000 empty functions", functions(2_000, "", "")),
        (
            "300 functions of 100 parameters",
            functions(300, &format!("(param {})", "i64 ".repeat(100)), ""),
        ),
        (
            "300 functions of 1000 locals",
            functions(300, &format!("(local {})", "i64 ".repeat(1_000)), ""),
        ),
        (
            "300 calls with 100 arguments",
            format!(
                "(func $wide (param {})) {}",
                "i64 ".repeat(100),
                functions(
                    10,
                    "(local i64)",
                    &format!("{} (call $wide)", "(local.get 0)".repeat(100)).repeat(30)
                )
            ),
        ),
        (
            "600 calls with 16 results",
            format!(
                "(func $many (result {}) {}) {}",
                "i64 ".repeat(16),
                "(i64.const 1)".repeat(16),
                functions(
                    10,
                    "",
                    &format!("(call $many) {}", "drop ".repeat(16)).repeat(60)
                )
            ),
        ),
        (
            "16000 additions",
            functions(
                4,
                "(local i64)",
                &"(local.set 0 (i64.add (local.get 0) (i64.const 77)))".repeat(4_000),
            ),
        ),
        (
            "8000 loads and stores",
            functions(
                2,
                "",
                &format!("(i64.store (i32.const 8) {loads})").repeat(4_000),
            ),
        ),
        (
            "4000 divisions",
            functions(
                1,
                "(param i64)",
                &"(local.set 0 (i64.div_s (i64.const -7) (local.get 0)))".repeat(4_000),
            ),
        ),
        (
            "2000 bulk copies",
            functions(
                2,
                "(param i32)",
                &"(memory.copy (local.get 0) (local.get 0) (local.get 0))".repeat(1_000),
            ),
        ),
        (
            "1000 table operations",
            functions(
                1,
                "(param i32)",
                &"(table.copy (local.get 0) (local.get 0) (local.get 0))".repeat(1_000),
            ),
        ),
        (
            "4000 references to functions",
            functions(2, "", &"(drop (ref.func $hardly))".repeat(2_000))
                + "(func $hardly) (elem declare func $hardly)",
        ),
        (
            "a branch table of 4000, 12 times",
            functions(
                1,
                "(param i32)",
                &format!("block (br_table {} (local.get 0)) end ", "0 ".repeat(4_000)).repeat(12),
            ),
        ),
        (
            "blocks 1000 deep",
            functions(
                4,
                "",
                &format!("{}{}", "block ".repeat(1_000), "end ".repeat(1_000)),
            ),
        ),
        ("400 values kept across 400 blocks", {
            let all: String = (0..400)
                    .map(|at| format!("(i64.store offset={} (i32.const 0) (i64.mul (local.get 1) (i64.const {})))", 8 * at, at * 7_919 + 13))
                    .collect();
            format!(
                "(func (param i32 i64) {all} {} {all})",
                "block (br_if 0 (local.get 0)) end ".repeat(400)
            )
        }),
        (
            "900 globals and exports",
            (0..900)
                .map(|at| format!("(global (export \"g{at}\") i64 (i64.const {at}))"))
                .collect(),
        ),
        (
            "900 segments of data",
            "(data (i32.const 0) \"x\")".repeat(900),
        ),
        (
            "1900 types",
            (0..1_900)
                .map(|at: usize| {
                    format!("(type (func (param {}) ))", "i32 i64 ".repeat(1 + at % 40))
                })
                .collect(),
        ),
    ]
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = deployments();
    rows.extend(loops());
    rows.extend(frames());
    rows
}

fn deployments() -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, items) in hard_bodies() {
        let one = items.clone();
        rows.push(Row::new(format!("wasm deploy: {name}"), move || {
            Scene::create(container("wasm", &refusing(&one, 0)))
        }));
        let again = items.clone();
        rows.push(Row::new(format!("wasm deploy again: {name}"), move || {
            let code = container("wasm", &refusing(&again, 0));
            let salt_at = code.len() - 32;
            Scene::call(creates(&code, salt_at))
        }));
        rows.push(Row::new(
            format!("wasm deploy hardly paid: {name}"),
            move || {
                // Enough for the creation and its init code, and for little more.
                let code = container("wasm", &refusing(&items, 0));
                let gas = 34_000 + 22 * code.len() as u64;
                let salt_at = code.len() - 32;
                creates_with(&code, salt_at, gas)
            },
        ));
    }
    rows
}

/// Bodies of a loop without an end, with how often they stand in it.
const LOOPS: [(&str, usize, &str); 34] = [
    ("nothing", 1, ""),
    (
        "additions",
        64,
        "(local.set $i (i32.add (local.get $i) (i32.const 3)))",
    ),
    (
        "multiplications",
        64,
        "(local.set $n (i64.mul (local.get $n) (i64.const 77)))",
    ),
    (
        "divisions",
        32,
        "(local.set $n (i64.div_u (i64.const -1) (i64.or (local.get $n) (i64.const 1))))",
    ),
    (
        "remainders",
        32,
        "(local.set $n (i64.rem_s (i64.const -9) (i64.or (local.get $n) (i64.const 1))))",
    ),
    (
        "counts of bits",
        64,
        "(local.set $n (i64.add (i64.popcnt (local.get $n)) (i64.clz (local.get $n))))",
    ),
    ("references to functions", 16, "(drop (ref.func $leaf))"),
    (
        "writes of a table",
        16,
        "(table.set (i32.const 1) (ref.func $leaf))",
    ),
    ("reads of a table", 16, "(drop (table.get (i32.const 0)))"),
    (
        "fills of a table",
        16,
        "(table.fill (i32.const 0) (ref.null func) (i32.const 1))",
    ),
    (
        "larger fills of a table",
        16,
        "(table.fill (i32.const 0) (ref.func $leaf) (i32.const 64))",
    ),
    (
        "copies of a table",
        16,
        "(table.copy (i32.const 0) (i32.const 1) (i32.const 60))",
    ),
    (
        "indirect calls",
        16,
        "(call_indirect (type $leaf_type) (i32.const 0))",
    ),
    ("calls", 16, "(call $leaf)"),
    (
        "small fills",
        16,
        "(memory.fill (i32.const 0) (i32.const 0) (i32.const 1))",
    ),
    (
        "small copies",
        16,
        "(memory.copy (i32.const 0) (i32.const 9) (i32.const 1))",
    ),
    (
        "large fills",
        1,
        "(memory.fill (i32.const 0) (i32.const 0) (i32.const 65536))",
    ),
    (
        "large copies",
        1,
        "(memory.copy (i32.const 0) (i32.const 32768) (i32.const 32768))",
    ),
    (
        "growth by nothing",
        16,
        "(drop (memory.grow (i32.const 0)))",
    ),
    (
        "growth that is refused",
        16,
        "(drop (memory.grow (i32.const 1000)))",
    ),
    ("sizes of memory", 16, "(drop (memory.size))"),
    (
        "stores of whole pages",
        1,
        "(i64.store (local.get $i) (i64.const 1)) (local.set $i (i32.and (i32.add (local.get $i) (i32.const 4096)) (i32.const 65535)))",
    ),
    (
        "hashes of 32 bytes",
        16,
        "(call $keccak (i32.const 0) (i32.const 32) (i32.const 64))",
    ),
    (
        "hashes of 64 KiB",
        4,
        "(call $keccak (i32.const 0) (i32.const 65000) (i32.const 64))",
    ),
    (
        "SHA-256 of 64 KiB",
        4,
        "(call $sha256 (i32.const 0) (i32.const 65000) (i32.const 64))",
    ),
    (
        "signatures",
        4,
        "(drop (call $ecrecover (i32.const 0) (i32.const 256)))",
    ),
    ("gas left", 16, "(drop (call $gas))"),
    (
        "hashes of blocks",
        16,
        "(drop (call $block_hash (i64.const 900) (i32.const 0)))",
    ),
    (
        "reads of new slots",
        1,
        "(i32.store (i32.const 28) (local.get $i)) (drop (call $storage_get (i32.const 0) (i32.const 64))) (local.set $i (i32.add (local.get $i) (i32.const 1)))",
    ),
    (
        "reads of one slot",
        16,
        "(drop (call $storage_get (i32.const 0) (i32.const 64)))",
    ),
    (
        "reads of long values",
        1,
        "(i32.store (i32.const 28) (local.get $i)) (drop (call $storage_read (i32.const 0) (i32.const 32) (i32.const 64) (i32.const 60000))) (local.set $i (i32.add (local.get $i) (i32.const 1)))",
    ),
    (
        "transient writes of new slots",
        1,
        "(i32.store (i32.const 28) (local.get $i)) (call $transient_set (i32.const 0) (i32.const 64)) (local.set $i (i32.add (local.get $i) (i32.const 1)))",
    ),
    (
        "events",
        16,
        "(call $emit (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))",
    ),
    (
        "copies of input",
        16,
        "(call $input_copy (i32.const 0) (i32.const 0) (i32.const 65536))",
    ),
];

fn loops() -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, count, body) in LOOPS {
        rows.push(Row::new(format!("wasm: {name}"), move || {
            let main = format!("(loop $again {} (br $again))", body.repeat(count));
            Scene::call(container("wasm", &module(1, "", &main, 0)))
        }));
    }
    rows.push(Row::new("wasm: loads that no cache holds", || {
        Scene::call(container("wasm", &module(1, "", CHASE, 0)))
    }));
    rows.push(Row::new("wasm: slots kept by the Stylus cache", || {
        let text = r#"(module
            (import "vm_hooks" "storage_cache_bytes32" (func $cache (param i32 i32)))
            (memory (export "memory") 1)
            (func (export "user_entrypoint") (param i32) (result i32) (local $i i32)
                (loop $again (i32.store (i32.const 28) (local.get $i)) (call $cache (i32.const 0) (i32.const 32))
                    (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $again)) (i32.const 0)))"#;
        Scene::call(container("wasm", &salted(text, 0)))
    }));
    rows.push(Row::new(
        "wasm: recursion to the limit, again and again",
        || {
            let items = "(func $deeper (param i32) (result i32) (if (result i32) (local.get 0)
            (then (i32.add (i32.const 1) (call $deeper (i32.sub (local.get 0) (i32.const 1)))))
            (else (i32.const 0))))";
            let main = "(loop $again (drop (call $deeper (i32.const 1200))) (br $again))";
            Scene::call(container("wasm", &module(1, items, main, 0)))
        },
    ));
    rows
}

/// Follows pointers through 4 MiB in an order that no machine foresees.
const CHASE: &str = "(drop (memory.grow (i32.const 80)))
    (loop $fill
        (i32.store (local.get $i) (i32.and (i32.add (i32.mul (local.get $i) (i32.const 1664525))
            (i32.const 1013904192)) (i32.const 4194240)))
        (local.set $i (i32.add (local.get $i) (i32.const 64)))
        (br_if $fill (i32.lt_u (local.get $i) (i32.const 4194304))))
    (local.set $i (i32.const 0))
    (loop $again (local.set $i (i32.load (local.get $i))) (br $again))";

/// Grows and then touches every page for as long as there is gas.
const GROW_AND_TOUCH: &str = "(drop (memory.grow (i32.const 127)))
    (loop $touch (i32.store (local.get $i) (i32.const 1))
        (local.set $i (i32.add (local.get $i) (i32.const 4096))) (br $touch))";

fn frames() -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, pages, main, gas) in [
        ("growth, 2500 gas a call", 1, GROW_AND_TOUCH, 2_500),
        ("growth, 3200 gas a call", 1, GROW_AND_TOUCH, 3_200),
        ("growth, 10000 gas a call", 1, GROW_AND_TOUCH, 10_000),
        ("growth, 100000 gas a call", 1, GROW_AND_TOUCH, 100_000),
        ("growth, 1300000 gas a call", 1, GROW_AND_TOUCH, 1_300_000),
        ("two pages, 3200 gas a call", 2, GROW_AND_TOUCH, 3_200),
        ("17 pages, 40000 gas a call", 17, GROW_AND_TOUCH, 40_000),
        (
            "128 pages, 1300000 gas a call",
            128,
            GROW_AND_TOUCH,
            1_300_000,
        ),
        ("128 pages, 500 gas a call", 128, GROW_AND_TOUCH, 500),
        ("entry alone, 2300 gas a call", 1, "", 2_300),
        ("entry alone, 700 gas a call", 1, "", 700),
        (
            "a loop, 1600 gas a call",
            1,
            "(loop $again (br $again))",
            1_600,
        ),
        ("a trap, 3000 gas a call", 1, "unreachable", 3_000),
        (
            "a read out of bounds, 3000 gas a call",
            1,
            "(drop (i32.load (i32.const -4)))",
            3_000,
        ),
    ] {
        rows.push(Row::new(format!("wasm short: {name}"), move || {
            let code = container("wasm", &module(pages, "", main, 0));
            Scene::call(calls(victim(0), gas)).account(victim(0), code)
        }));
    }
    let itself = "(call $address (i32.const 64))
        (drop (call $call (i32.const 0) (i32.const 64) (i32.const 128) (i64.const -1) (i32.const 0) (i32.const 0)))
        (drop (call $call (i32.const 0) (i32.const 64) (i32.const 128) (i64.const -1) (i32.const 0) (i32.const 0)))";
    for pages in [1, 2, 4, 8, 16] {
        rows.push(Row::new(format!("wasm: nested frames of {pages} pages, all touched"), move || {
            let touch = "(loop $touch (i32.store (local.get $i) (i32.const 1))
                (local.set $i (i32.add (local.get $i) (i32.const 4096)))
                (br_if $touch (i32.lt_u (local.get $i) (i32.mul (memory.size) (i32.const 65536)))))";
            Scene::call(container("wasm", &module(pages, "", &format!("{touch} {itself}"), 0)))
        }));
    }
    rows.push(Row::new(
        "wasm: creations of small modules, one after the other",
        || {
            let code = container("wasm", &module(1, "", "", 0));
            let salt_at = code.len() - 32;
            Scene::call(creates(&code, salt_at))
        },
    ));
    rows.push(Row::new("wasm: creations by a module", || {
        let main = "(i32.store8 (i32.const 0) (i32.const 0x60)) (i32.store8 (i32.const 1) (i32.const 0))
            (loop $again (drop (call $create (i32.const 0) (i32.const 128) (i32.const 160) (i32.const 0) (i32.const 2) (i32.const 64))) (br $again))";
        Scene::call(container("wasm", &module(1, "", main, 0)))
    }));
    for gas in [3_000, 30_000, 3_000_000] {
        rows.push(Row::new(
            format!("wasm: never validated, dear to compile, {gas} gas a call"),
            move || {
                let code = container("wasm", &refusing(&bomb(400, 400), 0));
                Scene::call(calls(victim(0), gas)).account(victim(0), code)
            },
        ));
        rows.push(Row::new(
            format!("wasm: 30 never validated, dear to compile, {gas} gas a call"),
            move || {
                let mut scene = Scene::call(calls_in_turn(30, gas));
                for number in 0..30 {
                    let items = functions(1, "", &"loop end ".repeat(1_000));
                    let code = container("wasm", &refusing(&items, number as u64));
                    scene = scene.account(victim(number), code);
                }
                scene
            },
        ));
    }
    for gas in [100, 1_000, 10_000] {
        rows.push(Row::new(
            format!("wasm: garbage in containers, {gas} gas a call"),
            move || {
                let code = container("wasm", &[0xff; 20_000]);
                Scene::call(calls(victim(0), gas)).account(victim(0), code)
            },
        ));
    }
    for gas in [1_000, 30_000] {
        rows.push(Row::new(
            format!("wasm: 300 KB that is refused at its end, {gas} gas a call"),
            move || {
                let items = functions(19_000, "(local i64)", "(local.set 0 (i64.const 1))");
                let mut code = module(1, &items, "", 0);
                code.push(0xff);
                Scene::call(calls(victim(0), gas)).account(victim(0), container("wasm", &code))
            },
        ));
    }
    rows.push(Row::new(
        "wasm: calls into a module with 1 MB of input",
        || {
            let code = container(
                "wasm",
                &module(
                    1,
                    "",
                    "(call $input_copy (i32.const 0) (i32.const 0) (i32.const 65536))",
                    0,
                ),
            );
            let body = format!("0 0 1000000 0 0 {} 30000 CALL POP", victim(0));
            Scene::call(forever("1000000 MLOAD POP", &body, 16)).account(victim(0), code)
        },
    ));
    rows.push(Row::new("wasm: 64 KiB returned again and again", || {
        let code = container(
            "wasm",
            &module(1, "", "(call $return (i32.const 0) (i32.const 65536))", 0),
        );
        Scene::call(calls(victim(0), 100_000)).account(victim(0), code)
    }));
    rows.push(Row::new("wasm: EVM code of 24 KiB copied by a module", || {
        let main = "(i64.store (i32.const 0) (i64.const -1)) (loop $again (drop (call $code_copy (i32.const 64) (i32.const 0) (i32.const 24576) (i32.const 128))) (br $again))";
        let code = container("wasm", &module(1, "", main, 0));
        Scene::call(assemble(&format!("0 0 0 0 0 {} GAS CALL", victim(0)))).account(victim(0), code)
    }));
    rows
}
