//! The tools of ProzVM, as one program: `proz prozvm …`.
//!
//! stdout is data; everything else goes to stderr. Exit codes: 0 done, 1 the program was refused or its execution
//! failed, 2 the command could not be carried out.

#[macro_use]
mod out;

mod args;
mod commands;
mod contract;
mod debugger;
mod error;
mod plain;
mod profile;
mod program;
mod source;
mod table;
mod trace;

use args::{Command, Program};
use clap::Parser as _;
use std::process::ExitCode;

/// Does what the command line asks for.
pub fn main() -> ExitCode {
    let program = Program::parse();
    let json = program.json;
    let outcome = match &program.command {
        Command::Asm(args) => commands::asm::run(json, args),
        Command::Disasm(args) => commands::disasm::run(json, args),
        Command::Link(args) => commands::link::run(json, args),
        Command::Verify(args) => commands::verify::run(json, args),
        Command::Inspect(args) => commands::inspect::run(json, args),
        Command::Debug(args) => commands::debug::run(json, args),
        Command::Run(args) => commands::run::run(json, args),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => error.report(),
    }
}
