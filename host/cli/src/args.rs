//! What can be asked on the command line.

use crate::tracers::TraceFormat;
use alloy_primitives::{Address, U256};
use clap::{Args, CommandFactory as _, Parser, Subcommand, error::ErrorKind};
use proz_host::{Requirement, Revision};
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

/// Runs contracts of many virtual machines, each VM a plugin.
#[derive(Parser)]
#[command(
    name = "proz",
    version,
    propagate_version = true,
    max_term_width = 100,
    allow_external_subcommands = true,
    after_help = "`proz NAME …` with any other name runs the program `proz-NAME`, looked for beside `proz` \
                  and then in PATH: `proz prozvm --help` shows the tools of ProzVM."
)]
pub(crate) struct Program {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Args)]
pub(crate) struct Common {
    /// Configuration; without it the user's `proz/proz.toml`, then /etc/proz/proz.toml.
    #[arg(long, global = true, env = "PROZ_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Folder of plugins, or one manifest; before the standard places. May be repeated.
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) plugins: Vec<PathBuf>,

    /// Further folders of plugins, separated as in PATH.
    #[arg(long, global = true, env = "PROZ_PLUGIN_PATH", hide = true)]
    pub(crate) plugin_path: Option<OsString>,

    /// Loads only what this names, such as `evm@^1.0`. May be repeated. Not with --chain, which
    /// names the releases.
    #[arg(long, global = true, value_name = "REQUIREMENT")]
    pub(crate) require: Vec<Requirement>,

    /// Chain specification: releases, rules and limits by block. In place of the configuration's
    /// `chain.spec`; without either the best that is loaded runs.
    #[arg(long, global = true, env = "PROZ_CHAIN", value_name = "FILE")]
    pub(crate) chain: Option<PathBuf>,

    /// Prints JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Never colours; so does the variable NO_COLOR.
    #[arg(long, global = true)]
    pub(crate) no_color: bool,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Runs code, or calls a contract of the state.
    Run(RunArgs),
    /// Deploys a contract into the state.
    Deploy(DeployArgs),
    /// Finds the gas limit that a call or a deployment needs.
    Estimate(EstimateArgs),
    /// Decides whether code may be deployed, and says why not.
    Validate(ValidateArgs),
    /// Lists, checks, makes, signs and locks plugins.
    Plugin(PluginArgs),
    /// Makes, checks and compares chain specifications.
    Chain(crate::commands::chain::ChainArgs),
    /// Explains which release runs the code of a contract, and why.
    Why(WhyArgs),
    /// Checks and shows the configuration.
    Config(crate::commands::config::ConfigArgs),
    /// Measures a host under load.
    Bench(crate::commands::bench::BenchArgs),
    /// Lists and runs precompiled contracts.
    Precompile(PrecompileArgs),
    /// Runs Ethereum's official tests of state and VM.
    Statetest(StatetestArgs),
    /// Whatever the program `proz-NAME` does.
    #[command(external_subcommand)]
    External(Vec<OsString>),
}

/// Which rules, block and state.
#[derive(Args)]
pub(crate) struct World {
    /// State: a genesis alloc as JSON. Names of contracts are kept beside it.
    #[arg(long, env = "PROZ_STATE", value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,

    /// Rules, from Frontier to Osaka; the latest when absent. Not with --chain, whose
    /// specification says which hold at the block.
    #[arg(long, value_name = "NAME")]
    pub(crate) revision: Option<Revision>,

    /// Exact Ethereum: code containers of other VMs are not accepted. Not with --chain.
    #[arg(long)]
    pub(crate) no_containers: bool,

    #[command(flatten)]
    pub(crate) at: At,

    /// Chain id; 1 when absent. Not with --chain.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) chain_id: Option<u64>,
}

/// Which block.
#[derive(Args, Clone, Copy)]
pub(crate) struct At {
    /// Block number. With a chain specification it decides what is in force.
    #[arg(long, default_value_t = 1)]
    pub(crate) block: u64,

    /// Block time, Unix seconds; decides as the number does.
    #[arg(long, default_value_t = 1)]
    pub(crate) timestamp: u64,
}

/// Who sends what.
#[derive(Args)]
pub(crate) struct Sending {
    /// Sender. The default sender is rich.
    #[arg(long, value_name = "ADDRESS", default_value_t = crate::session::DEFAULT_SENDER)]
    pub(crate) sender: Address,

    /// Value: wei, or with a unit such as `1.5ether` or `20gwei`.
    #[arg(long, value_parser = parse_value, default_value = "0")]
    pub(crate) value: U256,

    /// Gas limit.
    #[arg(long, default_value_t = 16_000_000)]
    pub(crate) gas: u64,
}

/// How to read code.
#[derive(Args)]
pub(crate) struct Reading {
    /// VM that the code is for; told from the code where it can be.
    #[arg(long, value_name = "TYPE")]
    pub(crate) vm: Option<String>,

    /// Version requirement to store with code of VMs other than the EVM, such as `^1.2`.
    #[arg(long, default_value = "*", value_name = "RANGE")]
    pub(crate) vm_version: String,

    /// Whether code of VMs other than the EVM is stored compressed: cheaper to deploy, a little
    /// dearer to call for the first time in a transaction. When absent, code above 24 KiB is if that
    /// saves a tenth.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) compress: Option<bool>,

    /// Contract to take from an artefact of several: `Name` or `source.sol:Name`.
    #[arg(long, value_name = "NAME")]
    pub(crate) contract: Option<String>,
}

#[derive(Args)]
pub(crate) struct RunArgs {
    /// Address or name of a contract in the state, or code: hex, or a file (hex, solc, Foundry or
    /// Hardhat JSON, .wasm, .wat, ProzVM).
    pub(crate) target: String,

    /// Call data as hex.
    #[arg(long, value_name = "HEX", conflicts_with = "call")]
    pub(crate) input: Option<String>,

    /// Function and arguments: `--call 'transfer(address,uint256)' 0x… 5`, or a name of the ABI.
    /// `@Name` stands for the address of a named contract, `@sender` for the sender's.
    #[arg(long, num_args = 1.., value_names = ["FUNCTION", "ARGUMENT"], allow_negative_numbers = true)]
    pub(crate) call: Vec<String>,

    /// ABI or artefact by which calls, events and reverts are decoded; the first is also that of
    /// a target that comes without. May be repeated.
    #[arg(long, value_name = "FILE")]
    pub(crate) abi: Vec<PathBuf>,

    /// Prints the tree of calls.
    #[arg(long)]
    pub(crate) trace: bool,

    /// Prints a trace in this format; all but `tree` instead of the report.
    #[arg(long, value_name = "FORMAT", conflicts_with = "trace")]
    pub(crate) trace_format: Option<TraceFormat>,

    /// Prints how often each instruction ran and what it cost, and the callbacks of each VM. Beside
    /// a trace, as JSON on stderr.
    #[arg(long)]
    pub(crate) metrics: bool,

    /// Keeps the changes in the state file.
    #[arg(long, requires = "state")]
    pub(crate) write: bool,

    #[command(flatten)]
    pub(crate) reading: Reading,
    #[command(flatten)]
    pub(crate) sending: Sending,
    #[command(flatten)]
    pub(crate) world: World,
}

#[derive(Args)]
pub(crate) struct DeployArgs {
    /// Code: hex, or a file (hex, solc, Foundry or Hardhat JSON, .wasm, .wat, ProzVM).
    pub(crate) code: String,

    /// Arguments of the constructor, by the artefact's ABI; `@Name` as in `run`.
    #[arg(long, num_args = 1.., value_name = "ARGUMENT", allow_negative_numbers = true)]
    pub(crate) args: Vec<String>,

    /// ABI or artefact of the contract, for code that comes without: a Wasm module.
    #[arg(long, value_name = "FILE")]
    pub(crate) abi: Option<PathBuf>,

    /// Name by which later commands call the contract.
    #[arg(long, value_name = "NAME", requires = "state")]
    pub(crate) name: Option<String>,

    /// Prints the tree of calls.
    #[arg(long)]
    pub(crate) trace: bool,

    #[command(flatten)]
    pub(crate) reading: Reading,
    #[command(flatten)]
    pub(crate) sending: Sending,
    #[command(flatten)]
    pub(crate) world: World,
}

#[derive(Args)]
pub(crate) struct EstimateArgs {
    /// Deploys the target instead of calling it.
    #[arg(long)]
    pub(crate) create: bool,

    #[command(flatten)]
    pub(crate) run: RunArgs,
}

#[derive(Args)]
pub(crate) struct WhyArgs {
    /// Address or name of a contract in the state, or code as in `run`.
    pub(crate) target: String,

    #[command(flatten)]
    pub(crate) reading: Reading,
    #[command(flatten)]
    pub(crate) world: World,
}

#[derive(Args)]
pub(crate) struct ValidateArgs {
    /// Code: hex or a file.
    pub(crate) code: String,

    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Args)]
pub(crate) struct PluginArgs {
    #[command(subcommand)]
    pub(crate) command: PluginCommand,
}

#[derive(Subcommand)]
pub(crate) enum PluginCommand {
    /// Lists the plugins that are found.
    List {
        /// Explains every candidate: taken, or passed over and why.
        #[arg(long)]
        explain: bool,
    },
    /// Loads one plugin and checks it: manifest, handshake, conformance.
    Check {
        /// Manifest, or folder with one.
        path: PathBuf,
    },
    /// Looks for everything that is wrong, and says what to do about it.
    Doctor,
    /// Writes a new plugin: a crate with manifest, tests, README and CI.
    New(crate::commands::new::NewArgs),
    /// Makes a pair of keys to sign plugins with.
    Keygen(crate::commands::signing::KeygenArgs),
    /// Writes library digest and signature into a manifest.
    Sign(crate::commands::signing::SignArgs),
    /// Tells whether a manifest is signed with a key and its library is the one that was signed.
    Verify(crate::commands::signing::VerifyArgs),
    /// Puts a built plugin into a folder, ready to be published.
    Package(crate::commands::signing::PackageArgs),
    /// Writes which plugins are loaded, down to the byte, into the lock file.
    Lock(crate::commands::signing::LockArgs),
}

#[derive(Args)]
pub(crate) struct StatetestArgs {
    /// Files, folders, or `.tar.zst` archives, which are read without being unpacked.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// Only cases of this fork, such as `Cancun`.
    #[arg(long, value_name = "NAME")]
    pub(crate) fork: Option<String>,

    /// Only tests whose name contains this text, or that it matches as a regular expression.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// Threads; as many as cores unless given.
    #[arg(long, value_name = "COUNT")]
    pub(crate) threads: Option<std::num::NonZeroUsize>,

    /// Reads each signed transaction as well, and compares it with the one that the parts make.
    #[arg(long)]
    pub(crate) envelopes: bool,

    /// Runs each failing case again and prints its instructions to stderr (EIP-3155).
    #[arg(long)]
    pub(crate) trace: bool,
}

#[derive(Args)]
pub(crate) struct PrecompileArgs {
    #[command(subcommand)]
    pub(crate) command: PrecompileCommand,
}

#[derive(Subcommand)]
pub(crate) enum PrecompileCommand {
    /// Lists precompiles: address, name, revisions, pack, version.
    List,
    /// Runs one.
    Run {
        /// Address, or its number such as `0x05`.
        address: String,
        /// Input as hex.
        input: String,
        /// Rules, from Frontier to Osaka; the latest when absent. Not with --chain.
        #[arg(long, value_name = "NAME")]
        revision: Option<Revision>,
        #[command(flatten)]
        at: At,
        /// Gas limit.
        #[arg(long, default_value_t = 16_000_000)]
        gas: u64,
    },
}

/// Ends the program: what was typed contradicts the chain specification in force.
pub(crate) fn contradicts_chain(option: &str, chain: &Path, because: &str) -> ! {
    let message = format!(
        "{option} cannot be used with the chain specification {}: {because}",
        chain.display()
    );
    Program::command()
        .error(ErrorKind::ArgumentConflict, message)
        .exit()
}

fn parse_value(text: &str) -> Result<U256, String> {
    proz_artifact::number::read_uint(text, 256).map_err(|error| error.to_string())
}
