//! Random functions in RISC-V that obey the calling convention, with drivers that call each of them many times.
//!
//! The executable runs on Linux, where it writes one hash for each driver, and can be linked, so that the same hashes
//! come from the interpreters. Nothing in it depends on registers or memory that the convention leaves undefined.

use proz_prozvm_core::Opcode;
use proz_prozvm_core::testing::Entropy;

use super::assembler::{Assembler, Label};
use super::executable::{Executable, Place, SymbolKind, relocation};

/// An executable and what is in it.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The file.
    pub elf: Vec<u8>,
    /// Exported drivers without parameters, each with one result, in the order in which Linux gets their hashes.
    pub drivers: Vec<String>,
    /// How often each driver calls its function.
    pub calls: u32,
}

pub(super) const ZERO: u8 = 0;
pub(super) const RA: u8 = 1;
pub(super) const SP: u8 = 2;
pub(super) const T0: u8 = 5;
const S0: u8 = 8;
pub(super) const S1: u8 = 9;
pub(super) const A0: u8 = 10;
pub(super) const A1: u8 = 11;
pub(super) const A2: u8 = 12;
pub(super) const A7: u8 = 17;
const S2: u8 = 18;
/// Counts loops.
pub(super) const S5: u8 = 21;
/// Holds an address for a moment, so no value lives in it.
pub(super) const T6: u8 = 31;

/// Registers for values: `t0` to `t2`, `a0` to `a7`, `s2` to `s4`, `t3` to `t5`.
pub(super) const VALUES: [u8; 17] = [
    5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 28, 29, 30,
];
/// What a call keeps of them.
pub(super) const KEPT: u32 = 1 << 18 | 1 << 19 | 1 << 20;
const ARGUMENTS: u32 = 0xff << A0;

const FRAME: i32 = 128;
const SCRATCH: u64 = 256;
/// Where each saved register lies in the frame; values have the first 64 bytes.
const SAVED: [(u8, i32); 7] = [
    (RA, 120),
    (S0, 112),
    (S1, 104),
    (S2, 96),
    (19, 88),
    (20, 80),
    (S5, 72),
];

/// Makes `functions` random functions whose drivers make `calls` calls each.
pub fn random_batch(entropy: &mut Entropy<'_>, functions: usize, calls: u32) -> Batch {
    let mut executable = Executable::default();
    let symbols = Symbols::new(&mut executable, functions);
    let mut generator = Generator {
        entropy,
        asm: Assembler::default(),
        executable,
        symbols,
        cases: Vec::new(),
        assigned: 0,
        is_leaf: true,
        in_loop: false,
    };
    generator.linux_entry(functions);
    generator.memory_functions();
    for index in 0..functions {
        generator.function(index);
    }
    let drivers = (0..functions)
        .map(|index| generator.driver(index, calls))
        .collect();
    let Generator {
        asm,
        mut executable,
        cases,
        ..
    } = generator;
    for (symbol, label) in cases {
        executable.place_symbol(symbol, asm.offset(label).unwrap_or(0), 0);
    }
    executable.text = asm.finish();
    Batch {
        elf: executable.build(),
        drivers,
        calls,
    }
}

/// Symbols that are referred to before they are placed.
pub(super) struct Symbols {
    pub(super) scratch: usize,
    pub(super) out: usize,
    pub(super) table: usize,
    pub(super) functions: Vec<usize>,
    pub(super) drivers: Vec<usize>,
    pub(super) copy: usize,
    pub(super) fill: usize,
}

impl Symbols {
    fn new(executable: &mut Executable, functions: usize) -> Self {
        let scratch =
            executable.symbol("scratch", Place::Zero, 0, SCRATCH, SymbolKind::Label, true);
        let out = executable.symbol(
            "out",
            Place::Zero,
            SCRATCH,
            8 * functions as u64,
            SymbolKind::Label,
            true,
        );
        executable.bss = SCRATCH + 8 * functions as u64;
        let function = |name: String, executable: &mut Executable| executable.function(&name, 0, 4);
        let list: Vec<usize> = (0..functions)
            .map(|i| function(format!("f{i}"), executable))
            .collect();
        let drivers = (0..functions)
            .map(|i| function(format!("d{i}"), executable))
            .collect();
        // A table of pointers to the functions that call nothing.
        let table = executable.symbol("table", Place::ReadOnly, 0, 64, SymbolKind::Label, false);
        executable.rodata = vec![0; 64];
        for slot in 0..8 {
            let symbol = list[(2 * slot) % functions.next_multiple_of(2).max(2) % functions];
            executable.relocate(
                Place::ReadOnly,
                8 * slot as u64,
                relocation::ABSOLUTE_64,
                symbol,
                0,
            );
        }
        Self {
            scratch,
            out,
            table,
            functions: list,
            drivers,
            copy: function("memcpy".to_owned(), executable),
            fill: function("memset".to_owned(), executable),
        }
    }
}

pub(super) struct Generator<'a, 'b> {
    pub(super) entropy: &'a mut Entropy<'b>,
    pub(super) asm: Assembler,
    pub(super) executable: Executable,
    pub(super) symbols: Symbols,
    /// Symbols of cases and their labels.
    pub(super) cases: Vec<(usize, Label)>,
    /// Registers with a value that both sides agree on.
    pub(super) assigned: u32,
    pub(super) is_leaf: bool,
    pub(super) in_loop: bool,
}

impl Generator<'_, '_> {
    /// Calls all drivers and writes what they give to the standard output.
    fn linux_entry(&mut self, functions: usize) {
        let start = self.executable.function("_start", 0, 0);
        for index in 0..functions {
            self.call(self.symbols.drivers[index], RA);
            self.high(T6, self.symbols.out, 8 * index as i64);
            self.relocate(relocation::LO12_S, self.symbols.out, 8 * index as i64);
            self.asm.op(Opcode::Sd, 0, T6, A0, 0);
        }
        self.address(A1, self.symbols.out);
        self.asm.li(A0, 1);
        self.asm.li(A2, 8 * functions as i64);
        self.asm.li(A7, 64);
        self.asm.word(0x0000_0073);
        self.asm.li(A0, 0);
        self.asm.li(A7, 93);
        self.asm.word(0x0000_0073);
        let size = self.asm.position();
        self.executable.place_symbol(start, 0, size);
    }

    /// `memcpy` and `memset` by bytes.
    fn memory_functions(&mut self) {
        for (symbol, copies) in [(self.symbols.copy, true), (self.symbols.fill, false)] {
            let start = self.asm.position();
            let (again, done) = (self.asm.label(), self.asm.label());
            self.asm.op(Opcode::Addi, T0, A0, 0, 0);
            self.asm.bind(again);
            self.asm.branch(Opcode::Beq, A2, ZERO, done);
            let byte = if copies { T6 } else { A1 };
            if copies {
                self.asm.op(Opcode::Lbu, T6, A1, 0, 0);
                self.asm.op(Opcode::Addi, A1, A1, 0, 1);
            }
            self.asm.op(Opcode::Sb, 0, T0, byte, 0);
            self.asm.op(Opcode::Addi, T0, T0, 0, 1);
            self.asm.op(Opcode::Addi, A2, A2, 0, -1);
            self.asm.jal(ZERO, again);
            self.asm.bind(done);
            self.asm.ret();
            let size = self.asm.position() - start;
            self.executable.place_symbol(symbol, start, size);
        }
    }

    /// One random function. Those with an even number call no others.
    fn function(&mut self, index: usize) {
        let start = self.asm.position();
        self.is_leaf = index.is_multiple_of(2);
        self.assigned = ARGUMENTS;
        self.asm.op(Opcode::Addi, SP, SP, 0, -FRAME);
        for (register, offset) in SAVED {
            self.asm.op(Opcode::Sd, 0, SP, register, offset);
        }
        let frame_pointer = self.entropy.one_in(4);
        if frame_pointer {
            self.asm.op(Opcode::Addi, S0, SP, 0, FRAME);
        }
        for slot in 0..8 {
            self.asm
                .op(Opcode::Sd, 0, SP, A0 + slot, 8 * i32::from(slot));
        }
        self.address(S1, self.symbols.scratch);
        let budget = 4 + self.entropy.below(14);
        for _ in 0..budget {
            self.statement(2);
        }
        self.fold();
        let tail = !self.is_leaf && self.entropy.one_in(4);
        if tail {
            self.assign_arguments();
        }
        for (register, offset) in SAVED {
            self.asm.op(Opcode::Ld, register, SP, 0, offset);
        }
        self.asm.op(Opcode::Addi, SP, SP, 0, FRAME);
        if tail {
            let callee = self.leaf();
            self.call(callee, ZERO);
        } else {
            self.asm.ret();
        }
        let size = self.asm.position() - start;
        self.executable
            .place_symbol(self.symbols.functions[index], start, size);
    }

    /// Mixes every value into `a0`.
    fn fold(&mut self) {
        if self.assigned & 1 << A0 == 0 {
            self.asm.li(A0, 1);
        }
        for register in VALUES {
            if register != A0 && self.assigned & 1 << register != 0 {
                self.asm.op(Opcode::Xor, A0, A0, register, 0);
                self.asm.op(Opcode::Slli, T6, A0, 0, 7);
                self.asm.op(Opcode::Sub, A0, T6, A0, 0);
            }
        }
        self.assigned |= 1 << A0;
    }

    /// Calls one function many times with random arguments, and gives a hash of the results.
    fn driver(&mut self, index: usize, calls: u32) -> String {
        let start = self.asm.position();
        let symbol = self.symbols.drivers[index];
        self.asm.op(Opcode::Addi, SP, SP, 0, -FRAME);
        for (register, offset) in SAVED {
            self.asm.op(Opcode::Sd, 0, SP, register, offset);
        }
        self.address(T6, self.symbols.scratch);
        for word in 0..SCRATCH as i32 / 8 {
            self.asm.op(Opcode::Sd, 0, T6, ZERO, 8 * word);
        }
        let (state, hash, left) = (S0, S1, S2);
        self.asm.li(state, (self.entropy.value() | 1) as i64);
        self.asm.li(hash, 0);
        self.asm.li(left, i64::from(calls));
        let again = self.asm.label();
        self.asm.bind(again);
        for register in A0..=A7 {
            // A step of xorshift; the next argument is as wide as some of its bits say.
            for (shift, amount) in [(Opcode::Slli, 13), (Opcode::Srli, 7), (Opcode::Slli, 17)] {
                self.asm.op(shift, T0, state, 0, amount);
                self.asm.op(Opcode::Xor, state, state, T0, 0);
            }
            self.asm.op(Opcode::Srli, T0, state, 0, 40);
            let shift = if register % 2 == 0 {
                Opcode::Sra
            } else {
                Opcode::Srl
            };
            self.asm.op(shift, register, state, T0, 0);
        }
        self.call(self.symbols.functions[index], RA);
        self.asm.op(Opcode::Rori, hash, hash, 0, 59);
        self.asm.op(Opcode::Sh1add, hash, hash, hash, 0);
        self.asm.op(Opcode::Xor, hash, hash, A0, 0);
        self.asm.op(Opcode::Addi, left, left, 0, -1);
        self.asm.branch(Opcode::Bne, left, ZERO, again);
        self.asm.op(Opcode::Addi, A0, hash, 0, 0);
        for (register, offset) in SAVED {
            self.asm.op(Opcode::Ld, register, SP, 0, offset);
        }
        self.asm.op(Opcode::Addi, SP, SP, 0, FRAME);
        self.asm.ret();
        let size = self.asm.position() - start;
        self.executable.place_symbol(symbol, start, size);
        self.executable.export(symbol);
        format!("d{index}")
    }

    pub(super) fn relocate(&mut self, kind: u32, symbol: usize, addend: i64) {
        let position = self.asm.position();
        self.executable
            .relocate(Place::Text, position, kind, symbol, addend);
    }

    /// `lui` with the high part of an address.
    pub(super) fn high(&mut self, rd: u8, symbol: usize, addend: i64) {
        self.relocate(relocation::HI20, symbol, addend);
        self.asm.lui(rd, 0);
    }

    /// The address of a symbol, absolute or relative to the code.
    pub(super) fn address(&mut self, rd: u8, symbol: usize) {
        if self.entropy.one_in(2) {
            self.high(rd, symbol, 0);
            self.relocate(relocation::LO12_I, symbol, 0);
        } else {
            let here = self.executable.symbol(
                "",
                Place::Text,
                self.asm.position(),
                0,
                SymbolKind::Label,
                false,
            );
            self.relocate(relocation::PCREL_HI20, symbol, 0);
            self.asm.auipc(rd, 0);
            self.relocate(relocation::PCREL_LO12_I, here, 0);
        }
        self.asm.op(Opcode::Addi, rd, rd, 0, 0);
    }

    /// Calls, or jumps when the link register is `zero`.
    pub(super) fn call(&mut self, symbol: usize, link: u8) {
        self.relocate(relocation::CALL, symbol, 0);
        let register = if link == ZERO { 6 } else { link };
        self.asm.auipc(register, 0);
        self.asm.jalr(link, register, 0);
    }

    /// A register with a value, or `zero`.
    pub(super) fn value(&mut self) -> u8 {
        for _ in 0..8 {
            let register = *self.entropy.pick(&VALUES);
            if self.assigned & 1 << register != 0 {
                return register;
            }
        }
        ZERO
    }

    pub(super) fn destination(&mut self) -> u8 {
        *self.entropy.pick(&VALUES)
    }
}
