//! Straight-line instructions as types, so that handlers for one, or for a fused pair, are made from the same code.
//!
//! Every `unsafe` here rests on the contract of [`super::machine`].

use std::marker::PhantomData;

use super::machine::{Machine, Op, Status, limit_index};
use crate::isa::semantics;

/// An instruction that falls through. Gives the new `acc`: the value written to a register, or the old one.
pub(super) trait Step {
    /// # Safety
    ///
    /// The contract of [`super::machine`].
    unsafe fn step(
        op: *const Op,
        regs: *mut u64,
        mem: *mut u8,
        m: *mut Machine<'_>,
        acc: u64,
    ) -> Result<u64, Status>;
}

/// Where an operand comes from.
pub(super) trait Source {
    /// # Safety
    ///
    /// The contract of [`super::machine`]; for [`Acc`], `acc` holds the register that the instruction names.
    unsafe fn get(op: *const Op, regs: *mut u64, acc: u64) -> u64;
}

/// The register in field `b`.
pub(super) struct RegB;
/// The register in field `c`.
pub(super) struct RegC;
/// The immediate.
pub(super) struct Imm;
/// The value that the op before wrote.
pub(super) struct Acc;

impl Source for RegB {
    #[inline(always)]
    unsafe fn get(op: *const Op, regs: *mut u64, _acc: u64) -> u64 {
        // SAFETY: register numbers are below 32, and a frame has so many words.
        unsafe { *regs.add(usize::from((*op).b)) }
    }
}

impl Source for RegC {
    #[inline(always)]
    unsafe fn get(op: *const Op, regs: *mut u64, _acc: u64) -> u64 {
        // SAFETY: register numbers are below 32, and a frame has so many words.
        unsafe { *regs.add(usize::from((*op).c)) }
    }
}

impl Source for Imm {
    #[inline(always)]
    unsafe fn get(op: *const Op, _regs: *mut u64, _acc: u64) -> u64 {
        // SAFETY: `op` points to an op.
        unsafe { (*op).imm as u64 }
    }
}

impl Source for Acc {
    #[inline(always)]
    unsafe fn get(_op: *const Op, _regs: *mut u64, acc: u64) -> u64 {
        acc
    }
}

/// Writes field `a`'s register and gives the value as the new `acc`.
///
/// # Safety
///
/// The contract of [`super::machine`].
#[inline(always)]
pub(super) unsafe fn set(op: *const Op, regs: *mut u64, value: u64) -> u64 {
    // SAFETY: register numbers are below 32, and a frame has so many words. Verified code never names register 0 as
    // a destination (V-13), so its word stays zero.
    unsafe { *regs.add(usize::from((*op).a)) = value };
    value
}

/// `a <- F(X, Y)`.
pub(super) struct Binary<F, X, Y>(PhantomData<(F, X, Y)>);

impl<F: semantics::Binary, X: Source, Y: Source> Step for Binary<F, X, Y> {
    #[inline(always)]
    unsafe fn step(
        op: *const Op,
        regs: *mut u64,
        _: *mut u8,
        _: *mut Machine<'_>,
        acc: u64,
    ) -> Result<u64, Status> {
        // SAFETY: by the contract.
        unsafe {
            Ok(set(
                op,
                regs,
                F::eval(X::get(op, regs, acc), Y::get(op, regs, acc)),
            ))
        }
    }
}

/// `a <- F(X)`.
pub(super) struct Unary<F, X>(PhantomData<(F, X)>);

impl<F: semantics::Unary, X: Source> Step for Unary<F, X> {
    #[inline(always)]
    unsafe fn step(
        op: *const Op,
        regs: *mut u64,
        _: *mut u8,
        _: *mut Machine<'_>,
        acc: u64,
    ) -> Result<u64, Status> {
        // SAFETY: by the contract.
        unsafe { Ok(set(op, regs, F::eval(X::get(op, regs, acc)))) }
    }
}

/// `a <- imm`.
pub(super) struct LoadImmediate;

impl Step for LoadImmediate {
    #[inline(always)]
    unsafe fn step(
        op: *const Op,
        regs: *mut u64,
        _: *mut u8,
        _: *mut Machine<'_>,
        _: u64,
    ) -> Result<u64, Status> {
        // SAFETY: by the contract.
        unsafe { Ok(set(op, regs, (*op).imm as u64)) }
    }
}

/// `a <- constants[imm]`.
pub(super) struct LoadConstant;

impl Step for LoadConstant {
    #[inline(always)]
    unsafe fn step(
        op: *const Op,
        regs: *mut u64,
        _: *mut u8,
        m: *mut Machine<'_>,
        _: u64,
    ) -> Result<u64, Status> {
        // SAFETY: by the contract; the constant exists (V-15).
        unsafe { Ok(set(op, regs, *(*m).constants.add((*op).imm as usize))) }
    }
}

/// `a <- memory[X + imm]`; `imm` already counts from the memory base.
pub(super) struct Load<F, X>(PhantomData<(F, X)>);

impl<F: semantics::Load, X: Source> Step for Load<F, X> {
    #[inline(always)]
    unsafe fn step(
        op: *const Op,
        regs: *mut u64,
        mem: *mut u8,
        m: *mut Machine<'_>,
        acc: u64,
    ) -> Result<u64, Status> {
        // SAFETY: by the contract; the offset is at most the length of memory less the size of the access.
        unsafe {
            let offset = X::get(op, regs, acc).wrapping_add((*op).imm as u64);
            if offset > (*m).read_limit[limit_index(F::SIZE)] {
                return Err(Status::MemoryFault);
            }
            let from = mem.add(offset as usize);
            let raw = match F::SIZE {
                1 => u64::from(*from),
                2 => u64::from(u16::from_le(from.cast::<u16>().read_unaligned())),
                4 => u64::from(u32::from_le(from.cast::<u32>().read_unaligned())),
                _ => u64::from_le(from.cast::<u64>().read_unaligned()),
            };
            Ok(set(op, regs, F::extend(raw)))
        }
    }
}

/// `memory[X + imm] <- Y`; `imm` already counts from the memory base.
pub(super) struct Store<F, X, Y>(PhantomData<(F, X, Y)>);

impl<F: semantics::Store, X: Source, Y: Source> Step for Store<F, X, Y> {
    #[inline(always)]
    unsafe fn step(
        op: *const Op,
        regs: *mut u64,
        mem: *mut u8,
        m: *mut Machine<'_>,
        acc: u64,
    ) -> Result<u64, Status> {
        // SAFETY: by the contract; the offset is at most the length of memory less the size of the access.
        unsafe {
            let offset = X::get(op, regs, acc).wrapping_add((*op).imm as u64);
            if offset.wrapping_sub((*m).writable) > (*m).write_limit[limit_index(F::SIZE)] {
                return Err(Status::MemoryFault);
            }
            let value = Y::get(op, regs, acc);
            let to = mem.add(offset as usize);
            match F::SIZE {
                1 => *to = value as u8,
                2 => to.cast::<u16>().write_unaligned((value as u16).to_le()),
                4 => to.cast::<u32>().write_unaligned((value as u32).to_le()),
                _ => to.cast::<u64>().write_unaligned(value.to_le()),
            }
            Ok(acc)
        }
    }
}
