//! What a transaction changed in the state, account by account.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};
use serde::Serialize;

use super::style::{Ink, Style};
use crate::book::AbiBook;
use crate::presentation::{Presentation, clean};

/// A value before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Change<T> {
    /// Before the transaction.
    pub before: T,
    /// After it.
    pub after: T,
}

/// What changed in one account. What did not change is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountChange {
    /// The account did not exist before.
    pub is_created: bool,
    /// The account is gone.
    pub is_destroyed: bool,
    /// Its balance, in wei.
    pub balance: Option<Change<U256>>,
    /// Its nonce.
    pub nonce: Option<Change<u64>>,
    /// The size of its code.
    pub code_size_bytes: Option<Change<u64>>,
    /// Its storage, by slot.
    pub storage: BTreeMap<U256, Change<U256>>,
}

impl AccountChange {
    /// Whether nothing changed at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Lists the changes of each account, accounts and slots in ascending order.
#[must_use]
pub fn render_changes(
    changes: &BTreeMap<Address, AccountChange>,
    book: &AbiBook,
    style: Style,
) -> String {
    let how = style.presentation(book);
    let mut lines = Vec::new();
    for (address, change) in changes.iter().filter(|(_, change)| !change.is_empty()) {
        let name = book
            .name(*address)
            .map(|name| format!("{} ", clean(name)))
            .unwrap_or_default();
        let mut head = format!("{}{address}", style.paint(Ink::Changed, &name));
        for (applies, word) in [
            (change.is_created, " (created)"),
            (change.is_destroyed, " (destroyed)"),
        ] {
            if applies {
                head.push_str(word);
            }
        }
        lines.push(head);
        lines.extend(account_lines(change, &how));
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn account_lines(change: &AccountChange, how: &Presentation<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(balance) = change.balance {
        let (sign, difference) = if balance.after >= balance.before {
            ('+', balance.after - balance.before)
        } else {
            ('-', balance.before - balance.after)
        };
        lines.push(format!(
            "  balance  {} → {} ({sign}{difference})",
            balance.before, balance.after
        ));
    }
    if let Some(nonce) = change.nonce {
        lines.push(format!("  nonce    {} → {}", nonce.before, nonce.after));
    }
    if let Some(code) = change.code_size_bytes {
        lines.push(format!("  code     {} → {} bytes", code.before, code.after));
    }
    for (slot, value) in &change.storage {
        lines.push(format!(
            "  storage  {}: {} → {}",
            word(*slot),
            word(value.before),
            word(value.after)
        ));
        let hints = (
            how.magnitude(value.before, ""),
            how.magnitude(value.after, ""),
        );
        if value.before.bit_len() <= 128
            && value.after.bit_len() <= 128
            && hints != Default::default()
        {
            lines.push(format!(
                "           = {} → {}",
                how.integer(value.before),
                how.integer(value.after)
            ));
        }
    }
    lines
}

/// A storage word without its leading zeros.
fn word(value: U256) -> String {
    format!("{value:#x}")
}
