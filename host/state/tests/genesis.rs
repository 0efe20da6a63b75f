//! Import of allocs: every form that is accepted, and what is said of one that is not.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use alloy_primitives::{Address, B256, U256, address, keccak256};
use proz_state::{MemoryDb, StateDb, StateError, UnknownBlockHash};

const ALICE: Address = address!("0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");

/// What the error and its causes say.
fn complaint(json: &str) -> String {
    let error = MemoryDb::from_alloc_json(json).unwrap_err();
    assert!(matches!(error, StateError::AllocMalformed { .. }));
    let cause = std::error::Error::source(&error).unwrap();
    format!("{error}: {cause}")
}

#[test]
fn every_usual_form_of_an_account_is_accepted() {
    let forms = [
        r#"{"0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa":
            {"balance": "0x10", "nonce": "0x2", "code": "0x6001", "storage": {"0x01": "0x05"}}}"#,
        r#"{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa":
            {"balance": "16", "nonce": "0x02", "code": "0x6001",
             "storage": {"0x0000000000000000000000000000000000000000000000000000000000000001":
                         "0x0000000000000000000000000000000000000000000000000000000000000005"}}}"#,
        r#"{"config": {"chainId": 5}, "gasLimit": "0x1", "alloc":
            {"0xAaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAa":
            {"balance": "0x10", "nonce": "0x2", "code": "0x6001",
             "storage": {"0x01": "0x05", "0x02": "0x00"}}}}"#,
    ];
    for form in forms {
        let db = MemoryDb::from_alloc_json(form).unwrap();
        assert_eq!(db.len(), 1);
        let account = db.get(&ALICE).unwrap();
        assert_eq!(account.info.balance, U256::from(16));
        assert_eq!(account.info.nonce, 2);
        assert_eq!(account.info.code_hash, keccak256([0x60, 0x01]));
        assert_eq!(
            db.code(&account.info.code_hash).unwrap().as_ref(),
            [0x60, 0x01]
        );
        assert_eq!(account.sorted_storage(), [(U256::from(1), U256::from(5))]);
    }
}

#[test]
fn an_account_with_nothing_is_kept() {
    let db = MemoryDb::from_alloc_json(&format!(r#"{{"{ALICE}": {{"balance": "0x0"}}}}"#)).unwrap();
    assert!(db.get(&ALICE).unwrap().info.is_empty());
    let json = db.to_alloc().unwrap().to_json().unwrap();
    assert_eq!(MemoryDb::from_alloc_json(&json).unwrap(), db);
}

#[test]
fn a_malformed_alloc_is_refused_by_name() {
    let account = r#"{"balance": "0x1"}"#;
    let cases = [
        ("[]".to_owned(), "expected an object of accounts"),
        (r#"{"0x12": {"balance": "0x1"}}"#.to_owned(), "found `0x12`"),
        (format!(r#"{{"{ALICE}": {{"balance": "lots"}}}}"#), "line 1"),
        (format!(r#"{{"{ALICE}": {{}}}}"#), "missing field `balance`"),
        (
            format!(r#"{{"{ALICE}": {{"balance": "0x1", "nonse": "0x1"}}}}"#),
            "unknown field `nonse`",
        ),
        (
            format!(r#"{{"{ALICE}": {account}, "{ALICE:#x}": {account}}}"#),
            "given twice",
        ),
        (
            format!(r#"{{"alloc": {{}}, "{ALICE}": {account}}}"#),
            "beside and in `alloc`",
        ),
        (
            r#"{"alloc": {}, "alloc": {}}"#.to_owned(),
            "`alloc` is given twice",
        ),
        (format!(r#"{{"{ALICE}": {account}"#), "EOF"),
    ];
    for (json, expected) in cases {
        let found = complaint(&json);
        assert!(found.contains(expected), "{json}\n{found}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let error = MemoryDb::from_alloc_file(Path::new("no/such/alloc.json")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot read the alloc file `no/such/alloc.json`"
    );
}

#[test]
fn what_is_not_there_is_zero_but_missing_code_is_an_error() {
    let mut db = MemoryDb::new();
    assert_eq!(db.account(&ALICE).unwrap(), None);
    assert_eq!(db.storage(&ALICE, &U256::from(1)).unwrap(), U256::ZERO);
    assert!(!db.has_storage(&ALICE).unwrap());
    let missing = B256::repeat_byte(7);
    assert!(matches!(
        db.code(&missing),
        Err(StateError::CodeMissing { code_hash }) if code_hash == missing
    ));
    assert_eq!(db.block_hash(10).unwrap(), B256::ZERO);
    db.set_unknown_block_hash(UnknownBlockHash::OfDecimalNumber);
    assert_eq!(db.block_hash(10).unwrap(), keccak256("10"));
    db.set_block_hash(10, missing);
    assert_eq!(db.block_hash(10).unwrap(), missing);
}
