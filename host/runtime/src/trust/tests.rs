//! What each policy admits, and what it refuses.

use super::*;
use std::path::Path;

fn manifest() -> Manifest {
    let text = "manifest_version = 1\nid = \"a\"\nkind = \"vm\"\nvm_type = \"b\"\nversion = \"1.0.0\"\n\
                abi = { generation = 1 }\nlibrary = \"c\"\n[config]\nsize = 1\n";
    Manifest::from_toml(text, Path::new("a.toml")).unwrap()
}

fn digest(byte: u8) -> Sha256Digest {
    Sha256Digest([byte; 32])
}

fn key(byte: u8) -> SecretKey {
    format!("{byte:02x}").repeat(32).parse().unwrap()
}

fn signed(key: &SecretKey) -> Manifest {
    let mut manifest = manifest();
    manifest.sha256 = Some(digest(1));
    manifest.signature = Some(key.sign(&manifest));
    manifest
}

#[test]
fn open_admits_all_and_passes_a_digest_on() {
    let trust = Trust::default();
    assert_eq!(trust.admit(&manifest()), Ok(None));
    assert_eq!(trust.admit(&signed(&key(9))), Ok(Some(digest(1))));
}

#[test]
fn pinned_admits_exactly_what_is_locked() {
    let manifest = manifest();
    let trust = Trust {
        policy: TrustPolicy::Pinned,
        lock: PluginLock::new(vec![LockedPlugin::new(&manifest, digest(2))]),
        ..Trust::default()
    };
    assert_eq!(trust.admit(&manifest), Ok(Some(digest(2))));

    let mut reconfigured = manifest.clone();
    reconfigured.config.insert("size".into(), 2.into());
    let refused = trust.admit(&reconfigured);
    assert!(matches!(refused, Err(TrustError::ManifestChanged { .. })));

    let mut newer = manifest;
    newer.version = semver::Version::new(1, 0, 1);
    assert!(matches!(
        trust.admit(&newer),
        Err(TrustError::NotLocked { .. })
    ));
}

#[test]
fn signed_admits_what_a_trusted_key_signed_and_nobody_changed() {
    let (ours, theirs) = (key(1), key(2));
    let trust = Trust {
        policy: TrustPolicy::Signed,
        keys: [key(3).public(), ours.public()]
            .map(TrustedKey::from)
            .into(),
        ..Trust::default()
    };
    assert_eq!(trust.admit(&signed(&ours)), Ok(Some(digest(1))));

    let refused = trust.admit(&signed(&theirs));
    assert!(matches!(
        refused,
        Err(TrustError::SignatureInvalid { keys: 2, .. })
    ));
    let refused = trust.admit(&manifest());
    assert!(matches!(refused, Err(TrustError::DigestMissing { .. })));
    let mut unsigned = signed(&ours);
    unsigned.signature = None;
    let refused = trust.admit(&unsigned);
    assert!(matches!(refused, Err(TrustError::SignatureMissing { .. })));

    let changes: [fn(&mut Manifest); 4] = [
        |m| m.sha256 = Some(digest(2)),
        |m| m.version = semver::Version::new(1, 0, 1),
        |m| m.config = toml::Table::new(),
        |m| m.signature.as_mut().unwrap().0[5] ^= 1,
    ];
    for change in changes {
        let mut changed = signed(&ours);
        change(&mut changed);
        let refused = trust.admit(&changed);
        assert!(
            matches!(refused, Err(TrustError::SignatureInvalid { .. })),
            "{refused:?}"
        );
    }
}

#[test]
fn a_key_signs_no_plugin_but_those_it_is_trusted_for() {
    let (ours, packs) = (key(1), key(2));
    let scoped = |key: &SecretKey, id: &str| TrustedKey {
        key: key.public(),
        ids: Some([id.parse().unwrap()].into()),
        chains: Default::default(),
    };
    let mut trust = Trust {
        policy: TrustPolicy::Signed,
        keys: vec![scoped(&ours, "a"), scoped(&packs, "tally")],
        ..Trust::default()
    };
    assert_eq!(trust.admit(&signed(&ours)), Ok(Some(digest(1))));
    let refused = trust.admit(&signed(&packs)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!(
            "`a` 1.0.0 is signed by the key {}, which is not trusted for the id `a`",
            packs.public()
        )
    );
    // Another entry of the same key may allow it.
    trust.keys.push(packs.public().into());
    assert_eq!(trust.admit(&signed(&packs)), Ok(Some(digest(1))));
}

#[test]
fn a_trusted_key_reads_back_in_both_forms() {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Section {
        keys: Vec<TrustedKey>,
    }
    let public = key(1).public();
    let text =
        format!("keys = [\"{public}\", {{ key = \"{public}\", ids = [\"proz-evm\", \"tally\"] }}]");
    let section: Section = toml::from_str(&text).unwrap();
    assert_eq!(section.keys[0], public.into());
    assert!(section.keys[1].may_sign(&"tally".parse().unwrap()));
    assert!(!section.keys[1].may_sign(&"evmx".parse().unwrap()));
    let again: Section = toml::from_str(&toml::to_string(&section).unwrap()).unwrap();
    assert_eq!(again.keys, section.keys);
    for (text, expected) in [
        (
            format!("keys = [{{ key = \"{public}\", ids = [] }}]"),
            "expected at least one of `ids`",
        ),
        (
            "keys = [5]".to_owned(),
            "a key, or a table of `key` and `ids`",
        ),
        (
            format!("keys = [{{ key = \"{public}\" }}]"),
            "expected at least one of `ids` or `chains`",
        ),
    ] {
        let error = toml::from_str::<Section>(&text).err().unwrap().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn what_is_locked_and_not_found_is_named() {
    let manifest = manifest();
    let mut trust = Trust {
        policy: TrustPolicy::Pinned,
        lock: PluginLock::new(vec![LockedPlugin::new(&manifest, digest(2))]),
        ..Trust::default()
    };
    assert!(trust.missing([&manifest]).is_empty());
    let mut other = manifest.clone();
    other.version = semver::Version::new(1, 0, 1);
    assert_eq!(trust.missing([&other]), ["`a` 1.0.0"]);
    trust.policy = TrustPolicy::Open;
    assert!(trust.missing([&other]).is_empty());
}

#[test]
fn signs_as_rfc_8032_does() {
    // Section 7.1, test 1: the seed and its public key.
    let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    let key: SecretKey = seed.parse().unwrap();
    let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    assert_eq!(key.public().to_string(), public);
    assert_eq!(key.to_text(), seed);
    assert!(
        !format!("{key:?}").contains(seed),
        "never shown by accident"
    );
}

#[test]
fn refuses_what_is_no_key() {
    assert_eq!("12".parse::<PublicKey>(), Err(KeyError::Form { found: 2 }));
    let bad = "02".to_owned() + &"00".repeat(31);
    assert_eq!(bad.parse::<PublicKey>(), Err(KeyError::NotOnCurve));
}

#[test]
fn a_lock_file_reads_back_and_refuses_what_it_does_not_know() {
    let folder = std::env::temp_dir().join(format!("proz-lock-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("proz.lock");
    let lock = PluginLock::new(vec![LockedPlugin::new(&manifest(), digest(2))]);
    std::fs::write(&file, lock.to_toml()).unwrap();
    assert_eq!(PluginLock::read(&file).unwrap(), lock);
    let entry = |byte| LockedPlugin::new(&manifest(), digest(byte));
    let twice = PluginLock::new(vec![entry(2), entry(3)]).to_toml();
    for (text, detail) in [
        (
            twice.as_str(),
            "expected one entry for `a` 1.0.0, found two that differ",
        ),
        ("lock_version = 9", "expected lock_version 1, found 9"),
        ("lock_version = 1\nother = 2", "unknown field `other`"),
    ] {
        std::fs::write(&file, text).unwrap();
        let error = PluginLock::read(&file).unwrap_err().to_string();
        assert!(error.contains(detail), "{error}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}
