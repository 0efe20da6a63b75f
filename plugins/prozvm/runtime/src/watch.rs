//! Runs that somebody watches: traced instruction by instruction, or counted.
//!
//! Both run on the reference interpreter, which gives the same results and the same gas as the other.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use proz_prozvm_core::{Call, CallError, Instruction, Opcode, Outcome, Reference, RunResult};
use proz_sdk::{Host, OpcodeCount, StepEvent, TraceMask, Tracer, Word};

use crate::contract::Contract;
use crate::serve::Server;

/// Counters of instructions.
#[derive(Debug)]
pub(crate) struct Tally {
    is_on: AtomicBool,
    counts: [AtomicU64; 256],
    units: [AtomicU64; 256],
}

impl Tally {
    /// Counters at zero, switched off.
    pub(crate) const fn new() -> Self {
        Self {
            is_on: AtomicBool::new(false),
            counts: [const { AtomicU64::new(0) }; 256],
            units: [const { AtomicU64::new(0) }; 256],
        }
    }

    /// Whether they count.
    pub(crate) fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    /// Switches counting; gives the former setting.
    pub(crate) fn enable(&self, on: bool) -> bool {
        self.is_on.swap(on, Ordering::Relaxed)
    }

    /// Counts since the last reading, and sets them back to zero.
    pub(crate) fn take(&self, units_per_gas: u64) -> Vec<OpcodeCount> {
        let mut counts = Vec::new();
        for &opcode in Opcode::ALL {
            let number = usize::from(opcode as u8);
            let count = self.counts[number].swap(0, Ordering::Relaxed);
            let units = self.units[number].swap(0, Ordering::Relaxed);
            if count > 0 {
                counts.push(OpcodeCount {
                    opcode: number as u32,
                    name: opcode.mnemonic().into(),
                    count,
                    gas: units / units_per_gas,
                });
            }
        }
        counts
    }

    fn count(&self, opcode: Opcode, units: u64) {
        let number = usize::from(opcode as u8);
        self.counts[number].fetch_add(1, Ordering::Relaxed);
        self.units[number].fetch_add(units, Ordering::Relaxed);
    }
}

/// The tracer, when somebody wants steps.
pub(crate) fn wanted_tracer<'h>(host: &mut Host<'h>) -> Option<Tracer<'h>> {
    let tracer = host.tracer()?;
    tracer.mask().contains(TraceMask::STEPS).then_some(tracer)
}

/// Runs a call step by step.
///
/// # Errors
///
/// [`CallError`] when the call does not fit the program.
pub(crate) fn run<'h>(
    contract: &Contract,
    call: &Call<'_>,
    server: &mut Server<'_, 'h>,
    tracer: Option<Tracer<'h>>,
    tally: Option<&Tally>,
) -> Result<RunResult, CallError> {
    let program = contract.program();
    let mut run = Reference::new(program, call)?;
    if let Some(unpaid) = run.ended() {
        return Ok(unpaid);
    }
    loop {
        let at = run.code_index();
        let instruction = program.program().code[at as usize];
        let before = total_units(server, run.gas_left());
        let block = program.block_starting_at(at).map_or(0, |block| block.cost);
        let nested_before = server.nested_gas;
        if let Some(tracer) = &tracer {
            report(contract, server, &run, at, instruction, tracer);
            server.open_step = Some(*tracer);
        }
        let ended = run.step(server);
        if let Some(tracer) = server.open_step.take() {
            let failed = matches!(&ended, Some(result) if is_failure(server, result));
            tracer.step_end(server.purse.gas_left(run.gas_left()), failed);
        }
        if let Some(tally) = tally {
            let unpaid = matches!(&ended, Some(result) if result.outcome == Outcome::OutOfGas);
            // A block is paid when it is entered; here each instruction counts its own part.
            let own = u64::from(program.config().gas_schedule.cost(instruction.opcode));
            let nested = (server.nested_gas - nested_before) * server.prices.units_per_gas;
            let spent = before
                .saturating_sub(total_units(server, run.gas_left()))
                .saturating_sub(u128::from(block) + u128::from(nested));
            let units = if unpaid { 0 } else { own + spent as u64 };
            tally.count(instruction.opcode, units);
        }
        if let Some(result) = ended {
            return Ok(result);
        }
    }
}

fn total_units(server: &Server<'_, '_>, units: u64) -> u128 {
    let per_gas = server.prices.units_per_gas;
    u128::from(server.purse.gas_left(units)) * u128::from(per_gas) + u128::from(units % per_gas)
}

fn is_failure(server: &Server<'_, '_>, result: &RunResult) -> bool {
    let stopped_well = matches!(
        server.exit,
        Some(crate::serve::Exit::Return | crate::serve::Exit::Revert)
    );
    !stopped_well && !matches!(result.outcome, Outcome::Finished(_))
}

fn report(
    contract: &Contract,
    server: &Server<'_, '_>,
    run: &Reference<'_>,
    at: u32,
    instruction: Instruction,
    tracer: &Tracer<'_>,
) {
    let mask = tracer.mask();
    let registers = run.registers().map(Word::from);
    let count = usize::from(contract.program().config().register_config.count);
    let stack = if mask.contains(TraceMask::STACK) {
        registers.get(..count).unwrap_or_default()
    } else {
        &[]
    };
    let bytes = run.memory().bytes();
    let memory = if mask.contains(TraceMask::MEMORY) {
        bytes
    } else {
        &[]
    };
    tracer.step(&StepEvent {
        program_counter: contract.code_offset + u64::from(at) * Instruction::SIZE as u64,
        opcode: instruction.opcode as u32,
        name: instruction.opcode.mnemonic().into(),
        gas_left: server.purse.gas_left(run.gas_left()),
        gas_refund: server.gas_refund,
        stack: stack.into(),
        memory: memory.into(),
        memory_size_bytes: bytes.len() as u64,
    });
}
