//! `proz run`: runs code, or calls a contract of the state.

use super::validate::explain;
use crate::{
    args::{Common, RunArgs, Sending},
    error::{CliError, Outcome},
    render::{Report, exit_code},
    session::Session,
    target,
    tracers::{
        Prestate, TraceFormat, call_tracer, eip3155, eip3155_summary,
        metrics::{self, CallbackCounts, Metrics},
        struct_log_trace, struct_logs,
    },
};
use alloy_primitives::{Address, Bytes};
use proz_host::{
    ExecutionResult, Mode, Revision, TRANSACTION_GAS_CAP, TransactOptions, Transaction,
    inspection::{CallTree, CallTreeInspector, Inspector},
};
use proz_state::{StateDb as _, StateDbMut as _};
use std::{cell::RefCell, rc::Rc};

pub(crate) fn run(common: &Common, args: &RunArgs) -> Outcome {
    let mut session = Session::open(common, &args.world)?;
    let target = target::find(&session, args)?;
    if let Some(code) = &target.code {
        session.state.set_code(target.address, code.clone());
    }
    let input = target::input(&session, args, target.abi.as_ref())?;
    let mut book = session.book(&args.abi)?;
    if let (Some(_), Some(abi)) = (&target.code, &target.abi) {
        book.add(target.address, "code", Some(abi.clone()));
    }
    let transaction = transaction(&args.sending, Some(target.address), input.data);
    if args.write {
        warn_of_gas(&session, transaction.gas_limit);
    }
    let metrics = args
        .metrics
        .then(|| Metrics::enable(session.host.factory()));
    let watched = watch(&session, &transaction, args.trace_format)?;
    // Written before anything is printed: a reader of the output may be gone.
    if args.write {
        session.state.apply(&watched.result.state_changes)?;
        session.save()?;
    }
    let counted = metrics.map(|metrics| (metrics.take(), watched.callbacks));
    if let Some(trace) = watched.trace {
        outln!("{trace}");
        if let Some((instructions, callbacks)) = &counted {
            eprintln!("{}", metrics::json(instructions, callbacks));
        }
        return Ok(exit_code(&watched.result));
    }
    let report = Report {
        result: &watched.result,
        gas_limit: transaction.gas_limit,
        calls: &watched.calls,
        function: input.function.as_ref(),
        book: &book,
        shows_calls: args.trace || args.trace_format == Some(TraceFormat::Tree),
        codes: &session.state,
        metrics: counted.as_ref().map(|(i, c)| (i, c)),
    };
    let printed = report.print(common);
    // Of an account of the state, the code is there.
    let account = session.state.account(&target.address)?;
    let stored = account.and_then(|account| session.state.get_code(&account.code_hash));
    if let Some(code) = target.code.as_ref().or(stored) {
        explain(&session, watched.result.status.0, code);
    }
    printed
}

/// What came of an execution, and what was seen of it.
struct Watched {
    result: ExecutionResult,
    calls: CallTree,
    callbacks: CallbackCounts,
    /// The trace, or what of it has not been printed yet; none for a format of the report.
    trace: Option<String>,
}

fn watch(
    session: &Session,
    transaction: &Transaction,
    format: Option<TraceFormat>,
) -> Result<Watched, CliError> {
    let counts = CallbackCounts::default;
    let (result, calls, callbacks, trace) = match format {
        None | Some(TraceFormat::Tree) => {
            let (result, calls, callbacks) = execute_with(session, transaction, counts())?;
            (result, calls, callbacks, None)
        }
        Some(TraceFormat::Eip3155) => {
            let tracer = eip3155(|line| outln!("{line}"));
            let (result, calls, (callbacks, _)) =
                execute_with(session, transaction, (counts(), tracer))?;
            let last = eip3155_summary(&result);
            (result, calls, callbacks, Some(last))
        }
        Some(TraceFormat::Structlog) => {
            let logs = Rc::new(RefCell::new(Vec::new()));
            let sink = Rc::clone(&logs);
            let tracer = struct_logs(move |log| sink.borrow_mut().push(log));
            let (result, calls, (callbacks, _)) =
                execute_with(session, transaction, (counts(), tracer))?;
            let trace = struct_log_trace(&result, logs.take());
            (result, calls, callbacks, Some(trace.to_string()))
        }
        Some(TraceFormat::Calltracer) => {
            let (result, calls, callbacks) = execute_with(session, transaction, counts())?;
            let trace = call_tracer(&calls, &result, transaction.gas_limit);
            (result, calls, callbacks, Some(trace.to_string()))
        }
        Some(TraceFormat::Prestate) => {
            let watched = execute_with(session, transaction, (counts(), Prestate::default()))?;
            let (result, calls, (callbacks, prestate)) = watched;
            let trace = prestate.trace(&session.state)?;
            (result, calls, callbacks, Some(trace.to_string()))
        }
    };
    Ok(Watched {
        result,
        calls,
        callbacks,
        trace,
    })
}

/// Warns on stderr of a gas limit that no transaction of the block may have. Spec: EIP-7825.
pub(crate) fn warn_of_gas(session: &Session, gas_limit: u64) {
    let revision = session.host.rules(&session.block).revision;
    if revision.enables(Revision::Osaka) && gas_limit > TRANSACTION_GAS_CAP {
        eprintln!(
            "warning: no transaction under {revision} may have more than {TRANSACTION_GAS_CAP} gas \
             (EIP-7825), this one has {gas_limit}: a chain would refuse it"
        );
    }
}

/// The transaction that a command sends: free of fees, any nonce.
pub(crate) fn transaction(sending: &Sending, to: Option<Address>, input: Bytes) -> Transaction {
    Transaction {
        sender: sending.sender,
        to,
        gas_limit: sending.gas,
        value: sending.value,
        input,
        ..Transaction::default()
    }
}

/// Executes and keeps the tree of calls; the session's state is left as it was.
pub(crate) fn execute(
    session: &Session,
    transaction: &Transaction,
) -> Result<(ExecutionResult, CallTree), CliError> {
    let (result, calls, ()) = execute_with(session, transaction, ())?;
    Ok((result, calls))
}

/// As [`execute`], with somebody else watching too.
fn execute_with<I: Inspector + 'static>(
    session: &Session,
    transaction: &Transaction,
    inspector: I,
) -> Result<(ExecutionResult, CallTree, I), CliError> {
    if transaction.value > session.balance(&transaction.sender)? {
        return Err(CliError::new(format!(
            "sender {} has less than the {} wei to send",
            transaction.sender, transaction.value
        ))
        .hint("give it a balance in the state file, or leave --sender out"));
    }
    let inspector = RefCell::new((CallTreeInspector::new(), inspector));
    let options = TransactOptions {
        inspector: Some(&inspector),
        mode: Mode::Simulation,
        ..TransactOptions::default()
    };
    let result = session
        .host
        .execute(&session.block, &session.state, transaction, options)?;
    let (calls, inspector) = inspector.into_inner();
    let tree = calls.into_tree().ok_or_else(|| {
        CliError::new(format!(
            "the gas limit of {} does not cover the transaction itself",
            transaction.gas_limit
        ))
    })?;
    Ok((result, tree, inspector))
}
