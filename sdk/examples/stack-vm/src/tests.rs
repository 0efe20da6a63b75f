//! Frames on the SDK's host in memory.

use crate::{Config, StackVm};
use proz_sdk::{
    Address, FrameResult, HostError, Revision, StatusCode, VirtualMachine, VmError, VmErrorCode,
    Word,
};
use proz_sdk_testing::mock::{Environment, MockHost};

const ME: Address = Address([0x57; 20]);
const GAS: u64 = 100_000;

/// Adds the first word of the input to slot 0, logs it under topic 7, returns the sum.
const COUNTER: &[u8] = &[
    b'S', 1, // header
    0x01, 0, 0x40, // push 0; load
    0x01, 0, 0x30, // push 0; input
    0x10, // add
    0x03, 0, 0x01, 0, 0x41, // copy 0; push 0; store
    0x03, 0, 0x50, 32, // copy 0; append 32
    0x01, 1, 7, 0x51, 1, // push 7; log 1
    0x50, 32, 0x60, // append 32; return
];

fn execute(
    host: &mut MockHost,
    code: &[u8],
    gas: u64,
    input: &[u8],
) -> Result<FrameResult, VmError> {
    let environment = Environment::new(Revision::LATEST);
    let message = Environment::call(ME, gas, input);
    let machine = StackVm::new(Config::default())?;
    machine.execute(code, &environment.context(message), &mut host.host())
}

fn run(code: &[u8]) -> StatusCode {
    execute(&mut MockHost::new(ME), code, GAS, &[])
        .unwrap()
        .status
}

fn number(value: u64) -> [u8; 32] {
    Word::from(value).to_be_bytes()
}

#[test]
fn counts_logs_and_returns_for_the_gas_of_its_table() {
    let mut host = MockHost::new(ME);
    let result = execute(&mut host, COUNTER, GAS, &number(5)).unwrap();
    assert_eq!(result.status, StatusCode::SUCCESS);
    assert_eq!(result.output.as_slice(), number(5));
    // 13 steps of 3; cold load; write of a warm slot from zero; a log of 32 bytes; 64 bytes of buffer.
    let log = 375 + 375 + 8 * 32;
    assert_eq!(GAS - result.gas_left, 13 * 3 + 2_100 + 20_000 + log + 64);
    assert_eq!(host.state.logs[0].data, number(5));
    assert_eq!(host.state.logs[0].topics[0].0, number(7));
}

#[test]
fn ends_as_the_rules_say() {
    for (code, status) in [
        (&b"S\x01"[..], StatusCode::SUCCESS),
        (b"S\x01\x00", StatusCode::SUCCESS),
        (b"S\x01\x61", StatusCode::REVERT),
        (b"S\x01\x02", StatusCode::STACK_UNDERFLOW),
        (b"S\x01\xff", StatusCode::INVALID_INSTRUCTION),
        (b"S\x01\x01\x05\x00", StatusCode::INVALID_INSTRUCTION),
        (b"S\x01\x01\x00\x20\x00\x02", StatusCode::STACK_OVERFLOW),
        (b"S\x01\x20\x00\x02", StatusCode::OUT_OF_GAS),
    ] {
        assert_eq!(run(code), status, "{code:02x?}");
    }
}

#[test]
fn a_loop_stops_when_the_host_asks() {
    let environment = Environment::new(Revision::LATEST);
    environment
        .cancel
        .store(true, std::sync::atomic::Ordering::Relaxed);
    let context = environment.context(Environment::call(ME, u64::MAX, &[]));
    let machine = StackVm::new(Config::default()).unwrap();
    let error = machine
        .execute(
            b"S\x01\x20\x00\x02",
            &context,
            &mut MockHost::new(ME).host(),
        )
        .unwrap_err();
    assert_eq!(error.code(), VmErrorCode::CANCELLED);
}

#[test]
fn an_error_of_the_host_is_passed_on() {
    let mut host = MockHost::new(ME);
    host.failure = Some((0, HostError::DATABASE));
    let error = execute(&mut host, COUNTER, GAS, &[]).unwrap_err();
    assert_eq!(error.code(), VmErrorCode::HOST);

    let mut host = MockHost::new(ME);
    host.is_static = true;
    let error = execute(&mut host, COUNTER, GAS, &number(1)).unwrap_err();
    assert_eq!(error.code(), VmErrorCode::HOST);
}

#[test]
fn estimates_what_a_message_needs() {
    let environment = Environment::new(Revision::LATEST);
    let input = number(5);
    let context = environment.context(Environment::call(ME, GAS, &input));
    let machine = StackVm::new(Config::default()).unwrap();
    let mut host = MockHost::new(ME);
    let estimate = machine
        .estimate_gas(COUNTER, &input, &context, &mut host.host())
        .unwrap();
    assert_eq!(
        execute(&mut MockHost::new(ME), COUNTER, estimate.gas, &input)
            .unwrap()
            .status,
        StatusCode::SUCCESS
    );
    assert!(host.state.logs.is_empty(), "trials leave no traces");
}

#[test]
fn refuses_code_that_could_go_astray() {
    let machine = StackVm::new(Config::default()).unwrap();
    assert!(machine.validate_code(COUNTER).is_ok());
    for (code, expected, offset) in [
        (
            &b"T\x01"[..],
            "expected code that begins with [53, 01], found [54, 01]",
            0,
        ),
        (b"S\x01\xff", "expected a whole instruction, found 0xff", 2),
        (
            b"S\x01\x01\x21",
            "expected a whole instruction, found 0x01",
            2,
        ),
        (
            b"S\x01\x51\x05",
            "expected a whole instruction, found 0x51",
            2,
        ),
        (
            b"S\x01\x01\x01\x00\x20\x00\x04",
            "expected a jump to an instruction, found one to 4",
            5,
        ),
    ] {
        let error = machine.validate_code(code).unwrap_err();
        assert_eq!((error.message(), error.offset()), (expected, Some(offset)));
    }
}

#[test]
fn refuses_a_stack_without_room() {
    let config = Config {
        max_stack_items: 0,
        ..Config::default()
    };
    assert!(
        StackVm::new(config).is_err_and(|error| error.code() == VmErrorCode::INVALID_CONFIGURATION)
    );
}
