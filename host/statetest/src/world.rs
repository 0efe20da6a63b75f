//! The state before a test, and how two states differ.

use crate::{
    error::Flaw,
    format::{AccountState, Pairs},
    number::Account,
};
use alloy_primitives::{Address, Bytes};
use proz_state::{AccountInfo, MemoryAccount, MemoryDb, UnknownBlockHash};

/// Most differences that a report lists.
const DIFFERENCES_LISTED: usize = 16;

/// Builds the state that the accounts at `at` describe.
pub(crate) fn build(
    accounts: &Pairs<Account, AccountState>,
    at: &'static str,
) -> Result<MemoryDb, Flaw> {
    let accounts = accounts.0.iter();
    build_from(accounts.map(|(address, account)| (address.0, account)), at)
}

/// [`build`] from any list of accounts.
pub(crate) fn build_from<'a>(
    accounts: impl Iterator<Item = (Address, &'a AccountState)>,
    at: &'static str,
) -> Result<MemoryDb, Flaw> {
    let mut db = MemoryDb::new();
    db.set_unknown_block_hash(UnknownBlockHash::OfDecimalNumber);
    for (address, account) in accounts {
        if db.get(&address).is_some() {
            return Err(Flaw::new(at, format!("account {address} is given twice")));
        }
        let info = AccountInfo {
            balance: account.balance.0,
            nonce: account.nonce.0,
            code_hash: db.insert_code(account.code.0.clone()),
        };
        db.insert_account(address, info);
        for (key, value) in &account.storage.0 {
            db.set_storage(address, key.0, value.0);
        }
    }
    Ok(db)
}

/// How `found` differs from `expected`, in words, account by account.
pub(crate) fn differences(expected: &MemoryDb, found: &MemoryDb) -> Vec<String> {
    let mut list = Vec::new();
    for (address, wanted) in expected.sorted_accounts() {
        match found.get(address) {
            None => list.push(format!("{address}: expected an account, found none")),
            Some(actual) => {
                let code = |db: &MemoryDb, account: &MemoryAccount| {
                    db.get_code(&account.info.code_hash).cloned()
                };
                compare(&format!("{address}"), wanted, actual, &mut list);
                if wanted.info.code_hash != actual.info.code_hash {
                    let (wanted, actual) = (code(expected, wanted), code(found, actual));
                    list.push(format!(
                        "{address} code: expected {}, found {}",
                        shown(wanted.as_ref()),
                        shown(actual.as_ref())
                    ));
                }
            }
        }
    }
    for (address, actual) in found.sorted_accounts() {
        if expected.get(address).is_none() {
            list.push(format!(
                "{address}: expected no account, found one with balance {} and nonce {}",
                actual.info.balance, actual.info.nonce
            ));
        }
    }
    let more = list.len().saturating_sub(DIFFERENCES_LISTED);
    if more > 0 {
        list.truncate(DIFFERENCES_LISTED);
        list.push(format!("and {more} more"));
    }
    list
}

fn compare(name: &str, wanted: &MemoryAccount, actual: &MemoryAccount, list: &mut Vec<String>) {
    if wanted.info.balance != actual.info.balance {
        list.push(format!(
            "{name} balance: expected {}, found {}",
            wanted.info.balance, actual.info.balance
        ));
    }
    if wanted.info.nonce != actual.info.nonce {
        list.push(format!(
            "{name} nonce: expected {}, found {}",
            wanted.info.nonce, actual.info.nonce
        ));
    }
    let mut keys: Vec<_> = [wanted, actual]
        .iter()
        .flat_map(|account| account.sorted_storage())
        .map(|(key, _)| key)
        .collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        let (wanted, actual) = (wanted.storage(&key), actual.storage(&key));
        if wanted != actual {
            list.push(format!(
                "{name} slot {key:#x}: expected {wanted:#x}, found {actual:#x}"
            ));
        }
    }
}

fn shown(code: Option<&Bytes>) -> String {
    const SHOWN_BYTES: usize = 32;
    match code {
        None => "none".to_owned(),
        Some(code) if code.len() <= SHOWN_BYTES => code.to_string(),
        Some(code) => format!("{} bytes", code.len()),
    }
}
