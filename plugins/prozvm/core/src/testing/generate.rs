//! Programs that pass the verifier by construction and still go everywhere.
//!
//! Each function first assigns every register that it will use; operands are biased towards addresses that are
//! mapped, or just not. The entry function ends by storing its registers, so that comparing memory compares them.

use super::entropy::Entropy;
use super::host::TEST_SYSCALLS;
use crate::isa::register::{REGISTERS, SP};
use crate::isa::{Class, Instruction, Opcode, Operand};
use crate::layout::Layout;
use crate::program::{
    Export, ExportKind, Features, Function, Import, MEMORY_BASE, Mutability, PAGE_SIZE, Program,
    Signature, SwitchTable, function_handle,
};
use crate::threaded::{FUSED, From};

/// Makes a verified program; its export `main` has two parameters and two results.
pub fn random_program(entropy: &mut Entropy<'_>) -> Program {
    let mut program = Program {
        gas_schedule: 1,
        features: Features::ALL,
        stack_size: PAGE_SIZE,
        bss_size: entropy.below(512),
        heap_pages: entropy.below(2),
        max_pages: 8,
        types: vec![Signature::new(2, 2)],
        rodata: (0..entropy.below(300)).map(|index| index as u8).collect(),
        data: (0..entropy.below(300)).map(|index| !index as u8).collect(),
        ..Program::default()
    };
    for _ in 0..entropy.below(3) {
        let signature = Signature::new(entropy.below(9) as u8, entropy.below(3) as u8);
        if !program.types.contains(&signature) {
            program.types.push(signature);
        }
    }
    let imports = TEST_SYSCALLS.entries().iter();
    program.imports = imports
        .map(|entry| Import {
            number: entry.number,
            signature: entry.signature,
        })
        .collect();
    for _ in 0..1 + entropy.below(4) {
        let value = entropy.value();
        if !program.constants.contains(&value) {
            program.constants.push(value);
        }
    }
    let functions = 1 + entropy.below(4);
    for index in 0..functions {
        let signature = if index == 0 {
            0
        } else {
            entropy.below(program.types.len() as u32) as u16
        };
        program.functions.push(Function {
            signature,
            length: 0,
        });
    }
    program.function_table = (0..entropy.below(4))
        .map(|_| entropy.below(functions))
        .collect();
    let layout = Layout::of(&program);
    for index in 0..functions as usize {
        let start = program.code.len();
        Body {
            entropy,
            program: &mut program,
            layout,
            start,
        }
        .emit(index == 0);
        program.functions[index].length = (program.code.len() - start) as u32;
    }
    program.exports = vec![Export {
        kind: ExportKind::Plain,
        mutability: Mutability::NonPayable,
        function: 0,
        name: "main".to_owned(),
    }];
    program
}

struct Body<'a, 'b, 'c> {
    entropy: &'a mut Entropy<'b>,
    program: &'c mut Program,
    layout: Layout,
    start: usize,
}

impl Body<'_, '_, '_> {
    fn emit(&mut self, is_entry: bool) {
        // Arguments may be kept or overwritten; either way everything is assigned behind this.
        for register in 1..REGISTERS as u8 {
            let is_argument = (10..12).contains(&register) && is_entry;
            if register != SP && !is_argument {
                let value = self.interesting();
                self.push(Opcode::Li, register, 0, 0, value);
            }
        }
        let length = 1 + self.entropy.below(60);
        for _ in 0..length {
            if self.entropy.one_in(3) {
                self.fused();
            } else {
                self.instruction();
            }
        }
        if is_entry {
            // Registers may hold anything, so the way to memory is `zero`.
            for register in 1..REGISTERS as u8 {
                let slot = self.layout.stack_start as i32 + 8 * i32::from(register);
                self.push(Opcode::Sd, 0, 0, register, slot);
            }
        }
        self.push(Opcode::Return, 0, 0, 0, 0);
        self.link();
    }

    /// Gives branches and switches their targets, now that the length is known.
    fn link(&mut self) {
        let length = (self.program.code.len() - self.start) as u32;
        for at in self.start..self.program.code.len() {
            let class = self.program.code[at].class();
            if matches!(class, Class::Branch | Class::Jump) {
                let forward = (at - self.start) as u32 + 1 + self.entropy.below(8);
                let anywhere = self.entropy.below(length);
                let target = if self.entropy.one_in(3) {
                    anywhere
                } else {
                    forward.min(length - 1)
                };
                self.program.code[at].imm = target as i32;
            } else if class == Class::Switch {
                let count = 1 + self.entropy.below(4);
                let targets = (0..count).map(|_| self.entropy.below(length)).collect();
                self.program.code[at].imm = self.program.switch_tables.len() as i32;
                self.program.switch_tables.push(SwitchTable { targets });
            }
        }
    }

    fn instruction(&mut self) {
        let opcode = *self.entropy.pick(Opcode::ALL);
        // Control flow ends programs early; most of it is left out.
        let rare = matches!(opcode.class(), Class::Trap | Class::Return | Class::Jump);
        if rare && !self.entropy.one_in(8) {
            return;
        }
        let mut instruction = self.operands(opcode);
        match instruction.class() {
            Class::CallIndirect if !self.entropy.one_in(8) => {
                let index = self
                    .entropy
                    .below(self.program.function_table.len() as u32 + 1);
                let handle = function_handle(index as usize) as i32;
                self.push(Opcode::Li, instruction.rs1.max(1), 0, 0, handle);
                instruction.rs1 = instruction.rs1.max(1);
            }
            Class::Grow | Class::Switch | Class::Hash | Class::Copy | Class::Fill
                if !self.entropy.one_in(8) =>
            {
                // Keep amounts small, so that most of them work.
                let operand = if instruction.rs2 == 0 {
                    &mut instruction.rs1
                } else {
                    &mut instruction.rs2
                };
                *operand = (*operand).max(1);
                let (register, amount) = (*operand, self.entropy.below(300) as i32);
                let amount = if instruction.class() == Class::Grow {
                    amount % 3
                } else {
                    amount
                };
                self.push(Opcode::Li, register, 0, 0, amount);
            }
            _ => {}
        }
        self.program.code.push(instruction);
    }

    /// Instructions that the threaded interpreter has one handler for, if chance leaves them as they are.
    fn fused(&mut self) {
        let entry = *self.entropy.pick(FUSED);
        let mut body: Vec<Instruction> = Vec::new();
        for &(opcode, sources) in entry {
            if matches!(opcode.class(), Class::Return | Class::Jump) && !self.entropy.one_in(8) {
                continue;
            }
            let mut made = self.operands(opcode);
            let displaced = matches!(made.class(), Class::Load | Class::Store);
            // The second operand may be the first of the same instruction.
            let register = |from, own: u8, first: u8| match from {
                From::Own => own,
                From::Zero => 0,
                From::X1 => body.first().map_or(first, |known| known.rs1),
                From::Y1 => body[0].rs2,
                From::R1 => body[0].rd,
                From::X2 => body.get(1).map_or(first, |known| known.rs1),
                From::Y2 => body[1].rs2,
                From::R2 => body[1].rd,
            };
            if displaced && sources[0] == From::Own {
                // A register that holds an address before all of them.
                made.rs1 = self.destination();
                made.imm = self.entropy.below(32) as i32;
                let address = self.address();
                self.push(Opcode::Li, made.rs1, 0, 0, address);
            } else {
                made.rs1 = register(sources[0], made.rs1, 0);
            }
            if displaced && !matches!(sources[0], From::Own | From::Zero) {
                made.imm = self.entropy.below(32) as i32;
            }
            made.rs2 = register(sources[1], made.rs2, made.rs1);
            body.push(made);
        }
        self.program.code.extend(body);
    }

    /// An instruction with operands of all kinds; an address may be put into its register before it.
    fn operands(&mut self, opcode: Opcode) -> Instruction {
        let mut instruction = Instruction::new(opcode, 0, 0, 0, 0);
        for &operand in opcode.class().operands() {
            match operand {
                Operand::Destination => instruction.rd = self.destination(),
                Operand::DestinationAddress => instruction.rd = self.address_register(),
                Operand::First => instruction.rs1 = self.register(),
                Operand::Second => instruction.rs2 = self.register(),
                Operand::FirstAddress => instruction.rs1 = self.address_register(),
                Operand::SecondAddress => instruction.rs2 = self.address_register(),
                Operand::ThirdAddress => instruction.imm = i32::from(self.address_register()),
                Operand::Displaced => (instruction.imm, instruction.rs1) = self.displaced(),
                Operand::Immediate => instruction.imm = self.entropy.value() as i32,
                Operand::Shift64 => instruction.imm = self.entropy.below(64) as i32,
                Operand::Shift32 => instruction.imm = self.entropy.below(32) as i32,
                Operand::Constant => {
                    instruction.imm = self.entropy.below(self.program.constants.len() as u32) as i32
                }
                Operand::Function => {
                    instruction.imm = self.entropy.below(self.program.functions.len() as u32) as i32
                }
                Operand::Signature => {
                    instruction.imm = self.entropy.below(self.program.types.len() as u32) as i32
                }
                Operand::Import => {
                    instruction.imm = self.entropy.below(self.program.imports.len() as u32) as i32
                }
                Operand::TrapCode => instruction.imm = i32::from(self.entropy.byte()),
                // Linked at the end.
                Operand::Target | Operand::Table => {}
            }
        }
        instruction
    }

    fn push(&mut self, opcode: Opcode, rd: u8, rs1: u8, rs2: u8, imm: i32) {
        self.program
            .code
            .push(Instruction::new(opcode, rd, rs1, rs2, imm));
    }

    /// Few registers, so that instructions depend on one another.
    fn register(&mut self) -> u8 {
        if self.entropy.one_in(6) {
            self.entropy.below(REGISTERS as u32) as u8
        } else {
            8 + self.entropy.below(6) as u8
        }
    }

    fn destination(&mut self) -> u8 {
        self.register().max(1)
    }

    /// A register, most often one that was just given a good address.
    fn address_register(&mut self) -> u8 {
        let register = self.register();
        if register != 0 && !self.entropy.one_in(6) {
            let address = self.address();
            self.push(Opcode::Li, register, 0, 0, address);
        }
        register
    }

    fn displaced(&mut self) -> (i32, u8) {
        match self.entropy.below(8) {
            0 => (self.entropy.below(4096) as i32 - 2048, self.register()),
            1 | 2 => (self.entropy.below(4096) as i32 - 4096, SP),
            _ => (self.address(), 0),
        }
    }

    /// An address near one of the borders of memory, or inside.
    fn address(&mut self) -> i32 {
        let layout = self.layout;
        let borders = [
            u64::from(MEMORY_BASE),
            layout.stack_start,
            layout.data_start,
            layout.bss_start,
            layout.heap_start,
            layout.end,
        ];
        let border = *self.entropy.pick(&borders) as i32;
        match self.entropy.below(4) {
            0 => border + self.entropy.below(140) as i32 - 70,
            _ => layout.stack_start as i32 + self.entropy.below(PAGE_SIZE - 64) as i32,
        }
    }

    fn interesting(&mut self) -> i32 {
        match self.entropy.below(3) {
            0 => self.address(),
            1 => function_handle(self.entropy.below(4) as usize) as i32,
            _ => self.entropy.value() as i32,
        }
    }
}
