//! What validation refuses, and in which words.

use proz_sdk::{VirtualMachine, VmErrorCode};
use proz_wasm::{Release, ValidationError, WasmConfig, WasmMachine, validate};

use proz_wasm::testing::{config, machine, wat};

const RETURN: &str = r#"(import "env" "return" (func (param i32 i32)))"#;

fn module(rest: &str) -> Vec<u8> {
    wat(&format!("(module {RETURN} {rest})"))
}

#[track_caller]
fn assert_refused(code: &[u8], vm_code: VmErrorCode, words: &[&str]) {
    let error = machine().validate_code(code).unwrap_err();
    assert_eq!(error.code(), vm_code, "{error}");
    for part in words {
        assert!(
            error.to_string().contains(part),
            "`{part}` is missing in: {error}"
        );
    }
}

#[test]
fn bytes_that_are_no_module() {
    for (code, words) in [
        (b"".as_slice(), ["00 61 73 6d", "found"]),
        (b"\x7fELF\x02", ["00 61 73 6d", "7f 45 4c 46"]),
        (b"\0asm\x02\0\0\0", ["version", "offset"]),
        (b"\0asm\x0d\0\x01\0", ["version", "offset"]),
        (b"\0asm\x01\0\0\0\x01\xff", ["offset", "0x"]),
    ] {
        assert_refused(code, VmErrorCode::INVALID_CODE, &words);
    }
}

#[test]
fn missing_exports_name_what_is_needed_and_what_is_there() {
    assert_refused(
        &module(
            r#"(memory (export "memory") 1) (func (export "run")) (global (export "g") i32 (i32.const 0))"#,
        ),
        VmErrorCode::MISSING_EXPORT,
        &[
            "`main`",
            "`user_entrypoint`",
            "run (function)",
            "g (global)",
            "memory (memory)",
        ],
    );
    assert_refused(
        &module(r#"(func (export "main"))"#),
        VmErrorCode::MISSING_EXPORT,
        &["memory", "main (function)"],
    );
    assert_refused(
        &wat(r#"(module (memory (export "memory") 1) (func (export "main")))"#),
        VmErrorCode::MISSING_EXPORT,
        &["output_ptr", "output_len", "env.return"],
    );
    assert_refused(
        &module(
            r#"(memory (export "memory") 1) (global (export "output_ptr") i32 (i32.const 0)) (func (export "main"))"#,
        ),
        VmErrorCode::MISSING_EXPORT,
        &["output_len"],
    );
    assert_refused(&wat("(module)"), VmErrorCode::MISSING_EXPORT, &["nothing"]);
}

#[test]
fn exports_of_a_wrong_type() {
    for (rest, words) in [
        (
            r#"(memory (export "memory") 1) (func (export "main") (param i64))"#,
            ["main", "(i64) -> ()"],
        ),
        (
            r#"(memory (export "memory") 1) (func (export "main") (result f32) unreachable)"#,
            ["main", "() -> f32"],
        ),
        (
            r#"(memory (export "memory") 1) (func (export "user_entrypoint"))"#,
            ["user_entrypoint", "(i32) -> i32"],
        ),
        (
            r#"(memory (export "main") 1) (func (export "memory"))"#,
            ["memory", "a function"],
        ),
        (
            r#"(memory (export "memory") 1) (func (export "main")) (func (export "constructor") (param i64))"#,
            ["constructor", "(i64) -> ()"],
        ),
        (
            r#"(memory (export "memory") 1) (func (export "main")) (global (export "output_ptr") i64 (i64.const 0)) (global (export "output_len") i32 (i32.const 0))"#,
            ["output_ptr", "i64"],
        ),
    ] {
        assert_refused(&module(rest), VmErrorCode::MISSING_EXPORT, &words);
    }
}

#[test]
fn prohibited_imports_name_what_is_allowed() {
    let entry = r#"(memory (export "memory") 1) (func (export "main"))"#;
    for import in [
        r#"(import "env" "db_read" (func))"#,
        r#"(import "wasi_snapshot_preview1" "fd_write" (func))"#,
        r#"(import "env" "storage_get" (global i32))"#,
        r#"(import "env" "memory" (memory 1))"#,
        r#"(import "env" "table" (table 1 funcref))"#,
        r#"(import "env" "log_debug" (func (param i32 i32)))"#,
    ] {
        let text = if import.contains("(memory") {
            format!(
                "(module {RETURN} {import} (export \"memory\" (memory 0)) (func (export \"main\")))"
            )
        } else {
            format!("(module {RETURN} {import} {entry})")
        };
        assert_refused(
            &wat(&text),
            VmErrorCode::PROHIBITED_IMPORT,
            &[
                "env.storage_get",
                "vm_hooks.read_args",
                "prohibited import `",
            ],
        );
    }
    assert_refused(
        &wat(&format!(
            r#"(module {RETURN} (import "env" "input_size" (func (param i32))) {entry})"#
        )),
        VmErrorCode::PROHIBITED_IMPORT,
        &["env.input_size", "(i32) -> ()", "() -> i32"],
    );
}

#[test]
fn the_configuration_can_allow_less_and_debug_output() {
    let logs = module(
        r#"(import "env" "log_debug" (func (param i32 i32))) (memory (export "memory") 1) (func (export "main"))"#,
    );
    assert!(validate(&logs, &config()).is_err());
    assert!(
        validate(
            &logs,
            &WasmConfig {
                debug_log: true,
                ..config()
            }
        )
        .is_ok()
    );
    let only = WasmConfig {
        allowed_imports: Some(["env.return".to_owned()].into()),
        ..config()
    };
    assert!(
        validate(
            &module(r#"(memory (export "memory") 1) (func (export "main"))"#),
            &only
        )
        .is_ok()
    );
    let reads = module(
        r#"(import "env" "input_size" (func (result i32))) (memory (export "memory") 1) (func (export "main"))"#,
    );
    let Err(ValidationError::ProhibitedImport { import, allowed }) = validate(&reads, &only) else {
        panic!()
    };
    assert_eq!(
        (import.as_str(), allowed.as_str()),
        ("env.input_size", "env.return")
    );
    let unknown = WasmConfig {
        allowed_imports: Some(["env.retrun".to_owned()].into()),
        ..config()
    };
    let error = WasmMachine::new(unknown).unwrap_err();
    assert!(error.message().contains("env.retrun"), "{error}");
}

#[test]
fn an_earlier_release_serves_its_own_imports_only() {
    let stylus = wat(
        r#"(module (import "vm_hooks" "msg_value" (func (param i32))) (memory (export "memory") 1)
            (func (export "user_entrypoint") (param i32) (result i32) (i32.const 0)))"#,
    );
    let first = WasmConfig {
        release: Release::V1_0,
        ..config()
    };
    let error = validate(&stylus, &first).unwrap_err().to_string();
    assert!(
        error.contains("vm_hooks.msg_value") && !error.contains("vm_hooks.read_args"),
        "{error}"
    );
    assert!(validate(&stylus, &config()).is_ok());
}

#[test]
fn too_much_memory_names_both_figures() {
    assert_refused(
        &module(r#"(memory (export "memory") 129) (func (export "main"))"#),
        VmErrorCode::MEMORY_TOO_LARGE,
        &["129", "128"],
    );
    // A larger declared maximum is harmless: growth stops at the limit.
    assert!(
        machine()
            .validate_code(&module(
                r#"(memory (export "memory") 1 65536) (func (export "main"))"#
            ))
            .is_ok()
    );
}

#[test]
fn caps_name_what_was_counted() {
    let tail = r#"(memory (export "memory") 1) (func (export "main"))"#;
    for (rest, words) in [
        ("(func)".repeat(20_000), ["20001 functions", "20000"]),
        (
            format!("(func {})", "(local i32)".repeat(1_025)),
            ["1025 locals", "1024"],
        ),
        (
            format!("(func {})", "(param i32)".repeat(101)),
            ["101 parameters", "100"],
        ),
        (
            "(table 2501 funcref)".to_owned(),
            ["2501 table elements", "2500"],
        ),
        (
            "(table 1 funcref) (table 1 funcref)".to_owned(),
            ["2 tables", "1"],
        ),
        (
            "(global i32 (i32.const 0))".repeat(1_001),
            ["1001 globals", "1000"],
        ),
        (r#"(data "")"#.repeat(1_001), ["1001 data segments", "1000"]),
        (
            format!("(func {} {})", "block ".repeat(4_200), "end ".repeat(4_200)),
            ["nested blocks", "4096"],
        ),
        (
            format!("(func (br_table {} (i32.const 0)))", "0 ".repeat(5_000)),
            ["br_table targets", "4096"],
        ),
        (
            format!("(func {})", "(drop (i32.const 1))".repeat(100_000)),
            ["bytes in the body of function 1", "262144"],
        ),
    ] {
        assert_refused(
            &module(&format!("{rest} {tail}")),
            VmErrorCode::LIMIT_EXCEEDED,
            &words,
        );
    }
    let imports = r#"(import "env" "input_size" (func (result i32)))"#.repeat(100);
    assert_refused(
        &module(&format!("{imports} {tail}")),
        VmErrorCode::LIMIT_EXCEEDED,
        &["101 imports", "100"],
    );
    let large = [wat(&format!("(module {RETURN} {tail})")), vec![0; 1 << 20]].concat();
    assert_refused(&large, VmErrorCode::CODE_TOO_LARGE, &["1048576"]);
}

#[test]
fn refused_operators_are_named_with_their_function() {
    for (operators, name, class) in [
        (
            "(drop (f64.add (f64.const 1) (f64.const 2)))",
            "f64.const",
            "floating point",
        ),
        (
            "(drop (f32.load (i32.const 0)))",
            "f32.load",
            "floating point",
        ),
        (
            "(drop (i32.trunc_sat_f32_s (f32.reinterpret_i32 (i32.const 0))))",
            "f32.reinterpret_i32",
            "floating point",
        ),
        ("(drop (v128.const i64x2 0 0))", "v128.const", "SIMD"),
        ("(drop (i8x16.splat (i32.const 0)))", "i8x16.splat", "SIMD"),
        (
            "(drop (i32.atomic.load (i32.const 0)))",
            "i32.atomic_load",
            "threads",
        ),
        ("(atomic.fence)", "atomic.fence", "threads"),
        (
            "(drop (i32x4.relaxed_trunc_f32x4_s (v128.const i64x2 0 0)))",
            "v128.const",
            "SIMD",
        ),
        (
            "(drop (table.grow 0 (ref.null func) (i32.const 1)))",
            "table.grow",
            "table growth",
        ),
        ("(return_call $bad)", "return_call", "unserved"),
    ] {
        let code = module(&format!(
            r#"(memory (export "memory") 1) (table 1 funcref) (func $bad (export "main") {operators})"#
        ));
        assert_refused(
            &code,
            VmErrorCode::PROHIBITED_INSTRUCTION,
            &[
                "function 1 (`bad`)",
                &format!("`{name}`"),
                class,
                "offset 0x",
            ],
        );
    }
}

#[test]
fn types_that_are_not_served_are_refused_wherever_they_hide() {
    for (body, word) in [
        ("(drop (block (result v128) (unreachable)))", "SIMD"),
        ("(drop (loop (result v128) (unreachable)))", "SIMD"),
        (
            "(drop (if (result v128) (i32.const 0) (then (unreachable)) (else (unreachable))))",
            "SIMD",
        ),
        ("(unreachable) (drop (select (result v128)))", "SIMD"),
        (
            "(drop (block (result externref) (unreachable)))",
            "gc types",
        ),
    ] {
        let code = wat(&format!(
            r#"(module (import "env" "return" (func (param i32 i32)))
                (memory (export "memory") 1) (func (export "main") {body}))"#
        ));
        assert_refused(&code, VmErrorCode::INVALID_CODE, &[word]);
    }
}

#[test]
fn refused_features_outside_functions() {
    assert_refused(
        &module(r#"(memory (export "memory") 1) (func $f (export "main")) (start $f)"#),
        VmErrorCode::PROHIBITED_INSTRUCTION,
        &["start section"],
    );
    assert_refused(
        &module(r#"(memory (export "memory") 1 1 shared) (func (export "main"))"#),
        VmErrorCode::PROHIBITED_INSTRUCTION,
        &["shared memory"],
    );
    assert_refused(
        &module(
            r#"(memory (export "memory") 1) (func (export "main")) (global (export "__proz_stack_left") i32 (i32.const 0))"#,
        ),
        VmErrorCode::PROHIBITED_INSTRUCTION,
        &["__proz_stack_left"],
    );
    for rest in [
        r#"(memory (export "memory") i64 1) (func (export "main"))"#,
        r#"(memory (export "memory") 1) (memory 1) (func (export "main"))"#,
        r#"(memory (export "memory") 1) (func (export "main") (param externref))"#,
        r#"(type $t (func)) (memory (export "memory") 1) (func (export "main") (local (ref null $t)))"#,
        r#"(type (struct)) (memory (export "memory") 1) (func (export "main"))"#,
        r#"(tag) (memory (export "memory") 1) (func (export "main"))"#,
        r#"(memory (export "memory") 1) (data (i32.const 65530) "too long") (func (export "main"))"#,
        r#"(memory (export "memory") 1) (table 1 funcref) (elem (i32.const 1) $f) (func $f (export "main"))"#,
        r#"(memory (export "memory") 1) (global i32 (i32.add (i32.const 1) (i32.const 1))) (func (export "main"))"#,
        r#"(memory (export "memory") 1) (func (export "main") (i32.add))"#,
    ] {
        assert_refused(&module(rest), VmErrorCode::INVALID_CODE, &["offset 0x"]);
    }
}

#[test]
fn todays_compilers_encodings_are_accepted() {
    // Reference types (overlong table index), bulk memory, sign extension, multi-value.
    for rest in [
        "(table 1 funcref) (func (call_indirect (i32.const 0)))",
        "(func (memory.copy (i32.const 0) (i32.const 1) (i32.const 2)) (memory.fill (i32.const 0) (i32.const 1) (i32.const 2)))",
        "(func (drop (i32.extend8_s (i32.const 1))))",
        "(func (result i32 i64) (i32.const 1) (i64.const 2))",
        "(table 1 funcref) (elem declare func $f) (func $f (table.set (i32.const 0) (ref.func $f)) (drop (table.size)))",
        // Types and locals of floats without any operator on them are harmless.
        "(type (func (param f64) (result f32))) (func (local f64))",
    ] {
        let code = module(&format!(
            r#"(memory (export "memory") 1) {rest} (func (export "main"))"#
        ));
        machine().validate_code(&code).unwrap();
        machine().warm(&code).unwrap();
    }
}

#[test]
fn floats_and_vectors_run_outside_deterministic_mode() {
    let relaxed = WasmConfig {
        deterministic: false,
        ..config()
    };
    let machine = std::sync::Arc::new(WasmMachine::new(relaxed).unwrap());
    let code = wat(
        r#"(module (import "env" "return" (func $return (param i32 i32))) (memory (export "memory") 1)
            (func (export "main")
                (f64.store (i32.const 0) (f64.mul (f64.const 1.5) (f64.const 2)))
                (v128.store (i32.const 8) (i8x16.splat (i32.const 7)))
                (call $return (i32.const 0) (i32.const 24))))"#,
    );
    let mut world = proz_wasm::testing::World::with_machine(machine);
    world.install(proz_wasm::testing::address(1), &code);
    let result = world.call(proz_wasm::testing::address(1), &[]);
    proz_wasm::testing::assert_output(
        &result,
        &[3.0_f64.to_le_bytes().as_slice(), &[7; 16]].concat(),
    );
}
