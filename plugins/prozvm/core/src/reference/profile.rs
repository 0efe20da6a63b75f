//! Counts what a run executes and where its gas goes.
//!
//! Invariant: the parts add up to the gas that the run used, in every outcome.

use super::{Driver, Reference};
use crate::outcome::{Outcome, RunResult};
use crate::syscalls::{Control, Guest, Syscalls};
use crate::verify::Verified;

/// What one block did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockProfile {
    /// Times that it was entered and paid.
    pub executions: u64,
    /// Static gas of all of them.
    pub static_gas: u64,
    /// Gas that its last instruction took besides: of a hash, a copy, a syscall and what that called. Negative when a
    /// syscall brought more back than it took.
    pub dynamic_gas: i64,
}

/// What one function did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FunctionProfile {
    /// Times that it was called.
    pub calls: u64,
    /// Gas of its own blocks.
    pub own_gas: i64,
    /// Gas between its calls and their ends, callees included; a recursive call counts as part of the outer one.
    pub total_gas: i64,
}

/// A driver that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Instructions executed.
    pub instructions: u64,
    /// Gas of the pages mapped from the start.
    pub memory_gas: u64,
    /// Blocks, in the order of [`Verified::blocks`].
    pub blocks: Vec<BlockProfile>,
    /// Functions, in the order of [`Verified::functions`].
    pub functions: Vec<FunctionProfile>,
    /// Open functions: index, gas when it was called, whether an outer one of them is open.
    open: Vec<(usize, u64, bool)>,
    /// Open frames of each function.
    active: Vec<u32>,
}

impl Profile {
    /// An empty profile of a program.
    pub fn new(program: &Verified) -> Self {
        Self {
            instructions: 0,
            memory_gas: 0,
            blocks: vec![BlockProfile::default(); program.blocks().len()],
            functions: vec![FunctionProfile::default(); program.functions().len()],
            open: Vec::new(),
            active: vec![0; program.functions().len()],
        }
    }

    /// All gas counted: what the profiled runs used.
    pub fn gas(&self) -> i64 {
        let functions = self.functions.iter().map(|function| function.own_gas);
        self.memory_gas as i64 + functions.sum::<i64>()
    }

    /// Counts the memory and the entry of a run that has not made a step.
    pub fn begin(&mut self, run: &Reference<'_>) {
        self.open.clear();
        self.active.fill(0);
        if run.ended.is_none() {
            self.memory_gas += run.program.memory_cost();
            self.enter(run);
        }
    }

    /// Makes one step and counts it.
    pub fn step(
        &mut self,
        run: &mut Reference<'_>,
        syscalls: &mut dyn Syscalls,
    ) -> Option<RunResult> {
        if run.ended.is_some() {
            return run.ended;
        }
        let (at, before, depth) = (run.code_index(), run.gas_left(), run.depth());
        let Some(index) = run.program.block_of(at) else {
            return run.step(syscalls);
        };
        let block = run.program.blocks()[index];
        let mut refills = Refills { syscalls, given: 0 };
        let result = run.step(&mut refills);
        let had = before.wrapping_add(refills.given);
        let is_paid = block.start != at || had >= u64::from(block.cost);
        let used = had.wrapping_sub(run.gas_left()) as i64;
        let counted = &mut self.blocks[index];
        let fixed = if block.start == at && is_paid {
            counted.executions += 1;
            counted.static_gas += u64::from(block.cost);
            i64::from(block.cost)
        } else {
            0
        };
        counted.dynamic_gas += used - fixed;
        self.functions[run.program.function_of(at)].own_gas += used;
        let is_unpaid = matches!(result, Some(end) if end.outcome == Outcome::OutOfGas);
        if is_paid && !is_unpaid {
            self.instructions += 1;
        }
        if run.depth() > depth {
            self.enter(run);
        } else if run.depth() < depth {
            self.leave(run.gas_left());
        }
        if result.is_some() {
            while !self.open.is_empty() {
                self.leave(run.gas_left());
            }
        }
        result
    }

    fn enter(&mut self, run: &Reference<'_>) {
        let function = run.program.function_of(run.code_index());
        self.functions[function].calls += 1;
        let is_inner = self.active[function] > 0;
        self.active[function] += 1;
        self.open.push((function, run.gas_left(), is_inner));
    }

    fn leave(&mut self, gas: u64) {
        if let Some((function, before, is_inner)) = self.open.pop() {
            self.active[function] -= 1;
            if !is_inner {
                self.functions[function].total_gas += before.wrapping_sub(gas) as i64;
            }
        }
    }
}

/// Notes gas that comes in parts, which is not gas that something brought back. Spec: G-10.
struct Refills<'s> {
    syscalls: &'s mut dyn Syscalls,
    given: u64,
}

impl Syscalls for Refills<'_> {
    fn call(&mut self, number: u16, arguments: [u64; 6], guest: &mut Guest<'_>) -> Control {
        self.syscalls.call(number, arguments, guest)
    }

    fn refill(&mut self, left: u64) -> Option<u64> {
        let filled = self.syscalls.refill(left)?;
        self.given = self.given.wrapping_add(filled.wrapping_sub(left));
        Some(filled)
    }

    fn page_limit(&self) -> u32 {
        self.syscalls.page_limit()
    }
}

impl Driver for Profile {
    fn drive(&mut self, run: &mut Reference<'_>, syscalls: &mut dyn Syscalls) -> RunResult {
        self.begin(run);
        loop {
            if let Some(result) = self.step(run, syscalls) {
                return result;
            }
        }
    }
}
