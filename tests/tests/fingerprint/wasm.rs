//! Vectors of Wasm: each operator, each host function, and the limits of the machine.

use super::{head, push};
use proz_wasm::HOST_FUNCTIONS;

/// Gas of each call.
const GAS: u64 = 2_000_000;

/// A contract whose `main` is `body`, with locals, a table and globals to work on.
fn module(imports: &str, body: &str) -> Vec<u8> {
    let text = format!(
        "(module {imports}
           (memory (export \"memory\") 1 4)
           (table $t 8 16 funcref)
           (global $g32 (mut i32) (i32.const 7)) (global $g64 (mut i64) (i64.const 9))
           (data $d \"0123456789abcdef0123456789abcdef\") (elem $e func $f $f)
           (elem declare func $f)
           (func $f (param i32 i64) (result i32) local.get 0)
           (func $p (param i32 i32))
           (func (export \"main\") (result i32)
             (local $i i32) (local $j i32) (local $a i64) (local $b i64)
             (local.set $i (i32.const 0x12345678)) (local.set $j (i32.const 13))
             (local.set $a (i64.const 0x123456789abcdef)) (local.set $b (i64.const 21))
             {body}
             i32.const 0))"
    );
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn operators() -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut add = |name: &str, body: String| all.push((name.to_owned(), body));
    for (kind, x, y) in [("i32", "$i", "$j"), ("i64", "$a", "$b")] {
        let (x, y) = (format!("(local.get {x})"), format!("(local.get {y})"));
        for name in [
            "add", "sub", "mul", "div_s", "div_u", "rem_s", "rem_u", "and", "or", "xor", "shl",
            "shr_s", "shr_u", "rotl", "rotr", "eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s",
            "le_u", "ge_s", "ge_u",
        ] {
            add(
                &format!("{kind}.{name}"),
                format!("(drop ({kind}.{name} {x} {y}))"),
            );
        }
        for name in ["clz", "ctz", "popcnt", "eqz", "extend8_s", "extend16_s"] {
            add(
                &format!("{kind}.{name}"),
                format!("(drop ({kind}.{name} {x}))"),
            );
        }
        for name in ["load", "load8_s", "load8_u", "load16_s", "load16_u"] {
            add(
                &format!("{kind}.{name}"),
                format!("(drop ({kind}.{name} (i32.const 64)))"),
            );
        }
        for name in ["store", "store8", "store16"] {
            add(
                &format!("{kind}.{name}"),
                format!("({kind}.{name} (i32.const 64) {x})"),
            );
        }
        add(&format!("{kind}.const"), format!("(drop ({kind}.const 5))"));
        add(
            &format!("{kind} select"),
            format!("(drop (select {x} {y} (local.get $j)))"),
        );
    }
    for (name, body) in [
        ("i32.wrap_i64", "(drop (i32.wrap_i64 (local.get $a)))"),
        (
            "i64.extend_i32_s",
            "(drop (i64.extend_i32_s (local.get $i)))",
        ),
        (
            "i64.extend_i32_u",
            "(drop (i64.extend_i32_u (local.get $i)))",
        ),
        ("i64.extend32_s", "(drop (i64.extend32_s (local.get $a)))"),
        ("i64.load32_s", "(drop (i64.load32_s (i32.const 64)))"),
        ("i64.load32_u", "(drop (i64.load32_u (i32.const 64)))"),
        ("i64.store32", "(i64.store32 (i32.const 64) (local.get $a))"),
        ("nop", "nop"),
        ("block", "(block)"),
        ("loop", "(loop)"),
        ("if", "(if (local.get $j) (then) (else))"),
        ("br", "(block (br 0))"),
        ("br_if", "(block (br_if 0 (local.get $j)))"),
        (
            "br_table",
            "(block (block (br_table 0 1 0 (local.get $j))))",
        ),
        (
            "return in a callee",
            "(call $p (local.get $i) (local.get $j))",
        ),
        ("call", "(drop (call $f (local.get $i) (local.get $a)))"),
        ("local.tee", "(drop (local.tee $i (local.get $j)))"),
        ("global.get", "(drop (global.get $g32))"),
        ("global.set", "(global.set $g64 (local.get $a))"),
        ("memory.size", "(drop (memory.size))"),
        ("memory.grow 0", "(drop (memory.grow (i32.const 0)))"),
        (
            "memory.fill",
            "(memory.fill (i32.const 0) (i32.const 1) (i32.const 99))",
        ),
        (
            "memory.copy",
            "(memory.copy (i32.const 0) (i32.const 32) (i32.const 99))",
        ),
        (
            "memory.init",
            "(memory.init $d (i32.const 0) (i32.const 0) (i32.const 32))",
        ),
        ("data.drop", "(data.drop $d)"),
        ("ref.func", "(drop (ref.func $f))"),
        ("ref.null", "(drop (ref.null func))"),
        ("ref.is_null", "(drop (ref.is_null (ref.func $f)))"),
        ("table.get", "(drop (table.get $t (i32.const 1)))"),
        ("table.set", "(table.set $t (i32.const 1) (ref.func $f))"),
        ("table.size", "(drop (table.size $t))"),
        (
            "table.grow 0",
            "(drop (table.grow $t (ref.null func) (i32.const 0)))",
        ),
        (
            "table.fill",
            "(table.fill $t (i32.const 0) (ref.func $f) (i32.const 4))",
        ),
        (
            "table.copy",
            "(table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 3))",
        ),
        (
            "table.init",
            "(table.init $t $e (i32.const 0) (i32.const 0) (i32.const 2))",
        ),
        ("elem.drop", "(elem.drop $e)"),
    ] {
        add(name, body.to_owned());
    }
    all
}

/// A call of a host function with each argument one of a few pointers, lengths or amounts.
fn host_call(index: usize, arguments: &[i64]) -> String {
    let function = &HOST_FUNCTIONS[index];
    let mut body = String::new();
    for (place, letter) in function.params.chars().enumerate() {
        let value = arguments[place % arguments.len()];
        let kind = if letter == 'I' { "i64" } else { "i32" };
        body.push_str(&format!("({kind}.const {value})"));
    }
    body.push_str(" call $h");
    body.push_str(&" drop".repeat(function.results.len()));
    body
}

fn import(index: usize) -> String {
    let function = &HOST_FUNCTIONS[index];
    let kinds = |letters: &str| -> String {
        let kind = |letter| if letter == 'I' { " i64" } else { " i32" };
        letters.chars().map(kind).collect()
    };
    format!(
        "(import \"{}\" \"{}\" (func $h (param{}) (result{})))",
        function.module,
        function.name,
        kinds(function.params),
        kinds(function.results)
    )
}

pub(super) fn vectors() -> String {
    let mut text = head("Wasm releases");
    let input: Vec<u8> = (0..96).collect();
    for (name, body) in operators() {
        // Often enough that a hundredth of a gas shows.
        push(
            &mut text,
            &name,
            &module("", &body.repeat(100)),
            &input,
            GAS,
            false,
        );
    }
    for (name, body) in [
        ("memory.grow 1", "(drop (memory.grow (i32.const 1)))"),
        (
            "memory.grow beyond the maximum",
            "(drop (memory.grow (i32.const 9)))",
        ),
        (
            "table.grow 1",
            "(drop (table.grow $t (ref.null func) (i32.const 1)))",
        ),
        (
            "call_indirect",
            "(table.set $t (i32.const 1) (ref.func $f)) (drop (call_indirect $t (param i32 i64) (result i32) (local.get $i) (local.get $a) (i32.const 1)))",
        ),
        (
            "call_indirect of nothing",
            "(drop (call_indirect $t (param i32 i64) (result i32) (local.get $i) (local.get $a) (i32.const 3)))",
        ),
        ("unreachable", "unreachable"),
        (
            "division by zero",
            "(drop (i32.div_u (local.get $i) (i32.const 0)))",
        ),
        (
            "overflow of a division",
            "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))",
        ),
        ("load out of bounds", "(drop (i32.load (i32.const 65533)))"),
        (
            "store out of bounds",
            "(i64.store (i32.const 65529) (local.get $a))",
        ),
        ("endless loop", "(loop (br 0))"),
        ("float", "(drop (f32.const 1))"),
    ] {
        push(&mut text, name, &module("", body), &input, GAS, false);
    }
    let patterns: [&[i64]; 4] = [
        &[0, 64, 32, 96],
        &[64, 32, 0, 1],
        &[32, 32, 32, 32],
        &[-1, 64, 65_536, 5],
    ];
    for index in 0..HOST_FUNCTIONS.len() {
        for arguments in patterns {
            let body = host_call(index, arguments);
            let name = HOST_FUNCTIONS[index].path();
            let code = module(&import(index), &body.repeat(2));
            push(
                &mut text,
                &format!("{name} {arguments:?}"),
                &code,
                &input,
                GAS,
                false,
            );
        }
    }
    // Recursion to the limit of the stack, and modules as they are created.
    for (entry, create) in [("main", false), ("constructor", true)] {
        let code = wat::parse_str(format!(
            "(module (memory (export \"memory\") 1) (func $r (param i64 i64 i64) (result i32)
               (call $r (local.get 0) (local.get 1) (local.get 2)))
             (func (export \"{entry}\") (result i32) (call $r (i64.const 1) (i64.const 2) (i64.const 3)))
             {})",
            if create { "(func (export \"main\"))" } else { "" }
        ));
        push(
            &mut text,
            &format!("recursion of {entry}"),
            &code.unwrap(),
            &input,
            8_000_000,
            create,
        );
    }
    push(&mut text, "creation", &module("", "nop"), &input, GAS, true);
    for pages in [1, 2, 16, 64] {
        let code =
            format!("(module (memory (export \"memory\") {pages}) (func (export \"main\")))");
        push(
            &mut text,
            &format!("entry with {pages} pages"),
            &wat::parse_str(code).unwrap(),
            &[],
            GAS,
            false,
        );
    }
    text
}
