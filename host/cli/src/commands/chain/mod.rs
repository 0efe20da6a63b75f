//! `proz chain spec`: makes, checks and compares chain specifications.

mod check;
mod init;
mod migrate;
mod show;

use crate::{
    args::Common,
    configuration::read_spec,
    error::{CliError, FAILED, Outcome},
};
use clap::{Args, Subcommand};
use proz_host::{ChainSpec, Start};
use std::{path::PathBuf, process::ExitCode};

#[derive(Args)]
pub(crate) struct ChainArgs {
    #[command(subcommand)]
    command: ChainCommand,
}

#[derive(Subcommand)]
enum ChainCommand {
    /// Works on the file that says what a chain is: `chain.toml`.
    Spec(SpecArgs),
}

#[derive(Args)]
struct SpecArgs {
    #[command(subcommand)]
    command: SpecCommand,
}

#[derive(Subcommand)]
enum SpecCommand {
    /// Prints a specification of what is loaded: exact releases, everything written out.
    Init(init::InitArgs),
    /// Checks a specification, also against what is installed; exit code 1 when it cannot run.
    Check {
        /// The specification.
        file: PathBuf,
    },
    /// Shows what is in force from which block on: rules, releases, what each answers for.
    Show {
        /// The specification.
        file: PathBuf,
        #[command(flatten)]
        at: MaybeAt,
    },
    /// Compares two specifications; exit code 1 when something changes that has begun.
    Diff {
        /// The specification that a chain runs by.
        old: PathBuf,
        /// The one that is to follow it.
        new: PathBuf,
        /// Head of the chain: its height, or height and time as `N:T`. The genesis when absent.
        #[arg(long, value_name = "N[:T]", value_parser = parse_head)]
        head: Option<Head>,
    },
    /// Prints the hashes that nodes compare: of the genesis part, of what has begun, of what is
    /// next, of everything.
    Hash {
        /// The specification.
        file: PathBuf,
        #[command(flatten)]
        at: MaybeAt,
    },
    /// Turns the `[[activation]]` ranges of a former proz.toml into a specification of exact
    /// releases, by what is installed.
    Migrate(migrate::MigrateArgs),
}

/// A block, if one is meant.
#[derive(Args, Clone, Copy)]
pub(super) struct MaybeAt {
    /// Block number.
    #[arg(long, value_name = "NUMBER")]
    block: Option<u64>,
    /// Block time, Unix seconds.
    #[arg(long, value_name = "SECONDS")]
    timestamp: Option<u64>,
}

impl MaybeAt {
    /// Height and time; what is absent is zero.
    fn or_genesis(self) -> (u64, u64) {
        (
            self.block.unwrap_or_default(),
            self.timestamp.unwrap_or_default(),
        )
    }

    fn is_given(self) -> bool {
        self.block.is_some() || self.timestamp.is_some()
    }
}

/// Where a chain stands.
#[derive(Clone, Copy, Default)]
struct Head {
    number: u64,
    timestamp: Option<u64>,
}

fn parse_head(text: &str) -> Result<Head, String> {
    let (number, timestamp) = match text.split_once(':') {
        None => (text, None),
        Some((number, timestamp)) => (number, Some(timestamp)),
    };
    let parse = |text: &str| {
        let number = text.parse();
        number.map_err(|_| format!("`{text}` is no number; expected N or N:T"))
    };
    Ok(Head {
        number: parse(number)?,
        timestamp: timestamp.map(parse).transpose()?,
    })
}

pub(crate) fn run(common: &Common, args: &ChainArgs) -> Outcome {
    let ChainCommand::Spec(spec) = &args.command;
    match &spec.command {
        SpecCommand::Init(args) => init::run(common, args),
        SpecCommand::Check { file } => check::run(common, file),
        SpecCommand::Show { file, at } => show::show(common, &read_spec(file)?, *at),
        SpecCommand::Hash { file, at } => show::hash(common, &read_spec(file)?, *at),
        SpecCommand::Diff { old, new, head } => {
            diff(common, &read_spec(old)?, &read_spec(new)?, *head)
        }
        SpecCommand::Migrate(args) => migrate::run(common, args),
    }
}

fn diff(common: &Common, old: &ChainSpec, new: &ChainSpec, head: Option<Head>) -> Outcome {
    let differences = old.differences(new);
    let head = head.unwrap_or_default();
    let by_time = differences
        .iter()
        .find(|difference| matches!(difference.start, Some(Start::Timestamp(_))));
    if let (Some(difference), None, true) = (by_time, head.timestamp, head.number > 0) {
        return Err(
            CliError::new(format!("{difference}, and the head's time is not given")).hint(format!(
                "name height and time: `--head {}:TIME`",
                head.number
            )),
        );
    }
    let refusal = old.check_successor(new, (head.number, head.timestamp.unwrap_or_default()));
    if common.json {
        let json = serde_json::json!({
            "differences": differences,
            "accepted": refusal.is_ok(),
            "refusal": refusal.as_ref().err().map(ToString::to_string),
            "old": old.hash(),
            "new": new.hash(),
        });
        outln!("{}", serde_json::to_string_pretty(&json)?);
    } else {
        for difference in &differences {
            outln!("{difference}");
        }
        if differences.is_empty() {
            outln!("no difference: both are {}", old.hash());
        }
    }
    match refusal {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(refusal) => {
            eprintln!("refused: {refusal}");
            Ok(ExitCode::from(FAILED))
        }
    }
}
