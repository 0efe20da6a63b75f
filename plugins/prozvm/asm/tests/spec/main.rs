//! The rules of SPEC.md, each cited where it is tested.

#![allow(clippy::unwrap_used)]

mod citations;
mod configuration;
mod format;
mod gas;
mod instructions;
mod machine;
mod memory;
mod runs;
mod text;
mod verification;
mod wide;

use std::sync::Arc;

use proz_prozvm_asm::assemble;
use proz_prozvm_core::testing::{TEST_SYSCALLS, TestHost};
use proz_prozvm_core::{
    Call, Memory, Outcome, Prepared, Program, Reference, Rejection, RunResult, Trap, Verified,
    VmConfig, verify,
};

fn program(source: &str) -> Program {
    assemble(source, &TEST_SYSCALLS).unwrap_or_else(|error| panic!("{error}\n{source}"))
}

fn verified(source: &str, config: &VmConfig) -> Arc<Verified> {
    Arc::new(
        verify(program(source), config, &TEST_SYSCALLS)
            .unwrap_or_else(|error| panic!("{error}\n{source}")),
    )
}

/// Runs function 0 on every tier, insists that they agree, and gives what the reference says.
fn run_all(
    verified: &Arc<Verified>,
    arguments: &[u64],
    gas_limit: u64,
) -> (RunResult, Memory, TestHost) {
    let call = Call {
        function: 0,
        arguments,
        gas_limit,
    };
    let mut host = TestHost::default();
    let mut reference = Reference::new(verified, &call).unwrap();
    let expected = reference.run(&mut host);
    for fusion in [true, false] {
        let mut config = verified.config().clone();
        config.optimization.fusion = fusion;
        let same = verify(verified.program().clone(), &config, &TEST_SYSCALLS).unwrap();
        let mut other = TestHost::default();
        let (result, memory) = Prepared::new(Arc::new(same))
            .run_with_memory(&call, &mut other)
            .unwrap();
        assert_eq!(result, expected);
        assert!(memory == *reference.memory());
        assert_eq!(other, host);
    }
    (expected, reference.memory().clone(), host)
}

fn run(source: &str, arguments: &[u64]) -> RunResult {
    run_all(
        &verified(source, &VmConfig::default()),
        arguments,
        1_000_000,
    )
    .0
}

/// The first result of function 0.
fn value(source: &str, arguments: &[u64]) -> u64 {
    match run(source, arguments).outcome {
        Outcome::Finished([first, _]) => first,
        other => panic!("{other:?} from\n{source}"),
    }
}

/// `a0 <- body`, with two arguments.
fn eval(body: &str, arguments: [u64; 2]) -> u64 {
    value(&format!(".func f (2) -> 1\n{body}\nret"), &arguments)
}

fn assert_traps(source: &str, arguments: &[u64], trap: Trap) {
    assert_eq!(
        run(source, arguments).outcome,
        Outcome::Trapped(trap),
        "{source}"
    );
}

fn assert_refused(program: Program, rule: &str, offset: usize) {
    assert_refused_with(program, &VmConfig::default(), rule, offset);
}

fn assert_refused_with(program: Program, config: &VmConfig, rule: &str, offset: usize) {
    let encoded = program.encode().len();
    let refused: Rejection = verify(program, config, &TEST_SYSCALLS).unwrap_err();
    assert_eq!(
        (refused.rule.id(), refused.offset),
        (rule, offset),
        "{refused}"
    );
    assert!(refused.offset < encoded.max(1), "{refused}");
}
