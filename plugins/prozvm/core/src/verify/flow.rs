//! Divides code into basic blocks and proves that registers are assigned before they are read.
//!
//! Spec: V-20, G-3, G-4.

use super::{Block, Context, FunctionInfo, NO_BLOCK};
use crate::isa::register::{A0, SP, ZERO, argument_mask, register_name};
use crate::isa::{Class, Instruction};
use crate::rules::{Rejection, Rule};

/// Greatest cost of a block; sums stop there.
pub(super) const BLOCK_COST_MAX: u32 = u32::MAX - 1;

impl Context<'_> {
    /// Finds the blocks of all functions and, for each instruction, the block that it begins.
    pub(super) fn blocks(&self, functions: &[FunctionInfo]) -> (Vec<Block>, Vec<u32>) {
        let code = &self.program.code;
        let mut leader = vec![false; code.len() + 1];
        for function in functions {
            let start = function.start as usize;
            leader[start] = true;
            for at in start..start + function.length as usize {
                let instruction = code[at];
                match instruction.class() {
                    Class::Branch | Class::Jump => leader[start + instruction.index()] = true,
                    Class::Switch => {
                        let targets = &self.program.switch_tables[instruction.index()].targets;
                        targets
                            .iter()
                            .for_each(|&target| leader[start + target as usize] = true);
                    }
                    _ => {}
                }
                leader[at + 1] |= instruction.class().ends_block();
            }
        }
        let mut blocks: Vec<Block> = Vec::new();
        let mut block_at = vec![NO_BLOCK; code.len()];
        for (at, instruction) in code.iter().enumerate() {
            if leader[at] {
                block_at[at] = blocks.len() as u32;
                blocks.push(Block {
                    start: at as u32,
                    length: 0,
                    cost: 0,
                });
            }
            // The first instruction of the code begins a function, so there is a block.
            if let Some(block) = blocks.last_mut() {
                block.length += 1;
                let cost = self.config.gas_schedule.cost(instruction.opcode);
                block.cost = block.cost.saturating_add(cost).min(BLOCK_COST_MAX);
            }
        }
        (blocks, block_at)
    }

    /// V-20: on every path from the entry, a register is assigned before it is read.
    ///
    /// A block is visited again only when its set of assigned registers has lost a member, so at most 33 times.
    pub(super) fn assignment(
        &self,
        functions: &[FunctionInfo],
        blocks: &[Block],
        block_at: &[u32],
    ) -> Result<(), Rejection> {
        const UNREACHED: u64 = u64::MAX;
        let mut entry = vec![UNREACHED; blocks.len()];
        let mut work = Vec::new();
        for function in functions {
            let first = block_at[function.start as usize];
            entry[first as usize] =
                u64::from(1 << ZERO | 1 << SP | argument_mask(function.signature.parameters));
            work.push(first);
            while let Some(index) = work.pop() {
                let block = blocks[index as usize];
                let assigned = self
                    .body(block)
                    .fold(entry[index as usize] as u32, |set, (_, i)| {
                        set | self.assigns(i)
                    });
                self.successors(function, block, |successor| {
                    let target = block_at[successor as usize] as usize;
                    let met = if entry[target] == UNREACHED {
                        u64::from(assigned)
                    } else {
                        entry[target] & u64::from(assigned)
                    };
                    if met != entry[target] {
                        entry[target] = met;
                        work.push(target as u32);
                    }
                });
            }
        }
        for (block, _) in blocks
            .iter()
            .zip(&entry)
            .filter(|&(_, &set)| set != UNREACHED)
        {
            let mut set = entry[block_at[block.start as usize] as usize] as u32;
            for (at, instruction) in self.body(*block) {
                let missing = self.needs(functions, at, instruction) & !set;
                if missing != 0 {
                    let register = register_name(missing.trailing_zeros() as u8);
                    let detail = format!(
                        "`{}` reads `{register}` before it is assigned",
                        instruction.opcode.mnemonic()
                    );
                    return Err(self.instruction(Rule::Assignment, at, detail));
                }
                set |= self.assigns(instruction);
            }
        }
        Ok(())
    }

    fn body(&self, block: Block) -> impl Iterator<Item = (usize, Instruction)> + '_ {
        let start = block.start as usize;
        (start..start + block.length as usize).map(|at| (at, self.program.code[at]))
    }

    /// Calls `f` with the code index of each instruction that can follow the block.
    fn successors(&self, function: &FunctionInfo, block: Block, mut f: impl FnMut(u32)) {
        let last = block.start + block.length - 1;
        let instruction = self.program.code[last as usize];
        match instruction.class() {
            Class::Branch | Class::Jump => f(function.start + instruction.imm as u32),
            Class::Switch => {
                let targets = &self.program.switch_tables[instruction.index()].targets;
                targets
                    .iter()
                    .for_each(|&target| f(function.start + target));
            }
            _ => {}
        }
        if !instruction.class().is_terminator() {
            f(last + 1);
        }
    }

    /// Registers that an instruction reads, signatures included.
    fn needs(&self, functions: &[FunctionInfo], at: usize, instruction: Instruction) -> u32 {
        let program = self.program;
        let implied = match instruction.class() {
            Class::Call => argument_mask(functions[instruction.index()].signature.parameters),
            Class::CallIndirect => argument_mask(program.types[instruction.index()].parameters),
            Class::Syscall => {
                argument_mask(program.imports[instruction.index()].signature.parameters)
            }
            Class::Return => {
                let function =
                    functions.partition_point(|function| function.start as usize <= at) - 1;
                argument_mask(functions[function].signature.results)
            }
            _ => 0,
        };
        instruction.reads() | implied
    }

    /// Registers that an instruction assigns, signatures included.
    fn assigns(&self, instruction: Instruction) -> u32 {
        let program = self.program;
        let results = match instruction.class() {
            Class::Call => {
                let signature = program.functions[instruction.index()].signature;
                program.types[usize::from(signature)].results
            }
            Class::CallIndirect => program.types[instruction.index()].results,
            Class::Syscall => program.imports[instruction.index()].signature.results,
            _ => 0,
        };
        instruction.writes() | argument_mask(results)
    }
}

const _: () = assert!(A0 == 10, "argument registers begin at a0");
