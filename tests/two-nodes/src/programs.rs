//! Small contracts in the text forms of Wasm and ProzVM: what they do must not depend on the node.

use proz_tests::random::Random;

/// What every Wasm text imports.
const IMPORTS: &str = r#"
    (import "env" "input_size" (func $input_size (result i32)))
    (import "env" "input_copy" (func $input_copy (param i32 i32 i32)))
    (import "env" "return" (func $return (param i32 i32)))
    (import "env" "revert" (func $revert (param i32 i32)))
    (import "env" "storage_get" (func $storage_get (param i32 i32) (result i32)))
    (import "env" "storage_set" (func $storage_set (param i32 i32)))
    (import "env" "emit_event" (func $emit (param i32 i32 i32 i32)))
    (import "env" "call" (func $call (param i32 i32 i32 i64 i32 i32) (result i32)))
    (import "env" "create" (func $create (param i32 i32 i32 i32 i32 i32) (result i32)))
    (import "env" "return_data_size" (func $returned (result i32)))
    (import "env" "return_data_copy" (func $return_copy (param i32 i32 i32)))
    (import "env" "gas_left" (func $gas (result i64)))
    (import "env" "keccak256" (func $keccak (param i32 i32 i32)))"#;

/// Returns what the loop and the frame counted: eight bytes at 0, then the gas that is left.
const GIVE: &str =
    "(i64.store (i32.const 8) (call $gas)) (call $return (i32.const 0) (i32.const 16))";

fn module(pages: u32, functions: &str, entry: &str, body: &str) -> Vec<u8> {
    let main = if entry == "main" {
        String::new()
    } else {
        "(func (export \"main\") (call $return (i32.const 0) (i32.const 16)))".to_owned()
    };
    let text = format!(
        "(module {IMPORTS} (memory (export \"memory\") {pages}) {functions}
         (func (export \"{entry}\") (local $i i32) (local $n i64) {body}) {main})"
    );
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A Wasm module made by chance, with the entry that does something.
pub(crate) fn wasm(random: &mut Random) -> Vec<u8> {
    let entry = *random.pick(&["main", "main", "constructor"]);
    let pages = 1 + random.below(3) as u32;
    match random.below(13) {
        // Grows, touches, says how.
        0 => {
            let more = random.pick(&[1, 9, 30, 100, 126, 127, 128, 4_000, 65_535, -1]);
            let touch = random.below(20);
            let body = format!(
                "(i32.store (i32.const 0) (memory.grow (i32.const {more})))
                 (i32.store (i32.const 4) (memory.size))
                 (loop $touch
                    (i32.store (i32.mul (local.get $i) (i32.const 4096)) (memory.size))
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (br_if $touch (i32.lt_u (local.get $i) (i32.const {touch})))) {GIVE}"
            );
            module(pages, "", entry, &body)
        }
        // Recursion to a depth, with some state in each frame.
        1 | 2 => {
            let depth = random.pick(&[10, 500, 1_200, 1_258, 1_259, 2_000, 20_000]);
            let state: String = (0..random.below(40))
                .map(|at| format!("(i64.load (i32.const {}))", at * 8))
                .collect();
            let params = "i64 ".repeat(state.matches("load").count());
            let passed: String = (1..=state.matches("load").count())
                .map(|at| format!("(local.get {at})"))
                .collect();
            let functions = format!(
                "(func $deeper (param i32 {params}) (result i32)
                    (if (result i32) (local.get 0)
                        (then (i32.add (i32.const 1)
                            (call $deeper (i32.sub (local.get 0) (i32.const 1)) {passed})))
                        (else (i32.const 0))))"
            );
            let body = format!(
                "(i32.store (i32.const 0) (call $deeper (i32.const {depth}) {state})) {GIVE}"
            );
            module(pages, &functions, entry, &body)
        }
        // A loop of arithmetic to a count, or without an end.
        3 => {
            let count: i64 = *random.pick(&[3, 1_000, 50_000, -1]);
            let divisor = random.below(3);
            let body = format!(
                "(loop $l
                    (local.set $n (i64.add (i64.div_u (local.get $n) (i64.const {divisor}))
                        (i64.extend_i32_u (local.get $i))))
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (br_if $l (i64.lt_u (i64.extend_i32_u (local.get $i)) (i64.const {count}))))
                 (i64.store (i32.const 0) (local.get $n)) {GIVE}"
            );
            module(pages, "", entry, &body)
        }
        // Counts in storage and tells of it.
        4 | 5 => {
            let slot = random.below(3);
            let body = format!(
                "(i32.store8 (i32.const 95) (i32.const {slot}))
                 (drop (call $storage_get (i32.const 64) (i32.const 96)))
                 (i32.store8 (i32.const 127) (i32.add (i32.const 1) (i32.load8_u (i32.const 127))))
                 (call $storage_set (i32.const 64) (i32.const 96))
                 (call $emit (i32.const 64) (i32.const 1) (i32.const 96) (i32.const 32)) {GIVE}"
            );
            module(pages, "", entry, &body)
        }
        // Calls the account that the input names, with the rest of the input.
        6 | 7 => {
            let kind = random.below(3);
            let gas: i64 = *random.pick(&[-1, 0, 2_300, 100_000]);
            let body = format!(
                "(local.set $i (call $input_size))
                 (call $input_copy (i32.const 1024) (i32.const 0) (i32.const 4096))
                 (i32.store (i32.const 0) (call $call (i32.const {kind}) (i32.const 1024)
                    (i32.const 512) (i64.const {gas}) (i32.const 1044) (i32.const 64)))
                 (i32.store (i32.const 4) (call $returned))
                 (call $emit (i32.const 512) (i32.const 1) (i32.const 0) (i32.const 8)) {GIVE}"
            );
            module(pages, "", entry, &body)
        }
        // Creates what the input says.
        8 => {
            let body = format!(
                "(local.set $i (call $input_size))
                 (call $input_copy (i32.const 1024) (i32.const 0) (local.get $i))
                 (i32.store (i32.const 0) (call $create (i32.const 0) (i32.const 512)
                    (i32.const 512) (i32.const 1024) (local.get $i) (i32.const 64))) {GIVE}"
            );
            module(pages, "", entry, &body)
        }
        // Traps of all kinds.
        9 => {
            let body = random.pick(&[
                "unreachable",
                "(drop (i32.load (i32.const 8388604)))",
                "(drop (i32.div_u (i32.const 1) (local.get $i)))",
                "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))",
                "(call $return (i32.const -1) (i32.const 7))",
                "(call $revert (i32.const 0) (i32.const 9))",
                "(call $return_copy (i32.const 0) (i32.const 1) (i32.const 1))",
            ]);
            module(pages, "", entry, body)
        }
        // Many blocks and live values: what a compiler finds hard, in small.
        10 => {
            let depth = 1 + random.below(60) as usize;
            let locals = 1 + random.below(60) as usize;
            let reads: String = (0..locals).map(|at| format!("(local.get {at})")).collect();
            let writes: String = (0..locals).map(|at| format!("(local.set {at})")).collect();
            let labels: String = (0..=depth).map(|at| format!(" {at}")).collect();
            let functions = format!(
                "(func $hard (local {}) block {} {reads} {writes}
                    (br_table{labels} (i32.load (i32.const 0))) {} end)",
                "i64 ".repeat(locals),
                "loop ".repeat(depth),
                "end ".repeat(depth)
            );
            module(
                pages,
                &functions,
                entry,
                &format!("(i32.store (i32.const 0) (i32.const {depth})) (call $hard) {GIVE}"),
            )
        }
        // Bulk operators and hashes.
        11 => {
            let size = random.pick(&[0, 1, 4_096, 65_536, 70_000]);
            let body = format!(
                "(memory.fill (i32.const 64) (i32.const 7) (i32.const {size}))
                 (memory.copy (i32.const 128) (i32.const 64) (i32.const {size}))
                 (call $keccak (i32.const 0) (i32.const {size}) (i32.const 0)) {GIVE}"
            );
            module(pages, "", entry, &body)
        }
        // What no release takes.
        _ => {
            let text = random.pick(&[
                "(module (memory (export \"memory\") 1) (func (export \"main\") (drop (f64.const 1))))",
                "(module (import \"env\" \"nosuch\" (func)) (memory (export \"memory\") 1) (func (export \"main\")))",
                "(module (import \"env\" \"log_debug\" (func (param i32 i32))) (memory (export \"memory\") 1) (func (export \"main\")))",
                "(module (memory (export \"memory\") 0) (func (export \"main\")))",
                "(module (func (export \"main\")))",
                "(module (memory (export \"memory\") 1) (func $s) (start $s) (func (export \"main\")))",
                "(module (import \"vm_hooks\" \"msg_reentrant\" (func $r (result i32))) (memory (export \"memory\") 1) (func (export \"user_entrypoint\") (param i32) (result i32) (call $r)))",
            ]);
            wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
        }
    }
}

/// Begins a ProzVM body: copies the input to `sp`.
const TAKE_INPUT: &str = "sys input_size\n mv a2, a0\n mv a0, sp\n li a1, 0\n sys input_copy\n";
/// Ends one: returns register a0 and the gas that is left.
const GIVE_A0: &str =
    "sd a0, 0(sp)\n sys gas_left\n sd a0, 8(sp)\n mv a0, sp\n li a1, 16\n sys return\n";

/// A ProzVM program made by chance.
pub(crate) fn prozvm(random: &mut Random) -> Vec<u8> {
    let kind = *random.pick(&["fallback payable", "fallback payable", "constructor"]);
    let mut memory = ".stack 65536\n".to_owned();
    let mut functions = String::new();
    let body = match random.below(10) {
        0 => {
            let bss = random.pick(&[4_096, 100_000, 1_000_000, 16_000_000]);
            memory = format!(".stack 4096\n .bss {bss}\n .pages 4096\n");
            GIVE_A0.to_owned()
        }
        1 => {
            let pages = random.pick(&[1, 16, 200, 4_000, 100_000]);
            memory.push_str(".pages 4096\n");
            format!("li t0, {pages}\n heap.grow a0, t0\n {GIVE_A0}")
        }
        2 => {
            let depth = random.pick(&[3, 100, 1_000, 5_000, 100_000]);
            functions = "\n.func deeper (1) -> 1\n beq a0, zero, last\n addi a0, a0, -1\n call deeper\n addi a0, a0, 1\n last:\n ret\n".to_owned();
            format!("li a0, {depth}\n call deeper\n {GIVE_A0}")
        }
        3 => {
            let count = random.pick(&[3, 1_000, 50_000, -1]);
            format!(
                "li t0, {count}\n li a0, 7\n again:\n divu a0, a0, t0\n add a0, a0, t0\n addi t0, t0, -1\n bne t0, zero, again\n {GIVE_A0}"
            )
        }
        4 | 5 => format!(
            "li t0, {}\n sb t0, 31(sp)\n mv a0, sp\n addi a1, sp, 32\n sys storage_get\n
             lbu t0, 63(sp)\n addi t0, t0, 1\n sb t0, 63(sp)\n mv a0, sp\n addi a1, sp, 32\n sys storage_set\n
             mv a0, sp\n li a1, 1\n addi a2, sp, 32\n li a3, 32\n sys log\n li a0, 1\n {GIVE_A0}",
            random.below(3)
        ),
        6 | 7 => format!(
            "{TAKE_INPUT} li a0, {}\n mv a1, sp\n addi a2, sp, 512\n li a3, {}\n addi a4, sp, 20\n li a5, 64\n sys call\n {GIVE_A0}",
            random.below(3),
            random.pick(&[-1, 0, 2_300, 100_000])
        ),
        8 => format!(
            "sys input_size\n mv s0, a0\n {TAKE_INPUT} li a0, 0\n addi a1, sp, 896\n addi a2, sp, 896\n mv a3, sp\n mv a4, s0\n addi a5, sp, 960\n sys create\n {GIVE_A0}"
        ),
        _ => (*random.pick(&[
            "trap 7\n",
            "li a0, 0\n lbu a0, 0(a0)\n",
            "mv a0, sp\n li a1, 7\n sys revert\n",
            "li a0, -1\n li a1, 7\n sys return\n",
            "li a1, 1\n li a0, 0\n mv a0, sp\n sys return_data_copy\n",
        ]))
        .replace("sys return_data_copy", "li a2, 1\n sys return_data_copy"),
    };
    let other = if kind == "constructor" {
        "\n.func answer () -> 0\n li a0, 42\n addi sp, sp, -64\n sd a0, 0(sp)\n mv a0, sp\n li a1, 8\n sys return\n ret\n"
    } else {
        ""
    };
    let export = if other.is_empty() {
        ""
    } else {
        ".export \"fallback\" answer fallback payable\n"
    };
    let text = format!(
        "{memory}.export \"entry\" entry {kind}\n{export}.func entry () -> 0\n addi sp, sp, -1024\n{body}\n ret\n{functions}{other}"
    );
    let program = proz_prozvm_asm::assemble(&text, &proz_prozvm_syscalls::CHAIN);
    let program = program.unwrap_or_else(|error| panic!("{error}\n{text}"));
    program.encode()
}
