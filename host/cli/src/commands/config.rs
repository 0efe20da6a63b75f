//! `proz config`: checks and shows the configuration in force.

use super::doctor;
use crate::{
    args::Common,
    configuration::{DEVELOPMENT, InForce, standard_places},
    diagnosis::Diagnosis,
    error::{CliError, FAILED, Outcome},
};
use clap::{Args, Subcommand};
use proz_host::{configuration_reference, configuration_schema};
use std::process::ExitCode;

#[derive(Args)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Checks the configuration against the plugins that are there.
    Check,
    /// Prints the configuration in force, defaults included.
    Show,
    /// Prints the reference of every key, as Markdown.
    Reference,
    /// Prints the JSON schema, for editors.
    Schema,
}

pub(crate) fn run(common: &Common, args: &ConfigArgs) -> Outcome {
    match args.command {
        ConfigCommand::Check => check(common),
        ConfigCommand::Show => show(common),
        ConfigCommand::Reference => {
            out!("{}", configuration_reference());
            Ok(ExitCode::SUCCESS)
        }
        ConfigCommand::Schema => {
            out!("{}", configuration_schema());
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn check(common: &Common) -> Outcome {
    let diagnosis = Diagnosis::make(common)?;
    let Some(file) = &diagnosis.in_force.file else {
        let places = standard_places();
        let places: Vec<_> = places.iter().map(|p| p.display().to_string()).collect();
        return Err(
            CliError::new("there is no configuration to check").hint(format!(
                "name one with --config; looked for {}",
                places.join(" and ")
            )),
        );
    };
    if common.json {
        doctor::print_json(&diagnosis)?;
    } else {
        doctor::print_findings(&diagnosis);
        if !diagnosis.has_errors() {
            outln!("{} is right", file.display());
        }
    }
    Ok(if diagnosis.has_errors() {
        ExitCode::from(FAILED)
    } else {
        ExitCode::SUCCESS
    })
}

fn show(common: &Common) -> Outcome {
    let in_force = InForce::find(common)?;
    let chain = in_force.chain()?;
    if common.json {
        let json = serde_json::json!({
            "file": in_force.file,
            "chain": chain.map(|chain| serde_json::json!({
                "name": chain.spec.name(), "hash": chain.spec.hash(),
            })),
            "configuration": in_force.configuration,
        });
        outln!("{}", serde_json::to_string_pretty(&json)?);
        return Ok(ExitCode::SUCCESS);
    }
    match &in_force.file {
        Some(file) => outln!("# {}", file.display()),
        None => outln!("# no file: the defaults"),
    }
    match chain {
        Some(chain) => outln!(
            "# chain {} by {}: {}",
            chain.spec.name(),
            chain.file.display(),
            chain.spec.hash()
        ),
        None => outln!("# {DEVELOPMENT}"),
    }
    out!("{}", toml::to_string(&in_force.configuration)?);
    Ok(ExitCode::SUCCESS)
}
