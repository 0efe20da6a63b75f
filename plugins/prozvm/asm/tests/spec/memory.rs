//! Rules M: regions and access.

use std::sync::Arc;

use proz_prozvm_core::{
    Call, Control, Guest, Layout, Outcome, Prepared, Reference, Syscalls, Trap, VmConfig,
};

use crate::{assert_traps, eval, program, run, value, verified};

const BASE: u64 = 0x1_0000;

/// M-2, M-4
#[test]
fn regions_follow_one_another() {
    let source = ".func f () -> 1
            mv a0, sp\n ret
        .stack 8192\n .bss 5000\n .heap 2\n .pages 20
        .rodata\n .zero 4097\n .data\n .zero 10";
    let layout = Layout::of(&program(source));
    assert_eq!(layout.stack_start, BASE + 8192);
    assert_eq!(layout.data_start, BASE + 8192 + 8192);
    assert_eq!(layout.bss_start, layout.data_start + 10);
    assert_eq!(layout.heap_start, layout.data_start + 8192);
    assert_eq!(layout.end, layout.heap_start + 8192);
    assert_eq!(layout.pages(), 8);
    assert_eq!(value(source, &[]), layout.data_start);
}

/// M-1, M-2, M-3, M-7
#[test]
fn accesses_outside_of_the_mapped_range_trap() {
    // One page of read-only data, one of stack, none else.
    let source = |body: &str| format!(".func f (1) -> 1\n{body}\nret\n.stack 4096\n.rodata\n.u8 7");
    let (writable, end) = (BASE + 4096, BASE + 8192);
    for (load, size) in [
        ("lb", 1),
        ("lbu", 1),
        ("lh", 2),
        ("lhu", 2),
        ("lw", 4),
        ("lwu", 4),
        ("ld", 8),
    ] {
        let load = source(&format!("{load} a0, 0(a0)"));
        for address in [BASE, writable, end - size] {
            run(&load, &[address]);
            assert!(
                matches!(run(&load, &[address]).outcome, Outcome::Finished(_)),
                "{address:#x}"
            );
        }
        for address in [
            0,
            BASE - 1,
            end - size + 1,
            end,
            1 << 32 | BASE,
            u64::MAX,
            1 << 63,
        ] {
            assert_traps(&load, &[address], Trap::Memory);
        }
    }
    for (store, size) in [("sb", 1), ("sh", 2), ("sw", 4), ("sd", 8)] {
        let store = source(&format!("{store} a0, 0(a0)"));
        for address in [writable, end - size] {
            assert!(
                matches!(run(&store, &[address]).outcome, Outcome::Finished(_)),
                "{address:#x}"
            );
        }
        for address in [
            0,
            BASE,
            writable - 1,
            end - size + 1,
            end,
            1 << 32 | writable,
            u64::MAX,
        ] {
            assert_traps(&store, &[address], Trap::Memory);
        }
    }
}

/// M-7
#[test]
fn addresses_wrap_and_displacements_reach_far() {
    let source = ".func f (1) -> 1\n lbu a0, 0x7fffffff(a0)\n ret\n.rodata\n .u8 42";
    assert_eq!(value(source, &[BASE.wrapping_sub(0x7fff_ffff)]), 42);
    let source = ".func f (1) -> 1\n lbu a0, -0x7fff0000(a0)\n ret\n.rodata\n .u8 42";
    assert_eq!(value(source, &[BASE + 0x7fff_0000]), 42);
}

/// M-7
#[test]
fn empty_ranges_are_everywhere() {
    assert_eq!(
        eval(
            "mem.copy (a0), (a0), zero\n mem.fill (a0), a0, zero\n li a0, 9",
            [3, 0]
        ),
        9
    );
}

/// M-5
#[test]
fn what_no_section_fills_is_zero() {
    let source = ".func f () -> 1
            la t0, d\n lbu a0, 0(t0)\n ld t1, 1(t0)\n or a0, a0, t1\n la t0, __heap\n ld t1, 0(t0)\n or a0, a0, t1
            ld t1, -8(sp)\n or a0, a0, t1\n la t0, r\n ld t1, 1(t0)\n or a0, a0, t1\n ret
        .bss 100\n .heap 1\n .data\n d: .u8 3\n .rodata\n r: .u8 1";
    assert_eq!(value(source, &[]), 3);
}

/// M-6
#[test]
fn values_are_little_endian_and_unaligned() {
    let body = "la t0, d+1\n ld a0, 0(t0)\n sh a0, 2(t0)\n lwu t1, 1(t0)\n xor a0, a0, t1";
    let source = format!(".func f (2) -> 1\n{body}\nret\n.data\n d: .hex 00 0102030405060708");
    assert_eq!(value(&source, &[0, 0]), 0x0807_0605_0403_0201 ^ 0x0502_0102);
}

/// M-8
#[test]
fn memory_grows_at_its_end_only() {
    let source = ".func f (1) -> 2
            heap.grow a1, a0\n addi t0, a1, 4095\n sb a0, 0(t0)\n lbu a0, 0(t0)\n ret
        .stack 4096\n .pages 3";
    assert_eq!(
        run(source, &[2]).outcome,
        Outcome::Finished([2, BASE + 4096])
    );
    // Refused: nothing is mapped behind the old end, and -1 + 4095 is not mapped either.
    assert_traps(source, &[3], Trap::Memory);
}

/// An embedding that allows three pages.
struct ThreePages;

impl Syscalls for ThreePages {
    fn call(&mut self, _: u16, _: [u64; 6], _: &mut Guest<'_>) -> Control {
        Control::Trap
    }

    fn page_limit(&self) -> u32 {
        3
    }
}

/// M-9
#[test]
fn an_embedding_may_allow_fewer_pages() {
    let source = ".func f (1) -> 1\n heap.grow a0, a0\n ret\n .stack 4096\n .pages 8";
    let verified = verified(source, &VmConfig::default());
    for (pages, expected) in [(2, BASE + 4096), (3, u64::MAX), (7, u64::MAX)] {
        let call = Call {
            function: 0,
            arguments: &[pages],
            gas_limit: 10_000,
        };
        let ends = [
            Reference::new(&verified, &call)
                .unwrap()
                .run(&mut ThreePages),
            Prepared::new(Arc::clone(&verified))
                .run(&call, &mut ThreePages)
                .unwrap(),
        ];
        for end in ends {
            assert_eq!(end.outcome, Outcome::Finished([expected, 0]), "{pages}");
        }
    }
}
