//! The reference interpreter: one `match`, no `unsafe`, one instruction per step.
//!
//! It defines what the other tiers must do, and its steps are what debuggers and profilers watch.
//!
//! Spec: P-1 to P-9, I-1 to I-36, G-1 to G-9, T-1 to T-6.

#![forbid(unsafe_code)]

mod execute;
mod profile;

pub use profile::{BlockProfile, FunctionProfile, Profile};

use crate::call::{Call, CallError};
use crate::gas::charge;
use crate::isa::register::{A0, REGISTERS, SP};
use crate::memory::Memory;
use crate::outcome::{Interrupt, Location, Outcome, RunResult};
use crate::syscalls::Syscalls;
use crate::verify::{BLOCK_COST_MAX, Verified};
use crate::zeroed::NoMemory;

/// An open function frame.
#[derive(Clone, Debug)]
struct Frame {
    registers: [u64; REGISTERS],
    results: u8,
    /// Code index of the first instruction of the function.
    start: usize,
    /// Code index of the instruction behind the call.
    resume: usize,
}

/// A run of a program, one instruction at a time.
#[derive(Clone, Debug)]
pub struct Reference<'a> {
    program: &'a Verified,
    memory: Memory,
    frames: Vec<Frame>,
    registers: [u64; REGISTERS],
    results: u8,
    /// Code index of the first instruction of the running function.
    start: usize,
    at: usize,
    gas: u64,
    /// Results of the entry function.
    given: [u64; 2],
    ended: Option<RunResult>,
}

/// Runs a program in its own way, instruction by instruction: a debugger, a profiler, a tracer.
///
/// Whoever embeds the machine hands each of its runs to one. A syscall that runs another program comes back to the
/// embedder, so a driver is never entered twice.
pub trait Driver {
    /// Runs to the end, by [`Reference::step`].
    fn drive(&mut self, run: &mut Reference<'_>, syscalls: &mut dyn Syscalls) -> RunResult;
}

/// Where control goes after an instruction.
enum Next {
    Following,
    At(usize),
    /// The results are given.
    Finished,
}

impl<'a> Reference<'a> {
    /// Opens the first frame and pays for the memory.
    ///
    /// # Errors
    ///
    /// [`CallError`] when the call does not fit the program.
    pub fn new(program: &'a Verified, call: &Call<'_>) -> Result<Self, CallError> {
        let signature = call.check(program)?;
        let mut registers = [0; REGISTERS];
        registers[usize::from(SP)] = program.layout().data_start;
        for (register, &argument) in registers[usize::from(A0)..].iter_mut().zip(call.arguments) {
            *register = argument;
        }
        let mut gas = call.gas_limit;
        let paid = charge(&mut gas, program.memory_cost()).map_err(|_| Outcome::OutOfGas);
        // Paid first: what is not costs the machine nothing.
        let memory = paid.and_then(|()| {
            Memory::new(program.program(), program.layout()).map_err(|NoMemory| Outcome::NoMemory)
        });
        let ended = memory.as_ref().err().map(|&outcome| RunResult {
            outcome,
            gas_left: gas,
            location: None,
        });
        let start = program.functions()[call.function as usize].start as usize;
        Ok(Self {
            program,
            memory: memory.unwrap_or_else(|_| Memory::unmapped()),
            frames: Vec::new(),
            registers,
            results: signature.results,
            start,
            at: start,
            gas,
            given: [0; 2],
            ended,
        })
    }

    /// Runs to the end.
    pub fn run(&mut self, syscalls: &mut dyn Syscalls) -> RunResult {
        // A run that has been stepped may stand inside of a block.
        while self.ended.is_none() && !self.program.leaders().contains(self.at as u32) {
            self.step(syscalls);
        }
        loop {
            if let Some(result) = self.ended {
                return result;
            }
            self.run_blocks(syscalls);
        }
    }

    /// Executes one instruction, paying its block first when it begins one. Gives the result once the run has ended.
    pub fn step(&mut self, syscalls: &mut dyn Syscalls) -> Option<RunResult> {
        if self.ended.is_none() {
            let next = self.advance(syscalls);
            self.take(next);
        }
        self.ended
    }

    /// Goes where an instruction leads.
    #[inline]
    fn take(&mut self, next: Result<Next, Interrupt>) {
        let (outcome, location) = match next {
            Ok(Next::Following) => {
                self.at += 1;
                return;
            }
            Ok(Next::At(target)) => {
                self.at = target;
                return;
            }
            Ok(Next::Finished) => (Outcome::Finished(self.given), None),
            Err(interrupt) => (interrupt.into(), Some(self.location())),
        };
        self.ended = Some(RunResult {
            outcome,
            gas_left: self.gas,
            location,
        });
    }

    /// Makes steps to the end, as [`step`](Self::step) does, a block at a time; the run stands at the start of one.
    fn run_blocks(&mut self, syscalls: &mut dyn Syscalls) {
        let leaders = self.program.leaders();
        let code = &self.program.program().code[..];
        let schedule = &self.program.config().gas_schedule;
        // Here, and not only in `self`, where the processor would wait for it.
        let mut at = self.at;
        let end = loop {
            let end = leaders.next(at as u32) as usize;
            let block = &code[at..end];
            let costs = block.iter().map(|i| u64::from(schedule.cost(i.opcode)));
            let cost = costs.sum::<u64>().min(u64::from(BLOCK_COST_MAX));
            self.at = at;
            if let Err(interrupt) = self.pay(cost, syscalls) {
                break Err(interrupt);
            }
            // All but the last fall through, charge nothing and need no syscalls.
            let Some((&last, straight)) = block.split_last() else {
                break Ok(Next::Following);
            };
            let failed = straight.iter().find_map(|&instruction| {
                let failed = self.execute(instruction, syscalls).err();
                self.at += usize::from(failed.is_none());
                failed
            });
            if let Some(interrupt) = failed {
                break Err(interrupt);
            }
            match self.finish(last, syscalls) {
                Ok(Next::Following) => at = end,
                Ok(Next::At(target)) => at = target,
                end => break end,
            }
        };
        self.take(end);
    }

    /// How the run ended, if it has.
    pub const fn ended(&self) -> Option<RunResult> {
        self.ended
    }

    /// The program.
    pub const fn program(&self) -> &'a Verified {
        self.program
    }

    /// Index in the code of the instruction that the next step executes.
    pub const fn code_index(&self) -> u32 {
        self.at as u32
    }

    /// The instruction that the next step executes.
    pub fn location(&self) -> Location {
        self.program.location_of(self.at as u32)
    }

    /// Open frames, the entry's included.
    pub const fn depth(&self) -> usize {
        self.frames.len() + 1
    }

    /// Functions with open frames and where each will go on, outermost first, the running one last.
    pub fn backtrace(&self) -> Vec<Location> {
        let resumed = self.frames.iter().map(|frame| {
            let call = self.program.location_of(frame.resume as u32 - 1);
            Location {
                instruction: call.instruction + 1,
                ..call
            }
        });
        resumed.chain([self.location()]).collect()
    }

    /// Registers of an open frame: 0 is the running one, 1 its caller, and so on.
    pub fn registers_of(&self, level: usize) -> Option<&[u64; REGISTERS]> {
        match level.checked_sub(1) {
            None => Some(&self.registers),
            Some(above) => self
                .frames
                .iter()
                .nth_back(above)
                .map(|frame| &frame.registers),
        }
    }

    /// Registers of the running frame. Those that were never assigned hold zero here and nothing in other tiers.
    pub const fn registers(&self) -> &[u64; REGISTERS] {
        &self.registers
    }

    /// Guest memory.
    pub const fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Gas left.
    pub const fn gas_left(&self) -> u64 {
        self.gas
    }
}
