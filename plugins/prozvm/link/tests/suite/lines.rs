//! Source lines, from DWARF to the section `pz.lines`, and the names of functions.

use crate::running::fixture;
use proz_prozvm_asm::{NAMES_SECTION, function_names};
use proz_prozvm_core::{Custom, Program};
use proz_prozvm_link::{LINES_SECTION, LineRow, LineTable, LineTableError, LinkOptions, link};

fn linked(elf: &str) -> Program {
    let options = LinkOptions {
        export_symbols: true,
        ..LinkOptions::default()
    };
    link(&fixture(elf), &options).unwrap()
}

fn function(program: &Program, name: &str) -> u32 {
    program.export(name).unwrap().function
}

// D-2
#[test]
fn functions_keep_the_names_of_their_symbols() {
    let program = linked("lines.clang.elf");
    assert_eq!(function_names(&program), ["helper", "entry"]);
    let names = program
        .custom
        .iter()
        .find(|custom| custom.name == NAMES_SECTION)
        .unwrap();
    assert_eq!(names.data, b"helper\nentry");
}

// D-4, D-5
#[test]
fn instructions_know_their_lines() {
    for elf in ["lines.clang.elf", "lines.gcc.elf"] {
        let program = linked(elf);
        let table = LineTable::of(&program).unwrap().unwrap();
        assert_eq!(table.files, ["lines.c"], "{elf}");
        for (name, expected) in [("helper", 2..=4), ("entry", 5..=10)] {
            let index = function(&program, name);
            let length = program.functions[index as usize].length;
            let lines: Vec<u32> = (0..length)
                .map(|instruction| {
                    let (file, line) = table.find(index, instruction).unwrap();
                    assert_eq!(file, "lines.c");
                    line
                })
                .collect();
            assert!(
                lines.iter().all(|line| expected.contains(line)),
                "{elf} {name} {lines:?}"
            );
        }
        // The call stands on line 6 and nowhere else.
        let entry = function(&program, "entry");
        let places = table.places("lines.c", 6);
        assert!(
            !places.is_empty() && places.iter().all(|place| place.0 == entry),
            "{elf} {places:?}"
        );
        assert!(table.places("other.c", 6).is_empty());
        assert!(table.places("ines.c", 6).is_empty());
    }
}

#[test]
fn lines_can_be_left_out() {
    let options = LinkOptions {
        export_symbols: true,
        lines: false,
        names: false,
        ..LinkOptions::default()
    };
    let program = link(&fixture("lines.clang.elf"), &options).unwrap();
    assert!(program.custom.is_empty());
}

fn sample() -> LineTable {
    let row = |instruction, file, line| LineRow {
        instruction,
        file,
        line,
    };
    LineTable {
        files: vec!["a.c".to_owned(), "lib/b.h".to_owned()],
        functions: vec![
            vec![row(0, 0, 300), row(2, 1, 7), row(500, 0, 301)],
            vec![],
            vec![row(1, 1, 0), row(3, 0, 1)],
        ],
    }
}

// D-3
#[test]
fn the_format_is_the_one_of_the_specification() {
    let bytes = sample().encode();
    #[rustfmt::skip]
    let expected = [
        1,
        2, 3, b'a', b'.', b'c', 7, b'l', b'i', b'b', b'/', b'b', b'.', b'h',
        3,
        3, 0, 0, 0xac, 0x02, 2, 1, 0xdb, 0x7d, 0xf2, 0x03, 0, 0xa6, 0x02,
        0,
        2, 1, 1, 0, 2, 0, 1,
    ];
    assert_eq!(bytes, expected);
    assert_eq!(LineTable::decode(&bytes), Ok(sample()));
}

// D-4
#[test]
fn rows_hold_up_to_the_next() {
    let table = sample();
    assert_eq!(table.find(0, 0), Some(("a.c", 300)));
    assert_eq!(table.find(0, 1), Some(("a.c", 300)));
    assert_eq!(table.find(0, 499), Some(("lib/b.h", 7)));
    assert_eq!(table.find(0, 9999), Some(("a.c", 301)));
    assert_eq!(table.find(1, 0), None);
    assert_eq!(table.find(2, 0), None);
    assert_eq!(table.find(2, 1), None);
    assert_eq!(table.find(2, 3), Some(("a.c", 1)));
    assert_eq!(table.find(3, 0), None);
    assert_eq!(table.places("b.h", 7), [(0, 2)]);
}

// D-1, D-3
#[test]
fn damaged_sections_are_told_and_ignored() {
    let good = sample().encode();
    for length in 0..good.len() {
        assert!(LineTable::decode(&good[..length]).is_err(), "{length}");
    }
    let mut longer = good.clone();
    longer.push(0);
    assert!(matches!(
        LineTable::decode(&longer),
        Err(LineTableError::Length { .. })
    ));
    assert_eq!(LineTable::decode(&[2]), Err(LineTableError::Version(2)));
    // Two rows for one instruction, a file that does not exist, a line below zero, a number that is too long.
    for rows in [
        &[1, 1, 1, b'a', 1, 2, 0, 0, 1, 0, 0, 1][..],
        &[1, 1, 1, b'a', 1, 1, 0, 1, 1],
        &[1, 1, 1, b'a', 1, 1, 0, 0, 0x7f],
        &[1, 0x80, 0x80, 0x80, 0x80, 0x80, 0],
    ] {
        assert!(
            matches!(LineTable::decode(rows), Err(LineTableError::Damaged(_))),
            "{rows:?}"
        );
    }
    let mut program = linked("lines.clang.elf");
    let replace = |program: &mut Program, data: Vec<u8>| {
        program.custom.retain(|custom| custom.name != LINES_SECTION);
        program.custom.push(Custom {
            name: LINES_SECTION.to_owned(),
            data,
        });
    };
    // For another number of functions.
    replace(&mut program, good);
    assert_eq!(LineTable::of(&program), Ok(None));
    replace(&mut program, vec![9]);
    assert!(LineTable::of(&program).is_err());
    // It runs all the same.
    let both = crate::running::Both::new(program, &LinkOptions::default());
    assert_eq!(both.result("entry", &[5]), 8);
}
