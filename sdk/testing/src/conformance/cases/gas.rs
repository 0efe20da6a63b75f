//! Gas: exact, repeatable, never more than was given.

use super::cases;
use crate::conformance::{
    Behaviour, Case,
    check::{Check, Failure, same},
    frame::{Bench, End, input, wide},
};
use proz_interface::v1::{StatusCode, Word};

pub(super) const CASES: &[Case] = cases! { Gas:
    what_was_used_is_enough_and_one_less_is_not [Compute] exact;
    the_same_message_uses_the_same_gas [Compute] repeatable;
    more_work_uses_more_gas [Compute] grows;
    gas_used_does_not_depend_on_the_limit [Compute] independent;
    no_gas_does_no_work [Compute] none;
    an_endless_program_ends_with_its_gas [Loop] endless;
    gas_left_never_exceeds_the_limit [] sweep;
    the_greatest_limit_does_not_overflow [Compute] greatest;
    gas_that_a_program_sees_lies_between_limit_and_rest [GasLeft] seen;
    a_revert_uses_only_what_it_spent [Revert] reverted;
    a_failed_frame_claims_no_refund [StorageStore] refund;
};

fn compute(bench: &Bench, rounds: u64, gas_limit: u64) -> Result<End, Failure> {
    let mut frame = bench.frame(Behaviour::Compute, &input(&[Word::from(rounds)], &[]))?;
    frame.gas_limit = gas_limit;
    frame.run()
}

fn computed(bench: &Bench, rounds: u64, gas_limit: u64) -> Result<End, Failure> {
    let end = compute(bench, rounds, gas_limit)?;
    same("status", StatusCode::SUCCESS, end.status)?;
    same(
        "output",
        Word::from(rounds).to_be_bytes().to_vec(),
        end.output.clone(),
    )?;
    Ok(end)
}

fn exact(bench: &Bench) -> Check {
    for rounds in [0, 1, 2, 10, 333] {
        let used = computed(bench, rounds, bench.programs.gas_limit)?.gas_used;
        let end = computed(bench, rounds, used)?;
        same("gas left of exactly what is needed", 0, end.gas_left)?;
        if let Some(less) = used.checked_sub(1) {
            let end = compute(bench, rounds, less)?;
            same(
                &format!("status with {less} gas where {used} are needed"),
                StatusCode::OUT_OF_GAS,
                end.status,
            )?;
        }
    }
    Ok(())
}

fn repeatable(bench: &Bench) -> Check {
    let limit = bench.programs.gas_limit;
    let first = computed(bench, 100, limit)?;
    for _ in 0..5 {
        same("result", &first, &computed(bench, 100, limit)?)?;
    }
    Ok(())
}

fn grows(bench: &Bench) -> Check {
    let limit = bench.programs.gas_limit;
    let few = computed(bench, 10, limit)?.gas_used;
    let many = computed(bench, 1000, limit)?.gas_used;
    ensure!(many > few, "1000 rounds use {many} gas, 10 use {few}");
    Ok(())
}

fn independent(bench: &Bench) -> Check {
    let limit = bench.programs.gas_limit;
    let used = computed(bench, 50, limit)?.gas_used;
    for limit in [used, used + 1, limit / 2, limit - 1] {
        let found = computed(bench, 50, limit.max(used))?.gas_used;
        same(&format!("gas used of a limit of {limit}"), used, found)?;
    }
    Ok(())
}

fn none(bench: &Bench) -> Check {
    same(
        "status",
        StatusCode::OUT_OF_GAS,
        compute(bench, 1000, 0)?.status,
    )
}

fn endless(bench: &Bench) -> Check {
    for gas_limit in [0, 1, 1000, bench.programs.gas_limit.min(1_000_000)] {
        let mut frame = bench.frame(Behaviour::Loop, &[])?;
        frame.gas_limit = gas_limit;
        same("status", StatusCode::OUT_OF_GAS, frame.run()?.status)?;
    }
    Ok(())
}

/// Runs every program with little, some and much gas; the frame itself checks what comes back.
fn sweep(bench: &Bench) -> Check {
    for (behaviour, _) in bench.programs.iter() {
        let mut gas_limit = 0;
        while gas_limit < bench.programs.gas_limit.min(1_000_000) {
            let mut frame = bench.frame(behaviour, &behaviour.sample_input())?;
            frame.gas_limit = gas_limit;
            frame
                .attempt()
                .map_err(|Failure(text)| Failure(format!("`{behaviour}`: {text}")))?
                .map_or_else(
                    |error| match error.code() {
                        code if code.is_fault() => Err(Failure(format!(
                            "`{behaviour}` with {gas_limit} gas: {error}"
                        ))),
                        _ => Ok(()),
                    },
                    |_| Ok(()),
                )?;
            gas_limit += gas_limit / 7 + 3;
        }
    }
    Ok(())
}

fn greatest(bench: &Bench) -> Check {
    let used = computed(bench, 10, bench.programs.gas_limit)?.gas_used;
    for limit in [i64::MAX as u64, u64::MAX - 1, u64::MAX] {
        let end = computed(bench, 10, limit)?;
        same(
            &format!("gas used of a limit of {limit}"),
            used,
            end.gas_used,
        )?;
    }
    Ok(())
}

fn seen(bench: &Bench) -> Check {
    let mut frame = bench.frame(Behaviour::GasLeft, &[])?;
    let end = frame.succeed()?;
    same("size of the output", 32, end.output.len())?;
    let mut word = [0; 32];
    word.copy_from_slice(&end.output);
    let Word([seen, high @ ..]) = Word::from_be_bytes(word);
    same("upper part of the gas left", [0; 3], high)?;
    ensure!(
        seen <= frame.gas_limit && seen >= end.gas_left,
        "the program saw {seen} gas, between its limit {} and the rest {}",
        frame.gas_limit,
        end.gas_left
    );
    Ok(())
}

fn reverted(bench: &Bench) -> Check {
    let limit = bench.programs.gas_limit;
    let few = bench.frame(Behaviour::Revert, &[])?.run()?;
    let mut frame = bench.frame(Behaviour::Revert, &[])?;
    frame.gas_limit = limit - 1;
    same("gas used", few.gas_used, frame.run()?.gas_used)
}

fn refund(bench: &Bench) -> Check {
    let clear = input(&[wide(3), Word::ZERO], &[]);
    let mut frame = bench.frame(Behaviour::StorageStore, &clear)?;
    frame.host.state.set_slot(frame.host.recipient, wide(3), 1);
    let whole = frame.succeed()?;
    let mut short = bench.frame(Behaviour::StorageStore, &clear)?;
    short.host.state.set_slot(short.host.recipient, wide(3), 1);
    short.gas_limit = whole.gas_used.saturating_sub(1);
    let end = short.run()?;
    ensure!(
        end.status.is_halt(),
        "less gas than is needed ends with {}",
        end.status
    );
    same("refund of a halt", 0, end.gas_refund)
}
