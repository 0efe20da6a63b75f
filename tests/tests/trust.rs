//! What an operator has pinned, signed or named is what runs; whatever could let another plugin
//! take its place in silence is told.
#![allow(clippy::unwrap_used, reason = "a test")]

use proz_host::{Configuration, SearchPath, VmFactory};
use proz_tests::{build_example, plugins_dir, program};
use std::{
    env::consts::{DLL_PREFIX, DLL_SUFFIX},
    fs,
    path::PathBuf,
    process::Command,
};
use tempfile::TempDir;

/// Two releases of the EVM in `plugins`, and a configuration.
struct Site(TempDir);

impl Site {
    fn new(configuration: &str) -> Self {
        let site = Self(tempfile::tempdir().unwrap());
        fs::create_dir(site.path("plugins")).unwrap();
        for version in ["1.0", "1.1"] {
            let stem = format!("proz_evm_{}", version.replace('.', "_"));
            let library = format!("{DLL_PREFIX}{stem}{DLL_SUFFIX}");
            for name in [format!("evm-{version}.toml"), library] {
                fs::copy(plugins_dir().join(&name), site.path("plugins").join(name)).unwrap();
            }
        }
        site.configure(configuration);
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn configure(&self, configuration: &str) {
        let head = "config_version = 1\n[plugins]\npaths = [\"plugins\"]\nstandard_paths = false\n";
        fs::write(self.path("proz.toml"), format!("{head}{configuration}")).unwrap();
    }

    fn manifest(&self, version: &str) -> PathBuf {
        self.path("plugins").join(format!("evm-{version}.toml"))
    }

    /// The manifest of 1.1 under another name, with some words replaced.
    fn install(&self, name: &str, changes: &[(&str, &str)]) -> String {
        let mut text = fs::read_to_string(self.manifest("1.1")).unwrap();
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        fs::write(self.path("plugins").join(name), &text).unwrap();
        text
    }

    /// Why the library does not load what the configuration says.
    fn load_error(&self) -> String {
        let configuration = Configuration::read(&self.path("proz.toml")).unwrap();
        let search_path = SearchPath::explicit(&configuration.plugins.paths);
        let loaded = VmFactory::new(configuration.factory(search_path).unwrap());
        loaded.err().unwrap().to_string()
    }

    /// Exit code and all that the program printed.
    fn proz(&self, arguments: &[&str]) -> (i32, String) {
        let output = Command::new(program())
            .args(["--config", "proz.toml"])
            .args(arguments)
            .current_dir(self.0.path())
            .env_remove("PROZ_PLUGIN_PATH")
            .output()
            .unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code().unwrap(), text)
    }

    #[track_caller]
    fn says(&self, arguments: &[&str], code: i32, expected: &[&str]) {
        let (found, text) = self.proz(arguments);
        assert_eq!(found, code, "{arguments:?}: {text}");
        for part in expected {
            assert!(text.contains(part), "expected {part}\n   found {text}");
        }
    }
}

const RUN: [&str; 4] = ["run", "0x602a60005260206000f3", "--revision", "shanghai"];
const CHECK: [&str; 2] = ["config", "check"];
const DOCTOR: [&str; 2] = ["plugin", "doctor"];

#[test]
fn what_is_pinned_and_missing_stops_the_host() {
    let site = Site::new("[trust]\npolicy = \"pinned\"\n");
    site.says(&["plugin", "lock"], 0, &[]);
    site.says(&RUN, 0, &["2a"]);
    let manifest = fs::read(site.manifest("1.1")).unwrap();
    type Loss = (&'static str, fn(&Site));
    let losses: [Loss; 3] = [
        ("cut off", |site| {
            let text = fs::read(site.manifest("1.1")).unwrap();
            fs::write(site.manifest("1.1"), &text[..40]).unwrap();
        }),
        ("gone", |site| {
            fs::remove_file(site.manifest("1.1")).unwrap()
        }),
        ("disabled", |site| {
            let name = site.manifest("1.1").with_extension("toml.disabled");
            fs::rename(site.manifest("1.1"), name).unwrap();
        }),
    ];
    for (loss, lose) in losses {
        lose(&site);
        let error = site.load_error();
        assert_eq!(
            error, "the lock file names what was not found: `proz-evm` 1.1.0",
            "{loss}"
        );
        site.says(
            &RUN,
            2,
            &[
                "`proz-evm` 1.1.0",
                "hint: put it back, or run `proz plugin lock`",
            ],
        );
        // Nor does a requirement that something else satisfies hide it.
        let required = [&RUN[..], &["--require", "evm@^1"]].concat();
        site.says(&required, 2, &["the lock file names what was not found"]);
        for command in [CHECK, DOCTOR] {
            site.says(
                &command,
                1,
                &["error: trust.lock_file\n  the lock file names `proz-evm` 1.1.0"],
            );
        }
        fs::write(site.manifest("1.1"), &manifest).unwrap();
    }
    site.says(&RUN, 0, &["2a"]);
    // Changed, so that the requirement passes it over.
    site.install("evm-1.1.toml", &[("\"osaka\"", "\"osaca\"")]);
    let required = [&RUN[..], &["--require", "evm@=1.0.0"]].concat();
    site.says(&required, 2, &["has changed since it was locked"]);
}

#[test]
fn a_lock_of_two_builds_of_one_release_is_refused() {
    let site = Site::new("[trust]\npolicy = \"pinned\"\n");
    site.says(&["plugin", "lock"], 0, &[]);
    let lock = fs::read_to_string(site.path("proz.lock")).unwrap();
    let (head, entries) = lock.split_once("[[plugin]]").unwrap();
    let first = entries.split("[[plugin]]").next().unwrap();
    let digest = first.split("library_sha256 = \"").nth(1).unwrap();
    let other = first.replace(&digest[..8], "00000000");
    let text = format!("{head}[[plugin]]{other}[[plugin]]{entries}");
    fs::write(site.path("proz.lock"), text).unwrap();
    let expected = ["expected one entry for `proz-evm` 1.0.0, found two that differ"];
    site.says(&RUN, 2, &expected);
    site.says(&CHECK, 1, &expected);
}

#[test]
fn every_command_that_loads_plugins_tells_of_a_manifest_that_is_none() {
    let site = Site::new("");
    let text = fs::read(site.manifest("1.1")).unwrap();
    fs::write(site.manifest("1.1"), &text[..40]).unwrap();
    for arguments in [
        &RUN[..],
        &["deploy", "0x00", "--revision", "shanghai"],
        &["estimate", "0x00", "--revision", "shanghai"],
        &["validate", "0x00"],
        &["plugin", "lock"],
    ] {
        site.says(
            arguments,
            0,
            &["warning: ", "evm-1.1.toml is passed over: "],
        );
    }
    fs::remove_file(site.manifest("1.0")).unwrap();
    site.says(&RUN, 2, &["warning: ", "no plugin was found"]);
}

#[test]
fn a_key_of_one_plugin_cannot_publish_another() {
    let site = Site::new("");
    let mut public = Vec::new();
    for name in ["ours", "packs"] {
        site.says(&["plugin", "keygen", name], 0, &[]);
        let key = fs::read_to_string(site.path(&format!("{name}.pub"))).unwrap();
        public.push(key.trim().to_owned());
    }
    let policy = format!(
        "[trust]\npolicy = \"signed\"\nkeys = [\n  {{ key = \"{}\", ids = [\"proz-evm\"] }},\n  \
         {{ key = \"{}\", ids = [\"tally\"] }},\n]\n",
        public[0], public[1]
    );
    site.configure(&policy);
    for version in ["1.0", "1.1"] {
        let manifest = site.manifest(version);
        let manifest = manifest.to_str().unwrap();
        site.says(&["plugin", "sign", manifest, "--key", "ours"], 0, &[]);
    }
    site.says(&RUN, 0, &["2a"]);
    let manifest = site.manifest("1.1");
    let manifest = manifest.to_str().unwrap();
    site.says(&["plugin", "sign", manifest, "--key", "packs"], 0, &[]);
    let reason = format!(
        "`proz-evm` 1.1.0 is signed by the key {}, which is not trusted for the id `proz-evm`",
        public[1]
    );
    site.says(
        &RUN,
        2,
        &[&reason, "hint: get the plugin from the author of that id"],
    );
    site.says(&CHECK, 1, &[&reason]);
    site.says(
        &["plugin", "verify", manifest],
        1,
        &["NOT verified", &reason],
    );
}

#[test]
fn two_plugins_for_one_type_are_told_unless_something_decides() {
    let site = Site::new("");
    site.says(&CHECK, 0, &["is right"]);
    let library = format!("{DLL_PREFIX}evmx{DLL_SUFFIX}");
    let built = build_example("tests/bad-plugins/rust", "other_evm");
    fs::copy(built, site.path("plugins").join(library)).unwrap();
    let manifest = "manifest_version = 1\nid = \"evmx\"\nkind = \"vm\"\nvm_type = \"evm\"\n\
                    version = \"9.9.9\"\nfeatures = [\"echo\"]\nabi = { generation = 1 }\n\
                    library = \"evmx\"\n";
    fs::write(site.path("plugins").join("evmx.toml"), manifest).unwrap();
    for command in [CHECK, DOCTOR] {
        site.says(
            &command,
            0,
            &[
                "warning: evm\n  several plugins serve this VM type and the highest version runs: \
                 evmx, proz-evm\n  remedy: name the one",
            ],
        );
    }
    for decision in [
        "require = [\"plugin:proz-evm@^1\"]\n",
        "disabled = [\"evmx\"]\n",
    ] {
        site.configure(decision);
        let (_, text) = site.proz(&CHECK);
        assert!(!text.contains("several plugins serve"), "{text}");
    }
}
