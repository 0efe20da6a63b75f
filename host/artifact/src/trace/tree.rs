//! Draws a call tree, one line for each frame, log and ending.

use alloy_primitives::{U256, hex};

use super::node::{CallKind, CallNode, CallStatus, LogNode, Step};
use super::style::{Ink, Style};
use crate::book::AbiBook;
use crate::presentation::{Presentation, clean};
use crate::value::render_all;

/// Draws a call tree.
///
/// ```text
/// [51234 evm] Token::transfer(to: 0x00…aa, amount: 5)
/// ├─ emit Transfer(from: 0x00…01, to: 0x00…aa, amount: 5)
/// └─ ← [return] true
/// ```
#[must_use]
pub fn render_calls(call: &CallNode, book: &AbiBook, style: Style) -> String {
    let mut drawing = Drawing {
        book,
        style,
        how: style.presentation(book),
        text: String::new(),
    };
    drawing.frame(call, "", "", 0);
    drawing.text
}

struct Drawing<'a> {
    book: &'a AbiBook,
    style: Style,
    how: Presentation<'a>,
    text: String,
}

impl Drawing<'_> {
    /// Draws a frame: its head after `branch`, what is in it after `trunk`.
    fn frame(&mut self, call: &CallNode, branch: &str, trunk: &str, depth: usize) {
        let head = self.head(call);
        self.line(branch, &head);
        if self.style.deepest.is_some_and(|deepest| depth >= deepest)
            && call.children().next().is_some()
        {
            let hidden = format!("… {} nested frame(s) not shown", count(call));
            let hidden = self.style.paint(Ink::Faint, &hidden);
            self.line(&format!("{trunk}├─ "), &hidden);
        } else {
            for step in &call.steps {
                match step {
                    Step::Call(inner) => {
                        let (branch, trunk) = (format!("{trunk}├─ "), format!("{trunk}│  "));
                        self.frame(inner, &branch, &trunk, depth + 1);
                    }
                    Step::Log(log) => {
                        let log = render_log(log, self.book, self.style);
                        self.line(&format!("{trunk}├─ "), &log);
                    }
                }
            }
        }
        let ending = render_ending(call, self.book, self.style);
        self.line(&format!("{trunk}└─ "), &ending);
    }

    fn line(&mut self, branch: &str, content: &str) {
        self.text.push_str(branch);
        self.text.push_str(content);
        self.text.push('\n');
    }

    fn head(&self, call: &CallNode) -> String {
        let vm = if call.vm.is_empty() {
            String::new()
        } else {
            format!(" {}", clean(&call.vm))
        };
        let gas = format!("[{}{vm}]", call.gas_used);
        let gas = self.style.paint(Ink::Faint, &gas);
        let ink = match call.status {
            CallStatus::Success => Ink::Good,
            CallStatus::Revert | CallStatus::Halt(_) => Ink::Bad,
        };
        let value = if call.value == U256::ZERO {
            String::new()
        } else {
            format!("{{value: {}}}", self.how.integer(call.value))
        };
        if call.kind.is_creation() {
            let name = self
                .book
                .name(call.to)
                .map_or("(unnamed)".to_owned(), clean);
            let kind = if call.kind == CallKind::Create2 {
                " [create2]"
            } else {
                ""
            };
            let name = self.style.paint(ink, &format!("new {name}"));
            return format!("{gas} → {name}@{}{value}{kind}", call.to);
        }
        let kind = match call.kind {
            CallKind::Call => String::new(),
            kind => format!(" [{kind}]"),
        };
        let (function, arguments) = self.function(call);
        format!(
            "{gas} {}{value}{arguments}{kind}",
            self.style.paint(ink, &function)
        )
    }

    /// What was called, and with what.
    fn function(&self, call: &CallNode) -> (String, String) {
        if let Some(name) = &call.name {
            return (clean(name), format!("({})", self.how.bytes(&call.input)));
        }
        let account = self
            .book
            .name(call.to)
            .map_or_else(|| call.to.to_string(), clean);
        if call.vm.is_empty() {
            let input = if call.input.is_empty() {
                String::new()
            } else {
                self.how.bytes(&call.input)
            };
            return (account, format!("({input})"));
        }
        if let Some(decoded) = self.book.decode_call(call.to, &call.input) {
            let arguments = render_all(&decoded.arguments, &self.how);
            return (
                format!("{account}::{}", decoded.name),
                format!("({arguments})"),
            );
        }
        match call.input.split_first_chunk::<4>() {
            Some((selector, rest)) => {
                let rest = if rest.is_empty() {
                    String::new()
                } else {
                    self.how.bytes(rest)
                };
                (
                    format!("{account}::{}", hex::encode_prefixed(selector)),
                    format!("({rest})"),
                )
            }
            None if call.input.is_empty() => (format!("{account}::receive"), "()".to_owned()),
            None => (
                format!("{account}::fallback"),
                format!("({})", self.how.bytes(&call.input)),
            ),
        }
    }
}

/// Renders one log: `emit Transfer(from: …)`, or its topics and data when no event fits.
pub(super) fn render_log(log: &LogNode, book: &AbiBook, style: Style) -> String {
    let how = style.presentation(book);
    let emit = style.paint(Ink::Event, "emit");
    if let Some(decoded) = book.decode_log(log.address, &log.topics, &log.data) {
        let name = style.paint(Ink::Event, &decoded.name);
        return format!("{emit} {name}({})", render_all(&decoded.parameters, &how));
    }
    let topics: Vec<_> = log.topics.iter().map(ToString::to_string).collect();
    format!(
        "{emit} log(topics: [{}], data: {})",
        topics.join(", "),
        how.bytes(&log.data)
    )
}

/// Renders how a frame ended: `← [return] true`.
fn render_ending(call: &CallNode, book: &AbiBook, style: Style) -> String {
    let (ink, word) = match call.status {
        CallStatus::Success if call.output.is_empty() && !call.kind.is_creation() => {
            (Ink::Good, "[stop]")
        }
        CallStatus::Success => (Ink::Good, "[return]"),
        CallStatus::Revert => (Ink::Bad, "[revert]"),
        CallStatus::Halt(_) => (Ink::Bad, "[halt]"),
    };
    let detail = ending_detail(call, book, style);
    format!("← {} {detail}", style.paint(ink, word))
        .trim_end()
        .to_owned()
}

/// What a frame ended with: its values, its reason, or nothing.
pub(super) fn ending_detail(call: &CallNode, book: &AbiBook, style: Style) -> String {
    let how = style.presentation(book);
    match &call.status {
        CallStatus::Success if call.kind.is_creation() => {
            format!("{} bytes of code", call.output.len())
        }
        CallStatus::Success if call.output.is_empty() => String::new(),
        CallStatus::Success => match book.decode_output(call.to, &call.input, &call.output) {
            Some(values) if !values.is_empty() => render_all(&values, &how),
            _ => how.bytes(&call.output),
        },
        CallStatus::Revert => book.decode_revert(call.to, &call.output).render(&how),
        CallStatus::Halt(reason) => clean(reason),
    }
}

/// How many frames are nested in this one.
fn count(call: &CallNode) -> usize {
    call.children().map(|child| 1 + count(child)).sum()
}
