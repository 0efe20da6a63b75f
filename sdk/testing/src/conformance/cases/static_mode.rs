//! Static mode: nothing that changes state succeeds, whoever notices first.

use super::cases;
use crate::conformance::{
    Behaviour, Case,
    check::{Check, Failure, same},
    frame::{Bench, OTHER, SELF, input, wide, word},
};
use crate::mock::MockAccount;
use proz_interface::v1::{StatusCode, VmErrorCode, Word};

pub(super) const CASES: &[Case] = cases! { StaticMode:
    a_store_is_a_violation [StorageStore] |b| violates(b, Behaviour::StorageStore);
    a_transient_store_is_a_violation [TransientStore] |b| violates(b, Behaviour::TransientStore);
    a_log_is_a_violation [Log0] |b| violates(b, Behaviour::Log0);
    a_log_with_topics_is_a_violation [Log4] |b| violates(b, Behaviour::Log4);
    a_creation_is_a_violation [Create] |b| violates(b, Behaviour::Create);
    a_salted_creation_is_a_violation [Create2] |b| violates(b, Behaviour::Create2);
    a_self_destruction_is_a_violation [Selfdestruct] |b| violates(b, Behaviour::Selfdestruct);
    a_call_with_value_is_a_violation [Call] value;
    a_call_without_value_is_none [Call] no_value;
    reading_is_allowed [StorageLoad] reading;
    computing_is_allowed [Compute] computing;
};

/// Runs the program in static mode twice: told by the message, and known to the host alone.
fn violates(bench: &Bench, behaviour: Behaviour) -> Check {
    let bytes = behaviour.sample_input();
    for is_told in [true, false] {
        let mut frame = bench.frame(behaviour, &bytes)?;
        if let Some(account) = frame.host.state.accounts.get_mut(&SELF) {
            account.balance = Word::from(100);
        }
        frame
            .host
            .state
            .accounts
            .insert(OTHER, MockAccount::with_code([1]));
        frame.set_static();
        frame.is_static = is_told;
        let before = frame.host.state.clone();
        match frame.attempt()? {
            Ok(end) => same("status", StatusCode::STATIC_VIOLATION, end.status)?,
            // The host knows that it refused, and makes the same halt of it.
            Err(error) => same("error", VmErrorCode::HOST, error.code())?,
        }
        frame.unchanged(&before)?;
    }
    Ok(())
}

fn value(bench: &Bench) -> Check {
    let words = [word(&OTHER), Word::from(1), Word::from(5000)];
    let mut frame = bench.frame(Behaviour::Call, &input(&words, &[]))?;
    if let Some(account) = frame.host.state.accounts.get_mut(&SELF) {
        account.balance = Word::from(100);
    }
    frame
        .host
        .state
        .accounts
        .insert(OTHER, MockAccount::with_code([1]));
    frame.set_static();
    // As the host does.
    frame.host.on_call = Some(std::rc::Rc::new(|_, _| {
        Err(proz_interface::v1::HostError::STATIC_VIOLATION)
    }));
    let before = frame.host.state.clone();
    match frame.attempt()? {
        Ok(end) => same("status", StatusCode::STATIC_VIOLATION, end.status)?,
        Err(error) => same("error", VmErrorCode::HOST, error.code())?,
    }
    frame.unchanged(&before)
}

fn no_value(bench: &Bench) -> Check {
    let words = [word(&OTHER), Word::ZERO, Word::from(5000)];
    let mut frame = bench.frame(Behaviour::Call, &input(&words, &[]))?;
    frame
        .host
        .state
        .accounts
        .insert(OTHER, MockAccount::with_code([1]));
    frame.set_static();
    let end = frame.succeed()?;
    same("output", input(&[Word::from(1)], &[]), end.output)
}

fn reading(bench: &Bench) -> Check {
    let mut frame = bench.frame(Behaviour::StorageLoad, &input(&[wide(1)], &[]))?;
    frame.host.state.set_slot(SELF, wide(1), wide(2));
    frame.set_static();
    frame.returns(wide(2))
}

fn computing(bench: &Bench) -> Check {
    let mut frame = bench.frame(Behaviour::Compute, &input(&[Word::from(5)], &[]))?;
    frame.set_static();
    frame
        .returns(Word::from(5))
        .map_err(|Failure(text)| Failure(format!("in static mode: {text}")))
}
