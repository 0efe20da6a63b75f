//! Persistent and transient storage of the recipient.

use super::cases;
use crate::conformance::{
    Behaviour, Case,
    check::{Check, same},
    frame::{Bench, Frame, SELF, input, wide},
};
use crate::mock::Callback;
use proz_interface::v1::Word;

pub(super) const CASES: &[Case] = cases! { Storage:
    a_store_reaches_the_host_once [StorageStore] store;
    a_load_returns_what_the_host_holds [StorageLoad] load;
    what_was_stored_is_loaded_by_a_later_frame [StorageStore, StorageLoad] round_trip;
    a_cold_load_costs_no_less_than_a_warm_one [StorageLoad] cold_load;
    a_cold_store_costs_no_less_than_a_warm_one [StorageStore] cold_store;
    a_transient_store_reaches_the_host_once [TransientStore] transient_store;
    a_transient_load_returns_what_the_host_holds [TransientLoad] transient_load;
    transient_storage_is_not_storage [TransientStore, StorageLoad] apart;
};

/// The callbacks of the frame that store or load.
fn storage_callbacks(frame: &Frame) -> Vec<Callback> {
    let all = frame.host.observations.iter().map(|seen| seen.callback);
    all.filter(|callback| {
        matches!(
            callback,
            Callback::StorageLoad
                | Callback::StorageStore
                | Callback::TransientLoad
                | Callback::TransientStore
        )
    })
    .collect()
}

fn store(bench: &Bench) -> Check {
    let mut frame = bench.frame(Behaviour::StorageStore, &input(&[wide(1), wide(2)], &[]))?;
    frame.succeed()?;
    same(
        "callbacks",
        vec![Callback::StorageStore],
        storage_callbacks(&frame),
    )?;
    same("slot", wide(2), frame.host.state.slot(SELF, wide(1)))?;
    same("slots", 1, frame.host.state.storage.len())
}

fn load(bench: &Bench) -> Check {
    for value in [Word::ZERO, wide(9)] {
        let mut frame = bench.frame(Behaviour::StorageLoad, &input(&[wide(1)], &[]))?;
        frame.host.state.set_slot(SELF, wide(1), value);
        frame.host.state.set_slot(SELF, wide(2), wide(3));
        frame.returns(value)?;
        same(
            "callbacks",
            vec![Callback::StorageLoad],
            storage_callbacks(&frame),
        )?;
    }
    Ok(())
}

fn round_trip(bench: &Bench) -> Check {
    let mut first = bench.frame(Behaviour::StorageStore, &input(&[wide(1), wide(2)], &[]))?;
    first.succeed()?;
    let mut second = bench.frame(Behaviour::StorageLoad, &input(&[wide(1)], &[]))?;
    second.host.state.storage = first.host.state.storage;
    second.returns(wide(2))
}

/// Compares the gas of a frame whose slot is warm with one whose slot is cold.
fn compare(bench: &Bench, behaviour: Behaviour, bytes: &[u8]) -> Check {
    let mut cold = bench.frame(behaviour, bytes)?;
    let cold = cold.succeed()?.gas_used;
    let mut warm = bench.frame(behaviour, bytes)?;
    let slot = (SELF, wide(1).to_be_bytes());
    warm.host.state.warm_slots.insert(slot);
    let warm = warm.succeed()?.gas_used;
    ensure!(
        cold >= warm,
        "a cold access uses {cold} gas, a warm one {warm}"
    );
    Ok(())
}

fn cold_load(bench: &Bench) -> Check {
    compare(bench, Behaviour::StorageLoad, &input(&[wide(1)], &[]))
}

fn cold_store(bench: &Bench) -> Check {
    compare(
        bench,
        Behaviour::StorageStore,
        &input(&[wide(1), wide(2)], &[]),
    )
}

fn transient_store(bench: &Bench) -> Check {
    let mut frame = bench.frame(Behaviour::TransientStore, &input(&[wide(1), wide(2)], &[]))?;
    frame.succeed()?;
    same(
        "callbacks",
        vec![Callback::TransientStore],
        storage_callbacks(&frame),
    )?;
    let slot = (SELF, wide(1).to_be_bytes());
    same(
        "slot",
        Some(&wide(2)),
        frame.host.state.transient.get(&slot),
    )
}

fn transient_load(bench: &Bench) -> Check {
    for value in [Word::ZERO, wide(9)] {
        let mut frame = bench.frame(Behaviour::TransientLoad, &input(&[wide(1)], &[]))?;
        let slot = (SELF, wide(1).to_be_bytes());
        frame.host.state.transient.insert(slot, value);
        frame.returns(value)?;
        same(
            "callbacks",
            vec![Callback::TransientLoad],
            storage_callbacks(&frame),
        )?;
    }
    Ok(())
}

fn apart(bench: &Bench) -> Check {
    let mut first = bench.frame(Behaviour::TransientStore, &input(&[wide(1), wide(2)], &[]))?;
    first.succeed()?;
    let mut second = bench.frame(Behaviour::StorageLoad, &input(&[wide(1)], &[]))?;
    second.host.state = first.host.state;
    second.returns(Word::ZERO)
}
