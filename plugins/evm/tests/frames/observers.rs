//! Metrics, traces, estimates.

use crate::kit::{Frame, OTHER, SELF, code, push, push_address};
use proz_sdk::{
    Buffer, CallOutcome, Revision, StatusCode, TraceMask, VirtualMachine as _, VmErrorCode, Word,
};
use proz_sdk_testing::mock::{MockAccount, StepRecorder};
use revm_interpreter::bytecode::opcode as op;
use std::rc::Rc;

/// A call that takes 10,000 gas and leaves 4,000 of it.
fn calling() -> Frame<'static> {
    let program = code(&[
        &[op::PUSH1, 0].repeat(5),
        &push_address(OTHER),
        &push(10_000),
        &[op::CALL, op::POP, op::JUMPDEST, op::PUSH1, 50, op::JUMP],
    ]);
    let mut frame = Frame::new(Revision::Osaka, &program);
    frame
        .host
        .state
        .accounts
        .insert(OTHER, MockAccount::with_code([0]));
    frame.host.on_call = Some(Rc::new(|_, _| {
        Ok(CallOutcome {
            status: StatusCode::SUCCESS,
            gas_left: 4_000,
            gas_refund: 0,
            output: Buffer::empty(),
        })
    }));
    frame
}

#[test]
fn counters_count_when_on_and_leave_out_forwarded_gas() {
    let mut frame = calling();
    assert!(!frame.evm.metrics().unwrap().enable(true));
    let counted = frame.run();
    assert!(frame.evm.metrics().unwrap().enable(false));
    assert_eq!(counted.status, StatusCode::INVALID_JUMP);
    let found: Vec<(String, u64, u64)> = frame
        .evm
        .metrics()
        .unwrap()
        .take()
        .into_iter()
        .map(|entry| (entry.name.to_string(), entry.count, entry.gas))
        .collect();
    let expected = [
        ("POP", 1, 2),
        // The jump halts the frame: counted, but nothing was charged for it.
        ("JUMP", 1, 0),
        ("JUMPDEST", 1, 1),
        ("PUSH1", 6, 18),
        ("PUSH20", 1, 3),
        ("PUSH32", 1, 3),
        ("CALL", 1, 2_600),
    ];
    assert_eq!(
        found,
        expected.map(|(name, count, gas)| (name.to_owned(), count, gas))
    );
    frame.run();
    assert!(frame.evm.metrics().unwrap().take().is_empty());
}

#[test]
fn counting_and_tracing_change_no_result() {
    let program = code(&[
        &push(40),
        // A loop of 40 rounds that stores the round.
        &[
            op::JUMPDEST,
            op::DUP1,
            op::PUSH1,
            0,
            op::SSTORE,
            op::PUSH1,
            1,
            op::SWAP1,
            op::SUB,
        ],
        &[op::DUP1, op::PUSH1, 33, op::JUMPI],
    ]);
    let run = |change: fn(&mut Frame<'static>)| {
        let mut frame = Frame::new(Revision::Osaka, &program);
        frame.message.gas_limit = 1_000_000;
        change(&mut frame);
        let result = frame.run();
        (
            result.status,
            result.gas_left,
            result.gas_refund,
            frame.host.state,
        )
    };
    let plain = run(|_| {});
    assert_eq!(plain.0, StatusCode::SUCCESS);
    let counted = run(|frame| {
        frame.evm.metrics().unwrap().enable(true);
    });
    let traced = run(|frame| frame.host.recorder = Some(StepRecorder::new(TraceMask::STEPS)));
    assert_eq!(plain, counted);
    assert_eq!(plain, traced);
}

#[test]
fn steps_carry_what_eip_3155_asks_for() {
    let mut frame = calling();
    let all = TraceMask::STEPS
        .union(TraceMask::STACK)
        .union(TraceMask::MEMORY);
    frame.host.recorder = Some(StepRecorder::new(all));
    frame.run();
    let steps = frame.host.recorder.as_ref().unwrap().steps();
    let names: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(
        names[5..],
        [
            "PUSH20", "PUSH32", "CALL", "POP", "JUMPDEST", "PUSH1", "JUMP"
        ]
    );
    assert_eq!((steps[0].program_counter, steps[1].program_counter), (0, 2));
    assert_eq!(
        (steps[0].gas_left, steps[0].end),
        (100_000, Some((99_997, false)))
    );
    assert_eq!(steps[2].stack, [Word::ZERO, Word::ZERO]);
    let call = &steps[7];
    assert_eq!((call.opcode, call.stack.len()), (0xf1, 7));
    // Its step ends before the callee begins, the forwarded gas charged.
    assert_eq!(call.end, Some((call.gas_left - 2_600 - 10_000, false)));
    assert_eq!(steps[8].gas_left, call.gas_left - 2_600 - 6_000);
    let jump = steps.last().unwrap();
    assert_eq!(jump.end.map(|end| end.1), Some(true));
}

#[test]
fn steps_leave_out_what_is_not_wanted() {
    let program = code(&[&push(7), &[op::PUSH1, 0, op::MSTORE, op::PUSH1, 1]]);
    for (mask, stack, memory) in [
        (TraceMask::STEPS, 0, 0),
        (TraceMask::STEPS.union(TraceMask::STACK), 1, 0),
        (TraceMask::STEPS.union(TraceMask::MEMORY), 0, 32),
    ] {
        let mut frame = Frame::new(Revision::Osaka, &program);
        frame.host.recorder = Some(StepRecorder::new(mask));
        frame.run();
        let steps = frame.host.recorder.as_ref().unwrap().steps();
        assert_eq!(steps[1].stack.len(), stack);
        assert_eq!(
            (steps[3].memory.len(), steps[3].memory_size_bytes),
            (memory, 32)
        );
    }
}

fn estimate(program: &[u8], limit: u64) -> Result<(u64, u32), VmErrorCode> {
    let mut frame = Frame::new(Revision::Osaka, program);
    frame.message.gas_limit = limit;
    let context = frame.environment.context(frame.message);
    let before = frame.host.state.clone();
    let found = frame
        .evm
        .estimate_gas(&frame.code, &[], &context, &mut frame.host.host());
    assert_eq!(frame.host.state, before, "an estimate leaves no trace");
    found
        .map(|estimate| (estimate.gas, estimate.executions))
        .map_err(|error| error.code())
}

/// Least gas with which the program succeeds.
fn least(program: &[u8], limit: u64) -> u64 {
    let (mut low, mut high) = (0, limit);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        let mut frame = Frame::new(Revision::Osaka, program);
        frame.message.gas_limit = middle;
        if frame.run().status.is_success() {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

#[test]
fn estimates_succeed_and_are_at_most_1_5_percent_above_the_least() {
    let storing = code(&[&push(1), &push(0), &[op::SSTORE]]);
    // A store, then a demand for 30,000 gas to be left: needs more than it spends.
    let demanding = code(&[
        &storing,
        &push(30_000),
        &[
            op::GAS,
            op::GT,
            op::PUSH1,
            0x6a,
            op::JUMPI,
            op::INVALID,
            op::JUMPDEST,
        ],
    ]);
    // Clears what it set: spends more than it pays in the end.
    let refunded = code(&[&storing, &push(0), &push(0), &[op::SSTORE]]);
    for (name, program) in [
        ("store", &storing),
        ("demand", &demanding),
        ("refund", &refunded),
    ] {
        let least = least(program, 1 << 30);
        let (found, executions) = estimate(program, 1 << 30).unwrap();
        assert!(found >= least, "{name}: {found} < {least}");
        assert!(
            (found - least) * 1000 <= least * 15,
            "{name}: {found} against {least}"
        );
        assert!(executions <= 67, "{name}");
        let mut frame = Frame::new(Revision::Osaka, program);
        frame.message.gas_limit = found;
        assert_eq!(frame.run().status, StatusCode::SUCCESS, "{name}");
    }
    assert_eq!(frame_slot(), Word::ZERO);
}

/// A fresh frame's storage, to show that runs share nothing.
fn frame_slot() -> Word {
    Frame::new(Revision::Osaka, &[]).host.state.slot(SELF, 0)
}

#[test]
fn estimates_tell_reverts_from_halts_and_want_of_gas() {
    let cases: &[(&[u8], u64, VmErrorCode)] = &[
        (
            &[op::PUSH1, 1, op::PUSH1, 0, op::REVERT],
            100_000,
            VmErrorCode::REVERTED,
        ),
        (&[op::INVALID], 100_000, VmErrorCode::HALTED),
        (
            &[op::PUSH1, 1, op::PUSH1, 0, op::SSTORE],
            5_000,
            VmErrorCode::OUT_OF_GAS,
        ),
    ];
    for (program, limit, code) in cases {
        assert_eq!(estimate(program, *limit), Err(*code), "{program:02x?}");
    }
}
