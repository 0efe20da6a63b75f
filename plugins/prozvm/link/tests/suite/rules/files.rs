//! What kind of file is read, and what is refused by its headers.

use proz_prozvm_core::Opcode;
use proz_prozvm_link::{Extension, LinkError, LinkOptions, link};

use crate::running::Both;
use crate::source::{A0, Source, linked, one, opcodes, patched, refusal, section_header};

// L-1
#[test]
fn other_files_are_refused_with_what_they_are() {
    let elf = one(|_| ());
    assert!(matches!(refusal(b""), LinkError::Malformed(_)));
    assert!(matches!(
        refusal(b"PZ64 and so on, not an ELF file"),
        LinkError::Malformed(_)
    ));
    assert!(matches!(refusal(&elf[..70]), LinkError::Malformed(_)));
    for (offset, byte, found) in [
        (4, 1, "a 32-bit file"),
        (5, 2, "a big-endian file"),
        (18, 62, "machine number 62"),
    ] {
        let expected = LinkError::Machine {
            found: found.to_owned(),
        };
        assert_eq!(refusal(&patched(&elf, offset, &[byte])), expected);
    }
    for (kind, found) in [
        (1, "an object file that is not linked yet"),
        (3, "a shared object or position-independent executable"),
    ] {
        assert_eq!(
            refusal(&patched(&elf, 16, &[kind])),
            LinkError::NotStatic { found }
        );
    }
    // The only segment becomes PT_DYNAMIC.
    let found = "a dynamically linked executable";
    assert_eq!(
        refusal(&patched(&elf, 64, &[2])),
        LinkError::NotStatic { found }
    );
    // The symbol table becomes something else.
    let header = section_header(&elf, 7);
    assert_eq!(
        refusal(&patched(&elf, header + 4, &[1])),
        LinkError::NoSymbols
    );
}

// L-1
#[test]
fn relocations_are_needed_unless_nothing_could_be_an_address() {
    let mut source = Source::new();
    let symbol = source.function("f", |source| {
        source.op(Opcode::Addi, A0, A0, 0, 1);
        source.asm.ret();
    });
    let _ = symbol;
    source.executable.emits_relocations = false;
    assert_eq!(refusal(&source.elf()), LinkError::NoRelocations);

    let mut source = Source::new();
    source.hidden("f", |source| {
        source.op(Opcode::Addi, A0, A0, 0, 1);
        source.asm.ret();
    });
    source.executable.emits_relocations = false;
    let options = LinkOptions {
        export_symbols: true,
        ..LinkOptions::default()
    };
    let program = link(&source.elf(), &options).unwrap();
    assert_eq!(Both::new(program, &options).result("f", &[4]), 5);

    let mut source = Source::new();
    source.hidden("f", |source| {
        source.asm.auipc(A0, 0x1000);
        source.op(Opcode::Ld, A0, A0, 0, 0);
        source.asm.ret();
    });
    let refused = link(&source.elf(), &options);
    assert!(
        matches!(refused, Err(LinkError::Unrelocated { .. })),
        "{refused:?}"
    );
}

// L-2
#[test]
fn extensions_are_refused_by_the_header() {
    for (flags, extension) in [(1, Extension::Compressed), (4, Extension::Float)] {
        let elf = patched(&one(|_| ()), 48, &[flags]);
        assert_eq!(refusal(&elf), LinkError::Flags(extension));
    }
}

// L-2
#[test]
fn extensions_are_refused_when_they_are_reached() {
    for (word, extension) in [
        (0x0000_8082, Extension::Compressed),
        (0x02b5_7553, Extension::Float),
        (0x1005_252f, Extension::Atomic),
        (0x0005_7057, Extension::Vector),
        (0x3000_2573, Extension::ControlRegisters),
        (0x0000_0073, Extension::Environment),
        (0x0000_002b, Extension::Custom),
        (0x4805_1513, Extension::Other),
    ] {
        let refused = refusal(&one(|source| source.asm.word(word)));
        let LinkError::Instruction {
            function,
            extension: found,
            word: shown,
            ..
        } = &refused
        else {
            panic!("{refused}");
        };
        assert_eq!((function.as_str(), *found, *shown), ("f", extension, word));
        // Behind a return nobody gets there.
        let unreached = one(|source| {
            source.asm.ret();
            source.asm.word(word);
        });
        assert_eq!(opcodes(&linked(&unreached)), [Opcode::Return]);
    }
}

// L-25
#[test]
fn constructors_and_thread_local_data_are_refused() {
    let mut source = Source::new();
    source.function("f", |source| source.asm.ret());
    source.executable.data = vec![0; 8];
    let elf = source.elf();
    let header = section_header(&elf, 5);
    let constructors = patched(&elf, header + 4, &[14]);
    assert_eq!(
        refusal(&constructors),
        LinkError::Constructors(".data".to_owned())
    );
    let local = patched(&elf, header + 9, &[4]);
    assert_eq!(refusal(&local), LinkError::ThreadLocal(".data".to_owned()));
    let unknown = one(|source| source.asm.word(0x0b | 2000 << 20));
    assert!(matches!(
        refusal(&unknown),
        LinkError::Syscall { number: 2000, .. }
    ));
}

#[test]
fn limits_of_the_configuration_hold() {
    let mut options = LinkOptions::default();
    options.config.limits.instructions = 5;
    let long = one(|source| (0..5).for_each(|_| source.op(Opcode::Addi, A0, A0, 0, 1)));
    assert_eq!(link(&long, &options), Err(LinkError::TooLarge { limit: 5 }));
    let short = one(|source| (0..4).for_each(|_| source.op(Opcode::Addi, A0, A0, 0, 1)));
    assert!(link(&short, &options).is_ok());
    options.config.stack_limit.bytes = 4096;
    assert!(matches!(
        link(&short, &options),
        Err(LinkError::Rejected(_))
    ));
}
