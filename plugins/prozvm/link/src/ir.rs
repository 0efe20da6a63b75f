//! The form between RISC-V and PZ64: functions of basic blocks of PZ64 instructions.
//!
//! Targets of branches are blocks, targets of calls are functions of the file, and immediates are wide enough for
//! any constant. Jumps do not occur: a block names the one that follows it.

use proz_prozvm_core::{Class, Instruction, Opcode};

/// Index of a block in its function.
pub(crate) type BlockId = usize;
/// Index of a function in the table of functions.
pub(crate) type FunctionId = usize;

/// An instruction. The immediate is: of `li` the whole value, of a branch the block, of a call the function, of a
/// syscall its number, of a switch the index of its targets, else what PZ64 says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) opcode: Opcode,
    pub(crate) rd: u8,
    pub(crate) rs1: u8,
    pub(crate) rs2: u8,
    pub(crate) imm: i64,
    /// Address in the file of the instruction that it comes from.
    pub(crate) pc: u64,
}

impl Code {
    pub(crate) const fn new(opcode: Opcode, rd: u8, rs1: u8, rs2: u8, imm: i64, pc: u64) -> Self {
        Self {
            opcode,
            rd,
            rs1,
            rs2,
            imm,
            pc,
        }
    }

    pub(crate) const fn li(rd: u8, value: u64, pc: u64) -> Self {
        Self::new(Opcode::Li, rd, 0, 0, value as i64, pc)
    }

    pub(crate) const fn class(&self) -> Class {
        self.opcode.class()
    }

    /// Registers named as operands that are read.
    pub(crate) fn reads(&self) -> u32 {
        self.fields().reads()
    }

    /// The register named as operand that is written.
    pub(crate) fn writes(&self) -> u32 {
        self.fields().writes() & !1
    }

    /// Whether its only effect is on its destination.
    pub(crate) const fn is_pure(&self) -> bool {
        matches!(
            self.class(),
            Class::Binary
                | Class::Immediate
                | Class::Shift64
                | Class::Shift32
                | Class::Unary
                | Class::LoadImmediate
        )
    }

    fn fields(&self) -> Instruction {
        Instruction::new(self.opcode, self.rd, self.rs1, self.rs2, self.imm as i32)
    }
}

/// A run of instructions entered at its beginning only.
#[derive(Clone, Debug, Default)]
pub(crate) struct Block {
    /// Address in the file.
    pub(crate) pc: u64,
    pub(crate) code: Vec<Code>,
    /// Where control goes from the end; `None` behind a terminator.
    pub(crate) next: Option<BlockId>,
}

/// A function.
#[derive(Clone, Debug, Default)]
pub(crate) struct Body {
    /// The first is the entry.
    pub(crate) blocks: Vec<Block>,
    /// Targets of switches; the last of each is its default.
    pub(crate) switches: Vec<Vec<BlockId>>,
}

impl Body {
    /// Calls `f` with each block that can follow; one may come several times.
    pub(crate) fn successors(&self, block: BlockId, mut f: impl FnMut(BlockId)) {
        let block = &self.blocks[block];
        if let Some(last) = block.code.last() {
            match last.class() {
                Class::Branch => f(last.imm as usize),
                Class::Switch => self.switches[last.imm as usize]
                    .iter()
                    .for_each(|&target| f(target)),
                _ => {}
            }
        }
        if let Some(next) = block.next {
            f(next);
        }
    }

    /// Blocks from which each block is entered.
    pub(crate) fn predecessors(&self) -> Vec<Vec<BlockId>> {
        let mut predecessors = vec![Vec::new(); self.blocks.len()];
        for block in 0..self.blocks.len() {
            self.successors(block, |successor| {
                let list: &mut Vec<BlockId> = &mut predecessors[successor];
                if list.last() != Some(&block) {
                    list.push(block);
                }
            });
        }
        predecessors
    }

    /// Number of instructions.
    pub(crate) fn size(&self) -> usize {
        self.blocks.iter().map(|block| block.code.len()).sum()
    }
}
