//! Prints what programs execute, for `fusions.py`: a line for each program with its name, and a line for each block with
//! how often it ran and its instructions as `opcode:rd:rs1:rs2:class`. Blocks of programs without the kernels' exports
//! count once each.
//!
//!     cargo run --release --bin blocks -- PROGRAM.pz …

#![allow(clippy::unwrap_used, reason = "a tool: what fails must stop it")]

use proz_prozvm_core::{Call, NoSyscalls, Profile, Program, Reference, Verified, VmConfig, verify};
use proz_prozvm_kernels::{KERNELS, PLAIN};
use proz_prozvm_link::LinkOptions;

fn print(name: &str, program: &Verified, executions: impl Fn(usize) -> u64) {
    println!("program {name}");
    for (index, block) in program.blocks().iter().enumerate() {
        if executions(index) == 0 {
            continue;
        }
        print!("{}", executions(index));
        let code = &program.program().code[block.start as usize..];
        for instruction in &code[..block.length as usize] {
            let (rd, rs1, rs2) = (instruction.rd, instruction.rs1, instruction.rs2);
            let (opcode, class) = (instruction.opcode, instruction.class());
            print!(" {opcode:?}:{rd}:{rs1}:{rs2}:{class:?}");
        }
        println!();
    }
}

fn main() {
    for path in std::env::args().skip(1) {
        let program = Program::decode(&std::fs::read(&path).unwrap()).unwrap();
        let syscalls = LinkOptions::default().syscalls;
        let program = verify(program, &VmConfig::default(), &syscalls).unwrap();
        if program.program().export(KERNELS[0].name).is_none() {
            print(&path, &program, |_| 1);
            continue;
        }
        for kernel in &KERNELS[..PLAIN] {
            let call = Call {
                function: program.program().export(kernel.name).unwrap().function,
                arguments: &[kernel.small],
                gas_limit: u64::MAX,
            };
            let mut run = Reference::new(&program, &call).unwrap();
            let mut profile = Profile::new(&program);
            profile.begin(&run);
            while profile.step(&mut run, &mut NoSyscalls).is_none() {}
            print(kernel.name, &program, |index| {
                profile.blocks[index].executions
            });
        }
    }
}
