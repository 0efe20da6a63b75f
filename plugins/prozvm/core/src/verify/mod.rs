//! Decides whether a program may run.
//!
//! One pass over each section and a data-flow analysis whose every edge is followed at most 33 times; time and
//! memory are linear in the program. Nothing that passes can later be found malformed.
//!
//! Spec: V-1 to V-20.

mod code;
mod flow;
mod tables;

use crate::config::VmConfig;
use crate::format::Section;
use crate::isa::Instruction;
use crate::layout::Layout;
use crate::outcome::Location;
use crate::program::{Program, Signature};
use crate::rules::{Rejection, Rule};
use crate::syscalls::SyscallTable;

/// A basic block: instructions paid together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Index of its first instruction in the code.
    pub start: u32,
    /// Number of instructions.
    pub length: u32,
    /// Static cost of all of them, charged on entry.
    pub cost: u32,
}

/// Where a function lies and what it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionInfo {
    /// Index of its first instruction in the code.
    pub start: u32,
    /// Number of instructions.
    pub length: u32,
    /// Parameters and results.
    pub signature: Signature,
    /// Index of the signature in the types.
    pub signature_index: u16,
}

/// A program that obeys every rule, with what the verifier learned about it.
#[derive(Clone, Debug)]
pub struct Verified {
    program: Program,
    config: VmConfig,
    layout: Layout,
    functions: Vec<FunctionInfo>,
    blocks: Vec<Block>,
    block_at: Vec<u32>,
}

/// Marks an instruction that begins no block.
pub(crate) const NO_BLOCK: u32 = u32::MAX;

impl Verified {
    /// The program.
    pub const fn program(&self) -> &Program {
        &self.program
    }

    /// The configuration that it was verified for.
    pub const fn config(&self) -> &VmConfig {
        &self.config
    }

    /// Where its memory regions lie.
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Its functions, in the order of the code.
    pub fn functions(&self) -> &[FunctionInfo] {
        &self.functions
    }

    /// Its basic blocks, in the order of the code.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The block that begins at an instruction of the code, if one does.
    pub fn block_starting_at(&self, instruction: u32) -> Option<&Block> {
        self.blocks
            .get(*self.block_at.get(instruction as usize)? as usize)
    }

    /// Index of the block that contains an instruction of the code; `None` behind the code.
    pub fn block_of(&self, instruction: u32) -> Option<usize> {
        let behind = self
            .blocks
            .partition_point(|block| block.start <= instruction);
        let index = behind.checked_sub(1)?;
        let block = self.blocks[index];
        (instruction < block.start + block.length).then_some(index)
    }

    /// The function that contains an instruction of the code.
    pub fn function_of(&self, instruction: u32) -> usize {
        self.functions
            .partition_point(|function| function.start <= instruction)
            .saturating_sub(1)
    }

    /// Function and offset of an instruction of the code.
    pub fn location_of(&self, instruction: u32) -> Location {
        let function = self.function_of(instruction);
        Location {
            function: function as u32,
            instruction: instruction - self.functions[function].start,
        }
    }

    /// Gas for the memory that is mapped from the start.
    ///
    /// Spec: G-5.
    pub fn memory_cost(&self) -> u64 {
        self.config.gas_schedule.pages(self.layout.pages())
    }
}

/// Verifies a program for a configuration and the syscalls that exist.
///
/// # Errors
///
/// A [`Rejection`] that names the first rule broken, in the order of the sections and of the code.
pub fn verify(
    program: Program,
    config: &VmConfig,
    syscalls: &SyscallTable,
) -> Result<Verified, Rejection> {
    let context = Context {
        program: &program,
        config,
        syscalls,
    };
    context.limits()?;
    context.memory()?;
    context.tables()?;
    let functions = context.functions()?;
    context.instructions(&functions)?;
    let (blocks, block_at) = context.blocks(&functions);
    context.assignment(&functions, &blocks, &block_at)?;
    let layout = Layout::of(&program);
    Ok(Verified {
        layout,
        functions,
        blocks,
        block_at,
        config: config.clone(),
        program,
    })
}

/// What all passes look at.
struct Context<'a> {
    program: &'a Program,
    config: &'a VmConfig,
    syscalls: &'a SyscallTable,
}

impl Context<'_> {
    /// Refuses element `index` of a section with elements of `size` bytes.
    fn element(
        &self,
        rule: Rule,
        section: Section,
        size: usize,
        index: usize,
        detail: impl Into<String>,
    ) -> Rejection {
        Rejection::new(
            rule,
            self.program.section_offset(section) + size * index,
            detail,
        )
    }

    /// Refuses instruction `index` of the code.
    fn instruction(&self, rule: Rule, index: usize, detail: impl Into<String>) -> Rejection {
        self.element(rule, Section::Code, Instruction::SIZE, index, detail)
    }
}
