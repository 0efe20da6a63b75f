//! Rules A: the text form.

use proz_prozvm_asm::{AsmError, assemble, disassemble, function_names};
use proz_prozvm_core::testing::{Entropy, TEST_SYSCALLS, random_program};
use proz_prozvm_core::{ExportKind, Features, Layout, Mutability, Opcode, SyscallTable};

use crate::{program, value};

/// A-1
#[test]
fn lines_hold_labels_statements_and_comments() {
    let plain = program(".func f (1) -> 1\nx:\naddi a0, a0, -1\nbne a0, zero, x\nret");
    let dense = program(
        "  .func f(1)->1 ; comment\n x: y: addi a0,a0,-1 # more\n\n\tbne a0 , zero , y\n  ret ; end",
    );
    assert_eq!(plain, dense);
}

/// A-2
#[test]
fn text_of_verified_programs_comes_back() {
    for seed in 0..300u64 {
        let made = random_program(&mut Entropy::new(&seed.to_le_bytes()));
        let text = disassemble(&made);
        assert_eq!(
            assemble(&text, &SyscallTable::EMPTY).unwrap(),
            made,
            "{text}"
        );
    }
}

/// A-3
#[test]
fn every_mnemonic_comes_back_with_its_operands() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..400u64 {
        let made = random_program(&mut Entropy::new(&seed.to_le_bytes()));
        let again = assemble(&disassemble(&made), &SyscallTable::EMPTY).unwrap();
        assert_eq!(again.code, made.code);
        seen.extend(made.code.iter().map(|instruction| instruction.opcode));
    }
    assert_eq!(seen.len(), Opcode::ALL.len());
    let numbered = program(".func f (2) -> 1\n add r10, x11, r5\n sys 5\n ret");
    assert_eq!(
        numbered.code,
        program(".func f (2) -> 1\n add a0, a1, t0\n sys sum\n ret").code
    );
}

/// A-4
#[test]
fn la_gives_addresses_and_handles() {
    let source = |symbol: &str| {
        format!(
            ".func f () -> 1\n la a0, {symbol}\n ret\n.func g () -> 0\n ret\n.table f, g\n.rodata\n.u8 1\n r: .u8 2
            .data\n.u8 1, 2, 3\n d: .u64 r+1, &g\n.bss\n .zero 5\n b: .zero 3"
        )
    };
    let layout = Layout::of(&program(&source("r")));
    for (symbol, expected) in [
        ("r", 0x1_0001),
        ("r-1", 0x1_0000),
        ("d", layout.data_start + 3),
        ("d+4", layout.data_start + 7),
        ("b", layout.bss_start + 5),
        ("__bss", layout.bss_start),
        ("__heap", layout.heap_start),
        ("&f", 8),
        ("&g", 16),
    ] {
        assert_eq!(value(&source(symbol), &[]), expected, "{symbol}");
    }
    assert_eq!(
        &program(&source("r")).data[3..11],
        &0x1_0002u64.to_le_bytes()
    );
}

/// A-5
#[test]
fn directives_fill_the_program() {
    let made = program(
        ".schedule 3\n.features wide\n.stack 8192\n.bss 7\n.heap 2\n.pages 9\n.type (3) -> 1\n.import 1 () -> 1
        .const -1\n.func f ()\n ret\n.table f\n.export \"a()\" f selector 0xdeadbeef payable
        .export \"c\" f constructor\n.export \"d\" f fallback view\n.export \"e\" f receive pure\n.names
        .custom \"x\\x0a\" 00 ff",
    );
    assert_eq!((made.gas_schedule, made.features), (3, Features::WIDE));
    assert_eq!(
        (
            made.stack_size,
            made.bss_size,
            made.heap_pages,
            made.max_pages
        ),
        (8192, 7, 2, 9)
    );
    assert_eq!(
        (made.types.len(), made.imports.len(), &made.constants[..]),
        (2, 1, &[u64::MAX][..])
    );
    assert_eq!(
        made.exports[0].kind,
        ExportKind::Method([0xde, 0xad, 0xbe, 0xef])
    );
    let mutability: Vec<_> = made
        .exports
        .iter()
        .map(|export| export.mutability)
        .collect();
    assert_eq!(
        mutability,
        [
            Mutability::Payable,
            Mutability::NonPayable,
            Mutability::View,
            Mutability::Pure
        ]
    );
    assert_eq!(
        (made.custom[0].name.as_str(), &made.custom[0].data[..]),
        ("names", &b"f"[..])
    );
    assert_eq!(
        (made.custom[1].name.as_str(), &made.custom[1].data[..]),
        ("x\n", &[0, 255][..])
    );
    assert_eq!(function_names(&made), ["f"]);
}

/// A-6
#[test]
fn data_directives_lay_out_bytes() {
    let made = program(
        ".data\n.hex 0a 0B\n.ascii \"a\\\"\\n\\x7f\"\n.u16 258\n.align 4\n.u32 0xffffffff\n.zero 2\n.u64 -1",
    );
    let expected = b"\x0a\x0ba\"\n\x7f\x02\x01\xff\xff\xff\xff\0\0\xff\xff\xff\xff\xff\xff\xff\xff";
    assert_eq!(made.data, expected);
}

/// A-7
#[test]
fn what_is_left_out_has_defaults() {
    let made =
        program(".func f (2) -> 1\n lc t0, 9\n lc t1, 9\n sys 5\n u256.not (sp), (sp)\n ret");
    assert_eq!(
        (made.stack_size, made.max_pages, made.features),
        (65_536, 16, Features::WIDE)
    );
    assert_eq!(
        (made.constants.len(), made.imports.len(), made.types.len()),
        (1, 1, 1)
    );
}

/// A-1, A-3
#[test]
fn mistakes_are_named_with_their_line() {
    let error = |text: &str| assemble(text, &TEST_SYSCALLS).unwrap_err().to_string();
    let body = |text: &str| error(&format!(".func f (1) -> 1\n{text}"));
    assert_eq!(
        body("frob a0"),
        "line 2: unknown mnemonic or directive `frob`"
    );
    assert_eq!(
        body("add a0, a1"),
        "line 2: expected 3 operands, found `a0, a1`"
    );
    assert_eq!(
        body("add a0, a1, q9"),
        "line 2: expected a register, found `q9`"
    );
    assert_eq!(
        body("li a0, 3000000000"),
        "line 2: expected a number of 32 bits in range, found `3000000000`"
    );
    assert_eq!(body("\n j away"), "line 3: `away` is not defined");
    assert_eq!(body("x:\nx:"), "line 3: `x` is defined twice");
    assert_eq!(body("sys nothing"), "line 2: `nothing` is not defined");
    assert_eq!(
        body(".data\n.zero 99999999999"),
        "line 3: expected a number of 32 bits in range, found `99999999999`"
    );
    let misplaced = assemble("ret", &TEST_SYSCALLS).unwrap_err();
    assert_eq!(
        misplaced,
        AsmError::Misplaced {
            line: 1,
            found: "ret".to_owned()
        }
    );
}
