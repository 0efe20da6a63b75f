//! `proz plugin check`: manifest, handshake step by step, conformance kit.

use super::plugin::{options, why};
use crate::{
    args::Common,
    error::{CliError, FAILED, Outcome},
};
use proz_host::SearchPath;
use proz_interface::v1::{HostInfo, Instance};
use proz_loader::{LoadError, LoadTimings, LoadedPlugin, Loader};
use proz_manifest::{Candidate, PassedOver, discover};
use proz_sdk_testing::conformance::{Programs, Report, Verdict, run_machine, run_pack};
use std::{
    error::Error,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

/// Checks every plugin at `path`; fails when one of them does.
pub(crate) fn run(common: &Common, path: &Path) -> Outcome {
    let discovery = discover(&SearchPath::explicit([path]), &options());
    discovery.require_named_locations()?;
    if discovery.taken.is_empty() && discovery.passed_over.is_empty() {
        return Err(CliError::new(format!("no manifest at {}", path.display())));
    }
    let mut is_success = discovery.passed_over.is_empty();
    let mut plugins = Vec::new();
    for passed in &discovery.passed_over {
        if common.json {
            plugins.push(json_of_refused(passed));
        } else {
            outln!("{}", passed.manifest_path.display());
            outln!("  manifest FAILED: {}", why(&passed.reason));
        }
    }
    for candidate in &discovery.taken {
        let manifest = &candidate.manifest;
        if !common.json {
            outln!(
                "{} {} ({})",
                manifest.id,
                manifest.version,
                manifest.vm_type
            );
            outln!("  manifest   {}", candidate.manifest_path.display());
        }
        let checked = check(candidate)?;
        is_success &= checked.is_success();
        if common.json {
            plugins.push(json(candidate, &checked));
        } else {
            print(&checked);
        }
    }
    if common.json {
        let all = serde_json::json!({ "plugins": plugins, "passed": is_success });
        outln!("{}", serde_json::to_string_pretty(&all)?);
    }
    Ok(if is_success {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAILED)
    })
}

/// What was found out about one plugin.
enum Checked {
    /// It could not be loaded or started.
    Refused(LoadError),
    /// It runs.
    Running(Box<Running>),
}

struct Running {
    plugin: LoadedPlugin,
    create_time: Duration,
    programs: Option<ProgramsFound>,
    report: Report,
    kit_time: Duration,
}

/// The programs that a machine's cases ran.
struct ProgramsFound {
    file: PathBuf,
    /// `None` when there is no such file.
    count: Option<usize>,
}

impl Checked {
    fn is_success(&self) -> bool {
        matches!(self, Self::Running(running) if running.report.is_success())
    }
}

fn check(candidate: &Candidate) -> Result<Checked, CliError> {
    let started = match start(candidate) {
        Ok(started) => started,
        Err(error) => return Ok(Checked::Refused(error)),
    };
    let (plugin, instance, create_time) = started;
    let began = Instant::now();
    let (programs, report) = match instance.machines.into_iter().next() {
        Some(machine) => {
            let (found, programs) = programs(candidate)?;
            let report = run_machine(&Arc::new(machine), &Arc::new(programs));
            (Some(found), report)
        }
        None => {
            let pack: Vec<_> = instance.precompiles.into_iter().collect();
            (None, run_pack(&pack))
        }
    };
    Ok(Checked::Running(Box::new(Running {
        plugin,
        create_time,
        programs,
        report,
        kit_time: began.elapsed(),
    })))
}

/// Loads a plugin and creates an instance with the manifest's configuration.
fn start(candidate: &Candidate) -> Result<(LoadedPlugin, Instance, Duration), LoadError> {
    let manifest = &candidate.manifest;
    let plugin = Loader::default().load(&candidate.library_path, Some(manifest))?;
    let host = HostInfo {
        version: env!("CARGO_PKG_VERSION").into(),
        data_dir: "".into(),
    };
    let began = Instant::now();
    let instance = plugin.create(&manifest.config.to_string(), &host)?;
    let create_time = began.elapsed();
    Ok((plugin, instance, create_time))
}

/// Reads the programs beside the manifest.
fn programs(candidate: &Candidate) -> Result<(ProgramsFound, Programs), CliError> {
    let file = Programs::file_beside(&candidate.manifest_path);
    if !file.exists() {
        let programs = Programs::none(candidate.manifest.vm_type.as_str());
        return Ok((ProgramsFound { file, count: None }, programs));
    }
    let programs = Programs::read(&file)?;
    let count = Some(programs.iter().count());
    Ok((ProgramsFound { file, count }, programs))
}

/// The steps of the handshake in order, with their names.
const fn steps(timings: &LoadTimings, create: Duration) -> [(&'static str, Duration); 7] {
    [
        ("read", timings.read),
        ("hash", timings.hash),
        ("descriptor", timings.descriptor),
        ("stage", timings.stage),
        ("open", timings.open),
        ("layout", timings.layout),
        ("create", create),
    ]
}

fn print(checked: &Checked) {
    let running = match checked {
        Checked::Running(running) => running,
        Checked::Refused(error) => {
            outln!("  handshake FAILED: {error}");
            for cause in causes(error) {
                outln!("    because: {cause}");
            }
            return;
        }
    };
    let plugin = &running.plugin;
    outln!("  library    {}", plugin.path.display());
    outln!(
        "             {} bytes, sha256 {}",
        plugin.size_bytes,
        plugin.sha256
    );
    let identity = &plugin.identity;
    outln!("  built by   {} for {}", identity.compiler, identity.target);
    outln!("  interface  generation {}", identity.generation);
    outln!("  handshake  passed");
    let steps = steps(&plugin.timings, running.create_time);
    for (name, time) in steps {
        outln!("    {name:<12} {:>9.3} ms", milliseconds(time));
    }
    let total = steps.iter().map(|(_, time)| *time).sum();
    outln!("    {:<12} {:>9.3} ms", "together", milliseconds(total));
    if let Some(found) = &running.programs {
        let file = found.file.display();
        match found.count {
            Some(count) => outln!("  programs   {count} in {file}"),
            None => outln!("  programs   none: cases that need one are not covered; supply {file}"),
        }
    }
    outln!("  conformance, {:.1} s", running.kit_time.as_secs_f64());
    outln!("{}", running.report);
}

fn json(candidate: &Candidate, checked: &Checked) -> serde_json::Value {
    let manifest = &candidate.manifest;
    let mut value = serde_json::json!({
        "id": manifest.id,
        "version": manifest.version,
        "vm_type": manifest.vm_type,
        "manifest": candidate.manifest_path,
        "library": candidate.library_path,
        "passed": checked.is_success(),
    });
    let details = match checked {
        Checked::Refused(error) => serde_json::json!({
            "handshake": { "passed": false, "error": error.to_string(), "causes": causes(error) },
        }),
        Checked::Running(running) => {
            let plugin = &running.plugin;
            let steps = steps(&plugin.timings, running.create_time);
            let times: serde_json::Map<_, _> = steps
                .iter()
                .map(|(name, time)| (format!("{name}_ms"), milliseconds(*time).into()))
                .collect();
            let count = |verdict| running.report.count(verdict);
            serde_json::json!({
                "library_size_bytes": plugin.size_bytes,
                "library_sha256": plugin.sha256.to_string(),
                "compiler": plugin.identity.compiler,
                "target": plugin.identity.target,
                "abi_generation": plugin.identity.generation,
                "handshake": { "passed": true, "steps": times },
                "conformance": {
                    "passed": count(Verdict::Passed),
                    "failed": count(Verdict::Failed),
                    "not_covered": count(Verdict::NotCovered),
                    "cases": running.report,
                },
            })
        }
    };
    if let (Some(value), serde_json::Value::Object(details)) = (value.as_object_mut(), details) {
        value.extend(details);
    }
    value
}

fn json_of_refused(passed: &PassedOver) -> serde_json::Value {
    serde_json::json!({
        "manifest": passed.manifest_path,
        "passed": false,
        "error": why(&passed.reason),
    })
}

fn causes(error: &LoadError) -> Vec<String> {
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    causes
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
