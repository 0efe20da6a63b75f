//! What an operator does: configures a set of plugins, decides whom to trust, and is told what is
//! wrong and what to do about it.
#![allow(clippy::unwrap_used, reason = "a test")]

use proz_host::{
    ChainConfig, Configuration, FactoryError, Host, SearchPath, SecretKey, TrustError, VmFactory,
};
use proz_loader::LoadError;
use proz_manifest::Manifest;
use proz_tests::{
    arena::{block, transaction, world},
    plugins_dir, program,
};
use std::{
    env::consts::{DLL_PREFIX, DLL_SUFFIX},
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

/// A folder with both EVM releases in `plugins`, and a configuration.
struct Site(TempDir);

impl Site {
    fn new(configuration: &str) -> Self {
        let site = Self(tempfile::tempdir().unwrap());
        fs::create_dir(site.path("plugins")).unwrap();
        for version in ["1.0", "1.1"] {
            let library = format!(
                "{DLL_PREFIX}proz_evm_{}{DLL_SUFFIX}",
                version.replace('.', "_")
            );
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

    /// The library of a release.
    fn library(&self, version: &str) -> PathBuf {
        let stem = format!("proz_evm_{}", version.replace('.', "_"));
        self.path("plugins")
            .join(format!("{DLL_PREFIX}{stem}{DLL_SUFFIX}"))
    }

    fn manifest(&self, version: &str) -> PathBuf {
        self.path("plugins").join(format!("evm-{version}.toml"))
    }

    /// Loads what the configuration says, as a host does.
    fn load(&self) -> Result<VmFactory, FactoryError> {
        let configuration = Configuration::read(&self.path("proz.toml")).unwrap();
        let search_path = SearchPath::explicit(&configuration.plugins.paths);
        VmFactory::new(configuration.factory(search_path).unwrap())
    }

    /// Runs the program with the configuration; returns exit code and all that it printed.
    fn proz(&self, arguments: &[&str]) -> (i32, String) {
        let output = Command::new(program())
            .args(["--config", "proz.toml"])
            .args(arguments)
            .current_dir(self.0.path())
            .env_remove("PROZ_PLUGIN_PATH")
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        (
            output.status.code().unwrap(),
            String::from_utf8(text).unwrap(),
        )
    }

    #[track_caller]
    fn succeeds(&self, arguments: &[&str]) -> String {
        let (code, text) = self.proz(arguments);
        assert_eq!(code, 0, "{arguments:?}: {text}");
        text
    }

    #[track_caller]
    fn fails(&self, arguments: &[&str], expected: &[&str]) {
        let (code, text) = self.proz(arguments);
        assert_ne!(code, 0, "{arguments:?}: {text}");
        for part in expected {
            assert!(text.contains(part), "expected {part}\n   found {text}");
        }
    }
}

const RUN: [&str; 2] = ["run", "0x602a5f5260205ff3"];

/// Changes one byte in the middle of a file's padding or text, at its end.
fn tamper(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    bytes.push(0);
    fs::write(file, bytes).unwrap();
}

#[test]
fn the_configuration_decides_what_every_command_loads() {
    let site = Site::new("require = [\"evm@=1.0.0\"]\n");
    let text = site.succeeds(&["plugin", "list"]);
    assert!(text.contains("1.0.0") && !text.contains("1.1.0"), "{text}");
    site.fails(&RUN, &["`proz-evm` 1.0.0 cannot run this"]);
    // The command line wins.
    let text = site.succeeds(&["run", "0x602a5f5260205ff3", "--require", "evm@=1.1.0"]);
    assert!(text.contains("2a"), "{text}");

    site.configure("disabled = [\"proz-evm\"]\n");
    site.fails(&RUN, &["no plugin was found"]);

    site.configure("[options.evm]\nno_such_option = 1\n");
    site.fails(&RUN, &["no_such_option"]);
    site.configure("[options.proz-evm]\ndisabled_opcodes = [\"MSTORE\"]\n");
    site.fails(&RUN, &["halt"]);
}

/// Both releases are loaded with the option; only the one that runs speaks, and once for many frames.
#[test]
fn a_release_without_a_compiled_tier_says_so_once() {
    let site = Site::new("[settings.evm]\nenable_jit = true\n");
    // Calls itself until the gas is spent, then answers.
    let text = site.succeeds(&["run", "0x5f5f5f5f5f305af1602a5f5260205ff3"]);
    let said = text
        .matches("no compiled tier; code is interpreted")
        .count();
    assert!(said == 1 && text.contains("2a"), "{text}");
    site.configure("");
    let text = site.succeeds(&RUN);
    assert!(!text.contains("compiled tier"), "{text}");
}

#[test]
fn unknown_keys_and_wrong_values_are_refused_with_their_place() {
    let site = Site::new("requires = []\n");
    site.fails(
        &["config", "check"],
        &["line 5", "unknown field `requires`", "hint: "],
    );
    site.configure("[trust]\npolicy = \"signed\"\n");
    site.fails(&RUN, &["`trust.keys`: expected at least one key"]);
}

#[test]
fn the_check_of_a_configuration_tells_each_problem_with_its_remedy() {
    let site = Site::new("require = [\"evm@^1\"]\n");
    assert!(
        site.succeeds(&["config", "check"])
            .contains("proz.toml is right")
    );
    site.configure("require = [\"evm@=1.1.0\", \"evm@^3\", \"wasm\"]\n[options.proz-evm]\n");
    site.fails(
        &["config", "check"],
        &[
            "error: evm@^3\n  no version satisfies `evm@^3`",
            "remedy: install a release that satisfies it, or widen the requirement",
            "error: wasm@*\n  nothing offers `wasm@*`",
        ],
    );
    // What an earlier release of the format had is named with what replaces it.
    site.configure("[[activation]]\nvm = \"evm@^9\"\nfrom_block = 500\n");
    site.fails(
        &["config", "check"],
        &["`proz chain spec migrate` writes it"],
    );
}

#[test]
fn the_doctor_explains_every_kind_of_damage() {
    let site = Site::new("");
    assert!(
        site.succeeds(&["plugin", "doctor"])
            .contains("works         proz-evm 1.1.0 (evm)")
    );

    let plugins = site.path("plugins");
    fs::write(
        plugins.join("broken.toml"),
        "manifest_version = 1\nid = 5\n",
    )
    .unwrap();
    let manifest = fs::read_to_string(site.manifest("1.1")).unwrap();
    let missing = manifest
        .replace("proz_evm_1_1", "proz_evm_9")
        .replace("1.1.0", "9.0.0");
    fs::write(plugins.join("missing.toml"), missing).unwrap();
    let wrong = manifest.replace("\"1.1.0\"", "\"1.2.0\"");
    fs::write(plugins.join("wrong.toml"), wrong).unwrap();
    let misconfigured = fs::read_to_string(site.manifest("1.0")).unwrap() + "[config]\nx = 1\n";
    fs::write(site.manifest("1.0"), misconfigured).unwrap();
    fs::write(site.library("0.9"), "text").unwrap();
    let text = manifest
        .replace("proz_evm_1_1", "proz_evm_0_9")
        .replace("1.1.0", "0.9.0");
    fs::write(plugins.join("text.toml"), text).unwrap();
    site.fails(
        &["plugin", "doctor"],
        &[
            "works         proz-evm 1.1.0",
            "remedy: correct the manifest, or move the file away if it is none",
            "remedy: build the plugin, or put its library where the manifest says",
            "the manifest says version 1.2.0, the library says 1.1.0",
            "remedy: manifest and library are of different releases: install both from one package",
            "unknown field `x`",
            "remedy: correct the plugin's options",
            "found text",
            "remedy: the file is no plugin: name the right one as `library`",
        ],
    );
    let (_, json) = site.proz(&["plugin", "doctor", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["findings"].as_array().unwrap().len(), 5, "{json:#}");
    assert_eq!(json["works"][0]["version"], "1.1.0");
}

#[test]
fn pinned_loads_what_is_locked_and_nothing_that_was_changed() {
    let site = Site::new("[trust]\npolicy = \"pinned\"\n");
    site.fails(
        &["run", "0x00"],
        &["cannot read the lock file", "hint: `proz plugin lock`"],
    );
    site.succeeds(&["plugin", "lock"]);
    site.succeeds(&["plugin", "lock", "--check"]);
    site.succeeds(&RUN);

    tamper(&site.library("1.1"));
    site.fails(&RUN, &["expected sha256", "found"]);
    assert!(matches!(
        site.load(),
        Err(FactoryError::Load(LoadError::HashMismatch { .. }))
    ));
    site.fails(
        &["plugin", "lock", "--check"],
        &["- proz-evm 1.1.0", "+ proz-evm 1.1.0"],
    );
    site.fails(
        &["plugin", "doctor"],
        &["remedy: the library is not the one"],
    );
    site.succeeds(&["plugin", "lock"]);
    site.succeeds(&RUN);

    let manifest = fs::read_to_string(site.manifest("1.1")).unwrap();
    fs::write(
        site.manifest("1.1"),
        manifest + "[config]\nstack_limit = 10\n",
    )
    .unwrap();
    assert!(matches!(
        site.load(),
        Err(FactoryError::Trust {
            source: TrustError::ManifestChanged { .. },
            ..
        })
    ));
    site.fails(
        &RUN,
        &[
            "not trusted",
            "has changed since it was locked",
            "hint: find out who",
        ],
    );
}

#[test]
fn signed_loads_what_a_trusted_key_signed_and_nothing_else() {
    let site = Site::new("");
    site.succeeds(&["plugin", "keygen", "author"]);
    let key = fs::read_to_string(site.path("author.pub")).unwrap();
    let policy = format!(
        "[trust]\npolicy = \"signed\"\nkeys = [\"{}\"]\n",
        key.trim()
    );
    site.configure(&policy);
    site.fails(
        &RUN,
        &[
            "not trusted",
            "expected a manifest with a `sha256`",
            "hint: have its author",
        ],
    );

    for version in ["1.0", "1.1"] {
        let manifest = site.manifest(version);
        let before = fs::read_to_string(&manifest).unwrap();
        site.succeeds(&[
            "plugin",
            "sign",
            manifest.to_str().unwrap(),
            "--key",
            "author",
        ]);
        let after = fs::read_to_string(&manifest).unwrap();
        let kept = |line: &&str| after.contains(line);
        assert!(
            before.lines().collect::<Vec<_>>().iter().all(kept),
            "what people wrote stays"
        );
        site.succeeds(&["plugin", "verify", manifest.to_str().unwrap()]);
    }
    site.succeeds(&RUN);

    // Another library under the same manifest.
    let library = fs::read(site.library("1.1")).unwrap();
    tamper(&site.library("1.1"));
    site.fails(&RUN, &["expected sha256"]);
    let manifest = site.manifest("1.1");
    site.fails(
        &["plugin", "verify", manifest.to_str().unwrap()],
        &["NOT verified", "expected sha256"],
    );
    fs::write(site.library("1.1"), library).unwrap();
    site.succeeds(&RUN);

    // The manifest changed after it was signed; then signed by a stranger.
    let signed = fs::read_to_string(&manifest).unwrap();
    fs::write(
        &manifest,
        signed.replace("Ethereum virtual machine", "Another"),
    )
    .unwrap();
    site.fails(
        &RUN,
        &["is by none of the 1 trusted keys, or the manifest was changed"],
    );
    fs::write(&manifest, &signed).unwrap();
    site.succeeds(&["plugin", "keygen", "stranger"]);
    site.succeeds(&[
        "plugin",
        "sign",
        manifest.to_str().unwrap(),
        "--key",
        "stranger",
    ]);
    site.fails(&RUN, &["is by none of the 1 trusted keys"]);
    assert!(matches!(
        site.load(),
        Err(FactoryError::Trust {
            source: TrustError::SignatureInvalid { .. },
            ..
        })
    ));
}

#[cfg(unix)]
#[test]
fn a_secret_key_is_private_and_never_overwritten() {
    use std::os::unix::fs::PermissionsExt as _;
    let site = Site::new("");
    site.succeeds(&["plugin", "keygen", "key"]);
    let text = fs::read_to_string(site.path("key")).unwrap();
    let mode = fs::metadata(site.path("key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    site.fails(
        &["plugin", "keygen", "key"],
        &["cannot write the key", "never overwritten"],
    );
    assert_eq!(fs::read_to_string(site.path("key")).unwrap(), text);
    let secret: SecretKey = text.parse().unwrap();
    let public = fs::read_to_string(site.path("key.pub")).unwrap();
    assert_eq!(secret.public().to_string(), public.trim());
}

/// The file is replaced between the look at it and the load, and while it is mapped.
#[test]
fn a_library_that_is_overwritten_while_it_runs_changes_nothing() {
    let site = Site::new("require = [\"evm@=1.1.0\"]\n[trust]\npolicy = \"pinned\"\n");
    site.succeeds(&["plugin", "lock"]);
    let host = Host::with_factory(ChainConfig::prozchain(), site.load().unwrap()).unwrap();
    let size = fs::metadata(site.library("1.1")).unwrap().len() as usize;
    fs::write(site.library("1.1"), vec![0xcc; size]).unwrap();
    let mut state = world();
    let contract = alloy_primitives::Address::repeat_byte(0xc0);
    state.set_code(contract, alloy_primitives::hex!("602a5f5260205ff3").into());
    let call = transaction(Some(contract), Default::default());
    let result = host.call(&block(1), &state, &call).unwrap();
    assert_eq!(result.return_data[31], 0x2a);

    // Nor is the overwritten file loaded beside it.
    let mut taken = host.factory().rediscover().taken.into_iter();
    let candidate = taken.find(|c| c.manifest.version.minor == 1).unwrap();
    assert!(matches!(
        host.factory().load(&candidate),
        Err(FactoryError::Load(_))
    ));
    assert!(host.call(&block(1), &state, &call).is_ok());
}

#[test]
fn the_lock_names_manifest_and_library() {
    let site = Site::new("");
    let factory = site.load().unwrap();
    let lock = factory.lock();
    assert_eq!(lock.plugins().len(), 2);
    let manifest = Manifest::read(&site.manifest("1.1")).unwrap();
    let entry = lock.find(&manifest).unwrap();
    assert_eq!(entry.manifest_sha256, proz_host::manifest_digest(&manifest));
    let generations = factory.registry().generations();
    let digests: Vec<_> = generations
        .iter()
        .map(|g| g.library_sha256.clone())
        .collect();
    assert!(digests.contains(&entry.library_sha256.to_string()));
}
