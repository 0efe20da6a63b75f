//! Lays blocks out and writes PZ64.
//!
//! Spec: L-7, L-22.

use std::collections::BTreeMap;

use proz_prozvm_core::{
    Class, Features, Function, Import, Instruction, Opcode, Program, Signature, SwitchTable,
};

use crate::ir::{Block, BlockId, Body, Code, FunctionId};
use crate::liveness::Signatures;

/// The program as it grows, with the address in the file of each instruction.
pub(crate) struct Emitter<'a> {
    pub(crate) program: Program,
    pub(crate) origins: Vec<u64>,
    signatures: &'a Signatures,
    /// Index in the program of each function of the file that is kept.
    pub(crate) indices: BTreeMap<FunctionId, u32>,
    constants: BTreeMap<u64, i32>,
    types: BTreeMap<Signature, u16>,
    imports: BTreeMap<u16, i32>,
}

impl<'a> Emitter<'a> {
    /// Prepares for these bodies. The order of functions is that of their addresses.
    pub(crate) fn new(bodies: &BTreeMap<FunctionId, Body>, signatures: &'a Signatures) -> Self {
        let mut emitter = Self {
            program: Program::default(),
            origins: Vec::new(),
            signatures,
            indices: bodies.keys().copied().zip(0..).collect(),
            constants: BTreeMap::new(),
            types: BTreeMap::new(),
            imports: BTreeMap::new(),
        };
        let codes = bodies
            .values()
            .flat_map(|body| &body.blocks)
            .flat_map(|block| &block.code);
        let numbers = codes
            .filter(|code| code.class() == Class::Syscall)
            .filter_map(|code| u16::try_from(code.imm).ok());
        let numbers: std::collections::BTreeSet<u16> = numbers.collect();
        for entry in numbers
            .iter()
            .filter_map(|&number| signatures.syscalls.get(number))
        {
            let index = emitter.program.imports.len() as i32;
            emitter.imports.insert(entry.number, index);
            emitter.program.imports.push(Import {
                number: entry.number,
                signature: entry.signature,
            });
        }
        emitter
    }

    /// The signature of indirect calls.
    pub(crate) const fn indirect_signature(&self) -> Signature {
        let signatures = self.signatures;
        Signature::new(signatures.indirect_parameters, signatures.indirect_results)
    }

    /// The index of a type.
    pub(crate) fn type_index(&mut self, signature: Signature) -> u16 {
        let types = &mut self.program.types;
        *self.types.entry(signature).or_insert_with(|| {
            types.push(signature);
            (types.len() - 1) as u16
        })
    }

    /// Writes the next function.
    pub(crate) fn function(&mut self, signature: Signature, body: &Body) {
        let start = self.program.code.len();
        let order = layout(body);
        // Where each block begins, and targets to fill in: place in the code and block.
        let mut places = vec![0u32; body.blocks.len()];
        let mut holes = Vec::new();
        for (position, &id) in order.iter().enumerate() {
            let block = &body.blocks[id];
            places[id] = (self.program.code.len() - start) as u32;
            let following = order.get(position + 1).copied();
            let (last, next) = ending(block, following);
            let straight = block.code.len() - usize::from(last.is_some());
            for code in &block.code[..straight] {
                self.code(body, code, &mut holes);
            }
            if let Some(code) = last {
                self.code(body, &code, &mut holes);
            }
            if let Some(next) = next.filter(|&next| Some(next) != following) {
                let target = &body.blocks[next];
                let pc = block.code.last().map_or(block.pc, |code| code.pc);
                if let [only] = target.code[..]
                    && matches!(only.class(), Class::Return | Class::Trap)
                {
                    self.code(body, &only, &mut holes);
                } else {
                    holes.push((self.program.code.len(), next));
                    self.push(Instruction::new(Opcode::Jump, 0, 0, 0, 0), pc);
                }
            }
        }
        for (place, target) in holes {
            self.program.code[place].imm = places[target] as i32;
        }
        // Tables were pushed with blocks as targets, in the order of the code.
        let first = self.program.switch_tables.len() - self.tables_since(start);
        for table in &mut self.program.switch_tables[first..] {
            for target in &mut *table.targets {
                *target = places[*target as usize];
            }
        }
        let length = (self.program.code.len() - start) as u32;
        let signature = self.type_index(signature);
        self.program.functions.push(Function { signature, length });
    }

    fn tables_since(&self, start: usize) -> usize {
        let code = &self.program.code[start..];
        code.iter()
            .filter(|code| code.class() == Class::Switch)
            .count()
    }

    fn push(&mut self, instruction: Instruction, pc: u64) {
        self.program.code.push(instruction);
        self.origins.push(pc);
    }

    fn code(&mut self, body: &Body, code: &Code, holes: &mut Vec<(usize, BlockId)>) {
        let Code {
            mut opcode,
            rd,
            rs1,
            rs2,
            imm,
            pc,
        } = *code;
        let mut value = imm as i32;
        match opcode.class() {
            Class::LoadImmediate if i32::try_from(imm).is_err() => {
                opcode = Opcode::Lc;
                let constants = &mut self.program.constants;
                value = *self.constants.entry(imm as u64).or_insert_with(|| {
                    constants.push(imm as u64);
                    (constants.len() - 1) as i32
                });
            }
            Class::Branch => holes.push((self.program.code.len(), imm as usize)),
            Class::Call => {
                value = self
                    .indices
                    .get(&(imm as usize))
                    .map_or(-1, |&index| index as i32)
            }
            Class::CallIndirect => value = i32::from(self.type_index(self.indirect_signature())),
            Class::Switch => {
                value = self.program.switch_tables.len() as i32;
                let targets = body.switches[imm as usize]
                    .iter()
                    .map(|&target| target as u32)
                    .collect();
                self.program.switch_tables.push(SwitchTable { targets });
            }
            Class::Syscall => {
                value = imm.try_into().map_or(-1, |number: u16| {
                    self.imports.get(&number).copied().unwrap_or(-1)
                })
            }
            Class::Hash => self.need(Features::HASH),
            class if class.is_wide() => self.need(Features::WIDE),
            _ => {}
        }
        self.push(Instruction::new(opcode, rd, rs1, rs2, value), pc);
    }

    fn need(&mut self, feature: Features) {
        self.program.features = self.program.features.union(feature);
    }
}

/// The last instruction of a block, if it is a branch, and where control goes behind it, such that what follows in
/// the layout is fallen into.
fn ending(block: &Block, following: Option<BlockId>) -> (Option<Code>, Option<BlockId>) {
    let branch = block
        .code
        .last()
        .filter(|code| code.class() == Class::Branch);
    match (branch, block.next) {
        (Some(&code), Some(next))
            if Some(code.imm as usize) == following && Some(next) != following =>
        {
            let inverse = Code {
                opcode: inverse(code.opcode),
                imm: next as i64,
                ..code
            };
            (Some(inverse), following)
        }
        (branch, next) => (branch.copied(), next),
    }
}

const fn inverse(branch: Opcode) -> Opcode {
    match branch {
        Opcode::Beq => Opcode::Bne,
        Opcode::Bne => Opcode::Beq,
        Opcode::Blt => Opcode::Bge,
        Opcode::Bge => Opcode::Blt,
        Opcode::Bltu => Opcode::Bgeu,
        Opcode::Bgeu => Opcode::Bltu,
        other => other,
    }
}

/// The order of blocks: the entry, then those that are reached, by address.
fn layout(body: &Body) -> Vec<BlockId> {
    let mut reached = vec![false; body.blocks.len()];
    reached[0] = true;
    let mut work = vec![0];
    while let Some(block) = work.pop() {
        body.successors(block, |successor| {
            if !std::mem::replace(&mut reached[successor], true) {
                work.push(successor);
            }
        });
    }
    let mut order: Vec<BlockId> = (1..body.blocks.len())
        .filter(|&block| reached[block])
        .collect();
    order.sort_by_key(|&block| body.blocks[block].pc);
    order.insert(0, 0);
    order
}
