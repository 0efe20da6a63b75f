//! The same arguments give the same result: again, later, elsewhere, at the same time.

use super::cases;
use crate::conformance::{
    Behaviour, Case,
    check::{Check, Failure, same},
    frame::{Bench, End, OTHER},
};
use crate::mock::{MockAccount, StepRecorder};
use proz_interface::v1::{TraceMask, VmErrorCode};
use std::thread;

pub(super) const CASES: &[Case] = cases! { Determinism:
    two_runs_are_the_same_to_the_callback [] twice;
    earlier_frames_leave_nothing_behind [] reversed;
    another_thread_gives_the_same [] threads;
    many_threads_at_once_give_the_same [] at_once;
    tracing_changes_no_result [] traced;
};

/// Everything that a frame did: result, callbacks with their gas.
type Told = (Result<End, VmErrorCode>, Vec<String>);

/// Runs the program of a behaviour on its sample input.
fn told(bench: &Bench, behaviour: Behaviour, is_traced: bool) -> Result<Told, Failure> {
    let mut frame = bench.frame(behaviour, &behaviour.sample_input())?;
    frame.gas_limit = frame.gas_limit.min(200_000);
    frame
        .host
        .state
        .accounts
        .insert(OTHER, MockAccount::with_code([1]));
    if is_traced {
        frame.host.recorder = Some(StepRecorder::new(TraceMask::STEPS));
    }
    let result = frame.attempt()?.map_err(|error| error.code());
    Ok((result, frame.host.transcript()))
}

fn behaviours(bench: &Bench) -> Vec<Behaviour> {
    bench
        .programs
        .iter()
        .map(|(behaviour, _)| behaviour)
        .collect()
}

fn all(bench: &Bench) -> Result<Vec<(Behaviour, Told)>, Failure> {
    let run = |behaviour| Ok((behaviour, told(bench, behaviour, false)?));
    behaviours(bench).into_iter().map(run).collect()
}

fn twice(bench: &Bench) -> Check {
    for (behaviour, expected) in all(bench)? {
        let again = told(bench, behaviour, false)?;
        same(behaviour.name(), expected, again)?;
    }
    Ok(())
}

fn reversed(bench: &Bench) -> Check {
    for (behaviour, expected) in all(bench)?.into_iter().rev() {
        let again = told(bench, behaviour, false)?;
        same(behaviour.name(), expected, again)?;
    }
    Ok(())
}

fn threads(bench: &Bench) -> Check {
    let here = all(bench)?;
    let there = thread::scope(|scope| scope.spawn(|| all(bench)).join());
    let there = there.unwrap_or_else(|_| Err(Failure("a thread panicked".into())))?;
    same("results", here, there)
}

/// Threads that run at once, and rounds of each.
const THREADS: usize = 4;
const ROUNDS: usize = 10;

fn at_once(bench: &Bench) -> Check {
    let expected = all(bench)?;
    let rounds = || {
        for _ in 0..ROUNDS {
            same("results", &expected, &all(bench)?)?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(rounds)).collect();
        threads.into_iter().try_for_each(|thread| {
            thread
                .join()
                .unwrap_or_else(|_| Err(Failure("a thread panicked".into())))
        })
    })
}

fn traced(bench: &Bench) -> Check {
    // An endless program has too many steps to record.
    for behaviour in behaviours(bench) {
        if behaviour != Behaviour::Loop {
            let plain = told(bench, behaviour, false)?;
            same(behaviour.name(), plain, told(bench, behaviour, true)?)?;
        }
    }
    Ok(())
}
