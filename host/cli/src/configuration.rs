//! The configuration in force: which file, and what the command line says over it.

use crate::{
    args::{Common, contradicts_chain},
    error::CliError,
};
use proz_host::{ChainSpec, Configuration, SearchPath};
use proz_manifest::{Discovery, DiscoveryOptions, StandardLocations, discover};
use std::{
    env,
    path::{Path, PathBuf},
};

/// A configuration and where it came from.
pub(crate) struct InForce {
    /// The file; `None` when there is none, and the defaults hold.
    pub(crate) file: Option<PathBuf>,
    /// Its content, with what the command line says instead.
    pub(crate) configuration: Configuration,
}

/// A chain specification and where it came from.
pub(crate) struct Chain {
    pub(crate) file: PathBuf,
    pub(crate) spec: ChainSpec,
}

/// What is said wherever no chain specification is in force.
pub(crate) const DEVELOPMENT: &str =
    "development chain: no chain specification, so the best release that is loaded runs";

/// Reads a chain specification.
pub(crate) fn read_spec(file: &Path) -> Result<ChainSpec, CliError> {
    ChainSpec::read(file).map_err(|error| {
        CliError::from(error).hint("`proz chain spec init` writes one of what is loaded")
    })
}

impl InForce {
    /// Reads the file that the command line or the environment names, else the user's, else the
    /// system's, if there is one.
    ///
    /// The working directory is not looked at: who starts the program in a stranger's folder must
    /// not load the stranger's plugins.
    pub(crate) fn find(common: &Common) -> Result<Self, CliError> {
        let file = match &common.config {
            Some(file) => Some(file.clone()),
            None => standard_places().into_iter().find(|file| file.is_file()),
        };
        let mut configuration = match &file {
            Some(file) => Configuration::read(file).map_err(|error| {
                CliError::from(error).hint("`proz config reference` lists every key")
            })?,
            None => Configuration::default(),
        };
        if let Some(chain) = &common.chain {
            configuration.chain.spec = Some(chain.clone());
        }
        if let (Some(chain), false) = (&configuration.chain.spec, common.require.is_empty()) {
            contradicts_chain("--require", chain, "it names the releases that run");
        }
        let plugins = &mut configuration.plugins;
        plugins.paths.splice(..0, common.plugins.iter().cloned());
        if !common.require.is_empty() {
            plugins.require.clone_from(&common.require);
        }
        Ok(Self {
            file,
            configuration,
        })
    }

    /// The chain specification in force; `None` for a development chain.
    pub(crate) fn chain(&self) -> Result<Option<Chain>, CliError> {
        let Some(file) = &self.configuration.chain.spec else {
            return Ok(None);
        };
        Ok(Some(Chain {
            file: file.clone(),
            spec: read_spec(file)?,
        }))
    }

    /// Where plugins are looked for.
    pub(crate) fn search_path(&self, common: &Common) -> SearchPath {
        let plugins = &self.configuration.plugins;
        if !plugins.standard_paths {
            return SearchPath::explicit(&plugins.paths);
        }
        let executable = env::current_exe().ok();
        let user = home_or("XDG_DATA_HOME", ".local/share");
        SearchPath::standard(&StandardLocations {
            explicit: &plugins.paths,
            environment: common.plugin_path.as_deref(),
            executable_directory: executable.as_deref().and_then(Path::parent),
            user_data_directory: user.as_deref(),
            system_directory: Some(Path::new(SearchPath::SYSTEM_DIRECTORY)),
        })
    }

    /// What is found there, and what is passed over.
    pub(crate) fn discovery(&self, common: &Common) -> Discovery {
        discover(&self.search_path(common), &self.discovery_options())
    }

    /// What discovery accepts.
    pub(crate) fn discovery_options(&self) -> DiscoveryOptions {
        DiscoveryOptions {
            supported_generations: vec![proz_host::ABI_GENERATION],
            disabled: self.configuration.plugins.disabled.clone(),
        }
    }
}

/// Where a configuration is looked for when none is named.
pub(crate) fn standard_places() -> Vec<PathBuf> {
    let user = home_or("XDG_CONFIG_HOME", ".config");
    let user = user.map(|folder| folder.join("proz/proz.toml"));
    user.into_iter()
        .chain([PathBuf::from("/etc/proz/proz.toml")])
        .collect()
}

/// The folder that a variable names, else one in the user's home.
fn home_or(variable: &str, folder: &str) -> Option<PathBuf> {
    let named = env::var_os(variable).map(PathBuf::from);
    named.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(folder)))
}
