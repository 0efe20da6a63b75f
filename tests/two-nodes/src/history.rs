//! What happens to a chain and to its nodes: plain data, written as JSON.

use std::{collections::BTreeMap, fs, path::Path};

use alloy_primitives::{Address, Bytes, U256};
use serde::{Deserialize, Serialize};

/// A chain, its nodes, and what happens.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// What it shows.
    pub note: String,
    /// Consensus data.
    pub chain: Chain,
    /// Accounts before the first block.
    pub genesis: Vec<Account>,
    /// The nodes. The first has no limits.
    pub nodes: Vec<Setup>,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

impl History {
    /// Reads a history from a file.
    ///
    /// # Errors
    ///
    /// What could not be read, in one line.
    pub fn read(file: &Path) -> Result<Self, String> {
        let text = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", file.display()))
    }

    /// Writes the history to a file.
    ///
    /// # Errors
    ///
    /// What could not be written, in one line.
    pub fn write(&self, file: &Path) -> Result<(), String> {
        let text = serde_json::to_vec_pretty(self).map_err(|error| error.to_string())?;
        fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
    }

    /// Number of blocks.
    #[must_use]
    pub fn blocks(&self) -> usize {
        let is_block = |step: &&Step| matches!(step, Step::Block { .. });
        self.steps.iter().filter(is_block).count()
    }
}

/// Consensus data: what every node of a chain is given alike.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// Revisions by the block from which they are in force.
    pub revisions: Vec<RevisionFrom>,
    /// Releases by the block from which they are active.
    pub releases: Vec<Release>,
    /// Releases by the block from which they are active no more, and nothing answers for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retired: Vec<Release>,
}

/// A revision and its first block.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevisionFrom {
    /// First block.
    pub from_block: u64,
    /// Name, such as `osaka`.
    pub revision: String,
}

/// A release and the block from which it is active, or active no more.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Plugin id.
    pub plugin: String,
    /// Exact version.
    pub version: String,
    /// First block.
    pub from_block: u64,
    /// Versions that it retires and answers for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<String>,
    /// Options that show in results.
    #[serde(default, skip_serializing_if = "toml::Table::is_empty")]
    pub options: toml::Table,
}

impl Release {
    /// Id and version, such as `proz-wasm@1.0.0`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}@{}", self.plugin, self.version)
    }
}

/// An account before the first block, or at a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Account {
    /// Where it is.
    pub address: Address,
    /// In wei.
    pub balance: U256,
    /// Transactions sent, or contracts created.
    #[serde(skip_serializing_if = "is_zero")]
    pub nonce: u64,
    /// Code.
    #[serde(skip_serializing_if = "is_empty")]
    pub code: Bytes,
    /// Slots that are not zero.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub storage: BTreeMap<U256, U256>,
}

/// What one node is like. Nothing of it may show in a result.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Setup {
    /// Name in reports.
    pub name: String,
    /// Releases installed beside the shipped ones, by the names of this crate's examples.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extra: Vec<String>,
    /// Shipped releases that are not installed, as `proz-wasm@1.0.0`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<String>,
    /// Whether its libraries are other builds of the same releases.
    pub rebuilt: bool,
    /// Settings of plugins, by VM type.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, toml::Table>,
    /// Whether it keeps files, such as compiled code, over restarts.
    pub keeps_files: bool,
    /// Threads that run the simulations of a block.
    pub threads: usize,
    /// Words for `ulimit`, such as `-d 48000`; such a node may stop, but may not differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<String>,
}

/// Something that happens. Nodes are numbers of [`History::nodes`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// All nodes execute a block, and some run simulations while they do.
    Block {
        /// Height.
        number: u64,
        /// Transactions.
        transactions: Vec<Transaction>,
        /// Simulations of single nodes.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        meanwhile: Vec<NodeCalls>,
    },
    /// A node runs simulations on the state of the last block, one after the other.
    Simulate(NodeCalls),
    /// A node's process ends, and a new one begins with the state.
    Restart {
        /// The node.
        node: usize,
    },
    /// A node swaps every plugin for another build of the same release.
    SwapBuilds {
        /// The node.
        node: usize,
    },
    /// A node undoes its last swaps.
    RollBack {
        /// The node.
        node: usize,
    },
    /// A node's operator tries to put one release in the place of another. Nobody has to let him.
    Exchange {
        /// The node.
        node: usize,
        /// Release that runs, as `proz-wasm@1.0.0`.
        old: String,
        /// Release that is to run.
        new: String,
    },
}

/// Simulations of one node.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeCalls {
    /// The node.
    pub node: usize,
    /// What it simulates.
    pub calls: Vec<Transaction>,
}

/// A transaction, or a call without one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Transaction {
    /// Who sends it.
    pub from: Address,
    /// Callee; none creates a contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Address>,
    /// Gas limit.
    pub gas: u64,
    /// In wei.
    #[serde(skip_serializing_if = "U256::is_zero")]
    pub value: U256,
    /// Wei per gas.
    pub gas_price: u64,
    /// Nonce; none takes the account's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<u64>,
    /// Call data or init code.
    #[serde(skip_serializing_if = "is_empty")]
    pub input: Bytes,
    /// Authorizations (EIP-7702); some make it a transaction of type 4.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorizations: Vec<Authorization>,
}

/// One authorization (EIP-7702), of any nonce when it has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Authorization {
    /// Who delegates.
    pub authority: Address,
    /// To whom.
    pub address: Address,
    /// Nonce that the authority must have.
    pub nonce: u64,
}

fn is_empty(bytes: &Bytes) -> bool {
    bytes.is_empty()
}

const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl From<&Transaction> for proz_host::Transaction {
    fn from(transaction: &Transaction) -> Self {
        let authorization = |entry: &Authorization| proz_host::Authorization {
            authority: Some(entry.authority),
            chain_id: U256::ZERO,
            address: entry.address,
            nonce: entry.nonce,
        };
        let is_set_code = !transaction.authorizations.is_empty();
        let price = u128::from(transaction.gas_price);
        Self {
            sender: transaction.from,
            to: transaction.to,
            nonce: transaction.nonce,
            gas_limit: transaction.gas,
            fee: if is_set_code {
                proz_host::Fee::Dynamic {
                    max_fee: price,
                    max_priority_fee: 0,
                }
            } else {
                proz_host::Fee::Legacy { gas_price: price }
            },
            value: transaction.value,
            input: transaction.input.clone(),
            chain_id: Some(crate::schedule::CHAIN_ID),
            authorizations: is_set_code.then(|| {
                transaction
                    .authorizations
                    .iter()
                    .map(authorization)
                    .collect()
            }),
            ..Self::default()
        }
    }
}
