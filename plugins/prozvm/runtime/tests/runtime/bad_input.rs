//! Hostile programs and inputs: bounded time, bounded memory, no panic.
//!
//! `PROZVM_FUZZ_ROUNDS` sets how many programs are tried; the default keeps the test short.

use std::time::{Duration, Instant};

use proz_prozvm_core::testing::{Entropy, random_program};
use proz_prozvm_core::{
    A0, Export, ExportKind, Function, Instruction, Mutability, Opcode, Program, Signature,
};
use proz_prozvm_syscalls::CHAIN;
use proz_sdk::{StatusCode, VirtualMachine as _};
use proz_sdk_testing::mock::{Environment, MockAccount};

use crate::support::{GAS, World, address, assembled, assert_status, fallback, machine, number};

fn rounds(default: u64) -> u64 {
    let set = std::env::var("PROZVM_FUZZ_ROUNDS").ok();
    set.and_then(|count| count.parse().ok()).unwrap_or(default)
}

/// A random program with the chain's syscalls instead of those of the tests, and a fallback that calls its first
/// function.
fn random_contract(entropy: &mut Entropy<'_>) -> Program {
    let mut program = random_program(entropy);
    let mut free: Vec<_> = CHAIN.entries().iter().collect();
    for import in &mut program.imports {
        // Any with as many results and at most as many parameters does.
        let wanted = import.signature;
        let fits: Vec<usize> = (0..free.len())
            .filter(|&index| {
                let offered = free[index].signature;
                offered.results == wanted.results && offered.parameters <= wanted.parameters
            })
            .collect();
        let entry = free.remove(fits[entropy.below(fits.len() as u32) as usize]);
        (import.number, import.signature) = (entry.number, entry.signature);
    }
    // Imports ascend; which of them an instruction means changes, so those of other shapes are refused.
    program.imports.sort_by_key(|import| import.number);
    let nothing = Signature::new(0, 0);
    let signature = program.types.iter().position(|&found| found == nothing);
    let signature = signature.unwrap_or_else(|| {
        program.types.push(nothing);
        program.types.len() - 1
    });
    let first = program.types[usize::from(program.functions[0].signature)];
    let mut code: Vec<Instruction> = (0..first.parameters)
        .map(|register| {
            let value = entropy.value() as i32;
            Instruction::new(Opcode::Li, A0 + register, 0, 0, value)
        })
        .collect();
    code.push(Instruction::new(Opcode::Call, 0, 0, 0, 0));
    code.push(Instruction::new(Opcode::Return, 0, 0, 0, 0));
    program.exports.push(Export {
        kind: ExportKind::Fallback,
        mutability: Mutability::Payable,
        function: program.functions.len() as u32,
        name: "fallback of the fuzzer".to_owned(),
    });
    program.functions.push(Function {
        signature: signature as u16,
        length: code.len() as u32,
    });
    program.code.extend(code);
    program
}

/// Executes whatever validation accepts, twice, and compares; gives whether it was accepted.
fn body(world: &mut World, code: &[u8], input: &[u8]) -> bool {
    let accepted = world.machine.validate_code(code).is_ok();
    let account = MockAccount::with_code(code);
    world.host.state.accounts.insert(address(1), account);
    let mut run = || {
        let state = world.host.state.clone();
        let result = world
            .send(Environment::call(address(1), 100_000, input))
            .unwrap();
        world.host.state = state;
        (result.status, result.gas_left, result.output)
    };
    let first = run();
    assert_eq!(first, run(), "not deterministic");
    assert!(first.1 <= 100_000);
    if !accepted {
        assert_eq!(first.0, StatusCode::CODE_REFUSED);
    }
    accepted
}

#[test]
fn random_programs_end() {
    let mut world = World::new();
    let mut accepted = 0;
    for seed in 0..rounds(1_500) {
        let seed = (seed ^ 0x5eed_0000).to_le_bytes();
        let mut entropy = Entropy::new(&seed);
        let program = random_contract(&mut entropy).encode();
        accepted += u64::from(body(&mut world, &program, &seed));
    }
    assert!(accepted > rounds(1_500) / 10, "{accepted}");
}

#[test]
fn damaged_programs_are_refused_or_end() {
    let conformance = crate::build::programs().pop().unwrap().1;
    let mut world = World::new();
    let mut accepted = 0;
    for seed in 0..rounds(4_000) {
        let seed_bytes = seed.to_le_bytes();
        let mut entropy = Entropy::new(&seed_bytes);
        let mut bytes = conformance.clone();
        for _ in 0..1 + entropy.below(3) {
            let at = entropy.below(bytes.len() as u32) as usize;
            match entropy.below(5) {
                0 | 1 => bytes[at] = entropy.byte(),
                2 => bytes[at] ^= 1 << entropy.below(8),
                3 => bytes.truncate(at.max(1)),
                _ => bytes.insert(at, entropy.byte()),
            }
        }
        let input = [entropy.byte() % 48, entropy.byte(), 0, 0, 7, 1];
        accepted += u64::from(body(&mut world, &bytes, &input));
    }
    assert!(accepted > rounds(4_000) / 100, "{accepted}");
}

#[test]
fn random_bytes_are_refused() {
    let machine = machine();
    for seed in 0..rounds(20_000) {
        let seed_bytes = seed.to_le_bytes();
        let mut entropy = Entropy::new(&seed_bytes);
        let length = entropy.below(300);
        let mut bytes: Vec<u8> = (0..length).map(|_| entropy.byte()).collect();
        if seed % 2 == 0 && bytes.len() > 8 {
            bytes[..8].copy_from_slice(b"PZ64\x01\0\x01\0");
        }
        assert!(machine.validate_code(&bytes).is_err());
    }
}

/// F-11: files of every shape that is dear to read are judged in time that follows their size.
#[test]
fn large_programs_are_judged_in_time() {
    let section = |id: u8, payload: &[u8]| {
        [&[id], &(payload.len() as u32).to_le_bytes()[..], payload].concat()
    };
    let mut header = b"PZ64".to_vec();
    header.extend([1, 0, 1, 0, 0, 0, 0, 0, 0, 16, 0, 0]);
    header.extend([0; 12]);
    header.extend([0, 16, 0, 0]);
    let bodies = [
        vec![0xff; 4 << 20],
        [&header[..], &section(1, &vec![0; 4 << 20])].concat(),
        [&header[..], &section(5, &vec![0; 4 << 20])].concat(),
        [&header[..], &section(10, &vec![0; 4 << 20])].concat(),
        [&header[..], &section(4, &vec![7; (4 << 20) - 100])].concat(),
        vec![0; 64 << 20],
    ];
    let machine = machine();
    for bytes in bodies {
        let started = Instant::now();
        assert!(machine.validate_code(&bytes).is_err());
        assert!(started.elapsed() < Duration::from_secs(5));
    }
    // The largest that is allowed: straight code, many branches, many functions.
    let many = |function: &str, count: usize| {
        let functions: String = (0..count)
            .map(|index| format!(".func f{index} () -> 0\n{function}"))
            .collect();
        assembled(&format!(".stack 4096\n{functions}"))
    };
    let straight = format!("{} ret\n", "add t0, sp, sp\n".repeat(30_000));
    let branches = format!(
        "again: li t0, 1\n{} ret\n",
        "beq t0, sp, again\n".repeat(30_000)
    );
    for code in [
        many(&straight, 1),
        many(&branches, 1),
        many("ret\n", 16_000),
    ] {
        let started = Instant::now();
        machine.validate_code(&code).unwrap();
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "{} bytes",
            code.len()
        );
    }
}

/// Memory bombs: what is declared or grown is paid first, and more than the limit is refused.
#[test]
fn memory_bombs_are_paid_or_refused() {
    let bomb = |pages: &str, body: &str| {
        assembled(&format!(
            ".stack 4096\n{pages}\n.export \"f\" f fallback\n.func f () -> 0\n addi sp, sp, -64\n{body}\n ret"
        ))
    };
    // Twenty pages more than processors keep near: cheap to ask for, dear to have.
    let pages = (150 * 340 + 3 * 340 * 340 + 20 * 40_000) / 2;
    let declared = bomb(".heap 339\n.pages 340", "");
    let result = World::run(&declared, &[]);
    assert_status(&result, StatusCode::SUCCESS);
    assert_eq!(GAS - result.gas_left, 60 + pages + 2);
    // More than there is gas for is not even made.
    let declared = bomb(".heap 4095\n.pages 4096", "");
    assert_status(&World::run(&declared, &[]), StatusCode::OUT_OF_GAS);
    // Growing without end stops at the limit, at the same price.
    let grown = bomb(
        ".pages 340",
        "li a0, 1\n again: heap.grow t0, a0\n li t1, -1\n bne t0, t1, again",
    );
    let result = World::run(&grown, &[]);
    assert_status(&result, StatusCode::SUCCESS);
    assert!(GAS - result.gas_left > pages);
    let more = bomb(".heap 4096\n.pages 4097", "");
    assert!(machine().validate_code(&more).is_err());
    // Lengths that no memory has are paid first.
    for body in [
        "li a2, -1\n mem.fill (sp), zero, a2",
        "mv a0, sp\n li a1, 0\n li a2, -1\n sys input_copy",
        "mv a0, sp\n li a1, -1\n sys return",
        "li a0, 0\n li a1, 0\n mv a2, sp\n li a3, -1\n sys log",
        "mv a0, sp\n li a1, 0\n li a2, -1\n mv a3, sp\n sys code_copy",
    ] {
        let result = World::run(&bomb("", body), &[]);
        assert!(result.status.is_halt(), "{body}");
        assert_eq!(result.gas_left, 0);
    }
}

/// Calls itself until the host refuses, then counts the frames.
#[test]
fn nested_frames_go_as_deep_as_the_host_allows() {
    let code = fallback(
        "sd zero, 0(sp)\n sd zero, 8(sp)\n addi a0, sp, 64\n sys address\n li a0, 0\n addi a1, sp, 64\n addi a2, sp, 128\n
         li a3, -1\n mv a4, sp\n li a5, 0\n sys call\n bne a0, zero, last\n
         sys return_data_size\n li t0, 8\n bne a0, t0, last\n mv a0, sp\n li a1, 0\n li a2, 8\n sys return_data_copy\n
         last: ld t0, 0(sp)\n addi t0, t0, 1\n sd t0, 0(sp)\n mv a0, sp\n li a1, 8\n sys return",
    );
    let deep = std::thread::Builder::new().stack_size(256 << 20);
    let frames = deep.spawn(move || {
        let mut world = World::new();
        world.install(address(1), &code);
        let message = Environment::call(address(1), 1 << 50, &[]);
        number(&world.send(message).unwrap())
    });
    assert_eq!(frames.unwrap().join().unwrap(), 1_025);
}

/// The stack that one frame takes between its entry and its callback is at most what the machine says.
#[test]
fn native_stack_stays_within_what_is_said() {
    let said = machine().native_stack_bytes() as usize;
    // Each level has a frame of the machine and what the mock host needs; the machine's part alone is measured by
    // running on a stack that has room for it and a little more.
    let body = "again: li a0, 500\n keccak256 (sp), (sp), a0\n u256.mulmod (sp), (sp), (sp), (sp)\n u256.exp (sp), (sp), (sp)\n
        u256.sdiv (sp), (sp), (sp)\n sha256 (sp), (sp), a0\n mv a0, sp\n mv a1, sp\n sys storage_get\n ret";
    let code = fallback(body);
    let small = std::thread::Builder::new().stack_size(said + (32 << 10));
    let status = small.spawn(move || World::run(&code, &[]).status);
    assert_eq!(status.unwrap().join().unwrap(), StatusCode::SUCCESS);
}
