//! Every vector of the corpus, for output and gas, and once more with one gas too little.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use proz_precompiles::{Entry, Halt, PACK_1, PACK_2, Pack, Revision};
use support::{IndexFile, Vector};

/// All vectors of the corpus; a smaller number would mean that some were not run.
const VECTORS: usize = 1_883;

/// The revision whose prices a file holds.
fn revision(file: &IndexFile) -> Revision {
    match file.file.as_str() {
        "modexp.json" => Revision::Byzantium,
        "modexp_eip2565.json" => Revision::Berlin,
        _ => Revision::Osaka,
    }
}

/// Runs a file's vectors, each with enough gas and with one too little; returns their number.
fn run_file(pack: &Pack, file: &IndexFile, vectors: &[Vector]) -> usize {
    let revision = revision(file);
    let Some(entry) = pack.find(file.address(), revision) else {
        return 0;
    };
    for vector in vectors {
        let name = format!("{} {}", file.file, vector.name);
        let input = hex::decode(&vector.input).unwrap();
        if file.negative {
            assert_halts(entry, &input, revision, &name);
        } else {
            assert_result(entry, &input, revision, vector, &name);
        }
    }
    vectors.len()
}

fn assert_result(entry: &Entry, input: &[u8], revision: Revision, vector: &Vector, name: &str) {
    let expected = hex::decode(vector.expected.as_ref().unwrap()).unwrap();
    let gas = vector.gas.unwrap();
    let mut output = vec![0xaa];
    assert_eq!(
        entry.run(input, gas, revision, &mut output),
        Ok(gas),
        "{name}"
    );
    assert_eq!(hex::encode(&output), hex::encode(expected), "{name}");
    if let Some(limit) = gas.checked_sub(1) {
        let refused = entry.run(input, limit, revision, &mut output);
        assert_eq!(
            refused,
            Err(Halt::OutOfGas {
                required: gas,
                limit
            }),
            "{name}"
        );
        assert!(output.is_empty(), "{name}");
    }
}

fn assert_halts(entry: &Entry, input: &[u8], revision: Revision, name: &str) {
    let mut output = vec![0xaa];
    let halt = entry
        .run(input, u64::MAX, revision, &mut output)
        .unwrap_err();
    assert!(!matches!(halt, Halt::OutOfGas { .. }), "{name}: {halt}");
    assert!(output.is_empty(), "{name}");
}

#[test]
fn pack_2_answers_every_vector_with_its_output_and_gas() {
    let Some(files) = support::vectors() else {
        println!("skipped: no corpora");
        return;
    };
    let mut run = 0;
    for (file, vectors) in &files {
        let count = run_file(&PACK_2, file, vectors);
        println!("{:28} {count}", file.file);
        run += count;
    }
    println!("pack 2: {run} of {VECTORS} vectors");
    assert_eq!(run, VECTORS);
}

#[test]
fn pack_1_answers_every_vector_of_its_addresses() {
    let Some(files) = support::vectors() else {
        println!("skipped: no corpora");
        return;
    };
    let expected: usize = files
        .iter()
        .filter(|(file, _)| file.address() <= 0x09)
        .map(|(_, vectors)| vectors.len())
        .sum();
    let run: usize = files
        .iter()
        .map(|(file, vectors)| run_file(&PACK_1, file, vectors))
        .sum();
    println!("pack 1: {run} of {expected} vectors");
    assert_eq!(run, expected);
    assert!(run > 150);
}
