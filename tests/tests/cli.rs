//! The program as its users run it: exit code, stdout and stderr of each command.
#![allow(clippy::unwrap_used, reason = "a test")]

use proz_tests::{plugins_dir, workspace_root};
use std::{
    env::consts::EXE_SUFFIX,
    fmt::Write,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// A folder to work in, and what the commands run there printed.
struct Session {
    folder: tempfile::TempDir,
    log: String,
}

impl Session {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            log: String::new(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn output(&self, arguments: &[&str]) -> Output {
        let program = plugins_dir().with_file_name(format!("proz{EXE_SUFFIX}"));
        Command::new(program)
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .output()
            .unwrap()
    }

    /// Runs the program and writes down everything that a user sees.
    fn run(&mut self, arguments: &[&str]) -> &mut Self {
        let output = self.output(arguments);
        writeln!(self.log, "$ proz {}", self.plain(&arguments.join(" "))).unwrap();
        for (name, bytes) in [("", &output.stdout), ("stderr: ", &output.stderr)] {
            let text = self.plain(std::str::from_utf8(bytes).unwrap());
            for line in text.lines() {
                writeln!(self.log, "{name}{line}").unwrap();
            }
        }
        let code = output.status.code().unwrap();
        writeln!(self.log, "exit code {code}\n").unwrap();
        self
    }

    /// Replaces what differs between machines.
    fn plain(&self, text: &str) -> String {
        let replaced =
            |text: String, path: &Path, name: &str| text.replace(&*path.to_string_lossy(), name);
        let text = replaced(text.to_owned(), &plugins_dir(), "PLUGINS");
        let text = replaced(text, self.folder.path(), "FOLDER");
        replaced(text, workspace_root(), "WORKSPACE")
    }
}

fn artefact(name: &str) -> String {
    let path = format!("tests/fixtures/solidity/artifacts/{name}.json");
    workspace_root().join(path).to_string_lossy().into_owned()
}

macro_rules! assert_session {
    ($session:expr) => {
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!($session.log);
        });
    };
}

#[test]
fn runs_plain_code() {
    let mut session = Session::new();
    session
        .run(&["run", "0x602a60005260206000f3"])
        .run(&["run", "0x602a60005260206000f3", "--trace"])
        .run(&["run", "0x602a60005260206000f3", "--json"])
        .run(&["run", "0x60006000fd"])
        .run(&["run", "0xfe"])
        .run(&["run", "0x5f35", "--revision", "paris"])
        .run(&[
            "run",
            "0x5f5ff3",
            "--revision",
            "shanghai",
            "--gas",
            "21003",
        ]);
    assert_session!(session);
}

#[test]
fn deploys_calls_and_estimates_a_contract_by_its_artefact() {
    let token = artefact("Token");
    let holder = "0x00000000000000000000000000000000000000aa";
    let state = ["--state", "state.json"];
    let mut session = Session::new();
    session
        .run(&[
            "deploy", &token, "--name", "Gold", state[0], state[1], "--args", "Gold", "GLD",
        ])
        .run(&[
            "run",
            "Gold",
            state[0],
            state[1],
            "--write",
            "--call",
            "mint(address,uint256)",
            "@sender",
            "5e18",
        ])
        .run(&[
            "run",
            "Gold",
            state[0],
            state[1],
            "--call",
            "balanceOf",
            "@sender",
        ])
        .run(&[
            "run", "Gold", state[0], state[1], "--trace", "--call", "transfer", holder, "1e18",
        ])
        .run(&[
            "run", "Gold", state[0], state[1], "--call", "transfer", holder, "9e18",
        ])
        .run(&[
            "run",
            "Gold",
            state[0],
            state[1],
            "--json",
            "--call",
            "totalSupply",
        ])
        .run(&[
            "estimate", "Gold", state[0], state[1], "--call", "transfer", holder, "1e18",
        ])
        .run(&[
            "estimate", "Gold", state[0], state[1], "--json", "--call", "transfer", holder, "1e18",
        ])
        .run(&[
            "estimate", "Gold", state[0], state[1], "--call", "transfer", holder, "9e18",
        ]);
    assert_session!(session);
}

#[test]
fn validates_code() {
    let mut session = Session::new();
    session
        .run(&["validate", &artefact("Token")])
        .run(&["validate", "0x6001"])
        .run(&["validate", "0xef0001"])
        .run(&["validate", "0x"])
        .run(&["validate", "--vm", "evm", "0xef0001"])
        .run(&["validate", "--vm", "evm", "--json", "0xef0001"]);
    assert_session!(session);
}

#[test]
fn lists_plugins_and_precompiles() {
    let mut session = Session::new();
    session
        .run(&["plugin", "list", "--explain", "--require", "evm@=1.0.0"])
        .run(&["plugin", "list", "--json", "--require", "evm@=1.0.0"])
        .run(&[
            "precompile",
            "list",
            "--require",
            "plugin:proz-precompiles@^1",
        ])
        .run(&["precompile", "run", "0x02", "0x616263"])
        .run(&[
            "precompile",
            "run",
            "0x05",
            "0x",
            "--revision",
            "byzantium",
            "--json",
        ])
        .run(&["precompile", "run", "0x0b", "0x00"])
        .run(&[
            "precompile",
            "run",
            "0x0b",
            "0x00",
            "--revision",
            "shanghai",
        ]);
    assert_session!(session);
}

#[test]
fn explains_what_is_wrong_with_arguments_and_files() {
    let mut session = Session::new();
    let token = artefact("Token");
    std::fs::write(session.path("broken.json"), "{\"abi\": [").unwrap();
    std::fs::write(session.path("odd.hex"), "0x123").unwrap();
    std::fs::write(session.path("state.json"), "{\"0x12\": {}}").unwrap();
    session
        .run(&["run", "missing.json"])
        .run(&["run", "broken.json"])
        .run(&["run", "odd.hex"])
        .run(&["run", "0x00", "--state", "state.json"])
        .run(&["run", "0x00", "--revision", "atlantis"])
        .run(&["run", "0x00", "--value", "5 shells"])
        .run(&["run", "0x00", "--require", "evm@^9"])
        .run(&["run", "0x00", "--require", "movevm@^1"])
        .run(&["run", "0x00", "--require", "evm@one"])
        .run(&["run", "0x00", "--plugins", "nowhere"])
        .run(&["deploy", &token, "--args", "Gold"])
        .run(&["run", &token, "--call", "fly"])
        .run(&[
            "run",
            &token,
            "--call",
            "transfer(address,uint256)",
            "0x12",
            "1",
        ]);
    assert_session!(session);
}

/// Returns its call data.
const ECHO: &str = r#"(module
    (import "env" "input_size" (func $size (result i32)))
    (import "env" "input_copy" (func $copy (param i32 i32 i32)))
    (import "env" "return" (func $return (param i32 i32)))
    (memory (export "memory") 1)
    (func (export "main")
        (call $copy (i32.const 0) (i32.const 0) (call $size))
        (call $return (i32.const 0) (call $size))))
"#;

#[test]
fn takes_wasm_modules_and_text() {
    let mut session = Session::new();
    let file = |name: &str| {
        let path = format!("tests/fixtures/wasm/artifacts/{name}.wasm");
        workspace_root().join(path).to_string_lossy().into_owned()
    };
    std::fs::write(session.path("echo.wat"), ECHO).unwrap();
    std::fs::write(session.path("typo.wat"), "(module\n  (fun))").unwrap();
    let foreign = "(module (import \"env\" \"db_read\" (func)))";
    std::fs::write(session.path("foreign.wat"), foreign).unwrap();
    std::fs::write(session.path("note.wasm"), "no module").unwrap();
    let (token, abi) = (file("token"), artefact("Token"));
    let state = ["--state", "state.json"];
    session
        .run(&["validate", "echo.wat"])
        .run(&["validate", "echo.wat", "--json"])
        .run(&["validate", "foreign.wat"])
        .run(&["validate", "typo.wat"])
        .run(&["validate", "note.wasm"])
        .run(&["run", "echo.wat", "--input", "0x0123"])
        .run(&[&["deploy", "echo.wat", "--name", "Echo"], &state[..]].concat())
        .run(&[&["run", "Echo", "--input", "0xabcd"], &state[..]].concat())
        // The receipt says that code was refused, the program says why.
        .run(&["deploy", "foreign.wat"])
        .run(&["run", "foreign.wat"])
        .run(&["deploy", &token, "--args", "Gold", "AU"]);
    let deploy = ["deploy", &token, "--abi", &abi, "--name", "Token", "--args"];
    let mint = ["run", "Token", "--write", "--call", "mint", "@sender", "5"];
    let too_much = ["run", "Token", "--call", "transfer", "@Echo", "6"];
    session
        .run(&[&deploy[..], &["Gold", "AU"], &state[..]].concat())
        .run(&[&mint[..], &state[..]].concat())
        .run(&[&["run", "Token", "--call", "name"], &state[..]].concat())
        .run(&[&too_much[..], &state[..]].concat());
    assert_session!(session);
}

/// Returns its input.
const ECHO_PROGRAM: &str = "
    .stack 4096
    .export \"fallback\" echo fallback
    .func echo () -> 0
        addi sp, sp, -1024
        sys  input_size
        mv   s0, a0
        mv   a0, sp
        li   a1, 0
        mv   a2, s0
        sys  input_copy
        mv   a0, sp
        mv   a1, s0
        sys  return
        ret
";

#[test]
fn takes_prozvm_programs() {
    let mut session = Session::new();
    let program = proz_prozvm_asm::assemble(ECHO_PROGRAM, &proz_prozvm_syscalls::CHAIN);
    let program = program.unwrap().encode();
    std::fs::write(session.path("echo.pz"), &program).unwrap();
    // One byte of the last instruction: a register that it does not use.
    let mut broken = program.clone();
    let last = broken
        .windows(8)
        .rposition(|i| i == [0x84, 0, 0, 0, 0, 0, 0, 0]);
    broken[last.unwrap() + 1] = 7;
    std::fs::write(session.path("broken.pz"), &broken).unwrap();
    std::fs::write(session.path("cut.pz"), &program[..40]).unwrap();
    let state = ["--state", "state.json"];
    session
        .run(&["validate", "echo.pz"])
        .run(&["validate", "broken.pz"])
        .run(&["validate", "cut.pz"])
        .run(&["run", "echo.pz", "--input", "0x0123"])
        .run(&[&["deploy", "echo.pz", "--name", "Echo"], &state[..]].concat())
        .run(&[&["run", "Echo", "--input", "0xabcd"], &state[..]].concat());
    assert_session!(session);
}

#[test]
fn runs_official_tests() {
    let file = |name: &str| {
        let path = format!("tests/fixtures/statetest/{name}.json");
        workspace_root().join(path).to_string_lossy().into_owned()
    };
    let (passes, fails) = (file("passes"), file("fails"));
    let mut session = Session::new();
    session
        .run(&["statetest", &passes, &file("refused")])
        .run(&["statetest", &passes, "--fork", "Cancun"])
        .run(&["statetest", &passes, "--json", "--fork", "Istanbul"])
        .run(&["statetest", &passes, &fails, "--threads", "1"])
        .run(&["statetest", &fails, "--trace"])
        .run(&["statetest", &passes, &fails, "--name", "arith"])
        .run(&["statetest", &file("malformed")])
        .run(&["statetest", "missing.json"])
        .run(&["statetest"]);
    assert_session!(session);
}

#[test]
fn traces_and_counts() {
    let code = "0x60016000546001016000550060";
    let mut session = Session::new();
    session
        .run(&["run", code, "--metrics"])
        .run(&["run", code, "--metrics", "--json"])
        .run(&["run", code, "--trace-format", "eip3155"])
        .run(&["run", code, "--trace-format", "structlog"])
        .run(&["run", code, "--trace-format", "calltracer"])
        .run(&["run", code, "--trace-format", "prestate"])
        .run(&[
            "run",
            "0x60fe",
            "--trace-format",
            "eip3155",
            "--gas",
            "21002",
        ])
        .run(&["run", "0x60016002fd", "--trace-format", "calltracer"]);
    assert_session!(session);
}

/// Times differ from run to run; counts do not.
#[test]
fn checks_plugins_by_handshake_and_conformance_kit() {
    let session = Session::new();
    let manifest = plugins_dir().join("evm-1.1.toml");
    let output = session.output(&["plugin", "check", &manifest.to_string_lossy()]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("handshake  passed"), "{text}");
    assert!(
        text.contains("146 passed, 0 failed, 7 not covered"),
        "{text}"
    );

    let library = plugins_dir().join(format!("libnothing{}", std::env::consts::DLL_SUFFIX));
    let output = session.output(&["plugin", "check", &library.to_string_lossy()]);
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("libnothing"), "{text}");
}
