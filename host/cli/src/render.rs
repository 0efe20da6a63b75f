//! Results as text and as JSON.

use crate::{
    args::Common,
    error::{CliError, FAILED},
    tracers::metrics::{self, CallbackCounts},
};
use alloy_json_abi::Function;
use alloy_primitives::{Address, Bytes, KECCAK256_EMPTY, U256};
use proz_artifact::{
    AbiBook, NamedValue, Presentation, RevertReason, decode_output,
    trace::{
        AccountChange, CallKind, CallNode, CallStatus, CallView, Change, ChangeView, GasReport,
        LogNode, LogView, Step, Style, render_calls, render_changes, render_gas, render_logs,
        render_outcome,
    },
};
use proz_host::{ExecutionResult, MessageKind, OpcodeCount, StatusCode, inspection::CallTree};
use proz_state::{StateChanges, StateDb};
use std::{collections::BTreeMap, env, io::IsTerminal as _, process::ExitCode};

/// A finished execution, ready to be shown.
pub(crate) struct Report<'a> {
    pub(crate) result: &'a ExecutionResult,
    pub(crate) gas_limit: u64,
    pub(crate) calls: &'a CallTree,
    pub(crate) function: Option<&'a Function>,
    pub(crate) book: &'a AbiBook,
    pub(crate) shows_calls: bool,
    /// Where code is found by its hash, for its size.
    pub(crate) codes: &'a dyn StateDb,
    /// Counts of instructions and of callbacks, where they are asked for.
    pub(crate) metrics: Option<(&'a BTreeMap<String, Vec<OpcodeCount>>, &'a CallbackCounts)>,
}

/// 0 for success, 1 for whatever else an execution ends with.
pub(crate) fn exit_code(result: &ExecutionResult) -> ExitCode {
    if result.is_success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAILED)
    }
}

impl Report<'_> {
    /// Prints the report and gives the exit code.
    pub(crate) fn print(&self, common: &Common) -> Result<ExitCode, CliError> {
        if common.json {
            self.print_json()?;
        } else {
            self.print_text(style(common))?;
        }
        Ok(exit_code(self.result))
    }

    fn print_text(&self, style: Style) -> Result<(), CliError> {
        let root = node(self.calls);
        if self.shows_calls {
            out!("{}", render_calls(&root, self.book, style));
        }
        out!("{}", render_outcome(&root, self.book, style));
        if let Some(address) = self.result.created {
            outln!("created {address}");
        }
        let presentation = Presentation {
            magnitudes: true,
            longest_bytes: None,
            book: Some(self.book),
            names_only: false,
        };
        match self.returned() {
            Some(values) => {
                for value in values {
                    outln!("returned {}", value.render(&presentation));
                }
            }
            None if self.result.created.is_none() && !self.result.return_data.is_empty() => {
                outln!("returned {}", self.result.return_data);
            }
            None => {}
        }
        out!("{}", render_gas(&self.gas(), style));
        let logs = logs(self.result);
        if !logs.is_empty() {
            outln!("events");
            out!("{}", indent(&render_logs(&logs, self.book, style)));
        }
        let changes = changes(&self.result.state_changes, self.codes)?;
        if !changes.is_empty() {
            outln!("state changes");
            out!("{}", indent(&render_changes(&changes, self.book, style)));
        }
        if let Some((instructions, callbacks)) = self.metrics {
            metrics::print(instructions, callbacks);
        }
        Ok(())
    }

    fn print_json(&self) -> Result<(), CliError> {
        #[derive(serde::Serialize)]
        struct Json<'a> {
            status: String,
            success: bool,
            gas: GasReport,
            return_data: &'a Bytes,
            #[serde(skip_serializing_if = "Option::is_none")]
            returned: Option<Vec<NamedValue>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            reason: Option<RevertReason>,
            #[serde(skip_serializing_if = "Option::is_none")]
            created: Option<Address>,
            events: Vec<LogView>,
            state_changes: BTreeMap<Address, ChangeView>,
            #[serde(skip_serializing_if = "Option::is_none")]
            calls: Option<CallView>,
            #[serde(skip_serializing_if = "Option::is_none")]
            metrics: Option<serde_json::Value>,
        }
        let result = self.result;
        let root = node(self.calls);
        let changes = changes(&result.state_changes, self.codes)?;
        let json = Json {
            status: result.status.to_string(),
            success: result.is_success(),
            gas: self.gas(),
            return_data: &result.return_data,
            returned: self.returned(),
            reason: result
                .status
                .0
                .is_revert()
                .then(|| self.book.decode_revert(root.to, &result.return_data)),
            created: result.created,
            events: logs(result)
                .iter()
                .map(|log| LogView::new(log, self.book))
                .collect(),
            state_changes: ChangeView::all(&changes, self.book),
            calls: self.shows_calls.then(|| CallView::new(&root, self.book)),
            metrics: self.metrics.map(|(i, c)| metrics::json(i, c)),
        };
        outln!("{}", serde_json::to_string_pretty(&json)?);
        Ok(())
    }

    fn returned(&self) -> Option<Vec<NamedValue>> {
        let function = self.function.filter(|_| self.result.is_success())?;
        let values = decode_output(function, &self.result.return_data).ok()?;
        (!values.is_empty()).then_some(values)
    }

    fn gas(&self) -> GasReport {
        GasReport {
            gas_limit: self.gas_limit,
            gas_used: self.result.gas_used,
            gas_refunded: self.result.gas_refunded,
            intrinsic_gas: self.gas_limit.checked_sub(self.calls.gas_limit),
        }
    }
}

/// How text looks on this terminal.
pub(crate) fn style(common: &Common) -> Style {
    Style {
        colour: !common.no_color
            && env::var_os("NO_COLOR").is_none()
            && std::io::stdout().is_terminal(),
        ..Style::default()
    }
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

fn logs(result: &ExecutionResult) -> Vec<LogNode> {
    if !result.is_success() {
        return Vec::new();
    }
    result
        .events()
        .iter()
        .map(|log| LogNode {
            address: log.address,
            topics: log.topics.to_vec(),
            data: Bytes::copy_from_slice(log.data),
        })
        .collect()
}

/// A call tree as the renderer takes it.
pub(crate) fn node(tree: &CallTree) -> CallNode {
    let mut logs = tree.logs.iter().peekable();
    let mut steps = Vec::new();
    for (index, call) in tree.calls.iter().enumerate() {
        while let Some(log) = logs.next_if(|log| log.position <= index) {
            steps.push(Step::Log(log_node(log)));
        }
        steps.push(Step::Call(node(call)));
    }
    steps.extend(logs.map(|log| Step::Log(log_node(log))));
    let is_precompile = !tree.code.is_empty() && !tree.code.contains('@');
    CallNode {
        kind: kind(tree.kind),
        vm: if is_precompile {
            "precompile".to_owned()
        } else {
            tree.code.clone()
        },
        from: tree.sender,
        to: if tree.kind.is_create() {
            tree.recipient
        } else {
            tree.code_address
        },
        name: is_precompile.then(|| tree.code.clone()),
        value: tree.value,
        gas_limit: tree.gas_limit,
        gas_used: tree.gas_used,
        status: match tree.status {
            StatusCode::SUCCESS => CallStatus::Success,
            StatusCode::REVERT => CallStatus::Revert,
            other => CallStatus::Halt(other.to_string()),
        },
        input: tree.input.clone(),
        output: tree.output.clone(),
        steps,
    }
}

fn log_node(log: &proz_host::inspection::CallLog) -> LogNode {
    LogNode {
        address: log.address,
        topics: log.topics.clone(),
        data: log.data.clone(),
    }
}

fn kind(kind: MessageKind) -> CallKind {
    match kind {
        MessageKind::STATIC_CALL => CallKind::StaticCall,
        MessageKind::DELEGATE_CALL => CallKind::DelegateCall,
        MessageKind::CALL_CODE => CallKind::CallCode,
        MessageKind::CREATE => CallKind::Create,
        MessageKind::CREATE2 => CallKind::Create2,
        _ => CallKind::Call,
    }
}

fn changes(
    changes: &StateChanges,
    codes: &dyn StateDb,
) -> Result<BTreeMap<Address, AccountChange>, CliError> {
    let mut all = BTreeMap::new();
    for (account, slots) in changes.iter() {
        let old = account.before.as_ref();
        let new = account.after.as_ref();
        let number = |info: Option<&proz_state::AccountInfo>| {
            info.map_or((U256::ZERO, 0, KECCAK256_EMPTY), |info| {
                (info.balance, info.nonce, info.code_hash)
            })
        };
        let (old_balance, old_nonce, old_code) = number(old);
        let (new_balance, new_nonce, new_code) = number(new);
        let code_size_bytes = if old_code == new_code {
            None
        } else {
            let size = |hash| -> Result<u64, CliError> {
                if hash == KECCAK256_EMPTY {
                    return Ok(0);
                }
                Ok(codes.code(&hash)?.len() as u64)
            };
            Some(Change {
                before: size(old_code)?,
                after: account.code.as_ref().map_or(0, |code| code.len() as u64),
            })
        };
        let change = AccountChange {
            is_created: old.is_none() && new.is_some(),
            is_destroyed: account.is_deleted(),
            balance: changed(old_balance, new_balance),
            nonce: changed(old_nonce, new_nonce),
            code_size_bytes,
            storage: slots
                .iter()
                .map(|slot| {
                    let change = Change {
                        before: slot.before,
                        after: slot.after,
                    };
                    (slot.key, change)
                })
                .collect(),
        };
        all.insert(account.address, change);
    }
    Ok(all)
}

fn changed<T: PartialEq>(before: T, after: T) -> Option<Change<T>> {
    (before != after).then_some(Change { before, after })
}
