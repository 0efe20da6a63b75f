//! Instructions as data: opcodes, classes, operands, and the fixed 8-byte encoding.
//!
//! Everything here is derived from the table.
//! Spec: I-1 to I-4, F-12.

use super::register::ZERO;
use super::table::instructions;

/// What a field of an instruction means, in the order of the text form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// `rd`: the register written.
    Destination,
    /// `rd`: a register that holds the address of the destination.
    DestinationAddress,
    /// `rs1`: a register read.
    First,
    /// `rs2`: a register read.
    Second,
    /// `rs1`: a register that holds an address.
    FirstAddress,
    /// `rs2`: a register that holds an address.
    SecondAddress,
    /// `imm`: number of a register that holds an address.
    ThirdAddress,
    /// `imm(rs1)`: a register that holds an address, and a displacement.
    Displaced,
    /// `imm`: a signed number.
    Immediate,
    /// `imm`: a shift amount below 64.
    Shift64,
    /// `imm`: a shift amount below 32.
    Shift32,
    /// `imm`: an index into the constants.
    Constant,
    /// `imm`: an instruction index inside the function.
    Target,
    /// `imm`: a function index.
    Function,
    /// `imm`: a type index.
    Signature,
    /// `imm`: a switch table index.
    Table,
    /// `imm`: an import index.
    Import,
    /// `imm`: a trap code.
    TrapCode,
}

macro_rules! define_opcodes {
    ($($class:ident { $($code:literal $name:ident $text:literal $cost:literal $semantics:tt)* })*) => {
        /// Operation of an instruction; its number is the first byte of the encoding.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Opcode {
            $($(
                #[doc = concat!("`", $text, "`")]
                $name = $code,
            )*)*
        }

        /// Groups instructions that share their operands.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Class {
            $(
                #[doc = concat!("Class `", stringify!($class), "` of the instruction table.")]
                $class,
            )*
        }

        impl Opcode {
            /// All opcodes in ascending order.
            pub const ALL: &'static [Self] = &[$($(Self::$name,)*)*];

            /// Finds the opcode with this number.
            pub const fn from_code(code: u8) -> Option<Self> {
                match code {
                    $($($code => Some(Self::$name),)*)*
                    _ => None,
                }
            }

            /// Finds the opcode with this mnemonic.
            pub fn from_mnemonic(text: &str) -> Option<Self> {
                match text {
                    $($($text => Some(Self::$name),)*)*
                    _ => None,
                }
            }

            /// The name in the text form.
            pub const fn mnemonic(self) -> &'static str {
                match self {
                    $($(Self::$name => $text,)*)*
                }
            }

            /// The class in the table.
            pub const fn class(self) -> Class {
                match self {
                    $($(Self::$name => Class::$class,)*)*
                }
            }

            /// The static cost in gas schedule 1.
            pub const fn default_cost(self) -> u32 {
                match self {
                    $($(Self::$name => $cost,)*)*
                }
            }
        }
    };
}

instructions!(define_opcodes);

impl Class {
    /// Operands of the class, in the order of the text form.
    pub const fn operands(self) -> &'static [Operand] {
        use Operand::*;
        match self {
            Self::Binary => &[Destination, First, Second],
            Self::Immediate => &[Destination, First, Immediate],
            Self::Shift64 => &[Destination, First, Shift64],
            Self::Shift32 => &[Destination, First, Shift32],
            Self::Unary => &[Destination, First],
            Self::LoadImmediate => &[Destination, Immediate],
            Self::LoadConstant => &[Destination, Constant],
            Self::Load => &[Destination, Displaced],
            Self::Store => &[Second, Displaced],
            Self::Branch => &[First, Second, Target],
            Self::Jump => &[Target],
            Self::Call => &[Function],
            Self::CallIndirect => &[First, Signature],
            Self::Switch => &[First, Table],
            Self::Return => &[],
            Self::Trap => &[TrapCode],
            Self::Syscall => &[Import],
            Self::WideBinary | Self::WidePower => {
                &[DestinationAddress, FirstAddress, SecondAddress]
            }
            Self::WideProduct => &[DestinationAddress, FirstAddress, SecondAddress],
            Self::WideTernary => &[
                DestinationAddress,
                FirstAddress,
                SecondAddress,
                ThirdAddress,
            ],
            Self::WideShift => &[DestinationAddress, FirstAddress, Second],
            Self::WideCompare => &[Destination, FirstAddress, SecondAddress],
            Self::WideUnary => &[DestinationAddress, FirstAddress],
            Self::WideExtend => &[DestinationAddress, First],
            Self::Hash | Self::Copy => &[DestinationAddress, FirstAddress, Second],
            Self::Fill => &[DestinationAddress, First, Second],
            Self::Grow => &[Destination, First],
        }
    }

    /// Whether control never passes to the next instruction of the function.
    pub const fn is_terminator(self) -> bool {
        matches!(self, Self::Jump | Self::Switch | Self::Return | Self::Trap)
    }

    /// Whether the basic block ends behind an instruction of this class.
    ///
    /// Spec: G-3.
    pub const fn ends_block(self) -> bool {
        self.is_terminator()
            || self.has_dynamic_cost()
            || matches!(self, Self::Branch | Self::Call | Self::CallIndirect)
    }

    /// Whether part of the cost is known only when the instruction runs.
    ///
    /// Spec: G-6.
    pub const fn has_dynamic_cost(self) -> bool {
        matches!(
            self,
            Self::Syscall | Self::WidePower | Self::Hash | Self::Copy | Self::Fill | Self::Grow
        )
    }

    /// Whether the class belongs to the 256-bit feature.
    pub const fn is_wide(self) -> bool {
        matches!(
            self,
            Self::WideBinary
                | Self::WideTernary
                | Self::WideShift
                | Self::WideCompare
                | Self::WideUnary
                | Self::WideExtend
                | Self::WideProduct
                | Self::WidePower
        )
    }
}

/// One instruction, decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instruction {
    /// Operation.
    pub opcode: Opcode,
    /// Destination register, or the register with the destination's address.
    pub rd: u8,
    /// First source register.
    pub rs1: u8,
    /// Second source register.
    pub rs2: u8,
    /// Immediate; its meaning depends on the class.
    pub imm: i32,
}

impl Instruction {
    /// Encoded size in bytes.
    pub const SIZE: usize = 8;

    /// Creates an instruction from its fields; those that the class does not use must be zero.
    pub const fn new(opcode: Opcode, rd: u8, rs1: u8, rs2: u8, imm: i32) -> Self {
        Self {
            opcode,
            rd,
            rs1,
            rs2,
            imm,
        }
    }

    /// Decodes eight bytes; `None` when the opcode is unknown.
    pub fn decode(bytes: [u8; Self::SIZE]) -> Option<Self> {
        let [code, rd, rs1, rs2, i0, i1, i2, i3] = bytes;
        Some(Self {
            opcode: Opcode::from_code(code)?,
            rd,
            rs1,
            rs2,
            imm: i32::from_le_bytes([i0, i1, i2, i3]),
        })
    }

    /// Encodes into eight bytes.
    pub fn encode(self) -> [u8; Self::SIZE] {
        let [i0, i1, i2, i3] = self.imm.to_le_bytes();
        [
            self.opcode as u8,
            self.rd,
            self.rs1,
            self.rs2,
            i0,
            i1,
            i2,
            i3,
        ]
    }

    /// The class of the opcode.
    pub const fn class(self) -> Class {
        self.opcode.class()
    }

    /// The immediate as an index; negative immediates give an index that no table has.
    pub const fn index(self) -> usize {
        if self.imm < 0 {
            usize::MAX
        } else {
            self.imm as usize
        }
    }

    /// Registers that the operands read, as a bit set without `zero`.
    ///
    /// What calls, returns and syscalls read besides depends on signatures and is not included.
    pub fn reads(self) -> u32 {
        let mut mask = 0u32;
        for operand in self.class().operands() {
            mask |= match operand {
                Operand::DestinationAddress => bit(self.rd),
                Operand::First | Operand::FirstAddress | Operand::Displaced => bit(self.rs1),
                Operand::Second | Operand::SecondAddress => bit(self.rs2),
                Operand::ThirdAddress => bit(self.imm as u8),
                _ => 0,
            };
        }
        mask & !(1 << ZERO)
    }

    /// Where an instruction of static cost writes memory: register of the address, displacement, bytes.
    pub(crate) fn written_memory(self) -> Option<(u8, i64, u64)> {
        let displaced = |size| Some((self.rs1, i64::from(self.imm), size));
        match self.opcode {
            Opcode::Sb => displaced(1),
            Opcode::Sh => displaced(2),
            Opcode::Sw => displaced(4),
            Opcode::Sd => displaced(8),
            _ => match self.class() {
                Class::WideBinary
                | Class::WideTernary
                | Class::WideShift
                | Class::WideUnary
                | Class::WideExtend => Some((self.rd, 0, 32)),
                Class::WideProduct => Some((self.rd, 0, 64)),
                _ => None,
            },
        }
    }

    /// The register that the operands write, as a bit set.
    pub fn writes(self) -> u32 {
        if self.class().operands().contains(&Operand::Destination) {
            bit(self.rd)
        } else {
            0
        }
    }
}

const fn bit(register: u8) -> u32 {
    1u32.wrapping_shl(register as u32)
}
