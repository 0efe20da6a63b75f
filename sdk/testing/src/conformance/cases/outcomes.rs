//! How frames end: success, revert, halt.

use super::cases;
use crate::conformance::{
    Behaviour, Case,
    check::{Check, same},
    frame::{Bench, input},
};
use proz_interface::v1::{StatusCode, VmErrorCode, Word};

pub(super) const CASES: &[Case] = cases! { Outcomes:
    success_keeps_the_rest_of_the_gas [Succeed] success;
    returned_data_arrives_whole [ReturnData] return_data;
    input_is_echoed_byte_for_byte [Echo] echo;
    a_large_input_arrives_whole [Echo] large_input;
    a_huge_input_does_no_harm [Succeed] huge_input;
    a_revert_returns_data_and_gas [Revert] revert;
    empty_code_is_refused_or_does_nothing [] empty_code;
    memory_within_the_limit_can_be_used [Memory] memory_within;
    memory_beyond_the_limit_halts [Memory] memory_beyond;
    an_invalid_instruction_halts [HaltInvalidInstruction] |b| halts(b, Behaviour::HaltInvalidInstruction);
    a_stack_underflow_halts [HaltStackUnderflow] |b| halts(b, Behaviour::HaltStackUnderflow);
    a_stack_overflow_halts [HaltStackOverflow] |b| halts(b, Behaviour::HaltStackOverflow);
    an_invalid_jump_halts [HaltInvalidJump] |b| halts(b, Behaviour::HaltInvalidJump);
    a_read_past_the_return_data_halts [HaltReturnDataOutOfBounds] |b| halts(b, Behaviour::HaltReturnDataOutOfBounds);
    a_trap_halts [HaltTrap] |b| halts(b, Behaviour::HaltTrap);
    an_access_outside_memory_halts [HaltMemoryOutOfBounds] |b| halts(b, Behaviour::HaltMemoryOutOfBounds);
    a_call_stack_beyond_its_height_halts [HaltStackHeight] |b| halts(b, Behaviour::HaltStackHeight);
    a_halt_of_its_own_has_a_number_of_its_own [HaltCustom] halts_custom;
};

fn success(bench: &Bench) -> Check {
    let mut frame = bench.frame(Behaviour::Succeed, &[])?;
    let before = frame.host.state.clone();
    let end = frame.succeed()?;
    same("output", Vec::new(), end.output)?;
    same("refund", 0, end.gas_refund)?;
    ensure!(end.gas_left > 0, "no gas is left");
    frame.unchanged(&before)
}

fn return_data(bench: &Bench) -> Check {
    let end = bench.frame(Behaviour::ReturnData, &[])?.succeed()?;
    same("output", (1..=32).collect(), end.output)
}

/// Bytes without a short period.
fn pattern(size: usize) -> Vec<u8> {
    (0..size)
        .map(|i| (i ^ (i >> 8) ^ (i >> 13)) as u8)
        .collect()
}

fn echo(bench: &Bench) -> Check {
    for size in [0, 1, 31, 32, 33, 64, 1000] {
        let bytes = pattern(size);
        let end = bench.frame(Behaviour::Echo, &bytes)?.succeed()?;
        same(&format!("echo of {size} bytes"), bytes, end.output)?;
    }
    Ok(())
}

fn large_input(bench: &Bench) -> Check {
    let bytes = pattern(256 * 1024);
    let mut frame = bench.frame(Behaviour::Echo, &bytes)?;
    frame.gas_limit = frame.gas_limit.max(1 << 36);
    let end = frame.succeed()?;
    ensure!(end.output == bytes, "the echo of 256 KiB differs");
    Ok(())
}

fn huge_input(bench: &Bench) -> Check {
    let end = bench.frame(Behaviour::Succeed, &pattern(32 << 20))?.run()?;
    ensure!(
        end.status.is_success() || end.status == StatusCode::OUT_OF_GAS,
        "32 MiB of input end with {}",
        end.status
    );
    Ok(())
}

fn revert(bench: &Bench) -> Check {
    for size in [0, 4, 100] {
        let bytes = pattern(size);
        let end = bench.frame(Behaviour::Revert, &bytes)?.run()?;
        same("status", StatusCode::REVERT, end.status)?;
        same("revert data", bytes, end.output)?;
        ensure!(end.gas_left > 0, "a revert gives no gas back");
    }
    Ok(())
}

fn empty_code(bench: &Bench) -> Check {
    let verdict = bench.machine.validate_code([].as_slice().into());
    let mut frame = bench.frame_of(Vec::new(), Vec::new());
    let before = frame.host.state.clone();
    match (verdict.into_result(), frame.attempt()?) {
        (Ok(()), Ok(end)) => {
            same("status", StatusCode::SUCCESS, end.status)?;
            same("output", Vec::new(), end.output)?;
        }
        (Ok(()), Err(error)) => ensure!(false, "accepted, but then: {error}"),
        (Err(refusal), result) => {
            let codes = [Some(refusal.code()), result.err().map(|error| error.code())];
            let is_fault = codes.into_iter().flatten().any(VmErrorCode::is_fault);
            ensure!(!is_fault, "empty code made the plugin fail: {refusal}");
        }
    }
    frame.unchanged(&before)
}

fn memory_within(bench: &Bench) -> Check {
    for size in [1_u64, 32, 1000, 64 * 1024] {
        let mut frame = bench.frame(Behaviour::Memory, &input(&[Word::from(size)], &[]))?;
        frame.environment.limits.memory_bytes = 4 << 20;
        frame.succeed()?;
    }
    Ok(())
}

fn memory_beyond(bench: &Bench) -> Check {
    let size = Word::from(8 << 20);
    let mut frame = bench.frame(Behaviour::Memory, &input(&[size], &[]))?;
    frame.gas_limit = frame.gas_limit.max(1 << 40);
    frame.environment.limits.memory_bytes = 4 << 20;
    let end = frame.run()?;
    ensure!(
        end.status.is_halt(),
        "8 MiB of memory under a limit of 4 MiB end with {}",
        end.status
    );
    Ok(())
}

fn halts(bench: &Bench, behaviour: Behaviour) -> Check {
    let expected = behaviour.halt().unwrap_or(StatusCode::TRAP);
    let mut frame = bench.frame(behaviour, &[])?;
    let end = frame.run()?;
    same("status", expected, end.status)?;
    same("output", Vec::new(), end.output)
}

fn halts_custom(bench: &Bench) -> Check {
    let end = bench.frame(Behaviour::HaltCustom, &[])?.run()?;
    ensure!(
        end.status.0 >= StatusCode::HALT_CUSTOM.0,
        "expected a status from {} on, found {}",
        StatusCode::HALT_CUSTOM.0,
        end.status.0
    );
    Ok(())
}
