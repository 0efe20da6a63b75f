//! Sections, references, handles and settings.

use std::sync::Arc;

use proz_prozvm_core::{Class, Layout, Opcode, Outcome, Trap, function_handle};
use proz_prozvm_link::testing::{Place, SymbolKind, relocation};
use proz_prozvm_link::{LinkError, LinkOptions, link, link_with_statistics};

use crate::running::Both;
use crate::source::{A0, A1, RA, SP, Source, T0, ZERO, linked, one, refusal, result};

// L-5, L-6
#[test]
fn sections_and_references_move() {
    let mut source = Source::new();
    source.executable.rodata = vec![1; 40];
    source.executable.data = vec![2; 24];
    source.executable.bss = 16;
    let places = [Place::ReadOnly, Place::Data, Place::Zero];
    let symbols = places.map(|place| {
        source
            .executable
            .symbol("s", place, 8, 0, SymbolKind::Label, false)
    });
    let number = source
        .executable
        .symbol("n", Place::Absolute, 0x1234, 0, SymbolKind::Label, true);
    // A pointer in data to read-only data.
    source
        .executable
        .relocate(Place::Data, 16, relocation::ABSOLUTE_64, symbols[0], 5);
    for (index, symbol) in symbols.into_iter().chain([number]).enumerate() {
        source.function(&format!("f{index}"), |source| {
            source.address(A0, symbol, 3);
            source.asm.ret();
        });
    }
    source.function("pointer", |source| {
        source.relocate(relocation::HI20, symbols[1], 8);
        source.asm.lui(T0, 0);
        source.relocate(relocation::LO12_I, symbols[1], 8);
        source.op(Opcode::Ld, A0, T0, 0, 0);
        source.asm.ret();
    });
    let program = linked(&source.elf());
    let layout = Layout::of(&program);
    assert_eq!(program.bss_size, 16);
    let both = Both::new(program, &LinkOptions::default());
    assert_eq!(both.result("f0", &[]), 0x1_0000 + 11);
    assert_eq!(both.result("f1", &[]), layout.data_start + 11);
    assert_eq!(both.result("f2", &[]), layout.bss_start + 11);
    assert_eq!(both.result("f3", &[]), 0x1237);
    assert_eq!(both.result("pointer", &[]), 0x1_0000 + 13);
}

// L-5
#[test]
fn alignment_is_kept_up_to_a_page() {
    let mut source = Source::new();
    source.function("f", |source| source.asm.ret());
    source.executable.align = 4096;
    source.executable.bss = 1;
    source.executable.data = vec![9; 100];
    let program = linked(&source.elf());
    assert!(Layout::of(&program).bss_start.is_multiple_of(4096));
    let mut source = Source::new();
    source.function("f", |source| source.asm.ret());
    source.executable.align = 8192;
    assert!(matches!(
        refusal(&source.elf()),
        LinkError::Memory { found: 8192, .. }
    ));
}

// L-6
#[test]
fn other_relocations_are_refused() {
    for (kind, advice) in [
        (29, "thread_local"),
        (45, "without `c`"),
        (77, "--emit-relocs"),
    ] {
        let mut source = Source::new();
        let data = source
            .executable
            .symbol("d", Place::Zero, 0, 0, SymbolKind::Label, false);
        source.executable.bss = 8;
        source.function("f", |source| {
            source.relocate(kind, data, 0);
            source.op(Opcode::Addi, A0, A0, 0, 1);
            source.asm.ret();
        });
        let refused = refusal(&source.elf());
        assert!(matches!(refused, LinkError::Relocation { kind: found, .. } if found == kind));
        assert!(refused.to_string().contains(advice), "{refused}");
    }
}

// L-6
#[test]
fn relaxed_code_is_read_or_refused() {
    let access = |kind: Option<u32>, base: u8| {
        let mut source = Source::new();
        source.executable.data = vec![0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0];
        let data = source
            .executable
            .symbol("d", Place::Data, 8, 8, SymbolKind::Label, true);
        source.function("f", |source| {
            if let Some(kind) = kind {
                source.relocate(kind, data, 0);
            }
            source.op(Opcode::Ld, A0, base, 0, 16);
            source.asm.ret();
        });
        source.elf()
    };
    const GP: u8 = 3;
    const GPREL_I: u32 = 47;
    assert_eq!(result(&access(Some(GPREL_I), GP), &[]), 7);
    assert_eq!(result(&access(Some(relocation::LO12_I), GP), &[]), 7);
    assert_eq!(result(&access(Some(relocation::LO12_I), ZERO), &[]), 7);
    let refused = refusal(&access(None, GP));
    assert!(
        matches!(refused, LinkError::GlobalPointer { .. }),
        "{refused}"
    );
}

/// `add`, `constant` and `use`, which calls the function whose address it is given with 30 and 4.
fn pointers() -> Source {
    let mut source = Source::new();
    let add = source.hidden("add", |source| {
        source.op(Opcode::Add, A0, A0, A1, 0);
        source.asm.ret();
    });
    let constant = source.hidden("constant", |source| {
        source.asm.li(A0, 9);
        source.asm.ret();
    });
    source.executable.data = vec![0; 16];
    source
        .executable
        .relocate(Place::Data, 0, relocation::ABSOLUTE_64, add, 0);
    source
        .executable
        .relocate(Place::Data, 8, relocation::ABSOLUTE_64, constant, 0);
    source.function("use", |source| {
        source.op(Opcode::Addi, T0, A0, 0, 0);
        source.asm.li(A0, 30);
        source.asm.li(A1, 4);
        source.asm.jalr(ZERO, T0, 0);
    });
    source.function("direct", |source| {
        source.op(Opcode::Addi, SP, SP, 0, -16);
        source.op(Opcode::Sd, 0, SP, RA, 8);
        source.call(constant);
        source.op(Opcode::Ld, RA, SP, 0, 8);
        source.op(Opcode::Addi, SP, SP, 0, 16);
        source.asm.ret();
    });
    source
}

// L-7
#[test]
fn addresses_of_functions_are_handles_of_one_type() {
    let linked = link_with_statistics(&pointers().elf(), &LinkOptions::default()).unwrap();
    assert_eq!(linked.program.data[..8], function_handle(0).to_le_bytes());
    assert_eq!(linked.program.data[8..], function_handle(1).to_le_bytes());
    assert_eq!(linked.program.function_table.len(), 2);
    // `constant` takes nothing, but is called with two arguments through its handle, and directly.
    assert_eq!(linked.statistics.thunks, 1);
    let both = Both::new(linked.program, &LinkOptions::default());
    assert_eq!(both.result("use", &[8]), 34);
    assert_eq!(both.result("use", &[16]), 9);
    assert_eq!(
        both.call("use", &[24]),
        Outcome::Trapped(Trap::IndirectCall)
    );
    assert_eq!(both.result("direct", &[]), 9);
}

// L-8
#[test]
fn settings_come_from_the_file_or_the_caller() {
    let with = |settings: &[(u32, u32)]| {
        let mut source = Source::new();
        source.function("f", |source| source.asm.ret());
        let bytes = settings.iter().flat_map(|&(key, value)| [key, value]);
        source.executable.settings = bytes.flat_map(u32::to_le_bytes).collect();
        source.elf()
    };
    let program = linked(&with(&[]));
    assert_eq!((program.stack_size, program.heap_pages), (65_536, 0));
    assert_eq!(u64::from(program.max_pages), Layout::of(&program).pages());
    let file = with(&[(1, 5000), (2, 300), (3, 2)]);
    let program = linked(&file);
    assert_eq!(
        (program.stack_size, program.max_pages, program.heap_pages),
        (8192, 300, 2)
    );
    let options = LinkOptions {
        stack_bytes: Some(4096),
        max_pages: Some(99),
        heap_pages: Some(1),
        ..LinkOptions::default()
    };
    let program = link(&file, &options).unwrap();
    assert_eq!(
        (program.stack_size, program.max_pages, program.heap_pages),
        (4096, 99, 1)
    );
    assert!(matches!(
        refusal(&with(&[(4, 1)])),
        LinkError::Setting { found: 4, .. }
    ));
    let grows = linked(&one(|source| {
        source
            .asm
            .word(0x2b | 1 << 12 | 0x4a << 25 | 10 << 7 | 10 << 15)
    }));
    assert_eq!(u64::from(grows.max_pages), Layout::of(&grows).pages() + 256);
}

#[test]
fn a_known_handle_is_called_directly() {
    let mut source = Source::new();
    let target = source.hidden("target", |source| {
        source.op(Opcode::Addi, A0, A0, 0, 1);
        source.asm.ret();
    });
    source.function("f", |source| {
        source.address(T0, target, 0);
        source.asm.jalr(ZERO, T0, 0);
    });
    let elf = source.elf();
    let program = Arc::new(linked(&elf));
    assert!(
        program
            .code
            .iter()
            .all(|code| code.class() != Class::CallIndirect)
    );
    assert_eq!(result(&elf, &[1]), 2);
}

// L-22
#[test]
fn the_same_file_gives_the_same_program_in_the_order_of_addresses() {
    let elf = pointers().elf();
    let (first, second) = (linked(&elf), linked(&elf));
    assert_eq!(first.encode(), second.encode());
    let names = proz_prozvm_asm::function_names(&first);
    assert_eq!(
        names,
        ["add", "constant", "use", "direct", "constant.indirect"]
    );
}
