//! The direct-threaded interpreter.
//!
//! A program is prepared once: each instruction becomes a 16-byte op with the address of its handler, and handlers
//! jump from one to the next. All `unsafe` of the crate is in here; it rests on what the verifier proved, as
//! [`machine`] says.

#![expect(
    unsafe_code,
    reason = "dispatch through handler pointers and unchecked registers, proven by the verifier"
)]

mod fusion;
mod handlers;
mod heavy;
mod machine;
mod select;
mod shape;
mod step;
#[cfg(all(test, feature = "testing"))]
mod tests;
mod translate;

use std::cell::RefCell;
use std::sync::Arc;

use machine::{FRAME, Machine, RESUME, Status};
use translate::{Translation, translate};

use crate::call::{Call, CallError};
use crate::gas::charge;
use crate::isa::register::{A0, SP};
use crate::memory::Memory;
use crate::outcome::{Location, Outcome, RunResult, Trap};
use crate::syscalls::Syscalls;
use crate::verify::Verified;

/// A program made ready for the threaded interpreter.
pub struct Prepared {
    program: Arc<Verified>,
    translation: Translation,
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared")
            .field("ops", &self.translation.ops.len())
            .finish_non_exhaustive()
    }
}

thread_local! {
    /// Frame stacks that are not in use. Word 0 of each frame is `zero`, and nothing ever writes it.
    static FRAMES: RefCell<Vec<Vec<u64>>> = const { RefCell::new(Vec::new()) };
}

impl Prepared {
    /// Prepares a program, with fusion if its configuration asks for it.
    pub fn new(program: Arc<Verified>) -> Self {
        let translation = translate(&program, program.config().optimization.fusion);
        Self {
            program,
            translation,
        }
    }

    /// The program.
    pub fn program(&self) -> &Arc<Verified> {
        &self.program
    }

    /// Bytes that the prepared form takes, for caches.
    pub fn size_bytes(&self) -> usize {
        let Translation {
            ops,
            origin,
            entries,
            switches,
            table,
        } = &self.translation;
        size_of_val(&ops[..])
            + size_of_val(&origin[..])
            + size_of_val(&entries[..])
            + size_of_val(&switches[..])
            + size_of_val(&table[..])
    }

    /// Runs a function to its end.
    ///
    /// # Errors
    ///
    /// [`CallError`] when the call does not fit the program.
    pub fn run(
        &self,
        call: &Call<'_>,
        syscalls: &mut dyn Syscalls,
    ) -> Result<RunResult, CallError> {
        self.run_with_memory(call, syscalls)
            .map(|(result, _)| result)
    }

    /// Runs a function to its end and gives the memory that it leaves.
    ///
    /// # Errors
    ///
    /// [`CallError`] when the call does not fit the program.
    pub fn run_with_memory(
        &self,
        call: &Call<'_>,
        syscalls: &mut dyn Syscalls,
    ) -> Result<(RunResult, Memory), CallError> {
        let signature = call.check(&self.program)?;
        let memory = Memory::new(self.program.program(), self.program.layout());
        let mut gas = call.gas_limit;
        if charge(&mut gas, self.program.memory_cost()).is_err() {
            return Ok((
                RunResult {
                    outcome: Outcome::OutOfGas,
                    gas_left: gas,
                    location: None,
                },
                memory,
            ));
        }
        let depth = self.program.config().stack_limit.call_depth as usize;
        // One frame more than may be open: the outermost returns to it.
        let words = (depth + 1) * FRAME;
        let pooled = FRAMES
            .with_borrow_mut(|pool| pool.pop())
            .filter(|frames| frames.len() >= words);
        let mut frames = pooled.unwrap_or_else(|| vec![0; words]);
        let a0 = usize::from(A0);
        frames[a0..a0 + 2].fill(0);
        frames[FRAME + usize::from(SP)] = self.program.layout().data_start;
        frames[FRAME + a0..FRAME + a0 + call.arguments.len()].copy_from_slice(call.arguments);
        let (result, memory) =
            self.execute(call.function, gas, memory, &mut frames[..words], syscalls);
        let results = [0, 1].map(|index| {
            if index < signature.results {
                frames[a0 + usize::from(index)]
            } else {
                0
            }
        });
        FRAMES.with_borrow_mut(|pool| pool.push(frames));
        let outcome = match result.outcome {
            Outcome::Finished(_) => Outcome::Finished(results),
            other => other,
        };
        Ok((RunResult { outcome, ..result }, memory))
    }

    /// Runs with `frames` set up: frame 0 receives results, frame 1 is the function's.
    fn execute(
        &self,
        function: u32,
        gas: u64,
        memory: Memory,
        frames: &mut [u64],
        syscalls: &mut dyn Syscalls,
    ) -> (RunResult, Memory) {
        let Translation {
            ops,
            entries,
            switches,
            table,
            ..
        } = &self.translation;
        let depth = frames.len() / FRAME - 1;
        let frames = frames.as_mut_ptr();
        // SAFETY: `frames` has `depth + 1` frames, at least two.
        let (first, last) = unsafe { (frames.add(FRAME), frames.add(depth * FRAME)) };
        // SAFETY: the resume word is inside the frame; words are as wide as pointers on every target of `Prepared`.
        unsafe {
            first
                .add(RESUME)
                .cast::<*const machine::Op>()
                .write(ops.as_ptr())
        };
        // SAFETY: entries are indices of ops; the pointer may reach all of them.
        let entry = unsafe { ops.as_ptr().add(entries[function as usize] as usize) };
        let mut machine = Machine {
            read_limit: [0; 5],
            write_limit: [0; 6],
            writable: 0,
            last_frame: last,
            ops: ops.as_ptr(),
            switches: switches.as_ptr(),
            constants: self.program.program().constants.as_ptr(),
            table,
            imports: &self.program.program().imports,
            gas,
            stopped_at: ops.as_ptr(),
            starved: std::ptr::null_mut(),
            trap: Trap::Memory,
            memory,
            syscalls,
            program: &self.program,
            #[cfg(not(tail_dispatch))]
            saved: machine::Saved {
                ip: entry,
                regs: first,
                mem: std::ptr::null_mut(),
                gas,
                acc: 0,
            },
        };
        machine.renew();
        let mem = machine.base();
        // SAFETY: the contract of `machine` holds: translated ops, a frame above another, fresh memory and limits.
        let mut status = unsafe { machine::enter(entry, first, mem, gas, &raw mut machine, 0) };
        loop {
            #[cfg(not(tail_dispatch))]
            while status == Status::Running {
                let m = &raw mut machine;
                // SAFETY: a handler that is not at the end saved the arguments of the next, under the same contract.
                status = unsafe {
                    let machine::Saved {
                        ip,
                        regs,
                        mem,
                        gas,
                        acc,
                    } = (*m).saved;
                    ((*ip).handler)(ip, regs, mem, gas, m, acc)
                };
            }
            let regs = std::mem::replace(&mut machine.starved, std::ptr::null_mut());
            if status != Status::OutOfGas || regs.is_null() {
                break;
            }
            let Some(gas) = machine.syscalls.refill(machine.gas) else {
                break;
            };
            machine.gas = gas;
            let (ip, mem) = (machine.stopped_at, machine.base());
            // SAFETY: an op that could not be paid has had no effect and is tried again in its own frame. It begins
            // a block or has a dynamic cost, and neither looks at `acc`.
            status = unsafe { ((*ip).handler)(ip, regs, mem, gas, &raw mut machine, 0) };
        }
        // SAFETY: `stopped_at` points to an op of this translation.
        let index = unsafe { machine.stopped_at.offset_from(ops.as_ptr()) } as usize;
        let outcome = match status {
            // `Running` has been left behind above.
            Status::Finished | Status::Running => Outcome::Finished([0; 2]),
            Status::Stopped => Outcome::Stopped,
            Status::OutOfGas => Outcome::OutOfGas,
            Status::Trapped => Outcome::Trapped(machine.trap),
            Status::MemoryFault => Outcome::Trapped(Trap::Memory),
        };
        let location = (status != Status::Finished).then(|| self.location(index));
        (
            RunResult {
                outcome,
                gas_left: machine.gas,
                location,
            },
            machine.memory,
        )
    }

    fn location(&self, op: usize) -> Location {
        let instruction = self.translation.origin[op];
        let function = self.program.function_of(instruction);
        Location {
            function: function as u32,
            instruction: instruction - self.program.functions()[function].start,
        }
    }
}

#[cfg(not(target_pointer_width = "64"))]
compile_error!("the threaded interpreter keeps pointers in 64-bit words");
