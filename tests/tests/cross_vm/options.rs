//! Each option of the factory has its effect on the loaded plugins of Wasm and ProzVM.

use crate::world::{World, assembled, assert_status, enclosed, host_with};
use alloy_primitives::U256;
use proz_host::{Host, StatusCode, VmFactoryConfig};
use proz_tests::chains::configure;

/// The shipped plugins with options of one VM type.
fn configured(vm_type: &str, options: &str) -> VmFactoryConfig {
    let mut config = VmFactoryConfig::default();
    configure(&mut config, vm_type, options);
    config
}

fn leaked(vm_type: &str, options: &str) -> &'static Host {
    Box::leak(Box::new(host_with(configured(vm_type, options))))
}

/// Deploys a contract that runs `body` and returns the word at 0; says how both ended.
fn run(host: &'static Host, imports: &str, body: &str) -> (StatusCode, Option<(StatusCode, U256)>) {
    let code = wat::parse_str(format!(
        r#"(module (import "env" "return" (func $return (param i32 i32))) {imports}
            (memory (export "memory") 1)
            (func $deeper (param i32) (result i32)
                (if (result i32) (local.get 0)
                    (then (i32.add (i32.const 1) (call $deeper (i32.sub (local.get 0) (i32.const 1)))))
                    (else (i32.const 0))))
            (func (export "main") {body} (call $return (i32.const 0) (i32.const 32))))"#
    ));
    let mut world = World::on(host);
    let created = world.create(enclosed(&code.unwrap()));
    let called = created.created.map(|contract| {
        let result = world.send(contract, Vec::new());
        let word = U256::try_from_be_slice(&result.return_data).unwrap_or_default();
        (result.status.0, word)
    });
    (created.status.0, called)
}

/// Byte 31 of the returned word is whether growing to ten pages was refused.
const GROW: &str =
    "(i32.store8 (i32.const 31) (i32.lt_s (memory.grow (i32.const 9)) (i32.const 0)))";
const DEEP: &str = "(drop (call $deeper (i32.const 500)))";
const FLOAT: &str = "(drop (f64.add (f64.const 1) (f64.const 2)))";
const CALLER: &str = r#"(import "env" "caller" (func $caller (param i32)))"#;

#[test]
fn each_option_reaches_the_plugin() {
    let ended = |word: u64| {
        (
            StatusCode::SUCCESS,
            Some((StatusCode::SUCCESS, U256::from(word))),
        )
    };
    let refused = (StatusCode::CODE_REFUSED, None);
    let plain = leaked("wasm", "");
    assert_eq!(run(plain, "", GROW), ended(0));
    assert_eq!(run(plain, "", DEEP), ended(0));
    assert_eq!(run(plain, "", FLOAT), refused);
    assert_eq!(run(plain, CALLER, ""), ended(0));
    let changed = leaked(
        "wasm",
        "max_memory_pages = 9\nmax_stack_height = 1000\ngas_costs = 1\n\
         allowed_imports = [\"env.return\"]\ndeterministic = false",
    );
    assert_eq!(run(changed, "", GROW), ended(1));
    let halted = (
        StatusCode::SUCCESS,
        Some((StatusCode::STACK_HEIGHT, U256::ZERO)),
    );
    assert_eq!(run(changed, "", DEEP), halted);
    assert_eq!(run(changed, "", FLOAT), ended(0));
    assert_eq!(run(changed, CALLER, ""), refused);
}

#[test]
fn code_from_one_start_is_mapped_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        host_with(VmFactoryConfig {
            data_dir: Some(folder.path().to_owned()),
            require: vec!["wasm@=1.1.0".parse().unwrap()],
            ..VmFactoryConfig::default()
        })
    };
    let kept = || {
        walk(folder.path())
            .filter(|name| name.ends_with(".cwasm"))
            .count()
    };
    let first: &'static Host = Box::leak(Box::new(start()));
    let mut world = World::on(first);
    let code = wat::parse_str(
        r#"(module (import "env" "return" (func $return (param i32 i32)))
            (memory (export "memory") 1) (func (export "main")))"#,
    );
    let created = world.create(enclosed(&code.unwrap()));
    assert_status(&created, StatusCode::SUCCESS);
    assert_eq!(kept(), 1, "deployment compiles and keeps the code");
    // These calls have much gas: they run, and keep, the form that can be interrupted.
    for _ in 0..2 {
        world.host = Box::leak(Box::new(start()));
        let called = world.send(created.created.unwrap(), Vec::new());
        assert_status(&called, StatusCode::SUCCESS);
        assert_eq!(kept(), 2);
    }
}

fn walk(folder: &std::path::Path) -> impl Iterator<Item = String> {
    let mut folders = vec![folder.to_owned()];
    let mut names = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
    }
    names.into_iter()
}

/// Deploys a ProzVM contract with `head` and `body`, which leaves its answer in a0; says how both ended.
fn run_prozvm(options: &str, head: &str, body: &str) -> (StatusCode, Option<(StatusCode, U256)>) {
    let host = leaked("prozvm", options);
    let text = format!(
        "{head}\n.export \"fallback\" main fallback\n.func main () -> 0\n addi sp, sp, -64\n{body}
            rev8 a0, a0\n sd a0, 24(sp)\n mv a0, sp\n li a1, 32\n sys return\n ret
         .func deeper (1) -> 0\n beq a0, zero, done\n addi a0, a0, -1\n call deeper\n done: ret"
    );
    let mut world = World::on(host);
    let created = world.create(assembled(&text));
    let called = created.created.map(|contract| {
        let result = world.send(contract, Vec::new());
        let word = U256::try_from_be_slice(&result.return_data).unwrap_or_default();
        (result.status.0, word)
    });
    (created.status.0, called)
}

#[test]
fn each_option_reaches_prozvm() {
    let ended = |word: u64| {
        let called = (StatusCode::SUCCESS, U256::from(word));
        (StatusCode::SUCCESS, Some(called))
    };
    let refused = (StatusCode::CODE_REFUSED, None);
    let rows: [(&str, &str, &str, _, _); 5] = [
        (
            ".stack 4096\n.pages 9",
            "li a0, 8\n heap.grow a0, a0",
            "memory_model = { kind = \"linear32\", max_pages = 8 }",
            ended(0x11000),
            refused,
        ),
        (
            ".stack 4096",
            "li a0, 100\n call deeper\n li a0, 7",
            "stack_limit = { call_depth = 50 }",
            ended(7),
            (
                StatusCode::SUCCESS,
                Some((StatusCode::STACK_HEIGHT, U256::ZERO)),
            ),
        ),
        (
            ".stack 4096",
            "li s5, 3\n mv a0, s5",
            "register_config = { count = 16 }",
            ended(3),
            refused,
        ),
        (
            ".stack 4096",
            "li a0, 3",
            "gas_schedule = { id = 2, costs = { add = 9 } }",
            ended(3),
            refused,
        ),
        (
            ".stack 4096",
            "li a0, 5",
            "machine = { tier = \"reference\", fusion = false, strip_callee_saves = false, code_cache_bytes = 0 }",
            ended(5),
            ended(5),
        ),
    ];
    for (head, body, options, without, with) in rows {
        assert_eq!(run_prozvm("", head, body), without, "{options}");
        assert_eq!(run_prozvm(options, head, body), with, "{options}");
    }
    // A tier that does not exist is refused by the plugin, in its own words.
    let refused = proz_host::VmFactory::new(VmFactoryConfig {
        search_path: proz_host::SearchPath::explicit([proz_tests::plugins_dir()]),
        ..configured("prozvm", "machine = { tier = \"guess\" }")
    });
    let error = refused.map(|_| ()).unwrap_err();
    let mut said = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        said = format!("{said}: {error}");
        cause = error.source();
    }
    assert!(said.contains("guess"), "{said}");
}
