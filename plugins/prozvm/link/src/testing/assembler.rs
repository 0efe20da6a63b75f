//! Encodes RISC-V instructions, with labels.

use proz_prozvm_core::Opcode;

use crate::riscv::{Format, ROWS};

/// A place in the code, bound or not yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label(usize);

/// Code as it grows.
#[derive(Clone, Debug, Default)]
pub struct Assembler {
    words: Vec<u32>,
    labels: Vec<Option<usize>>,
    /// Jumps and branches to fill in.
    holes: Vec<(usize, Label)>,
}

impl Assembler {
    /// Bytes so far.
    pub fn position(&self) -> u64 {
        4 * self.words.len() as u64
    }

    /// Appends a word.
    pub fn word(&mut self, word: u32) {
        self.words.push(word);
    }

    /// Appends an instruction of the table; the immediate of a branch is its offset in bytes.
    ///
    /// # Panics
    ///
    /// When RISC-V has no such instruction.
    pub fn op(&mut self, opcode: Opcode, rd: u8, rs1: u8, rs2: u8, imm: i32) {
        self.word(encode(opcode, rd, rs1, rs2, imm));
    }

    /// `lui rd, imm`, of a multiple of 4,096.
    pub fn lui(&mut self, rd: u8, imm: i32) {
        self.word(0x37 | u32::from(rd) << 7 | (imm as u32 & 0xffff_f000));
    }

    /// `auipc rd, imm`, of a multiple of 4,096.
    pub fn auipc(&mut self, rd: u8, imm: i32) {
        self.word(0x17 | u32::from(rd) << 7 | (imm as u32 & 0xffff_f000));
    }

    /// `jalr rd, imm(rs1)`.
    pub fn jalr(&mut self, rd: u8, rs1: u8, imm: i32) {
        self.word(0x67 | u32::from(rd) << 7 | u32::from(rs1) << 15 | (imm as u32) << 20);
    }

    /// `ret`.
    pub fn ret(&mut self) {
        self.jalr(0, 1, 0);
    }

    /// `jal rd, label`.
    pub fn jal(&mut self, rd: u8, label: Label) {
        self.holes.push((self.words.len(), label));
        self.word(0x6f | u32::from(rd) << 7);
    }

    /// A branch to a label.
    pub fn branch(&mut self, opcode: Opcode, rs1: u8, rs2: u8, label: Label) {
        self.holes.push((self.words.len(), label));
        self.op(opcode, 0, rs1, rs2, 0);
    }

    /// `li` of any number, as compilers write it.
    pub fn li(&mut self, rd: u8, value: i64) {
        let low = (value << 52 >> 52) as i32;
        if i64::from(low) == value {
            self.op(Opcode::Addi, rd, 0, 0, low);
        } else if let Ok(value) = i32::try_from(value) {
            self.lui(rd, value.wrapping_sub(low));
            self.op(Opcode::Addiw, rd, rd, 0, low);
        } else {
            self.li(rd, value.wrapping_sub(i64::from(low)) >> 12);
            self.op(Opcode::Slli, rd, rd, 0, 12);
            self.op(Opcode::Addi, rd, rd, 0, low);
        }
    }

    /// A label that is not bound yet.
    pub fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() - 1)
    }

    /// Binds a label here.
    pub fn bind(&mut self, label: Label) {
        self.labels[label.0] = Some(self.words.len());
    }

    /// Byte offset of a label, if it is bound.
    pub fn offset(&self, label: Label) -> Option<u64> {
        self.labels[label.0].map(|index| 4 * index as u64)
    }

    /// The code, with all labels filled in; jumps to unbound ones go to themselves.
    pub fn finish(mut self) -> Vec<u8> {
        for (place, label) in std::mem::take(&mut self.holes) {
            let target = self.labels[label.0].unwrap_or(place);
            let offset = 4 * (target as i32 - place as i32);
            let word = &mut self.words[place];
            *word |= if *word & 0x7f == 0x6f {
                jump_bits(offset)
            } else {
                branch_bits(offset)
            };
        }
        self.words
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect()
    }
}

fn branch_bits(offset: i32) -> u32 {
    let bits = offset as u32;
    (bits >> 12 & 1) << 31
        | (bits >> 5 & 0x3f) << 25
        | (bits >> 1 & 15) << 8
        | (bits >> 11 & 1) << 7
}

fn jump_bits(offset: i32) -> u32 {
    let bits = offset as u32;
    (bits >> 20 & 1) << 31
        | (bits >> 1 & 0x3ff) << 21
        | (bits >> 11 & 1) << 20
        | (bits >> 12 & 0xff) << 12
}

#[allow(clippy::expect_used)]
fn encode(opcode: Opcode, rd: u8, rs1: u8, rs2: u8, imm: i32) -> u32 {
    let row = ROWS.iter().find(|row| row.opcode == opcode);
    let row = row.expect("an instruction that RISC-V has");
    let [rd, rs1, rs2] =
        [(rd, 7), (rs1, 15), (rs2, 20)].map(|(register, shift)| u32::from(register) << shift);
    let bits = imm as u32;
    row.bits
        | match row.format {
            Format::Registers => rd | rs1 | rs2,
            Format::Unary => rd | rs1,
            Format::Immediate => rd | rs1 | bits << 20,
            Format::Shift6 => rd | rs1 | (bits & 63) << 20,
            Format::Shift5 => rd | rs1 | (bits & 31) << 20,
            Format::Store => rs1 | rs2 | (bits & 31) << 7 | (bits >> 5 & 0x7f) << 25,
            Format::Branch => rs1 | rs2 | branch_bits(imm),
        }
}
