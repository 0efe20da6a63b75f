//! Handlers of instructions that do real work: 256-bit arithmetic, hashing, bulk memory, syscalls.
//!
//! The work happens in functions that are never inlined, so that the handlers keep nothing on the native stack.
//! Every `unsafe` here rests on the contract of [`super::machine`].

use std::marker::PhantomData;

use super::machine::{Machine, Op, Status, dispatch, end, enter, pause};
use crate::dynamic::Touch;
use crate::isa::register::A0;
use crate::isa::semantics;
use crate::isa::wide::Wide;
use crate::outcome::{Interrupt, Trap};
use crate::program::MEMORY_BASE;
use crate::syscalls::{Control, Guest};

/// Work on memory at a static cost.
pub(super) trait Work {
    /// # Safety
    ///
    /// The contract of [`super::machine`].
    unsafe fn work(
        op: *const Op,
        regs: *mut u64,
        mem: *mut u8,
        m: *mut Machine<'_>,
    ) -> Result<(), OutOfBounds>;
}

/// An operand lies outside of memory.
pub(super) struct OutOfBounds;

/// An instruction that falls through, done out of line.
pub(super) unsafe fn heavy<W: Work>(
    ip: *const Op,
    regs: *mut u64,
    mem: *mut u8,
    gas: u64,
    m: *mut Machine<'_>,
    acc: u64,
) -> Status {
    // SAFETY: by the contract; an op follows one that falls through.
    unsafe {
        match apart::<W>(ip, regs, mem, m) {
            Status::Running => dispatch(ip.add(1), regs, mem, gas, m, acc),
            status => pause(ip, regs, status, gas, m, acc),
        }
    }
}

#[inline(never)]
unsafe fn apart<W: Work>(
    op: *const Op,
    regs: *mut u64,
    mem: *mut u8,
    m: *mut Machine<'_>,
) -> Status {
    // SAFETY: by the contract.
    match unsafe { W::work(op, regs, mem, m) } {
        Ok(()) => Status::Running,
        Err(OutOfBounds) => Status::MemoryFault,
    }
}

/// Reads the 256-bit word whose address is in `register`.
#[inline(always)]
unsafe fn get(
    register: u8,
    regs: *mut u64,
    mem: *mut u8,
    m: *mut Machine<'_>,
) -> Result<Wide, OutOfBounds> {
    // SAFETY: by the contract; the offset is at most the length of memory less 32.
    unsafe {
        let offset = (*regs.add(usize::from(register))).wrapping_sub(u64::from(MEMORY_BASE));
        if offset > (*m).read_limit[4] {
            return Err(OutOfBounds);
        }
        Ok(mem
            .add(offset as usize)
            .cast::<Wide>()
            .read_unaligned()
            .map(u64::from_le))
    }
}

/// Writes `N` limbs to the address in `register`; `limit` is that for `8 * N` bytes.
#[inline(always)]
unsafe fn put<const N: usize>(
    register: u8,
    value: [u64; N],
    regs: *mut u64,
    mem: *mut u8,
    m: *mut Machine<'_>,
) -> Result<(), OutOfBounds> {
    // SAFETY: by the contract; the offset is at most the length of memory less the size of the value.
    unsafe {
        let offset = (*regs.add(usize::from(register))).wrapping_sub(u64::from(MEMORY_BASE));
        let limit = (*m).write_limit[if N == 4 { 4 } else { 5 }];
        if offset.wrapping_sub((*m).writable) > limit {
            return Err(OutOfBounds);
        }
        mem.add(offset as usize)
            .cast::<[u64; N]>()
            .write_unaligned(value.map(u64::to_le));
    }
    Ok(())
}

/// One type per shape of 256-bit instruction.
macro_rules! work {
    ($(#[$doc:meta] $name:ident<$f:ident: $trait:ident>($op:ident, $regs:ident, $mem:ident, $m:ident) $body:block)*) => {
        $(
            #[$doc]
            pub(super) struct $name<F>(PhantomData<F>);

            impl<$f: semantics::$trait> Work for $name<$f> {
                #[inline(always)]
                unsafe fn work(
                    $op: *const Op,
                    $regs: *mut u64,
                    $mem: *mut u8,
                    $m: *mut Machine<'_>,
                ) -> Result<(), OutOfBounds> {
                    // SAFETY: by the contract.
                    unsafe { $body }
                }
            }
        )*
    };
}

work! {
    /// `wide[a] <- F(wide[b], wide[c])`.
    WideBinary<F: WideBinary>(op, regs, mem, m) {
        put((*op).a, F::eval(get((*op).b, regs, mem, m)?, get((*op).c, regs, mem, m)?), regs, mem, m)
    }
    /// `wide[a] <- F(wide[b], wide[c], wide[d])`.
    WideTernary<F: WideTernary>(op, regs, mem, m) {
        let (x, y, z) = (get((*op).b, regs, mem, m)?, get((*op).c, regs, mem, m)?, get((*op).d, regs, mem, m)?);
        put((*op).a, F::eval(x, y, z), regs, mem, m)
    }
    /// `wide[a] <- F(wide[b], c)`.
    WideShift<F: WideShift>(op, regs, mem, m) {
        put((*op).a, F::eval(get((*op).b, regs, mem, m)?, *regs.add(usize::from((*op).c))), regs, mem, m)
    }
    /// `a <- F(wide[b], wide[c])`.
    WideCompare<F: WideCompare>(op, regs, mem, m) {
        let ordering = F::eval(get((*op).b, regs, mem, m)?, get((*op).c, regs, mem, m)?);
        *regs.add(usize::from((*op).a)) = ordering;
        Ok(())
    }
    /// `wide[a] <- F(wide[b])`.
    WideUnary<F: WideUnary>(op, regs, mem, m) {
        put((*op).a, F::eval(get((*op).b, regs, mem, m)?), regs, mem, m)
    }
    /// `wide[a] <- F(b)`.
    WideExtend<F: WideExtend>(op, regs, mem, m) {
        put((*op).a, F::eval(*regs.add(usize::from((*op).b))), regs, mem, m)
    }
    /// `64 bytes at a <- F(wide[b], wide[c])`.
    WideProduct<F: WideProduct>(op, regs, mem, m) {
        put((*op).a, F::eval(get((*op).b, regs, mem, m)?, get((*op).c, regs, mem, m)?), regs, mem, m)
    }
}

/// Work that charges gas or may move memory; the block ends behind it.
pub(super) trait Effect {
    /// Whether it can be tried again with more gas when it runs out of gas.
    const REPEATS: bool = true;

    /// # Safety
    ///
    /// The contract of [`super::machine`], but for `mem`, which this may outdate.
    unsafe fn effect(op: *const Op, regs: *mut u64, m: *mut Machine<'_>) -> Result<(), Interrupt>;
}

/// An instruction of dynamic cost.
pub(super) unsafe fn effect<E: Effect>(
    ip: *const Op,
    regs: *mut u64,
    _mem: *mut u8,
    gas: u64,
    m: *mut Machine<'_>,
    acc: u64,
) -> Status {
    // SAFETY: by the contract; a header follows an instruction that ends its block.
    unsafe {
        (*m).gas = gas;
        match effect_apart::<E>(ip, regs, m) {
            Status::Running => {
                let mem = (&mut *m).base();
                enter(ip.add(1), regs, mem, (*m).gas, m, acc)
            }
            Status::OutOfGas if E::REPEATS => pause(ip, regs, Status::OutOfGas, (*m).gas, m, acc),
            status => end(status, ip, (*m).gas, m),
        }
    }
}

#[inline(never)]
unsafe fn effect_apart<E: Effect>(op: *const Op, regs: *mut u64, m: *mut Machine<'_>) -> Status {
    // SAFETY: by the contract.
    match unsafe { E::effect(op, regs, m) } {
        Ok(()) => Status::Running,
        Err(Interrupt::Stopped) => Status::Stopped,
        Err(Interrupt::OutOfGas) => Status::OutOfGas,
        Err(Interrupt::Trapped(trap)) => {
            // SAFETY: `m` is live and accessed by nobody else.
            unsafe { (*m).trap = trap };
            Status::Trapped
        }
        Err(Interrupt::NoMemory) => Status::NoMemory,
    }
}

/// The three register operands of an op, and what the shared code works on.
#[inline(always)]
unsafe fn operands<'m>(
    op: *const Op,
    regs: *mut u64,
    m: *mut Machine<'m>,
) -> (u64, u64, u64, Touch<'m>) {
    // SAFETY: by the contract; the caller lets go of the borrow before it touches the machine again.
    unsafe {
        let register = |number: u8| *regs.add(usize::from(number));
        let machine = &mut *m;
        let schedule = &machine.program.config().gas_schedule;
        let touch = Touch {
            memory: &mut machine.memory,
            gas: &mut machine.gas,
            schedule,
        };
        (
            register((*op).a),
            register((*op).b),
            register((*op).c),
            touch,
        )
    }
}

/// `u256.exp`.
pub(super) struct Power;
/// `keccak256`.
pub(super) struct Keccak256;
/// `sha256`.
pub(super) struct Sha256;
/// `mem.copy`.
pub(super) struct Copy;
/// `mem.fill`.
pub(super) struct Fill;
/// `heap.grow`.
pub(super) struct Grow;
/// `sys`.
pub(super) struct Sys;

macro_rules! effects {
    ($($name:ident |$to:ident, $x:ident, $y:ident, $touch:ident| $body:expr;)*) => {
        $(
            impl Effect for $name {
                unsafe fn effect(op: *const Op, regs: *mut u64, m: *mut Machine<'_>) -> Result<(), Interrupt> {
                    // SAFETY: by the contract.
                    #[allow(unused_mut)]
                    let ($to, $x, $y, mut $touch) = unsafe { operands(op, regs, m) };
                    $body
                }
            }
        )*
    };
}

effects! {
    Power |to, base, exponent, touch| touch.power(to, base, exponent);
    Keccak256 |to, from, length, touch| {
        touch.hash::<semantics::op::Keccak256>(touch.schedule.keccak256(length), to, from, length)
    };
    Sha256 |to, from, length, touch| {
        touch.hash::<semantics::op::Sha256>(touch.schedule.sha256(length), to, from, length)
    };
    Copy |to, from, length, touch| touch.copy(to, from, length);
    Fill |to, byte, length, touch| touch.fill(to, byte, length);
}

impl Effect for Grow {
    unsafe fn effect(op: *const Op, regs: *mut u64, m: *mut Machine<'_>) -> Result<(), Interrupt> {
        // SAFETY: by the contract.
        unsafe {
            let (_, pages, _, mut touch) = operands(op, regs, m);
            let limit = (*m).syscalls.page_limit();
            *regs.add(usize::from((*op).a)) = touch.grow(pages, limit)?;
            (&mut *m).renew();
        }
        Ok(())
    }
}

impl Effect for Sys {
    const REPEATS: bool = false;

    unsafe fn effect(op: *const Op, regs: *mut u64, m: *mut Machine<'_>) -> Result<(), Interrupt> {
        // SAFETY: by the contract; the import exists (V-15), and nothing else borrows the machine meanwhile.
        let (machine, import) = unsafe {
            let import = (*m).imports[(*op).imm as usize];
            (&mut *m, import)
        };
        let mut arguments = [0; 6];
        for (index, argument) in arguments
            .iter_mut()
            .enumerate()
            .take(usize::from(import.signature.parameters))
        {
            // SAFETY: a frame has 32 registers, and a syscall at most six parameters (V-5).
            *argument = unsafe { *regs.add(usize::from(A0) + index) };
        }
        let mut guest = Guest {
            memory: &mut machine.memory,
            gas: &mut machine.gas,
        };
        match machine.syscalls.call(import.number, arguments, &mut guest) {
            Control::Continue(value) => {
                if import.signature.results == 1 {
                    // SAFETY: a frame has 32 registers.
                    unsafe { *regs.add(usize::from(A0)) = value };
                }
                Ok(())
            }
            Control::Stop => Err(Interrupt::Stopped),
            Control::OutOfGas => Err(Interrupt::OutOfGas),
            Control::Trap => Err(Interrupt::Trapped(Trap::Syscall)),
        }
    }
}
