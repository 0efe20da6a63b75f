//! What a machine lacks is never an outcome: under steps of memory and native stack a program gives
//! the result that it gives without limits, or the command cannot be carried out.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test")]

use proz_tests::{plugins_dir, program};
use std::{
    os::unix::process::ExitStatusExt as _,
    process::{Command, Output},
};

/// Estimates a program of the EVM under a limit of the shell's `ulimit`: many executions, which
/// nobody watches, and one line of output.
fn run(limit: &str, arguments: &[&str]) -> Output {
    let script = format!("{limit}ulimit -c 0; exec \"$@\"");
    Command::new("sh")
        .args(["-c", &script, "sh"])
        .arg(program())
        .args([
            "estimate",
            "--require",
            "evm",
            "--require",
            "precompile",
            "--plugins",
        ])
        .arg(plugins_dir())
        .args(arguments)
        .env_remove("PROZ_PLUGIN_PATH")
        .output()
        .unwrap()
}

/// What came of a run under a limit.
#[derive(Debug, PartialEq)]
enum End {
    /// The result without limits.
    Same,
    /// The command says that the machine lacks something while it executes.
    Lacks,
    /// The command could not begin.
    NotBegun,
    /// The process was ended by a signal.
    Killed(i32),
}

fn end(expected: &Output, found: &Output, case: &str) -> End {
    let text = String::from_utf8_lossy(&found.stderr);
    match (found.status.code(), found.status.signal()) {
        (None, Some(signal)) => End::Killed(signal),
        (Some(2), _) if text.contains("this machine lacks what") => End::Lacks,
        (Some(2), _) => End::NotBegun,
        (code, _) => {
            let same = found.stdout == expected.stdout && code == expected.status.code();
            assert!(
                same,
                "{case}: expected {}\n found {} {text}",
                String::from_utf8_lossy(&expected.stdout),
                String::from_utf8_lossy(&found.stdout)
            );
            End::Same
        }
    }
}

/// Programs whose need of memory or stack gas has paid for.
const PROGRAMS: [(&str, &[&str]); 6] = [
    // Hands 64 MiB to the precompile that returns its input. (Twenty bytes would be an address.)
    (
        "identity",
        &[
            "0x5b5f5f63040000005f60045afa602a5f5260205ff3",
            "--gas",
            "2000000000000",
        ],
    ),
    // A quarter of a gigabyte of memory at once: MSTORE at 2^28.
    (
        "memory",
        &["0x60016310000000526000600055", "--gas", "2000000000000"],
    ),
    // Returns 64 MiB: the output is a copy.
    ("output", &["0x630400000060 00f3", "--gas", "2000000000000"]),
    // Logs 64 MiB.
    ("log", &["0x6304000000 6000a0", "--gas", "2000000000000"]),
    // Calls itself with all gas, down to depth 1,024.
    (
        "depth",
        &[
            "0x5f5f5f5f5f305af1602a5f5260205ff3",
            "--gas",
            "1000000000000000",
        ],
    ),
    // Creates 64 MiB of init code under rules that do not bound it.
    (
        "init code",
        &[
            "0x63040000006000 6000f0",
            "--gas",
            "2000000000000",
            "--revision",
            "paris",
        ],
    ),
];

#[test]
fn what_the_machine_lacks_is_never_an_outcome() {
    for (name, arguments) in PROGRAMS {
        let code = arguments[0].replace(' ', "");
        let arguments = [&[code.as_str()], &arguments[1..]].concat();
        let expected = run("", &arguments);
        assert_ne!(expected.status.code(), Some(2), "{name}: {expected:?}");
        let mut lacked = 0;
        for kind in ["d", "v"] {
            let mut ends = Vec::new();
            for mebibytes in [24, 56, 96, 160, 320, 640, 4_096] {
                let limit = format!("ulimit -{kind} {}; ", mebibytes * 1_024);
                let case = format!("{name} under ulimit -{kind} of {mebibytes} MiB");
                let end = end(&expected, &run(&limit, &arguments), &case);
                lacked += usize::from(end == End::Lacks);
                ends.push((mebibytes, end));
            }
            println!("{name} -{kind}: {ends:?}");
            // With room for the process itself nothing is killed: what gas bought is asked for.
            let killed = ends
                .iter()
                .find(|(m, end)| *m >= 96 && matches!(end, End::Killed(_)));
            assert_eq!(killed, None, "{name} -{kind}");
            assert_eq!(ends.last().unwrap().1, End::Same, "{name} -{kind}");
        }
        assert!(lacked > 0, "{name} never lacked anything");
    }
}

#[test]
fn the_native_stack_of_the_process_shows_in_no_result() {
    let arguments = PROGRAMS[4].1;
    let expected = run("", arguments);
    for kibibytes in [256, 512, 1_024, 4_096, 16_384] {
        let limit = format!("ulimit -s {kibibytes}; ");
        let found = end(&expected, &run(&limit, arguments), "depth");
        assert_eq!(found, End::Same, "{kibibytes} KiB of stack");
    }
}
