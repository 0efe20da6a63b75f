//! The kit is proved on a machine that does everything right, and on ones that do one thing wrong.
#![expect(
    clippy::unwrap_used,
    reason = "the helpers of a test may panic as the test may"
)]

mod machine;
mod pack;

use machine::{Fault, IDENTITY, Native};
use proz_interface::v1::Revision;
use proz_sdk_testing::conformance::{
    Behaviour, Program, Programs, Report, Verdict, machine_cases, machine_in_process, pack_cases,
    run_machine,
};
use std::{collections::BTreeSet, sync::Arc};

fn programs() -> Programs {
    let mut programs = Programs::none("native");
    programs.revision = Revision::Osaka;
    for (number, (behaviour, _)) in (0_u8..).zip(Behaviour::ALL) {
        let program = Program {
            code: vec![machine::MAGIC, number],
            selector: vec![number; 3],
        };
        programs.set(*behaviour, program);
    }
    programs
}

fn report(fault: Option<Fault>, programs: Programs) -> Report {
    let machine = machine_in_process(&IDENTITY, Native::new(fault)).unwrap();
    run_machine(&Arc::new(machine), &Arc::new(programs))
}

#[test]
fn a_right_machine_passes_every_case() {
    let report = report(None, programs());
    assert_eq!(
        report.count(Verdict::Passed),
        report.cases.len(),
        "{report}"
    );
}

#[test]
fn a_machine_without_programs_is_not_covered_rather_than_passed() {
    let report = report(None, Programs::none("native"));
    assert!(report.is_success(), "{report}");
    let needy = machine_cases()
        .filter(|case| !case.needs.is_empty())
        .count();
    assert_eq!(report.count(Verdict::NotCovered), needy);
}

#[test]
fn case_names_are_unique_claims() {
    let machine: Vec<_> = machine_cases().map(|case| case.name).collect();
    assert!(machine.len() >= 40, "{} cases", machine.len());
    for names in [machine, pack_cases().map(|case| case.name).collect()] {
        let unique: BTreeSet<_> = names.iter().collect();
        assert_eq!(unique.len(), names.len());
    }
}

/// Checks that a fault is found by the named case at least.
#[track_caller]
fn assert_found(fault: Fault, case: &str) {
    let report = report(Some(fault), programs());
    let failed: Vec<_> = report.with(Verdict::Failed).map(|case| case.name).collect();
    assert!(failed.contains(&case), "{fault:?} fails {failed:?}");
}

macro_rules! found {
    ($($fault:ident by $case:ident;)*) => {
        /// One test per fault; its name is the case that must find it.
        mod faults {
            $(#[test]
            fn $case() {
                super::assert_found(super::Fault::$fault, stringify!($case));
            })*
        }
    };
}

found! {
    ClaimsGas by gas_left_never_exceeds_the_limit;
    ChargesLess by what_was_used_is_enough_and_one_less_is_not;
    ChargesByHistory by two_runs_are_the_same_to_the_callback;
    ChargesByThread by another_thread_gives_the_same;
    ChargesTraced by tracing_changes_no_result;
    LosesRevertData by a_revert_returns_data_and_gas;
    HaltsByRevert by an_invalid_instruction_halts;
    CutsLargeInput by a_large_input_arrives_whole;
    IgnoresMemoryLimit by memory_beyond_the_limit_halts;
    SwapsSenderAndOrigin by sees_the_sender;
    CutsValue by sees_the_value;
    StoresTwice by a_store_reaches_the_host_once;
    MixesStorages by transient_storage_is_not_storage;
    SwapsTopics by a_log_carries_two_topics;
    CallsPlainly by a_static_call_says_that_it_is_one;
    KeepsCalleeGas by the_callees_gas_is_charged_to_the_unit;
    DropsRefund by a_successful_callees_refund_is_added;
    SharesOutput by one_thread_may_be_inside_many_frames;
    IgnoresStaticMode by a_store_is_a_violation;
    IgnoresHostErrors by a_failed_load_ends_the_frame;
    CallsOnAfterErrors by a_failed_store_ends_the_frame;
    IgnoresCancel by a_set_cancel_flag_stops_the_frame;
    PanicsOnRandomCode by random_bytes_are_judged_without_a_panic;
    PanicsOnAcceptedCode by accepted_bytes_execute_without_a_fault;
    CachesByZeroHash by a_zero_code_hash_is_no_cache_key;
    RunsAnyRevision by an_unknown_revision_is_unsupported;
    RunsAnyKind by an_unknown_message_kind_is_an_error;
    EstimatesTooMuch by an_estimate_is_enough_and_close;
    EstimatesTooLittle by an_estimate_of_a_store_is_enough_and_leaves_no_trace;
    EstimatesRealStores by an_estimate_is_repeatable;
    EstimatesReverts by an_estimate_of_a_revert_carries_its_data;
}
