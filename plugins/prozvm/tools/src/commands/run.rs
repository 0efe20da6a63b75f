//! `run`: a function to its end, profiled or traced if asked.

use crate::{
    args::RunArgs,
    error::{FAILED, Outcome, ToolError},
    plain::{self, PlainCall, PlainSyscalls},
    profile,
    program::{self, Loaded},
    trace::{TraceForm, Watch},
};
use proz_prozvm_core::{Driver as _, Engine, Outcome as Ending, Reference};
use std::{process::ExitCode, sync::Arc};

pub(crate) fn run(json: bool, args: &RunArgs) -> Outcome {
    let loaded = program::load(&args.target.file)?;
    let call = PlainCall::new(&loaded, &args.target.function, &args.target)?;
    run_plain(json, args, &loaded, &call)
}

fn run_plain(json: bool, args: &RunArgs, loaded: &Loaded, call: &PlainCall) -> Outcome {
    let unfit = |error| ToolError::because("the call does not fit the program", error);
    let mut syscalls = PlainSyscalls::default();
    let form = if json {
        TraceForm::Json
    } else {
        TraceForm::Text
    };
    let (result, profile) = if args.profile || args.trace {
        let mut watch = Watch::new(loaded, args.trace.then_some(form));
        let mut run = Reference::new(&loaded.verified, &call.call()).map_err(unfit)?;
        let result = watch.drive(&mut run, &mut syscalls);
        (result, args.profile.then_some(watch.profile))
    } else {
        let engine = Engine::new(Arc::clone(&loaded.verified));
        (
            engine.run(&call.call(), &mut syscalls).map_err(unfit)?,
            None,
        )
    };
    if json {
        let mut value = plain::data(loaded, call, &result);
        if let Some(profile) = &profile {
            value["profile"] = profile::data(loaded, profile);
        }
        outln!("{value}");
    } else {
        out!("{}", plain::text(loaded, call, &result));
        if let Some(profile) = &profile {
            out!("\n{}", profile::text(loaded, profile));
        }
    }
    if let Some(hint) = plain::hint(&result, &syscalls) {
        eprintln!("hint: {hint}");
    }
    Ok(match result.outcome {
        Ending::Finished(_) => ExitCode::SUCCESS,
        _ => ExitCode::from(FAILED),
    })
}
