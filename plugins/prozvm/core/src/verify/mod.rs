//! Decides whether a program may run.
//!
//! One pass over each section and a data-flow analysis that looks at each instruction once; time and memory are linear
//! in the program. Nothing that passes can later be found malformed.
//!
//! Spec: V-1 to V-20.

mod code;
mod flow;
mod leaders;
mod shape;
mod tables;

use std::sync::OnceLock;

use crate::config::VmConfig;
use crate::format::{Names, Section};
use crate::isa::Instruction;
use crate::layout::Layout;
use crate::outcome::Location;
use crate::program::{Program, Signature};
use crate::rules::{Rejection, Rule};
use crate::syscalls::SyscallTable;
pub(crate) use flow::BLOCK_COST_MAX;
pub(crate) use leaders::Leaders;

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
    leaders: Leaders,
    detours: u64,
    /// Made when a tool asks for them: they take more memory than the code.
    blocks: OnceLock<Vec<Block>>,
}

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
        self.blocks.get_or_init(|| {
            let mut blocks = Vec::with_capacity(self.leaders.len());
            let mut start = 0;
            while (start as usize) < self.program.code.len() {
                blocks.push(self.block_from(start));
                start = self.leaders.next(start);
            }
            blocks
        })
    }

    /// The block that begins at an instruction of the code, if one does.
    pub fn block_starting_at(&self, instruction: u32) -> Option<Block> {
        self.leaders
            .contains(instruction)
            .then(|| self.block_from(instruction))
    }

    /// The block that begins at `start`.
    pub(crate) fn block_from(&self, start: u32) -> Block {
        let end = self.leaders.next(start);
        let schedule = &self.config.gas_schedule;
        let body = &self.program.code[start as usize..end as usize];
        let costs = body.iter().map(|i| u64::from(schedule.cost(i.opcode)));
        Block {
            start,
            length: end - start,
            cost: costs.sum::<u64>().min(u64::from(BLOCK_COST_MAX)) as u32,
        }
    }

    /// Where blocks begin.
    pub(crate) const fn leaders(&self) -> &Leaders {
        &self.leaders
    }

    /// Index of the block that contains an instruction of the code; `None` behind the code.
    pub fn block_of(&self, instruction: u32) -> Option<usize> {
        let inside = (instruction as usize) < self.program.code.len();
        let ranked =
            || self.leaders.rank(instruction) + u32::from(self.leaders.contains(instruction));
        inside.then(|| ranked() as usize - 1)
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

    /// Steps of the analysis beyond those that every program has.
    ///
    /// Spec: V-21.
    pub const fn detours(&self) -> u64 {
        self.detours
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
    let verified = verify_with(program, config, syscalls, None, u64::MAX)?;
    // Nothing takes that many steps.
    verified.ok_or_else(|| Rejection::new(Rule::Limits, 0, "the analysis has no end"))
}

/// Decodes and verifies a program to run it and nothing else: names of exports and custom blocks obey their rules, and
/// are not kept. Gives `None` as soon as the analysis takes more than `most_detours`.
///
/// # Errors
///
/// A [`Rejection`] for exactly the files that [`Program::decode`] or [`verify()`] refuses, if the detours suffice; the
/// place that it names may be another.
pub fn load(
    bytes: &[u8],
    config: &VmConfig,
    syscalls: &SyscallTable,
    most_detours: u64,
) -> Result<Option<Verified>, Rejection> {
    let (program, names) = Program::decode_bare(bytes)?;
    verify_with(program, config, syscalls, Some(&names), most_detours)
}

fn verify_with(
    program: Program,
    config: &VmConfig,
    syscalls: &SyscallTable,
    names: Option<&Names<'_>>,
    most_detours: u64,
) -> Result<Option<Verified>, Rejection> {
    let context = Context {
        program: &program,
        config,
        syscalls,
        names,
    };
    context.limits()?;
    context.memory()?;
    context.tables()?;
    let functions = context.functions()?;
    let leaders = context.instructions(&functions)?;
    let Some(detours) = context.assignment(&functions, &leaders, most_detours)? else {
        return Ok(None);
    };
    let layout = Layout::of(&program);
    Ok(Some(Verified {
        layout,
        functions,
        leaders,
        detours,
        blocks: OnceLock::new(),
        config: config.clone(),
        program,
    }))
}

/// What all passes look at.
struct Context<'a> {
    program: &'a Program,
    config: &'a VmConfig,
    syscalls: &'a SyscallTable,
    /// Names that the program does not hold.
    names: Option<&'a Names<'a>>,
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
