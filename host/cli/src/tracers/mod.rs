//! Traces in the formats that other tools read.
//!
//! Steps come from VMs that report them; frames, storage and logs from the host, so that calls
//! between VMs stand in every format.

mod call_tracer;
mod eip3155;
pub(crate) mod metrics;
mod prestate;
mod steps;
mod struct_log;

pub(crate) use call_tracer::call_tracer;
pub(crate) use eip3155::{eip3155, eip3155_summary};
pub(crate) use prestate::Prestate;
pub(crate) use struct_log::{struct_log_trace, struct_logs};

use alloy_primitives::U256;

/// How a trace is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum TraceFormat {
    /// Tree of calls, for people; part of the report.
    Tree,
    /// A line of JSON for each instruction, and a last one with the result (EIP-3155).
    Eip3155,
    /// One object with all instructions, as geth's default tracer gives it.
    Structlog,
    /// Nested calls, as geth's `callTracer` gives them.
    Calltracer,
    /// What the transaction looked at, as it was before, as geth's `prestateTracer` gives it.
    Prestate,
}

/// A number as JSON-RPC writes it.
fn quantity(number: u64) -> String {
    format!("{number:#x}")
}

/// A word as tracers write it on the stack: without leading zeros.
fn word(word: U256) -> String {
    format!("{word:#x}")
}
