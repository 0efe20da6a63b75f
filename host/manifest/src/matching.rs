//! Chooses one plugin version for a requirement.
//!
//! Pure: takes candidates, returns a choice; never touches the disk.
//! Invariant: equal inputs give equal choices, whatever the order of candidates.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

use semver::{Prerelease, Version};

use crate::error::ManifestError;
use crate::manifest::Manifest;
use crate::names::{FeatureSet, PluginId, VmType};
use crate::requirement::{Requirement, Subject};

/// One release that [`choose`] may choose: a manifest, a discovered candidate, a loaded plugin.
pub trait Offered {
    /// Returns the line of releases that it belongs to.
    fn plugin_id(&self) -> &PluginId;
    /// Returns the kind of code that it runs.
    fn vm_type(&self) -> &VmType;
    /// Returns its version.
    fn version(&self) -> &Version;
    /// Returns what it offers beyond its version.
    fn features(&self) -> &FeatureSet;
    /// Returns its precedence among releases of equal version and id; the lowest wins.
    ///
    /// Where a set may hold several releases of one id and version, their ranks must differ.
    fn rank(&self) -> usize {
        0
    }
}

/// A release that does not satisfy a requirement, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearMiss {
    /// Its line of releases.
    pub id: PluginId,
    /// Its version.
    pub version: Version,
    /// The features that it offers.
    pub features: FeatureSet,
    /// Why it does not fit; never empty.
    pub misfits: Vec<Misfit>,
}

/// One reason why a release does not satisfy a requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misfit {
    /// Its version lies outside the range.
    Version,
    /// Its version is a pre-release and the range names none of the same major, minor and patch.
    PreRelease,
    /// It lacks these features.
    Features(FeatureSet),
}

/// Chooses the best release for `requirement`.
///
/// The highest version wins (by semver precedence, then build metadata), then the first plugin id in alphabetical
/// order, then the lowest [rank](Offered::rank).
///
/// # Errors
///
/// [`ManifestError::SubjectUnknown`] when no candidate has the VM type or id, [`ManifestError::VersionUnsatisfied`]
/// when those that have it do not fit.
pub fn choose<'a, T: Offered>(
    requirement: &Requirement,
    candidates: impl IntoIterator<Item = &'a T>,
) -> Result<&'a T, ManifestError> {
    let candidates: Vec<_> = candidates.into_iter().collect();
    let best = candidates
        .iter()
        .copied()
        .filter(|candidate| requirement.is_satisfied_by(*candidate))
        .min_by(|a, b| precedence(*a, *b));
    best.ok_or_else(|| unsatisfied(requirement, &candidates))
}

/// Returns every release that satisfies `requirement`, the one that [`choose`] takes first.
pub fn ranked<'a, T: Offered>(
    requirement: &Requirement,
    candidates: impl IntoIterator<Item = &'a T>,
) -> Vec<&'a T> {
    let mut fitting: Vec<_> = candidates
        .into_iter()
        .filter(|candidate| requirement.is_satisfied_by(*candidate))
        .collect();
    fitting.sort_by(|a, b| precedence(*a, *b));
    fitting
}

impl Requirement {
    /// Tells whether `offered` satisfies this requirement.
    pub fn is_satisfied_by(&self, offered: &impl Offered) -> bool {
        self.asks(offered) && self.misfits(offered).is_empty()
    }

    /// Tells whether `offered` has the VM type or id that this requirement names.
    pub fn asks(&self, offered: &impl Offered) -> bool {
        match &self.subject {
            Subject::VmType(vm_type) => vm_type == offered.vm_type(),
            Subject::Plugin(id) => id == offered.plugin_id(),
        }
    }

    /// Returns why version and features of `offered` do not fit; empty when they do.
    pub fn misfits(&self, offered: &impl Offered) -> Vec<Misfit> {
        let mut misfits = Vec::new();
        let version = offered.version();
        if !self.versions.matches(version) {
            let release = Version {
                pre: Prerelease::EMPTY,
                ..version.clone()
            };
            if !version.pre.is_empty() && self.versions.matches(&release) {
                misfits.push(Misfit::PreRelease);
            } else {
                misfits.push(Misfit::Version);
            }
        }
        let missing = self.features.missing_from(offered.features());
        if !missing.is_empty() {
            misfits.push(Misfit::Features(missing));
        }
        misfits
    }
}

/// Orders releases so that the one that [`choose`] takes comes first.
pub fn precedence<T: Offered>(a: &T, b: &T) -> Ordering {
    // `Version`'s order is semver precedence, then build metadata.
    b.version()
        .cmp(a.version())
        .then_with(|| a.plugin_id().cmp(b.plugin_id()))
        .then_with(|| a.rank().cmp(&b.rank()))
}

fn unsatisfied<T: Offered>(requirement: &Requirement, candidates: &[&T]) -> ManifestError {
    let mut asked: Vec<_> = candidates
        .iter()
        .copied()
        .filter(|candidate| requirement.asks(*candidate))
        .collect();
    if asked.is_empty() {
        let vm_types: BTreeSet<_> = candidates
            .iter()
            .map(|candidate| candidate.vm_type())
            .collect();
        let ids: BTreeSet<_> = candidates
            .iter()
            .map(|candidate| candidate.plugin_id())
            .collect();
        return ManifestError::SubjectUnknown {
            requirement: Box::new(requirement.clone()),
            vm_types: vm_types.into_iter().cloned().collect(),
            ids: ids.into_iter().cloned().collect(),
        };
    }
    asked.sort_by(|a, b| precedence(*a, *b));
    let mut found: Vec<_> = asked
        .into_iter()
        .map(|candidate| NearMiss {
            id: candidate.plugin_id().clone(),
            version: candidate.version().clone(),
            features: candidate.features().clone(),
            misfits: requirement.misfits(candidate),
        })
        .collect();
    found.dedup();
    ManifestError::VersionUnsatisfied {
        requirement: Box::new(requirement.clone()),
        found,
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version => formatter.write_str("outside the range"),
            Self::PreRelease => formatter.write_str("a pre-release that the range does not name"),
            Self::Features(missing) => write!(formatter, "lacks {missing}"),
        }
    }
}

impl fmt::Display for NearMiss {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.id, self.version)?;
        for (index, misfit) in self.misfits.iter().enumerate() {
            let separator = if index == 0 { ": " } else { " and " };
            write!(formatter, "{separator}{misfit}")?;
        }
        Ok(())
    }
}

impl Offered for Manifest {
    fn plugin_id(&self) -> &PluginId {
        &self.id
    }

    fn vm_type(&self) -> &VmType {
        &self.vm_type
    }

    fn version(&self) -> &Version {
        &self.version
    }

    fn features(&self) -> &FeatureSet {
        &self.features
    }
}

#[cfg(test)]
mod tests;
