//! Frames on the SDK's host in memory.

use crate::{Config, ScriptVm, abi};
use proz_sdk::{
    Address, FrameResult, HostError, Revision, StatusCode, VirtualMachine, VmError, VmErrorCode,
};
use proz_sdk_testing::mock::{Environment, MockHost};
use ruint::aliases::U256;

const ME: Address = Address([0x57; 20]);
const GAS: u64 = 200_000;
const COUNTER: &str = include_str!("../contracts/counter.rhai");

fn execute(
    host: &mut MockHost,
    code: &str,
    gas: u64,
    input: &[u8],
) -> Result<FrameResult, VmError> {
    let environment = Environment::new(Revision::LATEST);
    let message = Environment::call(ME, gas, input);
    let machine = ScriptVm::new(Config::default())?;
    machine.execute(
        code.as_bytes(),
        &environment.context(message),
        &mut host.host(),
    )
}

/// Runs the body of a `main`.
fn run(body: &str) -> FrameResult {
    let code = format!("fn main() {{ {body} }}");
    execute(&mut MockHost::new(ME), &code, GAS, &[]).unwrap()
}

fn number(value: u64) -> [u8; 32] {
    U256::from(value).to_be_bytes()
}

fn call(signature: &str, arguments: &[u64]) -> Vec<u8> {
    let words = arguments.iter().flat_map(|argument| number(*argument));
    abi::selector(signature).into_iter().chain(words).collect()
}

#[test]
fn counts_logs_and_returns() {
    let mut host = MockHost::new(ME);
    for (by, sum) in [(5, 5), (7, 12)] {
        let result = execute(&mut host, COUNTER, GAS, &call("add(uint256)", &[by])).unwrap();
        assert_eq!(
            result.status,
            StatusCode::SUCCESS,
            "{:?}",
            result.output.as_slice()
        );
        assert_eq!(result.output.as_slice(), number(sum));
    }
    assert_eq!(host.state.logs[1].data, number(12));
    assert_eq!(
        host.state.logs[1].topics[0].0,
        abi::keccak256(b"Added(uint256)")
    );
    let read = execute(&mut host, COUNTER, GAS, &call("total()", &[])).unwrap();
    assert_eq!(read.output.as_slice(), number(12));
}

#[test]
fn gas_depends_on_the_script_and_the_state_alone() {
    let used = || {
        let mut host = MockHost::new(ME);
        let result = execute(&mut host, COUNTER, GAS, &call("add(uint256)", &[5])).unwrap();
        GAS - result.gas_left
    };
    let first = used();
    assert!(
        first > 22_100 + 375 + 375 + 256,
        "the host's own prices: {first}"
    );
    assert!((0..20).all(|_| used() == first));
    // The exact limit is enough, one less is not.
    let mut host = MockHost::new(ME);
    let result = execute(&mut host, COUNTER, first, &call("add(uint256)", &[5])).unwrap();
    assert_eq!((result.status, result.gas_left), (StatusCode::SUCCESS, 0));
    let mut host = MockHost::new(ME);
    let result = execute(&mut host, COUNTER, first - 1, &call("add(uint256)", &[5])).unwrap();
    assert_eq!(result.status, StatusCode::OUT_OF_GAS);
}

#[test]
fn computes_with_words_that_never_wrap() {
    for (body, expected) in [
        ("u256(2) * 3 + 1", 7),
        ("(u256(\"0xff\") - 15) / 16 % 7", 1),
        (
            "if u256(5) > 4 && 4 < u256(5) && u256(4) == 4 { 1 } else { 0 }",
            1,
        ),
        ("let sum = u256(0); for i in 0..10 { sum += i; } sum", 45),
        ("[1, 2, 3].len()", 3),
    ] {
        let result = run(body);
        assert_eq!(result.status, StatusCode::SUCCESS, "{body}");
        assert_eq!(result.output.as_slice(), number(expected), "{body}");
    }
    for body in ["u256(1) - 2", "u256(1) / 0", "u256(-1)", "u256(\"pear\")"] {
        assert_eq!(run(body).status, StatusCode::REVERT, "{body}");
    }
}

#[test]
fn what_is_thrown_is_the_revert_of_solidity() {
    let result = run("throw \"no\"");
    assert_eq!(result.status, StatusCode::REVERT);
    let data = result.output.as_slice();
    assert_eq!(data[..4], abi::selector("Error(string)"));
    assert_eq!((data.len(), &data[68..70]), (100, &b"no"[..]));
    assert_eq!(
        run("let x = 0; try { throw 1; } catch { x = 5; } x")
            .output
            .as_slice(),
        number(5)
    );
}

#[test]
fn limits_halt_and_cannot_be_caught() {
    for (body, status) in [
        ("loop {}", StatusCode::OUT_OF_GAS),
        ("try { loop {} } catch { 1 }", StatusCode::OUT_OF_GAS),
        ("let a = []; loop { a.push(a); }", StatusCode::MEMORY_LIMIT),
        ("let s = \"x\"; loop { s += s; }", StatusCode::MEMORY_LIMIT),
        ("let b = bytes(1); loop { b += b; }", StatusCode::OUT_OF_GAS),
    ] {
        assert_eq!(run(body).status, status, "{body}");
    }
    let recursion = "fn deep(n) { deep(n + 1) } fn main() { deep(0) }";
    let result = execute(&mut MockHost::new(ME), recursion, GAS, &[]).unwrap();
    assert_eq!(result.status, StatusCode::STACK_OVERFLOW);
}

#[test]
fn nothing_in_the_language_looks_outside_of_the_message() {
    for body in [
        "timestamp().elapsed",
        "eval(\"1\")",
        "import \"x\" as x;",
        "1.5",
    ] {
        let code = format!("fn main() {{ {body} }}");
        let machine = ScriptVm::new(Config::default()).unwrap();
        let refused = machine.validate_code(code.as_bytes()).is_err();
        let result = execute(&mut MockHost::new(ME), &code, GAS, &[]).unwrap();
        assert!(
            refused || result.status == StatusCode::REVERT,
            "{body}: {}",
            result.status
        );
        assert!(!result.status.is_success(), "{body}");
    }
}

#[test]
fn says_what_is_wrong_with_a_script() {
    let machine = ScriptVm::new(Config::default()).unwrap();
    for (code, part) in [
        (&b"fn main() { let = 1 }"[..], "line 1"),
        (b"fn other() {}", "expected a function `main()`"),
        (b"fn main() {} \xff", "found a byte that is none at 13"),
    ] {
        let error = machine.validate_code(code).unwrap_err();
        assert_eq!(error.code(), VmErrorCode::INVALID_CODE);
        assert!(error.message().contains(part), "{}", error.message());
    }
    let long = vec![b' '; 65_537];
    assert!(machine.validate_code(&long).is_err());
    assert!(machine.validate_code(COUNTER.as_bytes()).is_ok());
}

#[test]
fn a_static_frame_may_not_write() {
    let mut host = MockHost::new(ME);
    host.is_static = true;
    let result = execute(&mut host, COUNTER, GAS, &call("add(uint256)", &[5])).unwrap();
    assert_eq!(result.status, StatusCode::STATIC_VIOLATION);
    let result = execute(&mut host, COUNTER, GAS, &call("total()", &[])).unwrap();
    assert_eq!(result.status, StatusCode::SUCCESS);
}

#[test]
fn errors_of_the_host_are_passed_on() {
    let mut host = MockHost::new(ME);
    host.failure = Some((0, HostError::DATABASE));
    let error = execute(&mut host, COUNTER, GAS, &call("total()", &[])).unwrap_err();
    assert_eq!(error.code(), VmErrorCode::HOST);
}

#[test]
fn operations_have_a_price() {
    let error = ScriptVm::new(Config {
        gas_per_operation: 0,
        ..Config::default()
    });
    assert_eq!(
        error.err().unwrap().code(),
        VmErrorCode::INVALID_CONFIGURATION
    );
}
