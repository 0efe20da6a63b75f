//! Where plugins are looked for.
//!
//! A search path is a list of directories and manifest files in order of precedence. The standard one is:
//!
//! 1. what the operator named on the command line (`--plugins`) or in the configuration, in that order;
//! 2. the parts of `PROZ_PLUGIN_PATH`, separated as in `PATH`; empty parts are ignored;
//! 3. `plugins` beside the program;
//! 4. `proz/plugins` in the user's data directory (`~/.local/share` on Linux);
//! 5. the system directory, [`SearchPath::SYSTEM_DIRECTORY`].
//!
//! `./plugins` is **not** searched: whoever starts the program in a stranger's directory must not run the stranger's
//! code. Name it with `--plugins ./plugins` where it is wanted.
//!
//! Nothing here reads the environment: the program does, and leaves `environment` out when it runs with elevated
//! privileges.

use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

/// An ordered list of places to look for manifests in; the earlier wins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchPath {
    /// The places, in order of precedence.
    pub entries: Vec<SearchEntry>,
}

/// One place of a [`SearchPath`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchEntry {
    /// A directory, or one manifest file.
    pub path: PathBuf,
    /// Who named it.
    pub origin: Origin,
}

/// Who named a place of the search path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// The operator, on the command line or in the configuration.
    Explicit,
    /// The environment variable `PROZ_PLUGIN_PATH`.
    Environment,
    /// The directory of the program.
    Executable,
    /// The user's data directory.
    User,
    /// The system directory.
    System,
}

/// What [`SearchPath::standard`] is made from; each part may be absent.
#[derive(Clone, Copy, Debug, Default)]
pub struct StandardLocations<'a> {
    /// The directories and manifest files that the operator named.
    pub explicit: &'a [PathBuf],
    /// The value of `PROZ_PLUGIN_PATH`.
    pub environment: Option<&'a OsStr>,
    /// The directory that holds the program.
    pub executable_directory: Option<&'a Path>,
    /// The user's data directory, such as `~/.local/share`.
    pub user_data_directory: Option<&'a Path>,
    /// The system directory, as a rule [`SearchPath::SYSTEM_DIRECTORY`].
    pub system_directory: Option<&'a Path>,
}

impl SearchPath {
    /// The system directory of a usual installation.
    pub const SYSTEM_DIRECTORY: &'static str = "/usr/lib/proz/plugins";

    /// Returns the standard search path.
    pub fn standard(locations: &StandardLocations<'_>) -> Self {
        let mut path = Self::default();
        for place in locations.explicit {
            path.push(place.clone(), Origin::Explicit);
        }
        for place in locations.environment.into_iter().flat_map(env::split_paths) {
            if !place.as_os_str().is_empty() {
                path.push(place, Origin::Environment);
            }
        }
        if let Some(directory) = locations.executable_directory {
            path.push(directory.join("plugins"), Origin::Executable);
        }
        if let Some(directory) = locations.user_data_directory {
            path.push(directory.join("proz").join("plugins"), Origin::User);
        }
        if let Some(directory) = locations.system_directory {
            path.push(directory.to_path_buf(), Origin::System);
        }
        path
    }

    /// Returns the search path of exactly `places`, all named by the operator.
    pub fn explicit<P: Into<PathBuf>>(places: impl IntoIterator<Item = P>) -> Self {
        let mut path = Self::default();
        for place in places {
            path.push(place.into(), Origin::Explicit);
        }
        path
    }

    /// Adds a place behind all others.
    pub fn push(&mut self, path: PathBuf, origin: Origin) {
        self.entries.push(SearchEntry { path, origin });
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Explicit => "named by the operator",
            Self::Environment => "PROZ_PLUGIN_PATH",
            Self::Executable => "beside the program",
            Self::User => "user directory",
            Self::System => "system directory",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_path_has_the_documented_order() {
        let explicit = [PathBuf::from("a"), PathBuf::from("b/evm.toml")];
        let environment = env::join_paths(["c", "", "d"]).unwrap();
        let path = SearchPath::standard(&StandardLocations {
            explicit: &explicit,
            environment: Some(&environment),
            executable_directory: Some(Path::new("exe")),
            user_data_directory: Some(Path::new("data")),
            system_directory: Some(Path::new(SearchPath::SYSTEM_DIRECTORY)),
        });
        let found: Vec<_> = path
            .entries
            .iter()
            .map(|entry| (entry.path.to_str().unwrap(), entry.origin))
            .collect();
        assert_eq!(
            found,
            [
                ("a", Origin::Explicit),
                ("b/evm.toml", Origin::Explicit),
                ("c", Origin::Environment),
                ("d", Origin::Environment),
                ("exe/plugins", Origin::Executable),
                ("data/proz/plugins", Origin::User),
                ("/usr/lib/proz/plugins", Origin::System),
            ]
        );
    }

    #[test]
    fn absent_places_leave_nothing_behind() {
        assert_eq!(
            SearchPath::standard(&StandardLocations::default()),
            SearchPath::default()
        );
        let empty = StandardLocations {
            environment: Some(OsStr::new("")),
            ..Default::default()
        };
        assert_eq!(SearchPath::standard(&empty), SearchPath::default());
    }
}
