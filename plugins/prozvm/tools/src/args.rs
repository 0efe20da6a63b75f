//! What can be asked on the command line.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Assembles, links, checks, runs, profiles and debugs ProzVM programs.
///
/// Where a command takes a program, it takes the binary form (.pz) and assembler text (.pzs) alike.
#[derive(Parser)]
#[command(
    name = "proz-prozvm",
    bin_name = "proz prozvm",
    version,
    propagate_version = true,
    max_term_width = 100
)]
pub(crate) struct Program {
    /// Prints JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Assembles a text.
    Asm(AsmArgs),
    /// Writes a program as text that assembles to the same program.
    Disasm(DisasmArgs),
    /// Decides whether a program may run, and says which rule it breaks.
    Verify(VerifyArgs),
    /// Shows what a program consists of: sections, functions, blocks and their costs, exports, imports.
    Inspect(InspectArgs),
    /// Runs a function.
    Run(RunArgs),
}

#[derive(Args)]
pub(crate) struct AsmArgs {
    /// Assembler text, or `-` for standard input.
    pub(crate) file: PathBuf,

    /// Where to write the program; the name of the text with `.pz` unless given.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct DisasmArgs {
    /// Program.
    pub(crate) file: PathBuf,

    /// Where to write the text; standard output unless given.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct VerifyArgs {
    /// Program.
    pub(crate) file: PathBuf,
}

#[derive(Args)]
pub(crate) struct InspectArgs {
    /// Program.
    pub(crate) file: PathBuf,

    /// Shows only this function, with its instructions. May be repeated.
    #[arg(long, value_name = "NAME")]
    pub(crate) function: Vec<String>,

    /// Lists every block and its cost.
    #[arg(long)]
    pub(crate) blocks: bool,
}

/// What to run, and with how much gas.
#[derive(Args)]
pub(crate) struct TargetArgs {
    /// Program.
    pub(crate) file: PathBuf,

    /// Arguments of the function, numbers: `7`, `-1`, `0xff`.
    #[arg(value_name = "ARGUMENT", allow_negative_numbers = true)]
    pub(crate) arguments: Vec<String>,

    /// Function to run: the name of an export, or of any function.
    #[arg(long, value_name = "NAME")]
    pub(crate) function: String,

    /// Gas limit.
    #[arg(long, default_value_t = 1_000_000_000)]
    pub(crate) gas: u64,
}

#[derive(Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,

    /// Prints how often each function and block ran and what gas it took.
    #[arg(long)]
    pub(crate) profile: bool,

    /// Prints each instruction before the result.
    #[arg(long)]
    pub(crate) trace: bool,
}
