//! The state of a threaded run, and how control passes from handler to handler.
//!
//! Six values travel in registers: `ip`, the running op; `regs`, the registers of the frame; `mem`, the first byte
//! of mapped memory; `gas`; `m`, everything else; `acc`, the value that the last op wrote to a register.
//!
//! What every `unsafe` here and in the handlers rests on (the *contract*):
//!
//! 1. Ops come from `translate`, which takes verified programs only. So register numbers are below 32, jumps lead to
//!    block headers, every run of ops ends in one that does not fall through (V-12, V-16, V-17), and indices into
//!    constants, tables and imports exist (V-15). A register that was never assigned is never read (V-20).
//! 2. `regs` points to a frame of [`FRAME`] words inside the frame stack of the run, above at least one other frame.
//! 3. `mem` is the start of `m.memory`'s bytes and the limits in `m` describe it; [`Machine::base`] and
//!    [`Machine::renew`] give them anew whenever memory may have moved or grown.
//! 4. `m` is the only live access path to the machine while handlers run.

use std::sync::atomic::{AtomicPtr, Ordering};

use crate::isa::Instruction;
use crate::memory::Memory;
use crate::outcome::Trap;
use crate::program::Import;
use crate::syscalls::Syscalls;
use crate::verify::Verified;

/// Words of a frame: 32 registers, the op to resume at, and one to keep frames 16-byte aligned.
pub(super) const FRAME: usize = 34;
/// Word of a frame that holds the op behind the call that opened it.
pub(super) const RESUME: usize = 32;

/// Executes one op and what follows.
pub(super) type Handler =
    for<'a> unsafe fn(*const Op, *mut u64, *mut u8, u64, *mut Machine<'a>, u64) -> Status;

/// A decoded instruction: what to run and on what.
#[repr(C, align(16))]
pub(super) struct Op {
    /// A [`Handler`], which fusion may replace while others run it.
    handler: AtomicPtr<()>,
    /// Destination register.
    pub(super) a: u8,
    /// First source register.
    pub(super) b: u8,
    /// Second source register.
    pub(super) c: u8,
    /// Third source register.
    pub(super) d: u8,
    /// Immediate, byte distance to a target, or cost of a block.
    pub(super) imm: i32,
}

impl Op {
    /// Makes an op with four registers.
    pub(super) fn new(handler: Handler, [a, b, c, d]: [u8; 4], imm: i32) -> Self {
        Self {
            handler: AtomicPtr::new(handler as *mut ()),
            a,
            b,
            c,
            d,
            imm,
        }
    }

    /// What runs it.
    #[inline(always)]
    pub(super) fn handler(&self) -> Handler {
        let handler = self.handler.load(Ordering::Relaxed);
        // SAFETY: nothing but handlers is ever stored.
        unsafe { std::mem::transmute::<*mut (), Handler>(handler) }
    }

    /// Replaces what runs it by what does the same.
    pub(super) fn set_handler(&self, handler: Handler) {
        self.handler.store(handler as *mut (), Ordering::Relaxed);
    }
}

const _: () = assert!(
    size_of::<Op>() == 16 || size_of::<usize>() != 8,
    "an op is 16 bytes"
);

/// Why handlers returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Status {
    /// Not at the end: the loop calls the next handler.
    Running,
    Finished,
    Stopped,
    OutOfGas,
    /// The trap is in the machine.
    Trapped,
    /// An access outside of memory, or a write outside of its window.
    MemoryFault,
    /// No room for another frame.
    FramesFull,
    /// The machine has no memory left.
    NoMemory,
}

/// A function that `callr` reaches.
#[derive(Clone, Copy, Debug)]
pub(super) struct TableEntry {
    /// Index of the header op of its first block.
    pub(super) op: u32,
    /// Index of its type.
    pub(super) signature: u32,
}

/// Where the loop goes on.
#[cfg(not(tail_dispatch))]
#[derive(Clone, Copy)]
pub(super) struct Saved {
    pub(super) ip: *const Op,
    pub(super) regs: *mut u64,
    pub(super) mem: *mut u8,
    pub(super) gas: u64,
    pub(super) acc: u64,
}

/// The state of a run beyond what travels in registers.
#[repr(C)]
pub(super) struct Machine<'a> {
    /// Greatest offsets from the start of memory at which 1, 2, 4, 8, 32 bytes can be read.
    pub(super) read_limit: [u64; 5],
    /// Greatest offsets from the start of the window at which 1, 2, 4, 8, 32, 64 bytes can be written.
    pub(super) write_limit: [u64; 6],
    /// Offset of the window of memory.
    pub(super) writable: u64,
    /// The frame above which none can be opened.
    pub(super) last_frame: *mut u64,
    pub(super) ops: *const Op,
    pub(super) switches: *const u32,
    pub(super) constants: *const u64,
    pub(super) table: &'a [TableEntry],
    pub(super) imports: &'a [Import],
    /// Gas, while a handler calls something that charges, and at the end.
    pub(super) gas: u64,
    /// The op at which the run ended.
    pub(super) stopped_at: *const Op,
    /// Frame and `acc` of that op, if it can be tried again; else null.
    pub(super) resume: *mut u64,
    pub(super) resume_acc: u64,
    pub(super) trap: Trap,
    pub(super) memory: Memory,
    pub(super) syscalls: &'a mut dyn Syscalls,
    pub(super) program: &'a Verified,
    #[cfg(not(tail_dispatch))]
    pub(super) saved: Saved,
}

impl Machine<'_> {
    /// Recomputes the limits; needed when memory has grown or its window has widened.
    pub(super) fn renew(&mut self) {
        let length = self.memory.bytes().len() as u64;
        let window = self.memory.window();
        self.writable = window.start as u64;
        // A page, at least, is mapped and writable (V-3), and the window has room for any access: nothing wraps.
        self.read_limit = [1, 2, 4, 8, 32].map(|size| length - size);
        self.write_limit = [1, 2, 4, 8, 32, 64].map(|size| window.len() as u64 - size);
    }

    /// The start of memory; needed again after anything that may have moved it.
    pub(super) fn base(&mut self) -> *mut u8 {
        self.memory.base()
    }

    /// Widens the window for what `instruction` writes from the frame at `regs`; `false` when it already lies inside, or
    /// is not writable at all.
    ///
    /// # Safety
    ///
    /// `regs` points to a frame.
    pub(super) unsafe fn widen(&mut self, instruction: Instruction, regs: *const u64) -> bool {
        let Some((register, displacement, size)) = instruction.written_memory() else {
            return false;
        };
        // SAFETY: register numbers are below 32 (V-12), and a frame has so many words.
        let base = unsafe { *regs.add(usize::from(register)) };
        let address = base.wrapping_add(displacement as u64);
        let Some(range) = self.memory.writable_range(address, size) else {
            return false;
        };
        // Syscalls and the like widen the window without telling the limits.
        let known = self.writable..self.writable + self.write_limit[0] + 1;
        if known.start <= range.start as u64 && range.end as u64 <= known.end {
            return false;
        }
        self.memory.widen(&range);
        self.renew();
        true
    }
}

/// Index into the limits for an access of `size` bytes.
pub(super) const fn limit_index(size: usize) -> usize {
    match size {
        1 => 0,
        2 => 1,
        4 => 2,
        8 => 3,
        32 => 4,
        _ => 5,
    }
}

/// Passes control to the op at `ip`.
///
/// # Safety
///
/// The contract of this module, and `ip` points to an op of the program.
#[inline(always)]
pub(super) unsafe fn dispatch(
    ip: *const Op,
    regs: *mut u64,
    mem: *mut u8,
    gas: u64,
    m: *mut Machine<'_>,
    acc: u64,
) -> Status {
    #[cfg(tail_dispatch)]
    // SAFETY: `ip` points to an op, whose handler keeps the contract.
    unsafe {
        ((*ip).handler())(ip, regs, mem, gas, m, acc)
    }
    #[cfg(not(tail_dispatch))]
    {
        // SAFETY: `m` is live and accessed by nobody else.
        unsafe {
            (*m).saved = Saved {
                ip,
                regs,
                mem,
                gas,
                acc,
            }
        };
        Status::Running
    }
}

/// Pays the block whose header is at `header` and passes control to its first instruction.
///
/// # Safety
///
/// As for [`dispatch`]; `header` points to a block header.
#[inline(always)]
pub(super) unsafe fn enter(
    header: *const Op,
    regs: *mut u64,
    mem: *mut u8,
    gas: u64,
    m: *mut Machine<'_>,
    acc: u64,
) -> Status {
    // SAFETY: `header` points to an op, and an instruction follows every header.
    unsafe {
        let cost = u64::from((*header).imm as u32);
        if gas < cost {
            return pause(header, regs, Status::OutOfGas, gas, m, acc);
        }
        dispatch(header.add(1), regs, mem, gas - cost, m, acc)
    }
}

/// Ends the run at `ip`, which has had no effect and can be tried again: with more gas, a wider window of memory, or
/// more room for frames.
///
/// # Safety
///
/// As for [`dispatch`].
#[cold]
#[inline(never)]
pub(super) unsafe fn pause(
    ip: *const Op,
    regs: *mut u64,
    status: Status,
    gas: u64,
    m: *mut Machine<'_>,
    acc: u64,
) -> Status {
    // SAFETY: by the caller.
    unsafe {
        (*m).resume = regs;
        (*m).resume_acc = acc;
        end(status, ip, gas, m)
    }
}

/// Ends the run at `ip`.
///
/// # Safety
///
/// `m` is live and accessed by nobody else.
#[cold]
#[inline(never)]
pub(super) unsafe fn end(status: Status, ip: *const Op, gas: u64, m: *mut Machine<'_>) -> Status {
    // SAFETY: by the caller.
    unsafe {
        (*m).gas = gas;
        (*m).stopped_at = ip;
    }
    status
}
