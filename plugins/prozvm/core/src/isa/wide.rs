//! Semantics of the 256-bit instructions, on four little-endian 64-bit limbs.
//!
//! Invariant: total. Division and reduction by zero give zero, as in the EVM.
//! Spec: I-20 to I-32.

use ruint::aliases::U256;

/// A 256-bit word, least significant limb first.
pub(crate) type Wide = [u64; 4];

/// Applies a bitwise operator limb by limb.
#[inline(always)]
pub(crate) fn zip(a: Wide, b: Wide, f: impl Fn(u64, u64) -> u64) -> Wide {
    [f(a[0], b[0]), f(a[1], b[1]), f(a[2], b[2]), f(a[3], b[3])]
}

/// Adds modulo 2^256.
#[inline(always)]
pub(crate) fn add(a: Wide, b: Wide) -> Wide {
    add_carry(a, b).0
}

#[inline(always)]
fn add_carry(a: Wide, b: Wide) -> (Wide, bool) {
    let (r0, c) = a[0].carrying_add_(b[0], false);
    let (r1, c) = a[1].carrying_add_(b[1], c);
    let (r2, c) = a[2].carrying_add_(b[2], c);
    let (r3, c) = a[3].carrying_add_(b[3], c);
    ([r0, r1, r2, r3], c)
}

/// Subtracts modulo 2^256.
#[inline(always)]
pub(crate) fn sub(a: Wide, b: Wide) -> Wide {
    sub_borrow(a, b).0
}

#[inline(always)]
fn sub_borrow(a: Wide, b: Wide) -> (Wide, bool) {
    let (r0, c) = a[0].borrowing_sub_(b[0], false);
    let (r1, c) = a[1].borrowing_sub_(b[1], c);
    let (r2, c) = a[2].borrowing_sub_(b[2], c);
    let (r3, c) = a[3].borrowing_sub_(b[3], c);
    ([r0, r1, r2, r3], c)
}

/// Multiplies modulo 2^256.
#[inline(always)]
pub(crate) fn mul(a: Wide, b: Wide) -> Wide {
    let mut low = [0; 4];
    for i in 0..4 {
        let mut carry = 0;
        for j in 0..4 - i {
            (low[i + j], carry) = multiply_add(a[i], b[j], low[i + j], carry);
        }
    }
    low
}

/// Multiplies in full; the result has eight limbs.
#[inline(always)]
pub(crate) fn product(a: Wide, b: Wide) -> [u64; 8] {
    let mut full = [0; 8];
    for i in 0..4 {
        let mut carry = 0;
        for j in 0..4 {
            (full[i + j], carry) = multiply_add(a[i], b[j], full[i + j], carry);
        }
        full[i + 4] = carry;
    }
    full
}

/// `a * b + c + d` as low and high limb; cannot overflow.
#[inline(always)]
const fn multiply_add(a: u64, b: u64, c: u64, d: u64) -> (u64, u64) {
    let sum = a as u128 * b as u128 + c as u128 + d as u128;
    (sum as u64, (sum >> 64) as u64)
}

/// Divides unsigned; by zero gives zero.
pub(crate) fn div(a: Wide, b: Wide) -> Wide {
    uint(a)
        .checked_div(uint(b))
        .unwrap_or_default()
        .into_limbs()
}

/// Remainder of the unsigned division; by zero gives zero.
pub(crate) fn rem(a: Wide, b: Wide) -> Wide {
    uint(a)
        .checked_rem(uint(b))
        .unwrap_or_default()
        .into_limbs()
}

/// Divides in two's complement, towards zero; by zero gives zero, overflow gives the dividend.
pub(crate) fn sdiv(a: Wide, b: Wide) -> Wide {
    let quotient = div(magnitude(a), magnitude(b));
    if is_negative(a) == is_negative(b) {
        quotient
    } else {
        negate(quotient)
    }
}

/// Remainder of the signed division, with the sign of the dividend; by zero gives zero.
pub(crate) fn smod(a: Wide, b: Wide) -> Wide {
    let remainder = rem(magnitude(a), magnitude(b));
    if is_negative(a) {
        negate(remainder)
    } else {
        remainder
    }
}

/// `(a + b) mod m` without intermediate overflow; zero when `m` is.
pub(crate) fn addmod(a: Wide, b: Wide, m: Wide) -> Wide {
    uint(a).add_mod(uint(b), uint(m)).into_limbs()
}

/// `(a * b) mod m` without intermediate overflow; zero when `m` is.
pub(crate) fn mulmod(a: Wide, b: Wide, m: Wide) -> Wide {
    uint(a).mul_mod(uint(b), uint(m)).into_limbs()
}

/// Montgomery product `a * b / 2^256 mod m`; zero when `m` is even.
///
/// For `a`, `b` below `m` the result is below `m`; otherwise it is congruent and below 2^256.
#[inline(always)]
pub(crate) fn mulmont(a: Wide, b: Wide, m: Wide) -> Wide {
    if m[0] & 1 == 0 {
        return [0; 4];
    }
    // The product does not wait for the inverse, so the processor works on both at once.
    let inverse = negated_inverse(m[0]);
    let mut t = product(a, b);
    let mut top = 0u64;
    for i in 0..4 {
        let factor = t[i].wrapping_mul(inverse);
        let mut carry = 0;
        for j in 0..4 {
            (t[i + j], carry) = multiply_add(factor, m[j], t[i + j], carry);
        }
        let (sum, first) = t[i + 4].overflowing_add(carry);
        let (sum, second) = sum.overflowing_add(top);
        t[i + 4] = sum;
        top = u64::from(first | second);
    }
    let high = [t[4], t[5], t[6], t[7]];
    let (reduced, borrow) = sub_borrow(high, m);
    // Chosen without a branch, since nothing could predict it.
    let keep = u64::from(borrow & (top == 0)).wrapping_neg();
    zip(high, reduced, |kept, taken| (kept & keep) | (taken & !keep))
}

/// `-1 / m` modulo 2^64 for odd `m`, by Newton's iteration.
#[inline(always)]
const fn negated_inverse(m: u64) -> u64 {
    // Right in 5 bits, and each round doubles them.
    let mut inverse = m.wrapping_mul(3) ^ 2;
    let mut round = 0;
    while round < 4 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(m.wrapping_mul(inverse)));
        round += 1;
    }
    inverse.wrapping_neg()
}

/// `a ^ exponent` modulo 2^256; `0 ^ 0` is 1.
pub(crate) fn exp(a: Wide, exponent: Wide) -> Wide {
    let mut result = [1, 0, 0, 0];
    for bit in (0..bit_length(exponent)).rev() {
        result = mul(result, result);
        if exponent[(bit / 64) as usize] >> (bit % 64) & 1 == 1 {
            result = mul(result, a);
        }
    }
    result
}

/// Bits up to the highest one that is set.
pub(crate) fn bit_length(a: Wide) -> u32 {
    (0..4u32)
        .rev()
        .find(|&i| a[i as usize] != 0)
        .map_or(0, |i| 64 * i + 64 - a[i as usize].leading_zeros())
}

/// Shifts left; by 256 or more gives zero.
#[inline(always)]
pub(crate) fn shl(a: Wide, amount: u64) -> Wide {
    if amount >= 256 {
        return [0; 4];
    }
    let (limbs, bits) = ((amount / 64) as usize, (amount % 64) as u32);
    let at = |i: usize| if i >= limbs { a[i - limbs] } else { 0 };
    let below = |i: usize| {
        if i > limbs && bits != 0 {
            a[i - limbs - 1] >> (64 - bits)
        } else {
            0
        }
    };
    [0, 1, 2, 3].map(|i| (at(i) << bits) | below(i))
}

/// Shifts right, filling with zeros.
#[inline(always)]
pub(crate) fn shr(a: Wide, amount: u64) -> Wide {
    shift_right(a, amount, 0)
}

/// Shifts right, filling with the sign.
#[inline(always)]
pub(crate) fn sar(a: Wide, amount: u64) -> Wide {
    shift_right(a, amount, if is_negative(a) { u64::MAX } else { 0 })
}

#[inline(always)]
fn shift_right(a: Wide, amount: u64, fill: u64) -> Wide {
    if amount >= 256 {
        return [fill; 4];
    }
    let (limbs, bits) = ((amount / 64) as usize, (amount % 64) as u32);
    let at = |i: usize| a.get(i + limbs).copied().unwrap_or(fill);
    let above = |i: usize| {
        if bits == 0 {
            0
        } else {
            at(i + 1) << (64 - bits)
        }
    };
    [0, 1, 2, 3].map(|i| (at(i) >> bits) | above(i))
}

/// Compares unsigned: all ones, 0 or 1.
#[inline(always)]
pub(crate) fn cmp(a: Wide, b: Wide) -> u64 {
    let (difference, less) = sub_borrow(a, b);
    if less {
        u64::MAX
    } else {
        u64::from(difference != [0; 4])
    }
}

/// Compares in two's complement: all ones, 0 or 1.
#[inline(always)]
pub(crate) fn scmp(a: Wide, b: Wide) -> u64 {
    const SIGN: u64 = 1 << 63;
    cmp(
        [a[0], a[1], a[2], a[3] ^ SIGN],
        [b[0], b[1], b[2], b[3] ^ SIGN],
    )
}

/// Reverses the 32 bytes.
#[inline(always)]
pub(crate) fn bswap(a: Wide) -> Wide {
    [
        a[3].swap_bytes(),
        a[2].swap_bytes(),
        a[1].swap_bytes(),
        a[0].swap_bytes(),
    ]
}

/// Sign-extends 64 bits to 256.
#[inline(always)]
pub(crate) fn sext(a: u64) -> Wide {
    let fill = ((a as i64) >> 63) as u64;
    [a, fill, fill, fill]
}

/// Reads a word from its 32 bytes in memory.
#[inline(always)]
pub(crate) fn from_bytes(bytes: [u8; 32]) -> Wide {
    U256::from_le_bytes(bytes).into_limbs()
}

/// The 32 bytes of a word in memory.
#[inline(always)]
pub(crate) fn to_bytes(word: Wide) -> [u8; 32] {
    uint(word).to_le_bytes()
}

fn uint(a: Wide) -> U256 {
    U256::from_limbs(a)
}

const fn is_negative(a: Wide) -> bool {
    a[3] >> 63 == 1
}

fn negate(a: Wide) -> Wide {
    sub([0; 4], a)
}

fn magnitude(a: Wide) -> Wide {
    if is_negative(a) { negate(a) } else { a }
}

/// Addition and subtraction with carry, which the standard library still keeps unstable.
trait Carry: Sized {
    fn carrying_add_(self, other: Self, carry: bool) -> (Self, bool);
    fn borrowing_sub_(self, other: Self, borrow: bool) -> (Self, bool);
}

impl Carry for u64 {
    #[inline(always)]
    fn carrying_add_(self, other: Self, carry: bool) -> (Self, bool) {
        let (sum, first) = self.overflowing_add(other);
        let (sum, second) = sum.overflowing_add(u64::from(carry));
        (sum, first | second)
    }

    #[inline(always)]
    fn borrowing_sub_(self, other: Self, borrow: bool) -> (Self, bool) {
        let (difference, first) = self.overflowing_sub(other);
        let (difference, second) = difference.overflowing_sub(u64::from(borrow));
        (difference, first | second)
    }
}
