//! What a node and the harness say to each other: one JSON value a line.

use std::path::PathBuf;

use alloy_primitives::{Address, B256, Bytes};
use serde::{Deserialize, Serialize};

use crate::{Account, Chain, Setup, Transaction};

/// Asked of a node.
#[derive(Debug, Serialize, Deserialize)]
#[allow(clippy::large_enum_variant, reason = "one request of a node at a time")]
pub(crate) enum Request {
    /// Loads plugins and takes a state. The first request.
    Start {
        chain: Chain,
        setup: Setup,
        plugins: PathBuf,
        data_dir: Option<PathBuf>,
        state: Vec<Account>,
    },
    /// Executes a block.
    Block {
        number: u64,
        transactions: Vec<Transaction>,
        meanwhile: Vec<Transaction>,
    },
    /// Runs simulations, as of the block of a height.
    Simulate {
        number: u64,
        calls: Vec<Transaction>,
    },
    /// Gives the whole state.
    State,
    /// Swaps each plugin for its like in a folder.
    SwapBuilds { plugins: PathBuf },
    /// Undoes the swaps that were not undone yet.
    RollBack,
    /// Tries to put a release in the place of another.
    Exchange {
        old: String,
        new: String,
        plugins: PathBuf,
    },
}

/// Said by a node.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// It is done; what there is to say of it is for people.
    Done(String),
    /// A block was executed, or stopped.
    Block(BlockAnswer),
    /// The whole state, in the order of addresses.
    State(Vec<Account>),
    /// It could not be done.
    Failed(String),
}

/// What a node says of a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BlockAnswer {
    /// Of each transaction up to a stop.
    pub(crate) receipts: Vec<Receipt>,
    /// Why the block was stopped at the transaction after those.
    pub(crate) stopped: Option<String>,
    /// State root afterwards; that of the block before after a stop.
    pub(crate) state_root: B256,
}

/// What a node says of a transaction. All of it must be equal on all nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Receipt {
    /// The transaction breaks a rule of the chain.
    Invalid(String),
    /// It was executed.
    Executed {
        status: String,
        gas_used: u64,
        gas_refunded: u64,
        /// Keccak-256 of the output.
        output: B256,
        /// The first bytes of the output, for people.
        output_begins: Bytes,
        /// Keccak-256 of the logs as JSON.
        logs: B256,
        log_count: usize,
        created: Option<Address>,
        /// Keccak-256 of the sorted changes as JSON.
        changes: B256,
        changed_accounts: usize,
    },
}

impl Receipt {
    /// How it ended, in a few words.
    pub(crate) fn ending(&self) -> &str {
        match self {
            Self::Executed { status, .. } => status,
            Self::Invalid(_) => "invalid",
        }
    }

    /// Contract created.
    pub(crate) fn created(&self) -> Option<Address> {
        match self {
            Self::Executed { created, .. } => *created,
            Self::Invalid(_) => None,
        }
    }
}
