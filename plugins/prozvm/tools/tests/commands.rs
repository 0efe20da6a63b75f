//! The tools as their users run them: exit code, stdout and stderr of each command.
#![allow(clippy::unwrap_used, reason = "a test")]

mod session;

use session::Session;

#[test]
fn assembles_and_disassembles_in_a_circle() {
    let mut session = Session::new();
    session
        .run("asm fib.pzs")
        .run("asm fib.pzs -o twice.pz --json")
        .run("disasm fib.pz -o again.pzs")
        .run("disasm fib.pz")
        .run("asm again.pzs");
    let first = std::fs::read(session.path("fib.pz")).unwrap();
    assert_eq!(std::fs::read(session.path("again.pz")).unwrap(), first);
    assert_eq!(std::fs::read(session.path("twice.pz")).unwrap(), first);
    assert_session!(session);
}

#[test]
fn says_what_is_wrong_with_a_text() {
    let mut session = Session::new();
    session.write(
        "wrong.pzs",
        b".func f () -> 0\n    adx a0, a0, a0\n    ret\n",
    );
    session.write(
        "unassigned.pzs",
        b".func f () -> 1\n    mv a0, t3\n    ret\n",
    );
    session.write("bytes.pzs", b"\xff\xfe");
    session
        .run("asm wrong.pzs")
        .run("asm unassigned.pzs")
        .run("asm bytes.pzs")
        .run("asm missing.pzs")
        .run("asm fib.pzs -o fib.pzs")
        .run("asm fib.pzs -o no/such/folder/fib.pz")
        .run("asm - ");
    assert_session!(session);
}

#[test]
fn verifies_and_names_rule_and_offset() {
    let mut session = Session::new();
    session.run("asm fib.pzs");
    let good = std::fs::read(session.path("fib.pz")).unwrap();
    let mut register = good.clone();
    // The destination of the first instruction.
    register[58] = 99;
    session.write("register.pz", &register);
    session.write("cut.pz", &good[..60]);
    session.write("empty.pz", b"");
    session.write("elf.pz", b"\x7fELF\x02\x01\x01");
    session
        .run("verify fib.pz")
        .run("verify fib.pz --json")
        .run("verify fib.pzs")
        .run("verify register.pz")
        .run("verify register.pz --json")
        .run("verify cut.pz")
        .run("verify empty.pz")
        .run("verify elf.pz")
        .run("verify missing.pz")
        .run("disasm cut.pz")
        .run("inspect cut.pz")
        .run("run cut.pz --function f");
    assert_session!(session);
}

#[test]
fn inspects_the_whole_and_single_functions() {
    let mut session = Session::new();
    session
        .run("inspect digest.pzs")
        .run("inspect digest.pzs --blocks")
        .run("inspect digest.pzs --function digest --function check")
        .run("inspect digest.pzs --function check --json")
        .run("inspect fib.pzs --json")
        .run("inspect digest.pzs --function chekc");
    assert_session!(session);
}

#[test]
fn runs_plain_functions() {
    let mut session = Session::new();
    session
        .run("run fib.pzs --function fib 15")
        .run("run fib.pzs --function fib 15 --json")
        .run("run fib.pzs --function fib 15 --gas 1000")
        .run("run fib.pzs --function fib 15 --gas 100")
        .run("run fib.pzs --function fib")
        .run("run fib.pzs --function fib x")
        .run("run fib.pzs --function fub 1")
        .run("run digest.pzs --function pair 3 -4")
        .run("run digest.pzs --function digest 5")
        .run("run digest.pzs --function digest 6")
        .run("run digest.pzs --function digest 6 --json")
        .run("run digest.pzs --function digest 5000")
        .run("run digest.pzs --function left --gas 5000")
        .run("run digest.pzs --function store");
    assert_session!(session);
}

#[test]
fn profiles_and_traces() {
    let mut session = Session::new();
    session
        .run("run fib.pzs --function fib 12 --profile")
        .run("run digest.pzs --function digest 5 --profile")
        .run("run digest.pzs --function digest 5 --profile --json")
        .run("run fib.pzs --function fib 2 --trace")
        .run("run fib.pzs --function fib 2 --gas 165 --trace --json");
    assert_session!(session);
}

#[test]
fn a_profile_has_all_the_gas_of_the_run() {
    let session = Session::new();
    for (arguments, gas) in [
        ("fib.pzs --function fib 17", 1_000_000),
        ("fib.pzs --function fib 17", 2_000),
        ("digest.pzs --function digest 5", 1_000_000),
        ("digest.pzs --function digest 6", 1_000_000),
        ("digest.pzs --function digest 5000", 1_000_000),
        ("digest.pzs --function digest 5", 700),
    ] {
        let json = session.json(&format!("run {arguments} --gas {gas} --profile --json"));
        let plain = session.json(&format!("run {arguments} --gas {gas} --json"));
        let used = plain["gas_used"].as_i64().unwrap();
        assert_eq!(json["gas_used"], used, "{arguments}");
        let profile = &json["profile"];
        assert_eq!(profile["gas"], used, "{arguments}");
        let sum = |list: &str, keys: &[&str]| -> i64 {
            let rows = profile[list].as_array().unwrap().iter();
            rows.flat_map(|row| keys.iter().map(|key| row[key].as_i64().unwrap()))
                .sum()
        };
        let memory = profile["memory_gas"].as_i64().unwrap();
        assert_eq!(memory + sum("functions", &["own_gas"]), used, "{arguments}");
        let blocks = sum("blocks", &["static_gas", "dynamic_gas"]);
        assert_eq!(memory + blocks, used, "{arguments}");
    }
}
