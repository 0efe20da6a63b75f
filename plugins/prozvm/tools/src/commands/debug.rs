//! `debug`: a run under the debugger.

use crate::{
    args::{DebugArgs, WorldArgs},
    contract::{CONTRACT, ContractCall, Report, World, read_call},
    debugger::{Debugger, Key, Storage, Verdict},
    error::{Outcome, ToolError},
    plain::{self, PlainCall, PlainSyscalls},
    program::{self, Loaded},
};
use proz_prozvm_core::{Driver as _, Reference};
use proz_sdk_testing::mock::MockState;
use std::process::ExitCode;

pub(crate) fn run(json: bool, args: &DebugArgs) -> Outcome {
    if json {
        return Err(ToolError::new("the debugger prints no JSON")
            .hint("`run --trace --json` prints each instruction as data"));
    }
    let mut loaded = program::load(&args.target.file)?;
    loaded.sources.search(&args.sources);
    let loaded = loaded;
    let mut debugger = Debugger::new(&loaded);
    match &args.target.function {
        Some(name) => {
            let call = PlainCall::new(&loaded, name, &args.target)?;
            while debug_plain(&mut debugger, &loaded, &call)? == Verdict::Restart {}
        }
        None => {
            let call = read_call(&loaded, &args.target)?;
            let world = &args.target.world;
            while debug_contract(&mut debugger, &loaded, &call, world)? == Verdict::Restart {}
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn debug_plain(
    debugger: &mut Debugger<'_>,
    loaded: &Loaded,
    call: &PlainCall,
) -> Result<Verdict, ToolError> {
    debugger.begin(Storage::default(), 1);
    let mut run = Reference::new(&loaded.verified, &call.call())
        .map_err(|error| ToolError::because("the call does not fit the program", error))?;
    let mut syscalls = PlainSyscalls::default();
    let result = debugger.drive(&mut run, &mut syscalls);
    if debugger.verdict() != Verdict::Run {
        return Ok(debugger.verdict());
    }
    out!("{}", plain::text(loaded, call, &result));
    if let Some(hint) = plain::hint(&result, &syscalls) {
        outln!("{hint}");
    }
    Ok(debugger.after())
}

fn debug_contract(
    debugger: &mut Debugger<'_>,
    loaded: &Loaded,
    call: &ContractCall,
    args: &WorldArgs,
) -> Result<Verdict, ToolError> {
    let mut world = World::new(loaded, args)?;
    let before = world.state().clone();
    debugger.begin(storage(&before), world.prices().units_per_gas);
    let result = world.send(call, Some(debugger))?;
    if debugger.verdict() != Verdict::Run {
        return Ok(debugger.verdict());
    }
    let report = Report {
        call,
        result: &result,
        before: &before,
        world: &world,
    };
    out!("{}", report.text());
    Ok(debugger.after())
}

/// The contract's slots.
fn storage(state: &MockState) -> Storage {
    let mut storage = Storage::default();
    for ((account, key), value) in &state.storage {
        if *account == CONTRACT.into() {
            storage
                .known
                .insert(Key::Slot(*key), value.to_be_bytes().to_vec());
        }
    }
    storage
}
