//! What the fields of an opcode may hold, as masks and limits: the rules of one instruction in a few comparisons.
//!
//! The rules in words stand in `code`, which also says which of them an instruction breaks.
//!
//! Spec: V-11 to V-15, V-19.

use super::code::DISPLACEMENT_MIN;
use crate::isa::{Class, Instruction, Opcode, Operand};

/// A use of the immediate that has a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Limit {
    /// Any value that the mask lets through.
    None,
    Displacement,
    Constant,
    Function,
    Signature,
    Table,
    Import,
    Target,
}

/// Number of limits.
pub(super) const LIMITS: usize = 8;

/// What an opcode's fields may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// Bits of `rd`, `rs1` and `rs2` that must be zero with 32 registers, a byte each from the lowest.
    registers_32: u32,
    /// The same with 16.
    registers_16: u32,
    imm_32: u32,
    imm_16: u32,
    pub(super) limit: Limit,
    /// Whether `rd` is written, so must not be `zero`.
    pub(super) writes: bool,
    /// Which fields name registers that are read: bit 0 `rd`, 1 `rs1`, 2 `rs2`, 3 `imm`.
    reads: u8,
    /// Feature bits needed.
    pub(super) features: u8,
    pub(super) ends_block: bool,
    pub(super) is_terminator: bool,
    /// Whether signatures say what it reads and assigns.
    pub(super) by_signature: bool,
}

impl Shape {
    const fn of(opcode: Opcode) -> Self {
        let class = opcode.class();
        let mut registers_32 = 0x00ff_ffff_u32;
        let mut registers_16 = registers_32;
        let (mut imm_32, mut imm_16) = (u32::MAX, u32::MAX);
        let mut limit = Limit::None;
        let (mut writes, mut reads) = (false, 0);
        let operands = class.operands();
        let mut index = 0;
        while index < operands.len() {
            let field = match operands[index] {
                Operand::Destination | Operand::DestinationAddress => 0,
                Operand::First | Operand::FirstAddress | Operand::Displaced => 1,
                Operand::Second | Operand::SecondAddress => 2,
                _ => 3,
            };
            if field < 3 {
                registers_32 &= !(0x1f << (8 * field));
                registers_16 &= !(0x0f << (8 * field));
            }
            match operands[index] {
                Operand::Destination => writes = true,
                Operand::DestinationAddress => reads |= 1,
                Operand::First | Operand::FirstAddress => reads |= 2,
                Operand::Second | Operand::SecondAddress => reads |= 4,
                Operand::ThirdAddress => {
                    reads |= 8;
                    (imm_32, imm_16) = (!0x1f, !0x0f);
                }
                Operand::Displaced => {
                    reads |= 2;
                    (imm_32, imm_16) = (0, 0);
                    limit = Limit::Displacement;
                }
                Operand::Immediate => (imm_32, imm_16) = (0, 0),
                Operand::Shift64 => (imm_32, imm_16) = (!63, !63),
                Operand::Shift32 => (imm_32, imm_16) = (!31, !31),
                Operand::TrapCode => (imm_32, imm_16) = (!0xffff, !0xffff),
                Operand::Constant
                | Operand::Function
                | Operand::Signature
                | Operand::Table
                | Operand::Import
                | Operand::Target => {
                    (imm_32, imm_16) = (0, 0);
                    limit = match operands[index] {
                        Operand::Constant => Limit::Constant,
                        Operand::Function => Limit::Function,
                        Operand::Signature => Limit::Signature,
                        Operand::Table => Limit::Table,
                        Operand::Import => Limit::Import,
                        _ => Limit::Target,
                    };
                }
            }
            index += 1;
        }
        Self {
            registers_32,
            registers_16,
            imm_32,
            imm_16,
            limit,
            writes,
            reads,
            features: if class.is_wide() {
                1
            } else if matches!(class, Class::Hash) {
                2
            } else {
                0
            },
            ends_block: class.ends_block(),
            is_terminator: class.is_terminator(),
            by_signature: matches!(
                class,
                Class::Call | Class::CallIndirect | Class::Syscall | Class::Return
            ),
        }
    }

    /// Whether a field breaks a rule; `limits` are the numbers below which immediates must lie.
    #[inline]
    pub(super) fn refuses(
        &self,
        i: Instruction,
        has_16: bool,
        limits: &[u64; LIMITS],
        features: u8,
    ) -> bool {
        let (registers, imm) = if has_16 {
            (self.registers_16, self.imm_16)
        } else {
            (self.registers_32, self.imm_32)
        };
        let fields = u32::from(i.rd) | u32::from(i.rs1) << 8 | u32::from(i.rs2) << 16;
        let base = if matches!(self.limit, Limit::Displacement) {
            DISPLACEMENT_MIN
        } else {
            0
        };
        let number = u64::from(i.imm.wrapping_sub(base) as u32);
        let idle = fields & registers | i.imm as u32 & imm;
        idle != 0
            || number >= limits[self.limit as usize]
            || (self.writes && i.rd == 0)
            || self.features & !features != 0
    }

    /// Registers that the fields of an instruction read, without `zero`.
    #[inline]
    pub(super) fn read(&self, i: Instruction) -> u32 {
        let bit = |field: u8, register: u8| u32::from(self.reads >> field & 1) << (register & 31);
        (bit(0, i.rd) | bit(1, i.rs1) | bit(2, i.rs2) | bit(3, i.imm as u8)) & !1
    }

    /// The register that the fields of an instruction write.
    #[inline]
    pub(super) fn written(&self, i: Instruction) -> u32 {
        u32::from(self.writes) << (i.rd & 31)
    }
}

/// The limit of displacements, counted from the lowest.
pub(super) const DISPLACEMENTS: u64 = (i32::MAX as i64 - DISPLACEMENT_MIN as i64 + 1) as u64;

/// Shapes by opcode number; numbers that no opcode has are never looked up.
pub(super) static SHAPES: [Shape; 256] = {
    let mut shapes = [Shape::of(Opcode::Trap); 256];
    let mut index = 0;
    while index < Opcode::ALL.len() {
        let opcode = Opcode::ALL[index];
        shapes[opcode as usize] = Shape::of(opcode);
        index += 1;
    }
    shapes
};

/// The shape of an instruction.
#[inline]
pub(super) fn shape(i: Instruction) -> &'static Shape {
    &SHAPES[i.opcode as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What masks say of reads and writes is what operands say.
    #[test]
    fn shapes_read_and_write_what_their_operands_do() {
        for &opcode in Opcode::ALL {
            let instruction = Instruction::new(opcode, 3, 4, 5, 6);
            assert_eq!(shape(instruction).read(instruction), instruction.reads());
            assert_eq!(
                shape(instruction).written(instruction),
                instruction.writes()
            );
        }
    }
}
