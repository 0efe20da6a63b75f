//! Whole transactions on this host, through its loaded EVM plugin, and on revm's own `transact`:
//! outcome, gas, refund, output, logs and the state afterwards must be equal.
//!
//! A scenario is made from a number, so a difference is reported by that number alone. Neither side
//! is the reference: a difference is a question.

mod here;
mod random;
mod scenario;
mod there;

pub use here::Here;
pub use scenario::{Before, Scenario};

use alloy_primitives::{Address, B256, Bytes, U256};
use std::collections::BTreeMap;

/// What a transaction leaves, in a form that both sides have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remains {
    /// The transaction breaks a rule of the chain.
    Refused,
    /// It was executed.
    Executed(Box<Executed>),
}

/// What an executed transaction leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Executed {
    /// How it ended.
    pub ending: Ending,
    /// Gas paid for.
    pub gas_used: u64,
    /// Output or revert data; nothing after a halt.
    pub output: Bytes,
    /// Contract created.
    pub created: Option<Address>,
    /// Logs: account, topics, data.
    pub logs: Vec<(Address, Vec<B256>, Bytes)>,
    /// Accounts afterwards that are not empty.
    pub accounts: BTreeMap<Address, Account>,
}

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Successfully.
    Success,
    /// By REVERT.
    Revert,
    /// Otherwise; the reasons have other names on the two sides.
    Halt,
}

/// An account that is not empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// In wei.
    pub balance: U256,
    /// Transactions sent, or contracts created.
    pub nonce: u64,
    /// Keccak-256 of the code.
    pub code_hash: B256,
    /// Slots that are not zero.
    pub storage: BTreeMap<U256, U256>,
}

/// Runs the scenario of a number on both sides.
///
/// # Errors
///
/// Both results, when they differ.
pub fn compare(here: &Here, number: u64) -> Result<Remains, String> {
    let scenario = Scenario::new(number);
    let (ours, theirs) = (here.run(&scenario), there::run(&scenario));
    if ours == theirs {
        return Ok(ours);
    }
    Err(format!(
        "scenario {number} differs\nhere: {ours:#?}\nthere: {theirs:#?}\n{scenario:#?}"
    ))
}
