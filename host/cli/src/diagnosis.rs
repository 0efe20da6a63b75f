//! Finds what is wrong with a configured set of plugins, and says what to do about each.

use crate::{
    args::Common,
    configuration::{Chain, InForce},
    error::CliError,
};
use proz_host::{
    BuildError, ChainProblem, FactoryError, PluginLock, VmFactory, VmFactoryConfig,
};
use proz_loader::LoadError;
use proz_manifest::{Candidate, Discovery, ManifestError, PassedOverReason, Requirement, choose};
use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
};

/// One thing that is wrong.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Finding {
    pub(crate) severity: Severity,
    /// What it is about: a file, a plugin, a rule.
    pub(crate) subject: String,
    /// What is wrong, causes included.
    pub(crate) problem: String,
    /// What to do.
    pub(crate) remedy: String,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// Something does not work.
    Error,
    /// Something is probably not meant.
    Warning,
}

/// What was looked at, and what was found.
pub(crate) struct Diagnosis {
    pub(crate) in_force: InForce,
    /// The chain specification in force; `None` for a development chain, or when it cannot be
    /// read, which is a finding.
    pub(crate) chain: Option<Chain>,
    pub(crate) discovery: Discovery,
    /// Plugins that load, start and pass their self-test.
    pub(crate) healthy: Vec<Candidate>,
    pub(crate) findings: Vec<Finding>,
}

impl Diagnosis {
    /// Looks at everything: places, manifests, trust, libraries, requirements, the chain.
    pub(crate) fn make(common: &Common) -> Result<Self, CliError> {
        let in_force = InForce::find(common)?;
        let search_path = in_force.search_path(common);
        let chain = in_force.chain();
        let discovery = in_force.discovery(common);
        let mut diagnosis = Self {
            in_force,
            chain: None,
            discovery,
            healthy: Vec::new(),
            findings: Vec::new(),
        };
        let factory = diagnosis.in_force.configuration.factory(search_path);
        match chain {
            Ok(chain) => diagnosis.chain = chain,
            Err(error) => diagnosis.error(
                "chain.spec".into(),
                error.with_causes(),
                "correct the file, or name another one as `chain.spec`",
            ),
        }
        diagnosis.look_at_places();
        match factory {
            Ok(factory) => {
                diagnosis.look_at_lock(&factory);
                diagnosis.look_at_plugins(&factory);
                diagnosis.look_at_chain(factory);
            }
            Err(error) => diagnosis.error(
                "trust.lock_file".into(),
                with_causes(&error),
                "write it with `proz plugin lock`, or choose another `trust.policy`",
            ),
        }
        diagnosis.look_at_requirements();
        diagnosis.look_at_types();
        Ok(diagnosis)
    }

    /// Whether something does not work.
    pub(crate) fn has_errors(&self) -> bool {
        let mut findings = self.findings.iter();
        findings.any(|finding| finding.severity == Severity::Error)
    }

    fn error(&mut self, subject: String, problem: String, remedy: impl Into<String>) {
        self.find(Severity::Error, subject, problem, remedy);
    }

    fn find(
        &mut self,
        severity: Severity,
        subject: String,
        problem: String,
        remedy: impl Into<String>,
    ) {
        self.findings.push(Finding {
            severity,
            subject,
            problem,
            remedy: remedy.into(),
        });
    }

    fn look_at_places(&mut self) {
        if let Err(error) = self.discovery.require_named_locations() {
            let remedy = "create the place, or take it out of --plugins and `plugins.paths`";
            self.error("search path".into(), with_causes(&error), remedy);
        }
        let passed: Vec<_> = self.discovery.passed_over.iter().collect();
        let mut findings = Vec::new();
        for passed in passed {
            let severity = match &passed.reason {
                PassedOverReason::Disabled(_) | PassedOverReason::Repeated { .. } => continue,
                PassedOverReason::Shadowed { .. } => Severity::Warning,
                _ => Severity::Error,
            };
            findings.push(Finding {
                severity,
                subject: passed.manifest_path.display().to_string(),
                problem: match &passed.reason {
                    PassedOverReason::Invalid(error) => with_causes(error),
                    reason => reason.to_string(),
                },
                remedy: remedy_of_passed_over(&passed.reason),
            });
        }
        self.findings.extend(findings);
    }

    /// Whether everything that is pinned is there.
    fn look_at_lock(&mut self, config: &VmFactoryConfig) {
        let taken = &self.discovery.taken;
        let missing = config.trust.missing(taken.iter().map(|c| &c.manifest));
        for release in missing {
            let problem = format!("the lock file names {release}, which was not found");
            self.error("trust.lock_file".into(), problem, LOCKED_MISSING);
        }
    }

    /// Whether one plugin serves each VM type, or the configuration says which.
    ///
    /// A chain specification names its releases by id; a development chain runs the highest
    /// version, whoever numbered it.
    fn look_at_types(&mut self) {
        if self.in_force.configuration.chain.spec.is_some() {
            return;
        }
        let require = &self.in_force.configuration.plugins.require;
        let chosen = require.iter().filter_map(|r| choose(r, &self.healthy).ok());
        let loaded: Vec<&Candidate> = if require.is_empty() {
            self.healthy.iter().collect()
        } else {
            chosen.collect()
        };
        let mut ids = BTreeMap::<_, BTreeSet<_>>::new();
        for candidate in loaded {
            let manifest = &candidate.manifest;
            if !manifest.vm_type.is_precompile() {
                let of_type = ids.entry(manifest.vm_type.clone()).or_default();
                of_type.insert(manifest.id.to_string());
            }
        }
        for (vm_type, ids) in ids.into_iter().filter(|(_, ids)| ids.len() > 1) {
            let ids = Vec::from_iter(ids).join(", ");
            self.find(
                Severity::Warning,
                vm_type.to_string(),
                format!("several plugins serve this VM type and the highest version runs: {ids}"),
                "name the one that is meant in `plugins.require`, as `plugin:ID`, or the others in \
                 `plugins.disabled`",
            );
        }
    }

    /// Loads and starts each plugin by itself.
    fn look_at_plugins(&mut self, config: &VmFactoryConfig) {
        for candidate in self.discovery.taken.clone() {
            let manifest = &candidate.manifest;
            let exactly = format!("plugin:{}@={}", manifest.id, manifest.version);
            let Ok(requirement) = exactly.parse() else {
                continue;
            };
            // What else is pinned and missing is told once, above.
            let mut trust = config.trust.clone();
            let locked = config.trust.lock.find(manifest).cloned();
            trust.lock = PluginLock::new(locked.into_iter().collect());
            let alone = VmFactoryConfig {
                require: vec![requirement],
                trust,
                ..config.clone()
            };
            match VmFactory::new(alone) {
                Ok(_) => self.healthy.push(candidate),
                Err(error) => self.error(
                    format!("{} {}", manifest.id, manifest.version),
                    with_causes(&error),
                    remedy_of_factory(&error),
                ),
            }
        }
        if self.discovery.taken.is_empty() {
            let remedy = "name a folder with --plugins or `plugins.paths`; \
                          `proz plugin list --explain` tells where was searched";
            self.error("search path".into(), "no plugin was found".into(), remedy);
        } else if !self
            .healthy
            .iter()
            .any(|c| c.manifest.vm_type.as_str() == "evm")
        {
            self.find(
                Severity::Warning,
                "evm".into(),
                "no plugin runs plain code".into(),
                "install a plugin for the VM type `evm`, unless the chain has containers only",
            );
        }
    }

    fn look_at_chain(&mut self, config: VmFactoryConfig) {
        if let Some(chain) = &self.chain {
            let problems = VmFactory::examine(config, &chain.spec.config());
            self.findings.extend(chain_findings(&problems));
        }
    }

    fn look_at_requirements(&mut self) {
        if self.chain.is_some() {
            // Refused as a whole: the specification names the releases.
            return;
        }
        for requirement in self.in_force.configuration.plugins.require.clone() {
            if let Err(error) = choose(&requirement, &self.healthy) {
                let remedy = remedy_of_requirement(&requirement, &error);
                self.error(requirement.to_string(), with_causes(&error), remedy);
            }
        }
    }
}

/// What keeps a chain from running on what is installed, with what to do about it.
pub(crate) fn chain_findings(problems: &[ChainProblem]) -> Vec<Finding> {
    let findings = problems.iter().map(|problem| {
        let (subject, remedy) = match problem {
            ChainProblem::Missing { release, since } => (
                release.to_string(),
                format!(
                    "install the release before {since}; `proz plugin list --explain` tells where \
                     was searched"
                ),
            ),
            ChainProblem::Unusable {
                release, source, ..
            } => (release.to_string(), remedy_of_factory(source)),
            ChainProblem::Whole(source) => match &**source {
                FactoryError::ScheduleDecides { key } => (key.clone(), remedy_of_factory(source)),
                _ => ("chain".to_owned(), remedy_of_factory(source)),
            },
            _ => ("chain".to_owned(), "see `proz chain spec show`".to_owned()),
        };
        Finding {
            severity: Severity::Error,
            subject,
            problem: with_causes(problem),
            remedy,
        }
    });
    findings.collect()
}

/// What to do about a failure to load, where there is more to say than the error does.
pub(crate) fn remedy_if_known(error: &FactoryError) -> Option<String> {
    match error {
        FactoryError::Trust { source, .. } => Some(source.remedy().into()),
        FactoryError::LockedMissing { .. } => Some(LOCKED_MISSING.into()),
        FactoryError::Build(_)
        | FactoryError::NotAsScheduled { .. }
        | FactoryError::Fingerprint(_)
        | FactoryError::Revision { .. }
        | FactoryError::Address { .. } => Some(remedy_of_factory(error)),
        _ => None,
    }
}

/// What to do about a release that is pinned and missing.
pub(crate) const LOCKED_MISSING: &str = "put it back, or run `proz plugin lock` if it is meant to \
     be gone; `proz plugin doctor` tells what was passed over";

/// Warns on stderr of each manifest of the search path that is none, by file and cause: another
/// release may run in place of the one that it was to name.
pub(crate) fn warn_of_invalid(discovery: &Discovery) {
    for passed in &discovery.passed_over {
        if let PassedOverReason::Invalid(error) = &passed.reason {
            let file = passed.manifest_path.display();
            eprintln!("warning: {file} is passed over: {}", with_causes(error));
        }
    }
}

/// An error with its causes, in one line.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text
}

fn remedy_of_passed_over(reason: &PassedOverReason) -> String {
    match reason {
        PassedOverReason::Invalid(ManifestError::LibraryMissing { .. }) => {
            "build the plugin, or put its library where the manifest says".into()
        }
        PassedOverReason::Invalid(ManifestError::LibraryEscapes { .. }) => {
            "put the library into the manifest's folder or below".into()
        }
        PassedOverReason::Invalid(ManifestError::ManifestVersion { .. }) => {
            "use a release of the host that reads this version of the format".into()
        }
        PassedOverReason::Invalid(_) => {
            "correct the manifest, or move the file away if it is none".into()
        }
        PassedOverReason::UnsupportedAbi { .. } => {
            "get a release of the plugin that is built for this host's ABI".into()
        }
        PassedOverReason::Shadowed { .. } => "remove the one that is not wanted".into(),
        PassedOverReason::DuplicateIdVersion(_) => {
            "remove one of the two: nothing tells which is meant".into()
        }
        _ => "see `proz plugin list --explain`".into(),
    }
}

fn remedy_of_factory(error: &FactoryError) -> String {
    let load = match error {
        FactoryError::Trust { source, .. } => return source.remedy().into(),
        FactoryError::SelfTest { .. } => {
            return "tell the plugin's author; `proz plugin check` shows more".into();
        }
        FactoryError::Load(load) => load,
        FactoryError::ScheduleDecides { .. } => {
            return "take it out of proz.toml: `proz chain spec show` tells what the chain says"
                .into();
        }
        FactoryError::Build(BuildError::Ambiguous { .. }) => {
            return "name the SHA-256 of the one to run in `plugins.builds`, or remove the other"
                .into();
        }
        FactoryError::Build(_) => {
            return "install the build that `plugins.builds` names, or name another".into();
        }
        FactoryError::NotAsScheduled { .. } | FactoryError::Fingerprint(_) => {
            return "install the release that the chain specification names: what is there goes by \
                    its name and is another"
                .into();
        }
        FactoryError::Revision { .. } | FactoryError::Address { .. } => {
            return "the chain specification cannot run: `proz chain spec show` tells what is in \
                    force when"
                .into();
        }
        _ => return "see `proz plugin check`".into(),
    };
    match load {
        LoadError::HashMismatch { .. } => {
            "the library is not the one that the manifest or the lock names: get it again, or \
             lock it anew if the change was meant"
        }
        LoadError::ForeignArchitecture { .. } | LoadError::ForeignTarget { .. } => {
            "get a build for this machine"
        }
        LoadError::Generation { .. }
        | LoadError::ModuleVersion { .. }
        | LoadError::AbiHeader { .. }
        | LoadError::Layout { .. }
        | LoadError::LayoutUnchecked { .. } => "have it built with the SDK of this host's release",
        LoadError::Contradiction { .. } => {
            "manifest and library are of different releases: install both from one package"
        }
        LoadError::CreateRefused { .. } => {
            "correct the plugin's options in `[options]` or in the manifest's `[config]`"
        }
        LoadError::Read { .. } | LoadError::Stage { .. } => "look at the permissions of the file",
        LoadError::Truncated { .. } | LoadError::Empty { .. } => "get the file again",
        LoadError::SymbolMissing { .. } | LoadError::NotALibrary { .. } => {
            "the file is no plugin: name the right one as `library`"
        }
        _ => "tell the plugin's author; `proz plugin check` shows more",
    }
    .into()
}

fn remedy_of_requirement(requirement: &Requirement, error: &ManifestError) -> String {
    match error {
        ManifestError::SubjectUnknown { .. } => {
            format!(
                "install a plugin for `{}`, or take the requirement out",
                requirement.subject
            )
        }
        _ => "install a release that satisfies it, or widen the requirement".into(),
    }
}
