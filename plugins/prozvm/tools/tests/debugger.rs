//! Sessions of the debugger: what it prints for the commands that it is given.
#![allow(clippy::unwrap_used, reason = "a test")]

mod session;

use session::Session;

#[test]
fn debugs_a_program_without_source_lines() {
    let mut session = Session::new();
    session.feed(
        "debug fib.pzs --function fib 3",
        "help
         break fib+8
         step
         next
         si 2
         regs
         where
         disas
         list

         c
         bt
         regs
         regs 1
         regs 7
         print a0
         print sp+0x10-16
         print nothing
         finish
         points
         ni
         delete 9
         delete 1
         gas
         c
         bt
         restart
         b fib+2
         quit",
    );
    assert_session!(session);
}

#[test]
fn watches_memory_and_shows_it() {
    let mut session = Session::new();
    session
        .feed(
            "debug digest.pzs --function digest 5",
            "watch bss 8
             watch nowhere
             watch 0 4
             watch bss 0
             x rodata 16
             x/5 rodata
             x 0x0 1
             c
             c
             x bss 32
             u256 bss
             storage
             points
             c",
        )
        .feed(
            "debug digest.pzs --function digest 6",
            "c
             regs
             bt
             c
             quit",
        )
        .feed(
            "debug digest.pzs --function digest 5 --gas 560",
            "c\nwhere\n",
        )
        .feed("debug digest.pzs --function digest 5 --gas 100", "c\n")
        .feed("debug digest.pzs --function digest 5 --json", "");
    assert_session!(session);
}

#[test]
fn debugs_a_linked_program_by_its_source() {
    let mut session = Session::new();
    session
        .run("link ledger.elf")
        .feed(
            "debug ledger.pz --function ways 3",
            "list
             break ways
             break ledger.c:79
             break ledger.c:4000
             break other.c:1
             break wasy
             c
             next
             step
             step
             bt
             list 70
             c
             delete
             finish
             finish
             regs
             c",
        )
        .feed(
            "debug ledger.pz --call add 300 --storage 0=5",
            "storage
             watch storage 0
             break add_words
             c
             u256 a0
             u256 a1
             bt
             finish
             next
             gas
             c
             storage
             bt
             c
             storage
             restart
             points
             c
             q",
        )
        .feed(
            "debug ledger.pz --call total --storage 0=7 --sources nowhere",
            "step\nstep\nc\n",
        );
    assert_session!(session);
}

#[test]
fn says_that_a_source_file_is_missing() {
    let mut session = Session::new();
    session.run("link ledger.elf");
    std::fs::rename(session.path("ledger.c"), session.path("moved.c")).unwrap();
    session.feed("debug ledger.pz --function ways 1", "list\n");
    std::fs::create_dir(session.path("sources")).unwrap();
    std::fs::rename(session.path("moved.c"), session.path("sources/ledger.c")).unwrap();
    session.feed(
        "debug ledger.pz --function ways 1 --sources sources",
        "list\n",
    );
    assert_session!(session);
}

/// Ctrl-C stops the program and leaves the debugger.
#[cfg(unix)]
#[test]
fn an_interrupt_stops_the_program_and_not_the_debugger() {
    use std::{
        io::{BufRead as _, BufReader, Write as _},
        process::{Command, Stdio},
    };
    let session = Session::new();
    session.write(
        "forever.pzs",
        b".func forever () -> 0\nagain:\n    j again\n.names\n",
    );
    let mut child = Command::new(env!("CARGO_BIN_EXE_proz-prozvm"))
        .args(["debug", "forever.pzs", "--function", "forever"])
        .args(["--gas", "18446744073709551615"])
        .current_dir(session.path(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut until = |wanted: &str| {
        let found = lines
            .by_ref()
            .map(Result::unwrap)
            .find(|line| line.contains(wanted));
        assert!(found.is_some(), "no {wanted}");
    };
    writeln!(stdin, "continue").unwrap();
    until("(pz) continue");
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    until("interrupted: forever");
    writeln!(stdin, "bt\nquit").unwrap();
    until("#0  forever");
    drop(stdin);
    assert!(child.wait().unwrap().success());
}
