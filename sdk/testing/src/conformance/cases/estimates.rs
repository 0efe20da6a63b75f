//! Estimates: enough, not far above, and without a trace.

use super::cases;
use crate::conformance::{
    Behaviour, Case,
    check::{Check, Failure, same},
    frame::{Bench, Frame, OTHER, SELF, input, wide, word},
};
use crate::mock::MockAccount;
use proz_interface::v1::{
    Buffer, CallOutcome, GasEstimate, HostError, StatusCode, VmErrorCode, Word,
};
use std::rc::Rc;

pub(super) const CASES: &[Case] = cases! { Estimates:
    an_estimate_is_enough_and_close [Compute] close;
    an_estimate_of_a_store_is_enough_and_leaves_no_trace [StorageStore] undone;
    an_estimate_covers_nested_calls [Call] nested;
    an_estimate_is_repeatable [Compute] repeatable;
    an_estimate_of_a_revert_carries_its_data [Revert] reverted;
    an_estimate_of_a_halt_says_so [HaltInvalidInstruction] halted;
    an_estimate_beyond_the_limit_is_out_of_gas [Compute] beyond;
    an_estimate_passes_host_errors_on [StorageLoad] failing;
};

fn estimate(frame: &mut Frame) -> Result<GasEstimate, Failure> {
    frame
        .estimate()
        .map_err(|error| Failure(format!("expected an estimate, found the error `{error}`")))
}

/// Whether a fresh frame succeeds with a limit.
type Trial<'a> = dyn Fn(u64) -> Result<bool, Failure> + 'a;

/// Checks an estimate against the least limit that succeeds.
fn judge(gas: u64, succeeds: &Trial<'_>) -> Check {
    ensure!(succeeds(gas)?, "the estimate of {gas} gas is not enough");
    let (mut low, mut high) = (0, gas);
    while low < high {
        let middle = low + (high - low) / 2;
        if succeeds(middle)? {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    ensure!(
        gas - high <= high * 15 / 1000,
        "the estimate is {gas} gas, more than 1.5 % above the least limit {high}"
    );
    Ok(())
}

fn close(bench: &Bench) -> Check {
    for rounds in [0, 1, 100, 5000] {
        let bytes = input(&[Word::from(rounds)], &[]);
        let mut frame = bench.frame(Behaviour::Compute, &bytes)?;
        let found = estimate(&mut frame)?;
        ensure!(
            found.executions > 0 || found.gas > 0,
            "an estimate without a trial"
        );
        judge(found.gas, &|limit| {
            let mut frame = bench.frame(Behaviour::Compute, &bytes)?;
            frame.gas_limit = limit;
            Ok(frame.run()?.status.is_success())
        })?;
    }
    Ok(())
}

fn undone(bench: &Bench) -> Check {
    let bytes = input(&[wide(1), wide(2)], &[]);
    let mut frame = bench.frame(Behaviour::StorageStore, &bytes)?;
    let before = frame.host.state.clone();
    let found = estimate(&mut frame)?;
    frame.unchanged(&before)?;
    same(
        "warm slots",
        &before.warm_slots,
        &frame.host.state.warm_slots,
    )?;
    judge(found.gas, &|limit| {
        let mut frame = bench.frame(Behaviour::StorageStore, &bytes)?;
        frame.gas_limit = limit;
        Ok(frame.run()?.status.is_success())
    })
}

/// A frame whose callee needs 40,000 gas.
fn calling(bench: &Bench) -> Result<Frame, Failure> {
    let words = [word(&OTHER), Word::ZERO, Word::from(40_000)];
    let mut frame = bench.frame(Behaviour::Call, &input(&words, &[]))?;
    frame
        .host
        .state
        .accounts
        .insert(OTHER, MockAccount::with_code([1]));
    frame.host.on_call = Some(Rc::new(|_, request| {
        let rest = request.gas_limit.checked_sub(40_000);
        Ok(CallOutcome {
            status: rest.map_or(StatusCode::OUT_OF_GAS, |_| StatusCode::SUCCESS),
            gas_left: rest.unwrap_or_default(),
            gas_refund: 0,
            output: Buffer::empty(),
        })
    }));
    Ok(frame)
}

fn nested(bench: &Bench) -> Check {
    let mut frame = calling(bench)?;
    let before = frame.host.state.clone();
    let found = estimate(&mut frame)?;
    frame.unchanged(&before)?;
    let mut frame = calling(bench)?;
    frame.gas_limit = found.gas;
    frame.succeed().map(drop)
}

fn repeatable(bench: &Bench) -> Check {
    let bytes = input(&[Word::from(321)], &[]);
    let first = estimate(&mut bench.frame(Behaviour::Compute, &bytes)?)?;
    let again = estimate(&mut bench.frame(Behaviour::Compute, &bytes)?)?;
    same("estimate", first, again)
}

fn refused(frame: &mut Frame, expected: VmErrorCode) -> Result<Vec<u8>, Failure> {
    match frame.estimate() {
        Ok(found) => Err(Failure(format!(
            "expected error {}, found {} gas",
            expected.0, found.gas
        ))),
        Err(error) => {
            same("error", expected, error.code())?;
            Ok(error.data().to_vec())
        }
    }
}

fn reverted(bench: &Bench) -> Check {
    let mut frame = bench.frame(Behaviour::Revert, b"the reason")?;
    let data = refused(&mut frame, VmErrorCode::REVERTED)?;
    same("revert data", b"the reason".to_vec(), data)
}

fn halted(bench: &Bench) -> Check {
    let mut frame = bench.frame(Behaviour::HaltInvalidInstruction, &[])?;
    refused(&mut frame, VmErrorCode::HALTED).map(drop)
}

fn beyond(bench: &Bench) -> Check {
    let bytes = input(&[Word::from(100)], &[]);
    let used = bench.frame(Behaviour::Compute, &bytes)?.succeed()?.gas_used;
    let mut frame = bench.frame(Behaviour::Compute, &bytes)?;
    frame.gas_limit = used.saturating_sub(1);
    refused(&mut frame, VmErrorCode::OUT_OF_GAS)?;
    frame.gas_limit = used;
    same(
        "estimate of exactly what is needed",
        used,
        estimate(&mut frame)?.gas,
    )
}

fn failing(bench: &Bench) -> Check {
    let bytes = Behaviour::StorageLoad.sample_input();
    // A checkpoint comes first; fail whatever comes second, which is the load of the first trial.
    for number in [0, 1] {
        let mut frame = bench.frame(Behaviour::StorageLoad, &bytes)?;
        frame.host.state.set_slot(SELF, 5, 1);
        frame.host.failure = Some((number, HostError::DATABASE));
        refused(&mut frame, VmErrorCode::HOST)?;
    }
    Ok(())
}
