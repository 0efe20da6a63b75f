//! Traces as JSON: the bytes as they are, with what they mean beside them where it is known.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256};
use serde::Serialize;

use super::changes::{AccountChange, Change};
use super::node::{CallKind, CallNode, CallStatus, LogNode, Step};
use crate::book::{AbiBook, DecodedCall, DecodedLog};
use crate::revert::RevertReason;
use crate::value::NamedValue;

/// A frame as JSON; made by [`CallView::new`].
///
/// Nested as deep as the calls were, up to 1,024 frames: readers with a limit on nesting may have
/// to raise it.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct CallView {
    /// How the frame was entered.
    pub kind: CallKind,
    /// What ran it.
    pub vm: String,
    /// The account that called.
    pub from: Address,
    /// The account whose code ran or that was created.
    pub to: Address,
    /// The name of that account, or of the precompile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The amount transferred, in wei, as a decimal string.
    #[serde(serialize_with = "decimal")]
    pub value: U256,
    /// The gas given.
    pub gas_limit: u64,
    /// The gas consumed.
    pub gas_used: u64,
    /// How it ended.
    pub status: StatusView,
    /// The call data or init code.
    pub input: Bytes,
    /// The function and its arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<DecodedCall>,
    /// What it returned.
    pub output: Bytes,
    /// The values that it returned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returned: Option<Vec<NamedValue>>,
    /// Why it reverted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<RevertReason>,
    /// The logs and nested frames, in order.
    pub steps: Vec<StepView>,
}

/// How a frame ended, as JSON: `"success"`, `"revert"` or `{ "halt": "out of gas" }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusView {
    /// It returned or stopped.
    Success,
    /// It undid its effects.
    Revert,
    /// It broke a rule.
    Halt(String),
}

/// A step as JSON: `{ "call": … }` or `{ "log": … }`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepView {
    /// A nested frame.
    Call(Box<CallView>),
    /// A log.
    Log(LogView),
}

/// A log as JSON; made by [`LogView::new`].
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct LogView {
    /// The account that emitted it.
    pub address: Address,
    /// Its topics.
    pub topics: Vec<B256>,
    /// Its data.
    pub data: Bytes,
    /// The event and its parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<DecodedLog>,
}

/// The changes of an account as JSON; made by [`ChangeView::all`].
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ChangeView {
    /// The name of the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it did not exist before.
    pub created: bool,
    /// Whether it is gone.
    pub destroyed: bool,
    /// Its balance in wei, as decimal strings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balance: Option<Change<String>>,
    /// Its nonce.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Change<u64>>,
    /// The size of its code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_size_bytes: Option<Change<u64>>,
    /// Its storage by slot, words of 32 bytes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub storage: BTreeMap<B256, Change<B256>>,
}

impl CallView {
    /// Views a frame and all frames in it.
    #[must_use]
    pub fn new(call: &CallNode, book: &AbiBook) -> Self {
        let is_call = !call.kind.is_creation() && call.name.is_none();
        let is_success = call.status == CallStatus::Success;
        let view = |step: &Step| match step {
            Step::Call(inner) => StepView::Call(Box::new(Self::new(inner, book))),
            Step::Log(log) => StepView::Log(LogView::new(log, book)),
        };
        Self {
            kind: call.kind,
            vm: call.vm.clone(),
            from: call.from,
            to: call.to,
            name: call
                .name
                .clone()
                .or_else(|| book.name(call.to).map(str::to_owned)),
            value: call.value,
            gas_limit: call.gas_limit,
            gas_used: call.gas_used,
            status: match &call.status {
                CallStatus::Success => StatusView::Success,
                CallStatus::Revert => StatusView::Revert,
                CallStatus::Halt(reason) => StatusView::Halt(reason.clone()),
            },
            input: call.input.clone(),
            call: if is_call {
                book.decode_call(call.to, &call.input)
            } else {
                None
            },
            output: call.output.clone(),
            returned: if is_call && is_success {
                book.decode_output(call.to, &call.input, &call.output)
            } else {
                None
            },
            reason: (call.status == CallStatus::Revert)
                .then(|| book.decode_revert(call.to, &call.output)),
            steps: call.steps.iter().map(view).collect(),
        }
    }
}

impl LogView {
    /// Views a log.
    #[must_use]
    pub fn new(log: &LogNode, book: &AbiBook) -> Self {
        Self {
            address: log.address,
            topics: log.topics.clone(),
            data: log.data.clone(),
            event: book.decode_log(log.address, &log.topics, &log.data),
        }
    }
}

impl ChangeView {
    /// Views the changes of all accounts that changed.
    #[must_use]
    pub fn all(
        changes: &BTreeMap<Address, AccountChange>,
        book: &AbiBook,
    ) -> BTreeMap<Address, Self> {
        let changed = changes.iter().filter(|(_, change)| !change.is_empty());
        changed
            .map(|(address, change)| (*address, Self::new(*address, change, book)))
            .collect()
    }

    fn new(address: Address, change: &AccountChange, book: &AbiBook) -> Self {
        let word = |value: U256| B256::from(value);
        Self {
            name: book.name(address).map(str::to_owned),
            created: change.is_created,
            destroyed: change.is_destroyed,
            balance: change.balance.map(|balance| Change {
                before: balance.before.to_string(),
                after: balance.after.to_string(),
            }),
            nonce: change.nonce,
            code_size_bytes: change.code_size_bytes,
            storage: change
                .storage
                .iter()
                .map(|(slot, value)| {
                    (
                        word(*slot),
                        Change {
                            before: word(value.before),
                            after: word(value.after),
                        },
                    )
                })
                .collect(),
        }
    }
}

fn decimal<S: serde::Serializer>(value: &U256, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
