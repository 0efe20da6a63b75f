//! `proz run`: runs code, or calls a contract of the state.

use crate::{
    args::{Common, RunArgs, Sending},
    error::{CliError, Outcome},
    render::Report,
    session::Session,
    target,
};
use alloy_primitives::{Address, Bytes};
use proz_host::{
    ExecutionResult, Mode, TransactOptions, Transaction,
    inspection::{CallTree, CallTreeInspector},
};
use proz_state::StateDbMut as _;
use std::cell::RefCell;

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
    let (result, calls) = execute(&session, &transaction)?;
    // Written before anything is printed: a reader of the output may be gone.
    if args.write {
        session.state.apply(&result.state_changes)?;
        session.save()?;
    }
    Report {
        result: &result,
        gas_limit: transaction.gas_limit,
        calls: &calls,
        function: input.function.as_ref(),
        book: &book,
        shows_calls: args.trace,
        codes: &session.state,
    }
    .print(common)
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
    if transaction.value > session.balance(&transaction.sender)? {
        return Err(CliError::new(format!(
            "sender {} has less than the {} wei to send",
            transaction.sender, transaction.value
        ))
        .hint("give it a balance in the state file, or leave --sender out"));
    }
    let inspector = RefCell::new(CallTreeInspector::new());
    let options = TransactOptions {
        inspector: Some(&inspector),
        mode: Mode::Simulation,
        ..TransactOptions::default()
    };
    let result = session
        .host
        .execute(&session.block, &session.state, transaction, options)?;
    let tree = inspector.into_inner().into_tree().ok_or_else(|| {
        CliError::new(format!(
            "the gas limit of {} does not cover the transaction itself",
            transaction.gas_limit
        ))
    })?;
    Ok((result, tree))
}
