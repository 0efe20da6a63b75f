//! Creations.

use crate::kit::{Frame, OTHER, RETURN_TOP, code, output, push};
use proz_sdk::{Address, Buffer, CreateOutcome, MessageKind, Revision, StatusCode, Word};
use revm_interpreter::bytecode::opcode as op;
use std::rc::Rc;

/// Creates from `len` bytes at 0 and leaves the address on the stack.
fn create(opcode: u8, value: u64, len: u64) -> Vec<u8> {
    let salt = if opcode == op::CREATE2 {
        push(0x5a17)
    } else {
        Vec::new()
    };
    code(&[&salt, &push(len), &[op::PUSH1, 0], &push(value), &[opcode]])
}

fn answered(
    revision: Revision,
    program: &[u8],
    outcome: impl Fn(u64) -> CreateOutcome + 'static,
) -> Frame<'static> {
    let mut frame = Frame::new(revision, program);
    frame.host.on_create = Some(Rc::new(move |_, request| Ok(outcome(request.gas_limit))));
    frame
}

fn created(status: StatusCode, gas_left: u64, address: Address, output: &[u8]) -> CreateOutcome {
    CreateOutcome {
        status,
        gas_left,
        gas_refund: if status.is_success() { 11 } else { 0 },
        address,
        output: Buffer::from(output),
    }
}

#[test]
fn requests_carry_kind_value_salt_and_init_code() {
    let fill = code(&[
        &push(Word([0, 0, 0, 0x0102_0300_0000_0000])),
        &[op::PUSH1, 0, op::MSTORE],
    ]);
    for (opcode, line) in [
        (
            op::CREATE,
            format!("CREATE value 7 salt {}", "0".repeat(64)),
        ),
        (
            op::CREATE2,
            format!("CREATE2 value 7 salt {}5a17", "0".repeat(60)),
        ),
    ] {
        let mut frame = answered(
            Revision::Osaka,
            &code(&[&fill, &create(opcode, 7, 3)]),
            |gas| created(StatusCode::SUCCESS, gas, OTHER, &[]),
        );
        frame.run();
        let line = format!("Create {line} init code 010203 gas ");
        assert!(
            frame.host.transcript()[0].starts_with(&line),
            "{:?}",
            frame.host.transcript()
        );
    }
}

#[test]
fn outcomes_push_the_address_and_keep_return_data_after_a_revert_only() {
    let program = code(&[
        &create(op::CREATE, 0, 0),
        &[
            op::PUSH1,
            0,
            op::MSTORE,
            op::RETURNDATASIZE,
            op::PUSH1,
            32,
            op::MSTORE,
        ],
        &[op::PUSH1, 64, op::PUSH1, 0, op::RETURN],
    ]);
    let address = Word::from_be_bytes({
        let mut bytes = [0; 32];
        bytes[12..].copy_from_slice(&OTHER.0);
        bytes
    });
    for (status, back, pushed, size, refund) in [
        (StatusCode::SUCCESS, 500, address, 0, 11),
        (StatusCode::REVERT, 400, Word::ZERO, 3, 0),
        (StatusCode::ADDRESS_COLLISION, 0, Word::ZERO, 0, 0),
        (StatusCode::NONCE_OVERFLOW, 300, Word::ZERO, 0, 0),
    ] {
        let mut frame = answered(Revision::Osaka, &program, move |_| {
            created(status, back, OTHER, &[1, 2, 3])
        });
        let result = frame.run();
        assert_eq!(result.status, StatusCode::SUCCESS, "{status}");
        let output = result.output.as_slice();
        assert_eq!(output[..32], pushed.to_be_bytes(), "{status}");
        assert_eq!(output[32..], crate::kit::output(size), "{status}");
        assert_eq!(result.gas_refund, refund, "{status}");
        // 63/64 went and `back` came: pushes and MSTOREs 36 + 6 + 3, RETURN of two words.
        let kept = {
            let before = 100_000 - 9 - 32_000;
            before - (before - before / 64)
        };
        assert_eq!(result.gas_left, kept + back - 3 * 6 - 2 - 6, "{status}");
    }
}

#[test]
fn creation_costs_follow_the_rule_sets() {
    for (revision, opcode, len, gas) in [
        (Revision::Frontier, op::CREATE, 64, 32_000),
        (Revision::Constantinople, op::CREATE2, 64, 32_000 + 12),
        (Revision::Shanghai, op::CREATE, 64, 32_000 + 4),
        (Revision::Shanghai, op::CREATE2, 64, 32_000 + 12 + 4),
    ] {
        let program = create(opcode, 0, len);
        let mut frame = answered(revision, &program, |gas| {
            created(StatusCode::SUCCESS, gas, OTHER, &[])
        });
        let operands = if opcode == op::CREATE2 { 4 } else { 3 };
        // Two words of memory.
        assert_eq!(
            100_000 - frame.run().gas_left,
            gas + 3 * operands + 6,
            "{revision}"
        );
    }
}

#[test]
fn init_code_is_bounded_from_shanghai_on() {
    for (revision, len, status) in [
        (Revision::Paris, 0xc001, StatusCode::SUCCESS),
        (Revision::Shanghai, 0xc000, StatusCode::SUCCESS),
        (Revision::Shanghai, 0xc001, StatusCode::INIT_CODE_TOO_LARGE),
    ] {
        let mut frame = Frame::new(revision, &create(op::CREATE, 0, len));
        assert_eq!(frame.run().status, status, "{revision} {len:#x}");
    }
}

#[test]
fn init_code_runs_as_it_is_and_returns_the_code_to_deploy() {
    let mut frame = Frame::new(Revision::Osaka, &code(&[&push(0xfe), RETURN_TOP]));
    frame.message.kind = MessageKind::CREATE;
    frame.message.code_hash = proz_sdk::B256::default();
    let result = frame.run();
    assert_eq!(
        (result.status, result.output.to_vec()),
        (StatusCode::SUCCESS, output(0xfe))
    );
}
