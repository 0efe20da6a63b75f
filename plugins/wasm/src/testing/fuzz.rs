//! Bodies of fuzz targets: ordinary functions of bytes, which panic when they find a defect.
//!
//! The targets themselves are in `tests/fuzz`; bounded tests feed the same bodies from [`Noise`].

use std::sync::{Arc, OnceLock};

use arbitrary::Unstructured;
use proz_sdk::{FrameResult, StatusCode, VirtualMachine};
use proz_sdk_testing::mock::{Environment, MockAccount};

use super::noise::Noise;
use super::world::{World, address, config, machine, wat};
use crate::{HOST_FUNCTIONS, WasmMachine};

/// Validates any bytes.
///
/// # Panics
///
/// When a refusal is a fault of the VM rather than of the code.
pub fn fuzz_validate(data: &[u8]) {
    if let Err(error) = machine().validate_code(data) {
        assert!(!error.code().is_fault(), "{error}");
    }
}

/// Builds a module from `data` and runs it; `None` when the bytes make no valid contract.
///
/// # Panics
///
/// When two settings of the compiler disagree, or an outcome is none.
pub fn fuzz_execute(data: &[u8]) -> Option<StatusCode> {
    let code = smith(data)?;
    fuzz_validate(&code);
    let is_valid = machine().validate_code(&code).is_ok();
    is_valid.then(|| execute(&code))
}

/// Builds a module from `data`, damages it as its first eight bytes say, and runs it where it is
/// still valid; `None` where it is refused.
///
/// # Panics
///
/// As [`fuzz_execute`].
pub fn fuzz_mutated(data: &[u8]) -> Option<StatusCode> {
    let (seed, rest) = data.split_first_chunk::<8>()?;
    let mut code = smith(rest)?;
    Noise::new(u64::from_le_bytes(*seed)).mutate(&mut code);
    fuzz_validate(&code);
    let is_valid = machine().validate_code(&code).is_ok();
    is_valid.then(|| execute(&code))
}

/// Runs a valid module on two settings of the compiler, which must agree.
fn execute(code: &[u8]) -> StatusCode {
    let optimized = execute_on(machine(), code);
    let plain = execute_on(unoptimized(), code);
    assert_eq!(optimized.status, plain.status);
    assert_eq!(optimized.gas_left, plain.gas_left);
    assert_eq!(optimized.output.as_slice(), plain.output.as_slice());
    optimized.status
}

/// Neither optimisation nor signal handlers, and interruptible, so that most of the machine code
/// differs.
fn unoptimized() -> Arc<WasmMachine> {
    static MACHINE: OnceLock<Arc<WasmMachine>> = OnceLock::new();
    Arc::clone(MACHINE.get_or_init(|| {
        let mut config = config();
        config.machine.optimize = false;
        config.machine.signals_based_traps = false;
        config.machine.uninterrupted_gas = 0;
        Arc::new(WasmMachine::new(config).unwrap())
    }))
}

fn execute_on(machine: Arc<WasmMachine>, code: &[u8]) -> FrameResult {
    let mut world = World::with_machine(machine);
    world
        .host
        .state
        .accounts
        .insert(address(1), MockAccount::with_code(code));
    let result = world.send(Environment::call(address(1), 300_000, b"some input"));
    let result = result.unwrap_or_else(|error| panic!("{error}"));
    assert!(result.gas_left <= 300_000);
    assert!(!result.status.is_halt() || result.gas_left == 0);
    result
}

/// A module that wasm-smith makes of `data`, with our entry point and any of our imports.
fn smith(data: &[u8]) -> Option<Vec<u8>> {
    let mut random = Unstructured::new(data);
    let imports: String = HOST_FUNCTIONS
        .iter()
        .filter(|function| !function.debug)
        .map(|function| {
            let types = |letters: &str| {
                letters
                    .chars()
                    .map(|letter| if letter == 'I' { "i64 " } else { "i32 " })
                    .collect::<String>()
            };
            format!(
                r#"(import "{}" "{}" (func (param {}) (result {})))"#,
                function.module,
                function.name,
                types(function.params),
                types(function.results)
            )
        })
        .collect();
    let config = wasm_smith::Config {
        available_imports: Some(wat(&format!("(module {imports})"))),
        exports: Some(wat(
            r#"(module (memory (export "memory") 1) (global (export "output_ptr") (mut i32) (i32.const 0))
                (global (export "output_len") (mut i32) (i32.const 0)) (func (export "main") (result i32) unreachable))"#,
        )),
        min_imports: 2,
        max_imports: 12,
        max_memory32_bytes: 64 * 65_536,
        // The exports bring the only memory.
        max_memories: 0,
        max_tables: 1,
        max_table_elements: 1_000,
        allow_start_export: false,
        allow_floats: false,
        simd_enabled: false,
        relaxed_simd_enabled: false,
        reference_types_enabled: false,
        gc_enabled: false,
        exceptions_enabled: false,
        tail_call_enabled: false,
        threads_enabled: false,
        memory64_enabled: false,
        extended_const_enabled: false,
        custom_page_sizes_enabled: false,
        wide_arithmetic_enabled: false,
        ..wasm_smith::Config::default()
    };
    wasm_smith::Module::new(config, &mut random)
        .ok()
        .map(|module| module.to_bytes())
}
