use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;
use crate::library::{LibraryStem, Platform};

/// A folder of plugin directories made for one test.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.0.path().join(relative)
    }

    fn write(&self, relative: &str, text: &str) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Writes a manifest and an empty library for it.
    fn plugin(&self, relative: &str, id: &str, version: &str) {
        self.write(relative, &manifest(id, version, 1));
        let stem = LibraryStem::new("plugin")
            .unwrap()
            .file_path(Platform::CURRENT);
        self.write(
            Path::new(relative)
                .parent()
                .unwrap()
                .join(stem)
                .to_str()
                .unwrap(),
            "",
        );
    }

    fn discover(&self, places: &[&str]) -> Discovery {
        let places = places.iter().map(|place| self.path(place));
        discover(&SearchPath::explicit(places), &options())
    }

    fn relative(&self, path: &Path) -> String {
        path.strip_prefix(self.0.path())
            .unwrap()
            .to_str()
            .unwrap()
            .replace('\\', "/")
    }

    fn taken(&self, discovery: &Discovery) -> Vec<String> {
        discovery
            .taken
            .iter()
            .map(|candidate| self.relative(&candidate.manifest_path))
            .collect()
    }

    fn passed_over(&self, discovery: &Discovery) -> Vec<(String, String)> {
        let root = format!("{}/", self.0.path().display());
        discovery
            .passed_over
            .iter()
            .map(|passed_over| {
                let reason = passed_over.reason.to_string().replace(&root, "");
                (self.relative(&passed_over.manifest_path), reason)
            })
            .collect()
    }
}

fn options() -> DiscoveryOptions {
    DiscoveryOptions {
        supported_generations: vec![1, 2],
        disabled: BTreeSet::new(),
    }
}

fn manifest(id: &str, version: &str, generation: u32) -> String {
    format!(
        "manifest_version = 1\nid = \"{id}\"\nkind = \"vm\"\nvm_type = \"evm\"\nversion = \"{version}\"\n\
         abi = {{ generation = {generation} }}\nlibrary = \"plugin\"\n"
    )
}

fn pairs(list: &[(String, String)]) -> Vec<(&str, &str)> {
    list.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect()
}

#[test]
fn takes_manifests_by_place_and_then_by_file_name() {
    let folder = Folder::new();
    folder.plugin("one/b.toml", "b", "1.0.0");
    folder.plugin("one/a.toml", "z", "1.0.0");
    folder.plugin("two/a.toml", "a", "1.0.0");
    folder.plugin("two/sub/c.toml", "c", "1.0.0");
    folder.write("two/.hidden.toml", "not a manifest");
    folder.write("two/readme.md", "not a manifest");
    let found = folder.discover(&["two", "one"]);
    assert_eq!(
        folder.taken(&found),
        ["two/a.toml", "one/a.toml", "one/b.toml"]
    );
    assert!(found.passed_over.is_empty(), "{:?}", found.passed_over);
    assert!(found.taken.iter().map(|candidate| candidate.rank).eq(0..3));
}

#[test]
fn an_earlier_place_shadows_the_same_release_in_a_later_one() {
    let folder = Folder::new();
    folder.plugin("one/x.toml", "evm", "1.0.0");
    folder.plugin("two/a.toml", "evm", "1.0.0");
    folder.plugin("two/b.toml", "evm", "1.0.0+build");
    let found = folder.discover(&["one", "two"]);
    assert_eq!(folder.taken(&found), ["one/x.toml", "two/b.toml"]);
    assert_eq!(
        pairs(&folder.passed_over(&found)),
        [("two/a.toml", "shadowed by one/x.toml")]
    );
    assert!(!found.passed_over[0].reason.is_error());

    let found = folder.discover(&["two", "one"]);
    assert_eq!(folder.taken(&found), ["two/a.toml", "two/b.toml"]);
}

#[test]
fn the_same_release_twice_in_one_directory_is_an_error_and_none_is_taken() {
    let folder = Folder::new();
    folder.plugin("one/a.toml", "evm", "1.0.0");
    folder.plugin("one/b.toml", "evm", "1.0.0");
    folder.plugin("one/c.toml", "evm", "1.1.0");
    folder.plugin("two/a.toml", "evm", "1.0.0");
    let found = folder.discover(&["one", "two"]);
    assert_eq!(folder.taken(&found), ["one/c.toml"]);
    assert_eq!(
        pairs(&folder.passed_over(&found)),
        [
            (
                "one/a.toml",
                "`evm` 1.0.0 is named twice: one/a.toml and one/b.toml"
            ),
            (
                "one/b.toml",
                "`evm` 1.0.0 is named twice: one/b.toml and one/a.toml"
            ),
            ("two/a.toml", "shadowed by one/a.toml"),
        ]
    );
    assert!(found.passed_over[0].reason.is_error() && found.passed_over[1].reason.is_error());
}

#[test]
fn a_bad_manifest_is_explained_and_hides_no_good_one() {
    let folder = Folder::new();
    folder.plugin("one/good.toml", "evm", "1.0.0");
    folder.write("one/abi.toml", &manifest("abi", "1.0.0", 3));
    folder.write("one/bad.toml", "manifest_version = 2");
    folder.write("one/off.toml.disabled", "whatever");
    folder.write(
        "one/typo.toml",
        &manifest("typo", "1.0.0", 1).replace("library", "libary"),
    );
    fs::create_dir(folder.path("one/dir.toml")).unwrap();
    folder.write("two/gone.toml", &manifest("gone", "1.0.0", 1));
    folder.write("two/gone-too.toml", &manifest("evm", "1.0.0", 1));

    let found = folder.discover(&["two", "one"]);
    assert_eq!(folder.taken(&found), ["one/good.toml"]);
    let library = Platform::CURRENT.library_file_name("plugin");
    let missing = format!("expected the library at two/{library}, found none");
    assert_eq!(
        pairs(&folder.passed_over(&found)),
        [
            ("two/gone-too.toml", missing.as_str()),
            ("two/gone.toml", missing.as_str()),
            ("one/abi.toml", "expected ABI generation [1, 2], found 3"),
            (
                "one/bad.toml",
                "one/bad.toml:1:20: expected manifest version 1, found 2"
            ),
            ("one/dir.toml", "one/dir.toml: cannot read the manifest"),
            (
                "one/off.toml.disabled",
                "disabled: the file name ends in .toml.disabled"
            ),
            (
                "one/typo.toml",
                "one/typo.toml:7:1: unknown field `libary`, expected one of `manifest_version`, `id`, `kind`, \
                 `vm_type`, `version`, `features`, `abi`, `library`, `description`, `sha256`, `signature`, `config`, \
                 `precompile`"
            ),
        ]
    );
}

#[test]
fn a_plugin_line_can_be_disabled() {
    let folder = Folder::new();
    folder.plugin("one/a.toml", "evm", "1.0.0");
    folder.plugin("one/b.toml", "other", "1.0.0");
    let mut options = options();
    options.disabled.insert(PluginId::new("evm").unwrap());
    let found = discover(&SearchPath::explicit([folder.path("one")]), &options);
    assert_eq!(folder.taken(&found), ["one/b.toml"]);
    assert_eq!(
        pairs(&folder.passed_over(&found)),
        [("one/a.toml", "disabled by the configuration")]
    );
}

#[test]
fn a_place_may_be_one_manifest_and_is_searched_only_once() {
    let folder = Folder::new();
    folder.plugin("one/b.toml", "evm", "1.0.0");
    folder.plugin("one/a.toml", "evm", "1.1.0");
    let found = folder.discover(&["one/b.toml", "one", "one/../one"]);
    assert_eq!(folder.taken(&found), ["one/b.toml", "one/a.toml"]);
    assert_eq!(
        pairs(&folder.passed_over(&found)),
        [("one/b.toml", "met before as one/b.toml")]
    );
    let statuses: Vec<_> = found
        .locations
        .iter()
        .map(|location| location.status.to_string())
        .collect();
    assert_eq!(
        statuses,
        [
            "a manifest",
            "a directory with 2 manifests",
            "a directory that was searched before"
        ]
    );
    assert!(found.require_named_locations().is_ok());
}

#[test]
fn a_missing_place_is_an_error_only_where_somebody_named_it() {
    let folder = Folder::new();
    let mut path = SearchPath::default();
    path.push(folder.path("usual"), Origin::System);
    assert!(
        discover(&path, &options())
            .require_named_locations()
            .is_ok()
    );
    path.push(folder.path("named"), Origin::Environment);
    let error = discover(&path, &options())
        .require_named_locations()
        .unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("named: expected a directory or manifest in the search path, found nothing"),
        "{error}"
    );
}

#[test]
fn two_walks_give_the_same_result() {
    let folder = Folder::new();
    for index in 0..40 {
        folder.plugin(
            &format!("one/{}.toml", index * 7 % 40),
            "evm",
            &format!("1.{}.0", index % 20),
        );
        folder.plugin(&format!("two/{index}.toml"), "evm", &format!("1.{index}.0"));
    }
    let first = folder.discover(&["one", "two"]);
    let second = folder.discover(&["one", "two"]);
    assert_eq!(first.taken, second.taken);
    assert_eq!(folder.passed_over(&first), folder.passed_over(&second));
    assert_eq!(first.taken.len(), 20);
    assert_eq!(first.passed_over.len(), 60);
}

#[test]
fn programs_of_the_conformance_kit_are_no_manifests() {
    let folder = Folder::new();
    folder.plugin("a/evm-1.toml", "evm", "1.0.0");
    folder.write("a/evm-1.conformance.toml", "format = 1\n");
    let discovery = folder.discover(&["a"]);
    assert_eq!(folder.taken(&discovery), ["a/evm-1.toml"]);
    assert!(discovery.passed_over.is_empty());
}
