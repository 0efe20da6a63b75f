//! `proz estimate`: finds the gas limit that a call or a deployment needs.

use super::{deploy::init_code, run::transaction};
use crate::{
    args::{Common, EstimateArgs},
    error::{FAILED, Outcome},
    session::Session,
    target,
};
use proz_artifact::Presentation;
use proz_host::EstimateError;
use std::process::ExitCode;

pub(crate) fn run(common: &Common, args: &EstimateArgs) -> Outcome {
    let run = &args.run;
    let mut session = Session::open(common, &run.world)?;
    let mut book = session.book(&run.abi)?;
    let transaction = if args.create {
        let contract = target::read_with_abi(&run.target, &run.reading, run.abi.first())?;
        let arguments = target::resolve(&session, run.sending.sender, &run.call)?;
        let code = init_code(&contract, &arguments, &run.reading)?;
        if let Some(abi) = contract.abi {
            book.add_anywhere(abi);
        }
        transaction(&run.sending, None, code)
    } else {
        let target = target::find(&session, run)?;
        if let Some(code) = target.code {
            session.state.set_code(target.address, code);
        }
        let input = target::input(&session, run, target.abi.as_ref())?;
        if let Some(abi) = target.abi {
            book.add(target.address, "target", Some(abi));
        }
        transaction(&run.sending, Some(target.address), input.data)
    };
    let estimate = session
        .host
        .estimate_gas(&session.block, &session.state, &transaction);
    match estimate {
        Ok(estimate) if common.json => {
            let (gas, executions) = (estimate.gas, estimate.executions);
            outln!(
                "{}",
                serde_json::json!({ "gas": gas, "executions": executions })
            );
            Ok(ExitCode::SUCCESS)
        }
        Ok(estimate) => {
            outln!("{}", estimate.gas);
            eprintln!("found in {} executions", estimate.executions);
            Ok(ExitCode::SUCCESS)
        }
        Err(EstimateError::Reverted { data }) => {
            let to = transaction.to.unwrap_or_default();
            let reason = book.decode_revert(to, &data);
            if common.json {
                let json =
                    serde_json::json!({ "error": "reverted", "data": data, "reason": reason });
                outln!("{json}");
            } else {
                let presentation = Presentation {
                    magnitudes: true,
                    longest_bytes: None,
                    book: Some(&book),
                    names_only: false,
                };
                eprintln!("reverted: {}", reason.render(&presentation));
            }
            Ok(ExitCode::from(FAILED))
        }
        Err(EstimateError::Execution(error)) => Err(error.into()),
        Err(error) => {
            if common.json {
                outln!("{}", serde_json::json!({ "error": error.to_string() }));
            } else {
                eprintln!("{error}");
            }
            Ok(ExitCode::from(FAILED))
        }
    }
}
