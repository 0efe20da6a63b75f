//! `proz`: runs, estimates, validates and traces contracts of many virtual machines.
//!
//! stdout is data; everything else goes to stderr. Exit codes: 0 done, 1 the execution failed
//! (reverted, halted, refused), 2 the command could not be carried out.

#[macro_use]
mod out;

mod args;
mod commands;
mod configuration;
mod diagnosis;
mod error;
mod render;
mod session;
mod target;
mod tracers;

use args::{Command, Program};
use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = commands::external::help() {
        return code;
    }
    let program = Program::parse();
    let common = &program.common;
    let outcome = match &program.command {
        Command::Run(args) => commands::run::run(common, args),
        Command::Deploy(args) => commands::deploy::run(common, args),
        Command::Estimate(args) => commands::estimate::run(common, args),
        Command::Validate(args) => commands::validate::run(common, args),
        Command::Plugin(args) => commands::plugin::run(common, args),
        Command::Chain(args) => commands::chain::run(common, args),
        Command::Why(args) => commands::why::run(common, args),
        Command::Config(args) => commands::config::run(common, args),
        Command::Bench(args) => commands::bench::run(common, args),
        Command::Precompile(args) => commands::precompile::run(common, args),
        Command::Statetest(args) => commands::statetest::run(common, args),
        Command::External(words) => commands::external::run(words),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => error.report(),
    }
}
