//! The registers of a frame: numbers, roles in a call, names.
//!
//! Spec: P-1, P-2, P-3.

/// Registers of a frame.
pub const REGISTERS: usize = 32;
/// The register that is always zero.
pub const ZERO: u8 = 0;
/// The stack pointer, handed to every callee.
pub const SP: u8 = 2;
/// The first argument and first result register; arguments follow it.
pub const A0: u8 = 10;
/// Most parameters a function can have.
pub const MAX_PARAMETERS: u8 = 8;
/// Most results a function can have.
pub const MAX_RESULTS: u8 = 2;
/// Most arguments a syscall can have.
pub const MAX_SYSCALL_ARGUMENTS: u8 = 6;

const NAMES: [&str; REGISTERS] = [
    "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4",
    "a5", "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4",
    "t5", "t6",
];

/// Gives the name that the text form uses, `zero`…`t6`.
pub fn register_name(register: u8) -> &'static str {
    NAMES.get(usize::from(register)).copied().unwrap_or("?")
}

/// Finds a register by its name (`a0`, `sp`, `fp`) or number (`r10`, `x10`).
pub fn register_number(name: &str) -> Option<u8> {
    if name == "fp" {
        return Some(8);
    }
    if let Some(index) = NAMES.iter().position(|&known| known == name) {
        return u8::try_from(index).ok();
    }
    let digits = name.strip_prefix('r').or_else(|| name.strip_prefix('x'))?;
    let canonical = digits.len() == 1 || !digits.starts_with('0');
    digits
        .parse()
        .ok()
        .filter(|&number: &u8| canonical && usize::from(number) < REGISTERS)
}

/// The registers `a0`… of the first `count` arguments, as a bit set.
pub(crate) const fn argument_mask(count: u8) -> u32 {
    ((1 << count as u32) - 1) << A0
}
