//! The nodes of a call tree.

use std::fmt;

use alloy_primitives::{Address, B256, Bytes, U256};
use serde::Serialize;

/// How a frame was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum CallKind {
    /// An ordinary call or transaction.
    Call,
    /// A call that may not change state.
    StaticCall,
    /// A call of foreign code on the caller's own account, sender and value kept.
    DelegateCall,
    /// A call of foreign code on the caller's own account.
    CallCode,
    /// A creation at an address derived from the nonce.
    Create,
    /// A creation at an address derived from salt and init code.
    Create2,
}

impl CallKind {
    /// Whether the frame runs init code.
    #[must_use]
    pub fn is_creation(self) -> bool {
        matches!(self, Self::Create | Self::Create2)
    }
}

impl fmt::Display for CallKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Call => "call",
            Self::StaticCall => "staticcall",
            Self::DelegateCall => "delegatecall",
            Self::CallCode => "callcode",
            Self::Create => "create",
            Self::Create2 => "create2",
        })
    }
}

/// How a frame ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallStatus {
    /// It returned or stopped; its effects stand if its callers' do.
    Success,
    /// It undid its effects and gave back its gas.
    Revert,
    /// It broke a rule, named here, and lost its gas.
    Halt(String),
}

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallNode {
    /// How it was entered.
    pub kind: CallKind,
    /// What ran it, such as `evm` or `wasm 1.2.0`; empty when the account has no code.
    pub vm: String,
    /// The account that called.
    pub from: Address,
    /// The account whose code ran; for a creation the account created.
    pub to: Address,
    /// A name that beats the book's, such as that of a precompile.
    pub name: Option<String>,
    /// The amount transferred, in wei.
    pub value: U256,
    /// The gas given to the frame.
    pub gas_limit: u64,
    /// The gas that the frame consumed, nested frames included, before refunds.
    pub gas_used: u64,
    /// How it ended.
    pub status: CallStatus,
    /// The call data; for a creation the init code.
    pub input: Bytes,
    /// What it returned or reverted with; for a creation that succeeded the code it left.
    pub output: Bytes,
    /// What happened in it, in order.
    pub steps: Vec<Step>,
}

/// Something that happened in a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A nested frame.
    Call(CallNode),
    /// A log.
    Log(LogNode),
}

/// One log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogNode {
    /// The account that emitted it.
    pub address: Address,
    /// Its topics, at most four.
    pub topics: Vec<B256>,
    /// Its data.
    pub data: Bytes,
}

impl CallNode {
    /// Visits the frames nested directly in this one, in order.
    pub fn children(&self) -> impl Iterator<Item = &CallNode> {
        self.steps.iter().filter_map(|step| match step {
            Step::Call(call) => Some(call),
            Step::Log(_) => None,
        })
    }

    /// Visits the logs of this frame itself, in order.
    pub fn logs(&self) -> impl Iterator<Item = &LogNode> {
        self.steps.iter().filter_map(|step| match step {
            Step::Log(log) => Some(log),
            Step::Call(_) => None,
        })
    }
}
