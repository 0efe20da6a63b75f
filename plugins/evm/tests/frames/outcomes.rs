//! How frames end: status, gas, output.

use crate::kit::{Frame, RETURN_TOP, code, output, push, run};
use proz_sdk::{HostError, Revision, StatusCode, VmErrorCode, Word};
use revm_interpreter::bytecode::opcode as op;
use std::sync::atomic::Ordering;

#[test]
fn ends_have_the_status_gas_and_output_of_the_yellow_paper() {
    let cases: &[(&[u8], StatusCode, u64, &[u8])] = &[
        (&[], StatusCode::SUCCESS, 0, &[]),
        (&[op::STOP], StatusCode::SUCCESS, 0, &[]),
        (
            &[op::PUSH1, 1, op::PUSH1, 2, op::ADD],
            StatusCode::SUCCESS,
            9,
            &[],
        ),
        (
            &[op::PUSH1, 2, op::PUSH1, 0, op::RETURN],
            StatusCode::SUCCESS,
            9,
            &[0, 0],
        ),
        (
            &[op::PUSH1, 1, op::PUSH1, 0, op::REVERT],
            StatusCode::REVERT,
            9,
            &[0],
        ),
        (
            &[op::PUSH1, 0, op::PUSH1, 0, op::REVERT],
            StatusCode::REVERT,
            6,
            &[],
        ),
        (
            &[op::INVALID],
            StatusCode::INVALID_INSTRUCTION,
            100_000,
            &[],
        ),
        (&[0x0c], StatusCode::INVALID_INSTRUCTION, 100_000, &[]),
        // Defined by revm for later rules only.
        (
            &[op::PUSH0, op::DUPN, 0x80],
            StatusCode::INVALID_INSTRUCTION,
            100_000,
            &[],
        ),
        (
            &[op::SLOTNUM],
            StatusCode::INVALID_INSTRUCTION,
            100_000,
            &[],
        ),
        (&[op::ADD], StatusCode::STACK_UNDERFLOW, 100_000, &[]),
        (&[op::DUP1], StatusCode::STACK_UNDERFLOW, 100_000, &[]),
        (&[op::SWAP1], StatusCode::STACK_UNDERFLOW, 100_000, &[]),
        (
            &[op::PUSH1, 0, op::JUMP],
            StatusCode::INVALID_JUMP,
            100_000,
            &[],
        ),
        (
            &[op::JUMPDEST, op::PUSH1, 0, op::JUMP],
            StatusCode::OUT_OF_GAS,
            100_000,
            &[],
        ),
        (
            &[op::PUSH1, 1, op::PUSH0, op::PUSH0, op::RETURNDATACOPY],
            StatusCode::RETURN_DATA_OUT_OF_BOUNDS,
            100_000,
            &[],
        ),
    ];
    for (code, status, gas, output) in cases {
        assert_eq!(
            run(Revision::Osaka, code),
            (*status, *gas, output.to_vec()),
            "{code:02x?}"
        );
    }
    assert_eq!(
        run(
            Revision::Osaka,
            &[op::JUMPDEST, op::PUSH0, op::PUSH0, op::JUMP]
        )
        .0,
        StatusCode::STACK_OVERFLOW
    );
}

#[test]
fn a_halt_keeps_no_gas_output_or_refund() {
    let mut frame = Frame::new(
        Revision::Osaka,
        &code(&[&push(0), &push(1), &[op::SSTORE, op::INVALID]]),
    );
    frame.host.state.set_slot(crate::kit::SELF, 1, 5);
    let result = frame.run();
    assert_eq!(
        (result.gas_left, result.gas_refund, result.output.len()),
        (0, 0, 0)
    );
}

#[test]
fn each_rule_set_knows_its_own_instructions() {
    let cases: &[(u8, usize, Revision)] = &[
        (op::DELEGATECALL, 6, Revision::Homestead),
        (op::REVERT, 2, Revision::Byzantium),
        (op::STATICCALL, 6, Revision::Byzantium),
        (op::RETURNDATASIZE, 0, Revision::Byzantium),
        (op::SHL, 2, Revision::Constantinople),
        (op::EXTCODEHASH, 1, Revision::Constantinople),
        (op::CREATE2, 4, Revision::Constantinople),
        (op::CHAINID, 0, Revision::Istanbul),
        (op::SELFBALANCE, 0, Revision::Istanbul),
        (op::BASEFEE, 0, Revision::London),
        (op::PUSH0, 0, Revision::Shanghai),
        (op::BLOBHASH, 1, Revision::Cancun),
        (op::BLOBBASEFEE, 0, Revision::Cancun),
        (op::TLOAD, 1, Revision::Cancun),
        (op::MCOPY, 3, Revision::Cancun),
        (op::CLZ, 1, Revision::Osaka),
    ];
    for (opcode, inputs, since) in cases {
        let program = code(&[&[op::PUSH1, 0].repeat(*inputs), &[*opcode]]);
        for revision in Revision::ALL {
            let known = run(*revision, &program).0 != StatusCode::INVALID_INSTRUCTION;
            assert_eq!(known, *revision >= *since, "{opcode:#x} in {revision}");
        }
    }
}

#[test]
fn the_environment_is_the_contexts() {
    let cases: &[(&[u8], Vec<u8>)] = &[
        (&[op::NUMBER], output(1000)),
        (&[op::TIMESTAMP], output(1_700_000_000)),
        (&[op::GASLIMIT], output(30_000_000)),
        (&[op::CHAINID], output(1)),
        (&[op::BASEFEE], output(7)),
        (&[op::BLOBBASEFEE], output(3)),
        (&[op::GASPRICE], output(10)),
        (&[op::DIFFICULTY], vec![0x5a; 32]),
        (&[op::PUSH1, 1, op::BLOBHASH], vec![2; 32]),
        (&[op::PUSH1, 2, op::BLOBHASH], output(0)),
        (&[op::CALLVALUE], output(0x99)),
        (&[op::CALLDATASIZE], output(3)),
        (&[op::PUSH1, 1, op::CALLDATALOAD], {
            let mut word = vec![0; 32];
            word[..2].copy_from_slice(&[8, 9]);
            word
        }),
        (&[op::CODESIZE], output(9)),
    ];
    for (part, expected) in cases {
        let mut frame = Frame::new(Revision::Osaka, &code(&[part, RETURN_TOP]));
        frame.message.value = Word::from(0x99);
        frame.message.input = [7, 8, 9].as_slice().into();
        assert_eq!(frame.run().output.to_vec(), *expected, "{part:02x?}");
    }
    for (part, byte) in [
        (op::ADDRESS, 0x11),
        (op::CALLER, 0xaa),
        (op::ORIGIN, 0xaa),
        (op::COINBASE, 0xcb),
    ] {
        let (_, _, found) = run(Revision::Osaka, &code(&[&[part], RETURN_TOP]));
        assert_eq!(found[12..], [byte; 20], "{part:#x}");
    }
    let before_paris = run(Revision::London, &code(&[&[op::DIFFICULTY], RETURN_TOP]));
    assert_eq!(before_paris.2, output(0x20000));
}

#[test]
fn an_unknown_or_newer_revision_is_unsupported_and_names_the_newest() {
    for (config, revision, newest) in [
        ("", Revision(15), "Osaka"),
        ("revision = 'Shanghai'", Revision::Cancun, "Shanghai"),
    ] {
        let mut frame = Frame::configured(Revision::Osaka, config, &[op::STOP]);
        frame.environment.revision = revision;
        let error = frame.try_run().unwrap_err();
        assert_eq!(error.code(), VmErrorCode::UNSUPPORTED);
        assert!(error.message().contains(newest), "{error}");
    }
}

#[test]
fn an_unknown_message_kind_is_an_error() {
    let mut frame = Frame::new(Revision::Osaka, &[]);
    frame.message.kind = proz_sdk::MessageKind(6);
    assert_eq!(
        frame.try_run().unwrap_err().code(),
        VmErrorCode::UNSUPPORTED
    );
}

#[test]
fn a_failing_callback_leaves_no_result() {
    let target = push(0);
    let callbacks: &[(&str, Vec<u8>)] = &[
        ("SLOAD", code(&[&target, &[op::SLOAD]])),
        ("SSTORE", code(&[&target, &target, &[op::SSTORE]])),
        ("TLOAD", code(&[&target, &[op::TLOAD]])),
        ("TSTORE", code(&[&target, &target, &[op::TSTORE]])),
        ("BALANCE", code(&[&target, &[op::BALANCE]])),
        ("SELFBALANCE", vec![op::SELFBALANCE]),
        ("EXTCODESIZE", code(&[&target, &[op::EXTCODESIZE]])),
        ("EXTCODEHASH", code(&[&target, &[op::EXTCODEHASH]])),
        (
            "EXTCODECOPY",
            code(&[&target.repeat(4), &[op::EXTCODECOPY]]),
        ),
        ("BLOCKHASH", code(&[&push(999), &[op::BLOCKHASH]])),
        ("LOG0", code(&[&target.repeat(2), &[op::LOG0]])),
        ("SELFDESTRUCT", code(&[&target, &[op::SELFDESTRUCT]])),
        ("CALL, target", code(&[&target.repeat(7), &[op::CALL]])),
        ("CREATE", code(&[&target.repeat(3), &[op::CREATE]])),
    ];
    for (name, program) in callbacks {
        let mut frame = Frame::new(Revision::Osaka, program);
        frame.host.failure = Some((0, HostError::DATABASE));
        let error = frame.try_run().unwrap_err();
        assert_eq!(error.code(), VmErrorCode::HOST, "{name}");
    }
    let mut frame = Frame::new(Revision::Osaka, &code(&[&target.repeat(7), &[op::CALL]]));
    frame.host.failure = Some((1, HostError::ABORTED));
    assert_eq!(
        frame.try_run().unwrap_err().code(),
        VmErrorCode::HOST,
        "CALL itself"
    );
}

#[test]
fn a_frame_that_the_host_knows_as_static_halts() {
    // The message forgets what the host remembers.
    for program in [
        code(&[&push(0).repeat(2), &[op::SSTORE]]),
        code(&[&push(0).repeat(2), &[op::TSTORE]]),
        code(&[&push(0).repeat(2), &[op::LOG0]]),
        code(&[&push(0), &[op::SELFDESTRUCT]]),
        code(&[&push(0).repeat(3), &[op::CREATE]]),
    ] {
        for (message, host) in [(true, true), (true, false), (false, true)] {
            let mut frame = Frame::new(Revision::Osaka, &program);
            frame.message.is_static = message;
            frame.host.is_static = host;
            assert_eq!(
                frame.run().status,
                StatusCode::STATIC_VIOLATION,
                "{program:02x?}"
            );
        }
    }
}

#[test]
fn a_set_cancel_flag_stops_a_loop() {
    for program in [
        vec![op::JUMPDEST, op::PUSH1, 0, op::JUMP],
        vec![op::JUMPDEST, op::PUSH1, 1, op::PUSH1, 0, op::JUMPI],
    ] {
        let mut frame = Frame::new(Revision::Osaka, &program);
        frame.message.gas_limit = u64::MAX;
        frame.environment.cancel.store(true, Ordering::Relaxed);
        assert_eq!(frame.try_run().unwrap_err().code(), VmErrorCode::CANCELLED);
    }
}

#[test]
fn block_hashes_come_from_the_host_within_256_blocks() {
    for (number, expected) in [(999, 0x42), (744, 0x43), (743, 0), (1000, 0), (1001, 0)] {
        let mut frame = Frame::new(
            Revision::Osaka,
            &code(&[&push(number), &[op::BLOCKHASH], RETURN_TOP]),
        );
        frame.host.block_hashes.insert(999, crate::kit::hash(0x42));
        frame.host.block_hashes.insert(744, crate::kit::hash(0x43));
        frame.host.block_hashes.insert(743, crate::kit::hash(0x44));
        frame.host.block_hashes.insert(1000, crate::kit::hash(0x45));
        assert_eq!(frame.run().output.to_vec(), vec![expected; 32], "{number}");
    }
}
