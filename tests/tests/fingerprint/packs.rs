//! Vectors of packs: each address of Ethereum with inputs of many lengths.

use super::head;
use std::fmt::Write as _;

pub(super) fn vectors() -> String {
    let mut text = head("packs of precompiles");
    let inputs: Vec<(String, Vec<u8>)> = [
        0_usize, 1, 31, 32, 64, 96, 128, 160, 192, 213, 256, 288, 384, 512,
    ]
    .into_iter()
    .flat_map(|size| {
        [
            (format!("{size} zeros"), vec![0; size]),
            (
                format!("{size} bytes"),
                (0..size).map(|i| (i % 7) as u8).collect(),
            ),
            (format!("{size} words of one"), one_words(size)),
        ]
    })
    .collect();
    for address in (1..=0x11_u64).chain([0x100]) {
        for (name, input) in &inputs {
            let _ = write!(
                text,
                "\n[[vector]]\nname = \"{address:#x} on {name}\"\naddress = \"0x{address:040x}\"\ninput = \"0x{}\"\ngas = 1000000\n",
                hex::encode(input)
            );
        }
    }
    text
}

/// Words that are the number one each, cut to a size.
fn one_words(size: usize) -> Vec<u8> {
    (0..size).map(|i| u8::from(i % 32 == 31)).collect()
}
