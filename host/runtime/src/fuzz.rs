//! Bodies of the fuzz targets for what this crate parses.

use crate::{
    chain::spec::ChainSpec,
    configuration::Configuration,
    container::{self, Container, Payload},
};
use std::path::Path;

/// Reads bytes as a code container and checks what must hold for every one that is accepted.
///
/// # Panics
///
/// When an accepted container is not what encoding its parts gives: a defect of this crate.
pub fn fuzz_container(bytes: &[u8]) {
    let Ok(parsed) = Container::parse(bytes) else {
        return;
    };
    let size = parsed.size_bytes;
    assert_eq!(bytes.len(), size + parsed.trailing.len());
    assert!(container::is_container(bytes));
    assert!(
        Container::parse(&bytes[..size]).is_ok(),
        "trailing bytes matter"
    );
    match parsed.payload {
        Payload::Plain(payload) => {
            let again = container::encode(parsed.vm_type, parsed.requirement, payload);
            assert_eq!(again.as_deref(), Ok(&bytes[..size]), "not canonical");
        }
        // Many blocks unpack to one code; what unpacks has the length that was said.
        compressed => {
            if let Ok(code) = compressed.unpack(1 << 20) {
                assert_eq!(code.len(), compressed.size_bytes());
            }
        }
    }
}

/// Reads bytes as a chain specification and checks what must hold for every one that is accepted.
///
/// # Panics
///
/// When an accepted specification does not survive being written: a defect of this crate.
pub fn fuzz_chain_spec(bytes: &[u8]) {
    let file = Path::new("fuzz.toml");
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let Ok(spec) = ChainSpec::from_toml(text, file) else {
        return;
    };
    let again = ChainSpec::from_toml(&spec.to_toml(), file);
    assert_eq!(again.ok().map(|again| again.hash()), Some(spec.hash()));
}

/// Reads bytes as a configuration.
///
/// # Panics
///
/// When the same text is accepted once and refused once: a defect of this crate.
pub fn fuzz_configuration(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let file = Path::new("fuzz.toml");
    let first = Configuration::from_toml(text, file);
    let second = Configuration::from_toml(text, file);
    match (first, second) {
        (Ok(first), Ok(second)) => assert_eq!(format!("{first:?}"), format!("{second:?}")),
        (Err(first), Err(second)) => assert_eq!(first.to_string(), second.to_string()),
        (first, second) => panic!("{first:?} and {second:?} of one text"),
    }
}

#[cfg(test)]
mod tests {
    use super::{fuzz_chain_spec, fuzz_configuration, fuzz_container};
    use crate::container;

    /// Every way to cut a text, and every byte of it changed in three ways.
    fn slips(good: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
        let cut = (0..=good.len()).map(|end| good[..end].to_vec());
        let changed = (0..good.len()).flat_map(|at| {
            [0x01, 0x80, 0xff].map(|bits| {
                let mut bytes = good.to_vec();
                bytes[at] ^= bits;
                bytes
            })
        });
        cut.chain(changed)
    }

    #[test]
    fn containers_with_slips_are_refused_or_canonical() {
        let good = container::encode("prozvm", "^1.2[wide]", b"payload").expect("it is valid");
        slips(&good).for_each(|bytes| fuzz_container(&bytes));
    }

    #[test]
    fn specifications_with_slips_are_refused_or_survive_being_written() {
        let good = include_bytes!("../chain.example.toml");
        for bytes in slips(good).step_by(17) {
            fuzz_chain_spec(&bytes);
        }
    }

    #[test]
    fn configurations_with_slips_are_refused_or_read() {
        let good = include_bytes!("../proz.example.toml");
        for bytes in slips(good).step_by(17) {
            fuzz_configuration(&bytes);
        }
    }
}
