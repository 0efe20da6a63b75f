//! Puts plugins where the program looks for them: libraries and manifests in one folder.

use crate::{Outcome, artefacts, root, tasks::cargo};
use std::{
    env::consts::{DLL_PREFIX, DLL_SUFFIX},
    fs,
    path::{Path, PathBuf},
};

/// Builds the workspace and stages every shipped plugin.
pub(crate) fn stage() -> Outcome {
    cargo(&["build", "--release", "--workspace"])?;
    let folder = artefacts().join("plugins");
    fs::create_dir_all(&folder).map_err(|e| format!("cannot create {}: {e}", folder.display()))?;
    for manifest in manifests()? {
        stage_one(&manifest, &folder)?;
    }
    stage_vectors(&folder)
}

/// Puts the vectors by which behaviour is told beside the manifests.
fn stage_vectors(folder: &Path) -> Outcome {
    let from = root().join("plugin-manifests");
    let entries =
        fs::read_dir(&from).map_err(|e| format!("cannot read {}: {e}", from.display()))?;
    for file in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        if is_kind(&file, "vectors") {
            copy(&file, &folder.join(file.file_name().unwrap_or_default()))?;
        }
    }
    Ok(())
}

fn manifests() -> Result<Vec<PathBuf>, String> {
    let folder = root().join("plugin-manifests");
    let entries =
        fs::read_dir(&folder).map_err(|e| format!("cannot read {}: {e}", folder.display()))?;
    let mut paths: Vec<_> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .filter(|path| !is_kind(path, "conformance") && !is_kind(path, "vectors"))
        .collect();
    paths.sort();
    Ok(paths)
}

fn stage_one(manifest: &Path, folder: &Path) -> Outcome {
    let text = fs::read_to_string(manifest)
        .map_err(|e| format!("cannot read {}: {e}", manifest.display()))?;
    let stem = text
        .lines()
        .find_map(|line| line.strip_prefix("library")?.trim().strip_prefix('='))
        .map(|value| value.trim().trim_matches('"').to_owned())
        .ok_or_else(|| format!("{} names no library", manifest.display()))?;
    let library = format!("{DLL_PREFIX}{stem}{DLL_SUFFIX}");
    copy(&artefacts().join(&library), &folder.join(&library))?;
    let name = manifest.file_name().unwrap_or_default();
    copy(manifest, &folder.join(name))?;
    stage_programs(manifest, folder)
}

/// Whether a file is of a kind that its second ending names: `evm-1.1.conformance.toml` holds
/// programs for the conformance kit, `evm.vectors.toml` vectors.
fn is_kind(file: &Path, kind: &str) -> bool {
    let stem = file.file_stem().map(Path::new);
    stem.and_then(Path::extension).is_some_and(|e| e == kind)
}

/// Puts a plugin's programs for the conformance kit beside its manifest: the file that describes
/// them, and the folder of the same name where code of its own lies.
fn stage_programs(manifest: &Path, folder: &Path) -> Outcome {
    let file = manifest.with_extension("conformance.toml");
    if let Some(name) = file.file_name().filter(|_| file.is_file()) {
        copy(&file, &folder.join(name))?;
    }
    let codes = manifest.with_extension("conformance");
    let Ok(entries) = fs::read_dir(&codes) else {
        return Ok(());
    };
    let to = folder.join(codes.file_name().unwrap_or_default());
    fs::create_dir_all(&to).map_err(|e| format!("cannot create {}: {e}", to.display()))?;
    for entry in entries.filter_map(Result::ok) {
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// Copies by way of a new file, so that a library mapped by a running host stays as it is.
fn copy(from: &Path, to: &Path) -> Outcome {
    let fresh = to.with_extension("new");
    fs::copy(from, &fresh)
        .and_then(|_| fs::rename(&fresh, to))
        .map_err(|e| format!("cannot copy {} to {}: {e}", from.display(), to.display()))
}
