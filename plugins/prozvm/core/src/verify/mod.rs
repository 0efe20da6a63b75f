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
use crate::format::Section;
use crate::isa::Instruction;
use crate::layout::Layout;
use crate::outcome::Location;
use crate::program::{Export, Program, Signature};
use crate::rules::{Rejection, Rule};
use crate::syscalls::SyscallTable;
pub(crate) use flow::BLOCK_COST_MAX;
use flow::Unsettled;
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
    /// Whether V-20 holds, as soon as that is known.
    proof: OnceLock<bool>,
    /// Made when a tool asks for them: they take more memory than the code.
    blocks: OnceLock<Vec<Block>>,
}

impl Verified {
    fn of(
        program: Program,
        config: &VmConfig,
        functions: Vec<FunctionInfo>,
        leaders: Leaders,
        proof: Option<bool>,
    ) -> Self {
        Self {
            layout: Layout::of(&program),
            functions,
            leaders,
            proof: proof.map_or_else(OnceLock::new, OnceLock::from),
            blocks: OnceLock::new(),
            config: config.clone(),
            program,
        }
    }

    /// The program.
    pub const fn program(&self) -> &Program {
        &self.program
    }

    /// Takes the exports out of it: who has found what they lead to needs them no more.
    pub fn take_exports(&mut self) -> Vec<Export> {
        std::mem::take(&mut self.program.exports)
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

    /// Whether it is known that no register is read before it is assigned.
    ///
    /// Spec: V-20.
    pub fn is_proven(&self) -> bool {
        self.proof.get() == Some(&true)
    }

    /// Proves, once, that no register is read before it is assigned, however long that takes; reports whether it holds.
    /// It does for every program that [`verify()`] accepts.
    pub fn prove(&self) -> bool {
        *self.proof.get_or_init(|| {
            let context = Context {
                program: &self.program,
                config: &self.config,
                syscalls: &SyscallTable::EMPTY,
                bare_bytes: None,
            };
            let proof = context.assignment(&self.functions, &self.leaders, u64::MAX, &|| false);
            proof.is_ok()
        })
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
        bare_bytes: None,
    };
    let (functions, leaders) = context.structure()?;
    match context.assignment(&functions, &leaders, u64::MAX, &|| false) {
        Err(Unsettled::Rejected(rejection)) => return Err(rejection),
        // Nothing limits the steps, and nobody cancels.
        Ok(()) | Err(Unsettled::Steps | Unsettled::Cancelled) => {}
    }
    Ok(Verified::of(
        program,
        config,
        functions,
        leaders,
        Some(true),
    ))
}

/// Why a program was not loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The program breaks a rule.
    #[error("the program is refused")]
    Rejected(#[from] Rejection),
    /// The machine that loads it lacks memory.
    #[error("no memory is left to load the program")]
    NoMemory,
    /// Nobody waits any more.
    #[error("loading was cancelled")]
    Cancelled,
}

/// Decodes a program that [`verify()`] has accepted before, and verifies all that running it on the reference interpreter
/// rests on, in a time that is small for every file.
///
/// Names, plain exports and custom blocks are not kept; whether names or selectors occur twice is not asked again. Whether registers
/// are assigned before they are read is asked only where that is a matter of a few steps: of a program with many blocks,
/// or tangled ones, it stays [unproven](Verified::is_proven), and until it is [proven](Verified::prove) only the
/// reference interpreter runs it, where registers begin as zero. What is asked depends on nothing but the file and the
/// configuration, so a file that `verify` would refuse ends the same way everywhere.
///
/// `is_cancelled` is asked from time to time whether to give up.
///
/// # Errors
///
/// A [`LoadError`]; never [`Rejected`](LoadError::Rejected) for what `verify` accepts.
pub fn load(
    bytes: &[u8],
    config: &VmConfig,
    syscalls: &SyscallTable,
    is_cancelled: &dyn Fn() -> bool,
) -> Result<Verified, LoadError> {
    // Many vectors are made from here on; whether there is room for all of them is asked once.
    let mut probe = Vec::<u8>::new();
    probe
        .try_reserve_exact(bytes.len().saturating_mul(LOAD_BYTES) + LOAD_BYTES)
        .map_err(|_| LoadError::NoMemory)?;
    drop(probe);
    let program = Program::decode_bare(bytes)?;
    if is_cancelled() {
        return Err(LoadError::Cancelled);
    }
    let context = Context {
        program: &program,
        config,
        syscalls,
        bare_bytes: Some(bytes.len()),
    };
    let (functions, leaders) = context.structure()?;
    let blocks = leaders.len();
    let is_dense = blocks > FEW_BLOCKS && blocks * USUAL_BLOCK > program.code.len();
    let proof = if is_dense {
        None
    } else {
        let most = context.usual_steps(&leaders) + FEW_BLOCKS as u64;
        match context.assignment(&functions, &leaders, most, is_cancelled) {
            Ok(()) => Some(true),
            Err(Unsettled::Rejected(rejection)) => return Err(rejection.into()),
            Err(Unsettled::Steps) => None,
            Err(Unsettled::Cancelled) => return Err(LoadError::Cancelled),
        }
    };
    Ok(Verified::of(program, config, functions, leaders, proof))
}

/// Loading and translating a program takes at most so many times its bytes.
const LOAD_BYTES: usize = 16;
/// So few blocks are analysed however they lie.
const FEW_BLOCKS: usize = 512;
/// Instructions of a block in a program that is analysed when it is loaded, on average at least.
const USUAL_BLOCK: usize = 3;

/// What all passes look at.
struct Context<'a> {
    program: &'a Program,
    config: &'a VmConfig,
    syscalls: &'a SyscallTable,
    /// Bytes of the file, of a program that was read without all that is in it.
    bare_bytes: Option<usize>,
}

impl Context<'_> {
    /// All rules but V-20.
    fn structure(&self) -> Result<(Vec<FunctionInfo>, Leaders), Rejection> {
        self.limits()?;
        self.memory()?;
        self.tables()?;
        let functions = self.functions()?;
        let leaders = self.instructions(&functions)?;
        Ok((functions, leaders))
    }

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
