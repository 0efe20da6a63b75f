//! Small executables made in a few lines, and questions about what becomes of them.

use proz_prozvm_core::{Opcode, Outcome, Program, Signature};
use proz_prozvm_link::testing::{Assembler, Executable, Place, relocation};
use proz_prozvm_link::{LinkError, LinkOptions, Statistics, link, link_with_statistics};

use crate::running::Both;

pub(crate) const ZERO: u8 = 0;
pub(crate) const RA: u8 = 1;
pub(crate) const SP: u8 = 2;
pub(crate) const T0: u8 = 5;
pub(crate) const T1: u8 = 6;
pub(crate) const S0: u8 = 8;
pub(crate) const A0: u8 = 10;
pub(crate) const A1: u8 = 11;
pub(crate) const A2: u8 = 12;

/// Several functions, one behind the other, each exported as plain.
pub(crate) struct Source {
    pub(crate) asm: Assembler,
    pub(crate) executable: Executable,
}

impl Source {
    pub(crate) fn new() -> Self {
        Self {
            asm: Assembler::default(),
            executable: Executable::default(),
        }
    }

    /// A function of global name that is not exported.
    pub(crate) fn hidden(&mut self, name: &str, body: impl FnOnce(&mut Self)) -> usize {
        let start = self.asm.position();
        let symbol = self.executable.function(name, start, 0);
        body(self);
        let size = self.asm.position() - start;
        self.executable.place_symbol(symbol, start, size);
        symbol
    }

    pub(crate) fn function(&mut self, name: &str, body: impl FnOnce(&mut Self)) -> usize {
        let symbol = self.hidden(name, body);
        self.executable.export(symbol);
        symbol
    }

    pub(crate) fn op(&mut self, opcode: Opcode, rd: u8, rs1: u8, rs2: u8, imm: i32) {
        self.asm.op(opcode, rd, rs1, rs2, imm);
    }

    pub(crate) fn relocate(&mut self, kind: u32, symbol: usize, addend: i64) {
        let position = self.asm.position();
        self.executable
            .relocate(Place::Text, position, kind, symbol, addend);
    }

    pub(crate) fn address(&mut self, rd: u8, symbol: usize, addend: i64) {
        self.relocate(relocation::HI20, symbol, addend);
        self.asm.lui(rd, 0);
        self.relocate(relocation::LO12_I, symbol, addend);
        self.op(Opcode::Addi, rd, rd, 0, 0);
    }

    pub(crate) fn call(&mut self, symbol: usize) {
        self.relocate(relocation::CALL, symbol, 0);
        self.asm.auipc(RA, 0);
        self.asm.jalr(RA, RA, 0);
    }

    pub(crate) fn elf(mut self) -> Vec<u8> {
        self.executable.text = self.asm.finish();
        self.executable.build()
    }
}

/// One function `f` of these instructions and a return.
pub(crate) fn one(body: impl FnOnce(&mut Source)) -> Vec<u8> {
    let mut source = Source::new();
    source.function("f", |source| {
        body(source);
        source.asm.ret();
    });
    source.elf()
}

pub(crate) fn linked(elf: &[u8]) -> Program {
    link(elf, &LinkOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn statistics(elf: &[u8], options: &LinkOptions) -> Statistics {
    link_with_statistics(elf, options).unwrap().statistics
}

pub(crate) fn refusal(elf: &[u8]) -> LinkError {
    link(elf, &LinkOptions::default()).expect_err("it should be refused")
}

pub(crate) fn run(elf: &[u8], name: &str, arguments: &[u64]) -> Outcome {
    Both::new(linked(elf), &LinkOptions::default()).call(name, arguments)
}

pub(crate) fn result(elf: &[u8], arguments: &[u64]) -> u64 {
    Both::new(linked(elf), &LinkOptions::default()).result("f", arguments)
}

pub(crate) fn opcodes(program: &Program) -> Vec<Opcode> {
    program
        .code
        .iter()
        .map(|instruction| instruction.opcode)
        .collect()
}

pub(crate) fn signature(program: &Program, name: &str) -> Signature {
    let function = program.functions[program.export(name).unwrap().function as usize];
    program.types[usize::from(function.signature)]
}

/// Changes bytes of a file.
pub(crate) fn patched(elf: &[u8], offset: usize, bytes: &[u8]) -> Vec<u8> {
    let mut elf = elf.to_vec();
    elf[offset..offset + bytes.len()].copy_from_slice(bytes);
    elf
}

/// Offset of the header of a section by its number: text 1, read-only 2, exports 3, settings 4, data 5, bss 6.
pub(crate) fn section_header(elf: &[u8], number: usize) -> usize {
    let table = u64::from_le_bytes(elf[40..48].try_into().unwrap()) as usize;
    table + 64 * number
}
