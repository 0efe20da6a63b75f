//! Calls: what the host is asked, what comes back, what it costs.

use crate::kit::{Frame, OTHER, RETURN_TOP, SELF, code, output, push, push_address};
use proz_sdk::{
    Buffer, CallOutcome, FrameResult, MessageKind, Revision, StatusCode, VirtualMachine as _, Word,
};
use proz_sdk_testing::mock::{Environment, MockAccount, MockHost};
use revm_interpreter::bytecode::opcode as op;
use std::{cell::RefCell, rc::Rc};

/// Calls `OTHER` with all operands given; the result of the call stays on the stack.
fn call(opcode: u8, gas: u64, value: u64, input: (u8, u8), out: (u8, u8)) -> Vec<u8> {
    let value = if matches!(opcode, op::CALL | op::CALLCODE) {
        push(value)
    } else {
        Vec::new()
    };
    code(&[
        &[
            op::PUSH1,
            out.1,
            op::PUSH1,
            out.0,
            op::PUSH1,
            input.1,
            op::PUSH1,
            input.0,
        ],
        &value,
        &push_address(OTHER),
        &push(gas),
        &[opcode],
    ])
}

fn answer(status: StatusCode, gas_left: u64, gas_refund: i64, output: &[u8]) -> CallOutcome {
    CallOutcome {
        status,
        gas_left,
        gas_refund,
        output: Buffer::from(output),
    }
}

/// A frame whose calls are answered with `outcome` and recorded.
fn answered(
    revision: Revision,
    program: &[u8],
    outcome: impl Fn(u64) -> CallOutcome + 'static,
) -> Frame<'static> {
    let mut frame = Frame::new(revision, program);
    frame.host.on_call = Some(Rc::new(move |_, request| Ok(outcome(request.gas_limit))));
    frame
}

#[test]
fn requests_carry_kind_value_input_and_gas() {
    let fill = code(&[&push(0x0102), &[op::PUSH1, 0, op::MSTORE]]);
    for (opcode, name, value) in [
        (op::CALL, "CALL", 9),
        (op::CALLCODE, "CALLCODE", 9),
        (op::DELEGATECALL, "DELEGATECALL", 0),
        (op::STATICCALL, "STATICCALL", 0),
    ] {
        let program = code(&[&fill, &call(opcode, 5_000, 9, (30, 2), (0, 0))]);
        let mut frame = answered(Revision::Osaka, &program, |gas| {
            answer(StatusCode::SUCCESS, gas, 0, &[])
        });
        frame
            .host
            .state
            .accounts
            .insert(OTHER, MockAccount::with_code([0]));
        assert_eq!(frame.run().status, StatusCode::SUCCESS);
        let stipend = if value > 0 { 2_300 } else { 0 };
        assert_eq!(
            frame.host.transcript()[1],
            format!(
                "Call {name} {} value {value} input 0102 gas {}",
                "22".repeat(20),
                5_000 + stipend
            )
        );
    }
}

#[test]
fn outcomes_move_gas_refund_output_and_return_data() {
    // Calls with 10,000 gas and room for 4 bytes of output; returns success, RETURNDATASIZE and
    // the first word of memory, which held 0xee…
    let program = code(&[
        &push(Word([u64::MAX; 4])),
        &[op::PUSH1, 0, op::MSTORE],
        &call(op::CALL, 10_000, 0, (0, 0), (0, 4)),
        &[
            op::PUSH1,
            32,
            op::MSTORE,
            op::RETURNDATASIZE,
            op::PUSH1,
            64,
            op::MSTORE,
        ],
        &[op::PUSH1, 96, op::PUSH1, 0, op::RETURN],
    ]);
    let baseline = {
        let mut frame = answered(Revision::Osaka, &program, |_| {
            answer(StatusCode::OUT_OF_GAS, 0, 0, &[])
        });
        frame.run().gas_left
    };
    type Case = (StatusCode, u64, i64, &'static [u8], u64, [u8; 4], u64);
    let cases: &[Case] = &[
        // status, gas back, refund, output; then: pushed, first bytes of memory, return data
        (
            StatusCode::SUCCESS,
            7_000,
            5,
            &[1, 2, 3, 4, 5, 6],
            1,
            [1, 2, 3, 4],
            6,
        ),
        (StatusCode::SUCCESS, 0, 0, &[1, 2], 1, [1, 2, 0xff, 0xff], 2),
        (StatusCode::REVERT, 6_000, 0, &[9; 5], 0, [9; 4], 5),
        (StatusCode::OUT_OF_GAS, 0, 0, &[], 0, [0xff; 4], 0),
        (
            StatusCode::CALL_DEPTH_EXCEEDED,
            10_000,
            0,
            &[],
            0,
            [0xff; 4],
            0,
        ),
        (
            StatusCode::INSUFFICIENT_BALANCE,
            10_000,
            0,
            &[],
            0,
            [0xff; 4],
            0,
        ),
        // A status of a later host is a halt; whatever it says of output is not looked at.
        (StatusCode(4711), 0, 0, &[1], 0, [0xff; 4], 0),
    ];
    for &(status, back, refund, out, pushed, memory, size) in cases {
        let mut frame = answered(Revision::Osaka, &program, move |_| {
            answer(status, back, refund, out)
        });
        let result = frame.run();
        assert_eq!(result.status, StatusCode::SUCCESS, "{status}");
        assert_eq!(result.gas_left - baseline, back, "{status}");
        assert_eq!(result.gas_refund, refund, "{status}");
        let found = result.output.as_slice();
        assert_eq!(found[..4], memory, "{status}");
        assert_eq!(found[32..64], output(pushed), "{status}");
        assert_eq!(found[64..96], output(size), "{status}");
    }
}

#[test]
fn large_return_data_is_readable() {
    let program = code(&[
        &call(op::CALL, 10_000, 0, (0, 0), (0, 0)),
        &[
            op::RETURNDATASIZE,
            op::PUSH1,
            0,
            op::PUSH1,
            0,
            op::RETURNDATACOPY,
        ],
        &[op::RETURNDATASIZE, op::PUSH1, 0, op::RETURN],
    ]);
    for size in [1_usize, 1024, 1025, 5000] {
        let data: Vec<u8> = (0..size).map(|i| i as u8).collect();
        let sent = data.clone();
        let mut frame = answered(Revision::Osaka, &program, move |gas| {
            answer(StatusCode::SUCCESS, gas, 0, &sent)
        });
        assert_eq!(frame.run().output.as_slice(), data);
    }
}

#[test]
fn calls_cost_by_rule_set_value_and_target() {
    struct Case(Revision, u8, u64, bool, u64);
    use Revision as R;
    // Revision, opcode, value, target exists; gas without what is forwarded and the stipend.
    let cases = [
        Case(R::Frontier, op::CALL, 0, true, 40),
        Case(R::Frontier, op::CALL, 0, false, 25_040),
        Case(R::Frontier, op::CALL, 1, true, 9_040),
        Case(R::TangerineWhistle, op::CALL, 0, false, 25_700),
        Case(R::SpuriousDragon, op::CALL, 0, false, 700),
        Case(R::SpuriousDragon, op::CALL, 1, false, 34_700),
        Case(R::SpuriousDragon, op::CALLCODE, 1, false, 9_700),
        Case(R::Istanbul, op::DELEGATECALL, 0, true, 700),
        Case(R::Berlin, op::CALL, 0, true, 2_600),
        Case(R::Berlin, op::CALL, 1, false, 36_600),
        Case(R::Berlin, op::STATICCALL, 0, true, 2_600),
    ];
    for Case(revision, opcode, value, exists, gas) in cases {
        let program = call(opcode, 1_000, value, (0, 0), (0, 0));
        let mut frame = answered(revision, &program, |gas| {
            answer(StatusCode::SUCCESS, gas, 0, &[])
        });
        if exists {
            frame
                .host
                .state
                .accounts
                .insert(OTHER, MockAccount::with_code([0]));
        }
        let result = frame.run();
        assert_eq!(result.status, StatusCode::SUCCESS);
        let stipend = if value > 0 { 2_300 } else { 0 };
        let operands = if matches!(opcode, op::CALL | op::CALLCODE) {
            3
        } else {
            2
        };
        assert_eq!(
            100_000 - result.gas_left + stipend - 3 * (4 + operands),
            gas,
            "{revision} {opcode:#x} value {value} exists {exists}"
        );
    }
}

#[test]
fn a_delegated_target_costs_its_delegate_too() {
    let delegate = proz_sdk::Address([0x33; 20]);
    let designator = code(&[&[0xef, 0x01, 0x00], &delegate.0]);
    let program = call(op::CALL, 1_000, 0, (0, 0), (0, 0));
    for (is_warm, gas) in [(false, 5_200), (true, 2_700)] {
        let mut frame = Frame::new(Revision::Prague, &program);
        frame
            .host
            .state
            .accounts
            .insert(OTHER, MockAccount::with_code(designator.clone()));
        if is_warm {
            frame.host.state.warm_accounts.insert(delegate);
        }
        assert_eq!(100_000 - frame.run().gas_left - 3 * 7, gas);
    }
}

#[test]
fn all_but_a_64th_is_forwarded_from_tangerine_whistle_on() {
    let seen = Rc::new(RefCell::new(0));
    for (revision, wanted, forwarded) in [
        (Revision::Frontier, 50_000, Some(50_000)),
        (Revision::Frontier, 100_000, None),
        (Revision::TangerineWhistle, u64::MAX, Some(97_728)),
        (Revision::Osaka, 5, Some(5)),
    ] {
        let record = Rc::clone(&seen);
        let mut frame = Frame::new(revision, &call(op::CALL, wanted, 0, (0, 0), (0, 0)));
        frame
            .host
            .state
            .accounts
            .insert(OTHER, MockAccount::with_code([0]));
        frame.host.on_call = Some(Rc::new(move |_, request| {
            *record.borrow_mut() = request.gas_limit;
            Ok(answer(StatusCode::SUCCESS, 0, 0, &[]))
        }));
        let result = frame.run();
        match forwarded {
            Some(gas) => assert_eq!(*seen.borrow(), gas, "{revision}"),
            None => assert_eq!(result.status, StatusCode::OUT_OF_GAS, "{revision}"),
        }
    }
}

#[test]
fn value_in_static_mode_is_a_violation_and_a_call_without_is_not() {
    for (opcode, value, status) in [
        (op::CALL, 1, StatusCode::STATIC_VIOLATION),
        (op::CALL, 0, StatusCode::SUCCESS),
        (op::CALLCODE, 1, StatusCode::SUCCESS),
        (op::STATICCALL, 0, StatusCode::SUCCESS),
    ] {
        let mut frame = Frame::new(Revision::Osaka, &call(opcode, 100, value, (0, 0), (0, 0)));
        frame.message.is_static = true;
        assert_eq!(frame.run().status, status, "{opcode:#x} {value}");
    }
}

/// Runs calls of the mock through the EVM again, on the mock's own accounts.
fn recurse(
    evm: Rc<proz_evm::Evm>,
    revision: Revision,
    depth: u32,
) -> proz_sdk_testing::mock::CallHandler {
    Rc::new(move |host: &mut MockHost, request| {
        if depth == 1024 {
            return Ok(answer(
                StatusCode::CALL_DEPTH_EXCEEDED,
                request.gas_limit,
                0,
                &[],
            ));
        }
        let account = host
            .state
            .accounts
            .get(&request.target)
            .cloned()
            .unwrap_or_default();
        let keeps_context = matches!(
            request.kind,
            MessageKind::DELEGATE_CALL | MessageKind::CALL_CODE
        );
        let recipient = if keeps_context {
            host.recipient
        } else {
            request.target
        };
        let environment = Environment::new(revision);
        let mut message = Environment::call(recipient, request.gas_limit, request.input.as_slice());
        message.depth = depth + 1;
        message.code_hash = account.code_hash();
        message.is_static = host.is_static || request.kind == MessageKind::STATIC_CALL;
        let context = environment.context(message);
        let outer = host
            .on_call
            .replace(recurse(Rc::clone(&evm), revision, depth + 1));
        let result = host.enter(recipient, message.is_static, |host| {
            let FrameResult {
                status,
                gas_left,
                gas_refund,
                output,
            } = evm.execute(&account.code, &context, &mut host.host())?;
            Ok::<_, proz_sdk::VmError>(CallOutcome {
                status,
                gas_left,
                gas_refund,
                output,
            })
        });
        host.on_call = outer;
        result.map_err(|_| proz_sdk::HostError::ABORTED)
    })
}

fn recursive(revision: Revision, program: &[u8]) -> Frame<'static> {
    let mut frame = Frame::new(revision, program);
    let evm = proz_evm::Evm::new(Revision::Osaka, &proz_evm::EvmConfig::default()).unwrap();
    frame.host.observes = false;
    frame.host.on_call = Some(recurse(Rc::new(evm), revision, 0));
    frame
}

#[test]
fn nested_frames_have_their_own_stack_memory_and_return_data() {
    // The callee fills its memory and returns 32 bytes of it; the caller's stays as it was.
    let callee = code(&[
        &push(Word([7; 4])),
        &[
            op::PUSH1,
            0,
            op::MSTORE,
            op::PUSH1,
            0x20,
            op::PUSH2,
            1,
            0,
            op::MSTORE,
        ],
        &[op::PUSH1, 32, op::PUSH1, 0, op::RETURN],
    ]);
    let caller = code(&[
        &push(Word([3; 4])),
        &[op::PUSH1, 0, op::MSTORE, op::PUSH1, 0x55],
        &call(op::CALL, 50_000, 0, (0, 32), (32, 32)),
        &[
            op::POP,
            op::PUSH1,
            64,
            op::MSTORE,
            op::MSIZE,
            op::PUSH1,
            96,
            op::MSTORE,
        ],
        &[op::PUSH1, 128, op::PUSH1, 0, op::RETURN],
    ]);
    let mut frame = recursive(Revision::Osaka, &caller);
    frame
        .host
        .state
        .accounts
        .insert(OTHER, MockAccount::with_code(callee));
    let result = frame.run();
    let words: Vec<&[u8]> = result.output.as_slice().chunks(32).collect();
    assert_eq!(words[0], Word([3; 4]).to_be_bytes());
    assert_eq!(words[1], Word([7; 4]).to_be_bytes());
    assert_eq!(words[2], output(0x55));
    assert_eq!(words[3], output(96));
}

#[test]
fn a_machine_recurses_to_the_depth_limit_on_one_thread() {
    // Calls itself with all gas and counts the successful calls in storage.
    let program = code(&[
        &[op::PUSH1, 0, op::DUP1, op::DUP1, op::DUP1, op::DUP1],
        &[op::ADDRESS, op::GAS, op::CALL],
        &[op::PUSH1, 0, op::SLOAD, op::ADD, op::PUSH1, 0, op::SSTORE],
    ]);
    let depth = std::thread::Builder::new()
        .stack_size(64 << 20)
        .spawn(move || {
            let mut frame = recursive(Revision::Osaka, &program);
            // 63/64 of the gas per level: enough for 1024 of them.
            frame.message.gas_limit = u64::MAX / 2;
            let result = frame.run();
            assert_eq!(result.status, StatusCode::SUCCESS);
            frame.host.state.slot(SELF, 0)
        })
        .unwrap()
        .join()
        .unwrap();
    assert_eq!(depth, Word::from(1024));
}

#[test]
fn a_reverted_callee_leaves_its_state_and_refund_behind() {
    let callee = code(&[&[
        op::PUSH1,
        0,
        op::PUSH1,
        0,
        op::SSTORE,
        op::PUSH1,
        0,
        op::PUSH1,
        0,
        op::REVERT,
    ]]);
    let caller = code(&[&call(op::CALL, 50_000, 0, (0, 0), (0, 0)), RETURN_TOP]);
    let mut frame = recursive(Revision::Osaka, &caller);
    frame
        .host
        .state
        .accounts
        .insert(OTHER, MockAccount::with_code(callee));
    frame.host.state.set_slot(OTHER, 0, 1);
    let result = frame.run();
    assert_eq!((result.output.to_vec(), result.gas_refund), (output(0), 0));
    assert_eq!(frame.host.state.slot(OTHER, 0), Word::from(1));
}

#[test]
fn an_empty_input_range_at_any_offset_is_no_access() {
    let program = code(&[
        &[op::PUSH1, 0],
        &push(Word([u64::MAX; 4])),
        &[op::PUSH1, 0],
        &push(Word([u64::MAX; 4])),
        &[op::PUSH1, 0],
        &push_address(OTHER),
        &[op::PUSH2, 0x10, 0, op::CALL, op::POP, op::MSIZE],
        RETURN_TOP,
    ]);
    let mut frame = Frame::new(Revision::Osaka, &program);
    assert_eq!(frame.run().output.to_vec(), output(0));
}

#[test]
fn a_frame_needs_less_native_stack_than_the_machine_declares() {
    #[inline(never)]
    fn here() -> usize {
        let local = 0_u8;
        std::ptr::from_ref(std::hint::black_box(&local)).addr()
    }
    let program = call(op::CALL, 1_000, 0, (0, 0), (0, 0));
    for observed in [false, true] {
        let inside = Rc::new(RefCell::new(0));
        let record = Rc::clone(&inside);
        let mut frame = Frame::new(Revision::Osaka, &program);
        frame.evm.metrics().unwrap().enable(observed);
        frame.host.on_call = Some(Rc::new(move |_, request| {
            *record.borrow_mut() = here();
            Ok(answer(StatusCode::SUCCESS, request.gas_limit, 0, &[]))
        }));
        let outside = here();
        frame.run();
        let used = outside.abs_diff(*inside.borrow()) as u64;
        let declared = frame.evm.native_stack_bytes();
        assert!(used < declared, "{used} bytes used, {declared} declared");
        println!("{used} bytes of native stack, observed: {observed}");
    }
}
