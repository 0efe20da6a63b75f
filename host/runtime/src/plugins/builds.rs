//! Finds the one build of a scheduled release among what is installed.
//!
//! Two builds of a release should compute the same, and which of them runs is still never left to
//! the order of folders: where their libraries differ, the operator names one.

use crate::chain::{Release, ReleaseKey, is_same_release};
use proz_manifest::{Candidate, Discovery, Manifest, PassedOver, PassedOverReason, Sha256Digest};
use std::{
    collections::BTreeMap,
    fs::File,
    io,
    path::{Path, PathBuf},
};

/// Why no build of a release could be chosen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Several different builds are installed.
    #[error("{release} is installed in {} builds: {}; choose one by its SHA-256 in `plugins.builds`", found.len(), list(found))]
    Ambiguous {
        /// The release.
        release: ReleaseKey,
        /// Digest and manifest of each.
        found: Vec<(Sha256Digest, PathBuf)>,
    },
    /// The build that the operator chose is not installed.
    #[error("no build of {release} has SHA-256 {expected}; found {}", list(found))]
    NotFound {
        /// The release.
        release: ReleaseKey,
        /// The digest chosen.
        expected: Sha256Digest,
        /// What is installed.
        found: Vec<(Sha256Digest, PathBuf)>,
    },
    /// A library cannot be read.
    #[error("cannot read {}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn list(found: &[(Sha256Digest, PathBuf)]) -> String {
    let lines = found
        .iter()
        .map(|(digest, path)| format!("{digest} ({})", path.display()));
    let lines: Vec<_> = lines.collect();
    if lines.is_empty() {
        return "none".to_owned();
    }
    lines.join(", ")
}

/// The build of a release that is to run; `None` when none is installed.
///
/// # Errors
///
/// [`BuildError`].
pub(super) fn choose_build(
    discovery: &Discovery,
    release: &Release,
    chosen: &BTreeMap<ReleaseKey, Sha256Digest>,
) -> Result<Option<Candidate>, BuildError> {
    let mut builds: Vec<(Sha256Digest, Candidate)> = Vec::new();
    let taken = discovery.taken.iter().cloned();
    for candidate in taken.chain(discovery.passed_over.iter().filter_map(doubled)) {
        let manifest = &candidate.manifest;
        if manifest.id != release.plugin || !is_same_release(&manifest.version, &release.version) {
            continue;
        }
        let digest = digest_of(&candidate.library_path)?;
        // The same library installed twice is one build.
        if !builds.iter().any(|(known, _)| *known == digest) {
            builds.push((digest, candidate));
        }
    }
    let found = |builds: Vec<(Sha256Digest, Candidate)>| {
        let found = builds.into_iter();
        found.map(|(digest, c)| (digest, c.manifest_path)).collect()
    };
    if let Some(expected) = chosen.get(&release.key()) {
        let place = builds.iter().position(|(digest, _)| digest == expected);
        return match place {
            Some(place) => Ok(Some(builds.swap_remove(place).1)),
            None => Err(BuildError::NotFound {
                release: release.key(),
                expected: *expected,
                found: found(builds),
            }),
        };
    }
    if builds.len() > 1 {
        return Err(BuildError::Ambiguous {
            release: release.key(),
            found: found(builds),
        });
    }
    Ok(builds.pop().map(|(_, candidate)| candidate))
}

/// A manifest that was passed over only because another names the same release.
fn doubled(passed: &PassedOver) -> Option<Candidate> {
    let is_double = matches!(
        passed.reason,
        PassedOverReason::Shadowed { .. } | PassedOverReason::DuplicateIdVersion(_)
    );
    if !is_double {
        return None;
    }
    let manifest = Manifest::read(&passed.manifest_path).ok()?;
    let folder = passed.manifest_path.parent().unwrap_or(Path::new(""));
    let library_path = manifest.library_path(folder).ok()?;
    Some(Candidate {
        manifest,
        manifest_path: passed.manifest_path.clone(),
        library_path,
        origin: passed.origin,
        rank: usize::MAX,
    })
}

fn digest_of(library: &Path) -> Result<Sha256Digest, BuildError> {
    let read = || {
        let mut file = File::open(library)?;
        let mut hasher = <sha2::Sha256 as sha2::Digest>::new();
        io::copy(&mut file, &mut HashWriter(&mut hasher))?;
        Ok(sha2::Digest::finalize(hasher))
    };
    let digest = read().map_err(|source| BuildError::Read {
        file: library.to_path_buf(),
        source,
    })?;
    Ok(Sha256Digest(digest.into()))
}

/// Hashes what is written to it.
struct HashWriter<'a>(&'a mut sha2::Sha256);

impl io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        sha2::Digest::update(self.0, bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
