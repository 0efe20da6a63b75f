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

#[cfg(feature = "testing")]
pub(crate) use fusion::{FUSED, From};

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use machine::{FRAME, Machine, RESUME, Status};
use translate::{Translation, header_of, origin, translate};

use crate::call::{Call, CallError};
use crate::gas::charge;
use crate::isa::Instruction;
use crate::isa::register::{A0, SP};
use crate::memory::Memory;
use crate::outcome::{Location, Outcome, RunResult, Trap};
use crate::syscalls::Syscalls;
use crate::verify::Verified;
use crate::zeroed::{NoMemory, lengthen};

/// A program made ready for the threaded interpreter.
pub struct Prepared {
    program: Arc<Verified>,
    translation: Translation,
    /// Whether fusion has begun.
    is_fused: AtomicBool,
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared")
            .field("ops", &self.translation.ops.len())
            .finish_non_exhaustive()
    }
}

/// Frames that a run begins with; it gets more as it opens more.
const FIRST_FRAMES: usize = 8;
/// Frame stacks that a thread keeps.
const KEPT_STACKS: usize = 16;

thread_local! {
    /// Frame stacks that are not in use. Word 0 of each frame is `zero`, and nothing ever writes it.
    static FRAMES: RefCell<Vec<Vec<u64>>> = const { RefCell::new(Vec::new()) };
}

impl Prepared {
    /// Prepares a program, with fusion if its configuration asks for it.
    ///
    /// # Panics
    ///
    /// When the program reads registers before it assigns them, which none does that [`verify`](crate::verify())
    /// accepts.
    pub fn new(program: Arc<Verified>) -> Self {
        let prepared = Self::unfused(program).expect("a verified program assigns what it reads");
        prepared.fuse();
        prepared
    }

    /// Prepares a program without fusion, which takes longer than all else and can come [later](Self::fuse). `None` when
    /// the program reads registers before it assigns them.
    pub fn unfused(program: Arc<Verified>) -> Option<Self> {
        // Frames are not cleared here: what holds in them rests on the proof.
        program.prove().then(|| Self {
            translation: translate(&program),
            program,
            is_fused: AtomicBool::new(false),
        })
    }

    /// Whether there is nothing left to fuse.
    pub fn is_fused(&self) -> bool {
        !self.program.config().optimization.fusion || self.is_fused.load(Ordering::Relaxed)
    }

    /// Fuses, once, if the configuration asks for it. The program may be running, here and elsewhere.
    pub fn fuse(&self) {
        let wanted = self.program.config().optimization.fusion;
        if wanted && !self.is_fused.swap(true, Ordering::Relaxed) {
            translate::fuse(&self.program, &self.translation.ops);
        }
    }

    /// The program.
    pub fn program(&self) -> &Arc<Verified> {
        &self.program
    }

    /// Bytes that the prepared form of a program takes, for caches.
    pub fn size_of(program: &Verified) -> usize {
        let code = program.program();
        let tables = code.switch_tables.iter();
        let targets = tables.map(|table| 1 + table.targets.len()).sum::<usize>();
        let ops = translate::EXIT_OPS + code.code.len() + program.leaders().len();
        ops * size_of::<machine::Op>()
            + targets * size_of::<u32>()
            + code.function_table.len() * size_of::<machine::TableEntry>()
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
        let mut gas = call.gas_limit;
        let unmapped = |outcome, gas_left| {
            let result = RunResult {
                outcome,
                gas_left,
                location: None,
            };
            Ok((result, Memory::unmapped()))
        };
        if charge(&mut gas, self.program.memory_cost()).is_err() {
            return unmapped(Outcome::OutOfGas, gas);
        }
        let Ok(memory) = Memory::new(self.program.program(), self.program.layout()) else {
            return unmapped(Outcome::NoMemory, gas);
        };
        let mut frames = FRAMES
            .with_borrow_mut(|kept| kept.pop())
            .unwrap_or_else(|| vec![0; FIRST_FRAMES * FRAME]);
        let a0 = usize::from(A0);
        frames[a0..a0 + 2].fill(0);
        frames[FRAME + usize::from(SP)] = self.program.layout().data_start;
        frames[FRAME + a0..FRAME + a0 + call.arguments.len()].copy_from_slice(call.arguments);
        let (result, memory) = self.execute(call.function, gas, memory, &mut frames, syscalls);
        let results = [0, 1].map(|index| {
            if index < signature.results {
                frames[a0 + usize::from(index)]
            } else {
                0
            }
        });
        FRAMES.with_borrow_mut(|kept| {
            if kept.len() < KEPT_STACKS {
                kept.push(frames);
            }
        });
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
        frames: &mut Vec<u64>,
        syscalls: &mut dyn Syscalls,
    ) -> (RunResult, Memory) {
        let Translation {
            ops,
            switches,
            table,
        } = &self.translation;
        // SAFETY: a frame stack has two frames at least.
        let first = unsafe { frames.as_mut_ptr().add(FRAME) };
        // SAFETY: the resume word is inside the frame; words are as wide as pointers on every target of `Prepared`.
        unsafe {
            first
                .add(RESUME)
                .cast::<*const machine::Op>()
                .write(ops.as_ptr())
        };
        let start = self.program.functions()[function as usize].start;
        let entry = header_of(&self.program, start) as usize;
        // SAFETY: headers are indices of ops; the pointer may reach all of them.
        let entry = unsafe { ops.as_ptr().add(entry) };
        let mut machine = Machine {
            read_limit: [0; 5],
            write_limit: [0; 6],
            writable: 0,
            last_frame: self.last_frame(frames),
            ops: ops.as_ptr(),
            switches: switches.as_ptr(),
            constants: self.program.program().constants.as_ptr(),
            table,
            imports: &self.program.program().imports,
            gas,
            stopped_at: ops.as_ptr(),
            resume: std::ptr::null_mut(),
            resume_acc: 0,
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
                    ((*ip).handler())(ip, regs, mem, gas, m, acc)
                };
            }
            let mut regs = std::mem::replace(&mut machine.resume, std::ptr::null_mut());
            if regs.is_null() {
                break;
            }
            match status {
                Status::OutOfGas => match machine.syscalls.refill(machine.gas) {
                    Some(gas) => machine.gas = gas,
                    None => break,
                },
                Status::MemoryFault => {
                    let instruction = self.instruction(machine.stopped_at);
                    // SAFETY: the op paused in this frame.
                    if !unsafe { machine.widen(instruction, regs) } {
                        break;
                    }
                }
                _ => match self.more_frames(frames, regs) {
                    Ok(Some(moved)) => {
                        regs = moved;
                        machine.last_frame = self.last_frame(frames);
                    }
                    Ok(None) => break,
                    Err(NoMemory) => {
                        status = Status::NoMemory;
                        break;
                    }
                },
            }
            let (ip, mem, gas) = (machine.stopped_at, machine.base(), machine.gas);
            // SAFETY: an op that paused has had no effect; it is tried again in its own frame with its own `acc`.
            status = unsafe {
                ((*ip).handler())(ip, regs, mem, gas, &raw mut machine, machine.resume_acc)
            };
        }
        let index = self.index(machine.stopped_at);
        let outcome = match status {
            // `Running` has been left behind above.
            Status::Finished | Status::Running => Outcome::Finished([0; 2]),
            Status::Stopped => Outcome::Stopped,
            Status::OutOfGas => Outcome::OutOfGas,
            Status::Trapped => Outcome::Trapped(machine.trap),
            Status::MemoryFault => Outcome::Trapped(Trap::Memory),
            Status::FramesFull => Outcome::Trapped(Trap::CallDepth),
            Status::NoMemory => Outcome::NoMemory,
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

    /// The last frame that can be opened: at the end of the stack, or as deep as calls may be.
    fn last_frame(&self, frames: &mut [u64]) -> *mut u64 {
        let depth = self.program.config().stack_limit.call_depth as usize;
        let last = (frames.len() / FRAME - 1).min(depth);
        // SAFETY: the stack has that many frames and one more.
        unsafe { frames.as_mut_ptr().add(last * FRAME) }
    }

    /// Makes room for more frames, if calls may be deeper; gives where the frame at `regs` is then.
    #[cold]
    fn more_frames(
        &self,
        frames: &mut Vec<u64>,
        regs: *mut u64,
    ) -> Result<Option<*mut u64>, NoMemory> {
        // One frame more than may be open: the outermost returns to it.
        let most = self.program.config().stack_limit.call_depth as usize + 1;
        let count = frames.len() / FRAME;
        if count >= most {
            return Ok(None);
        }
        // SAFETY: `regs` points into the stack.
        let place = unsafe { regs.offset_from(frames.as_ptr()) };
        lengthen(frames, (2 * count).min(most) * FRAME)?;
        // SAFETY: the frame has moved with the stack. Frames hold no pointers into it.
        Ok(Some(unsafe { frames.as_mut_ptr().offset(place) }))
    }

    /// Index of an op.
    fn index(&self, op: *const machine::Op) -> usize {
        // SAFETY: runs stop at ops of their own translation.
        unsafe { op.offset_from(self.translation.ops.as_ptr()) as usize }
    }

    /// The instruction behind an op.
    fn instruction(&self, op: *const machine::Op) -> Instruction {
        let at = origin(&self.program, self.index(op));
        self.program.program().code[at as usize]
    }

    fn location(&self, op: usize) -> Location {
        let instruction = origin(&self.program, op);
        let function = self.program.function_of(instruction);
        Location {
            function: function as u32,
            instruction: instruction - self.program.functions()[function].start,
        }
    }
}

#[cfg(not(target_pointer_width = "64"))]
compile_error!("the threaded interpreter keeps pointers in 64-bit words");
