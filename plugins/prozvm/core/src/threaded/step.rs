//! Straight-line instructions as types, so that handlers for one, or for a fused pair, are made from the same code.
//!
//! Every `unsafe` here rests on the contract of [`super::machine`].

use std::marker::PhantomData;

use super::machine::{Machine, Op, Status, limit_index};
use crate::isa::semantics;

/// An instruction that falls through, given its operands.
pub(super) trait Step {
    /// Whether it writes the register in field `a`.
    const WRITES: bool = true;

    /// Gives the value to write; any, if it writes none.
    ///
    /// # Safety
    ///
    /// The contract of [`super::machine`].
    unsafe fn step(
        op: *const Op,
        x: u64,
        y: u64,
        mem: *mut u8,
        m: *mut Machine<'_>,
    ) -> Result<u64, Status>;
}

/// What the instructions of one handler know, which stays in registers of the processor.
#[derive(Clone, Copy)]
pub(super) struct Values {
    /// The value last written to a register.
    pub(super) acc: u64,
    /// Operands of the first two instructions.
    x: [u64; 2],
    y: [u64; 2],
    /// Results of the first two instructions.
    made: [u64; 2],
}

impl Values {
    #[inline(always)]
    pub(super) const fn new(acc: u64) -> Self {
        Self {
            acc,
            x: [0; 2],
            y: [0; 2],
            made: [0; 2],
        }
    }
}

/// Where an operand comes from.
pub(super) trait Source {
    /// # Safety
    ///
    /// The contract of [`super::machine`]; a value other than that of the frame is that of the register.
    unsafe fn get(register: u8, regs: *mut u64, values: &Values) -> u64;
}

/// The register of the frame.
pub(super) struct Own;
/// The register that is always zero.
pub(super) struct Zero;
/// The value that the op before the handler's wrote.
pub(super) struct Acc;
/// The first operand of instruction `N` of the handler.
pub(super) struct X<const N: usize>;
/// The second operand of instruction `N` of the handler.
pub(super) struct Y<const N: usize>;
/// The result of instruction `N` of the handler.
pub(super) struct Made<const N: usize>;

macro_rules! sources {
    ($([$($n:ident)?] $source:ty: |$values:ident| $value:expr;)*) => {
        $(impl$(<const $n: usize>)? Source for $source {
            #[inline(always)]
            unsafe fn get(_: u8, _: *mut u64, $values: &Values) -> u64 {
                $value
            }
        })*
    };
}

sources! {
    [] Zero: |_values| 0;
    [] Acc: |values| values.acc;
    [N] X<N>: |values| values.x[N];
    [N] Y<N>: |values| values.y[N];
    [N] Made<N>: |values| values.made[N];
}

impl Source for Own {
    #[inline(always)]
    unsafe fn get(register: u8, regs: *mut u64, _: &Values) -> u64 {
        // SAFETY: register numbers are below 32, and a frame has so many words.
        unsafe { *regs.add(usize::from(register)) }
    }
}

/// Instructions that fall through, one behind the other.
pub(super) trait Run {
    /// How many.
    const LENGTH: usize;

    /// Executes them.
    ///
    /// # Safety
    ///
    /// The contract of [`super::machine`].
    unsafe fn run(
        ip: *const Op,
        regs: *mut u64,
        mem: *mut u8,
        m: *mut Machine<'_>,
        values: Values,
    ) -> Result<Values, Failed>;
}

/// An instruction that could not be done, with what `acc` was before it.
pub(super) struct Failed {
    pub(super) ip: *const Op,
    pub(super) status: Status,
    pub(super) acc: u64,
}

/// No instruction.
pub(super) struct Nothing;

/// Instructions and one more, with its operands from `A` and `B`.
pub(super) struct Then<R, S, A, B>(PhantomData<(R, S, A, B)>);

impl Run for Nothing {
    const LENGTH: usize = 0;

    #[inline(always)]
    unsafe fn run(
        _: *const Op,
        _: *mut u64,
        _: *mut u8,
        _: *mut Machine<'_>,
        values: Values,
    ) -> Result<Values, Failed> {
        Ok(values)
    }
}

impl<R: Run, S: Step, A: Source, B: Source> Run for Then<R, S, A, B> {
    const LENGTH: usize = R::LENGTH + 1;

    #[inline(always)]
    unsafe fn run(
        ip: *const Op,
        regs: *mut u64,
        mem: *mut u8,
        m: *mut Machine<'_>,
        values: Values,
    ) -> Result<Values, Failed> {
        // SAFETY: by the contract; fusion joins ops of one block only. Register numbers are below 32, and a frame has
        // so many words. Verified code never names register 0 as a destination (V-13), so its word stays zero.
        unsafe {
            let mut values = R::run(ip, regs, mem, m, values)?;
            let op = ip.add(R::LENGTH);
            let x = A::get((*op).b, regs, &values);
            if R::LENGTH < 2 {
                values.x[R::LENGTH] = x;
            }
            let y = B::get((*op).c, regs, &values);
            match S::step(op, x, y, mem, m) {
                Ok(value) if S::WRITES => {
                    *regs.add(usize::from((*op).a)) = value;
                    values.acc = value;
                    if R::LENGTH < 2 {
                        values.y[R::LENGTH] = y;
                        values.made[R::LENGTH] = value;
                    }
                }
                Ok(_) => {
                    if R::LENGTH < 2 {
                        values.y[R::LENGTH] = y;
                    }
                }
                Err(status) => {
                    return Err(Failed {
                        ip: op,
                        status,
                        acc: values.acc,
                    });
                }
            }
            Ok(values)
        }
    }
}

/// `a <- F(x, y)`.
pub(super) struct Binary<F>(PhantomData<F>);

/// `a <- F(x, imm)`.
pub(super) struct Immediate<F>(PhantomData<F>);

/// `a <- F(x)`.
pub(super) struct Unary<F>(PhantomData<F>);

/// `a <- imm`.
pub(super) struct LoadImmediate;

/// `a <- constants[imm]`.
pub(super) struct LoadConstant;

/// `a <- memory[x + imm]`; `imm` already counts from the memory base.
pub(super) struct Load<F>(PhantomData<F>);

/// `memory[x + imm] <- y`; `imm` already counts from the memory base.
pub(super) struct Store<F>(PhantomData<F>);

macro_rules! steps {
    ($([$($f:ident: $trait:ident)?] $step:ty: |$op:ident, $x:ident, $y:ident, $m:ident| $value:expr;)*) => {
        $(impl$(<$f: semantics::$trait>)? Step for $step {
            #[inline(always)]
            unsafe fn step(
                $op: *const Op,
                $x: u64,
                $y: u64,
                _: *mut u8,
                $m: *mut Machine<'_>,
            ) -> Result<u64, Status> {
                // SAFETY: by the contract; a constant that is named exists (V-15).
                #[allow(unused_unsafe)]
                Ok(unsafe { $value })
            }
        })*
    };
}

steps! {
    [F: Binary] Binary<F>: |_op, x, y, _m| F::eval(x, y);
    [F: Binary] Immediate<F>: |op, x, _y, _m| F::eval(x, (*op).imm as u64);
    [F: Unary] Unary<F>: |_op, x, _y, _m| F::eval(x);
    [] LoadImmediate: |op, _x, _y, _m| (*op).imm as u64;
    [] LoadConstant: |op, _x, _y, m| *(*m).constants.add((*op).imm as usize);
}

impl<F: semantics::Load> Step for Load<F> {
    #[inline(always)]
    unsafe fn step(
        op: *const Op,
        x: u64,
        _: u64,
        mem: *mut u8,
        m: *mut Machine<'_>,
    ) -> Result<u64, Status> {
        // SAFETY: by the contract; the offset is at most the length of memory less the size of the access.
        unsafe {
            let offset = x.wrapping_add((*op).imm as u64);
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
            Ok(F::extend(raw))
        }
    }
}

impl<F: semantics::Store> Step for Store<F> {
    const WRITES: bool = false;

    #[inline(always)]
    unsafe fn step(
        op: *const Op,
        x: u64,
        y: u64,
        mem: *mut u8,
        m: *mut Machine<'_>,
    ) -> Result<u64, Status> {
        // SAFETY: by the contract; the offset is at most the length of memory less the size of the access.
        unsafe {
            let offset = x.wrapping_add((*op).imm as u64);
            if offset.wrapping_sub((*m).writable) > (*m).write_limit[limit_index(F::SIZE)] {
                return Err(Status::MemoryFault);
            }
            let to = mem.add(offset as usize);
            match F::SIZE {
                1 => *to = y as u8,
                2 => to.cast::<u16>().write_unaligned((y as u16).to_le()),
                4 => to.cast::<u32>().write_unaligned((y as u32).to_le()),
                _ => to.cast::<u64>().write_unaligned(y.to_le()),
            }
            Ok(0)
        }
    }
}
