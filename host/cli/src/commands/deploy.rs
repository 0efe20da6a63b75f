//! `proz deploy`: deploys a contract into the state.

use super::{
    run::{execute, transaction, warn_of_gas},
    validate::explain,
};
use crate::{
    args::{Common, DeployArgs},
    error::Outcome,
    render::Report,
    session::{Named, Session},
    target,
};
use alloy_primitives::Bytes;
use proz_artifact::{Contract, encode_constructor};
use proz_state::StateDbMut as _;

pub(crate) fn run(common: &Common, args: &DeployArgs) -> Outcome {
    let mut session = Session::open(common, &args.world)?;
    let contract = target::read_with_abi(&args.code, &args.reading, args.abi.as_ref())?;
    let arguments = target::resolve(&session, args.sending.sender, &args.args)?;
    let init_code = init_code(&contract, &arguments, &args.reading)?;
    let enclosed = target::enclose(&contract, contract.creation_code()?, &args.reading)?;
    let mut book = session.book(&[])?;
    if let Some(abi) = &contract.abi {
        book.add_anywhere(abi.clone());
    }
    let transaction = transaction(&args.sending, None, init_code);
    warn_of_gas(&session, transaction.gas_limit);
    let (result, calls) = execute(&session, &transaction)?;
    if let (Some(name), Some(address)) = (&args.name, result.created) {
        book.add(address, name, contract.abi.clone());
    }
    // Written before anything is printed: a reader of the output may be gone.
    if let Some(address) = result.created {
        session.state.apply(&result.state_changes)?;
        if let Some(name) = &args.name {
            let named = Named {
                address,
                abi: contract.abi,
            };
            session.names.0.insert(name.clone(), named);
        }
        session.save()?;
    }
    let report = Report {
        result: &result,
        gas_limit: transaction.gas_limit,
        calls: &calls,
        function: None,
        book: &book,
        shows_calls: args.trace,
        codes: &session.state,
        metrics: None,
    };
    let printed = report.print(common);
    explain(&session, result.status.0, &enclosed);
    printed
}

/// Init code: the contract's creation code, in a container where its VM needs one, and the
/// constructor's arguments.
pub(crate) fn init_code(
    contract: &Contract,
    arguments: &[String],
    reading: &crate::args::Reading,
) -> Result<Bytes, crate::error::CliError> {
    let mut code = target::enclose(contract, contract.creation_code()?, reading)?.to_vec();
    let arguments = encode_constructor(contract.abi.as_ref(), arguments).map_err(|error| {
        let error = crate::error::CliError::from(error);
        if contract.abi.is_some() {
            return error;
        }
        error.hint("`--abi FILE` says what the constructor takes")
    })?;
    code.extend(arguments);
    Ok(code.into())
}
