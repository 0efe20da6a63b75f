//! Call trees, events, state changes and gas, as text in the manner of `cast run` and as JSON.
//!
//! The nodes are plain data that any host can fill in; an [`AbiBook`](crate::AbiBook) turns bytes
//! into names. Nothing is looked up anywhere else and nothing is printed: functions return text.

mod changes;
mod json;
mod node;
mod report;
mod style;
mod tree;

pub use changes::{AccountChange, Change, render_changes};
pub use json::{CallView, ChangeView, LogView, StatusView, StepView};
pub use node::{CallKind, CallNode, CallStatus, LogNode, Step};
pub use report::{GasReport, render_gas, render_logs, render_outcome};
pub use style::Style;
pub use tree::render_calls;
