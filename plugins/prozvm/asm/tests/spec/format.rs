//! Rules F: the binary form.

use proz_prozvm_core::testing::{Entropy, random_program};
use proz_prozvm_core::{Program, Section};

use crate::program;

const SOURCE: &str = ".func f () -> 0\n lc t0, 5\n ret\n.table f\n.rodata\n.u8 1\n.data\n.u8 2
    .export \"f()\" f selector 0x01020304\n.export \"main\" f plain\n.custom \"c\" aabb";

fn assert_refused(bytes: &[u8], rule: &str, offset: usize) {
    let refused = Program::decode(bytes).unwrap_err();
    assert_eq!(
        (refused.rule.id(), refused.offset),
        (rule, offset),
        "{refused}"
    );
}

/// The encoding of `SOURCE` with bytes at `offset` replaced.
fn damaged(offset: usize, bytes: &[u8]) -> Vec<u8> {
    let mut encoded = program(SOURCE).encode();
    encoded[offset..offset + bytes.len()].copy_from_slice(bytes);
    encoded
}

/// F-1, F-2, F-3
#[test]
fn wrong_headers_are_refused() {
    assert_refused(b"", "F-1", 0);
    assert_refused(&program(SOURCE).encode()[..31], "F-1", 0);
    assert_refused(&damaged(3, b"5"), "F-1", 0);
    assert_refused(&damaged(4, &[2]), "F-2", 4);
    assert_refused(&damaged(8, &[4]), "F-3", 8);
    assert_refused(&damaged(31, &[1]), "F-3", 28);
}

/// F-4
#[test]
fn sections_must_be_known_ascending_and_full() {
    let encoded = program(SOURCE).encode();
    assert_refused(&damaged(32, &[0]), "F-4", 32);
    assert_refused(&damaged(32, &[12]), "F-4", 32);
    let functions = 32 + 5 + 2;
    assert_eq!(encoded[functions], 3);
    assert_refused(&damaged(functions, &[1]), "F-4", functions);
    let mut empty = encoded[..functions].to_vec();
    empty.extend([3, 0, 0, 0, 0]);
    assert_refused(&empty, "F-4", functions);
}

/// F-5
#[test]
fn lengths_must_fit() {
    let encoded = program(SOURCE).encode();
    let custom = program(SOURCE).section_offset(Section::Custom);
    assert_refused(&encoded[..encoded.len() - 1], "F-5", custom);
    assert_refused(&damaged(33, &[0xff, 0xff, 0xff, 0xff]), "F-5", 37);
    // Three bytes of types.
    let mut odd = encoded[..32].to_vec();
    odd.extend([1, 3, 0, 0, 0, 0, 0, 0]);
    assert_refused(&odd, "F-5", 37);
    // A switch table that promises more than there is.
    let mut short = encoded[..32].to_vec();
    short.extend([6, 4, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
    assert_refused(&short, "F-5", 41);
}

/// F-6, F-7, F-8
#[test]
fn elements_must_be_well_formed() {
    let plain = program(SOURCE);
    let functions = plain.section_offset(Section::Functions);
    assert_refused(&damaged(functions + 2, &[1]), "F-6", functions + 2);
    let exports = plain.section_offset(Section::Exports);
    assert_refused(&damaged(exports, &[5]), "F-7", exports);
    assert_refused(&damaged(exports + 1, &[4]), "F-7", exports);
    let second = exports + 12 + 3;
    assert_refused(&damaged(second + 2, &[1]), "F-6", second + 2);
    assert_refused(&damaged(exports + 13, &[0xff]), "F-8", exports + 13);
}

/// F-9
#[test]
fn opcodes_must_be_known() {
    let code = program(SOURCE).section_offset(Section::Code);
    assert_refused(&damaged(code + 8, &[0]), "F-9", code + 8);
    assert_refused(&damaged(code, &[0xff]), "F-9", code);
}

/// F-10
#[test]
fn encoding_is_canonical() {
    for seed in 0..300u64 {
        let made = random_program(&mut Entropy::new(&seed.to_le_bytes()));
        let encoded = made.encode();
        assert_eq!(encoded.len(), made.encoded_size());
        let decoded = Program::decode(&encoded).unwrap();
        assert_eq!(decoded, made);
        assert_eq!(decoded.encode(), encoded);
    }
}

/// F-11: a length alone reserves nothing.
#[test]
fn promised_lengths_cost_nothing() {
    let header = program(SOURCE).encode()[..32].to_vec();
    for id in 1..=11 {
        let mut bytes = header.clone();
        bytes.extend([id, 0xff, 0xff, 0xff, 0xff]);
        assert_refused(&bytes, "F-5", 37);
    }
}
