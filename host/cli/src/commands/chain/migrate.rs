//! `proz chain spec migrate`: ranges of a former proz.toml become exact entries of a specification.
//!
//! Formerly a list of ranges chose the release of plain code and of packs by height, and containers
//! ran on the best that was loaded. What the list chose from what is installed is written down.

use super::init::{GenesisArgs, best_packs, print, range_without};
use crate::{
    args::Common,
    configuration::InForce,
    error::{CliError, Outcome},
};
use clap::Args;
use proz_host::{
    ChainSpec, Configuration, Release, ReleaseKey, Requirement, Revision, Start, Upgrade, VmFactory,
};
use proz_manifest::{FeatureSet, Offered, PluginId, Subject, VmType, ranked};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

#[derive(Args)]
pub(super) struct MigrateArgs {
    /// The former configuration.
    file: PathBuf,

    #[command(flatten)]
    genesis: GenesisArgs,

    /// Rules, with the block from which they hold: `Shanghai`, `Osaka@20000000`. May be repeated.
    #[arg(long, value_name = "NAME[@BLOCK]", value_parser = parse_revision, default_value = "latest")]
    revision: Vec<(u64, Revision)>,
}

/// A rule as it was written.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    vm: Requirement,
    #[serde(default)]
    from_block: u64,
}

fn parse_revision(text: &str) -> Result<(u64, Revision), String> {
    let (name, block) = text.split_once('@').unwrap_or((text, "0"));
    let block = block.parse();
    let block = block.map_err(|_| format!("`{text}`: expected NAME or NAME@BLOCK"))?;
    let revision = name.parse::<Revision>();
    Ok((block, revision.map_err(|error| error.to_string())?))
}

pub(super) fn run(common: &Common, args: &MigrateArgs) -> Outcome {
    let text = fs::read_to_string(&args.file).map_err(|error| {
        CliError::because(format!("cannot read {}", args.file.display()), error)
    })?;
    let Parts {
        rules,
        configuration,
        moved,
    } = take_apart(&text, &args.file)?;
    let in_force = InForce {
        file: Some(args.file.clone()),
        configuration,
    };
    let config = in_force
        .configuration
        .factory(in_force.search_path(common))?;
    let factory = VmFactory::new(config)?;
    let former = Former {
        releases: factory.releases(),
        rules,
    };
    let mut heights: BTreeSet<u64> = former.rules.iter().map(|rule| rule.from_block).collect();
    heights.extend(args.revision.iter().map(|(block, _)| *block));
    heights.insert(0);
    let mut upgrades: Vec<Upgrade> = Vec::new();
    let mut active: Vec<Release> = Vec::new();
    for height in heights {
        let begun = args.revision.iter().filter(|(block, _)| *block <= height);
        let revision = begun.max_by_key(|(block, _)| *block);
        let Some((since, revision)) = revision.copied() else {
            return Err(CliError::new("no rules hold at block 0")
                .hint("name them: `--revision Shanghai --revision Osaka@20000000`"));
        };
        let next = former.active_at(height, revision, &factory)?;
        let named = (since == height).then_some(revision);
        let upgrade = change(height, named, &active, &next);
        let is_empty = upgrade.activate.is_empty() && upgrade.retire.is_empty();
        if height == 0 || !is_empty || named.is_some() {
            upgrades.push(upgrade);
        }
        active = next;
    }
    let printed = print(&ChainSpec::new(args.genesis.part(), upgrades)?)?;
    advise(&text, &args.file, &moved);
    Ok(printed)
}

/// A former configuration in its parts.
struct Parts {
    rules: Vec<Rule>,
    /// What is left without the rules, settings in their place.
    configuration: Configuration,
    /// Keys that never show in a result and stood among the options, with their new place.
    moved: Vec<(String, String)>,
}

fn take_apart(text: &str, file: &Path) -> Result<Parts, CliError> {
    let mut table: toml::Table = toml::from_str(text)
        .map_err(|error| CliError::because(format!("{} is malformed", file.display()), error))?;
    let rules = match table.remove("activation") {
        None => Vec::new(),
        Some(rules) => rules.try_into::<Vec<Rule>>().map_err(|error| {
            CliError::because(format!("`activation` of {}", file.display()), error)
        })?,
    };
    let moved = move_settings(&mut table);
    let rest = toml::to_string(&table)?;
    Ok(Parts {
        rules,
        configuration: Configuration::from_toml(&rest, file)?.beside(file),
        moved,
    })
}

/// Moves what never shows in a result from `[options.X]`, where it stood, to `[settings.X]`.
fn move_settings(table: &mut toml::Table) -> Vec<(String, String)> {
    let mut moved = Vec::new();
    let mut settings = match table.remove("settings") {
        Some(toml::Value::Table(settings)) => settings,
        _ => toml::Table::new(),
    };
    let options = table.get_mut("options").and_then(toml::Value::as_table_mut);
    for (name, options) in options.into_iter().flatten() {
        let Some(options) = options.as_table_mut() else {
            continue;
        };
        let mut taken = toml::Table::new();
        for key in ["machine", "optimization"] {
            if let Some(toml::Value::Table(inner)) = options.remove(key) {
                taken.extend(inner);
                moved.push((format!("options.{name}.{key}"), format!("settings.{name}")));
            }
        }
        let flags: &[&str] = match name.as_str() {
            "evm" | "proz-evm" => &["enable_jit"],
            "prozvm" | "proz-prozvm" => &["debug_log"],
            _ => &[],
        };
        for key in flags {
            if let Some(value) = options.remove(*key) {
                taken.insert((*key).to_owned(), value);
                moved.push((format!("options.{name}.{key}"), format!("settings.{name}")));
            }
        }
        let place = settings.entry(name.clone());
        let place = place.or_insert_with(|| toml::Value::Table(toml::Table::new()));
        if let Some(place) = place.as_table_mut() {
            place.extend(taken);
        }
    }
    table.insert("settings".to_owned(), toml::Value::Table(settings));
    moved
}

/// What decided formerly.
struct Former {
    releases: Vec<Release>,
    rules: Vec<Rule>,
}

/// A release, for matching.
struct Entry<'a>(&'a Release);

impl Offered for Entry<'_> {
    fn plugin_id(&self) -> &PluginId {
        &self.0.plugin
    }

    fn vm_type(&self) -> &VmType {
        &self.0.vm_type
    }

    fn version(&self) -> &semver::Version {
        &self.0.version
    }

    fn features(&self) -> &FeatureSet {
        &self.0.features
    }
}

impl Former {
    fn best(&self, requirement: &Requirement, of_packs: bool) -> Option<&Release> {
        let entries = self.releases.iter().map(Entry);
        let entries: Vec<_> = entries
            .filter(|entry| entry.0.vm_type.is_precompile() == of_packs)
            .collect();
        ranked(requirement, &entries).first().map(|entry| entry.0)
    }

    fn is_of(&self, subject: &Subject, is_meant: impl Fn(&VmType) -> bool) -> bool {
        match subject {
            Subject::VmType(vm_type) => is_meant(vm_type),
            Subject::Plugin(id) => {
                let mut releases = self.releases.iter();
                releases.any(|release| release.plugin == *id && is_meant(&release.vm_type))
            }
        }
    }

    /// The last rules that have begun at a height, by whom they name.
    fn in_force(
        &self,
        height: u64,
        is_meant: impl Fn(&VmType) -> bool + Copy,
    ) -> BTreeMap<String, &Requirement> {
        let mut rules: Vec<_> = self.rules.iter().collect();
        rules.sort_by_key(|rule| rule.from_block);
        let mut in_force = BTreeMap::new();
        for rule in rules {
            if rule.from_block <= height && self.is_of(&rule.vm.subject, is_meant) {
                in_force.insert(rule.vm.subject.to_string(), &rule.vm);
            }
        }
        in_force
    }

    fn chosen(
        &self,
        requirement: &Requirement,
        height: u64,
        of_packs: bool,
    ) -> Result<&Release, CliError> {
        self.best(requirement, of_packs).ok_or_else(|| {
            CliError::new(format!(
                "nothing installed satisfies `{requirement}`, which decides from block {height} on"
            ))
            .hint("install the release that ran: a specification names exact ones")
        })
    }

    /// What ran at a height.
    fn active_at(
        &self,
        height: u64,
        revision: Revision,
        factory: &VmFactory,
    ) -> Result<Vec<Release>, CliError> {
        let is_evm = |vm_type: &VmType| vm_type.as_str() == "evm";
        let mut rules: Vec<_> = self.rules.iter().collect();
        rules.sort_by_key(|rule| rule.from_block);
        let plain = rules
            .iter()
            .rfind(|rule| rule.from_block <= height && self.is_of(&rule.vm.subject, is_evm));
        let plain = match plain {
            None => None,
            Some(rule) => Some(self.chosen(&rule.vm, height, false)?),
        };
        if let Some(plain) = plain
            && let Some(range) = range_without(factory, plain, revision)
        {
            return Err(CliError::new(format!(
                "{} {} ran plain code from block {height} on, and runs {range} only, not {revision}",
                plain.plugin, plain.version
            ))
            .hint("say which rules held: `--revision Shanghai --revision Osaka@20000000`"));
        }
        let machines = self.releases.iter().filter(|release| {
            // Plain code runs on the highest active release, so none above the chosen one is.
            let is_above = plain
                .is_some_and(|plain| is_evm(&release.vm_type) && release.version > plain.version);
            !release.vm_type.is_precompile()
                && !is_above
                && range_without(factory, release, revision).is_none()
        });
        let mut active: Vec<Release> = machines.cloned().collect();
        if self
            .rules
            .iter()
            .any(|rule| self.is_of(&rule.vm.subject, VmType::is_precompile))
        {
            for requirement in self.in_force(height, VmType::is_precompile).values() {
                let pack = self.chosen(requirement, height, true)?;
                if !active.contains(pack) {
                    active.push(pack.clone());
                }
            }
        } else {
            let packs = self.releases.iter().filter(|r| r.vm_type.is_precompile());
            active.extend(best_packs(packs.cloned().collect()));
        }
        active.sort_by(|a, b| (&a.plugin, &a.version).cmp(&(&b.plugin, &b.version)));
        Ok(active)
    }
}

/// The upgrade from what was active to what is. A release that goes is answered for by one of the
/// same plugin that comes, if there is one.
fn change(height: u64, revision: Option<Revision>, old: &[Release], new: &[Release]) -> Upgrade {
    let mut activate: Vec<Release> = new.iter().filter(|r| !old.contains(r)).cloned().collect();
    let mut retire: Vec<ReleaseKey> = Vec::new();
    for gone in old.iter().filter(|release| !new.contains(release)) {
        let successor = activate.iter_mut().find(|r| r.plugin == gone.plugin);
        match successor {
            Some(successor) => {
                successor.replaces.insert(gone.version.clone());
            }
            None => retire.push(gone.key()),
        }
    }
    Upgrade {
        start: Start::Block(height),
        revision,
        limits: None,
        blobs: None,
        activate,
        retire,
    }
}

/// Says which lines of the former configuration the specification takes the place of.
fn advise(text: &str, file: &Path, moved: &[(String, String)]) {
    let Ok(document) = toml_edit::Document::parse(text) else {
        return;
    };
    let line_of = |offset: usize| text[..offset.min(text.len())].matches('\n').count() + 1;
    let mut lines: Vec<(usize, usize, String)> = Vec::new();
    let mut add = |span: Option<std::ops::Range<usize>>, what: String| {
        if let Some(span) = span {
            lines.push((
                line_of(span.start),
                line_of(span.end.saturating_sub(1)),
                what,
            ));
        }
    };
    if let Some(rules) = document
        .get("activation")
        .and_then(|i| i.as_array_of_tables())
    {
        for rule in rules {
            let keys = rule.iter().filter_map(|(_, item)| item.span());
            let end = keys.map(|span| span.end).max();
            let span = rule
                .span()
                .map(|span| span.start..end.unwrap_or(span.end).max(span.end));
            add(span, "[[activation]]".to_owned());
        }
    } else {
        add(
            document.get("activation").and_then(|i| i.span()),
            "activation".to_owned(),
        );
    }
    if let Some(plugins) = document.get("plugins").and_then(|item| item.as_table()) {
        for key in ["require", "precompile_addresses"] {
            add(
                plugins.get(key).and_then(|item| item.span()),
                format!("plugins.{key}"),
            );
        }
    }
    if let Some(options) = document.get("options").and_then(|item| item.as_table()) {
        for (key, item) in options.iter() {
            let inner = item.as_table().map(|table| table.iter());
            let end =
                inner.and_then(|keys| keys.filter_map(|(_, i)| i.span()).map(|s| s.end).max());
            let span = item
                .span()
                .map(|span| span.start..end.unwrap_or(span.end).max(span.end));
            add(span, format!("options.{key}, which the specification has"));
        }
    }
    lines.sort();
    eprintln!("in {} remove", file.display());
    for (first, last, what) in lines {
        if first == last {
            eprintln!("  line {first}: {what}");
        } else {
            eprintln!("  lines {first} to {last}: {what}");
        }
    }
    for (from, to) in moved {
        eprintln!("move what stands in {from} to [{to}]: it never shows in a result");
    }
    eprintln!("and add\n  [chain]\n  spec = \"chain.toml\"");
}
