//! Fills in library addresses, or says which are missing and where.
//!
//! solc leaves a mark of 40 characters where the address of a library belongs: `__$` + 34 digits
//! of the keccak of `source.sol:Name` + `$__`, before 0.5 the name itself padded with underscores.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, hex, keccak256};

use crate::error::{ArtifactError, LibraryReference, Result};
use crate::hexadecimal::read_hex;

const MARK_DIGITS: usize = 40;

/// Which code is being linked, with what the artefact knows of its libraries.
pub(crate) struct Linker<'a> {
    /// The contract, for errors.
    pub(crate) contract: &'a str,
    /// `creation` or `runtime`, for errors.
    pub(crate) part: &'static str,
    /// Byte position of a mark → `source.sol:Name`, from the artefact's link references.
    pub(crate) references: BTreeMap<usize, String>,
    /// Every `source.sol:Name` that the artefact mentions.
    pub(crate) known: &'a BTreeSet<String>,
    /// The addresses to fill in, by `source.sol:Name` or `Name`.
    pub(crate) libraries: &'a BTreeMap<String, Address>,
}

impl Linker<'_> {
    /// Reads hexadecimal code, every mark replaced by the address of its library.
    pub(crate) fn link(&self, text: &str) -> Result<Vec<u8>> {
        let digits = text.strip_prefix("0x").unwrap_or(text).trim();
        if !digits.contains("__") {
            return read_hex(text);
        }
        let mut linked = String::with_capacity(digits.len());
        let mut missing: Vec<LibraryReference> = Vec::new();
        let mut rest = digits;
        while let Some((code, mark, after)) = split_mark(rest) {
            linked.push_str(code);
            let position = linked.len() / 2;
            let library = self.name(mark, position);
            match self.address(&library) {
                Some(address) => linked.push_str(&hex::encode(address)),
                None => {
                    linked.push_str(&"0".repeat(MARK_DIGITS));
                    match missing
                        .iter_mut()
                        .find(|reference| reference.library == library)
                    {
                        Some(reference) => reference.positions_bytes.push(position),
                        None => missing.push(LibraryReference {
                            library,
                            positions_bytes: vec![position],
                        }),
                    }
                }
            }
            rest = after;
        }
        linked.push_str(rest);
        if missing.is_empty() {
            return read_hex(&linked);
        }
        Err(ArtifactError::UnresolvedLibraries {
            contract: self.contract.to_owned(),
            part: self.part,
            libraries: missing,
        })
    }

    fn name(&self, mark: &str, position: usize) -> String {
        if let Some(name) = self.references.get(&position) {
            return name.clone();
        }
        if let Some(name) = self.known.iter().find(|name| hashed_mark(name) == mark) {
            return name.clone();
        }
        let legacy = mark.trim_matches('_');
        if legacy.is_empty() {
            mark.to_owned()
        } else {
            legacy.to_owned()
        }
    }

    fn address(&self, library: &str) -> Option<Address> {
        let short = library.rsplit_once(':').map_or(library, |(_, name)| name);
        self.libraries
            .get(library)
            .or_else(|| self.libraries.get(short))
            .copied()
    }
}

/// The first mark of `text` with what stands before and after it.
fn split_mark(text: &str) -> Option<(&str, &str, &str)> {
    let start = text.find("__")?;
    let end = start.checked_add(MARK_DIGITS)?;
    Some((text.get(..start)?, text.get(start..end)?, text.get(end..)?))
}

/// The mark that solc writes for a library since 0.5.
fn hashed_mark(qualified_name: &str) -> String {
    let hash = hex::encode(keccak256(qualified_name.as_bytes()));
    format!("__${}$__", &hash[..34])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linker<'a>(
        known: &'a BTreeSet<String>,
        libraries: &'a BTreeMap<String, Address>,
    ) -> Linker<'a> {
        Linker {
            contract: "Ledger",
            part: "creation",
            references: BTreeMap::new(),
            known,
            libraries,
        }
    }

    #[test]
    fn names_a_library_by_the_hash_in_its_mark() {
        let known = BTreeSet::from(["src/Linked.sol:Sums".to_owned()]);
        let none = BTreeMap::new();
        let mark = hashed_mark("src/Linked.sol:Sums");
        let error = linker(&known, &none)
            .link(&format!("0x6001{mark}00"))
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "creation code of `Ledger` is not linked: \
             library `src/Linked.sol:Sums` is missing at byte 2"
        );
    }

    #[test]
    fn names_a_library_of_an_old_compiler_by_its_text() {
        let (known, none) = (BTreeSet::new(), BTreeMap::new());
        let mark = format!("{:_<40}", "__OldMath");
        let error = linker(&known, &none)
            .link(&format!("73{mark}63{mark}"))
            .unwrap_err();
        let ArtifactError::UnresolvedLibraries { libraries, .. } = error else {
            panic!("found {error}")
        };
        assert_eq!(
            libraries,
            [LibraryReference {
                library: "OldMath".into(),
                positions_bytes: vec![1, 22]
            }]
        );
    }

    #[test]
    fn fills_in_an_address_given_by_the_short_name() {
        let known = BTreeSet::from(["a.sol:L".to_owned()]);
        let libraries = BTreeMap::from([("L".to_owned(), Address::repeat_byte(0xAB))]);
        let code = format!("73{}00", hashed_mark("a.sol:L"));
        let linked = linker(&known, &libraries).link(&code).unwrap();
        assert_eq!(linked[0], 0x73);
        assert_eq!(linked[1..21], [0xAB; 20]);
        assert_eq!(linked.len(), 22);
    }
}
