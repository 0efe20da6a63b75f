//! The body of the fuzz target for the packs.

use crate::{Entry, PACK_1, PACK_2, Revision, halt::Halt};

/// Gas given to each call: enough for every operation, and a bound on the time of one input.
const GAS_LIMIT: u64 = 300_000;

/// Runs a precompile on arbitrary bytes and checks what must hold for every input.
///
/// The first byte chooses the address, the second the revision, the rest is the input.
///
/// # Panics
///
/// When the packs differ, when a price or a result is not reproducible, or when an output has a
/// length that its operation never gives: defects of this crate.
pub fn fuzz_packs(bytes: &[u8]) {
    let [address, revision, input @ ..] = bytes else {
        return;
    };
    let entries = PACK_2.entries();
    let entry = &entries[usize::from(*address) % entries.len()];
    let revision = Revision::ALL[usize::from(*revision) % Revision::ALL.len()];

    let result = run(entry, input, revision);
    assert_eq!(run(entry, input, revision), result, "not reproducible");
    if let Some(other) = PACK_1
        .entries()
        .iter()
        .find(|e| e.address() == entry.address())
    {
        assert_eq!(run(other, input, revision), result, "{}", entry.name());
    }
    match result {
        Ok((gas_used, output)) => {
            assert_eq!(gas_used, entry.gas(input, revision));
            assert!(
                is_possible_length(entry, input, output.len()),
                "{}",
                entry.name()
            );
            let refused = entry.run(input, gas_used.wrapping_sub(1), revision, &mut Vec::new());
            assert!(gas_used == 0 || matches!(refused, Err(Halt::OutOfGas { .. })));
        }
        Err(Halt::OutOfGas { required, limit }) => {
            assert_eq!(required, entry.gas(input, revision));
            assert!(required > limit);
        }
        Err(_) => {}
    }
}

/// What a call gives: gas and output, or its halt. Which halt is not part of consensus, but it is
/// the same in both packs.
fn run(entry: &Entry, input: &[u8], revision: Revision) -> Result<(u64, Vec<u8>), Halt> {
    let mut output = Vec::new();
    let gas_used = entry.run(input, GAS_LIMIT, revision, &mut output)?;
    Ok((gas_used, output))
}

fn is_possible_length(entry: &Entry, input: &[u8], length: usize) -> bool {
    match entry.address() {
        0x01 | 0x100 => length == 0 || length == 32,
        0x02 | 0x03 | 0x08 | 0x0f => length == 32,
        0x04 => length == input.len(),
        0x06 | 0x07 | 0x09 | 0x0a => length == 64,
        0x0b | 0x0c | 0x10 => length == 128,
        0x0d | 0x0e | 0x11 => length == 256,
        // MODEXP: the announced length of the modulus.
        _ => length <= GAS_LIMIT as usize,
    }
}
