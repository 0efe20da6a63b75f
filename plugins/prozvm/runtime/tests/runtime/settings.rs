//! Each setting and its effect, and what releases differ in.

use proz_prozvm::{ProzVmConfig, ProzVmMachine, Release};
use proz_prozvm_asm::assemble;
use proz_prozvm_syscalls::CHAIN;
use proz_sdk::{StatusCode, VirtualMachine as _, VmErrorCode};

use crate::support::{
    GAS, GIVE_A0, World, address, assembled, assert_status, fallback, machine_of, number,
};

#[track_caller]
fn refusal(settings: &str, code: &[u8], expected: VmErrorCode, rule: &str) {
    let error = machine_of(settings).validate_code(code).unwrap_err();
    assert_eq!(error.code(), expected, "{error}");
    assert!(
        error
            .message()
            .starts_with(&format!("rule {rule} at byte ")),
        "{error}"
    );
    assert!(error.offset().is_some(), "{error}");
    // Met all the same, it halts.
    let mut world = World::with_machine(machine_of(settings));
    let account = proz_sdk_testing::mock::MockAccount::with_code(code);
    world.host.state.accounts.insert(address(1), account);
    assert_status(&world.call(address(1), &[]), StatusCode::CODE_REFUSED);
}

/// C-1, V-3
#[test]
fn memory_model_bounds_pages() {
    let program = fallback(&format!("li a0, 3\n heap.grow a0, a0\n{GIVE_A0}"));
    refusal(
        "memory_model = { max_pages = 2 }",
        &assembled(".stack 12288\n.export \"f\" f fallback\n.func f () -> 0\n ret"),
        VmErrorCode::MEMORY_TOO_LARGE,
        "V-3",
    );
    assert_eq!(
        number(&World::run(&program, &[])),
        u64::MAX,
        "no page but the first"
    );
    let error = ProzVmMachine::new(toml::from_str("memory_model = { max_pages = 1 }").unwrap());
    assert_eq!(
        error.unwrap_err().code(),
        VmErrorCode::INVALID_CONFIGURATION
    );
    assert!(toml::from_str::<ProzVmConfig>("memory_model = { kind = \"paged\" }").is_err());
}

/// C-2, V-3, P-6
#[test]
fn stack_limit_bounds_both_stacks() {
    let declared = assembled(".stack 8192\n.export \"f\" f fallback\n.func f () -> 0\n ret");
    refusal(
        "stack_limit = { bytes = 4096 }",
        &declared,
        VmErrorCode::MEMORY_TOO_LARGE,
        "V-3",
    );
    // Calls itself as often as the input has bytes.
    let deep = assembled(
        ".stack 4096\n.export \"f\" f fallback\n.func f () -> 0\n sys input_size\n call g\n ret
         .func g (1) -> 0\n beq a0, zero, done\n addi a0, a0, -1\n call g\n done: ret",
    );
    let mut world = World::with_machine(machine_of("stack_limit = { call_depth = 20 }"));
    world.install(address(1), &deep);
    // The entry and the first call of g are two frames.
    assert_status(&world.call(address(1), &[7; 18]), StatusCode::SUCCESS);
    assert_status(&world.call(address(1), &[7; 19]), StatusCode::STACK_HEIGHT);
}

/// C-3, V-12
#[test]
fn register_config_bounds_registers() {
    let program = fallback("li s2, 1");
    refusal(
        "register_config = { count = 16 }",
        &program,
        VmErrorCode::PROHIBITED_INSTRUCTION,
        "V-12",
    );
    for bad in ["count = 20", "width_bits = 32"] {
        let config = toml::from_str(&format!("register_config = {{ {bad} }}")).unwrap();
        let error = ProzVmMachine::new(config).unwrap_err();
        assert_eq!(error.code(), VmErrorCode::INVALID_CONFIGURATION, "{bad}");
    }
}

/// C-4, V-2
#[test]
fn gas_schedule_prices_programs_of_its_number() {
    let plain = fallback("add a0, sp, sp\n add a0, sp, sp");
    refusal(
        "gas_schedule = { id = 7 }",
        &plain,
        VmErrorCode::INVALID_CODE,
        "V-2",
    );
    let body = ".schedule 7\n.stack 4096\n.export \"f\" f fallback\n.func f () -> 0\n add t0, sp, sp\n sys chain_id\n ret";
    let spent = |settings: &str| {
        let machine = machine_of(&format!("gas_schedule = {{ id = 7, {settings} }}"));
        let mut world = World::with_machine(machine);
        world.install(address(1), &assembled(body));
        let result = world.call(address(1), &[]);
        assert_status(&result, StatusCode::SUCCESS);
        GAS - result.gas_left
    };
    let base = spent("units_per_gas = 1");
    for (change, more) in [
        ("costs = { add = 1001 }", 1_000),
        ("page = 1150", 1_000),
        ("enter = 1060", 1_000),
        ("syscall = 1008", 1_000),
    ] {
        assert_eq!(
            spent(&format!("units_per_gas = 1, {change}")),
            base + more,
            "{change}"
        );
    }
    let prepare = machine_of("gas_schedule = { id = 7, prepare_kib = 101 }").preparation_price();
    assert_eq!((prepare.base_gas, prepare.gas_per_kib), (0, 101));
    assert!(spent("units_per_gas = 8") < base);
    for bad in [
        "gas_schedule = { id = 1, page = 3 }",
        "gas_schedule = { id = 7, costs = { jump = 3 } }",
        "gas_schedule = { id = 7, units_per_gas = 0 }",
    ] {
        let error = ProzVmMachine::new(toml::from_str(bad).unwrap()).unwrap_err();
        assert_eq!(error.code(), VmErrorCode::INVALID_CONFIGURATION, "{bad}");
        assert!(error.message().contains("gas_schedule"), "{error}");
    }
    assert!(toml::from_str::<ProzVmConfig>("gas_schedule = { pages = 3 }").is_err());
}

/// C-5: no choice of speed changes a result.
#[test]
fn optimization_never_shows() {
    let body = "again: addi t0, sp, 64\n sd a0, 0(t0)\n keccak256 (t0), (t0), a1\n ld a2, 0(t0)\n addi a1, a1, -1\n
        bne a1, zero, again\n mv a0, t0\n li a1, 32\n sys return";
    let program = fallback(&format!("sys input_size\n addi a1, a0, 50\n{body}"));
    let run = |settings: &str| {
        let mut world = World::with_machine(machine_of(settings));
        world.install(address(1), &program);
        let result = world.call(address(1), &[1, 2]);
        assert_status(&result, StatusCode::SUCCESS);
        (result.gas_left, result.output)
    };
    let expected = run("");
    for settings in [
        "tier = \"reference\"",
        "tier = \"interpreter\"",
        "tier = \"auto\"",
        "fusion = false",
        "strip_callee_saves = false",
        "code_cache_bytes = 0",
    ] {
        assert_eq!(
            run(&format!("machine = {{ {settings} }}")),
            expected,
            "{settings}"
        );
    }
    assert!(toml::from_str::<ProzVmConfig>("machine = { tier = \"jit\" }").is_err());
}

/// C-5: the tier and the size of the cache are what they are set to.
#[test]
fn the_cache_stays_within_its_bytes() {
    let program = |number: u32| fallback(&format!("li a0, {number}\n{GIVE_A0}"));
    let machine = machine_of("machine = { code_cache_bytes = 20000 }");
    let mut world = World::with_machine(std::sync::Arc::clone(&machine));
    for number in 0..100 {
        world.install(address(number), &program(number.into()));
    }
    let mut seen = 0;
    for number in 0..100 {
        world.call(address(number), &[]);
        // The first stays because it is used all the time.
        world.call(address(0), &[]);
        let counts = machine.cache_counts();
        assert!(counts.size_bytes <= 20_000, "{counts:?}");
        seen = seen.max(counts.entries);
    }
    let counts = machine.cache_counts();
    assert_eq!(counts.prepared, 100, "one was prepared twice: {counts:?}");
    assert_eq!(counts.evicted as usize, 100 - counts.entries);
    assert!((2..50).contains(&seen), "{seen}");

    let none = machine_of("machine = { code_cache_bytes = 0 }");
    let mut world = World::with_machine(std::sync::Arc::clone(&none));
    world.install(address(1), &program(1));
    for _ in 0..3 {
        world.call(address(1), &[]);
    }
    let counts = none.cache_counts();
    assert_eq!((counts.entries, counts.prepared), (0, 3));
}

/// C-6, V-1
#[test]
fn limits_bound_programs() {
    let program = fallback("li a0, 1");
    for limit in ["program_bytes = 40", "instructions = 2", "functions = 0"] {
        refusal(
            &format!("limits = {{ {limit} }}"),
            &program,
            VmErrorCode::CODE_TOO_LARGE,
            "V-1",
        );
    }
}

/// S-61
#[test]
fn the_first_release_refuses_what_came_later() {
    let first = ProzVmMachine::new(ProzVmConfig {
        release: Release::V1_0,
        ..ProzVmConfig::default()
    })
    .unwrap();
    let second = ProzVmMachine::new(ProzVmConfig::default()).unwrap();
    for (body, code, rule) in [
        (
            "u256.add (sp), (sp), (sp)",
            VmErrorCode::PROHIBITED_INSTRUCTION,
            "V-19",
        ),
        (
            "keccak256 (sp), (sp), zero",
            VmErrorCode::PROHIBITED_INSTRUCTION,
            "V-19",
        ),
        (
            "mv a0, sp\n mv a1, sp\n sys transient_get",
            VmErrorCode::PROHIBITED_IMPORT,
            "V-5",
        ),
        (
            "mv a0, sp\n mv a1, sp\n sys transient_set",
            VmErrorCode::PROHIBITED_IMPORT,
            "V-5",
        ),
        (
            "mv a0, sp\n sys blob_base_fee",
            VmErrorCode::PROHIBITED_IMPORT,
            "V-5",
        ),
        (
            "mv a0, sp\n mv a1, sp\n sys blob_hash",
            VmErrorCode::PROHIBITED_IMPORT,
            "V-5",
        ),
    ] {
        let program = fallback(body);
        second.validate_code(&program).unwrap();
        let error = first.validate_code(&program).unwrap_err();
        assert_eq!(error.code(), code, "{body}");
        assert!(
            error.message().starts_with(&format!("rule {rule}")),
            "{error}"
        );
    }
    // Whatever the first serves, both price alike.
    let source = ".stack 4096\n.export \"f\" f fallback\n.func f () -> 0\n sys chain_id\n ret";
    let program = assemble(source, &CHAIN).unwrap().encode();
    let gas = [first, second].map(|machine| {
        let mut world = World::with_machine(std::sync::Arc::new(machine));
        world.install(address(1), &program);
        world.call(address(1), &[]).gas_left
    });
    assert_eq!(gas[0], gas[1]);
}
