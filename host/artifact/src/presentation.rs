//! How values are shown to people: exactly, or with names, magnitudes and shortened bytes.

use std::fmt::Write as _;

use alloy_primitives::{Address, U256, hex};

use crate::book::AbiBook;

/// How to show values. The default shows them exactly, with nothing added and nothing left out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Presentation<'a> {
    /// Adds the magnitude of large integers: `10000 [1e4]`.
    pub magnitudes: bool,
    /// Cuts longer bytes: `0x0102…ff (1000 bytes)`.
    pub longest_bytes: Option<usize>,
    /// Names known addresses: `Token: [0x…]`.
    pub book: Option<&'a AbiBook>,
    /// Leaves the address out where there is a name: `Token`.
    pub names_only: bool,
}

impl Presentation<'_> {
    /// Shows an address, by name where it has one.
    #[must_use]
    pub fn address(&self, address: Address) -> String {
        match self.book.and_then(|book| book.name(address)) {
            Some(name) if self.names_only => clean(name),
            Some(name) => format!("{}: [{address}]", clean(name)),
            None => address.to_string(),
        }
    }

    /// Shows bytes in hexadecimal.
    #[must_use]
    pub fn bytes(&self, bytes: &[u8]) -> String {
        match self.longest_bytes {
            Some(longest) if bytes.len() > longest.max(8) => {
                let (start, end) = bytes.split_at(longest.max(8) - 4);
                let end = &end[end.len() - 4..];
                format!(
                    "0x{}…{} ({} bytes)",
                    hex::encode(start),
                    hex::encode(end),
                    bytes.len()
                )
            }
            _ => hex::encode_prefixed(bytes),
        }
    }

    /// Shows an unsigned integer.
    #[must_use]
    pub fn integer(&self, value: U256) -> String {
        format!("{value}{}", self.magnitude(value, ""))
    }

    /// ` [1.234e21]` for integers that are hard to read: four digits, cut off and not rounded.
    pub(crate) fn magnitude(&self, value: U256, sign: &str) -> String {
        let digits = value.to_string();
        if !self.magnitudes || digits.len() < 5 {
            return String::new();
        }
        let (first, rest) = digits.split_at(1);
        let fraction = rest[..3].trim_end_matches('0');
        let mut text = format!(" [{sign}{first}");
        if !fraction.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(text, ".{fraction}");
        }
        let _ = write!(text, "e{}]", rest.len());
        text
    }
}

/// Escapes what could move the cursor of a terminal.
pub(crate) fn clean(text: &str) -> String {
    let shown = |found: char| {
        if found == '\'' || found == '"' {
            found.to_string()
        } else {
            found.escape_debug().to_string()
        }
    };
    text.chars().map(shown).collect()
}
