//! The lines around a call tree: outcome, gas and the logs that stand.

use serde::Serialize;

use super::node::{CallNode, CallStatus, LogNode};
use super::style::{Ink, Style};
use super::tree::{ending_detail, render_log};
use crate::book::AbiBook;

/// The gas of one transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct GasReport {
    /// What the transaction might have used.
    pub gas_limit: u64,
    /// What it is charged for, refunds taken off.
    pub gas_used: u64,
    /// What was taken off.
    pub gas_refunded: u64,
    /// What was charged before the first instruction; none for a bare call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intrinsic_gas: Option<u64>,
}

/// Renders the outcome of the outermost frame on one line: `reverted: panic 0x01: assertion failed`.
#[must_use]
pub fn render_outcome(call: &CallNode, book: &AbiBook, style: Style) -> String {
    let (ink, word) = match call.status {
        CallStatus::Success => (Ink::Good, "success"),
        CallStatus::Revert => (Ink::Bad, "reverted"),
        CallStatus::Halt(_) => (Ink::Bad, "halted"),
    };
    let word = style.paint(ink, word);
    let detail = ending_detail(call, book, style);
    if detail.is_empty() {
        format!("{word}\n")
    } else {
        format!("{word}: {detail}\n")
    }
}

/// Renders gas on one line: `gas used 51234 of 1000000 (intrinsic 21000, refunded 4800)`.
#[must_use]
pub fn render_gas(gas: &GasReport, style: Style) -> String {
    let mut details = Vec::new();
    if let Some(intrinsic) = gas.intrinsic_gas {
        details.push(format!("intrinsic {intrinsic}"));
    }
    if gas.gas_refunded > 0 {
        details.push(format!("refunded {}", gas.gas_refunded));
    }
    let details = if details.is_empty() {
        String::new()
    } else {
        format!(" ({})", details.join(", "))
    };
    let details = style.paint(Ink::Faint, &details);
    format!("gas used {} of {}{details}\n", gas.gas_used, gas.gas_limit)
}

/// Renders logs in order, each with the account that emitted it.
#[must_use]
pub fn render_logs(logs: &[LogNode], book: &AbiBook, style: Style) -> String {
    let mut text = String::new();
    for (index, log) in logs.iter().enumerate() {
        let address = style.presentation(book).address(log.address);
        let address = style.paint(Ink::Faint, &address);
        text.push_str(&format!(
            "{index}: {} by {address}\n",
            render_log(log, book, style)
        ));
    }
    text
}
