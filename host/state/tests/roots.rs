//! State roots: known values, alloy-trie's own helpers, and every post-state of the execution-spec
//! fixtures.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::BTreeMap,
    env, fs,
    io::{Cursor, Read},
    path::PathBuf,
};

use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, b256};
use alloy_trie::{EMPTY_ROOT_HASH, TrieAccount, root};
use proptest::prelude::*;
use proz_state::{AccountInfo, Alloc, GenesisAccount, MemoryDb, state_root, storage_root};
use serde::Deserialize;

#[test]
fn an_empty_world_has_the_empty_root() {
    let empty = b256!("0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");
    assert_eq!(empty, EMPTY_ROOT_HASH);
    assert_eq!(MemoryDb::new().state_root(), empty);
    assert_eq!(storage_root([(U256::from(1), U256::ZERO)]), empty);
    assert_eq!(state_root([]), empty);
}

#[test]
fn a_remembered_root_follows_every_change() {
    let address = Address::repeat_byte(1);
    let fresh = |build: &dyn Fn(&mut MemoryDb)| {
        let mut db = MemoryDb::new();
        build(&mut db);
        db.state_root()
    };
    let mut db = MemoryDb::new();
    db.set_storage(address, U256::from(1), U256::from(2));
    let one = db.state_root();
    db.set_storage(address, U256::from(3), U256::from(4));
    let two = db.state_root();
    assert_eq!(
        two,
        fresh(&|db| {
            db.set_storage(address, U256::from(3), U256::from(4));
            db.set_storage(address, U256::from(1), U256::from(2));
        })
    );
    let copy = db.clone();
    db.set_storage(address, U256::from(3), U256::ZERO);
    assert_eq!((db.state_root(), copy.state_root()), (one, two));
    db.set_code(address, Bytes::from_static(b"\x00"));
    assert_ne!(db.state_root(), one);
    db.insert_account(address, AccountInfo::default());
    assert_eq!(db.state_root(), one);
    db.remove_account(&address);
    assert_eq!(db.state_root(), EMPTY_ROOT_HASH);
}

fn accounts() -> impl Strategy<Value = BTreeMap<Address, GenesisAccount>> {
    let word = prop_oneof![
        2 => (0..300u64).prop_map(U256::from),
        1 => any::<[u8; 32]>().prop_map(U256::from_be_bytes),
    ];
    let bytes = |word: U256| B256::from(word);
    let storage = prop::collection::btree_map(
        word.clone().prop_map(bytes),
        word.clone().prop_map(bytes),
        0..20,
    );
    let code = prop::option::of(prop::collection::vec(any::<u8>(), 0..40).prop_map(Bytes::from));
    let account = (word, any::<u64>(), code, prop::option::of(storage)).prop_map(
        |(balance, nonce, code, storage)| {
            GenesisAccount::default()
                .with_balance(balance)
                .with_nonce(Some(nonce))
                .with_code(code)
                .with_storage(storage)
        },
    );
    prop::collection::btree_map(any::<[u8; 20]>().prop_map(Address::from), account, 0..20)
}

proptest! {
    #[test]
    fn roots_agree_with_those_of_alloy_trie(accounts in accounts()) {
        let db = MemoryDb::from_alloc(&accounts);
        let expected = root::state_root_unhashed(
            accounts.iter().map(|(address, account)| (*address, TrieAccount::from(account.clone()))),
        );
        prop_assert_eq!(db.state_root(), expected);
        let sorted = db.sorted_accounts();
        let again = sorted.iter().rev().map(|(address, account)| {
            (**address, account.info, storage_root(account.sorted_storage()))
        });
        prop_assert_eq!(state_root(again), expected);
    }

    #[test]
    fn an_exported_world_comes_back_the_same(accounts in accounts()) {
        let db = MemoryDb::from_alloc(&accounts);
        let json = db.to_alloc().unwrap().to_json().unwrap();
        let back = MemoryDb::from_alloc_json(&json).unwrap();
        prop_assert_eq!(&back, &db);
        prop_assert_eq!(back.to_alloc().unwrap().to_json().unwrap(), json);
        for (_, account) in back.sorted_accounts() {
            let hash = account.info.code_hash;
            prop_assert!(hash == KECCAK256_EMPTY || back.get_code(&hash).is_some());
        }
    }
}

#[derive(Deserialize)]
struct Fixture {
    pre: Alloc,
    post: BTreeMap<String, Vec<Post>>,
}

#[derive(Deserialize)]
struct Post {
    hash: B256,
    state: Option<Alloc>,
}

/// The folder of third-party test data, if it is here.
fn corpora() -> Option<PathBuf> {
    let path = match env::var_os("PROZ_CORPORA") {
        Some(path) => PathBuf::from(path),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora"),
    };
    path.is_dir().then_some(path)
}

/// Calls `check` with every JSON file in the archives of a folder.
fn each_file(folder: &PathBuf, mut check: impl FnMut(&str, &str)) {
    for archive in fs::read_dir(folder).unwrap() {
        let packed = fs::read(archive.unwrap().path()).unwrap();
        let mut reader = zstd::Decoder::new(Cursor::new(packed)).unwrap();
        reader.window_log_max(27).unwrap();
        for entry in tar::Archive::new(reader).entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().display().to_string();
            if path.ends_with(".json") {
                let mut text = String::new();
                entry.read_to_string(&mut text).unwrap();
                check(&path, &text);
            }
        }
    }
}

#[test]
fn roots_are_those_of_the_execution_spec_fixtures() {
    let Some(corpora) = corpora() else {
        eprintln!("skipped: no corpora (set PROZ_CORPORA)");
        return;
    };
    let mut checked = 0;
    for folder in [
        "eest-v5.4.0-state_tests",
        "eest-functori-v4",
        "eest-ejs-fusaka-devnet-5",
    ] {
        each_file(&corpora.join("state-tests").join(folder), |path, text| {
            let fixtures: BTreeMap<String, Fixture> =
                serde_json::from_str(text).unwrap_or_else(|error| panic!("{path}: {error}"));
            for (name, fixture) in fixtures {
                let pre = MemoryDb::from_alloc(&fixture.pre.0);
                let exported = MemoryDb::from_alloc(&pre.to_alloc().unwrap().0);
                assert_eq!(exported.state_root(), pre.state_root(), "{path} {name}");
                for post in fixture.post.values().flatten() {
                    let Some(state) = &post.state else { continue };
                    let root = MemoryDb::from_alloc(&state.0).state_root();
                    assert_eq!(root, post.hash, "{path} {name}");
                    checked += 1;
                }
            }
        });
    }
    eprintln!("{checked} state roots checked");
    assert!(
        checked > 20_000,
        "only {checked} post-states in the corpora"
    );
}
