//! `proz chain spec init`: a specification of what is loaded.

use crate::{
    args::Common,
    error::{CliError, Outcome},
    session::load_without_chain,
};
use clap::Args;
use proz_host::{
    ChainConfig, ChainSpec, FactoryError, FingerprintError, GenesisPart, Release, Revision, Start,
    Upgrade, VmFactory,
};
use std::process::ExitCode;

#[derive(Args)]
pub(super) struct InitArgs {
    #[command(flatten)]
    genesis: GenesisArgs,

    /// Rules from block 0 on, from Frontier to Osaka.
    #[arg(long, default_value = "latest", value_name = "NAME")]
    revision: Revision,

    /// Writes the fingerprint of each release's behaviour as well, so that a build that computes
    /// otherwise cannot be loaded.
    #[arg(long)]
    fingerprints: bool,
}

/// What the genesis part says beside releases and rules.
#[derive(Args)]
pub(super) struct GenesisArgs {
    /// Name of the chain: lower-case letters, digits, hyphens.
    #[arg(long, default_value = "dev")]
    name: String,

    /// Chain id.
    #[arg(long, default_value_t = 1337, value_name = "NUMBER")]
    chain_id: u64,

    /// Whether code containers of VMs other than the EVM are accepted.
    #[arg(
        long,
        default_value_t = true,
        action = clap::ArgAction::Set,
        value_name = "BOOL"
    )]
    containers: bool,
}

impl GenesisArgs {
    pub(super) fn part(&self) -> GenesisPart {
        GenesisPart {
            name: self.name.clone(),
            chain_id: self.chain_id,
            containers: self.containers,
            limits: ChainConfig::prozchain().limits,
        }
    }
}

pub(super) fn run(common: &Common, args: &InitArgs) -> Outcome {
    let factory = load_without_chain(common, |_| {})?;
    let mut releases = Vec::new();
    for release in best_packs(factory.releases()) {
        if let Some(range) = range_without(&factory, &release, args.revision) {
            eprintln!(
                "left out: {} {} runs {range} only",
                release.plugin, release.version
            );
            continue;
        }
        releases.push(release);
    }
    if args.fingerprints {
        for release in &mut releases {
            pin(&factory, release)?;
        }
    }
    let genesis = Upgrade {
        start: Start::Block(0),
        revision: Some(args.revision),
        limits: None,
        blobs: None,
        activate: releases,
        retire: Vec::new(),
    };
    print(&ChainSpec::new(args.genesis.part(), vec![genesis])?)
}

/// Prints a specification that reads back.
pub(super) fn print(spec: &ChainSpec) -> Outcome {
    let text = spec.to_toml();
    // The name is checked where the text is read.
    ChainSpec::from_toml(&text, "chain.toml".as_ref())?;
    outln!(
        "# What the chain {} is. Upgrades are appended; what has begun is never",
        spec.name()
    );
    outln!("# changed. `proz chain spec check` compares it with what is installed.");
    out!("{text}");
    Ok(ExitCode::SUCCESS)
}

/// Of each pack the highest release, which is the one that would serve.
pub(super) fn best_packs(mut releases: Vec<Release>) -> Vec<Release> {
    let all = releases.clone();
    releases.retain(|release| {
        let is_better =
            |other: &Release| other.plugin == release.plugin && other.version > release.version;
        !release.vm_type.is_precompile() || !all.iter().any(is_better)
    });
    releases.sort_by(|a, b| (&a.plugin, &a.version).cmp(&(&b.plugin, &b.version)));
    releases
}

/// The rule sets that a VM runs, when the one asked for is not among them.
pub(super) fn range_without(
    factory: &VmFactory,
    release: &Release,
    revision: Revision,
) -> Option<String> {
    let machines = factory.machines();
    let machine = machines.iter().find(|machine| {
        *machine.plugin_id() == release.plugin
            && machine
                .vm_version()
                .cmp_precedence(&release.version)
                .is_eq()
    })?;
    let range = machine.revisions();
    let lacks = !range.contains(&revision);
    lacks.then(|| format!("{} to {}", range.start(), range.end()))
}

/// Writes the fingerprint of a release into its entry, where there are vectors to tell it by.
fn pin(factory: &VmFactory, release: &mut Release) -> Result<(), CliError> {
    let candidates = &factory.discovery().taken;
    let candidate = candidates.iter().find(|candidate| {
        let manifest = &candidate.manifest;
        manifest.id == release.plugin && manifest.version.cmp_precedence(&release.version).is_eq()
    });
    let Some(candidate) = candidate else {
        return Ok(());
    };
    match factory.fingerprint(candidate, &release.options, release.addresses.as_ref()) {
        Ok(hash) => release.fingerprint = Some(hash),
        Err(FactoryError::Fingerprint(FingerprintError::Read { file, .. })) => eprintln!(
            "no fingerprint of {} {}: there are no vectors at {}",
            release.plugin,
            release.version,
            file.display()
        ),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
