//! Semantics of the 64-bit instructions that need more than one operator.
//!
//! Spec: RISC-V unprivileged ISA, chapters M and B: division never traps.

/// Sign-extends the low 32 bits.
#[inline(always)]
pub(crate) const fn word(value: u64) -> u64 {
    value as i32 as u64
}

/// Divides signed; by zero gives all ones, overflow gives the dividend.
#[inline(always)]
pub(crate) const fn div(a: u64, b: u64) -> u64 {
    if b == 0 {
        u64::MAX
    } else {
        (a as i64).wrapping_div(b as i64) as u64
    }
}

/// Divides unsigned; by zero gives all ones.
#[inline(always)]
pub(crate) const fn divu(a: u64, b: u64) -> u64 {
    match a.checked_div(b) {
        Some(quotient) => quotient,
        None => u64::MAX,
    }
}

/// Remainder of the signed division; by zero gives the dividend, overflow gives zero.
#[inline(always)]
pub(crate) const fn rem(a: u64, b: u64) -> u64 {
    if b == 0 {
        a
    } else {
        (a as i64).wrapping_rem(b as i64) as u64
    }
}

/// Remainder of the unsigned division; by zero gives the dividend.
#[inline(always)]
pub(crate) const fn remu(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { a % b }
}

/// [`div`] on the low 32 bits, sign-extended.
#[inline(always)]
pub(crate) const fn divw(a: u64, b: u64) -> u64 {
    if b as i32 == 0 {
        u64::MAX
    } else {
        (a as i32).wrapping_div(b as i32) as u64
    }
}

/// [`divu`] on the low 32 bits, sign-extended.
#[inline(always)]
pub(crate) const fn divuw(a: u64, b: u64) -> u64 {
    match (a as u32).checked_div(b as u32) {
        Some(quotient) => quotient as i32 as u64,
        None => u64::MAX,
    }
}

/// [`rem`] on the low 32 bits, sign-extended.
#[inline(always)]
pub(crate) const fn remw(a: u64, b: u64) -> u64 {
    if b as i32 == 0 {
        word(a)
    } else {
        (a as i32).wrapping_rem(b as i32) as u64
    }
}

/// [`remu`] on the low 32 bits, sign-extended.
#[inline(always)]
pub(crate) const fn remuw(a: u64, b: u64) -> u64 {
    if b as u32 == 0 {
        word(a)
    } else {
        ((a as u32) % (b as u32)) as i32 as u64
    }
}

/// Sets every byte that is not zero to all ones.
#[inline(always)]
pub(crate) const fn orc_b(a: u64) -> u64 {
    // Bit 7 of each byte tells whether the byte is non-zero; multiplication spreads it.
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let any = ((((a & LOW).wrapping_add(LOW)) | a) & !LOW) >> 7;
    any.wrapping_mul(0xff)
}
