//! Measures what a unit of gas buys, instruction by instruction and tier by tier.
//!
//! `cargo run --release -p proz-prozvm-core --features testing --example rates [BELOW]`: the second argument leaves
//! out what is faster than so many million gas a second, two units each.

use std::sync::Arc;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use proz_prozvm_core::testing::TEST_SYSCALLS;
use proz_prozvm_core::{
    Call, Class, Features, Function, Instruction, MEMORY_BASE, NoSyscalls, Opcode, Prepared,
    Program, Reference, Signature, VmConfig, verify,
};

const UNITS: u64 = 1 << 24;
const COPIES: usize = 48;

/// A loop over copies of an instruction; r8 has an address of 4 KiB, r9 a divisor, r20 to r23 addresses of words.
/// CPU time of this thread: others may be busy.
fn cpu_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

fn program(body: &[Instruction], setup: &[Instruction]) -> Program {
    let i = Instruction::new;
    let base = MEMORY_BASE as i32 + 4096;
    let mut code: Vec<Instruction> = (1..32u8)
        .filter(|&r| r != 2)
        .map(|r| i(Opcode::Li, r, 0, 0, 0x1234_5677 + i32::from(r)))
        .collect();
    code.push(i(Opcode::Li, 8, 0, 0, base));
    for word in 0..4 {
        code.push(i(Opcode::Li, 20 + word, 0, 0, base + 64 * i32::from(word)));
    }
    code.extend(setup);
    let head = code.len() as i32;
    for _ in 0..COPIES {
        for &instruction in body {
            let mut instruction = instruction;
            match instruction.class() {
                Class::Branch | Class::Jump => instruction.imm = code.len() as i32 + 1,
                _ => {}
            }
            code.push(instruction);
        }
    }
    code.push(i(Opcode::Jump, 0, 0, 0, head));
    let length = code.len() as u32;
    code.push(i(Opcode::Return, 0, 0, 0, 0));
    // Words of all ones but little, so that divisions take long.
    let words: Vec<u8> = (0..1024u32).map(|n| (n * 37 + 11) as u8 | 0x80).collect();
    Program {
        gas_schedule: 1,
        features: Features::ALL,
        stack_size: 4096,
        max_pages: 4096,
        bss_size: 8 << 20,
        types: vec![Signature::default()],
        functions: vec![
            Function {
                signature: 0,
                length,
            },
            Function {
                signature: 0,
                length: 1,
            },
        ],
        function_table: vec![1],
        data: words,
        code,
        ..Program::default()
    }
}

fn sample(opcode: Opcode) -> Option<Vec<Instruction>> {
    let i = Instruction::new;
    use Class as C;
    Some(vec![match opcode.class() {
        C::Binary => i(opcode, 10, 10, 9, 0),
        C::Immediate => i(opcode, 10, 10, 0, 0x0765_4321),
        C::Shift64 | C::Shift32 => i(opcode, 10, 10, 0, 7),
        C::Unary => i(opcode, 10, 10, 0, 0),
        C::LoadImmediate => i(opcode, 10, 0, 0, 99),
        C::Load => i(opcode, 10, 8, 0, 16),
        C::Store => i(opcode, 0, 8, 9, 16),
        C::Branch => i(opcode, 0, 10, 9, 0),
        C::Jump => i(opcode, 0, 0, 0, 0),
        C::Call => i(opcode, 0, 0, 0, 1),
        C::WideBinary | C::WideProduct => i(opcode, 23, 20, 21, 0),
        C::WideTernary => i(opcode, 23, 20, 21, 22),
        C::WideShift => i(opcode, 23, 20, 5, 0),
        C::WideCompare => i(opcode, 10, 20, 21, 0),
        C::WideUnary => i(opcode, 23, 20, 0, 0),
        C::WideExtend => i(opcode, 23, 10, 0, 0),
        C::WidePower => i(opcode, 23, 20, 21, 0),
        C::Hash => i(opcode, 23, 20, 25, 0),
        C::Copy => i(opcode, 23, 20, 25, 0),
        C::Fill => i(opcode, 23, 20, 25, 0),
        C::Grow => i(opcode, 10, 0, 0, 0),
        _ => return None,
    }])
}

/// Follows pointers through so many pages, each line once, in an order that no prefetcher knows.
fn pointers(pages: usize) -> Program {
    let lines = pages * 64;
    let base = u64::from(MEMORY_BASE) + 4096;
    let mut order: Vec<usize> = (1..lines).collect();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for at in (1..order.len()).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        order.swap(at, (state >> 33) as usize % (at + 1));
    }
    let mut data = vec![0; lines * 64];
    let mut here = 0;
    for next in order.into_iter().chain([0]) {
        let pointer = base + 64 * next as u64;
        data[here * 64..here * 64 + 8].copy_from_slice(&pointer.to_le_bytes());
        here = next;
    }
    let body = [Instruction::new(Opcode::Ld, 8, 8, 0, 0)];
    Program {
        data,
        ..program(&body, &[])
    }
}

fn cases() -> Vec<(String, Program)> {
    let i = Instruction::new;
    let mut cases = Vec::new();
    for &opcode in Opcode::ALL {
        let Some(body) = sample(opcode) else { continue };
        let lengths: &[i32] = match opcode.class() {
            Class::Hash | Class::Copy | Class::Fill => &[0, 1, 55, 135, 136, 700, 3000],
            Class::WideShift => &[1, 77, 255],
            _ => &[0],
        };
        for &length in lengths {
            let setup = [
                i(Opcode::Li, 25, 0, 0, length),
                i(Opcode::Li, 5, 0, 0, length),
            ];
            cases.push((
                format!("{} {length}", opcode.mnemonic()),
                program(&body, &setup),
            ));
        }
    }
    for pages in [16, 64, 128, 192, 256, 320, 384, 512, 768, 1024, 1536, 2040] {
        cases.push((format!("pointers in {} KiB", pages * 4), pointers(pages)));
    }
    cases
}

fn main() {
    let below: f64 = std::env::args()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or(1e9);
    let mut config = VmConfig::default();
    config.limits.program_bytes = 64 << 20;
    println!("million gas a second: fused, not fused, reference");
    let only = std::env::args().nth(2);
    for (name, program) in cases() {
        if only
            .as_ref()
            .is_some_and(|only| !name.starts_with(only.as_str()))
        {
            continue;
        }
        let verified = Arc::new(
            verify(program, &config, &TEST_SYSCALLS).unwrap_or_else(|e| panic!("{name}: {e}")),
        );
        let fused = Prepared::new(Arc::clone(&verified));
        let plain = Prepared::unfused(Arc::clone(&verified)).expect("it is verified");
        let call = Call {
            function: 0,
            arguments: &[],
            gas_limit: UNITS + verified.memory_cost(),
        };
        let rate = |run: &dyn Fn()| {
            let mut least = Duration::MAX;
            for _ in 0..3 {
                let start = cpu_time();
                run();
                least = least.min(cpu_time() - start);
            }
            UNITS as f64 / 2.0 / least.as_secs_f64() / 1e6
        };
        let rates = [
            rate(&|| drop(fused.run(&call, &mut NoSyscalls))),
            rate(&|| drop(plain.run(&call, &mut NoSyscalls))),
            rate(&|| {
                drop(Reference::new(&verified, &call).map(|mut run| run.run(&mut NoSyscalls)))
            }),
        ];
        if rates.iter().any(|&rate| rate < below) {
            println!(
                "{name:28} {:7.0} {:7.0} {:7.0}",
                rates[0], rates[1], rates[2]
            );
        }
    }
}
