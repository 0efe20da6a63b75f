//! The statements of random functions: computations, accesses, branches, loops, tables and calls.

use proz_prozvm_core::Opcode;

use super::executable::{Place, SymbolKind, relocation};
use super::random::{A0, A1, A2, A7, Generator, KEPT, RA, S1, S5, SP, T0, T6, VALUES, ZERO};
use crate::riscv::{Format, ROWS};

impl Generator<'_, '_> {
    pub(super) fn statement(&mut self, depth: u32) {
        match self.entropy.below(24) {
            0..=9 => self.operation(),
            10 => {
                let (rd, value) = (self.destination(), self.entropy.value() as i64);
                self.asm.li(rd, value);
                self.assigned |= 1 << rd;
            }
            11..=13 => self.slot(),
            14..=16 => self.memory(),
            17 | 18 if depth > 0 => self.condition(depth - 1),
            19 if depth > 0 && !self.in_loop => self.repetition(depth - 1),
            20 if depth > 0 => self.switch(depth - 1),
            21 if !self.is_leaf => self.call_function(),
            22 if !self.is_leaf => self.call_memory(),
            _ => self.operation(),
        }
    }

    pub(super) fn statements(&mut self, depth: u32) {
        for _ in 0..1 + self.entropy.below(3) {
            self.statement(depth);
        }
    }

    /// An instruction that computes.
    pub(super) fn operation(&mut self) {
        let row = loop {
            let row = self.entropy.pick(ROWS);
            // qemu 7.2 does not know these.
            let is_new = matches!(row.opcode, Opcode::CzeroEqz | Opcode::CzeroNez);
            let computes =
                !matches!(row.format, Format::Store | Format::Branch) && row.bits & 0x7f != 3;
            if computes && !is_new {
                break row;
            }
        };
        let imm = match row.format {
            Format::Shift6 => self.entropy.below(64) as i32,
            Format::Shift5 => self.entropy.below(32) as i32,
            _ => (self.entropy.value() as i32) << 20 >> 20,
        };
        let (rs1, rs2) = (self.value(), self.value());
        // qemu before 8.0 counts beyond the word when its 32 bits are zero, which RISC-V does not.
        let mut rs1 = rs1;
        if row.opcode == Opcode::Ctzw {
            self.asm.lui(T6, i32::MIN);
            self.asm.op(Opcode::Or, T6, T6, rs1, 0);
            rs1 = T6;
        }
        let rd = if self.entropy.one_in(40) {
            ZERO
        } else {
            self.destination()
        };
        self.asm.op(row.opcode, rd, rs1, rs2, imm);
        self.assigned |= 1 << rd;
    }

    /// A load from or store to the frame.
    pub(super) fn slot(&mut self) {
        let offset = self.entropy.below(57) as i32;
        self.access(SP, offset);
    }

    /// A load or store, with an address in a register.
    pub(super) fn access(&mut self, base: u8, offset: i32) {
        let loads = [
            Opcode::Lb,
            Opcode::Lbu,
            Opcode::Lh,
            Opcode::Lhu,
            Opcode::Lw,
            Opcode::Lwu,
            Opcode::Ld,
        ];
        let stores = [Opcode::Sb, Opcode::Sh, Opcode::Sw, Opcode::Sd];
        if self.entropy.one_in(2) {
            let (opcode, rd) = (*self.entropy.pick(&loads), self.destination());
            self.asm.op(opcode, rd, base, 0, offset);
            self.assigned |= 1 << rd;
        } else {
            let (opcode, value) = (*self.entropy.pick(&stores), self.value());
            self.asm.op(opcode, 0, base, value, offset);
        }
    }

    /// An access to memory that all functions share.
    pub(super) fn memory(&mut self) {
        let place = i64::from(self.entropy.below(240));
        match self.entropy.below(3) {
            0 => {
                let index = self.value();
                self.asm.op(Opcode::Andi, T6, index, 0, 127);
                self.asm.op(Opcode::Add, T6, T6, S1, 0);
                self.access(T6, (place / 2) as i32);
            }
            // The address in two parts, the second in the access.
            1 => {
                let stores = self.entropy.one_in(2);
                self.high(T6, self.symbols.scratch, place);
                let kind = if stores {
                    relocation::LO12_S
                } else {
                    relocation::LO12_I
                };
                let symbol = self.symbols.scratch;
                self.relocate(kind, symbol, place);
                if stores {
                    let value = self.value();
                    self.asm.op(Opcode::Sd, 0, T6, value, 0);
                } else {
                    let rd = self.destination();
                    self.asm.op(Opcode::Ld, rd, T6, 0, 0);
                    self.assigned |= 1 << rd;
                }
            }
            _ => {
                self.address(T6, self.symbols.scratch);
                self.access(T6, place as i32);
            }
        }
    }

    pub(super) fn condition(&mut self, depth: u32) {
        let branches = [
            Opcode::Beq,
            Opcode::Bne,
            Opcode::Blt,
            Opcode::Bge,
            Opcode::Bltu,
            Opcode::Bgeu,
        ];
        let (otherwise, end) = (self.asm.label(), self.asm.label());
        let (branch, a, b) = (*self.entropy.pick(&branches), self.value(), self.value());
        self.asm.branch(branch, a, b, otherwise);
        let before = self.assigned;
        self.statements(depth);
        let first = self.assigned;
        self.assigned = before;
        if self.entropy.one_in(2) {
            self.asm.jal(ZERO, end);
            self.asm.bind(otherwise);
            self.statements(depth);
        } else {
            self.asm.bind(otherwise);
        }
        self.asm.bind(end);
        self.assigned &= first;
    }

    pub(super) fn repetition(&mut self, depth: u32) {
        self.in_loop = true;
        let again = self.asm.label();
        let count = 1 + self.entropy.below(5);
        self.asm.li(S5, i64::from(count));
        self.asm.bind(again);
        let before = self.assigned;
        self.statements(depth);
        // What the first round read must still be there in the next.
        let lost = before & !self.assigned;
        for register in VALUES
            .into_iter()
            .filter(|register| lost & 1 << register != 0)
        {
            self.asm.li(register, i64::from(register));
            self.assigned |= 1 << register;
        }
        self.asm.op(Opcode::Addi, S5, S5, 0, -1);
        self.asm.branch(Opcode::Bne, S5, ZERO, again);
        self.in_loop = false;
    }

    /// A jump through a table of four addresses, of one of the forms of compilers.
    pub(super) fn switch(&mut self, depth: u32) {
        let wide = self.entropy.one_in(3);
        let relative = !wide && self.entropy.one_in(2);
        let size = if wide { 8 } else { 4u64 };
        let rodata = &mut self.executable.rodata;
        rodata.resize(rodata.len().next_multiple_of(8), 0);
        let table = rodata.len() as u64;
        rodata.resize(rodata.len() + 4 * size as usize, 0);
        let base = self
            .executable
            .symbol("", Place::ReadOnly, table, 0, SymbolKind::Label, false);
        let index = self.value();
        self.asm.op(Opcode::Andi, T6, index, 0, 3);
        // The table's address needs a register of its own, whose value is lost.
        let other = *self.entropy.pick(&[5, 6, 7, 28, 29, 30]);
        self.assigned &= !(1 << other);
        self.address(other, base);
        let scaled = self.entropy.one_in(2);
        match (scaled, wide) {
            (true, true) => self.asm.op(Opcode::Sh3add, T6, T6, other, 0),
            (true, false) => self.asm.op(Opcode::Sh2add, T6, T6, other, 0),
            (false, _) => {
                self.asm
                    .op(Opcode::Slli, T6, T6, 0, size.trailing_zeros() as i32);
                self.asm.op(Opcode::Add, T6, T6, other, 0);
            }
        }
        self.asm
            .op(if wide { Opcode::Ld } else { Opcode::Lw }, T6, T6, 0, 0);
        if relative {
            self.asm.op(Opcode::Add, T6, T6, other, 0);
        }
        self.asm.jalr(ZERO, T6, 0);
        let end = self.asm.label();
        let before = self.assigned;
        let mut after = u32::MAX;
        for case in 0..4 {
            let label = self.asm.label();
            self.asm.bind(label);
            let symbol = self
                .executable
                .symbol("", Place::Text, 0, 0, SymbolKind::Label, false);
            self.cases.push((symbol, label));
            let slot = table + case * size;
            if relative {
                self.executable
                    .relocate(Place::ReadOnly, slot, relocation::ADD_32, symbol, 0);
                self.executable
                    .relocate(Place::ReadOnly, slot, relocation::SUB_32, base, 0);
            } else {
                let kind = if wide {
                    relocation::ABSOLUTE_64
                } else {
                    relocation::ABSOLUTE_32
                };
                self.executable
                    .relocate(Place::ReadOnly, slot, kind, symbol, 0);
            }
            self.assigned = before;
            self.statements(depth);
            after &= self.assigned;
            self.asm.jal(ZERO, end);
        }
        self.asm.bind(end);
        self.assigned = after;
    }

    pub(super) fn call_function(&mut self) {
        self.assign_arguments();
        match self.entropy.below(3) {
            0 => {
                let index = self.value();
                self.asm.op(Opcode::Andi, T6, index, 0, 7);
                self.asm.op(Opcode::Slli, T6, T6, 0, 3);
                self.address(T0, self.symbols.table);
                self.asm.op(Opcode::Add, T6, T6, T0, 0);
                self.asm.op(Opcode::Ld, T6, T6, 0, 0);
                self.asm.jalr(RA, T6, 0);
            }
            1 => {
                let callee = self.leaf();
                self.address(T6, callee);
                self.asm.jalr(RA, T6, 0);
            }
            _ => {
                let callee = self.leaf();
                self.call(callee, RA);
            }
        }
        self.assigned = (self.assigned & KEPT) | 1 << A0;
    }

    /// `memcpy` from one half of the shared memory to the other, or `memset`.
    pub(super) fn call_memory(&mut self) {
        let length = self.value();
        self.asm.op(Opcode::Andi, A2, length, 0, 63);
        let copies = self.entropy.one_in(2);
        if copies {
            self.asm
                .op(Opcode::Addi, A1, S1, 0, 128 + self.entropy.below(60) as i32);
        } else {
            let byte = self.value();
            self.asm.op(Opcode::Addi, A1, byte, 0, 0);
        }
        self.asm
            .op(Opcode::Addi, A0, S1, 0, self.entropy.below(60) as i32);
        self.call(
            if copies {
                self.symbols.copy
            } else {
                self.symbols.fill
            },
            RA,
        );
        // The result is an address, which differs.
        self.assigned &= KEPT;
    }

    /// Gives a value to each argument register that has none.
    pub(super) fn assign_arguments(&mut self) {
        for register in A0..=A7 {
            if self.assigned & 1 << register == 0 {
                let value = self.value();
                self.asm
                    .op(Opcode::Addi, register, value, 0, i32::from(register));
                self.assigned |= 1 << register;
            }
        }
    }

    pub(super) fn leaf(&mut self) -> usize {
        let count = self.symbols.functions.len().div_ceil(2) as u32;
        self.symbols.functions[2 * self.entropy.below(count) as usize]
    }
}
