//! `run`: a function to its end, profiled or traced if asked.

use crate::{
    args::RunArgs,
    contract::{Report, World, read_call},
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
    match &args.target.function {
        Some(name) => {
            let call = PlainCall::new(&loaded, name, &args.target)?;
            run_plain(json, args, &loaded, &call)
        }
        None => run_contract(json, args, &loaded),
    }
}

fn run_contract(json: bool, args: &RunArgs, loaded: &Loaded) -> Outcome {
    let call = read_call(loaded, &args.target)?;
    let mut world = World::new(loaded, &args.target.world)?;
    let before = world.state().clone();
    let mut watch = Watch::new(loaded, args.trace.then_some(form(json)));
    let is_watched = args.profile || args.trace;
    let result = if is_watched {
        world.send(&call, Some(&mut watch))?
    } else {
        world.send(&call, None)?
    };
    let report = Report {
        call: &call,
        result: &result,
        before: &before,
        world: &world,
    };
    let profile = args.profile.then_some(&watch.profile);
    if json {
        let mut value = report.data();
        if let Some(profile) = profile {
            let prices = world.prices();
            value["profile"] = profile::data(loaded, profile);
            value["profile"]["units_per_gas"] = prices.units_per_gas.into();
            let bytes = loaded.program().encoded_size() as u64;
            value["profile"]["entry_gas"] = prices.enter.into();
            value["profile"]["preparation_gas"] = prices.preparation(bytes).into();
        }
        outln!("{value}");
    } else {
        out!("{}", report.text());
        if let Some(profile) = profile {
            out!("\n{}", profile::text(loaded, profile));
            let prices = world.prices();
            outln!(
                "in units, of which {} are one gas; entering the contract took {} gas more, preparing it {}",
                prices.units_per_gas,
                prices.enter,
                prices.preparation(loaded.program().encoded_size() as u64)
            );
        }
    }
    Ok(if result.status.is_success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAILED)
    })
}

const fn form(json: bool) -> TraceForm {
    if json {
        TraceForm::Json
    } else {
        TraceForm::Text
    }
}

fn run_plain(json: bool, args: &RunArgs, loaded: &Loaded, call: &PlainCall) -> Outcome {
    let unfit = |error| ToolError::because("the call does not fit the program", error);
    let mut syscalls = PlainSyscalls::default();
    let (result, profile) = if args.profile || args.trace {
        let mut watch = Watch::new(loaded, args.trace.then_some(form(json)));
        let mut run = Reference::new(&loaded.verified, &call.call()).map_err(unfit)?;
        let result = watch.drive(&mut run, &mut syscalls);
        (result, args.profile.then_some(watch.profile))
    } else {
        let engine = Engine::new(Arc::clone(&loaded.verified));
        engine.translate();
        engine.fuse();
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
