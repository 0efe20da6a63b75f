//! What can be asked on the command line.

use alloy_primitives::{Address, U256};
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
    /// Makes a program of a statically linked RISC-V executable.
    Link(LinkArgs),
    /// Decides whether a program may run, and says which rule it breaks.
    Verify(VerifyArgs),
    /// Shows what a program consists of: sections, functions, blocks and their costs, exports, imports.
    Inspect(InspectArgs),
    /// Runs a function, or calls a method as a contract on a host in memory.
    Run(RunArgs),
    /// Runs step by step under commands, from the terminal or from standard input.
    Debug(DebugArgs),
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

#[derive(Args)]
pub(crate) struct LinkArgs {
    /// Statically linked RISC-V executable, made with `--emit-relocs`.
    pub(crate) file: PathBuf,

    /// Where to write the program; the name of the executable with `.pz` unless given.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Bytes of stack, rounded up to pages.
    #[arg(long, value_name = "BYTES")]
    pub(crate) stack: Option<u32>,

    /// Most pages of memory.
    #[arg(long, value_name = "PAGES")]
    pub(crate) max_pages: Option<u32>,

    /// Pages of heap mapped from the start.
    #[arg(long, value_name = "PAGES")]
    pub(crate) heap: Option<u32>,

    /// Exports every global function, as plain and under its symbol's name.
    #[arg(long)]
    pub(crate) export_symbols: bool,

    /// Results that plain exports have at least.
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=2))]
    pub(crate) plain_results: u8,

    /// Translates instruction by instruction, without removing what needs not be done.
    #[arg(long)]
    pub(crate) no_optimise: bool,

    /// Leaves names and source lines of functions out.
    #[arg(long)]
    pub(crate) strip: bool,
}

/// What to run, on what state, with how much gas.
#[derive(Args)]
pub(crate) struct TargetArgs {
    /// Program.
    pub(crate) file: PathBuf,

    /// Arguments: numbers for a function (`7`, `-1`, `0xff`), values of the ABI for a call.
    #[arg(value_name = "ARGUMENT", allow_negative_numbers = true)]
    pub(crate) arguments: Vec<String>,

    /// Function to run: the name of an export, or of any function.
    #[arg(long, value_name = "NAME")]
    pub(crate) function: Option<String>,

    /// Method to call as a contract, on a host in memory: `transfer(address,uint256)`, with the types
    /// that it returns if they are to be decoded, or a name of the ABI.
    #[arg(long, value_name = "SIGNATURE", conflicts_with = "function")]
    pub(crate) call: Option<String>,

    /// Call data of a contract call as hex.
    #[arg(long, value_name = "HEX", conflicts_with_all = ["function", "call", "arguments"])]
    pub(crate) input: Option<String>,

    /// Gas limit: in the machine's units for a function, in the chain's gas for a call.
    #[arg(long, default_value_t = 1_000_000_000)]
    pub(crate) gas: u64,

    #[command(flatten)]
    pub(crate) world: WorldArgs,
}

/// Where a contract call happens.
#[derive(Args)]
#[command(next_help_heading = "Contract calls")]
pub(crate) struct WorldArgs {
    /// Runs the constructor first: its parameter types, then its arguments, such as
    /// `--constructor '(string,uint256)' Gold 1e18`.
    #[arg(long, num_args = 1.., value_names = ["TYPES", "ARGUMENT"], allow_negative_numbers = true, conflicts_with = "function")]
    pub(crate) constructor: Vec<String>,

    /// Slot of the contract's storage and its value. May be repeated.
    #[arg(long, value_name = "KEY=VALUE", conflicts_with = "function")]
    pub(crate) storage: Vec<String>,

    /// Sender of the call.
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "0x00000000000000000000000000000000000a11ce"
    )]
    pub(crate) sender: Address,

    /// Value sent along: wei, or with a unit such as `1.5ether`.
    #[arg(long, value_parser = parse_value, default_value = "0", conflicts_with = "function")]
    pub(crate) value: U256,

    /// Another contract that can be called, ProzVM too. May be repeated.
    #[arg(long, value_name = "ADDRESS=FILE", conflicts_with = "function")]
    pub(crate) contract: Vec<String>,

    /// ABI or artefact by which the call, its output and custom errors are read.
    #[arg(long, value_name = "FILE", conflicts_with = "function")]
    pub(crate) abi: Option<PathBuf>,
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

#[derive(Args)]
pub(crate) struct DebugArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,

    /// Folder to look for source files in, besides where the compiler found them. May be repeated.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) sources: Vec<PathBuf>,
}

fn parse_value(text: &str) -> Result<U256, String> {
    proz_artifact::number::read_uint(text, 256).map_err(|error| error.to_string())
}
