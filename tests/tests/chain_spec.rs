//! A chain specification as an operator works with it: made, checked, compared, signed, run by.
#![allow(clippy::unwrap_used, reason = "a test")]

use proz_tests::{plugins_dir, program};
use std::{
    env::consts::{DLL_PREFIX, DLL_SUFFIX},
    fs,
    path::PathBuf,
    process::Command,
};
use tempfile::TempDir;

/// A folder with some of the shipped plugins.
struct Site(TempDir);

/// Returns 42 by an instruction that Shanghai brought.
const ANSWER: &str = "0x602a5f5260205ff3";

impl Site {
    fn new() -> Self {
        let site = Self(tempfile::tempdir().unwrap());
        fs::create_dir(site.path("plugins")).unwrap();
        for name in ["evm-1.0", "evm-1.1", "precompiles-2"] {
            site.install(name);
        }
        site.write(
            "proz.toml",
            "config_version = 1\n[plugins]\npaths = [\"plugins\"]\nstandard_paths = false\n",
        );
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Puts a plugin into the folder; its vectors too.
    fn install(&self, name: &str) {
        let stem = format!("proz_{}", name.replace(['-', '.'], "_"));
        let library = format!("{DLL_PREFIX}{stem}{DLL_SUFFIX}");
        for name in [format!("{name}.toml"), library] {
            fs::copy(plugins_dir().join(&name), self.path("plugins").join(name)).unwrap();
        }
        for name in ["evm.vectors.toml", "precompile.vectors.toml"] {
            fs::copy(plugins_dir().join(name), self.path("plugins").join(name)).unwrap();
        }
    }

    /// Runs the program; returns exit code, stdout and stderr.
    fn proz(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = Command::new(program())
            .args(["--config", "proz.toml"])
            .args(arguments)
            .current_dir(self.0.path())
            .env_remove("PROZ_PLUGIN_PATH")
            .env_remove("PROZ_CHAIN")
            .output()
            .unwrap();
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    }

    /// Runs the program; returns stdout.
    #[track_caller]
    fn prints(&self, arguments: &[&str]) -> String {
        let (code, printed, said) = self.proz(arguments);
        assert_eq!(code, 0, "{arguments:?}: {printed}{said}");
        printed
    }

    #[track_caller]
    fn ends(&self, arguments: &[&str], code: i32, expected: &[&str]) {
        let (found, printed, said) = self.proz(arguments);
        let text = format!("{printed}{said}");
        assert_eq!(found, code, "{arguments:?}: {text}");
        for part in expected {
            assert!(
                text.contains(part),
                "{arguments:?}: expected {part}\n{text}"
            );
        }
    }

    /// A specification of two epochs: 1.0 under Shanghai, from block 100 on 1.1 under Osaka.
    fn two_epochs(&self) {
        let genesis = self.prints(&[
            "chain",
            "spec",
            "init",
            "--name",
            "two",
            "--revision",
            "shanghai",
        ]);
        let evm = genesis.find("[[genesis.activate]]\nplugin = \"proz-evm\"\nversion = \"1.1.0\"");
        let evm = evm.unwrap_or_else(|| panic!("{genesis}"));
        let next = genesis[evm + 5..].find("[[genesis.activate]]").unwrap() + evm + 5;
        let newer = genesis[evm..next]
            .replace("genesis.", "upgrade.")
            .replace("replaces = []", "replaces = [\"1.0.0\"]");
        let rest = format!("{}{}", &genesis[..evm], &genesis[next..]);
        let upgrade = format!("{rest}\n[[upgrade]]\nblock = 100\nrevision = \"Osaka\"\n\n{newer}");
        self.write("chain.toml", &upgrade);
    }
}

#[test]
fn what_init_writes_is_right_and_runs() {
    let site = Site::new();
    let (code, printed, said) =
        site.proz(&["chain", "spec", "init", "--name", "one", "--chain-id", "9"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("left out: proz-evm 1.0.0 runs Frontier to Shanghai only"));
    site.write("chain.toml", &printed);
    site.ends(
        &["chain", "spec", "check", "chain.toml"],
        0,
        &[
            "is right, and runs here",
            "chain one (id 9), 2 releases in 1 epoch",
        ],
    );
    site.ends(&["run", ANSWER, "--chain", "chain.toml"], 0, &["2a"]);
    // The number of the chain comes from the specification: CHAINID, returned.
    let id = ["run", "0x465f5260205ff3", "--chain", "chain.toml"];
    site.ends(
        &id,
        0,
        &["0x0000000000000000000000000000000000000000000000000000000000000009"],
    );
    let pinned = site.prints(&["chain", "spec", "init", "--fingerprints"]);
    assert_eq!(pinned.matches("fingerprint = \"0x").count(), 2, "{pinned}");
    site.write("chain.toml", &pinned);
    site.ends(&["chain", "spec", "check", "chain.toml"], 0, &[]);
    let digit = pinned.find("fingerprint = \"0x").unwrap() + 17;
    let other = if &pinned[digit..=digit] == "0" {
        "1"
    } else {
        "0"
    };
    site.write(
        "chain.toml",
        &format!("{}{other}{}", &pinned[..digit], &pinned[digit + 1..]),
    );
    site.ends(
        &["chain", "spec", "check", "chain.toml"],
        1,
        &["behaves otherwise than the chain specification says"],
    );
    site.ends(
        &["run", ANSWER, "--chain", "chain.toml"],
        2,
        &["behaves otherwise"],
    );
}

#[test]
fn the_block_chooses_the_epoch() {
    let site = Site::new();
    site.two_epochs();
    let why = |block: &str| {
        let text = site.prints(&["why", ANSWER, "--chain", "chain.toml", "--block", block]);
        text.lines().last().unwrap().to_owned()
    };
    assert_eq!(why("99"), "call    runs on proz-evm 1.0.0");
    assert_eq!(why("100"), "call    runs on proz-evm 1.1.0");
    // CLZ came with Osaka.
    let clz = "0x60011e5f5260205ff3";
    let run = |block| ["run", clz, "--chain", "chain.toml", "--block", block];
    site.ends(&run("99"), 1, &["halt"]);
    site.ends(&run("100"), 0, &["ff"]);
    let shown = site.prints(&["chain", "spec", "show", "chain.toml"]);
    for part in [
        "from block 0 on: Shanghai",
        "from block 100 on: Osaka",
        "answers for 1.0.0, which it retired",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
    let shown = site.prints(&["chain", "spec", "show", "chain.toml", "--block", "99"]);
    assert!(!shown.contains("Osaka"), "{shown}");
    // The file may stand in the configuration; the command line wins.
    site.write(
        "proz.toml",
        "config_version = 1\n[plugins]\npaths = [\"plugins\"]\nstandard_paths = false\n\
         [chain]\nspec = \"chain.toml\"\n",
    );
    site.ends(
        &["why", ANSWER, "--block", "99"],
        0,
        &["runs on proz-evm 1.0.0"],
    );
    site.ends(&["config", "show"], 0, &["# chain two by chain.toml: 0x"]);
    site.ends(
        &["plugin", "doctor"],
        0,
        &["chain         two by chain.toml"],
    );
    let one = site.prints(&["chain", "spec", "init"]);
    site.write("other.toml", &one);
    let run = ["why", ANSWER, "--block", "99", "--chain", "other.toml"];
    site.ends(&run, 0, &["runs on proz-evm 1.1.0"]);
}

#[test]
fn what_the_specification_decides_is_refused_with_the_reason() {
    let site = Site::new();
    site.two_epochs();
    for (option, because) in [
        (vec!["--revision", "cancun"], "it says which rules hold"),
        (vec!["--chain-id", "5"], "it names the chain"),
        (
            vec!["--no-containers"],
            "it says whether containers are accepted",
        ),
        (
            vec!["--require", "evm@^1"],
            "it names the releases that run",
        ),
    ] {
        let run = [vec!["run", ANSWER, "--chain", "chain.toml"], option.clone()].concat();
        let said = format!(
            "{} cannot be used with the chain specification chain.toml: {because}",
            option[0]
        );
        site.ends(&run, 2, &[&said, "For more information, try '--help'"]);
    }
    site.ends(
        &["statetest", ".", "--chain", "chain.toml"],
        2,
        &["it has rules of its own"],
    );
}

#[test]
fn the_check_tells_everything_that_is_wrong() {
    let site = Site::new();
    site.two_epochs();
    fs::remove_file(site.path("plugins/evm-1.1.toml")).unwrap();
    let text = fs::read_to_string(site.path("chain.toml")).unwrap();
    site.write(
        "chain.toml",
        &text.replacen("features = []", "features = [\"none\"]", 1),
    );
    site.write(
        "proz.toml",
        "config_version = 1\n[plugins]\npaths = [\"plugins\"]\nstandard_paths = false\n\
         require = [\"evm\"]\n[chain]\nspec = \"chain.toml\"\n[options.evm]\nstack_limit = 9\n\
         [faults]\nfall_back = \"any-release\"\n",
    );
    let expected = [
        "error: plugins.require\n",
        "error: options.evm\n",
        "error: faults.fall_back = \"any-release\"\n",
        "remedy: take it out of proz.toml",
        "error: proz-evm 1.1.0\n  proz-evm 1.1.0 is not installed: no block from block 100 on can be executed\n  \
         remedy: install the release before block 100",
        "error: proz-precompiles 2.0.0\n",
        "expected features [none], found []",
    ];
    for command in [
        vec!["chain", "spec", "check", "chain.toml"],
        vec!["config", "check"],
        vec!["plugin", "doctor"],
    ] {
        site.ends(&command, 1, &expected);
    }
    let (_, json, _) = site.proz(&["chain", "spec", "check", "chain.toml", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["passed"], false);
    assert_eq!(json["findings"].as_array().unwrap().len(), 5, "{json:#}");
}

#[test]
fn two_builds_are_told_before_anything_runs() {
    let site = Site::new();
    site.two_epochs();
    let library = format!("{DLL_PREFIX}proz_evm_1_0{DLL_SUFFIX}");
    let again = site.path("plugins/again");
    fs::create_dir(&again).unwrap();
    let mut bytes = fs::read(site.path("plugins").join(&library)).unwrap();
    bytes.push(0);
    fs::write(again.join(&library), bytes).unwrap();
    fs::copy(
        site.path("plugins/evm-1.0.toml"),
        again.join("evm-1.0.toml"),
    )
    .unwrap();
    let check = [
        "--plugins",
        "plugins/again",
        "chain",
        "spec",
        "check",
        "chain.toml",
    ];
    site.ends(
        &check,
        1,
        &[
            "proz-evm 1.0.0 is installed in 2 builds",
            "remedy: name the SHA-256 of the one to run in `plugins.builds`",
        ],
    );
}

#[test]
fn what_has_begun_is_not_changed() {
    let site = Site::new();
    site.two_epochs();
    let text = fs::read_to_string(site.path("chain.toml")).unwrap();
    site.write("new.toml", &text.replace("block = 100\n", "block = 200\n"));
    let diff = |head: &'static str| {
        [
            "chain",
            "spec",
            "diff",
            "chain.toml",
            "new.toml",
            "--head",
            head,
        ]
    };
    let differences = "the upgrade at block 100 is removed\nthe upgrade at block 200 is added\n";
    site.ends(&diff("99"), 0, &[differences]);
    site.ends(
        &diff("100"),
        1,
        &[
            differences,
            "refused: the upgrade at block 100 is removed; the head is block 100",
        ],
    );
    site.write(
        "new.toml",
        &text.replacen("memory_bytes = 4294967296", "memory_bytes = 9", 1),
    );
    let genesis = ["chain", "spec", "diff", "chain.toml", "new.toml"];
    site.ends(&genesis, 1, &["refused: the genesis part changes"]);
    site.write(
        "new.toml",
        &format!("{text}\n[[upgrade]]\ntimestamp = 5000\n"),
    );
    site.ends(&genesis, 0, &["the upgrade at time 5000 is added"]);
    // Whether it has begun depends on the head's time.
    site.ends(
        &diff("150"),
        2,
        &["the head's time is not given", "--head 150:TIME"],
    );
    site.ends(&diff("150:4999"), 0, &[]);
    site.ends(
        &diff("150:5000"),
        1,
        &["at time 5000, and what has begun is fixed"],
    );
    site.ends(&diff("x"), 2, &["`x` is no number; expected N or N:T"]);
}

#[test]
fn hashes_say_where_a_node_stands() {
    let site = Site::new();
    site.two_epochs();
    let hashes = |block: &str| {
        let arguments = [
            "chain",
            "spec",
            "hash",
            "chain.toml",
            "--json",
            "--block",
            block,
        ];
        serde_json::from_str::<serde_json::Value>(&site.prints(&arguments)).unwrap()
    };
    let (before, after) = (hashes("99"), hashes("100"));
    assert_eq!(before["now"], before["genesis"]);
    assert_eq!(before["next"]["hash"], after["now"]);
    assert_eq!(before["next"]["start"]["block"], 100);
    assert_eq!(after["now"], after["whole"]);
    assert_eq!(after["next"], serde_json::Value::Null);
}

/// What the ranges chose from what is installed is written down, and runs as it ran.
#[test]
fn ranges_become_exact_entries() {
    let site = Site::new();
    let former = "config_version = 1\n[plugins]\npaths = [\"plugins\"]\nstandard_paths = false\n\
                  require = [\"evm@=1.0.0\", \"evm@^1.1\", \"precompile\"]\n\n\
                  [options.evm]\nmax_code_size = 24000\nenable_jit = true\n\n\
                  [[activation]]\nvm = \"evm@=1.0.0\"\n\n\
                  [[activation]]\nvm = \"evm@^1\"\nfrom_block = 500\n";
    site.write("former.toml", former);
    site.ends(&["--config", "former.toml", "run", ANSWER], 2, &[]);
    let migrate = ["chain", "spec", "migrate", "former.toml", "--name", "old"];
    // 1.0 cannot have run the latest rules.
    site.ends(
        &migrate,
        2,
        &[
            "runs Frontier to Shanghai only, not Osaka",
            "--revision Shanghai",
        ],
    );
    let rules = ["--revision", "shanghai", "--revision", "osaka@500"];
    let (code, printed, said) = site.proz(&[&migrate[..], &rules].concat());
    assert_eq!(code, 0, "{said}");
    for part in [
        "lines 5 to 5",
        "options.evm",
        "[[activation]]",
        "move what stands in options.evm.enable_jit to [settings.evm]",
        "[chain]\n  spec = \"chain.toml\"",
    ] {
        let is_said = said.contains(part)
            || said.contains(&part.replace("lines 5 to 5", "line 5: plugins.require"));
        assert!(is_said, "{part}: {said}");
    }
    site.write("chain.toml", &printed);
    let epoch = |block: &str| {
        let text = site.prints(&["chain", "spec", "show", "chain.toml", "--block", block]);
        let lines = text.lines().filter(|line| line.contains(" since "));
        lines
            .map(|line| {
                line.split_whitespace()
                    .take(2)
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(epoch("499"), ["proz-evm 1.0.0", "proz-precompiles 2.0.0"]);
    assert_eq!(epoch("500"), ["proz-precompiles 2.0.0", "proz-evm 1.1.0"]);
    let shown = site.prints(&["chain", "spec", "show", "chain.toml"]);
    assert!(shown.contains("options max_code_size = 24000"), "{shown}");
    assert!(shown.contains("answers for 1.0.0"), "{shown}");
    site.ends(&["chain", "spec", "check", "chain.toml"], 0, &[]);
    site.ends(
        &["why", ANSWER, "--chain", "chain.toml", "--block", "499"],
        0,
        &["runs on proz-evm 1.0.0"],
    );
}

#[test]
fn why_tells_form_candidates_and_outcome() {
    let site = Site::new();
    site.write(
        "state.json",
        r#"{
          "0x000000000000000000000000000000000000c0de": { "code": "0x602a5f5260205ff3", "balance": "0x0" },
          "0x000000000000000000000000000000000000de1e": {
            "code": "0xef0100000000000000000000000000000000000000c0de", "balance": "0x0" },
          "0x0000000000000000000000000000000000000bad": { "code": "0xef5001", "balance": "0x0" }
        }"#,
    );
    let why = |target: &'static str| ["why", target, "--state", "state.json"];
    site.ends(
        &why("0x000000000000000000000000000000000000c0de"),
        0,
        &[
            "development chain: the best that is loaded",
            "plain EVM code of 8 bytes",
            "proz-evm 1.1.0       evm        fits",
            "proz-evm 1.0.0       evm        no: runs Frontier to Shanghai",
            "call    runs on proz-evm 1.1.0",
        ],
    );
    site.ends(
        &why("0x000000000000000000000000000000000000de1e"),
        0,
        &[
            "delegates to 0x000000000000000000000000000000000000c0DE (EIP-7702)",
            "runs on proz-evm",
        ],
    );
    site.ends(
        &why("0x0000000000000000000000000000000000000bad"),
        1,
        &[
            "no valid container: container is truncated",
            "call    halts: deployed code is refused",
        ],
    );
    site.ends(
        &why("0x0000000000000000000000000000000000000002"),
        0,
        &[
            "code    precompile SHA256",
            "runs on proz-precompiles 2.0.0",
        ],
    );
    site.ends(
        &why("0x0000000000000000000000000000000000007777"),
        0,
        &["code    none", "succeeds at once"],
    );
    // By a file of code with a requirement.
    let asks = |range: &'static str| ["why", "--vm", "movevm", "--vm-version", range, "code.mv"];
    site.write("code.mv", "anything");
    site.ends(
        &asks("^2"),
        1,
        &[
            "asks for `movevm@^2`",
            "no: runs `evm`",
            "halts: no VM for this code",
        ],
    );
    let json = site.prints(&["why", ANSWER, "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["verdict"]["call"], "runs");
    assert_eq!(json["candidates"][1]["misfit"], "runs Frontier to Shanghai");
    assert_eq!(json["is_scheduled"], false);
}

#[test]
fn a_missing_release_is_what_stops() {
    let site = Site::new();
    site.two_epochs();
    fs::remove_file(site.path("plugins/evm-1.1.toml")).unwrap();
    let why = |block: &'static str| ["why", ANSWER, "--chain", "chain.toml", "--block", block];
    site.ends(&why("99"), 0, &["runs on proz-evm 1.0.0"]);
    let stops =
        "stops the block on this node: proz-evm 1.1.0, active from block 100, is not loaded";
    site.ends(&why("100"), 1, &[stops]);
}

/// Whatever keeps a state of a development chain says what it is, in one line.
#[test]
fn a_development_chain_says_so() {
    let site = Site::new();
    let line = "development chain: no chain specification";
    let kept = ["run", ANSWER, "--state", "state.json", "--write"];
    let (_, _, said) = site.proz(&kept);
    assert_eq!(said.matches(line).count(), 1, "{said}");
    let (_, _, said) = site.proz(&["run", ANSWER]);
    assert!(!said.contains(line), "{said}");
    for command in [vec!["config", "show"], vec!["plugin", "doctor"]] {
        let printed = site.prints(&command);
        assert_eq!(printed.matches(line).count(), 1, "{printed}");
    }
    site.two_epochs();
    let (_, _, said) = site.proz(&[&kept[..], &["--chain", "chain.toml"]].concat());
    assert!(!said.contains(line), "{said}");
}

#[test]
fn trust_demands_a_hash_or_a_signature() {
    let site = Site::new();
    site.two_epochs();
    let trust = |trust: &str| {
        site.write(
            "proz.toml",
            &format!(
                "config_version = 1\n[plugins]\npaths = [\"plugins\"]\nstandard_paths = false\n\
                 [chain]\nspec = \"chain.toml\"\n[trust]\n{trust}\n"
            ),
        );
    };
    let hash = site.prints(&["chain", "spec", "hash", "chain.toml"]);
    let whole = hash
        .lines()
        .last()
        .unwrap()
        .split_whitespace()
        .last()
        .unwrap();
    trust(&format!("chain_hash = \"{whole}\""));
    site.ends(&["run", ANSWER], 0, &[]);
    let text = fs::read_to_string(site.path("chain.toml")).unwrap();
    site.write("chain.toml", &format!("{text}\n[[upgrade]]\nblock = 900\n"));
    site.ends(
        &["run", ANSWER],
        2,
        &[
            &format!("expected a chain specification with hash {whole}"),
            "hint: find out who",
        ],
    );

    site.prints(&["plugin", "keygen", "keeper"]);
    let key = fs::read_to_string(site.path("keeper.pub")).unwrap();
    let signed = |scope: &str| {
        trust(&format!(
            "chain_signed = true\nkeys = [{{ key = \"{}\", {scope} }}]",
            key.trim()
        ));
    };
    signed("chains = [\"two\"]");
    site.ends(&["run", ANSWER], 2, &["cannot read the signature"]);
    site.ends(
        &["plugin", "doctor"],
        1,
        &["error: chain.spec\n", "cannot read the signature"],
    );
    let sign = ["chain", "spec", "sign", "chain.toml", "--key", "keeper"];
    site.ends(&sign, 0, &["chain two with hash 0x", "chain.toml.sig"]);
    site.ends(&["run", ANSWER], 0, &[]);
    signed("chains = [\"other\"]");
    site.ends(
        &["run", ANSWER],
        2,
        &["none of the 0 keys that are trusted for the chain `two`"],
    );
    signed("ids = [\"proz-evm\"]");
    site.ends(&["run", ANSWER], 2, &["none of the 0 keys"]);
    signed("chains = [\"two\"]");
    site.write("chain.toml", &text);
    site.ends(&["run", ANSWER], 2, &["the specification was changed"]);
    // No chain at all is none that is trusted.
    site.write(
        "proz.toml",
        "config_version = 1\n[plugins]\npaths = [\"plugins\"]\nstandard_paths = false\n\
         [trust]\nchain_signed = true\n",
    );
    site.ends(
        &["run", ANSWER],
        2,
        &["`trust.chain_signed` demands a chain specification"],
    );
}
