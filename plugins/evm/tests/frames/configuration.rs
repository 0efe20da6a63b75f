//! Every key of the configuration has its effect.

use crate::kit::{Frame, OTHER, RETURN_TOP, code, output, push, push_address};
use proz_sdk::{MessageKind, Revision, StatusCode, VirtualMachine as _, VmErrorCode};
use revm_interpreter::bytecode::opcode as op;

fn status(config: &str, program: &[u8]) -> StatusCode {
    Frame::configured(Revision::Osaka, config, program)
        .run()
        .status
}

#[test]
fn disabled_opcodes_halt_with_their_own_status_wherever_they_stand() {
    let config = "disabled_opcodes = ['SELFDESTRUCT', 'JUMPDEST', 0x01, 'DUP1', 0x0c]";
    for (program, expected) in [
        (
            vec![op::PUSH1, 0, op::SELFDESTRUCT],
            StatusCode::INSTRUCTION_DISABLED,
        ),
        (
            vec![op::PUSH1, 3, op::JUMP, op::JUMPDEST],
            StatusCode::INSTRUCTION_DISABLED,
        ),
        (vec![op::ADD], StatusCode::INSTRUCTION_DISABLED),
        (vec![op::PUSH0, op::DUP1], StatusCode::INSTRUCTION_DISABLED),
        (vec![0x0c], StatusCode::INSTRUCTION_DISABLED),
        (vec![op::PUSH1, op::SELFDESTRUCT], StatusCode::SUCCESS),
        (vec![op::PUSH0, op::PUSH0, op::MUL], StatusCode::SUCCESS),
    ] {
        assert_eq!(status(config, &program), expected, "{program:02x?}");
    }
    // Even with no gas left for it.
    let mut frame = Frame::configured(Revision::Osaka, config, &[op::PUSH1, 0, op::SELFDESTRUCT]);
    frame.message.gas_limit = 3;
    assert_eq!(frame.run().status, StatusCode::INSTRUCTION_DISABLED);
}

#[test]
fn a_lower_stack_limit_is_exact() {
    for (limit, items, expected) in [
        (1, 1, StatusCode::SUCCESS),
        (1, 2, StatusCode::STACK_OVERFLOW),
        (16, 16, StatusCode::SUCCESS),
        (16, 17, StatusCode::STACK_OVERFLOW),
        (1024, 1024, StatusCode::SUCCESS),
        (1024, 1025, StatusCode::STACK_OVERFLOW),
    ] {
        for grow in [
            vec![op::PUSH1, 0],
            vec![op::PUSH0],
            vec![op::ADDRESS],
            vec![op::GAS],
            vec![op::SELFBALANCE],
        ] {
            let found = status(&format!("stack_limit = {limit}"), &grow.repeat(items));
            assert_eq!(found, expected, "{grow:02x?} x {items}, limit {limit}");
        }
    }
    let dups = |count| code(&[&[op::PUSH0], &[op::DUP1].repeat(count)]);
    assert_eq!(status("stack_limit = 8", &dups(7)), StatusCode::SUCCESS);
    assert_eq!(
        status("stack_limit = 8", &dups(8)),
        StatusCode::STACK_OVERFLOW
    );
    assert_eq!(
        status("stack_limit = 8", &[op::DUP1]),
        StatusCode::STACK_UNDERFLOW
    );
    // What does not grow the stack may run on a full one.
    assert_eq!(
        status(
            "stack_limit = 2",
            &[op::PUSH0, op::PUSH0, op::SWAP1, op::ADD, op::SLOAD]
        ),
        StatusCode::SUCCESS
    );
}

#[test]
fn memory_is_bounded_by_configuration_and_host() {
    let touch = |offset: u64| code(&[&[op::PUSH1, 1], &push(offset), &[op::MSTORE8]]);
    for (config, offset, expected) in [
        ("max_memory_size = 4096", 4095, StatusCode::SUCCESS),
        ("max_memory_size = 4096", 4096, StatusCode::MEMORY_LIMIT),
        ("max_memory_size = 1000000", 8192, StatusCode::MEMORY_LIMIT),
        ("", 8191, StatusCode::SUCCESS),
    ] {
        let mut frame = Frame::configured(Revision::Osaka, config, &touch(offset));
        frame.environment.limits.memory_bytes = 8192;
        assert_eq!(frame.run().status, expected, "{config} {offset}");
    }
}

#[test]
fn memory_may_be_free_of_charge() {
    let program = code(&[&[op::PUSH1, 1], &push(1_000_000), &[op::MSTORE]]);
    let free =
        Frame::configured(Revision::Osaka, "charge_memory_expansion = false", &program).run();
    assert_eq!(
        (free.status, 100_000 - free.gas_left),
        (StatusCode::SUCCESS, 9)
    );
    assert_eq!(status("", &program), StatusCode::OUT_OF_GAS);
}

#[test]
fn the_depth_limit_refuses_calls_and_frames_below_it() {
    let call = code(&[
        &push(0).repeat(5),
        &push_address(OTHER),
        &push(1000),
        &[op::CALL],
        RETURN_TOP,
    ]);
    let create = code(&[&push(0).repeat(3), &[op::CREATE], RETURN_TOP]);
    for (depth, asks) in [(1, true), (2, false)] {
        for program in [&call, &create] {
            let mut frame = Frame::configured(Revision::Osaka, "call_depth_limit = 2", program);
            frame.message.depth = depth;
            let result = frame.run();
            assert_eq!(result.status, StatusCode::SUCCESS);
            let asked = frame
                .host
                .transcript()
                .iter()
                .any(|line| line.starts_with("Call ") || line.starts_with("Create "));
            assert_eq!(asked, asks, "depth {depth}");
            if !asks {
                // Nothing but the instructions themselves was paid: the gas came back.
                assert_eq!(result.output.to_vec(), output(0));
                assert!(result.gas_left > 60_000);
            }
        }
    }
    let mut frame = Frame::configured(Revision::Osaka, "call_depth_limit = 2", &[]);
    frame.message.depth = 3;
    assert_eq!(frame.run().status, StatusCode::CALL_DEPTH_EXCEEDED);
}

#[test]
fn a_frame_creates_no_more_contracts_than_it_may() {
    let create = code(&[&push(0).repeat(3), &[op::CREATE]]);
    for (limit, expected) in [(0, 0), (2, 2), (9, 3)] {
        let config = format!("create_contract_limit = {limit}");
        let mut frame = Frame::configured(Revision::Osaka, &config, &create.repeat(3));
        frame.message.gas_limit = 1 << 40;
        assert_eq!(frame.run().status, StatusCode::SUCCESS);
        assert_eq!(frame.host.observations.len(), expected, "limit {limit}");
    }
}

#[test]
fn code_size_bounds_deployment_init_code_and_validation() {
    let config = "max_code_size = 10";
    let returning = |len: u8| vec![op::PUSH1, len, op::PUSH1, 0, op::RETURN];
    for (kind, len, expected) in [
        (MessageKind::CREATE, 10, StatusCode::SUCCESS),
        (MessageKind::CREATE2, 11, StatusCode::CODE_TOO_LARGE),
        (MessageKind::CALL, 11, StatusCode::SUCCESS),
    ] {
        let mut frame = Frame::configured(Revision::Osaka, config, &returning(len));
        frame.message.kind = kind;
        assert_eq!(frame.run().status, expected, "{len}");
    }
    let create = |len: u8| vec![op::PUSH1, len, op::PUSH1, 0, op::PUSH1, 0, op::CREATE];
    assert_eq!(status(config, &create(20)), StatusCode::SUCCESS);
    assert_eq!(status(config, &create(21)), StatusCode::INIT_CODE_TOO_LARGE);
    let evm = Frame::configured(Revision::Osaka, config, &[]).evm;
    let error = evm.validate_code(&[0; 11]).unwrap_err();
    assert_eq!(error.code(), VmErrorCode::CODE_TOO_LARGE);
}

#[test]
fn asking_for_compiled_code_changes_no_result() {
    let program = code(&[&push(5), RETURN_TOP]);
    let mut with = Frame::configured(Revision::Osaka, "machine = { enable_jit = true }", &program);
    let mut without = Frame::configured(Revision::Osaka, "", &program);
    let (with, without) = (with.run(), without.run());
    assert_eq!(
        (with.gas_left, &*with.output),
        (without.gas_left, &*without.output)
    );
    assert!(proz_evm::NO_COMPILED_TIER.contains("no compiled tier"));
}
