//! Programs made to cost a node as much as they can for their gas.
//!
//! A bench of worst programs lists these beside those of other machines; each is checked here to
//! be valid, or to be refused before it costs anything.

use super::wat;

/// How a program is meant to hurt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attack {
    /// By being deployed: its constructor reverts, so no byte of it is stored.
    Deploy,
    /// By one call with all the gas of a transaction.
    Call,
    /// By many calls from a loop, each with this much gas.
    CallInLoop(u64),
}

/// One program.
#[derive(Clone, Debug)]
pub struct Worst {
    /// What it does, in a few words.
    pub name: &'static str,
    /// How it is used.
    pub attack: Attack,
    /// The module.
    pub code: Vec<u8>,
}

const HEAD: &str = r#"(module (import "env" "keccak256" (func $keccak (param i32 i32 i32)))
    (import "env" "return" (func $return (param i32 i32)))
    (memory (export "memory") 1)
    (global $global (mut i64) (i64.const 0)) (table 64 funcref) (elem (i32.const 0) func $leaf)
    (type $leaf_type (func)) (func $leaf)"#;

fn deploy(name: &'static str, rest: &str) -> Worst {
    let code = wat(&format!(
        r#"{HEAD} (func (export "main")) (func (export "constructor") (result i32) (i32.const 1)) {rest})"#
    ));
    Worst {
        name,
        attack: Attack::Deploy,
        code,
    }
}

fn call(name: &'static str, attack: Attack, pages: u32, body: &str) -> Worst {
    let head = HEAD.replace(
        r#"(memory (export "memory") 1)"#,
        &format!(r#"(memory (export "memory") {pages})"#),
    );
    let code = wat(&format!(
        r#"{head} (elem declare func $leaf) (data $bytes "0123456789abcdef") (func (export "main") (local $i i32) (local $l i64) {body}))"#
    ));
    Worst { name, attack, code }
}

/// A loop without end around `count` copies of `body`.
fn forever(name: &'static str, count: usize, body: &str) -> Worst {
    let body = format!("(loop $again {} (br $again))", body.repeat(count));
    call(name, Attack::Call, 1, &body)
}

fn functions(count: usize, signature: &str, body: &str) -> String {
    format!("(func {signature} {body})").repeat(count)
}

/// Loops in each other around writes of all locals: every loop carries every local.
#[must_use]
pub fn loop_nest(depth: usize, locals: usize) -> String {
    let writes: String = (0..locals)
        .map(|local| {
            let next = 1 + (local + 1) % locals;
            format!(
                "(local.set {} (i64.add (local.get {next}) (i64.const 1)))",
                local + 1
            )
        })
        .collect();
    format!(
        "(func (param i32) (local {}) {} {writes} {})",
        "i64 ".repeat(locals),
        "loop ".repeat(depth),
        "(br_if 0 (local.get 0)) end ".repeat(depth)
    )
}

/// Tables of branches to many blocks, with writes of many locals between them.
#[must_use]
pub fn table_nest(depth: usize, locals: usize, tables: usize) -> String {
    let labels: String = (0..depth).map(|label| format!("{label} ")).collect();
    let one: String = (0..locals)
        .map(|local| format!("(local.set {} (i64.load (local.get 0)))", local + 1))
        .collect();
    format!(
        "(func (param i32) (local {}) {} {} {})",
        "i64 ".repeat(locals),
        "block ".repeat(depth),
        format!("{one} block (br_table {labels} (local.get 0)) end ").repeat(tables),
        "end ".repeat(depth)
    )
}

/// All programs that validation accepts.
#[must_use]
pub fn worst() -> Vec<Worst> {
    let mut all = deployments();
    all.extend(loops());
    all.extend(short_calls());
    all
}

fn deployments() -> Vec<Worst> {
    vec![
        deploy(
            "deploy: loops in a row",
            &functions(1, "", &"loop end ".repeat(3_000)),
        ),
        deploy(
            "deploy: loops in many functions",
            &functions(100, "", &"loop end ".repeat(30)),
        ),
        deploy("deploy: loops around locals", &loop_nest(40, 40)),
        deploy(
            "deploy: branch tables around locals",
            &table_nest(20, 20, 8),
        ),
        deploy(
            "deploy: branches in a row",
            &functions(
                1,
                "(param i32)",
                &"block (br_if 0 (local.get 0)) end ".repeat(4_000),
            ),
        ),
        deploy("deploy: empty functions", &functions(1_500, "", "")),
        deploy(
            "deploy: many parameters",
            &functions(200, &format!("(param {})", "i64 ".repeat(100)), ""),
        ),
        deploy(
            "deploy: many locals",
            &functions(300, "", &format!("(local {})", "i64 ".repeat(1_024))),
        ),
        deploy(
            "deploy: indirect calls",
            &functions(
                20,
                "(param i32)",
                &"(call_indirect (type $leaf_type) (local.get 0))".repeat(100),
            ),
        ),
        deploy(
            "deploy: table copies",
            &functions(
                10,
                "(param i32)",
                &"(table.copy (local.get 0) (local.get 0) (local.get 0))".repeat(60),
            ),
        ),
        deploy(
            "deploy: memory copies",
            &functions(
                20,
                "(param i32)",
                &"(memory.copy (local.get 0) (local.get 0) (local.get 0))".repeat(100),
            ),
        ),
        deploy("deploy: values kept across blocks", &kept_values(400, 400)),
    ]
}

fn kept_values(values: usize, blocks: usize) -> String {
    let all: String = (0..values)
        .map(|value| {
            format!(
                "(i64.store offset={} (i32.const 0) (i64.mul (local.get 1) (i64.const {})))",
                8 * value,
                value * 7_919 + 13
            )
        })
        .collect();
    let between = "block (br_if 0 (local.get 0)) end ".repeat(blocks);
    format!("(func (param i32 i64) {all} {between} {all})")
}

fn loops() -> Vec<Worst> {
    vec![
        forever("run: nothing", 1, ""),
        forever("run: additions", 64, "(local.set $i (i32.add (local.get $i) (i32.const 3)))"),
        forever(
            "run: divisions",
            32,
            "(local.set $l (i64.div_u (i64.const -1) (i64.or (local.get $l) (i64.const 1))))",
        ),
        forever("run: references to functions", 16, "(drop (ref.func $leaf))"),
        forever("run: writes of a table", 16, "(table.set (i32.const 1) (ref.func $leaf))"),
        forever("run: reads of a table", 16, "(drop (table.get (i32.const 0)))"),
        forever("run: fills of a table", 16, "(table.fill (i32.const 0) (ref.null func) (i32.const 1))"),
        forever("run: indirect calls", 16, "(call_indirect (type $leaf_type) (i32.const 0))"),
        forever("run: calls", 16, "(call $leaf)"),
        forever("run: small fills", 16, "(memory.fill (i32.const 0) (i32.const 0) (i32.const 1))"),
        forever("run: small copies", 16, "(memory.copy (i32.const 0) (i32.const 9) (i32.const 1))"),
        forever("run: small initialisations", 16, "(memory.init $bytes (i32.const 0) (i32.const 0) (i32.const 1))"),
        forever("run: large fills", 1, "(memory.fill (i32.const 0) (i32.const 0) (i32.const 65536))"),
        forever("run: large copies", 1, "(memory.copy (i32.const 0) (i32.const 32768) (i32.const 32768))"),
        forever("run: growth by nothing", 16, "(drop (memory.grow (i32.const 0)))"),
        forever("run: growth that is refused", 16, "(drop (memory.grow (i32.const 1000)))"),
        forever("run: hashes", 16, "(call $keccak (i32.const 0) (i32.const 32) (i32.const 64))"),
        forever("run: stores of whole pages", 1, "(i64.store (local.get $i) (i64.const 1)) (local.set $i (i32.and (i32.add (local.get $i) (i32.const 4096)) (i32.const 65535)))"),
        call(
            "run: loads that no cache holds",
            Attack::Call,
            1,
            "(drop (memory.grow (i32.const 80)))
             (loop $fill (i32.store (local.get $i) (i32.and (i32.add (i32.mul (local.get $i) (i32.const 1664525)) (i32.const 1013904192)) (i32.const 4194240)))
               (local.set $i (i32.add (local.get $i) (i32.const 64))) (br_if $fill (i32.lt_u (local.get $i) (i32.const 4194304))))
             (local.set $i (i32.const 0)) (loop $again (local.set $i (i32.load (local.get $i))) (br $again))",
        ),
    ]
}

fn short_calls() -> Vec<Worst> {
    let touch = "(drop (memory.grow (i32.const 127)))
        (loop $touch (i32.store (local.get $i) (i32.const 1)) (local.set $i (i32.add (local.get $i) (i32.const 4096))) (br $touch))";
    vec![
        call(
            "short: growth that cannot be paid",
            Attack::CallInLoop(3_200),
            1,
            touch,
        ),
        call(
            "short: growth that can",
            Attack::CallInLoop(100_000),
            1,
            touch,
        ),
        call("short: two pages", Attack::CallInLoop(3_200), 2, touch),
        call(
            "short: sixteen pages",
            Attack::CallInLoop(40_000),
            16,
            touch,
        ),
        call("short: nothing", Attack::CallInLoop(2_300), 1, ""),
        call(
            "short: out of gas at once",
            Attack::CallInLoop(1_600),
            1,
            "(loop $again (br $again))",
        ),
    ]
}

/// Modules that validation refuses, since compiling them takes too long for any gas.
#[must_use]
pub fn refused() -> Vec<(&'static str, Vec<u8>)> {
    [
        ("loops around locals", loop_nest(300, 300)),
        ("more loops around locals", loop_nest(1_400, 1_024)),
        ("branch tables around locals", table_nest(200, 50, 50)),
        (
            "loops in a row",
            functions(1, "", &"loop end ".repeat(60_000)),
        ),
    ]
    .map(|(name, rest)| (name, deploy("refused", &rest).code))
    .to_vec()
}
