//! Follows the control flow of one function of the file and builds its blocks.
//!
//! Spec: L-9, L-12 to L-15.

use std::collections::{BTreeMap, BTreeSet};

use proz_prozvm_core::Opcode;

use crate::constants::entry_states;
use crate::error::LinkError;
use crate::ir::{Block, BlockId, Body, Code, FunctionId};
use crate::lower::{Lowering, Step};
use crate::switches::{TableJump, Tables};

/// Where control goes, seen from one function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Destination {
    /// An instruction of the same function.
    Local(u64),
    /// Another function, never to come back.
    Tail(FunctionId),
    /// Behind the end of the function, where nothing ever goes.
    Nowhere,
}

/// Understood table jumps by the address of the jump.
type Jumps = BTreeMap<u64, TableJump>;

/// A function whose blocks are known.
pub(crate) struct Discovered {
    pub(crate) body: Body,
    /// RISC-V instructions read.
    pub(crate) instructions: usize,
    pub(crate) switches: usize,
    pub(crate) memory_calls: usize,
}

/// Rounds of finding tables behind tables.
const ROUNDS: usize = 32;

/// What to do besides following.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choices {
    pub(crate) replace_memory_functions: bool,
    /// Most instructions.
    pub(crate) limit: usize,
    /// The limit of the configuration, for the error.
    pub(crate) full_limit: usize,
}

/// Follows a function. `labels` are places in data that hold addresses inside the function.
pub(crate) fn discover(
    lowering: &mut Lowering<'_, '_>,
    choices: Choices,
    labels: &[u64],
) -> Result<Discovered, LinkError> {
    let mut jumps = Jumps::new();
    for _ in 0..ROUNDS {
        let mut trace = Trace::new(lowering, choices, &jumps);
        trace.follow()?;
        let mut built = trace.build()?;
        let found = built.recognise(lowering);
        let changed = jumps
            .iter()
            .find(|&(pc, jump)| !found.get(pc).is_some_and(|found| found.agrees(jump)));
        if let Some((&address, _)) = changed {
            return Err(unknown_table(lowering, address));
        }
        if found.len() > jumps.len() {
            jumps = found;
            continue;
        }
        built.check_labels(lowering, &jumps, labels)?;
        for (pc, block) in &built.indirect {
            if let Some(jump) = found.get(pc) {
                jump.rewrite(&mut built.discovered.body.blocks[*block]);
            }
        }
        built.discovered.switches = jumps.len();
        return Ok(built.discovered);
    }
    let address = lowering.functions.get(lowering.function).address;
    Err(unknown_table(lowering, address))
}

fn unknown_table(lowering: &Lowering<'_, '_>, address: u64) -> LinkError {
    LinkError::JumpTable {
        function: lowering.name(),
        address,
    }
}

struct Trace<'a, 'b, 'c> {
    lowering: &'c mut Lowering<'a, 'b>,
    choices: Choices,
    jumps: &'c Jumps,
    steps: BTreeMap<u64, (Step, u64)>,
    leaders: BTreeSet<Destination>,
    work: Vec<u64>,
    size: usize,
}

struct Built {
    discovered: Discovered,
    /// Indirect jumps: address and block.
    indirect: Vec<(u64, BlockId)>,
}

impl<'a, 'b, 'c> Trace<'a, 'b, 'c> {
    fn new(lowering: &'c mut Lowering<'a, 'b>, choices: Choices, jumps: &'c Jumps) -> Self {
        Self {
            lowering,
            choices,
            jumps,
            steps: BTreeMap::new(),
            leaders: BTreeSet::new(),
            work: Vec::new(),
            size: 0,
        }
    }

    fn entry(&self) -> u64 {
        self.lowering.functions.get(self.lowering.function).address
    }

    fn follow(&mut self) -> Result<(), LinkError> {
        self.lead(Destination::Local(self.entry()));
        while let Some(mut pc) = self.work.pop() {
            while !self.steps.contains_key(&pc) {
                let (step, size) = self.lowering.step(pc)?;
                self.count(1)?;
                self.steps.insert(pc, (step, size));
                let next = pc.wrapping_add(size);
                match step {
                    Step::Jump(target) => {
                        let destination = self.destination(pc, target)?;
                        self.lead(destination);
                        break;
                    }
                    Step::Branch(_, target) => {
                        let destination = self.destination(pc, target)?;
                        self.lead(destination);
                        let next = self.fall(pc, next)?;
                        self.lead(next);
                        break;
                    }
                    Step::JumpIndirect { .. } => {
                        if let Some(jump) = self.jumps.get(&pc) {
                            self.count(jump.targets.len())?;
                            for &target in &jump.targets {
                                self.lead(Destination::Local(target));
                            }
                        }
                        break;
                    }
                    Step::Return | Step::Trap(_) => break,
                    Step::Straight(_) | Step::Call(_) | Step::CallIndirect { .. } => {
                        match self.fall(pc, next)? {
                            Destination::Local(next) => pc = next,
                            other => {
                                self.lead(other);
                                break;
                            }
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, amount: usize) -> Result<(), LinkError> {
        self.size += amount;
        if self.size > self.choices.limit {
            return Err(LinkError::TooLarge {
                limit: self.choices.full_limit,
            });
        }
        Ok(())
    }

    fn lead(&mut self, destination: Destination) {
        if self.leaders.insert(destination)
            && let Destination::Local(pc) = destination
        {
            self.work.push(pc);
        }
    }

    /// Where a jump goes.
    fn destination(&self, pc: u64, target: u64) -> Result<Destination, LinkError> {
        let functions = self.lowering.functions;
        let this = self.lowering.function;
        if let Some(function) = functions.entry(target).filter(|&function| function != this) {
            return Ok(Destination::Tail(function));
        }
        match functions.owner(target) {
            Some(other) if other != this => Err(LinkError::JumpIntoFunction {
                function: self.lowering.name(),
                address: pc,
                target: functions.name(other).to_owned(),
            }),
            _ if self.lowering.image.word(target).is_none() => {
                Err(self.lowering.no_code(pc, target))
            }
            _ => Ok(Destination::Local(target)),
        }
    }

    /// Where control goes behind an instruction.
    fn fall(&self, pc: u64, next: u64) -> Result<Destination, LinkError> {
        let functions = self.lowering.functions;
        let this = functions.get(self.lowering.function);
        let is_end = this.is_sized && next == this.end;
        let is_call = matches!(
            self.steps.get(&pc),
            Some((Step::Call(_) | Step::CallIndirect { .. }, _))
        );
        if is_end
            || (is_call && functions.is_border(next))
            || self.lowering.image.word(next).is_none()
        {
            return Ok(Destination::Nowhere);
        }
        self.destination(pc, next)
    }

    /// Makes blocks of what was followed.
    fn build(mut self) -> Result<Built, LinkError> {
        let entry = Destination::Local(self.entry());
        let others = self
            .leaders
            .iter()
            .copied()
            .filter(|&leader| leader != entry);
        let order: Vec<Destination> = std::iter::once(entry).chain(others).collect();
        let ids: BTreeMap<Destination, BlockId> = order.iter().copied().zip(0..).collect();
        let mut built = Built {
            discovered: Discovered {
                body: Body::default(),
                instructions: self.steps.len(),
                switches: 0,
                memory_calls: 0,
            },
            indirect: Vec::new(),
        };
        let end = self.entry();
        for (id, destination) in order.into_iter().enumerate() {
            let block = match destination {
                Destination::Local(pc) => self.block(pc, id, &ids, &mut built)?,
                Destination::Tail(function) => {
                    let call = self.call(function, end, &mut built);
                    let ret = Code::new(Opcode::Return, 0, 0, 0, 0, end);
                    Block {
                        pc: u64::MAX,
                        code: vec![call, ret],
                        next: None,
                    }
                }
                Destination::Nowhere => Block {
                    pc: u64::MAX,
                    code: vec![Code::new(Opcode::Trap, 0, 0, 0, 1, end)],
                    next: None,
                },
            };
            built.discovered.body.blocks.push(block);
        }
        Ok(built)
    }

    fn block(
        &mut self,
        start: u64,
        id: BlockId,
        ids: &BTreeMap<Destination, BlockId>,
        built: &mut Built,
    ) -> Result<Block, LinkError> {
        let mut block = Block {
            pc: start,
            ..Block::default()
        };
        let mut pc = start;
        while let Some(&(step, size)) = self.steps.get(&pc) {
            let next = pc.wrapping_add(size);
            let code = &mut block.code;
            match step {
                Step::Straight(instruction) => code.extend(instruction),
                Step::Branch(branch, target) => {
                    let target = ids[&self.destination(pc, target)?];
                    block.code.push(Code {
                        imm: target as i64,
                        ..branch
                    });
                    block.next = Some(ids[&self.fall(pc, next)?]);
                    break;
                }
                Step::Jump(target) => {
                    block.next = Some(ids[&self.destination(pc, target)?]);
                    break;
                }
                Step::Call(target) => {
                    let function = self.lowering.functions.entry(target);
                    let function =
                        function.ok_or_else(|| match self.lowering.functions.owner(target) {
                            Some(other) => LinkError::JumpIntoFunction {
                                function: self.lowering.name(),
                                address: pc,
                                target: self.lowering.functions.name(other).to_owned(),
                            },
                            None => self.lowering.no_code(pc, target),
                        })?;
                    let call = self.call(function, pc, built);
                    block.code.push(call);
                }
                Step::CallIndirect { rs1, imm } => indirect_call(code, rs1, imm, pc),
                Step::JumpIndirect { rs1, imm } => {
                    built.indirect.push((pc, id));
                    if let Some(jump) = self.jumps.get(&pc) {
                        let targets = jump
                            .targets
                            .iter()
                            .map(|&target| ids[&Destination::Local(target)]);
                        let switches = &mut built.discovered.body.switches;
                        code.push(Code::new(
                            Opcode::Switch,
                            0,
                            rs1,
                            0,
                            switches.len() as i64,
                            pc,
                        ));
                        switches.push(targets.collect());
                    } else {
                        indirect_call(code, rs1, imm, pc);
                        code.push(Code::new(Opcode::Return, 0, 0, 0, 0, pc));
                    }
                    break;
                }
                Step::Return => {
                    code.push(Code::new(Opcode::Return, 0, 0, 0, 0, pc));
                    break;
                }
                Step::Trap(number) => {
                    code.push(Code::new(Opcode::Trap, 0, 0, 0, i64::from(number), pc));
                    break;
                }
            }
            let destination = self.fall(pc, next)?;
            if let Some(&next) = ids.get(&destination) {
                block.next = Some(next);
                break;
            }
            pc = next;
        }
        Ok(block)
    }

    /// A call, or the instruction that does what the called function does.
    fn call(&self, function: FunctionId, pc: u64, built: &mut Built) -> Code {
        let replaced = match self.lowering.functions.name(function) {
            "memcpy" | "memmove" => Some(Opcode::MemCopy),
            "memset" => Some(Opcode::MemFill),
            _ => None,
        };
        match replaced.filter(|_| self.choices.replace_memory_functions) {
            Some(opcode) => {
                built.discovered.memory_calls += 1;
                Code::new(opcode, 10, 11, 12, 0, pc)
            }
            None => Code::new(Opcode::Call, 0, 0, 0, function as i64, pc),
        }
    }
}

/// The link register is free for the sum, since a call overwrites it.
fn indirect_call(code: &mut Vec<Code>, rs1: u8, imm: i64, pc: u64) {
    let mut register = rs1;
    if imm != 0 {
        register = 1;
        code.push(Code::new(Opcode::Addi, register, rs1, 0, imm, pc));
    }
    code.push(Code::new(Opcode::CallIndirect, 0, register, 0, 0, pc));
}

impl Built {
    /// Understands what table jumps it can.
    fn recognise(&mut self, lowering: &Lowering<'_, '_>) -> Jumps {
        if self.indirect.is_empty() {
            return Jumps::new();
        }
        let states = entry_states(&self.discovered.body);
        let tables = Tables {
            image: lowering.image,
            placement: lowering.placement,
        };
        let is_target = |target: u64| {
            let (functions, this) = (lowering.functions, lowering.function);
            functions
                .entry(target)
                .is_none_or(|function| function == this)
                && functions
                    .owner(target)
                    .is_none_or(|function| function == this)
                && lowering.image.word(target).is_some()
        };
        let mut jumps = Jumps::new();
        for &(pc, id) in &self.indirect {
            let block = &self.discovered.body.blocks[id];
            let jump = block
                .code
                .iter()
                .rposition(|code| matches!(code.opcode, Opcode::Switch | Opcode::CallIndirect));
            let (Some(place), Some(state)) = (jump, states[id]) else {
                continue;
            };
            let register = block.code[place].rs1;
            // The block without the return behind an indirect call.
            let block = Block {
                code: block.code[..=place].to_vec(),
                ..*block
            };
            if let Some(jump) = tables.recognise(&block, &state, register, is_target) {
                jumps.insert(pc, jump);
            }
        }
        jumps
    }

    /// An indirect jump that is no table jump must be a call: then no table of labels may be left over.
    fn check_labels(
        &self,
        lowering: &Lowering<'_, '_>,
        jumps: &Jumps,
        labels: &[u64],
    ) -> Result<(), LinkError> {
        let unknown = self.indirect.iter().find(|(pc, _)| !jumps.contains_key(pc));
        let Some(&(pc, _)) = unknown else {
            return Ok(());
        };
        let ends: BTreeMap<u64, u64> = jumps
            .values()
            .map(|jump| {
                (
                    jump.table,
                    jump.table + jump.entry_size * jump.targets.len() as u64,
                )
            })
            .collect();
        let in_table = |label: u64| {
            let table = ends.range(..=label).next_back();
            table.is_some_and(|(_, &end)| label < end)
        };
        if labels.iter().any(|&label| !in_table(label)) {
            return Err(unknown_table(lowering, pc));
        }
        Ok(())
    }
}
