//! What is read, what is refused, and that the generated documents are the committed ones.

use super::*;

fn parse(text: &str) -> Result<Configuration, ConfigurationError> {
    Configuration::from_toml(text, Path::new("proz.toml"))
}

#[test]
fn a_version_alone_is_the_default_configuration() {
    assert_eq!(
        parse("config_version = 1").unwrap(),
        Configuration::default()
    );
}

#[test]
fn the_example_is_a_configuration_that_uses_every_section() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("proz.example.toml");
    let configuration = Configuration::read(&file).unwrap();
    let default = Configuration::default();
    assert_ne!(configuration.plugins, default.plugins);
    assert_ne!(configuration.settings, default.settings);
    assert_ne!(configuration.trust.keys, default.trust.keys);
    assert_ne!(configuration.faults, default.faults);
    let folder = file.parent().unwrap();
    let spec = configuration.chain.spec.clone().unwrap();
    assert_eq!(spec, folder.join("chain.example.toml"));
    let spec = crate::ChainSpec::read(&spec).unwrap();
    assert_eq!(spec.upgrades().len(), 3);
    assert_eq!(configuration.plugins.paths, [folder.join("plugins")]);
    assert_eq!(configuration.lock_file(), folder.join("proz.lock"));
    assert!(configuration.factory(SearchPath::default()).is_ok());
}

#[test]
fn precompiles_may_be_limited_to_some_addresses() {
    let text = "config_version = 1\n[plugins]\nprecompile_addresses = [\"0x0000000000000000000000000000000000000004\"]";
    let factory = parse(text).unwrap().factory(SearchPath::default()).unwrap();
    let identity = Address::with_last_byte(4);
    assert_eq!(
        factory.precompile_addresses,
        Some(BTreeSet::from([identity]))
    );
    let none = Configuration::default().factory(SearchPath::default());
    assert_eq!(none.unwrap().precompile_addresses, None);
}

#[test]
fn refuses_what_it_does_not_know_and_says_where() {
    for (text, detail) in [
        ("", "missing field `config_version`"),
        (
            "config_version = 2",
            "`config_version`: expected 1, found 2",
        ),
        ("config_version = 1\nplugin = 1", "unknown field `plugin`"),
        (
            "config_version = 1\n[plugins]\npath = []",
            "unknown field `path`",
        ),
        (
            "config_version = 1\n[plugins]\nrequire = [\"EVM\"]",
            "invalid VM type",
        ),
        (
            "config_version = 1\n[plugins]\nprecompile_addresses = [\"0x04\"]",
            "invalid string length",
        ),
        (
            "config_version = 1\n[plugins]\ngeneration_cap = 0",
            "expected at least 1, found 0",
        ),
        (
            "config_version = 1\n[trust]\npolicy = \"closed\"",
            "unknown variant `closed`",
        ),
        (
            "config_version = 1\n[trust]\npolicy = \"signed\"",
            "expected at least one key",
        ),
        (
            "config_version = 1\n[trust]\nkeys = [\"12\"]",
            "expected 64 hexadecimal digits",
        ),
        (
            "config_version = 1\n[faults]\nfall_back = \"some\"",
            "unknown variant `some`",
        ),
        (
            "config_version = 1\n[options.EVM]\na = 1",
            "expected a VM type or a plugin id, found `EVM`",
        ),
        (
            "config_version = 1\n[[activation]]\nvm = \"evm@1\"",
            "`proz chain spec migrate` writes it",
        ),
        (
            "config_version = 1\n[options.wasm.machine]\na = 1",
            "belongs into the operator's `settings`",
        ),
        (
            "config_version = 1\n[settings.EVM]\na = 1",
            "expected a VM type or a plugin id, found `EVM`",
        ),
        (
            "config_version = 1\n[plugins.builds]\n\"evm\" = \"00\"",
            "expected 64 lower-case hexadecimal digits",
        ),
    ] {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.starts_with("proz.toml"), "{error}");
        assert!(
            error.contains(detail),
            "expected {detail}\n   found {error}"
        );
    }
    let error = parse("config_version = 1\n[plugins]\npath = []").unwrap_err();
    assert!(error.to_string().contains("line 3, column 1"), "{error}");
}

#[test]
fn a_pinned_policy_needs_its_lock_file() {
    let mut configuration = parse("config_version = 1\n[trust]\npolicy = \"pinned\"").unwrap();
    configuration.trust.lock_file = Some("/nowhere/proz.lock".into());
    let error = configuration.factory(SearchPath::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot read the lock file /nowhere/proz.lock"
    );
}

#[test]
fn the_committed_documents_are_what_the_code_generates() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, generated) in [
        ("proz.schema.json", configuration_schema()),
        ("CONFIGURATION.md", configuration_reference()),
    ] {
        let file = folder.join(name);
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            fs::write(&file, &generated).unwrap();
        }
        let committed = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            committed == generated,
            "{} differs; run the test with UPDATE_SCHEMA=1 and read the change",
            file.display()
        );
    }
}
