//! Rules S and T: syscalls, and how runs end.

use proz_prozvm_core::{
    Call, CallError, Control, Guest, Location, Outcome, Prepared, Reference, Syscalls, Trap,
    VmConfig,
};

use crate::{eval, run, run_all, verified};

/// S-1, S-2, S-3
#[test]
fn syscalls_get_their_arguments_and_give_one_result() {
    let source = ".func f (8) -> 2\n sys sum\n li a1, 5\n sys 9\n ret";
    let (result, _, host) = run_all(
        &verified(source, &VmConfig::default()),
        &[1, 2, 3, 4, 5, 6, 7, 8],
        10_000,
    );
    let calls: Vec<_> = host.calls.iter().map(|call| (call.0, call.1)).collect();
    assert_eq!(calls, [(5, [1, 2, 0, 0, 0, 0]), (9, [3, 5, 3, 4, 5, 6])]);
    assert_eq!(result.outcome, Outcome::Finished([26, 5]));
    // `charge` has no result and leaves `a0` alone.
    assert_eq!(eval("sys charge", [3, 0]), 3);
}

struct Refund;

impl Syscalls for Refund {
    fn call(&mut self, _: u16, arguments: [u64; 6], guest: &mut Guest<'_>) -> Control {
        assert!(guest.charge(u64::MAX).is_err());
        guest.set_gas_left(arguments[0]);
        Control::Continue(guest.gas_left())
    }
}

/// S-4
#[test]
fn a_syscall_may_set_the_gas_left() {
    let verified = verified(".func f (2) -> 1\n sys sum\n ret", &VmConfig::default());
    let call = Call {
        function: 0,
        arguments: &[7_000, 0],
        gas_limit: 10_000,
    };
    let threaded = Prepared::new(verified.clone())
        .run(&call, &mut Refund)
        .unwrap();
    assert_eq!(
        Reference::new(&verified, &call).unwrap().run(&mut Refund),
        threaded
    );
    assert_eq!(
        (threaded.outcome, threaded.gas_left),
        (Outcome::Finished([7_000, 0]), 6_998)
    );
}

/// S-5, T-1, T-3, T-5, T-6
#[test]
fn syscalls_stop_charge_and_trap() {
    let at = |instruction| {
        Some(Location {
            function: 0,
            instruction,
        })
    };
    let stopped = run(".func f (1) -> 0\n li t0, 1\n sys stop\n ret", &[4]);
    assert_eq!(
        (stopped.outcome, stopped.location),
        (Outcome::Stopped, at(1))
    );
    let trapped = run(".func f (3) -> 1\n sys fill\n ret", &[0, 1, 8]);
    assert_eq!(
        (trapped.outcome, trapped.location),
        (Outcome::Trapped(Trap::Syscall), at(0))
    );
    let verified = verified(
        ".func f (1) -> 0\n sys charge\n ret\n.stack 4096",
        &VmConfig::default(),
    );
    let unpaid = run_all(&verified, &[200], 153 + 8 + 199).0;
    assert_eq!(
        (unpaid.outcome, unpaid.gas_left, unpaid.location),
        (Outcome::OutOfGas, 199, at(0))
    );
}

/// T-2
#[test]
fn a_finished_run_gives_its_results_only() {
    for (results, expected) in [(0, [0, 0]), (1, [3, 0]), (2, [3, 4])] {
        let source = format!(".func f (2) -> {results}\n ret");
        let result = run(&source, &[3, 4]);
        assert_eq!(
            (result.outcome, result.location),
            (Outcome::Finished(expected), None)
        );
    }
}

/// T-5, T-6
#[test]
fn a_trap_names_its_instruction() {
    let source = ".func f (1) -> 1\n li t0, 1\n call g\n ret\n.func g (1) -> 1\n addi a0, a0, 1\n ld a0, 0(a0)\n ret";
    let result = run(source, &[0]);
    assert_eq!(result.outcome, Outcome::Trapped(Trap::Memory));
    assert_eq!(
        result.location,
        Some(Location {
            function: 1,
            instruction: 1
        })
    );
}

/// T-1: what does not fit is an error, no outcome.
#[test]
fn calls_that_do_not_fit_are_errors() {
    let verified = verified(".func f (2) -> 1\n ret", &VmConfig::default());
    let call = |function, arguments| Call {
        function,
        arguments,
        gas_limit: 1_000,
    };
    let prepared = Prepared::new(verified.clone());
    for (call, expected) in [
        (call(1, &[][..]), CallError::Function { count: 1, found: 1 }),
        (
            call(0, &[1][..]),
            CallError::Arguments {
                expected: 2,
                found: 1,
            },
        ),
    ] {
        assert_eq!(Reference::new(&verified, &call).unwrap_err(), expected);
        assert_eq!(
            prepared
                .run(&call, &mut proz_prozvm_core::NoSyscalls)
                .unwrap_err(),
            expected
        );
    }
}
