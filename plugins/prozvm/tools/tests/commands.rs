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

#[test]
fn links_an_executable() {
    let mut session = Session::new();
    session.write("text.elf", b"no executable");
    session
        .run("link ledger.elf")
        .run("verify ledger.pz")
        .run("inspect ledger.pz --function ways")
        .run("link ledger.elf -o other.pz --stack 4096 --max-pages 9 --strip --export-symbols --json")
        .run("inspect other.pz")
        .run("link text.elf")
        .run("link missing.elf")
        .run("link ledger.elf --plain-results 3");
    assert_session!(session);
}

#[test]
fn calls_contracts_on_a_host_in_memory() {
    let mut session = Session::new();
    session
        .run("link ledger.elf")
        .run("run ledger.pz --call add 300 --storage 0=5")
        .run("run ledger.pz --call 'add(uint256)(uint256)' 300 --storage 0=5 --json")
        .run("run ledger.pz --call 'total()(uint256)' --storage 0=0x2a")
        .run("run ledger.pz --input 0x2ddbd13a")
        .run("run ledger.pz --input 0x1003e2d2")
        .run("run ledger.pz --call add 1 --value 1ether")
        .run("run ledger.pz --call add 1 --gas 500")
        .run("run ledger.pz --call add")
        .run("run ledger.pz --call subtract 1")
        .run("run ledger.pz --call add 1 --storage 0")
        .run("run ledger.pz --call add 1 --function ways")
        .run("run ledger.pz")
        .run("run ledger.pz --call add 1 --profile");
    assert_session!(session);
}

#[test]
fn a_profile_of_a_call_has_all_its_gas() {
    let mut session = Session::new();
    session.run("link ledger.elf");
    for arguments in [
        "--call add 300 --storage 0=5",
        "--call total",
        "--input 0x1003e2d2",
    ] {
        let plain = session.json(&format!("run ledger.pz {arguments} --json"));
        let watched = session.json(&format!("run ledger.pz {arguments} --profile --json"));
        assert_eq!(plain["gas_used"], watched["gas_used"], "{arguments}");
        let profile = &watched["profile"];
        let number = |value: &serde_json::Value| value.as_u64().unwrap();
        let gas = number(&profile["gas"]).div_ceil(number(&profile["units_per_gas"]));
        let used = gas + number(&profile["entry_gas"]) + number(&profile["preparation_gas"]);
        assert_eq!(used, number(&plain["gas_used"]), "{arguments}");
    }
}
