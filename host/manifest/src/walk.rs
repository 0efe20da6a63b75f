//! One walk along a search path: the working part of [`discover`](crate::discover).

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use semver::Version;

use crate::discovery::{
    Candidate, DISABLED_SUFFIX, DisabledBy, Discovery, DiscoveryOptions, LocationStatus,
    MAX_MANIFESTS_PER_DIRECTORY, PROGRAMS_SUFFIX, PassedOver, PassedOverReason, VECTORS_SUFFIX,
};
use crate::error::ManifestError;
use crate::manifest::Manifest;
use crate::names::PluginId;
use crate::search_path::Origin;

const MANIFEST_SUFFIX: &str = ".toml";

/// A discovery under way.
pub(crate) struct Walk<'a> {
    options: &'a DiscoveryOptions,
    pub(crate) discovery: Discovery,
    /// The directories and manifests met, by resolved path.
    met: BTreeMap<PathBuf, PathBuf>,
    /// The releases met in earlier places, with the manifest that was first.
    claimed: BTreeMap<(PluginId, Version), PathBuf>,
    rank: usize,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(options: &'a DiscoveryOptions) -> Self {
        Self {
            options,
            discovery: Discovery::default(),
            met: BTreeMap::new(),
            claimed: BTreeMap::new(),
            rank: 0,
        }
    }

    /// Looks at one place, takes its manifests or passes them over, and returns what the place is.
    pub(crate) fn visit(&mut self, place: &Path, origin: Origin) -> LocationStatus {
        let resolved = match place.canonicalize() {
            Ok(resolved) => resolved,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return LocationStatus::Missing;
            }
            Err(error) => return LocationStatus::Unreadable(error),
        };
        if !resolved.is_dir() {
            self.visit_manifests(&[place.to_path_buf()], origin);
            return LocationStatus::File;
        }
        if self.met.insert(resolved, place.to_path_buf()).is_some() {
            return LocationStatus::Repeated;
        }
        match manifests_in(place) {
            Ok(Some(files)) => {
                self.visit_manifests(&files, origin);
                LocationStatus::Directory {
                    manifests: files.len(),
                }
            }
            Ok(None) => LocationStatus::TooManyManifests,
            Err(error) => LocationStatus::Unreadable(error),
        }
    }

    /// Takes or passes over the manifests of one place.
    fn visit_manifests(&mut self, files: &[PathBuf], origin: Origin) {
        let passed_over_before = self.discovery.passed_over.len();
        // Usable manifests of this place by release; more than one for a release is an error.
        let mut usable: BTreeMap<(PluginId, Version), Vec<Candidate>> = BTreeMap::new();
        for file in files {
            match self.examine(file, origin) {
                Ok(candidate) => {
                    let release = (
                        candidate.manifest.id.clone(),
                        candidate.manifest.version.clone(),
                    );
                    usable.entry(release).or_default().push(candidate);
                }
                Err(passed_over) => self.discovery.passed_over.push(*passed_over),
            }
        }
        let mut taken = Vec::new();
        for (release, candidates) in usable {
            if let Some(by) = self.claimed.get(&release) {
                let by = by.clone();
                for candidate in candidates {
                    let reason = PassedOverReason::Shadowed { by: by.clone() };
                    self.pass_over(candidate, reason);
                }
                continue;
            }
            let first = candidates[0].manifest_path.clone();
            self.claimed.insert(release.clone(), first.clone());
            if candidates.len() == 1 {
                taken.extend(candidates);
                continue;
            }
            let second = candidates[1].manifest_path.clone();
            for candidate in candidates {
                let other = if candidate.manifest_path == first {
                    &second
                } else {
                    &first
                };
                let reason =
                    PassedOverReason::DuplicateIdVersion(ManifestError::DuplicateIdVersion {
                        id: release.0.clone(),
                        version: release.1.clone(),
                        first: candidate.manifest_path.clone(),
                        second: other.clone(),
                    });
                self.pass_over(candidate, reason);
            }
        }
        taken.sort_by_key(|candidate| candidate.rank);
        self.discovery.taken.extend(taken);
        self.discovery.passed_over[passed_over_before..]
            .sort_by(|a, b| a.manifest_path.cmp(&b.manifest_path));
    }

    fn pass_over(&mut self, candidate: Candidate, reason: PassedOverReason) {
        self.discovery.passed_over.push(PassedOver {
            manifest_path: candidate.manifest_path,
            origin: candidate.origin,
            release: Some((candidate.manifest.id, candidate.manifest.version)),
            reason,
        });
    }

    /// Reads one manifest and checks all that does not depend on other manifests.
    fn examine(&mut self, file: &Path, origin: Origin) -> Result<Candidate, Box<PassedOver>> {
        let passed_over = |release, reason| {
            Box::new(PassedOver {
                manifest_path: file.to_path_buf(),
                origin,
                release,
                reason,
            })
        };
        let disabled = file.file_name().is_some_and(|name| {
            name.as_encoded_bytes()
                .ends_with(DISABLED_SUFFIX.as_bytes())
        });
        if disabled {
            let reason = PassedOverReason::Disabled(DisabledBy::FileName);
            return Err(passed_over(None, reason));
        }
        let resolved = file
            .canonicalize()
            .and_then(|resolved| {
                if resolved.is_file() {
                    Ok(resolved)
                } else {
                    Err(io::Error::other("not a regular file"))
                }
            })
            .map_err(|source| {
                let error = ManifestError::Read {
                    file: file.to_path_buf(),
                    source,
                };
                passed_over(None, PassedOverReason::Invalid(error))
            })?;
        if let Some(first) = self.met.get(&resolved) {
            let reason = PassedOverReason::Repeated {
                first: first.clone(),
            };
            return Err(passed_over(None, reason));
        }
        self.met.insert(resolved, file.to_path_buf());

        let manifest = Manifest::read(file)
            .map_err(|error| passed_over(None, PassedOverReason::Invalid(error)))?;
        let release = Some((manifest.id.clone(), manifest.version.clone()));
        if self.options.disabled.contains(&manifest.id) {
            let reason = PassedOverReason::Disabled(DisabledBy::Configuration);
            return Err(passed_over(release, reason));
        }
        let found = &manifest.abi.generation;
        if found
            .newest_common(&self.options.supported_generations)
            .is_none()
        {
            let reason = PassedOverReason::UnsupportedAbi {
                expected: self.options.supported_generations.clone(),
                found: found.clone(),
            };
            return Err(passed_over(release, reason));
        }
        let folder = file.parent().unwrap_or(Path::new(""));
        let library_path = match manifest.library_path(folder) {
            Ok(path) => path,
            Err(error) => return Err(passed_over(release, PassedOverReason::Invalid(error))),
        };
        self.rank += 1;
        Ok(Candidate {
            manifest,
            manifest_path: file.to_path_buf(),
            library_path,
            origin,
            rank: self.rank - 1,
        })
    }
}

/// Returns the manifests of `directory` in order of file name; `None` when there are too many.
fn manifests_in(directory: &Path) -> io::Result<Option<Vec<PathBuf>>> {
    let mut names: Vec<OsString> = Vec::new();
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name();
        let bytes = name.as_encoded_bytes();
        let is_manifest = bytes.ends_with(MANIFEST_SUFFIX.as_bytes())
            || bytes.ends_with(DISABLED_SUFFIX.as_bytes());
        let is_programs = bytes.ends_with(PROGRAMS_SUFFIX.as_bytes())
            || bytes.ends_with(VECTORS_SUFFIX.as_bytes());
        if is_manifest && !is_programs && !bytes.starts_with(b".") {
            if names.len() == MAX_MANIFESTS_PER_DIRECTORY {
                return Ok(None);
            }
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(Some(
        names.into_iter().map(|name| directory.join(name)).collect(),
    ))
}
