//! The contract kit in `sdk/prozvm` says the same as the tables: numbers, names, shapes.

use std::collections::BTreeMap;
use std::path::Path;

use proz_prozvm_core::{Class, Opcode};
use proz_prozvm_syscalls::CHAIN;

fn kit(file: &str) -> String {
    let kit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../sdk/prozvm");
    let path = kit.join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn header() -> String {
    kit("c/pz64.h")
}

/// `#define PREFIXname number`, by name.
fn defined(text: &str, prefix: &str) -> BTreeMap<String, u16> {
    text.lines()
        .filter_map(|line| line.strip_prefix("#define ")?.strip_prefix(prefix))
        .map(|rest| {
            let (name, value) = rest.split_once(' ').expect("a name and a number");
            (name.to_ascii_lowercase(), number(value).expect(value))
        })
        .collect()
}

/// The intrinsic `pz_name`: its parameters and the macro with which it does its work.
fn intrinsic<'a>(text: &'a str, name: &str) -> (usize, &'a str) {
    let start = text
        .find(&format!(" pz_{name}("))
        .unwrap_or_else(|| panic!("pz_{name} is missing"));
    let text = &text[start..];
    let body = text.find('{').expect("a body");
    let parameters = &text[text.find('(').expect("(") + 1..text[..body].rfind(')').expect(")")];
    let count = match parameters {
        "void" => 0,
        some => some.split(',').count(),
    };
    (count, &text[body..text.find("}\n").expect("an end")])
}

/// The classes that compiled code reaches by `.insn` and the macro of the header for each.
fn shape(class: Class) -> Option<&'static str> {
    Some(match class {
        Class::WideBinary | Class::WidePower => "PZ_WIDE_BINARY(",
        Class::WideTernary => "PZ_WIDE_TERNARY(",
        Class::WideShift => "PZ_WIDE_SHIFT(",
        Class::WideCompare => "PZ_WIDE_COMPARE(",
        Class::WideUnary => "PZ_WIDE_UNARY(",
        Class::WideExtend => "PZ_WIDE_EXTEND(",
        Class::WideProduct | Class::Grow => "PZ_INSN(",
        Class::Hash | Class::Copy | Class::Fill => "PZ_SPAN(",
        _ => return None,
    })
}

#[test]
fn instructions_have_the_numbers_and_shapes_of_the_table() {
    let header = header();
    let mut expected = BTreeMap::new();
    for &opcode in Opcode::ALL {
        let Some(shape) = shape(opcode.class()) else {
            continue;
        };
        let name = opcode.mnemonic().replace('.', "_");
        let (_, body) = intrinsic(&header, &name);
        let use_of = format!("{shape}PZ_OP_{},", name.to_ascii_uppercase());
        assert!(body.contains(&use_of), "pz_{name} lacks {use_of}: {body}");
        expected.insert(name, opcode as u16);
    }
    assert_eq!(defined(&header, "PZ_OP_"), expected);
    assert!(expected.len() > 20);
}

#[test]
fn syscalls_have_the_numbers_and_signatures_of_the_table() {
    let header = header();
    let mut expected = BTreeMap::new();
    for entry in CHAIN.entries() {
        let (parameters, body) = intrinsic(&header, entry.name);
        let signature = entry.signature;
        let shape = match (entry.name, signature.results) {
            ("return" | "revert", _) => "END",
            (_, 0) => "TELL",
            _ => "ASK",
        };
        let count = signature.parameters;
        let constant = format!("PZ_SYS_{}", entry.name.to_ascii_uppercase());
        assert_eq!(parameters, usize::from(count), "pz_{}", entry.name);
        let use_of = format!("PZ_{shape}_{count}({constant}");
        assert!(
            body.contains(&use_of),
            "pz_{} lacks {use_of}: {body}",
            entry.name
        );
        expected.insert(entry.name.to_owned(), entry.number);
    }
    assert_eq!(defined(&header, "PZ_SYS_"), expected);
}

#[test]
fn export_kinds_and_mutabilities_are_those_of_the_format() {
    let header = header();
    let spec = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../SPEC.md"))
        .expect("SPEC.md");
    let line = spec
        .lines()
        .find_map(|line| line.strip_prefix("Export kinds: "))
        .expect("section F lists the kinds");
    let (kinds, mutabilities) = line.split_once(". Mutability: ").expect("two lists");
    let mut checked = 0;
    for (prefix, list) in [("PZ_KIND_", kinds), ("PZ_IS_", mutabilities)] {
        for item in list.trim_end_matches('.').split(", ") {
            let (number, name) = item.split_once(' ').expect("number and name");
            let name = name.replace('-', "").to_ascii_uppercase();
            let entry = format!("{prefix}{name} = {number}");
            assert!(header.contains(&entry), "{entry} is missing");
            checked += 1;
        }
    }
    assert_eq!(checked, 9);
}

/// All instructions that compiled code reaches by `.insn`, and all syscalls.
fn expected() -> [BTreeMap<String, u16>; 2] {
    let reached = |opcode: &&Opcode| shape(opcode.class()).is_some();
    let name = |opcode: &Opcode| opcode.mnemonic().replace('.', "_");
    [
        Opcode::ALL
            .iter()
            .filter(reached)
            .map(|opcode| (name(opcode), *opcode as u16))
            .collect(),
        CHAIN
            .entries()
            .iter()
            .map(|entry| (entry.name.to_owned(), entry.number))
            .collect(),
    ]
}

fn number(text: &str) -> Option<u16> {
    match text.strip_prefix("0x") {
        Some(digits) => u16::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

#[test]
fn zig_has_the_numbers_of_the_tables() {
    let text = kit("zig/proz.zig");
    let syscalls = text.find("pub const sys = struct").expect("sys");
    let found = [&text[..syscalls], &text[syscalls..]].map(|part| {
        part.lines()
            .filter_map(|line| line.strip_prefix("    pub const ")?.strip_suffix(';'))
            .filter_map(|line| {
                let (name, value) = line.split_once(" = ")?;
                Some((name.to_ascii_lowercase(), number(value)?))
            })
            .collect::<BTreeMap<_, _>>()
    });
    assert_eq!(found, expected());
}

#[test]
fn rust_has_the_numbers_and_signatures_of_the_tables() {
    let text = kit("rust/src/machine.rs");
    let [mut instructions, syscalls] = expected();
    // This one has a shape of its own and repeats its number.
    assert_eq!(
        text.matches("concat!(\".insn r 0x2b, \", 0xca, \" >> 7, \", 0xca,")
            .count(),
        1
    );
    assert_eq!(instructions.remove("heap_grow"), Some(0xca));
    let start = text.find("\nsyscalls! {").expect("syscalls");
    let found: BTreeMap<_, _> = text[..start]
        .lines()
        .filter_map(|line| line.trim_start().strip_suffix(';')?.split_once(' '))
        .filter_map(|(name, value)| Some((name.to_owned(), number(value)?)))
        .collect();
    assert_eq!(found, instructions);
    let mut found = BTreeMap::new();
    for line in text[start..].lines() {
        let Some((name, rest)) = line
            .strip_suffix(';')
            .and_then(|line| line.trim_start().split_once(' '))
        else {
            continue;
        };
        let (value, rest) = rest.split_once(' ').expect(line);
        let name = name.trim_end_matches('_');
        let entry = CHAIN.by_name(name).expect(name);
        let parameters = (0..entry.signature.parameters).map(|at| format!("\"a{at}\""));
        let named: Vec<_> = rest
            .split('"')
            .skip(1)
            .step_by(2)
            .map(|text| format!("\"{text}\""))
            .collect();
        assert_eq!(named, parameters.collect::<Vec<_>>(), "{line}");
        let kind = match (name, entry.signature.results) {
            ("return" | "revert", _) => "ends",
            (_, 0) => "tells",
            _ => "asks",
        };
        assert!(rest.ends_with(kind), "{line}");
        found.insert(name.to_owned(), number(value).expect(value));
    }
    assert_eq!(found, syscalls);
}
