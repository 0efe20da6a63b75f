//! What a program sees of accounts, and how it ends its own.

use super::cases;
use crate::conformance::{
    Behaviour, Case,
    check::{Check, same},
    frame::{Bench, OTHER, SELF, hash_of, input, wide, word},
};
use crate::mock::{Callback, MockAccount};
use proz_interface::v1::Word;

pub(super) const CASES: &[Case] = cases! { Accounts:
    sees_the_balance_of_an_account [Balance] balance;
    reads_the_code_of_an_account [Code] code;
    an_account_without_code_has_none [Code] no_code;
    sees_the_code_hash_of_an_account [CodeHash] code_hash;
    a_self_destruction_reaches_the_host_with_its_beneficiary [Selfdestruct] selfdestruct;
};

fn balance(bench: &Bench) -> Check {
    for value in [Word::ZERO, wide(1)] {
        let mut frame = bench.frame(Behaviour::Balance, &input(&[word(&OTHER)], &[]))?;
        let account = MockAccount::with_balance(value);
        frame.host.state.accounts.insert(OTHER, account);
        frame.returns(value)?;
    }
    Ok(())
}

fn code(bench: &Bench) -> Check {
    for size in [1, 32, 33, 5000] {
        let mut frame = bench.frame(Behaviour::Code, &input(&[word(&OTHER)], &[]))?;
        let code: Vec<u8> = (0..size).map(|i| (i % 251) as u8).collect();
        let account = MockAccount::with_code(code.as_slice());
        frame.host.state.accounts.insert(OTHER, account);
        same("code", code, frame.succeed()?.output)?;
    }
    Ok(())
}

fn no_code(bench: &Bench) -> Check {
    let mut frame = bench.frame(Behaviour::Code, &input(&[word(&OTHER)], &[]))?;
    same("code", Vec::new(), frame.succeed()?.output)
}

fn code_hash(bench: &Bench) -> Check {
    let mut frame = bench.frame(Behaviour::CodeHash, &input(&[word(&OTHER)], &[]))?;
    let account = MockAccount::with_code([1, 2, 3]);
    frame.host.state.accounts.insert(OTHER, account);
    frame.returns(Word::from_be_bytes(hash_of(&[1, 2, 3]).0))
}

fn selfdestruct(bench: &Bench) -> Check {
    let mut frame = bench.frame(Behaviour::Selfdestruct, &input(&[word(&OTHER)], &[]))?;
    if let Some(account) = frame.host.state.accounts.get_mut(&SELF) {
        account.balance = wide(1);
    }
    frame.succeed()?;
    let seen = frame.host.observations.iter();
    let count = seen
        .filter(|o| o.callback == Callback::Selfdestruct)
        .count();
    same("self-destructions", 1, count)?;
    let heir = frame.host.state.accounts.get(&OTHER).map(|a| a.balance);
    same("balance of the beneficiary", Some(wide(1)), heir)
}
