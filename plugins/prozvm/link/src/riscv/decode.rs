//! One RISC-V word to what it means.
//!
//! Spec: L-2, L-3, L-4.

use proz_prozvm_core::{Class, Instruction, Opcode};

use super::table::{Format, ROWS};
use crate::error::Extension;

/// A decoded instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decoded {
    /// The PZ64 instruction with the same meaning. Its destination may be `zero`; the immediate of a branch is its
    /// offset in bytes.
    Same(Instruction),
    /// `lui rd, imm`; the immediate is shifted already.
    Lui { rd: u8, imm: i64 },
    /// `auipc rd, imm`; the immediate is shifted already.
    Auipc { rd: u8, imm: i64 },
    /// `jal rd, offset`.
    Jal { rd: u8, offset: i64 },
    /// `jalr rd, imm(rs1)`.
    Jalr { rd: u8, rs1: u8, imm: i64 },
    /// Nothing: fences.
    Nothing,
    /// `ebreak` and `unimp`.
    Trap(u16),
    /// Custom-0: a syscall.
    Syscall(u16),
}

/// Decodes a word.
///
/// # Errors
///
/// The [`Extension`] to which the word seems to belong.
pub(crate) fn decode(word: u32) -> Result<Decoded, Extension> {
    if word & 3 != 3 {
        return Err(Extension::Compressed);
    }
    let (rd, rs1, rs2) = (field(word, 7), field(word, 15), field(word, 20));
    let funct3 = word >> 12 & 7;
    let high = i64::from(word as i32 >> 20);
    Ok(match word & 0x7f {
        0x37 => Decoded::Lui {
            rd,
            imm: i64::from((word & 0xffff_f000) as i32),
        },
        0x17 => Decoded::Auipc {
            rd,
            imm: i64::from((word & 0xffff_f000) as i32),
        },
        0x6f => Decoded::Jal {
            rd,
            offset: jump_offset(word),
        },
        0x67 if funct3 == 0 => Decoded::Jalr { rd, rs1, imm: high },
        0x0f if funct3 == 0 => Decoded::Nothing,
        0x73 => return system(word),
        0x0b if funct3 == 0 && rd == 0 && rs1 == 0 && (0..2048).contains(&high) => {
            Decoded::Syscall(high as u16)
        }
        0x2b => return machine(funct3 << 7 | word >> 25, rd, rs1, rs2),
        0x5b if funct3 == 0 => return ternary(word, rd, rs1, rs2),
        _ => {
            let row = ROWS.iter().find(|row| word & row.mask == row.bits);
            let row = row.ok_or_else(|| Extension::of(word))?;
            let imm = match row.format {
                Format::Registers | Format::Unary => 0,
                Format::Immediate => high as i32,
                Format::Shift6 => (word >> 20 & 63) as i32,
                Format::Shift5 => (word >> 20 & 31) as i32,
                Format::Store => (word as i32 >> 25) << 5 | i32::from(rd),
                Format::Branch => branch_offset(word),
            };
            let (reads_second, writes) = match row.format {
                Format::Registers => (true, true),
                Format::Store | Format::Branch => (true, false),
                _ => (false, true),
            };
            let second = if reads_second { rs2 } else { 0 };
            let destination = if writes { rd } else { 0 };
            Decoded::Same(Instruction::new(row.opcode, destination, rs1, second, imm))
        }
    })
}

const fn field(word: u32, shift: u32) -> u8 {
    (word >> shift & 31) as u8
}

const fn branch_offset(word: u32) -> i32 {
    let sign = (word as i32 >> 31) << 12;
    sign | ((word >> 7 & 1) << 11 | (word >> 25 & 0x3f) << 5 | (word >> 8 & 15) << 1) as i32
}

fn jump_offset(word: u32) -> i64 {
    let sign = (word as i32 >> 31) << 20;
    let rest = (word >> 12 & 0xff) << 12 | (word >> 20 & 1) << 11 | (word >> 21 & 0x3ff) << 1;
    i64::from(sign | rest as i32)
}

const fn system(word: u32) -> Result<Decoded, Extension> {
    match word {
        0x0010_0073 => Ok(Decoded::Trap(0)),
        // csrrw zero, cycle, zero: what assemblers emit for `unimp`.
        0xc000_1073 => Ok(Decoded::Trap(1)),
        0x0000_0073 => Err(Extension::Environment),
        _ => Err(Extension::ControlRegisters),
    }
}

/// Custom-1: any instruction with register operands that RISC-V does not have.
fn machine(code: u32, rd: u8, rs1: u8, rs2: u8) -> Result<Decoded, Extension> {
    let opcode = u8::try_from(code).ok().and_then(Opcode::from_code);
    let opcode = opcode.ok_or(Extension::Custom)?;
    let (reads_first, reads_second) = match opcode.class() {
        Class::WideBinary
        | Class::WideShift
        | Class::WideCompare
        | Class::WideProduct
        | Class::WidePower
        | Class::Hash
        | Class::Copy
        | Class::Fill => (true, true),
        Class::WideUnary | Class::WideExtend | Class::Grow => (true, false),
        _ => return Err(Extension::Custom),
    };
    if (!reads_first && rs1 != 0) || (!reads_second && rs2 != 0) {
        return Err(Extension::Custom);
    }
    Ok(Decoded::Same(Instruction::new(opcode, rd, rs1, rs2, 0)))
}

/// Custom-2: 256-bit instructions with three operands.
fn ternary(word: u32, rd: u8, rs1: u8, rs2: u8) -> Result<Decoded, Extension> {
    let opcode = Opcode::from_code(Opcode::WideAddmod as u8 + (word >> 25 & 3) as u8);
    let opcode = opcode
        .filter(|opcode| opcode.class() == Class::WideTernary)
        .ok_or(Extension::Custom)?;
    let third = (word >> 27) as i32;
    Ok(Decoded::Same(Instruction::new(opcode, rd, rs1, rs2, third)))
}

#[cfg(test)]
mod tests {
    use super::{Decoded, decode};
    use crate::error::Extension;
    use proz_prozvm_core::{Instruction, Opcode};

    fn same(opcode: Opcode, rd: u8, rs1: u8, rs2: u8, imm: i32) -> Result<Decoded, Extension> {
        Ok(Decoded::Same(Instruction::new(opcode, rd, rs1, rs2, imm)))
    }

    // Words from binutils' assembler.
    #[test]
    fn decodes_words_of_an_assembler() {
        assert_eq!(decode(0xff01_0113), same(Opcode::Addi, 2, 2, 0, -16));
        assert_eq!(decode(0x0011_3423), same(Opcode::Sd, 0, 2, 1, 8));
        assert_eq!(decode(0xfe11_3c23), same(Opcode::Sd, 0, 2, 1, -8));
        assert_eq!(decode(0xfeb5_4ee3), same(Opcode::Blt, 0, 10, 11, -4));
        assert_eq!(decode(0x43f5_5513), same(Opcode::Srai, 10, 10, 0, 63));
        assert_eq!(decode(0x6b85_5513), same(Opcode::Rev8, 10, 10, 0, 0));
        assert_eq!(decode(0x20b5_4533), same(Opcode::Sh2add, 10, 10, 11, 0));
        assert_eq!(decode(0x0015_151b), same(Opcode::Slliw, 10, 10, 0, 1));
        assert_eq!(decode(0xffff_f06f), Ok(Decoded::Jal { rd: 0, offset: -2 }));
        assert_eq!(
            decode(0x0000_8067),
            Ok(Decoded::Jalr {
                rd: 0,
                rs1: 1,
                imm: 0
            })
        );
    }

    #[test]
    fn custom_opcodes_are_syscalls_and_machine_instructions() {
        assert_eq!(decode(0x0030_000b), Ok(Decoded::Syscall(3)));
        // .insn r 0x2b, 1, 0x10, a0, a1, a2: opcode 0x90
        assert_eq!(decode(0x20c5_952b), same(Opcode::WideAdd, 10, 11, 12, 0));
        // .insn r4 0x5b, 0, 1, a0, a1, a2, a3: opcode 0xa1
        assert_eq!(
            decode(0x6ac5_855b),
            same(Opcode::WideMulmod, 10, 11, 12, 13)
        );
        assert_eq!(decode(0x0000_002b), Err(Extension::Custom));
    }

    #[test]
    fn names_what_it_does_not_know() {
        assert_eq!(decode(0x0000_8082), Err(Extension::Compressed));
        assert_eq!(decode(0x0000_0073), Err(Extension::Environment));
        assert_eq!(decode(0x3000_2573), Err(Extension::ControlRegisters));
        assert_eq!(decode(0x1005_252f), Err(Extension::Atomic));
        assert_eq!(decode(0x02b5_7553), Err(Extension::Float));
        assert_eq!(decode(0x0005_7057), Err(Extension::Vector));
        assert_eq!(decode(0x4805_1513), Err(Extension::Other));
    }
}
