//! Rules I: 256-bit and bulk instructions, against ruint and known digests.

use proz_prozvm_core::testing::Entropy;
use proz_prozvm_core::{Outcome, VmConfig};
use ruint::Uint;
use ruint::aliases::{U256, U512};

use crate::{eval, run_all, value, verified};

/// Applies `op (r), (x), (y), (m)` and gives the 64 bytes at `r`.
fn apply(op: &str, x: U256, y: U256, m: U256) -> [u8; 64] {
    let quads = |value: U256| {
        value
            .into_limbs()
            .map(|limb| format!("{limb:#x}"))
            .join(", ")
    };
    let source = format!(
        ".func f (1) -> 0
            la t0, r\n la t1, x\n la t2, y\n la t3, m\n {op}\n ret
        .stack 4096\n .data\n .align 8\n r: .zero 64\n x: .u64 {}\n y: .u64 {}\n m: .u64 {}",
        quads(x),
        quads(y),
        quads(m)
    );
    let verified = verified(&source, &VmConfig::default());
    let (result, memory, _) = run_all(&verified, &[y.into_limbs()[0]], 100_000);
    assert_eq!(result.outcome, Outcome::Finished([0, 0]));
    memory.bytes()[4096..4096 + 64].try_into().unwrap()
}

fn wide(op: &str, x: U256, y: U256, m: U256) -> U256 {
    U256::from_le_slice(&apply(op, x, y, m)[..32])
}

fn random(entropy: &mut Entropy<'_>) -> U256 {
    let limbs = entropy.below(5) as usize;
    let mut value = [0; 4];
    value
        .iter_mut()
        .take(limbs)
        .for_each(|limb| *limb = entropy.value());
    U256::from_limbs(value)
}

fn negative(value: U256) -> bool {
    value.bit(255)
}

fn magnitude(value: U256) -> U256 {
    if negative(value) {
        value.wrapping_neg()
    } else {
        value
    }
}

/// I-20 to I-26: I-20, I-21, I-22, I-23, I-24, I-25, I-27, I-28, I-31
#[test]
fn arithmetic_agrees_with_ruint() {
    let mut entropy = Entropy::new(b"wide");
    for _ in 0..60 {
        let (x, y, m) = (
            random(&mut entropy),
            random(&mut entropy),
            random(&mut entropy),
        );
        let signed = |value: U256, minus: bool| if minus { value.wrapping_neg() } else { value };
        let quotient = magnitude(x).checked_div(magnitude(y)).unwrap_or_default();
        let remainder = magnitude(x).checked_rem(magnitude(y)).unwrap_or_default();
        let table: [(&str, U256); 14] = [
            ("u256.add (t0), (t1), (t2)", x.wrapping_add(y)),
            ("u256.sub (t0), (t1), (t2)", x.wrapping_sub(y)),
            ("u256.mul (t0), (t1), (t2)", x.wrapping_mul(y)),
            (
                "u256.div (t0), (t1), (t2)",
                x.checked_div(y).unwrap_or_default(),
            ),
            (
                "u256.mod (t0), (t1), (t2)",
                x.checked_rem(y).unwrap_or_default(),
            ),
            (
                "u256.sdiv (t0), (t1), (t2)",
                signed(quotient, negative(x) != negative(y)),
            ),
            ("u256.smod (t0), (t1), (t2)", signed(remainder, negative(x))),
            ("u256.and (t0), (t1), (t2)", x & y),
            ("u256.or (t0), (t1), (t2)", x | y),
            ("u256.xor (t0), (t1), (t2)", x ^ y),
            ("u256.not (t0), (t1)", !x),
            ("u256.addmod (t0), (t1), (t2), (t3)", x.add_mod(y, m)),
            ("u256.mulmod (t0), (t1), (t2), (t3)", x.mul_mod(y, m)),
            ("u256.exp (t0), (t1), (t2)", x.wrapping_pow(y)),
        ];
        for (op, expected) in table {
            assert_eq!(wide(op, x, y, m), expected, "{op} {x} {y} {m}");
        }
        let full: U512 = x.widening_mul(y);
        assert_eq!(
            apply("u256.product (t0), (t1), (t2)", x, y, m),
            full.to_le_bytes::<64>()
        );
        let swapped = U256::from_be_bytes(x.to_le_bytes::<32>());
        assert_eq!(wide("u256.bswap (t0), (t1)", x, y, m), swapped);
        // The operands may be the result.
        let own = "u256.add (t0), (t1), (t2)\n u256.mul (t0), (t0), (t0)";
        let sum = x.wrapping_add(y);
        assert_eq!(wide(own, x, y, m), sum.wrapping_mul(sum));
    }
}

/// I-23
#[test]
fn signed_division_overflows_to_the_dividend() {
    let least = U256::from(1) << 255;
    assert_eq!(
        wide("u256.sdiv (t0), (t1), (t2)", least, U256::MAX, U256::ZERO),
        least
    );
    assert_eq!(
        wide("u256.smod (t0), (t1), (t2)", least, U256::MAX, U256::ZERO),
        U256::ZERO
    );
}

/// I-26
#[test]
fn montgomery_products_are_congruent() {
    type U768 = Uint<768, 12>;
    let mut entropy = Entropy::new(b"montgomery");
    for _ in 0..80 {
        let (x, y, m) = (
            random(&mut entropy),
            random(&mut entropy),
            random(&mut entropy) | U256::from(1),
        );
        let got = wide("u256.mulmont (t0), (t1), (t2), (t3)", x, y, m);
        // q with a*b + q*m divisible by 2^256, found bit by bit.
        let mut sum = U768::from(x) * U768::from(y);
        for bit in 0..256 {
            if sum.bit(bit) {
                sum += U768::from(m) << bit;
            }
        }
        let t = sum >> 256;
        let expected = if t >= U768::from(m) {
            t - U768::from(m)
        } else {
            t
        };
        assert_eq!(U768::from(got), expected, "{x} {y} {m}");
        if x < m && y < m {
            assert!(got < m || m == U256::from(1));
        }
        let even = wide(
            "u256.mulmont (t0), (t1), (t2), (t3)",
            x,
            y,
            m - U256::from(1),
        );
        assert_eq!(even, U256::ZERO);
    }
}

/// I-29
#[test]
fn shifts_by_any_amount_agree_with_ruint() {
    let mut entropy = Entropy::new(b"shifts");
    for amount in [
        0,
        1,
        63,
        64,
        65,
        127,
        128,
        191,
        192,
        255,
        256,
        257,
        1 << 32,
        u64::MAX,
    ] {
        let (x, y) = (
            random(&mut entropy) | U256::from(1) << 255,
            U256::from(amount),
        );
        let bits = amount.min(256) as usize;
        assert_eq!(
            wide("u256.shl (t0), (t1), a0", x, y, y),
            x.wrapping_shl(bits)
        );
        assert_eq!(
            wide("u256.shr (t0), (t1), a0", x, y, y),
            x.wrapping_shr(bits)
        );
        assert_eq!(
            wide("u256.sar (t0), (t1), a0", x, y, y),
            x.arithmetic_shr(bits)
        );
        let positive = x >> 1;
        assert_eq!(
            wide("u256.sar (t0), (t1), a0", positive, y, y),
            positive.wrapping_shr(bits)
        );
    }
}

/// I-30
#[test]
fn comparisons_order_unsigned_and_signed() {
    let (one, least) = (U256::from(1), U256::from(1) << 255);
    for (x, y, unsigned, signed) in [
        (one, one, 0, 0),
        (one, U256::MAX, -1, 1),
        (least, one, 1, -1),
        (one << 128, one, 1, 1),
    ] {
        let got = wide(
            "u256.cmp t4, (t1), (t2)\n sd t4, 0(t0)\n u256.scmp t4, (t1), (t2)\n sd t4, 8(t0)",
            x,
            y,
            one,
        );
        let limbs = got.into_limbs();
        assert_eq!(
            (limbs[0] as i64, limbs[1] as i64),
            (unsigned, signed),
            "{x} {y}"
        );
    }
}

/// I-32
#[test]
fn extension_fills_with_zero_or_sign() {
    let y = U256::from(u64::MAX - 4);
    assert_eq!(wide("u256.zext (t0), a0", y, y, y), y);
    assert_eq!(
        wide("u256.sext (t0), a0", y, y, y),
        U256::MAX - U256::from(4)
    );
}

/// I-33: digests of "abc" and of nothing.
#[test]
fn digests_are_the_known_ones() {
    let digest = |op: &str, length: u64| {
        let source = format!(
            ".func f (1) -> 1\n la t0, r\n la t1, t\n {op} (t0), (t1), a0\n ld a0, 0(t0)\n rev8 a0, a0\n ret
            .rodata\n t: .ascii \"abc\"\n .data\n r: .zero 32"
        );
        value(&source, &[length])
    };
    assert_eq!(digest("keccak256", 3), 0x4e03_657a_ea45_a94f);
    assert_eq!(digest("keccak256", 0), 0xc5d2_4601_86f7_233c);
    assert_eq!(digest("sha256", 3), 0xba78_16bf_8f01_cfea);
    assert_eq!(digest("sha256", 0), 0xe3b0_c442_98fc_1c14);
}

/// I-34, I-35
#[test]
fn copies_overlap_and_fills_repeat() {
    let body = "lc t0, 0x0807060504030201\n sd t0, -16(sp)\n addi t1, sp, -16\n addi t2, sp, -14\n li t3, 5
        mem.copy (t2), (t1), t3\n ld a0, -16(sp)";
    assert_eq!(eval(body, [0, 0]), 0x0805_0403_0201_0201);
    let body = "addi t1, sp, -16\n li t3, 5\n mem.fill (t1), a0, t3\n ld a0, -16(sp)";
    assert_eq!(eval(body, [0xffab, 0]), 0xab_abab_abab);
}

/// I-36
#[test]
fn growing_gives_the_old_end_or_minus_one() {
    let grow = |pages: u64| {
        value(
            ".func f (1) -> 1\n heap.grow a0, a0\n ret\n.stack 4096\n.pages 4",
            &[pages],
        )
    };
    assert_eq!(grow(0), 0x1_1000);
    assert_eq!(grow(3), 0x1_1000);
    assert_eq!(grow(4), u64::MAX);
    assert_eq!(grow(u64::MAX), u64::MAX);
}
