//! What happens when the host fails, or wants the frame to stop.

use super::cases;
use crate::conformance::{
    Behaviour, Case,
    check::{Check, Failure},
    frame::{Bench, OTHER, input, word},
};
use crate::mock::MockAccount;
use proz_interface::v1::{HostError, VmErrorCode, Word};
use std::{rc::Rc, sync::atomic::Ordering, thread, time::Duration};

pub(super) const CASES: &[Case] = cases! { Failures:
    a_failed_load_ends_the_frame [StorageLoad] |b| fails(b, Behaviour::StorageLoad);
    a_failed_store_ends_the_frame [StorageStore] |b| fails(b, Behaviour::StorageStore);
    a_failed_transient_load_ends_the_frame [TransientLoad] |b| fails(b, Behaviour::TransientLoad);
    a_failed_transient_store_ends_the_frame [TransientStore] |b| fails(b, Behaviour::TransientStore);
    a_failed_look_at_an_account_ends_the_frame [Balance] |b| fails(b, Behaviour::Balance);
    a_failed_look_at_a_code_hash_ends_the_frame [CodeHash] |b| fails(b, Behaviour::CodeHash);
    a_failed_read_of_code_ends_the_frame [Code] |b| fails(b, Behaviour::Code);
    a_failed_block_hash_ends_the_frame [BlockHash] |b| fails(b, Behaviour::BlockHash);
    a_failed_log_ends_the_frame [Log0] |b| fails(b, Behaviour::Log0);
    a_failed_self_destruction_ends_the_frame [Selfdestruct] |b| fails(b, Behaviour::Selfdestruct);
    a_failed_call_ends_the_frame [Call] |b| fails(b, Behaviour::Call);
    a_failed_static_call_ends_the_frame [StaticCall] |b| fails(b, Behaviour::StaticCall);
    a_failed_delegate_call_ends_the_frame [DelegateCall] |b| fails(b, Behaviour::DelegateCall);
    a_failed_creation_ends_the_frame [Create] |b| fails(b, Behaviour::Create);
    a_failed_salted_creation_ends_the_frame [Create2] |b| fails(b, Behaviour::Create2);
    a_failed_precompile_ends_the_frame [Precompile] |b| fails(b, Behaviour::Precompile);
    an_abandoned_callee_ends_all_its_callers [Call, StorageLoad] abandoned;
    a_set_cancel_flag_stops_the_frame [Loop] cancelled;
    a_running_frame_stops_when_it_is_cancelled [Loop] stopped;
    after_a_failure_the_machine_goes_on [StorageLoad] goes_on;
};

/// Most callbacks of one program that are made to fail.
const MOST_CALLBACKS: usize = 16;

/// Fails each callback of a program in turn; the frame must return at once, with the error.
fn fails(bench: &Bench, behaviour: Behaviour) -> Check {
    let mut whole = bench.frame(behaviour, &behaviour.sample_input())?;
    whole
        .host
        .state
        .accounts
        .insert(OTHER, MockAccount::with_code([1]));
    whole.run()?;
    let callbacks = whole.host.callbacks;
    ensure!(callbacks > 0, "`{behaviour}` asks nothing of the host");
    for error in [HostError::DATABASE, HostError::ABORTED] {
        for number in 0..callbacks.min(MOST_CALLBACKS) {
            let mut frame = bench.frame(behaviour, &behaviour.sample_input())?;
            frame
                .host
                .state
                .accounts
                .insert(OTHER, MockAccount::with_code([1]));
            frame.host.failure = Some((number, error));
            frame.fails(VmErrorCode::HOST).map_err(|Failure(text)| {
                Failure(format!("callback {number} failed with `{error}`: {text}"))
            })?;
            let found = frame.host.callbacks;
            ensure!(
                found == number + 1,
                "callback {number} failed, and {} more were made",
                found - number - 1
            );
        }
    }
    Ok(())
}

fn abandoned(bench: &Bench) -> Check {
    let inner = bench.call_data(Behaviour::StorageLoad, &input(&[Word::from(1)], &[]))?;
    let words = [word(&OTHER), Word::ZERO, Word::from(100_000)];
    let mut frame = bench.frame(Behaviour::Call, &input(&words, &inner))?;
    let code = bench
        .programs
        .get(Behaviour::StorageLoad)
        .map(|p| p.code.clone());
    let account = MockAccount::with_code(code.unwrap_or_default());
    frame.host.state.accounts.insert(OTHER, account);
    let run = bench.reentrant();
    frame.host.on_call = Some(Rc::new(move |host, request| {
        // The next callback is the callee's own.
        host.failure = Some((host.callbacks, HostError::DATABASE));
        run(host, request)
    }));
    frame.fails(VmErrorCode::HOST).map(drop)
}

fn cancelled(bench: &Bench) -> Check {
    let mut frame = bench.frame(Behaviour::Loop, &[])?;
    frame.gas_limit = frame.gas_limit.max(100_000_000);
    frame.environment.cancel.store(true, Ordering::Relaxed);
    frame.fails(VmErrorCode::CANCELLED).map(drop)
}

/// Gas of a frame that is to be cancelled while it runs; a machine that does not look at the flag
/// ends after it.
const CANCELLED_GAS: u64 = 20_000_000_000;

fn stopped(bench: &Bench) -> Check {
    let mut frame = bench.frame(Behaviour::Loop, &[])?;
    frame.gas_limit = CANCELLED_GAS;
    // The flag outlives the thread: it belongs to the frame, which the scope borrows.
    let flag = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let setter = flag.clone();
    let thread = thread::spawn(move || {
        thread::sleep(Duration::from_millis(10));
        setter.store(true, Ordering::Relaxed);
    });
    let result = frame.fails_when(&flag, VmErrorCode::CANCELLED);
    let joined = thread.join();
    ensure!(joined.is_ok(), "the thread that cancels panicked");
    result
}

fn goes_on(bench: &Bench) -> Check {
    for number in 0..3 {
        let bytes = Behaviour::StorageLoad.sample_input();
        let mut frame = bench.frame(Behaviour::StorageLoad, &bytes)?;
        frame.host.failure = Some((0, HostError::DATABASE));
        frame.fails(VmErrorCode::HOST)?;
        let mut frame = bench.frame(Behaviour::StorageLoad, &bytes)?;
        frame.host.state.set_slot(frame.host.recipient, 5, number);
        frame.returns(Word::from(number))?;
    }
    Ok(())
}
