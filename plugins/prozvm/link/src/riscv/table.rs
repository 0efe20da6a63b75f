//! The table of RISC-V instructions that have a PZ64 instruction of the same name: encoding and operands.
//!
//! Jumps, `lui`, `auipc`, system and custom instructions are decoded by hand in `decode`.
//!
//! Spec: L-3.

use proz_prozvm_core::Opcode;

/// How the operands lie in the word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// `rd, rs1, rs2`.
    Registers,
    /// `rd, rs1`, and a signed immediate of 12 bits; loads too.
    Immediate,
    /// `rd, rs1`, and an amount of 6 bits.
    Shift6,
    /// `rd, rs1`, and an amount of 5 bits.
    Shift5,
    /// `rd, rs1`.
    Unary,
    /// `rs2, imm(rs1)`.
    Store,
    /// `rs1, rs2`, and an offset.
    Branch,
}

/// One instruction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// Bits that identify it.
    pub(crate) mask: u32,
    /// Their values.
    pub(crate) bits: u32,
    /// Where its operands are.
    pub(crate) format: Format,
    /// What it becomes.
    pub(crate) opcode: Opcode,
}

const FUNCT7: u32 = 0xfe00_707f;
const FUNCT6: u32 = 0xfc00_707f;
const FUNCT3: u32 = 0x0000_707f;
const FUNCT12: u32 = 0xfff0_707f;

const fn row(format: Format, mask: u32, bits: u32, opcode: Opcode) -> Row {
    Row {
        mask,
        bits,
        format,
        opcode,
    }
}

/// `major`, `funct3`, `funct7`.
const fn r(major: u32, funct3: u32, funct7: u32, opcode: Opcode) -> Row {
    let bits = major | funct3 << 12 | funct7 << 25;
    row(Format::Registers, FUNCT7, bits, opcode)
}

const fn i(major: u32, funct3: u32, opcode: Opcode) -> Row {
    row(Format::Immediate, FUNCT3, major | funct3 << 12, opcode)
}

const fn shift6(major: u32, funct3: u32, funct6: u32, opcode: Opcode) -> Row {
    let bits = major | funct3 << 12 | funct6 << 26;
    row(Format::Shift6, FUNCT6, bits, opcode)
}

const fn shift5(major: u32, funct3: u32, funct7: u32, opcode: Opcode) -> Row {
    let bits = major | funct3 << 12 | funct7 << 25;
    row(Format::Shift5, FUNCT7, bits, opcode)
}

const fn unary(major: u32, funct3: u32, funct12: u32, opcode: Opcode) -> Row {
    let bits = major | funct3 << 12 | funct12 << 20;
    row(Format::Unary, FUNCT12, bits, opcode)
}

const fn s(funct3: u32, opcode: Opcode) -> Row {
    row(Format::Store, FUNCT3, 0x23 | funct3 << 12, opcode)
}

const fn b(funct3: u32, opcode: Opcode) -> Row {
    row(Format::Branch, FUNCT3, 0x63 | funct3 << 12, opcode)
}

/// Every instruction of the table.
pub(crate) const ROWS: &[Row] = &[
    // RV64I
    r(0x33, 0, 0x00, Opcode::Add),
    r(0x33, 0, 0x20, Opcode::Sub),
    r(0x33, 1, 0x00, Opcode::Sll),
    r(0x33, 2, 0x00, Opcode::Slt),
    r(0x33, 3, 0x00, Opcode::Sltu),
    r(0x33, 4, 0x00, Opcode::Xor),
    r(0x33, 5, 0x00, Opcode::Srl),
    r(0x33, 5, 0x20, Opcode::Sra),
    r(0x33, 6, 0x00, Opcode::Or),
    r(0x33, 7, 0x00, Opcode::And),
    r(0x3b, 0, 0x00, Opcode::Addw),
    r(0x3b, 0, 0x20, Opcode::Subw),
    r(0x3b, 1, 0x00, Opcode::Sllw),
    r(0x3b, 5, 0x00, Opcode::Srlw),
    r(0x3b, 5, 0x20, Opcode::Sraw),
    i(0x13, 0, Opcode::Addi),
    i(0x13, 2, Opcode::Slti),
    i(0x13, 3, Opcode::Sltiu),
    i(0x13, 4, Opcode::Xori),
    i(0x13, 6, Opcode::Ori),
    i(0x13, 7, Opcode::Andi),
    i(0x1b, 0, Opcode::Addiw),
    shift6(0x13, 1, 0x00, Opcode::Slli),
    shift6(0x13, 5, 0x00, Opcode::Srli),
    shift6(0x13, 5, 0x10, Opcode::Srai),
    shift5(0x1b, 1, 0x00, Opcode::Slliw),
    shift5(0x1b, 5, 0x00, Opcode::Srliw),
    shift5(0x1b, 5, 0x20, Opcode::Sraiw),
    i(0x03, 0, Opcode::Lb),
    i(0x03, 1, Opcode::Lh),
    i(0x03, 2, Opcode::Lw),
    i(0x03, 3, Opcode::Ld),
    i(0x03, 4, Opcode::Lbu),
    i(0x03, 5, Opcode::Lhu),
    i(0x03, 6, Opcode::Lwu),
    s(0, Opcode::Sb),
    s(1, Opcode::Sh),
    s(2, Opcode::Sw),
    s(3, Opcode::Sd),
    b(0, Opcode::Beq),
    b(1, Opcode::Bne),
    b(4, Opcode::Blt),
    b(5, Opcode::Bge),
    b(6, Opcode::Bltu),
    b(7, Opcode::Bgeu),
    // M
    r(0x33, 0, 0x01, Opcode::Mul),
    r(0x33, 1, 0x01, Opcode::Mulh),
    r(0x33, 2, 0x01, Opcode::Mulhsu),
    r(0x33, 3, 0x01, Opcode::Mulhu),
    r(0x33, 4, 0x01, Opcode::Div),
    r(0x33, 5, 0x01, Opcode::Divu),
    r(0x33, 6, 0x01, Opcode::Rem),
    r(0x33, 7, 0x01, Opcode::Remu),
    r(0x3b, 0, 0x01, Opcode::Mulw),
    r(0x3b, 4, 0x01, Opcode::Divw),
    r(0x3b, 5, 0x01, Opcode::Divuw),
    r(0x3b, 6, 0x01, Opcode::Remw),
    r(0x3b, 7, 0x01, Opcode::Remuw),
    // Zba
    r(0x3b, 0, 0x04, Opcode::AddUw),
    r(0x33, 2, 0x10, Opcode::Sh1add),
    r(0x33, 4, 0x10, Opcode::Sh2add),
    r(0x33, 6, 0x10, Opcode::Sh3add),
    r(0x3b, 2, 0x10, Opcode::Sh1addUw),
    r(0x3b, 4, 0x10, Opcode::Sh2addUw),
    r(0x3b, 6, 0x10, Opcode::Sh3addUw),
    shift6(0x1b, 1, 0x02, Opcode::SlliUw),
    // Zbb
    r(0x33, 7, 0x20, Opcode::Andn),
    r(0x33, 6, 0x20, Opcode::Orn),
    r(0x33, 4, 0x20, Opcode::Xnor),
    r(0x33, 4, 0x05, Opcode::Min),
    r(0x33, 5, 0x05, Opcode::Minu),
    r(0x33, 6, 0x05, Opcode::Max),
    r(0x33, 7, 0x05, Opcode::Maxu),
    r(0x33, 1, 0x30, Opcode::Rol),
    r(0x33, 5, 0x30, Opcode::Ror),
    r(0x3b, 1, 0x30, Opcode::Rolw),
    r(0x3b, 5, 0x30, Opcode::Rorw),
    shift6(0x13, 5, 0x18, Opcode::Rori),
    shift5(0x1b, 5, 0x30, Opcode::Roriw),
    unary(0x13, 1, 0x600, Opcode::Clz),
    unary(0x13, 1, 0x601, Opcode::Ctz),
    unary(0x13, 1, 0x602, Opcode::Cpop),
    unary(0x1b, 1, 0x600, Opcode::Clzw),
    unary(0x1b, 1, 0x601, Opcode::Ctzw),
    unary(0x1b, 1, 0x602, Opcode::Cpopw),
    unary(0x13, 1, 0x604, Opcode::SextB),
    unary(0x13, 1, 0x605, Opcode::SextH),
    unary(0x3b, 4, 0x080, Opcode::ZextH),
    unary(0x13, 5, 0x287, Opcode::OrcB),
    unary(0x13, 5, 0x6b8, Opcode::Rev8),
    // Zicond
    r(0x33, 5, 0x07, Opcode::CzeroEqz),
    r(0x33, 7, 0x07, Opcode::CzeroNez),
];

#[cfg(test)]
mod tests {
    use super::ROWS;

    #[test]
    fn no_word_fits_two_rows() {
        for (index, a) in ROWS.iter().enumerate() {
            assert_eq!(a.bits & !a.mask, 0, "{a:?}");
            for b in &ROWS[index + 1..] {
                let common = a.mask & b.mask;
                assert_ne!(a.bits & common, b.bits & common, "{a:?} {b:?}");
            }
        }
    }
}
