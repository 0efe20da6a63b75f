//! Gas estimation by trial, for any machine.

use crate::{
    ExecutionContext, FrameResult, GasEstimate, Host, StatusCode, VirtualMachine, VmError,
    VmErrorCode,
};
use proz_interface::abi_stable::std_types::RSlice;

/// Finds the gas limit with which `input` succeeds, by executing on the host's real state and
/// undoing each trial.
///
/// The first trial runs with the whole limit of the context and tells how much was spent; the
/// second tries that figure, the third adds the 64th that nested calls hold back. Most messages
/// need no more. Otherwise the limit is halved in until the answer is at most 1.5 % above the
/// least limit that succeeds: at most 67 executions in all, since each halves a 64-bit range.
///
/// # Errors
///
/// `REVERTED` with the data when the message reverts with the whole limit, `OUT_OF_GAS` or
/// `HALTED` when it fails otherwise.
pub fn estimate_by_trial<V: VirtualMachine + ?Sized>(
    machine: &V,
    code: &[u8],
    input: &[u8],
    context: &ExecutionContext<'_>,
    host: &mut Host<'_>,
) -> Result<GasEstimate, VmError> {
    let mut executions = 0;
    let mut run = |gas_limit: u64, host: &mut Host<'_>| -> Result<FrameResult, VmError> {
        executions += 1;
        let mut trial = *context;
        trial.message.gas_limit = gas_limit;
        trial.message.input = RSlice::from_slice(input);
        let checkpoint = host.checkpoint()?;
        let result = machine.execute(code, &trial, &mut host.reborrow());
        host.rollback(checkpoint)?;
        result
    };

    let limit = context.message.gas_limit;
    let whole = run(limit, host)?;
    if !whole.status.is_success() {
        return Err(refusal(&whole, limit));
    }
    let spent = limit.saturating_sub(whole.gas_left);
    // Known to fail, known to succeed. Less than what was spent may still be enough for code that
    // looks at its gas, but such a limit is not one to recommend.
    let (mut low, mut high) = (spent.saturating_sub(1), limit);

    for guess in [spent, spent.saturating_add(spent / 63).saturating_add(1)] {
        if guess < high && guess > low && high - low > tolerance(high) {
            if run(guess, host)?.status.is_success() {
                high = guess;
            } else {
                low = guess;
            }
        }
    }
    while high - low > tolerance(high) {
        let middle = low + (high - low) / 2;
        if run(middle, host)?.status.is_success() {
            high = middle;
        } else {
            low = middle;
        }
    }
    Ok(GasEstimate {
        gas: high,
        executions,
    })
}

/// Difference that is close enough, or exact for small figures. A 68th of the answer leaves the
/// least limit at 67 68ths of it at least, so the answer is 1.4926 % above the least at most.
const fn tolerance(high: u64) -> u64 {
    let share = high / 68;
    if share == 0 { 1 } else { share }
}

fn refusal(result: &FrameResult, limit: u64) -> VmError {
    match result.status {
        StatusCode::REVERT => VmError::new(VmErrorCode::REVERTED, "the message reverts")
            .with_data(result.output.clone()),
        StatusCode::OUT_OF_GAS => VmError::new(
            VmErrorCode::OUT_OF_GAS,
            format!("the message needs more than {limit} gas"),
        ),
        status => VmError::new(VmErrorCode::HALTED, format!("the message halts: {status}")),
    }
}
