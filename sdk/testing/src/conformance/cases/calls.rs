//! Nested calls: the request, the outcome, the gas, frames within frames.

use super::cases;
use crate::conformance::{
    Behaviour, Case,
    check::{Check, Failure, same},
    frame::{Bench, End, Frame, OTHER, SELF, input, wide, word},
};
use crate::mock::{Callback, MockAccount};
use proz_interface::v1::{
    Address, Buffer, CallOutcome, CallRequest, HostError, MessageKind, StatusCode, Word,
};
use std::{cell::RefCell, rc::Rc};

pub(super) const CASES: &[Case] = cases! { Calls:
    a_call_carries_target_value_and_input [Call] |b| carries(b, Behaviour::Call, MessageKind::CALL);
    a_static_call_says_that_it_is_one [StaticCall] |b| carries(b, Behaviour::StaticCall, MessageKind::STATIC_CALL);
    a_delegate_call_says_that_it_is_one [DelegateCall] |b| carries(b, Behaviour::DelegateCall, MessageKind::DELEGATE_CALL);
    a_call_of_foreign_code_says_that_it_is_one [CallCode] |b| carries(b, Behaviour::CallCode, MessageKind::CALL_CODE);
    a_successful_callee_gives_its_data [Call] success;
    a_reverted_callee_gives_its_data_and_a_zero [Call] revert;
    a_halted_callee_gives_a_zero_and_no_data [Call] halt;
    a_call_refused_by_the_host_gives_a_zero_and_its_gas [Call] refused;
    the_callees_gas_is_charged_to_the_unit [Call] exact;
    no_call_is_given_more_gas_than_there_is [Call] bounded;
    a_successful_callees_refund_is_added [Call] refund;
    a_failed_callees_refund_is_not_added [Call] no_refund;
    large_data_of_a_callee_arrives_whole [Call] large;
    a_frame_may_call_its_own_machine [Call, Echo] reentrant;
    frames_of_one_machine_share_nothing [Call, ReturnData, Compute] isolated;
    one_thread_may_be_inside_many_frames [Call, Echo] deep;
    a_static_call_forbids_its_callee_to_store [StaticCall, StorageStore] static_callee;
    a_reverted_callees_changes_are_undone [Call, StorageStore, Revert] undone;
    a_precompile_can_be_run_directly [Precompile] precompile;
};

/// Gas that the cases hand to callees.
const CALLEE_GAS: u64 = 50_000;

/// A frame that calls `OTHER` by `behaviour`.
fn calling(
    bench: &Bench,
    behaviour: Behaviour,
    value: Word,
    data: &[u8],
) -> Result<Frame, Failure> {
    let words = [word(&OTHER), value, Word::from(CALLEE_GAS)];
    let mut frame = bench.frame(behaviour, &input(&words, data))?;
    frame
        .host
        .state
        .accounts
        .insert(OTHER, MockAccount::with_code([1]));
    Ok(frame)
}

/// Runs a call of a callee that ends as `outcome` says; `gas_used` of the callee's limit are gone.
fn answered(
    bench: &Bench,
    status: StatusCode,
    gas_used: u64,
    gas_refund: i64,
    output: &[u8],
) -> Result<End, Failure> {
    let mut frame = calling(bench, Behaviour::Call, Word::ZERO, &[])?;
    let output = output.to_vec();
    frame.host.on_call = Some(Rc::new(move |_, request| {
        Ok(CallOutcome {
            status,
            gas_left: request.gas_limit.saturating_sub(gas_used),
            gas_refund,
            output: Buffer::from(output.as_slice()),
        })
    }));
    frame.succeed()
}

/// What the program returns: whether the callee succeeded, and its data.
fn reply(is_success: bool, data: &[u8]) -> Vec<u8> {
    input(&[Word::from(u64::from(is_success))], data)
}

fn carries(bench: &Bench, behaviour: Behaviour, expected: MessageKind) -> Check {
    type Seen = (MessageKind, Address, Word, Vec<u8>);
    let value = Word::from(12_345);
    let mut frame = calling(bench, behaviour, value, b"call data")?;
    if let Some(account) = frame.host.state.accounts.get_mut(&SELF) {
        account.balance = wide(0);
    }
    let seen: Rc<RefCell<Vec<Seen>>> = Rc::default();
    let sink = seen.clone();
    frame.host.on_call = Some(Rc::new(move |_, request| {
        let CallRequest {
            kind,
            target,
            value,
            input,
            ..
        } = *request;
        sink.borrow_mut()
            .push((kind, target, value, input.to_vec()));
        Ok(outcome(StatusCode::SUCCESS, request.gas_limit))
    }));
    frame.succeed()?;
    let carries_value = matches!(expected, MessageKind::CALL | MessageKind::CALL_CODE);
    let mut requests = seen.borrow().clone();
    if !carries_value {
        // The host ignores the value of these kinds.
        requests
            .iter_mut()
            .for_each(|request| request.2 = Word::ZERO);
    }
    let value = if carries_value { value } else { Word::ZERO };
    let expected = (expected, OTHER, value, b"call data".to_vec());
    same("requests", vec![expected], requests)
}

fn outcome(status: StatusCode, gas_left: u64) -> CallOutcome {
    CallOutcome {
        status,
        gas_left,
        gas_refund: 0,
        output: Buffer::empty(),
    }
}

fn success(bench: &Bench) -> Check {
    for size in [0, 1, 32, 100] {
        let data: Vec<u8> = (1..=size).collect();
        let end = answered(bench, StatusCode::SUCCESS, 100, 0, &data)?;
        same("output", reply(true, &data), end.output)?;
    }
    Ok(())
}

fn revert(bench: &Bench) -> Check {
    let end = answered(bench, StatusCode::REVERT, 100, 0, b"reason")?;
    same("output", reply(false, b"reason"), end.output)
}

fn halt(bench: &Bench) -> Check {
    for status in [
        StatusCode::OUT_OF_GAS,
        StatusCode::TRAP,
        StatusCode(0x7fff_0000),
    ] {
        let end = answered(bench, status, u64::MAX, 0, &[])?;
        same("output", reply(false, &[]), end.output)?;
    }
    Ok(())
}

fn refused(bench: &Bench) -> Check {
    let statuses = [
        StatusCode::INSUFFICIENT_BALANCE,
        StatusCode::CALL_DEPTH_EXCEEDED,
    ];
    let free = answered(bench, StatusCode::SUCCESS, 0, 0, &[])?;
    for status in statuses {
        let end = answered(bench, status, 0, 0, &[])?;
        same("output", reply(false, &[]), end.output)?;
        // Programs branch on nothing here, so only the callee's gas could differ.
        same("gas used", free.gas_used, end.gas_used)?;
    }
    Ok(())
}

fn exact(bench: &Bench) -> Check {
    let free = answered(bench, StatusCode::SUCCESS, 0, 0, b"x")?.gas_used;
    for spent in [1, 999, CALLEE_GAS] {
        for status in [StatusCode::SUCCESS, StatusCode::REVERT] {
            let used = answered(bench, status, spent, 0, b"x")?.gas_used;
            same(
                &format!("gas used by a callee that spends {spent}"),
                free + spent,
                used,
            )?;
        }
    }
    Ok(())
}

fn bounded(bench: &Bench) -> Check {
    let words = [word(&OTHER), Word::ZERO, wide(0xff)];
    let mut frame = bench.frame(Behaviour::Call, &input(&words, &[]))?;
    frame
        .host
        .state
        .accounts
        .insert(OTHER, MockAccount::with_code([1]));
    let limit = frame.gas_limit;
    frame.run()?;
    for seen in &frame.host.observations {
        let gas = seen.gas.unwrap_or_default();
        ensure!(
            gas <= limit,
            "a callee is given {gas} gas of a frame's {limit}"
        );
    }
    Ok(())
}

fn refund(bench: &Bench) -> Check {
    let end = answered(bench, StatusCode::SUCCESS, 10, 4800, &[])?;
    same("refund", 4800, end.gas_refund)?;
    let end = answered(bench, StatusCode::SUCCESS, 10, -300, &[])?;
    same("refund", -300, end.gas_refund)
}

fn no_refund(bench: &Bench) -> Check {
    for status in [StatusCode::REVERT, StatusCode::OUT_OF_GAS] {
        let end = answered(bench, status, CALLEE_GAS, 0, &[])?;
        same("refund", 0, end.gas_refund)?;
    }
    Ok(())
}

fn large(bench: &Bench) -> Check {
    let data: Vec<u8> = (0..200_000_u32).map(|i| (i % 241) as u8).collect();
    let end = answered(bench, StatusCode::SUCCESS, 0, 0, &data)?;
    ensure!(
        end.output == reply(true, &data),
        "200,000 bytes of a callee differ"
    );
    Ok(())
}

/// Gives an account the program of a behaviour.
fn install(bench: &Bench, frame: &mut Frame, address: Address, behaviour: Behaviour) {
    let code = bench.programs.get(behaviour).map(|p| p.code.clone());
    let account = MockAccount::with_code(code.unwrap_or_default());
    frame.host.state.accounts.insert(address, account);
}

fn reentrant(bench: &Bench) -> Check {
    let data = bench.call_data(Behaviour::Echo, b"through two frames")?;
    let mut frame = calling(bench, Behaviour::Call, Word::ZERO, &data)?;
    install(bench, &mut frame, OTHER, Behaviour::Echo);
    frame.host.on_call = Some(bench.reentrant());
    let end = frame.succeed()?;
    same("output", reply(true, b"through two frames"), end.output)
}

fn isolated(bench: &Bench) -> Check {
    for (behaviour, words, expected) in [
        (Behaviour::ReturnData, vec![], (1..=32).collect::<Vec<u8>>()),
        (
            Behaviour::Compute,
            vec![Word::from(9)],
            input(&[Word::from(9)], &[]),
        ),
    ] {
        let data = bench.call_data(behaviour, &input(&words, &[]))?;
        let mut frame = calling(bench, Behaviour::Call, Word::ZERO, &data)?;
        install(bench, &mut frame, OTHER, behaviour);
        frame.host.on_call = Some(bench.reentrant());
        same("output", reply(true, &expected), frame.succeed()?.output)?;
    }
    Ok(())
}

/// Frames that one thread enters.
const LEVELS: usize = 24;

/// Runs frames within frames on a thread with the stack that the machine asks for.
fn deep(bench: &Bench) -> Check {
    let needs = usize::try_from(bench.machine.terms().stack_bytes).unwrap_or(usize::MAX);
    let stack_bytes = needs.saturating_add(128 * 1024).saturating_mul(LEVELS + 2);
    let bench = bench.clone();
    let thread = std::thread::Builder::new()
        .stack_size(stack_bytes)
        .spawn(move || nested(&bench))
        .map_err(|error| Failure(format!("no thread with {stack_bytes} bytes: {error}")))?;
    thread
        .join()
        .unwrap_or_else(|_| Err(Failure("panicked".into())))
}

fn nested(bench: &Bench) -> Check {
    let echo = Address([0x33; 20]);
    let mut expected = b"deep".to_vec();
    let mut data = bench.call_data(Behaviour::Echo, &expected)?;
    let mut target = echo;
    for _ in 1..LEVELS {
        let words = [word(&target), Word::ZERO, wide(0xff)];
        data = bench.call_data(Behaviour::Call, &input(&words, &data))?;
        expected = reply(true, &expected);
        target = OTHER;
    }
    let words = [word(&target), Word::ZERO, wide(0xff)];
    let mut frame = bench.frame(Behaviour::Call, &input(&words, &data))?;
    frame.gas_limit = frame.gas_limit.max(1 << 32);
    install(bench, &mut frame, OTHER, Behaviour::Call);
    install(bench, &mut frame, echo, Behaviour::Echo);
    frame.host.on_call = Some(bench.reentrant());
    same("output", reply(true, &expected), frame.succeed()?.output)
}

fn static_callee(bench: &Bench) -> Check {
    let data = bench.call_data(Behaviour::StorageStore, &input(&[wide(1), wide(2)], &[]))?;
    let mut frame = calling(bench, Behaviour::StaticCall, Word::ZERO, &data)?;
    install(bench, &mut frame, OTHER, Behaviour::StorageStore);
    frame.host.on_call = Some(bench.reentrant());
    let before = frame.host.state.clone();
    // A machine may hand the host's refusal on as an error, which the host turns into a halt.
    if let Ok(end) = frame.attempt()? {
        same("output", reply(false, &[]), end.output)?;
    }
    frame.unchanged(&before)
}

fn undone(bench: &Bench) -> Check {
    let store = bench.call_data(Behaviour::StorageStore, &input(&[wide(1), wide(2)], &[]))?;
    let mut frame = calling(bench, Behaviour::Call, Word::ZERO, &store)?;
    install(bench, &mut frame, OTHER, Behaviour::StorageStore);
    let run = bench.reentrant();
    // The callee stores, and is reverted afterwards.
    frame.host.on_call = Some(Rc::new(move |host, request| {
        let run = run.clone();
        host.enter(request.target, false, |host| {
            run(host, request)?;
            Ok::<_, HostError>(outcome(StatusCode::REVERT, 0))
        })
    }));
    let before = frame.host.state.clone();
    let end = frame.succeed()?;
    same("output", reply(false, &[]), end.output)?;
    frame.unchanged(&before)
}

fn precompile(bench: &Bench) -> Check {
    let words = [Word::from(2), Word::from(5000)];
    let mut frame = bench.frame(Behaviour::Precompile, &input(&words, b"abc"))?;
    frame.host.on_precompile = Some(Rc::new(|address, data, gas| {
        let is_expected = address.0[19] == 2 && data == b"abc" && gas <= 5000;
        Ok(CallOutcome {
            status: if is_expected {
                StatusCode::SUCCESS
            } else {
                StatusCode::PRECOMPILE_FAILURE
            },
            gas_left: gas,
            gas_refund: 0,
            output: Buffer::from(b"digest".as_slice()),
        })
    }));
    let end = frame.succeed()?;
    same("output", reply(true, b"digest"), end.output)?;
    let seen = frame.host.observations.iter();
    same(
        "direct calls",
        1,
        seen.filter(|o| o.callback == Callback::Precompile).count(),
    )
}
