//! Finds basic blocks and proves that registers are assigned before they are read.
//!
//! Each block is looked at once for what it assigns and what it reads before; after that only sets of registers
//! travel along its edges. Sweeps go over the blocks in the order of the code, in which compilers put them so that one
//! or two suffice; code in another order is swept in reverse post-order.
//!
//! Spec: V-20, G-3, G-4.

use super::leaders::Leaders;
use super::shape::shape;
use super::{Context, FunctionInfo};
use crate::isa::register::{A0, SP, ZERO, argument_mask, register_name};
use crate::isa::{Class, Instruction};
use crate::rules::{Rejection, Rule};

/// Greatest cost of a block; sums stop there.
pub(crate) const BLOCK_COST_MAX: u32 = u32::MAX - 1;

/// No block.
const NONE: u32 = u32::MAX;
/// Control may pass to the block behind.
const FALLS: u8 = 1;
/// `target` is the table of a switch.
const SWITCHES: u8 = 2;
/// Something leads to the block, so `entry` means something.
const REACHED: u8 = 4;
/// `entry` has changed since it was last handed on.
const CHANGED: u8 = 8;
/// Sweeps in the order of the code before the blocks are sorted.
const FIRST_SWEEPS: usize = 3;

/// Steps that sorting counts for each block and target.
const SORT_STEPS: u64 = 3;

/// Why the analysis says nothing.
pub(super) enum Unsettled {
    /// A register is read before it is assigned.
    Rejected(Rejection),
    /// It takes more steps than it may.
    Steps,
    Cancelled,
}

/// What the analysis has done, and may do.
struct Steps<'a> {
    taken: u64,
    most: u64,
    is_cancelled: &'a dyn Fn() -> bool,
}

impl Steps<'_> {
    fn check(&self) -> Result<(), Unsettled> {
        if self.taken > self.most {
            return Err(Unsettled::Steps);
        }
        if (self.is_cancelled)() {
            return Err(Unsettled::Cancelled);
        }
        Ok(())
    }
}

/// What the analysis keeps of a block.
#[derive(Clone, Copy)]
struct Node {
    /// Registers assigned on every path to it, as far as is known; all where nothing leads to.
    entry: u32,
    /// Registers that it assigns.
    assigns: u32,
    /// Registers that it reads before it assigns them.
    reads: u32,
    /// The block that its branch or jump leads to, or the table of its switch.
    target: u32,
    flags: u8,
}

impl Context<'_> {
    /// Where blocks begin, by the classes.
    pub(super) fn leaders(&self, functions: &[FunctionInfo]) -> Leaders {
        let code = &self.program.code;
        let mut leaders = Leaders::new(code.len());
        for function in functions {
            let start = function.start as usize;
            leaders.insert(start);
            let body = &code[start..start + function.length as usize];
            for (at, instruction) in body.iter().enumerate() {
                match instruction.class() {
                    Class::Branch | Class::Jump => leaders.insert(start + instruction.index()),
                    Class::Switch => {
                        let targets = &self.program.switch_tables[instruction.index()].targets;
                        for &target in targets.iter() {
                            leaders.insert(start + target as usize);
                        }
                    }
                    _ => {}
                }
                if instruction.class().ends_block() {
                    leaders.insert(start + at + 1);
                }
            }
        }
        leaders.count_up();
        leaders
    }

    /// Steps that the analysis takes for each block and target of code in a usual order, and as many again.
    pub(super) fn usual_steps(&self, leaders: &Leaders) -> u64 {
        let tables = self.program.switch_tables.iter();
        let targets: usize = tables.map(|table| table.targets.len()).sum();
        2 * (leaders.len() + targets) as u64
    }

    /// V-20: on every path from the entry, a register is assigned before it is read.
    pub(super) fn assignment(
        &self,
        functions: &[FunctionInfo],
        leaders: &Leaders,
        most_steps: u64,
        is_cancelled: &dyn Fn() -> bool,
    ) -> Result<(), Unsettled> {
        let mut steps = Steps {
            taken: 0,
            most: most_steps,
            is_cancelled,
        };
        let mut nodes = Vec::new();
        for function in functions {
            self.nodes(functions, function, leaders, &mut nodes);
            self.settle(function, leaders, &mut nodes, &mut steps)?;
            steps.check()?;
            let is_bad = |node: &Node| node.reads & !node.entry != 0;
            if let Some(index) = nodes.iter().position(is_bad) {
                let rejection = self.unassigned(functions, function, leaders, &nodes, index);
                return Err(Unsettled::Rejected(rejection));
            }
        }
        Ok(())
    }

    /// Looks at each instruction of a function once.
    fn nodes(
        &self,
        functions: &[FunctionInfo],
        function: &FunctionInfo,
        leaders: &Leaders,
        nodes: &mut Vec<Node>,
    ) {
        nodes.clear();
        let start = function.start;
        let first = leaders.rank(start);
        nodes.reserve((leaders.rank(start + function.length) - first) as usize);
        let body = &self.program.code[start as usize..(start + function.length) as usize];
        let mut at = 0;
        while at < body.len() {
            let end = (leaders.next(start + at as u32) - start) as usize;
            let (mut assigns, mut reads) = (0, 0);
            let mut last = body[at];
            for &instruction in &body[at..end] {
                let shape = shape(instruction);
                reads |= shape.read(instruction) & !assigns;
                assigns |= shape.written(instruction);
                if shape.by_signature {
                    let (needed, made) = self.by_signature(functions, function, instruction);
                    reads |= needed & !assigns;
                    assigns |= made;
                }
                last = instruction;
            }
            let (target, flags) = match last.class() {
                Class::Branch => (leaders.rank(start + last.imm as u32) - first, FALLS),
                Class::Jump => (leaders.rank(start + last.imm as u32) - first, 0),
                Class::Switch => (last.imm as u32, SWITCHES),
                class => (NONE, if class.is_terminator() { 0 } else { FALLS }),
            };
            nodes.push(Node {
                entry: u32::MAX,
                assigns,
                reads,
                target,
                flags,
            });
            at = end;
        }
    }

    /// Carries sets along the edges until none changes.
    fn settle(
        &self,
        function: &FunctionInfo,
        leaders: &Leaders,
        nodes: &mut [Node],
        steps: &mut Steps<'_>,
    ) -> Result<(), Unsettled> {
        let parameters = argument_mask(function.signature.parameters);
        nodes[0].entry = 1 << ZERO | 1 << SP | parameters;
        nodes[0].flags |= REACHED | CHANGED;
        for _ in 0..FIRST_SWEEPS {
            let mut again = false;
            for index in 0..nodes.len() {
                again |= self.hand_on(function, leaders, nodes, index, index as u32, None, steps);
            }
            if !again {
                return Ok(());
            }
            steps.check()?;
        }
        let order = self.reverse_post_order(function, leaders, nodes, steps);
        let mut place = vec![0; nodes.len()];
        for (at, &index) in order.iter().enumerate() {
            place[index as usize] = at as u32;
        }
        let places = Some(&place[..]);
        loop {
            let mut again = false;
            for (at, &index) in order.iter().enumerate() {
                let (index, at) = (index as usize, at as u32);
                again |= self.hand_on(function, leaders, nodes, index, at, places, steps);
            }
            if !again {
                return Ok(());
            }
            steps.check()?;
        }
    }

    /// Hands on the set of a block that has changed. Reports whether one that was swept before it has changed by that.
    #[inline]
    #[expect(
        clippy::too_many_arguments,
        reason = "the state of one loop, taken apart for speed"
    )]
    fn hand_on(
        &self,
        function: &FunctionInfo,
        leaders: &Leaders,
        nodes: &mut [Node],
        index: usize,
        at: u32,
        places: Option<&[u32]>,
        steps: &mut Steps<'_>,
    ) -> bool {
        let node = &mut nodes[index];
        if node.flags & CHANGED == 0 {
            return false;
        }
        node.flags &= !CHANGED;
        steps.taken += 1;
        let set = node.entry | node.assigns;
        let Node { target, flags, .. } = *node;
        let mut again = false;
        let mut meet = |to: u32| {
            let node = &mut nodes[to as usize];
            let met = node.entry & set;
            if met != node.entry || node.flags & REACHED == 0 {
                node.entry = met;
                node.flags |= REACHED | CHANGED;
                let place = places.map_or(to, |places| places[to as usize]);
                again |= place <= at;
            }
        };
        if flags & FALLS != 0 {
            meet(index as u32 + 1);
        }
        if flags & SWITCHES != 0 {
            let first = leaders.rank(function.start);
            let targets = &self.program.switch_tables[target as usize].targets;
            steps.taken += targets.len() as u64;
            for &target in targets.iter() {
                meet(leaders.rank(function.start + target) - first);
            }
        } else if target != NONE {
            meet(target);
        }
        again
    }

    /// The blocks that the entry leads to, each before those that it leads to, but for loops.
    fn reverse_post_order(
        &self,
        function: &FunctionInfo,
        leaders: &Leaders,
        nodes: &[Node],
        steps: &mut Steps<'_>,
    ) -> Vec<u32> {
        let first = leaders.rank(function.start);
        let mut order = Vec::with_capacity(nodes.len());
        let mut seen = vec![false; nodes.len()];
        // Blocks on the way, and the next of their edges to follow.
        let mut way = vec![(0u32, 0u32)];
        seen[0] = true;
        while let Some((index, edge)) = way.last_mut() {
            let node = &nodes[*index as usize];
            let switches = node.flags & SWITCHES != 0;
            let follow = match *edge {
                0 if !switches => Some(node.target),
                1 if node.flags & FALLS != 0 => Some(*index + 1),
                edge if switches => {
                    let targets = &self.program.switch_tables[node.target as usize].targets;
                    let target = targets.get(edge as usize);
                    target.map(|&target| leaders.rank(function.start + target) - first)
                }
                _ => None,
            };
            *edge += 1;
            match follow {
                Some(NONE) => {}
                Some(to) => {
                    if !std::mem::replace(&mut seen[to as usize], true) {
                        way.push((to, 0));
                    }
                }
                None => {
                    // Behind the last edge; of a switch, each target has been one.
                    let targets = if switches { u64::from(*edge - 1) } else { 0 };
                    steps.taken += SORT_STEPS * (1 + targets);
                    order.push(*index);
                    way.pop();
                }
            }
        }
        order.reverse();
        order
    }

    /// The refusal of the first instruction of a block that reads what is not assigned.
    fn unassigned(
        &self,
        functions: &[FunctionInfo],
        function: &FunctionInfo,
        leaders: &Leaders,
        nodes: &[Node],
        index: usize,
    ) -> Rejection {
        let mut start = function.start;
        for _ in 0..index {
            start = leaders.next(start);
        }
        let mut set = nodes[index].entry;
        for at in start..leaders.next(start) {
            let instruction = self.program.code[at as usize];
            let (needed, made) = self.by_signature(functions, function, instruction);
            let missing = (instruction.reads() | needed) & !set;
            if missing != 0 {
                let register = register_name(missing.trailing_zeros() as u8);
                let detail = format!(
                    "`{}` reads `{register}` before it is assigned",
                    instruction.opcode.mnemonic()
                );
                return self.instruction(Rule::Assignment, at as usize, detail);
            }
            set |= instruction.writes() | made;
        }
        // The block was found to read one.
        self.instruction(
            Rule::Assignment,
            start as usize,
            "a register is read before it is assigned",
        )
    }

    /// Registers that an instruction reads and assigns by the signature that it names.
    fn by_signature(
        &self,
        functions: &[FunctionInfo],
        function: &FunctionInfo,
        instruction: Instruction,
    ) -> (u32, u32) {
        let program = self.program;
        let signature = match instruction.class() {
            Class::Call => functions[instruction.index()].signature,
            Class::CallIndirect => program.types[instruction.index()],
            Class::Syscall => program.imports[instruction.index()].signature,
            Class::Return => return (argument_mask(function.signature.results), 0),
            _ => return (0, 0),
        };
        (
            argument_mask(signature.parameters),
            argument_mask(signature.results),
        )
    }
}

const _: () = assert!(A0 == 10, "argument registers begin at a0");
