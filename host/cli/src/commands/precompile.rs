//! `proz precompile`: lists and runs precompiled contracts.

use super::run::execute;
use crate::{
    args::{Common, PrecompileArgs, PrecompileCommand, World},
    error::{CliError, FAILED, Outcome},
    session::{DEFAULT_SENDER, Session, load},
};
use alloy_primitives::{Address, U256};
use proz_artifact::read_hex;
use proz_host::Transaction;
use std::process::ExitCode;

pub(crate) fn run(common: &Common, args: &PrecompileArgs) -> Outcome {
    match &args.command {
        PrecompileCommand::List => list(common),
        PrecompileCommand::Run {
            address,
            input,
            revision,
            at,
            gas,
        } => {
            let world = World {
                state: None,
                revision: *revision,
                no_containers: false,
                at: *at,
                chain_id: None,
            };
            run_one(common, parse_address(address)?, input, &world, *gas)
        }
    }
}

fn list(common: &Common) -> Outcome {
    let factory = load(common)?;
    let entries = factory.precompiles();
    if common.json {
        outln!("{}", serde_json::to_string_pretty(&entries)?);
        return Ok(ExitCode::SUCCESS);
    }
    for entry in entries {
        let until = entry
            .until
            .map_or_else(String::new, |revision| format!(" until {revision}"));
        outln!(
            "{}  {:<28} from {:<16}{until} {} {}",
            entry.address,
            entry.name,
            entry.from.to_string(),
            entry.pack,
            entry.version
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn run_one(common: &Common, address: Address, input: &str, world: &World, gas: u64) -> Outcome {
    let session = Session::open(common, world)?;
    let transaction = Transaction {
        sender: DEFAULT_SENDER,
        to: Some(address),
        gas_limit: gas,
        input: read_hex(input)?.into(),
        ..Transaction::default()
    };
    let (result, calls) = execute(&session, &transaction)?;
    if calls.code.is_empty() {
        let revision = session.host.rules(&session.block).revision;
        return Err(
            CliError::new(format!("no precompile at {address} in {revision}"))
                .hint("`proz precompile list` shows what is there"),
        );
    }
    if common.json {
        let json = serde_json::json!({
            "name": calls.code,
            "status": calls.status.to_string(),
            "gas_used": calls.gas_used,
            "output": calls.output,
        });
        outln!("{}", serde_json::to_string_pretty(&json)?);
    } else {
        outln!("{}", calls.output);
        eprintln!("{}: {}, {} gas", calls.code, calls.status, calls.gas_used);
    }
    Ok(if result.is_success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAILED)
    })
}

/// An address, or its number.
fn parse_address(text: &str) -> Result<Address, CliError> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let number = U256::from_str_radix(digits, 16)
        .map_err(|_| CliError::new(format!("`{text}` is no address")))?;
    Ok(Address::from_word(number.into()))
}
