//! Handlers: what ops point to.
//!
//! A handler must keep nothing on the native stack that outlives its last call, or that call would not become a jump;
//! so whatever needs locals in memory happens in functions that are never inlined and give back a [`Status`].
//! Every `unsafe` here rests on the contract of [`super::machine`].

use super::machine::{FRAME, Machine, Op, RESUME, Status, dispatch, end, enter, pause};
use super::step::{Source, Step};
use crate::isa::register::{A0, SP};
use crate::isa::semantics;
use crate::outcome::Trap;
use crate::program::handle_index;

/// One instruction that falls through; copies differ in their address only.
pub(super) unsafe fn one<S: Step, const COPY: u8>(
    ip: *const Op,
    regs: *mut u64,
    mem: *mut u8,
    gas: u64,
    m: *mut Machine<'_>,
    acc: u64,
) -> Status {
    // SAFETY: by the contract; an op follows one that falls through.
    unsafe {
        // Without this the compiler would merge the copies.
        #[cfg(tail_dispatch)]
        std::arch::asm!("/* copy {} */", const COPY, options(nomem, nostack, preserves_flags));
        match S::step(ip, regs, mem, m, acc) {
            Ok(acc) => dispatch(ip.add(1), regs, mem, gas, m, acc),
            Err(status) => pause(ip, regs, status, gas, m, acc),
        }
    }
}

/// Two instructions that fall through, fused.
pub(super) unsafe fn two<S: Step, T: Step>(
    ip: *const Op,
    regs: *mut u64,
    mem: *mut u8,
    gas: u64,
    m: *mut Machine<'_>,
    acc: u64,
) -> Status {
    // SAFETY: by the contract; fusion joins ops of one block only.
    unsafe {
        let acc = match S::step(ip, regs, mem, m, acc) {
            Ok(acc) => acc,
            Err(status) => return pause(ip, regs, status, gas, m, acc),
        };
        match T::step(ip.add(1), regs, mem, m, acc) {
            Ok(acc) => dispatch(ip.add(2), regs, mem, gas, m, acc),
            Err(status) => pause(ip.add(1), regs, status, gas, m, acc),
        }
    }
}

/// Three instructions that fall through, fused.
pub(super) unsafe fn three<S: Step, T: Step, U: Step>(
    ip: *const Op,
    regs: *mut u64,
    mem: *mut u8,
    gas: u64,
    m: *mut Machine<'_>,
    acc: u64,
) -> Status {
    // SAFETY: by the contract; fusion joins ops of one block only.
    unsafe {
        let acc = match S::step(ip, regs, mem, m, acc) {
            Ok(acc) => acc,
            Err(status) => return pause(ip, regs, status, gas, m, acc),
        };
        let acc = match T::step(ip.add(1), regs, mem, m, acc) {
            Ok(acc) => acc,
            Err(status) => return pause(ip.add(1), regs, status, gas, m, acc),
        };
        match U::step(ip.add(2), regs, mem, m, acc) {
            Ok(acc) => dispatch(ip.add(3), regs, mem, gas, m, acc),
            Err(status) => pause(ip.add(2), regs, status, gas, m, acc),
        }
    }
}

/// The header of a block that is reached by falling into it.
pub(super) unsafe fn header(
    ip: *const Op,
    regs: *mut u64,
    mem: *mut u8,
    gas: u64,
    m: *mut Machine<'_>,
    acc: u64,
) -> Status {
    // SAFETY: by the contract; `ip` is a header.
    unsafe { enter(ip, regs, mem, gas, m, acc) }
}

/// A conditional branch.
pub(super) unsafe fn branch<F: semantics::Branch, X: Source, Y: Source>(
    ip: *const Op,
    regs: *mut u64,
    mem: *mut u8,
    gas: u64,
    m: *mut Machine<'_>,
    acc: u64,
) -> Status {
    // SAFETY: by the contract; both successors of a branch are headers.
    unsafe {
        if F::taken(X::get(ip, regs, acc), Y::get(ip, regs, acc)) {
            enter(ip.byte_offset((*ip).imm as isize), regs, mem, gas, m, acc)
        } else {
            enter(ip.add(1), regs, mem, gas, m, acc)
        }
    }
}

/// An instruction that falls through and a conditional branch, fused.
pub(super) unsafe fn one_branch<S: Step, F: semantics::Branch, X: Source, Y: Source>(
    ip: *const Op,
    regs: *mut u64,
    mem: *mut u8,
    gas: u64,
    m: *mut Machine<'_>,
    acc: u64,
) -> Status {
    // SAFETY: by the contract; fusion joins ops of one block only.
    unsafe {
        let acc = match S::step(ip, regs, mem, m, acc) {
            Ok(acc) => acc,
            Err(status) => return pause(ip, regs, status, gas, m, acc),
        };
        let ip = ip.add(1);
        if F::taken(X::get(ip, regs, acc), Y::get(ip, regs, acc)) {
            enter(ip.byte_offset((*ip).imm as isize), regs, mem, gas, m, acc)
        } else {
            enter(ip.add(1), regs, mem, gas, m, acc)
        }
    }
}

/// Two instructions that fall through and a conditional branch, fused: a small loop in one dispatch.
pub(super) unsafe fn two_branch<S: Step, T: Step, F: semantics::Branch, X: Source, Y: Source>(
    ip: *const Op,
    regs: *mut u64,
    mem: *mut u8,
    gas: u64,
    m: *mut Machine<'_>,
    acc: u64,
) -> Status {
    // SAFETY: by the contract; fusion joins ops of one block only.
    unsafe {
        let acc = match S::step(ip, regs, mem, m, acc) {
            Ok(acc) => acc,
            Err(status) => return pause(ip, regs, status, gas, m, acc),
        };
        let acc = match T::step(ip.add(1), regs, mem, m, acc) {
            Ok(acc) => acc,
            Err(status) => return pause(ip.add(1), regs, status, gas, m, acc),
        };
        let ip = ip.add(2);
        if F::taken(X::get(ip, regs, acc), Y::get(ip, regs, acc)) {
            enter(ip.byte_offset((*ip).imm as isize), regs, mem, gas, m, acc)
        } else {
            enter(ip.add(1), regs, mem, gas, m, acc)
        }
    }
}

/// `j`.
pub(super) unsafe fn jump(
    ip: *const Op,
    regs: *mut u64,
    mem: *mut u8,
    gas: u64,
    m: *mut Machine<'_>,
    acc: u64,
) -> Status {
    // SAFETY: by the contract; jumps lead to headers.
    unsafe { enter(ip.byte_offset((*ip).imm as isize), regs, mem, gas, m, acc) }
}

/// `switch`: `imm` is the place of the table, which begins with its length.
pub(super) unsafe fn switch(
    ip: *const Op,
    regs: *mut u64,
    mem: *mut u8,
    gas: u64,
    m: *mut Machine<'_>,
    acc: u64,
) -> Status {
    // SAFETY: by the contract; the table exists, has at least one target, and targets are headers (V-15, V-16).
    unsafe {
        let table = (*m).switches.add((*ip).imm as usize);
        let choice = (*regs.add(usize::from((*ip).b))).min(u64::from(*table) - 1);
        let target = *table.add(1 + choice as usize);
        enter((*m).ops.add(target as usize), regs, mem, gas, m, acc)
    }
}

/// Opens a frame for `N` arguments and enters `target`.
#[inline(always)]
unsafe fn open<const N: usize>(
    target: *const Op,
    ip: *const Op,
    regs: *mut u64,
    mem: *mut u8,
    gas: u64,
    m: *mut Machine<'_>,
    acc: u64,
) -> Status {
    // SAFETY: by the contract; the new frame is at most the last one of the frame stack.
    unsafe {
        let frame = regs.add(FRAME);
        if frame > (*m).last_frame {
            return pause(ip, regs, Status::FramesFull, gas, m, acc);
        }
        *frame.add(SP as usize) = *regs.add(SP as usize);
        let mut argument = A0 as usize;
        while argument < A0 as usize + N {
            *frame.add(argument) = *regs.add(argument);
            argument += 1;
        }
        frame.add(RESUME).cast::<*const Op>().write(ip.add(1));
        enter(target, frame, mem, gas, m, acc)
    }
}

/// `call` of a function with `N` parameters.
pub(super) unsafe fn call<const N: usize>(
    ip: *const Op,
    regs: *mut u64,
    mem: *mut u8,
    gas: u64,
    m: *mut Machine<'_>,
    acc: u64,
) -> Status {
    // SAFETY: by the contract; calls lead to the header of a function's first block.
    unsafe {
        open::<N>(
            ip.byte_offset((*ip).imm as isize),
            ip,
            regs,
            mem,
            gas,
            m,
            acc,
        )
    }
}

/// `callr` with a type of `N` parameters; `imm` is the type.
pub(super) unsafe fn call_indirect<const N: usize>(
    ip: *const Op,
    regs: *mut u64,
    mem: *mut u8,
    gas: u64,
    m: *mut Machine<'_>,
    acc: u64,
) -> Status {
    // SAFETY: by the contract; table entries lead to headers of functions (V-8).
    unsafe {
        let table = (*m).table;
        let index = handle_index(*regs.add(usize::from((*ip).b)));
        match index.and_then(|index| table.get(index)) {
            Some(entry) if entry.signature == (*ip).imm as u32 => {
                open::<N>((*m).ops.add(entry.op as usize), ip, regs, mem, gas, m, acc)
            }
            _ => {
                (*m).trap = Trap::IndirectCall;
                end(Status::Trapped, ip, gas, m)
            }
        }
    }
}

/// `ret` of a function with `N` results.
pub(super) unsafe fn ret<const N: usize>(
    _ip: *const Op,
    regs: *mut u64,
    mem: *mut u8,
    gas: u64,
    m: *mut Machine<'_>,
    acc: u64,
) -> Status {
    // SAFETY: by the contract; there is a frame below, and calls are followed by headers.
    unsafe {
        let frame = regs.sub(FRAME);
        let mut result = A0 as usize;
        while result < A0 as usize + N {
            *frame.add(result) = *regs.add(result);
            result += 1;
        }
        let resume = regs.add(RESUME).cast::<*const Op>().read();
        enter(resume, frame, mem, gas, m, acc)
    }
}

/// Behind the header to which the outermost frame returns.
pub(super) unsafe fn finish(
    ip: *const Op,
    _regs: *mut u64,
    _mem: *mut u8,
    gas: u64,
    m: *mut Machine<'_>,
    _acc: u64,
) -> Status {
    // SAFETY: by the contract.
    unsafe { end(Status::Finished, ip, gas, m) }
}

/// `trap`.
pub(super) unsafe fn trap(
    ip: *const Op,
    _regs: *mut u64,
    _mem: *mut u8,
    gas: u64,
    m: *mut Machine<'_>,
    _acc: u64,
) -> Status {
    // SAFETY: by the contract.
    unsafe {
        (*m).trap = Trap::Explicit((*ip).imm as u32);
        end(Status::Trapped, ip, gas, m)
    }
}
