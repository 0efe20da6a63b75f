//! `proz chain spec check`: whether a specification holds together and can run here.

use crate::{
    args::Common,
    configuration::{InForce, read_spec},
    diagnosis::{Finding, chain_findings},
    error::{FAILED, Outcome},
};
use proz_host::VmFactory;
use std::{path::Path, process::ExitCode};

pub(super) fn run(common: &Common, file: &Path) -> Outcome {
    let spec = read_spec(file)?;
    let in_force = InForce::find(common)?;
    let config = in_force
        .configuration
        .factory(in_force.search_path(common))?;
    let problems = VmFactory::examine(config, &spec.config());
    let findings = chain_findings(&problems);
    if common.json {
        let json = serde_json::json!({
            "file": file,
            "name": spec.name(),
            "hash": spec.hash(),
            "passed": findings.is_empty(),
            "findings": findings,
        });
        outln!("{}", serde_json::to_string_pretty(&json)?);
    } else {
        for Finding {
            subject,
            problem,
            remedy,
            ..
        } in &findings
        {
            outln!("error: {subject}");
            for line in problem.lines() {
                outln!("  {line}");
            }
            outln!("  remedy: {remedy}");
        }
        if findings.is_empty() {
            let (releases, upgrades) = (spec.schedule().releases().len(), spec.upgrades().len());
            outln!("{} is right, and runs here", file.display());
            outln!(
                "  chain {} (id {}), {releases} releases in {upgrades} {}",
                spec.name(),
                spec.config().chain_id,
                if upgrades == 1 { "epoch" } else { "epochs" }
            );
            outln!("  hash {}", spec.hash());
        }
    }
    Ok(if findings.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAILED)
    })
}
