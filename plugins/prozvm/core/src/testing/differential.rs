//! Runs one program on every tier and insists on one result.

use std::sync::Arc;

use super::entropy::Entropy;
use super::generate::random_program;
use super::host::{TEST_SYSCALLS, TestHost};
use crate::call::Call;
use crate::config::VmConfig;
use crate::program::Program;
use crate::reference::{Driver as _, Profile, Reference};
use crate::syscalls::{Control, Guest, Syscalls};
use crate::threaded::Prepared;
use crate::verify::{load, verify};

/// Makes a program from the bytes, runs it some times with different arguments and gas on the reference interpreter
/// and on the threaded one with and without fusion. Gives the number of executions and the instructions of the
/// reference, for statistics.
///
/// # Panics
///
/// When the program is refused, does not survive encoding, when outcome, gas, place, memory or syscalls differ, or when
/// a profile does not add up.
#[allow(clippy::expect_used)]
pub fn compare_tiers(bytes: &[u8]) -> (u64, u64) {
    let mut entropy = Entropy::new(bytes);
    let mut config = VmConfig::default();
    config.stack_limit.call_depth = 1 + entropy.below(40);
    let program = random_program(&mut entropy);
    let decoded = Program::decode(&program.encode());
    assert_eq!(decoded.as_ref(), Ok(&program), "encoding loses something");
    let mut tiers = [true, false].map(|fusion| {
        config.optimization.fusion = fusion;
        let verified =
            verify(program.clone(), &config, &TEST_SYSCALLS).expect("generated programs are valid");
        Prepared::new(Arc::new(verified))
    });
    let mut counts = (0, 0);
    for _ in 0..4 {
        let arguments = [entropy.value(), entropy.value()];
        let gas_limit = match entropy.below(4) {
            0 => u64::from(entropy.below(1500)),
            _ => 5_000 + u64::from(entropy.below(2000)),
        };
        let call = Call {
            function: 0,
            arguments: &arguments,
            gas_limit,
        };
        let mut expected_host = TestHost::default();
        let verified = Arc::clone(tiers[0].program());
        let mut reference = Reference::new(&verified, &call).expect("the call fits");
        let mut profile = Profile::new(&verified);
        let expected = profile.drive(&mut reference, &mut expected_host);
        let used = gas_limit - expected.gas_left;
        assert_eq!(profile.gas(), used as i64, "the profile loses gas");
        counts.1 += profile.instructions;
        for tier in &mut tiers {
            let mut host = TestHost::default();
            let (result, memory) = tier
                .run_with_memory(&call, &mut host)
                .expect("the call fits");
            assert_eq!(result, expected, "results differ");
            assert_eq!(host, expected_host, "syscalls differ");
            assert!(memory == *reference.memory(), "memories differ");
            // Gas in parts: the first is enough for the memory, which is paid before anything can be given.
            let part = verified.memory_cost() + u64::from(entropy.below(40));
            let first = part.min(gas_limit);
            let mut host = TestHost {
                aside: gas_limit - first,
                part: 1 + part % 13,
                ..TestHost::default()
            };
            let call = Call {
                gas_limit: first,
                ..call
            };
            let (mut result, memory) = tier
                .run_with_memory(&call, &mut host)
                .expect("the call fits");
            result.gas_left += host.aside;
            assert_eq!(result, expected, "parts of gas show in the result");
            assert_eq!(
                host.calls, expected_host.calls,
                "parts of gas show in syscalls"
            );
            assert!(memory == *reference.memory(), "parts of gas show in memory");
            // Not fused at first: fusion comes while the program runs.
            let later = Prepared::unfused(Arc::clone(tier.program()));
            let later = later.expect("it is verified");
            let mut host = Fusing {
                prepared: &later,
                host: TestHost {
                    aside: gas_limit - first,
                    part: 1 + part % 13,
                    ..TestHost::default()
                },
            };
            let (mut result, memory) = later
                .run_with_memory(&call, &mut host)
                .expect("the call fits");
            result.gas_left += host.host.aside;
            assert_eq!(result, expected, "fusing shows in the result");
            assert!(memory == *reference.memory(), "fusing shows in memory");
            counts.0 += 3;
        }
        counts.0 += 1;
    }
    counts
}

/// A host that fuses the running program when it is asked for gas.
struct Fusing<'a> {
    prepared: &'a Prepared,
    host: TestHost,
}

impl Syscalls for Fusing<'_> {
    fn call(&mut self, number: u16, arguments: [u64; 6], guest: &mut Guest<'_>) -> Control {
        self.host.call(number, arguments, guest)
    }

    fn refill(&mut self, left: u64) -> Option<u64> {
        self.prepared.fuse();
        self.host.refill(left)
    }

    fn page_limit(&self) -> u32 {
        self.host.page_limit()
    }
}

/// Decodes and verifies arbitrary bytes, and runs what passes.
///
/// # Panics
///
/// When an accepted program does not encode to the bytes it came from, or tiers differ on it.
#[allow(clippy::expect_used)]
pub fn decode_and_verify(bytes: &[u8]) {
    let mut config = VmConfig::default();
    config.memory_model.max_pages = 64;
    let bare = load(bytes, &config, &TEST_SYSCALLS, &|| false);
    let Ok(program) = Program::decode(bytes) else {
        assert!(bare.is_err(), "loading decodes what decoding refuses");
        return;
    };
    assert_eq!(program.encode(), bytes, "the encoding is not canonical");
    let verified = verify(program, &config, &TEST_SYSCALLS);
    let Ok(verified) = verified else {
        return;
    };
    let bare = bare.expect("loading refuses what verifying accepts");
    assert_eq!(bare.functions(), verified.functions());
    assert_eq!(bare.blocks(), verified.blocks());
    assert!(bare.prove(), "loading does not prove what verifying does");
    let prepared = Prepared::new(Arc::new(verified));
    let verified = prepared.program();
    for (index, function) in verified.functions().iter().enumerate().take(4) {
        let arguments = vec![7; usize::from(function.signature.parameters)];
        let call = Call {
            function: index as u32,
            arguments: &arguments,
            gas_limit: 20_000,
        };
        let mut reference = Reference::new(verified, &call).expect("the call fits");
        let expected = reference.run(&mut TestHost::default());
        let (result, memory) = prepared
            .run_with_memory(&call, &mut TestHost::default())
            .expect("the call fits");
        assert_eq!(result, expected, "results differ");
        assert!(memory == *reference.memory(), "memories differ");
    }
}
