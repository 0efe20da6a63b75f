//! Compares the interpreters on random verified programs until as many executions as asked for have agreed.
//!
//! Each program runs several times on each tier: the reference, the threaded interpreter, and the latter without
//! fusion. The first difference ends it, with the seed in the message.
//!
//!     cargo run --release -p proz-prozvm-core --features testing --example interpreter_campaign -- [EXECUTIONS [SEED]]

#![allow(missing_docs, reason = "an example")]

use std::process::ExitCode;

use proz_prozvm_core::testing::compare_tiers;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u64| match arguments.next() {
        None => Ok(default),
        Some(text) => text.parse(),
    };
    let (Ok(wanted), Ok(first)) = (number(10_000_000), number(0)) else {
        eprintln!("expected numbers: executions, first seed");
        return ExitCode::FAILURE;
    };
    let (mut executions, mut instructions) = (0, 0);
    let mut seed = first;
    while executions < wanted {
        let agreed = std::panic::catch_unwind(|| compare_tiers(&seed.to_le_bytes()));
        let Ok((runs, steps)) = agreed else {
            eprintln!("seed {seed}: the tiers differ");
            return ExitCode::FAILURE;
        };
        executions += runs;
        instructions += steps;
        seed += 1;
        if (seed - first).is_multiple_of(100_000) {
            println!("seed {seed}: {executions} executions");
        }
    }
    let programs = seed - first;
    println!(
        "{programs} programs, {executions} executions, {instructions} instructions in the reference: all agree"
    );
    ExitCode::SUCCESS
}
