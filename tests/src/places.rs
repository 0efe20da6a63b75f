//! Where things lie.

use std::env;
use std::path::{Path, PathBuf};

/// Returns the root of the workspace.
pub fn workspace_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("this crate lies in the workspace")
}

/// Returns the directory of the corpora, or `None` (and says so) where there is none.
///
/// It is `$PROZ_CORPORA`, else `../shared/corpora` beside the workspace.
pub fn corpora_dir() -> Option<PathBuf> {
    let directory = env::var_os("PROZ_CORPORA")
        .map_or_else(|| workspace_root().join("../shared/corpora"), PathBuf::from);
    if directory.is_dir() {
        return Some(directory);
    }
    println!("skipped: no corpora at {}", directory.display());
    None
}

/// Folder of the shipped plugins, as `cargo xtask stage` fills it.
///
/// # Panics
///
/// When it has not been filled; `cargo xtask test` does that first.
pub fn plugins_dir() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| workspace_root().join("target"), PathBuf::from);
    let folder = target.join("release").join("plugins");
    assert!(
        folder.join("evm-1.1.toml").exists(),
        "{} holds no plugins: run `cargo xtask stage`",
        folder.display()
    );
    folder
}

/// The program `proz`, as `cargo xtask stage` builds it.
///
/// # Panics
///
/// When it has not been built.
pub fn program() -> PathBuf {
    let plugins = plugins_dir();
    let folder = plugins.parent().expect("the folder lies in another");
    let program = folder.join(format!("proz{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.is_file(),
        "{} is absent: run `cargo xtask stage`",
        program.display()
    );
    program
}
