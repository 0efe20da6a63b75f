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
/// second tries that figure; if it fails, the third adds the 64th that nested calls hold back
/// (EIP-150). What succeeds is tried with a little less, since a frame may take less where less is
/// left. Most messages need no more. Otherwise the limit is doubled and halved until the answer is
/// at most 1.5 % above the least limit that succeeds: at most 132 executions for any 64-bit limit,
/// below 30 for those of a block.
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
    // With `low` it fails, or cannot be tried; with `high` it succeeds.
    let (mut low, mut high) = (0, limit);
    let held_back = (spent / 63).saturating_add(1);
    let mut guesses = [spent, spent.saturating_add(held_back)].into_iter();
    let mut is_probed = false;
    while high - low > tolerance(high) {
        let guess = match guesses.find(|guess| *guess > low && *guess < high) {
            Some(guess) => guess,
            // Whether a little less does is what tells a good guess.
            None if !is_probed => {
                is_probed = true;
                high - tolerance(high)
            }
            None => (low + (high - low) / 2).min(low.saturating_mul(2).max(1)),
        };
        if run(guess, host)?.status.is_success() {
            high = guess;
            guesses = [0, 0].into_iter();
        } else {
            low = guess;
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
