//! `proz plugin`: lists plugins; checking them has a room of its own.

use crate::{
    args::{Common, PluginArgs, PluginCommand},
    configuration::InForce,
    error::Outcome,
};
use proz_manifest::{
    Candidate, Discovery, DiscoveryOptions, LocationStatus, PassedOverReason, discover,
};
use std::process::ExitCode;

pub(crate) fn run(common: &Common, args: &PluginArgs) -> Outcome {
    match &args.command {
        PluginCommand::List { explain } => list(common, *explain),
        PluginCommand::Check { path } => super::check::run(common, path),
        PluginCommand::Doctor => super::doctor::run(common),
        PluginCommand::New(args) => super::new::run(args),
        PluginCommand::Keygen(args) => super::signing::keygen(common, args),
        PluginCommand::Sign(args) => super::signing::sign(common, args),
        PluginCommand::Verify(args) => super::signing::verify(common, args),
        PluginCommand::Package(args) => super::signing::package(common, args),
        PluginCommand::Lock(args) => super::signing::lock(common, args),
    }
}

fn list(common: &Common, explain: bool) -> Outcome {
    let in_force = InForce::find(common)?;
    let search_path = in_force.search_path(common);
    let mut discovery = discover(&search_path, &in_force.discovery_options());
    let require = &in_force.configuration.plugins.require;
    let is_asked_for = |candidate: &Candidate| {
        let mut requirements = require.iter();
        require.is_empty() || requirements.any(|r| r.is_satisfied_by(candidate))
    };
    let (taken, unasked): (Vec<_>, Vec<_>) = discovery.taken.into_iter().partition(is_asked_for);
    discovery.taken = taken;
    if common.json {
        outln!(
            "{}",
            serde_json::to_string_pretty(&json(&discovery, &unasked, explain))?
        );
        return Ok(ExitCode::SUCCESS);
    }
    for candidate in &discovery.taken {
        let manifest = &candidate.manifest;
        outln!(
            "{:<20} {:<10} {:<11} {}",
            manifest.id,
            manifest.version,
            manifest.vm_type,
            manifest.features
        );
        if explain {
            outln!(
                "  taken from {} ({:?})",
                candidate.manifest_path.display(),
                candidate.origin
            );
        }
    }
    if explain {
        for passed in &discovery.passed_over {
            outln!(
                "passed over {}: {}",
                passed.manifest_path.display(),
                why(&passed.reason)
            );
        }
        for candidate in &unasked {
            outln!(
                "passed over {}: {UNASKED}",
                candidate.manifest_path.display()
            );
        }
        outln!("searched");
        for place in &discovery.locations {
            outln!(
                "  {} ({:?}): {}",
                place.path.display(),
                place.origin,
                state(&place.status)
            );
        }
    } else if discovery.taken.is_empty() {
        eprintln!("no plugin was found; `proz plugin list --explain` tells where was searched");
    }
    Ok(ExitCode::SUCCESS)
}

/// Why a good candidate is not listed.
const UNASKED: &str = "satisfies no requirement given with --require";

/// What this program accepts.
pub(super) fn options() -> DiscoveryOptions {
    DiscoveryOptions {
        supported_generations: vec![proz_host::ABI_GENERATION],
        ..DiscoveryOptions::default()
    }
}

pub(super) fn why(reason: &PassedOverReason) -> String {
    match reason {
        PassedOverReason::Invalid(error) | PassedOverReason::DuplicateIdVersion(error) => {
            error.to_string()
        }
        PassedOverReason::Disabled(by) => format!("disabled by {by:?}").to_lowercase(),
        PassedOverReason::UnsupportedAbi { expected, found } => {
            let found: Vec<_> = found.iter().collect();
            format!("speaks ABI generations {found:?}, this host speaks {expected:?}")
        }
        PassedOverReason::Shadowed { by } => {
            format!(
                "{} has the same id and version and comes first",
                by.display()
            )
        }
        PassedOverReason::Repeated { first } => format!("met before as {}", first.display()),
        _ => "for a reason that this program does not know".to_owned(),
    }
}

fn state(status: &LocationStatus) -> String {
    match status {
        LocationStatus::Directory { manifests } => format!("{manifests} manifests"),
        LocationStatus::File => "one manifest".to_owned(),
        LocationStatus::Missing => "nothing there".to_owned(),
        LocationStatus::Repeated => "searched before".to_owned(),
        LocationStatus::TooManyManifests => "too many manifests".to_owned(),
        LocationStatus::Unreadable(error) => format!("cannot be read: {error}"),
        _ => "unknown".to_owned(),
    }
}

fn json(discovery: &Discovery, unasked: &[Candidate], explain: bool) -> serde_json::Value {
    let taken: Vec<_> = discovery
        .taken
        .iter()
        .map(|candidate| {
            serde_json::json!({
                "id": candidate.manifest.id,
                "version": candidate.manifest.version,
                "kind": candidate.manifest.kind,
                "vm_type": candidate.manifest.vm_type,
                "features": candidate.manifest.features,
                "manifest": candidate.manifest_path,
                "library": candidate.library_path,
                "origin": format!("{:?}", candidate.origin).to_lowercase(),
            })
        })
        .collect();
    if !explain {
        return serde_json::json!({ "plugins": taken });
    }
    let passed_over = discovery.passed_over.iter();
    let unasked = unasked.iter();
    let passed: Vec<_> = passed_over
        .map(|p| (&p.manifest_path, why(&p.reason)))
        .chain(unasked.map(|c| (&c.manifest_path, UNASKED.to_owned())))
        .map(|(manifest, reason)| serde_json::json!({ "manifest": manifest, "reason": reason }))
        .collect();
    let searched: Vec<_> = discovery
        .locations
        .iter()
        .map(|l| serde_json::json!({ "path": l.path, "status": state(&l.status) }))
        .collect();
    serde_json::json!({ "plugins": taken, "passed_over": passed, "searched": searched })
}
