//! `proz plugin doctor`: loads everything once and explains each problem with its remedy.

use crate::{
    args::Common,
    configuration::DEVELOPMENT,
    diagnosis::{Diagnosis, Severity},
    error::{CliError, FAILED, Outcome},
};
use std::process::ExitCode;

pub(crate) fn run(common: &Common) -> Outcome {
    let diagnosis = Diagnosis::make(common)?;
    if common.json {
        print_json(&diagnosis)?;
    } else {
        match &diagnosis.in_force.file {
            Some(file) => outln!("configuration {}", file.display()),
            None => outln!("no configuration file: the defaults"),
        }
        match (
            &diagnosis.chain,
            &diagnosis.in_force.configuration.chain.spec,
        ) {
            (Some(chain), _) => outln!(
                "chain         {} by {}",
                chain.spec.name(),
                chain.file.display()
            ),
            (None, Some(file)) => outln!("chain         by {}", file.display()),
            (None, None) => outln!("{DEVELOPMENT}"),
        }
        for candidate in &diagnosis.healthy {
            let manifest = &candidate.manifest;
            outln!(
                "works         {} {} ({})",
                manifest.id,
                manifest.version,
                manifest.vm_type
            );
        }
        print_findings(&diagnosis);
    }
    Ok(if diagnosis.has_errors() {
        ExitCode::from(FAILED)
    } else {
        ExitCode::SUCCESS
    })
}

/// Prints what was found, as text.
pub(super) fn print_findings(diagnosis: &Diagnosis) {
    for finding in &diagnosis.findings {
        let severity = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        outln!("{severity}: {}", finding.subject);
        for line in finding.problem.lines() {
            outln!("  {line}");
        }
        outln!("  remedy: {}", finding.remedy);
    }
}

/// Prints what was found, as data.
pub(super) fn print_json(diagnosis: &Diagnosis) -> Result<(), CliError> {
    let healthy: Vec<_> = diagnosis
        .healthy
        .iter()
        .map(|c| serde_json::json!({ "id": c.manifest.id, "version": c.manifest.version }))
        .collect();
    let json = serde_json::json!({
        "file": diagnosis.in_force.file,
        "chain": diagnosis.chain.as_ref().map(|chain| serde_json::json!({
            "name": chain.spec.name(), "spec": chain.file, "hash": chain.spec.hash(),
        })),
        "passed": !diagnosis.has_errors(),
        "works": healthy,
        "findings": diagnosis.findings,
    });
    outln!("{}", serde_json::to_string_pretty(&json)?);
    Ok(())
}
