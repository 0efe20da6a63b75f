//! Folders of plugins as the nodes have them: shipped releases, other builds, further releases.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use proz_manifest::{Candidate, DiscoveryOptions, Platform, SearchPath, discover};
use proz_tests::plugins_dir;
use tempfile::TempDir;

use crate::Setup;

/// A release that may be installed and is never scheduled: an example of this crate.
struct Extra {
    file: &'static str,
    plugin: &'static str,
    vm_type: &'static str,
    version: &'static str,
    features: &'static [&'static str],
}

/// All of them. What they say here is what they export.
const EXTRAS: &[Extra] = &[
    Extra {
        file: "wasm_newer",
        plugin: "proz-wasm",
        vm_type: "wasm",
        version: "1.1.7",
        features: &["mvp", "stylus", "deterministic", "nosuch"],
    },
    Extra {
        file: "wasm_next",
        plugin: "proz-wasm",
        vm_type: "wasm",
        version: "2.0.0",
        features: &["mvp"],
    },
    Extra {
        file: "wasm_older",
        plugin: "proz-wasm",
        vm_type: "wasm",
        version: "1.0.5",
        features: &["mvp"],
    },
    Extra {
        file: "wasm_other",
        plugin: "other-wasm",
        vm_type: "wasm",
        version: "9.9.9",
        features: &["mvp", "stylus"],
    },
    Extra {
        file: "wasm_glued",
        plugin: "glued-wasm",
        vm_type: "wasm1",
        version: "1.0.0",
        features: &["mvp"],
    },
    Extra {
        file: "evm_newer",
        plugin: "proz-evm",
        vm_type: "evm",
        version: "1.1.7",
        features: &["osaka", "nosuch"],
    },
    Extra {
        file: "evm_other",
        plugin: "evmx",
        vm_type: "evm",
        version: "9.9.9",
        features: &["osaka"],
    },
    Extra {
        file: "evm_glued",
        plugin: "glued-evm",
        vm_type: "evm1",
        version: "1.0.0",
        features: &["osaka"],
    },
    Extra {
        file: "prozvm_newer",
        plugin: "proz-prozvm",
        vm_type: "prozvm",
        version: "1.1.7",
        features: &["mvp"],
    },
    Extra {
        file: "prozvm_glued",
        plugin: "glued-prozvm",
        vm_type: "prozvm1",
        version: "1.0.0",
        features: &["mvp"],
    },
    Extra {
        file: "stranger",
        plugin: "stranger",
        vm_type: "nosuch",
        version: "1.0.0",
        features: &[],
    },
    Extra {
        file: "pack_newer",
        plugin: "proz-precompiles",
        vm_type: "precompile",
        version: "3.0.0",
        features: &[],
    },
];

/// Names of the releases that may be installed and are never scheduled.
pub(crate) fn extras() -> Vec<&'static str> {
    EXTRAS.iter().map(|extra| extra.file).collect()
}

/// Makes folders of plugins and data for nodes, and removes them with itself.
pub struct Workshop {
    folder: TempDir,
    made: Mutex<BTreeMap<String, PathBuf>>,
}

impl Workshop {
    /// A workshop beside the shipped plugins, so that files can be linked instead of copied.
    ///
    /// # Errors
    ///
    /// When no folder can be made.
    pub fn new() -> std::io::Result<Self> {
        let beside = plugins_dir();
        let beside = beside.parent().unwrap_or(&beside);
        Ok(Self {
            folder: TempDir::with_prefix_in("two-nodes-", beside)?,
            made: Mutex::default(),
        })
    }

    /// A new empty folder.
    pub(crate) fn data_dir(&self) -> Result<PathBuf, String> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = self.folder.path().join(format!("data-{}", made.len()));
        fs::create_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        made.insert(folder.display().to_string(), folder.clone());
        Ok(folder)
    }

    /// The plugins of a node; `rebuilt` decides instead of the setup's own.
    pub(crate) fn plugins(&self, setup: &Setup, rebuilt: bool) -> Result<PathBuf, String> {
        let key = format!("{:?} {:?} {rebuilt}", setup.extra, setup.lacks);
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = made.get(&key) {
            return Ok(folder.clone());
        }
        let folder = self.folder.path().join(format!("plugins-{}", made.len()));
        fs::create_dir(&folder).map_err(|error| error.to_string())?;
        for candidate in shipped() {
            if !setup.lacks.contains(&name(&candidate)) {
                install(&candidate, rebuilt, &folder)?;
            }
        }
        for file in &setup.extra {
            let known = EXTRAS.iter().find(|extra| extra.file == file);
            let extra = known.ok_or_else(|| format!("no example `{file}`"))?;
            extra.install(rebuilt, &folder)?;
        }
        made.insert(key, folder.clone());
        Ok(folder)
    }
}

fn shipped() -> Vec<Candidate> {
    candidates(&plugins_dir())
}

/// The plugins of a folder.
pub(crate) fn candidates(plugins: &Path) -> Vec<Candidate> {
    let options = DiscoveryOptions {
        supported_generations: vec![proz_interface::v1::GENERATION],
        ..DiscoveryOptions::default()
    };
    discover(&SearchPath::explicit([plugins]), &options).taken
}

/// Id and version, such as `proz-wasm@1.0.0`.
pub(crate) fn name(candidate: &Candidate) -> String {
    format!("{}@{}", candidate.manifest.id, candidate.manifest.version)
}

/// Puts library and manifest of a shipped release into a folder.
fn install(candidate: &Candidate, rebuilt: bool, folder: &Path) -> Result<(), String> {
    let place = format!("{}-{}", candidate.manifest.id, candidate.manifest.version);
    put(&candidate.library_path, rebuilt, folder, &place)?;
    let mut manifest = candidate.manifest.clone();
    manifest.library = place.parse().map_err(|e| format!("{place}: {e}"))?;
    write(&folder.join(format!("{place}.toml")), &manifest.to_toml())
}

impl Extra {
    fn install(&self, rebuilt: bool, folder: &Path) -> Result<(), String> {
        let examples = plugins_dir().with_file_name("examples");
        let library = examples.join(Platform::CURRENT.library_file_name(self.file));
        put(&library, rebuilt, folder, self.file)?;
        let kind = if self.vm_type == "precompile" {
            "precompiles"
        } else {
            "vm"
        };
        let manifest = format!(
            "manifest_version = 1\nid = {:?}\nkind = {kind:?}\nvm_type = {:?}\nversion = {:?}\n\
             features = {:?}\nabi = {{ generation = {} }}\nlibrary = {:?}\n",
            self.plugin,
            self.vm_type,
            self.version,
            self.features,
            proz_interface::v1::GENERATION,
            self.file
        );
        write(&folder.join(format!("{}.toml", self.file)), &manifest)
    }
}

/// Puts a library into a folder: the same file, or another build of it.
fn put(library: &Path, rebuilt: bool, folder: &Path, place: &str) -> Result<(), String> {
    let to = folder.join(Platform::CURRENT.library_file_name(place));
    let failed = |error: std::io::Error| format!("{}: {error}", library.display());
    if !rebuilt {
        let linked = fs::hard_link(library, &to).or_else(|_| fs::copy(library, &to).map(|_| ()));
        return linked.map_err(failed);
    }
    let mut bytes = fs::read(library).map_err(failed)?;
    // Behind all sections: another library by its digest, the same by its code.
    bytes.extend_from_slice(b"another build");
    fs::write(&to, bytes).map_err(failed)
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
}
