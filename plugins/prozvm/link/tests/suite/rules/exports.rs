//! What a program exports.

use proz_prozvm_core::{ExportKind, Mutability};
use proz_prozvm_link::testing::{Place, SymbolKind};
use proz_prozvm_link::{LinkError, LinkOptions, link};

use crate::source::{Source, linked, refusal};

// L-23
#[test]
fn exports_name_kinds_and_selectors() {
    let exported = |kind, mutability, name: &str| {
        let mut source = Source::new();
        let function = source.hidden("f", |source| source.asm.ret());
        source
            .executable
            .export_as(function, kind, mutability, name);
        source.elf()
    };
    let program = linked(&exported(0, 1, "transfer(address,uint256)"));
    let export = &program.exports[0];
    assert_eq!(export.kind, ExportKind::Method([0xa9, 0x05, 0x9c, 0xbb]));
    assert_eq!(export.mutability, Mutability::Payable);
    for (kind, expected) in [
        (1, ExportKind::Constructor),
        (2, ExportKind::Fallback),
        (3, ExportKind::Receive),
        (4, ExportKind::Plain),
    ] {
        assert_eq!(linked(&exported(kind, 0, "x")).exports[0].kind, expected);
    }
    for (elf, expected) in [
        (exported(5, 0, "x"), "a kind of 0 to 4"),
        (exported(0, 4, "x()"), "a mutability of 0 to 3"),
        (exported(0, 0, "transfer"), "a signature"),
        (exported(0, 0, "f(uint256 amount)"), "a signature"),
    ] {
        let refused = refusal(&elf);
        assert!(matches!(refused, LinkError::Export { index: 0, .. }));
        assert!(refused.to_string().contains(expected), "{refused}");
    }
    let mut source = Source::new();
    source.executable.exports = vec![0; 24];
    source.hidden("f", |source| source.asm.ret());
    assert!(matches!(refusal(&source.elf()), LinkError::Export { .. }));
    // The section itself is gone.
    assert!(linked(&exported(4, 0, "x")).data.is_empty());
    // Twice the same method: the verifier's rule.
    let mut source = Source::new();
    let function = source.hidden("f", |source| source.asm.ret());
    source.executable.export_as(function, 0, 0, "a()");
    source.executable.export_as(function, 0, 0, "a()");
    assert!(matches!(refusal(&source.elf()), LinkError::Rejected(_)));
}

// L-24
#[test]
fn something_must_be_exported() {
    let mut source = Source::new();
    source.hidden("global", |source| source.asm.ret());
    // A second name of the same function, and a label at its beginning.
    source.executable.function("alias", 0, 4);
    source
        .executable
        .symbol("__text_start", Place::Text, 0, 0, SymbolKind::Label, true);
    let start = source.asm.position();
    source.asm.ret();
    source
        .executable
        .symbol("local", Place::Text, start, 4, SymbolKind::Function, false);
    let elf = source.elf();
    assert_eq!(refusal(&elf), LinkError::NoExports);
    let options = LinkOptions {
        export_symbols: true,
        ..LinkOptions::default()
    };
    let program = link(&elf, &options).unwrap();
    let names: Vec<_> = program
        .exports
        .iter()
        .map(|export| export.name.as_str())
        .collect();
    assert_eq!(names, ["alias", "global"]);
}
