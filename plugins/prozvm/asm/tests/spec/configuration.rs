//! Rules C: each part of the configuration has its effect.

use std::sync::Arc;

use proz_prozvm_core::testing::{TEST_SYSCALLS, TestHost};
use proz_prozvm_core::{
    Call, ConfigError, Engine, GasSchedule, MemoryKind, Opcode, RegisterConfig, Tier, VmConfig,
    verify,
};

use crate::{assert_refused_with, program, run_all, verified};

const ADD: &str = ".func f (2) -> 1\n add a0, a0, a1\n ret\n.stack 4096";

/// C-1
#[test]
fn the_memory_model_limits_pages() {
    let mut config = VmConfig::default();
    assert_eq!(config.memory_model.kind, MemoryKind::Linear32);
    config.memory_model.max_pages = 3;
    assert_eq!(config.check(), Ok(()));
    assert_refused_with(program(&format!("{ADD}\n.pages 4")), &config, "V-3", 24);
    verified(&format!("{ADD}\n.pages 3"), &config);
    for found in [0, 1, VmConfig::PAGE_LIMIT + 1] {
        config.memory_model.max_pages = found;
        assert_eq!(
            config.check(),
            Err(ConfigError::Pages {
                limit: VmConfig::PAGE_LIMIT,
                found
            })
        );
    }
}

/// C-2
#[test]
fn the_stack_limit_limits_declared_bytes() {
    let mut config = VmConfig::default();
    config.stack_limit.bytes = 8192;
    assert_refused_with(
        program(".func f () -> 0\n ret\n.stack 12288"),
        &config,
        "V-3",
        12,
    );
    verified(".func f () -> 0\n ret\n.stack 8192", &config);
    for found in [0, VmConfig::CALL_DEPTH_LIMIT + 1] {
        config.stack_limit.call_depth = found;
        assert_eq!(
            config.check(),
            Err(ConfigError::CallDepth {
                limit: VmConfig::CALL_DEPTH_LIMIT,
                found
            })
        );
    }
}

/// C-3
#[test]
fn the_register_configuration_limits_names() {
    let mut config = VmConfig {
        register_config: RegisterConfig {
            count: 16,
            width_bits: 64,
        },
        ..VmConfig::default()
    };
    assert_eq!(config.check(), Ok(()));
    verified(".func f (6) -> 1\n add a0, a0, a5\n ret", &config);
    let code = 32 + 5 + 2 + 5 + 8 + 5;
    assert_refused_with(
        program(".func f (1) -> 1\n add a0, a0, zero\n mv a6, a0\n ret"),
        &config,
        "V-12",
        code + 8,
    );
    assert_refused_with(program(".func f (7) -> 1\n ret"), &config, "V-4", 32 + 5);
    for (count, width_bits) in [(24, 64), (32, 32), (0, 64), (64, 64)] {
        config.register_config = RegisterConfig { count, width_bits };
        assert_eq!(
            config.check(),
            Err(ConfigError::Registers { count, width_bits })
        );
    }
}

/// C-4
#[test]
fn the_gas_schedule_prices_programs_of_its_number() {
    let config = VmConfig {
        gas_schedule: GasSchedule::version_1().with_costs(7, &[(Opcode::Add, 1000)]),
        ..VmConfig::default()
    };
    assert_refused_with(program(ADD), &config, "V-2", 6);
    let verified = verified(&format!(".schedule 7\n{ADD}"), &config);
    assert_eq!(
        run_all(&verified, &[1, 2], 10_000).0.gas_left,
        10_000 - 153 - 1002
    );
}

/// C-5
#[test]
fn optimization_chooses_the_tier_and_never_the_result() {
    let call = Call {
        function: 0,
        arguments: &[20, 22],
        gas_limit: 10_000,
    };
    let mut results = Vec::new();
    for (tier, fusion, runs_on) in [
        (Tier::Reference, true, Tier::Reference),
        (Tier::Interpreter, false, Tier::Interpreter),
        (Tier::Interpreter, true, Tier::Interpreter),
        (Tier::Auto, true, Tier::Interpreter),
    ] {
        let mut config = VmConfig::default();
        config.optimization.tier = tier;
        config.optimization.fusion = fusion;
        let verified = verify(program(ADD), &config, &TEST_SYSCALLS).unwrap();
        let engine = Engine::new(Arc::new(verified));
        engine.translate();
        assert_eq!(engine.tier(), runs_on);
        assert_eq!(engine.size_bytes() > 0, runs_on == Tier::Interpreter);
        results.push(engine.run(&call, &mut TestHost::default()).unwrap());
    }
    assert!(
        results.windows(2).all(|pair| pair[0] == pair[1]),
        "{results:?}"
    );
}

/// C-6
#[test]
fn limits_bound_the_program() {
    let source = ".func f () -> 0\n li t0, 1\n ret\n.func g () -> 0\n ret";
    let size = program(source).encode().len();
    for (bytes, functions, instructions, fits) in [
        (size, 2, 3, true),
        (size - 1, 2, 3, false),
        (size, 1, 3, false),
        (size, 2, 2, false),
    ] {
        let mut config = VmConfig::default();
        config.limits.program_bytes = bytes;
        config.limits.functions = functions;
        config.limits.instructions = instructions;
        if fits {
            verified(source, &config);
        } else {
            assert_refused_with(program(source), &config, "V-1", 0);
        }
    }
}
