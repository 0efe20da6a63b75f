//! Whole transactions on this host, through its loaded EVM plugin, and on revm's own `transact`:
//! outcome, gas, refund, output, logs and the state afterwards must be equal.
//!
//! A scenario is made from a number, so a difference is reported by that number alone, or from a
//! fuzzer's bytes. Neither side is the reference: a difference is a question.

mod here;
mod program;
mod random;
mod scenario;
mod steps;
mod there;
mod transaction;
mod world;

pub use here::Here;
pub use scenario::Scenario;
pub use steps::Step;
pub use world::Before;

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
    compare_scenario(here, &Scenario::new(number))
        .map_err(|report| format!("scenario {number} differs\n{report}"))
}

/// Runs the scenario that bytes choose on both sides; what a fuzzer calls.
///
/// # Errors
///
/// Both results, when they differ.
pub fn compare_bytes(here: &Here, bytes: &[u8]) -> Result<Remains, String> {
    compare_scenario(here, &Scenario::of_bytes(bytes))
}

/// Runs a scenario on both sides.
///
/// # Errors
///
/// Both results, when they differ.
pub fn compare_scenario(here: &Here, scenario: &Scenario) -> Result<Remains, String> {
    let (ours, theirs) = (here.run(scenario), there::run(scenario));
    if ours == theirs {
        return Ok(ours);
    }
    Err(format!(
        "here: {ours:#?}\nthere: {theirs:#?}\n{scenario:#?}"
    ))
}

/// Compares what both sides tell of each instruction; returns how many there were.
///
/// # Errors
///
/// The first steps that differ.
pub fn compare_steps(here: &Here, number: u64) -> Result<usize, String> {
    let scenario = Scenario::new(number);
    let (ours, theirs) = (here.steps(&scenario), there::steps(&scenario));
    if ours == theirs {
        return Ok(ours.len());
    }
    let count = ours.len().max(theirs.len());
    let differing = (0..count).find(|&at| ours.get(at) != theirs.get(at));
    let at = differing.unwrap_or_default();
    Err(format!(
        "scenario {number}, step {at} of {} and {}\nhere: {:#?}\nthere: {:#?}\n{scenario:#?}",
        ours.len(),
        theirs.len(),
        ours.get(at),
        theirs.get(at)
    ))
}
