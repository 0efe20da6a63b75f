//! `proz chain spec show` and `hash`: what is in force when, and the hashes that nodes compare.

use super::MaybeAt;
use crate::{args::Common, error::Outcome};
use proz_host::{ChainRules, ChainSpec, ScheduledRelease, Start};
use std::process::ExitCode;

/// One epoch as it is shown.
struct Epoch<'a> {
    start: Start,
    rules: ChainRules,
    active: &'a [ScheduledRelease],
}

fn epochs(spec: &ChainSpec) -> Vec<Epoch<'_>> {
    let config = spec.config();
    // An epoch is asked for by a block at its start: heights come before times.
    let mut last_block = 0;
    let epochs = spec.upgrades().iter().map(|upgrade| {
        let (number, timestamp) = match upgrade.start {
            Start::Block(block) => {
                last_block = block;
                (block, 0)
            }
            Start::Timestamp(time) => (last_block, time),
        };
        Epoch {
            start: upgrade.start,
            rules: config.rules_at(number, timestamp),
            active: spec.schedule().active_at(number, timestamp),
        }
    });
    epochs.collect()
}

pub(super) fn show(common: &Common, spec: &ChainSpec, at: MaybeAt) -> Outcome {
    let mut epochs = epochs(spec);
    if at.is_given() {
        let (number, timestamp) = at.or_genesis();
        let begun = |epoch: &Epoch<'_>| epoch.start.has_begun(number, timestamp);
        let place = epochs.iter().rposition(begun).unwrap_or(0);
        epochs = vec![epochs.swap_remove(place)];
    }
    let config = spec.config();
    if common.json {
        let json = serde_json::json!({
            "name": spec.name(),
            "chain_id": config.chain_id,
            "containers": config.containers,
            "genesis_hash": spec.genesis_hash(),
            "hash": spec.hash(),
            "epochs": epochs.iter().map(json).collect::<Vec<_>>(),
        });
        outln!("{}", serde_json::to_string_pretty(&json)?);
        return Ok(ExitCode::SUCCESS);
    }
    outln!(
        "chain {} (id {}), containers {}",
        spec.name(),
        config.chain_id,
        if config.containers { "on" } else { "off" }
    );
    for epoch in &epochs {
        print(epoch);
    }
    Ok(ExitCode::SUCCESS)
}

fn print(epoch: &Epoch<'_>) {
    let limits = &epoch.rules.limits;
    let blobs = &epoch.rules.blobs;
    outln!("\nfrom {} on: {}", epoch.start, epoch.rules.revision);
    outln!(
        "  limits  code {}, init code {}, container {}, memory {} bytes, depth {}",
        limits.code_size_bytes,
        limits.init_code_size_bytes,
        limits.container_size_bytes,
        limits.memory_bytes,
        limits.call_depth
    );
    if blobs.max_per_block > 0 {
        outln!(
            "  blobs   {} in a transaction, {} in a block, {} aimed at",
            blobs.max_per_transaction,
            blobs.max_per_block,
            blobs.target_per_block
        );
    }
    if epoch.active.is_empty() {
        outln!("  no release is active");
    }
    for scheduled in epoch.active {
        let release = &scheduled.release;
        outln!(
            "  {:<20} {:<8} {:<10} since {}",
            release.plugin.as_str(),
            release.version.to_string(),
            release.vm_type.as_str(),
            scheduled.since
        );
        for what in answers(scheduled, epoch.active) {
            outln!("    {what}");
        }
    }
}

/// What a release answers for, in words.
fn answers(scheduled: &ScheduledRelease, active: &[ScheduledRelease]) -> Vec<String> {
    let release = &scheduled.release;
    let same_type = active
        .iter()
        .filter(|other| other.release.vm_type == release.vm_type);
    let is_highest = same_type
        .map(|other| &other.release.version)
        .all(|version| *version <= release.version);
    let mut answers = Vec::new();
    match release.vm_type.as_str() {
        "precompile" => match &release.addresses {
            None => answers.push("precompiles at all addresses of the pack".to_owned()),
            Some(addresses) => {
                let list: Vec<_> = addresses.iter().map(ToString::to_string).collect();
                answers.push(format!("precompiles at {}", list.join(", ")));
            }
        },
        "evm" if is_highest => answers.push(format!(
            "plain code, and containers whose requirement accepts {}",
            release.version
        )),
        vm_type if is_highest => answers.push(format!(
            "containers `{vm_type}` whose requirement accepts {}",
            release.version
        )),
        vm_type => answers.push(format!(
            "containers `{vm_type}` whose requirement accepts {} and nothing higher",
            release.version
        )),
    }
    if !scheduled.answers_for.is_empty() {
        let versions: Vec<_> = scheduled
            .answers_for
            .iter()
            .map(ToString::to_string)
            .collect();
        answers.push(format!(
            "answers for {}, which it retired",
            versions.join(", ")
        ));
    }
    if !release.options.is_empty() {
        let text = release.options.table().to_string();
        let options: Vec<_> = text.lines().filter(|line| !line.is_empty()).collect();
        answers.push(format!("options {}", options.join("; ")));
    }
    if let Some(fingerprint) = &release.fingerprint {
        answers.push(format!("behaves as {fingerprint}"));
    }
    answers
}

fn json(epoch: &Epoch<'_>) -> serde_json::Value {
    let ChainRules {
        limits,
        blobs,
        revision,
        ..
    } = &epoch.rules;
    let active: Vec<_> = epoch
        .active
        .iter()
        .map(|scheduled| {
            serde_json::json!({
                "release": scheduled.release,
                "answers_for": scheduled.answers_for,
                "since": scheduled.since,
            })
        })
        .collect();
    serde_json::json!({
        "start": epoch.start,
        "revision": revision.to_string(),
        "limits": {
            "call_depth": limits.call_depth,
            "code_size_bytes": limits.code_size_bytes,
            "init_code_size_bytes": limits.init_code_size_bytes,
            "container_size_bytes": limits.container_size_bytes,
            "memory_bytes": limits.memory_bytes,
        },
        "blobs": {
            "max_per_transaction": blobs.max_per_transaction,
            "max_per_block": blobs.max_per_block,
            "target_per_block": blobs.target_per_block,
        },
        "active": active,
    })
}

pub(super) fn hash(common: &Common, spec: &ChainSpec, at: MaybeAt) -> Outcome {
    let (number, timestamp) = at.or_genesis();
    let fork_id = spec.fork_id(number, timestamp);
    if common.json {
        let json = serde_json::json!({
            "genesis": spec.genesis_hash(),
            "now": fork_id.hash,
            "next": fork_id.next.map(|(start, hash)| serde_json::json!({ "start": start, "hash": hash })),
            "whole": spec.hash(),
        });
        outln!("{}", serde_json::to_string_pretty(&json)?);
        return Ok(ExitCode::SUCCESS);
    }
    outln!("genesis {}", spec.genesis_hash());
    outln!(
        "now     {} at block {number}, time {timestamp}",
        fork_id.hash
    );
    match fork_id.next {
        None => outln!("next    none is announced"),
        Some((start, hash)) => outln!("next    {hash} from {start} on"),
    }
    outln!("whole   {}", spec.hash());
    Ok(ExitCode::SUCCESS)
}
