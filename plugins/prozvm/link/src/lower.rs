//! One RISC-V instruction, with its relocations, to PZ64.
//!
//! A relocated `lui` or `auipc` becomes zero and the instruction with the low part gets the whole address, so no
//! carry between the parts and no distance between code and data matters.
//!
//! Spec: L-3, L-4, L-6, L-10, L-11.

use proz_prozvm_core::{Class, Opcode};

use crate::elf::{Image, Relocation};
use crate::error::LinkError;
use crate::functions::Functions;
use crate::handles::Handles;
use crate::ir::{Code, FunctionId};
use crate::placement::{Placement, Target};
use crate::riscv::{Decoded, decode};

/// What an instruction does to control, with addresses of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Goes on behind it; it may have vanished.
    Straight(Option<Code>),
    /// Branches, or goes on. The target of the code is not set.
    Branch(Code, u64),
    Jump(u64),
    /// Calls, and goes on.
    Call(u64),
    CallIndirect {
        rs1: u8,
        imm: i64,
    },
    JumpIndirect {
        rs1: u8,
        imm: i64,
    },
    Return,
    Trap(u16),
}

/// Relocation types of the RISC-V ELF specification.
mod kind {
    pub(super) const NONE: u32 = 0;
    pub(super) const BRANCH: u32 = 16;
    pub(super) const JAL: u32 = 17;
    pub(super) const CALL: u32 = 18;
    pub(super) const CALL_PLT: u32 = 19;
    pub(super) const GOT_HI20: u32 = 20;
    pub(super) const PCREL_HI20: u32 = 23;
    pub(super) const PCREL_LO12_I: u32 = 24;
    pub(super) const PCREL_LO12_S: u32 = 25;
    pub(super) const HI20: u32 = 26;
    pub(super) const LO12_I: u32 = 27;
    pub(super) const LO12_S: u32 = 28;
    pub(super) const ALIGN: u32 = 43;
    pub(super) const RVC_BRANCH: u32 = 44;
    pub(super) const RVC_JUMP: u32 = 45;
    pub(super) const GPREL_I: u32 = 47;
    pub(super) const GPREL_S: u32 = 48;
    pub(super) const RELAX: u32 = 51;
}

const RA: u8 = 1;
const GP: u8 = 3;

/// What lowering looks at.
pub(crate) struct Lowering<'a, 'b> {
    pub(crate) image: &'b Image<'a>,
    pub(crate) placement: &'b Placement,
    pub(crate) functions: &'b Functions<'a>,
    pub(crate) handles: &'b mut Handles,
    pub(crate) function: FunctionId,
}

impl Lowering<'_, '_> {
    /// Lowers the instruction at `pc` and gives its size in bytes, 8 for pairs that are one.
    pub(crate) fn step(&mut self, pc: u64) -> Result<(Step, u64), LinkError> {
        let word = self.image.word(pc).filter(|_| pc.is_multiple_of(4));
        let word = word.ok_or_else(|| self.no_code(pc, pc))?;
        let decoded = decode(word).map_err(|extension| LinkError::Instruction {
            function: self.name(),
            address: pc,
            word,
            extension,
        })?;
        let mut meant = None;
        for &relocation in self.image.relocations_at(pc) {
            match relocation.kind {
                kind::NONE | kind::BRANCH | kind::JAL | kind::ALIGN | kind::RELAX => {}
                _ => meant = Some(relocation),
            }
        }
        match meant {
            Some(relocation) => self.relocated(pc, decoded, relocation),
            None => self.plain(pc, decoded),
        }
    }

    fn plain(&mut self, pc: u64, decoded: Decoded) -> Result<(Step, u64), LinkError> {
        let step = match decoded {
            Decoded::Same(i) if i.reads() & 1 << GP != 0 => {
                return Err(LinkError::GlobalPointer {
                    function: self.name(),
                    address: pc,
                });
            }
            Decoded::Same(i) if i.class() == Class::Branch => {
                let code = Code::new(i.opcode, 0, i.rs1, i.rs2, 0, pc);
                Step::Branch(code, pc.wrapping_add_signed(i64::from(i.imm)))
            }
            Decoded::Same(i) => {
                let code = Code::new(i.opcode, i.rd, i.rs1, i.rs2, i64::from(i.imm), pc);
                Step::Straight(self.kept(code)?)
            }
            Decoded::Lui { rd, imm } => Step::Straight(self.kept(Code::li(rd, imm as u64, pc))?),
            Decoded::Auipc { rd, imm } => return self.unrelocated(pc, rd, imm),
            Decoded::Jal { rd, offset } => self.transfer(pc, rd, pc.wrapping_add_signed(offset))?,
            Decoded::Jalr {
                rd: 0,
                rs1: RA,
                imm: 0,
            } => Step::Return,
            Decoded::Jalr { rd: 0, rs1, imm } => Step::JumpIndirect { rs1, imm },
            Decoded::Jalr { rd: RA, rs1, imm } => Step::CallIndirect { rs1, imm },
            Decoded::Jalr { rd, .. } => return Err(self.link_register(pc, rd)),
            Decoded::Nothing => Step::Straight(None),
            Decoded::Trap(code) => Step::Trap(code),
            Decoded::Syscall(number) => Step::Straight(Some(Code::new(
                Opcode::Syscall,
                0,
                0,
                0,
                i64::from(number),
                pc,
            ))),
        };
        Ok((step, 4))
    }

    fn relocated(
        &mut self,
        pc: u64,
        decoded: Decoded,
        relocation: Relocation,
    ) -> Result<(Step, u64), LinkError> {
        let mismatch = LinkError::RelocationMismatch { address: pc };
        match (relocation.kind, decoded) {
            (kind::CALL | kind::CALL_PLT, Decoded::Auipc { rd, imm }) => {
                let jalr = self
                    .image
                    .word(pc.wrapping_add(4))
                    .and_then(|word| decode(word).ok());
                let Some(Decoded::Jalr {
                    rd: link,
                    rs1,
                    imm: low,
                }) = jalr
                else {
                    return Err(mismatch);
                };
                let target = pc.wrapping_add_signed(imm).wrapping_add_signed(low);
                if rs1 != rd
                    || self
                        .image
                        .symbols
                        .get(relocation.symbol)
                        .is_some_and(|s| s.is_foreign)
                {
                    return Err(mismatch);
                }
                Ok((self.transfer(pc, link, target)?, 8))
            }
            (
                kind::HI20 | kind::PCREL_HI20 | kind::GOT_HI20,
                Decoded::Lui { rd, .. } | Decoded::Auipc { rd, .. },
            ) => Ok((Step::Straight(self.kept(Code::li(rd, 0, pc))?), 4)),
            (kind::LO12_I | kind::LO12_S, decoded) => self.low_part(pc, decoded, &relocation),
            // A linker that relaxes makes these; the address needs no base.
            (kind::GPREL_I | kind::GPREL_S, Decoded::Same(mut i)) => {
                i.rs1 = 0;
                self.low_part(pc, Decoded::Same(i), &relocation)
            }
            (kind::PCREL_LO12_I | kind::PCREL_LO12_S, decoded) => {
                let symbol = self.image.symbols.get(relocation.symbol);
                let label = symbol
                    .filter(|_| relocation.addend == 0)
                    .map(|symbol| symbol.value);
                let label = label.ok_or(mismatch.clone())?;
                let high = self
                    .image
                    .relocations_at(label)
                    .iter()
                    .find(|high| matches!(high.kind, kind::PCREL_HI20 | kind::GOT_HI20));
                let high = high.ok_or(mismatch.clone())?;
                if high.kind == kind::GOT_HI20 {
                    let target = self.placement.target(self.image, high)?;
                    let value = self.value(pc, target)?;
                    return match decoded {
                        Decoded::Same(i) if i.opcode == Opcode::Ld => {
                            Ok((Step::Straight(self.kept(Code::li(i.rd, value, pc))?), 4))
                        }
                        _ => Err(mismatch),
                    };
                }
                self.low_part(pc, decoded, high)
            }
            (kind, _) => Err(LinkError::Relocation {
                kind,
                address: pc,
                advice: match kind {
                    kind::RVC_BRANCH | kind::RVC_JUMP => {
                        "of a compressed instruction; compile without `c`"
                    }
                    29..=32 | 21 | 22 => "of thread-local data; compile without `thread_local`",
                    kind::HI20..=kind::LO12_S | kind::CALL..=kind::PCREL_LO12_S => {
                        "at an instruction that it does not fit"
                    }
                    _ => "unknown; link with -static -Wl,--emit-relocs -Wl,--no-relax",
                },
            }),
        }
    }

    /// An instruction that adds the low part of an address: it adds all of it.
    fn low_part(
        &mut self,
        pc: u64,
        decoded: Decoded,
        relocation: &Relocation,
    ) -> Result<(Step, u64), LinkError> {
        let target = self.placement.target(self.image, relocation)?;
        let mismatch = LinkError::RelocationMismatch { address: pc };
        match decoded {
            Decoded::Same(i)
                if matches!(i.class(), Class::Load | Class::Store) || i.opcode == Opcode::Addi =>
            {
                if let Target::Code(target) = target
                    && i.opcode != Opcode::Addi
                {
                    return Err(LinkError::Reference {
                        address: pc,
                        target,
                        what: "code, which cannot be read",
                    });
                }
                let value = self.value(pc, target)? as i64;
                if i32::try_from(value).is_err() {
                    return Err(mismatch);
                }
                // Relaxed to an offset from `gp`, but named as before.
                let base = if i.rs1 == GP { 0 } else { i.rs1 };
                let code = Code::new(i.opcode, i.rd, base, i.rs2, value, pc);
                Ok((Step::Straight(self.kept(code)?), 4))
            }
            Decoded::Jalr { rd, .. } => match target {
                Target::Code(address) => Ok((self.transfer(pc, rd, address)?, 4)),
                Target::Value(_) => Err(mismatch),
            },
            _ => Err(mismatch),
        }
    }

    /// `auipc` that the assembler resolved: the instruction behind it tells what it is for.
    fn unrelocated(&mut self, pc: u64, rd: u8, imm: i64) -> Result<(Step, u64), LinkError> {
        let error = LinkError::Unrelocated {
            function: self.name(),
            address: pc,
        };
        let word = self.image.word(pc.wrapping_add(4)).ok_or(error.clone())?;
        let base = pc.wrapping_add_signed(imm);
        match decode(word) {
            Ok(Decoded::Jalr { rd: link, rs1, imm }) if rs1 == rd => {
                Ok((self.transfer(pc, link, base.wrapping_add_signed(imm))?, 8))
            }
            Ok(Decoded::Same(i)) if i.opcode == Opcode::Addi && i.rs1 == rd => {
                let target = base.wrapping_add_signed(i64::from(i.imm));
                if self.functions.entry(target).is_none() {
                    return Err(error);
                }
                let value = self.value(pc, Target::Code(target))?;
                Ok((Step::Straight(self.kept(Code::li(i.rd, value, pc))?), 8))
            }
            _ => Err(error),
        }
    }

    /// A direct jump or call.
    fn transfer(&self, pc: u64, link: u8, target: u64) -> Result<Step, LinkError> {
        match link {
            0 => Ok(Step::Jump(target)),
            RA => Ok(Step::Call(target)),
            other => Err(self.link_register(pc, other)),
        }
    }

    /// The number that stands for an address: handles for functions.
    fn value(&mut self, pc: u64, target: Target) -> Result<u64, LinkError> {
        match target {
            Target::Value(value) => Ok(value),
            Target::Code(address) => match self.functions.entry(address) {
                Some(function) => Ok(self.handles.of(function)),
                None => Err(LinkError::JumpTable {
                    function: self.name(),
                    address: pc,
                }),
            },
        }
    }

    /// Drops what has no effect: results that go to `zero`.
    fn kept(&self, code: Code) -> Result<Option<Code>, LinkError> {
        let writes = matches!(code.class(), Class::WideCompare | Class::Grow | Class::Load)
            || code.is_pure();
        if !writes || code.rd != 0 {
            return Ok(Some(code));
        }
        match code.class() {
            Class::WideCompare | Class::Grow => Err(LinkError::ResultDiscarded {
                function: self.name(),
                address: code.pc,
            }),
            _ => Ok(None),
        }
    }

    pub(crate) fn name(&self) -> String {
        self.functions.name(self.function).to_owned()
    }

    pub(crate) fn no_code(&self, address: u64, target: u64) -> LinkError {
        LinkError::NoCode {
            function: self.name(),
            address,
            target,
        }
    }

    fn link_register(&self, address: u64, register: u8) -> LinkError {
        LinkError::LinkRegister {
            function: self.name(),
            address,
            register,
        }
    }
}
