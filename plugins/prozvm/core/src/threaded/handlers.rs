//! Handlers: what ops point to.
//!
//! A handler must keep nothing on the native stack that outlives its last call, or that call would not become a jump;
//! so whatever needs locals in memory happens in functions that are never inlined and give back a [`Status`].
//! Every `unsafe` here rests on the contract of [`super::machine`].

use std::marker::PhantomData;

use super::machine::{FRAME, Machine, Op, RESUME, Status, dispatch, end, enter, pause};
use super::step::{Failed, Run, Source, Values};
use crate::isa::register::{A0, SP};
use crate::isa::semantics;
use crate::outcome::Trap;
use crate::program::handle_index;

/// One instruction that falls through; copies differ in their address only.
pub(super) unsafe fn one<R: Run, const COPY: u8>(
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
        several::<R>(ip, regs, mem, gas, m, acc)
    }
}

/// Several instructions that fall through, fused.
#[inline(always)]
pub(super) unsafe fn several<R: Run>(
    ip: *const Op,
    regs: *mut u64,
    mem: *mut u8,
    gas: u64,
    m: *mut Machine<'_>,
    acc: u64,
) -> Status {
    // SAFETY: by the contract; fusion joins ops of one block only.
    unsafe {
        match R::run(ip, regs, mem, m, Values::new(acc)) {
            Ok(values) => dispatch(ip.add(R::LENGTH), regs, mem, gas, m, values.acc),
            Err(Failed { ip, status, acc }) => pause(ip, regs, status, gas, m, acc),
        }
    }
}

/// Instructions that fall through and one that leaves the block, fused.
pub(super) unsafe fn leaving<R: Run, L: Leave>(
    ip: *const Op,
    regs: *mut u64,
    mem: *mut u8,
    gas: u64,
    m: *mut Machine<'_>,
    acc: u64,
) -> Status {
    // SAFETY: by the contract; fusion joins ops of one block only.
    unsafe {
        match R::run(ip, regs, mem, m, Values::new(acc)) {
            Ok(values) => L::leave(ip.add(R::LENGTH), regs, mem, gas, m, values),
            Err(Failed { ip, status, acc }) => pause(ip, regs, status, gas, m, acc),
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

/// How control leaves a block.
pub(super) trait Leave {
    /// # Safety
    ///
    /// The contract of [`super::machine`].
    unsafe fn leave(
        ip: *const Op,
        regs: *mut u64,
        mem: *mut u8,
        gas: u64,
        m: *mut Machine<'_>,
        values: Values,
    ) -> Status;
}

/// A conditional branch on operands from `A` and `B`.
pub(super) struct Branch<F, A, B>(PhantomData<(F, A, B)>);

impl<F: semantics::Branch, A: Source, B: Source> Leave for Branch<F, A, B> {
    #[inline(always)]
    unsafe fn leave(
        ip: *const Op,
        regs: *mut u64,
        mem: *mut u8,
        gas: u64,
        m: *mut Machine<'_>,
        values: Values,
    ) -> Status {
        // SAFETY: by the contract; both successors of a branch are headers.
        unsafe {
            if F::taken(
                A::get((*ip).b, regs, &values),
                B::get((*ip).c, regs, &values),
            ) {
                enter(
                    ip.byte_offset((*ip).imm as isize),
                    regs,
                    mem,
                    gas,
                    m,
                    values.acc,
                )
            } else {
                enter(ip.add(1), regs, mem, gas, m, values.acc)
            }
        }
    }
}

/// `j`.
pub(super) struct Jump;

impl Leave for Jump {
    #[inline(always)]
    unsafe fn leave(
        ip: *const Op,
        regs: *mut u64,
        mem: *mut u8,
        gas: u64,
        m: *mut Machine<'_>,
        values: Values,
    ) -> Status {
        // SAFETY: by the contract; jumps lead to headers.
        unsafe {
            enter(
                ip.byte_offset((*ip).imm as isize),
                regs,
                mem,
                gas,
                m,
                values.acc,
            )
        }
    }
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

/// `call` of a function with at most `N` parameters.
pub(super) struct Call<const N: usize>;

impl<const N: usize> Leave for Call<N> {
    #[inline(always)]
    unsafe fn leave(
        ip: *const Op,
        regs: *mut u64,
        mem: *mut u8,
        gas: u64,
        m: *mut Machine<'_>,
        values: Values,
    ) -> Status {
        // SAFETY: by the contract; calls lead to the header of a function's first block.
        unsafe {
            let target = ip.byte_offset((*ip).imm as isize);
            open::<N>(target, ip, regs, mem, gas, m, values.acc)
        }
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
pub(super) struct Return<const N: usize>;

impl<const N: usize> Leave for Return<N> {
    #[inline(always)]
    unsafe fn leave(
        _ip: *const Op,
        regs: *mut u64,
        mem: *mut u8,
        gas: u64,
        m: *mut Machine<'_>,
        values: Values,
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
            enter(resume, frame, mem, gas, m, values.acc)
        }
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
