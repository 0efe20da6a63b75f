//! Data sections: bytes, and the places in them that hold addresses.

use std::collections::BTreeMap;

use crate::error::{AsmError, expected};
use crate::operand::{hex, integer, is_name, split_list, string, value64};

/// Most bytes that one directive may add.
const DIRECTIVE_LIMIT: usize = 16 << 20;

/// A data section while it is read.
#[derive(Debug, Default)]
pub(crate) struct DataSection {
    pub(crate) bytes: Vec<u8>,
    /// Names with their offsets.
    pub(crate) names: BTreeMap<String, u64>,
    /// Offsets of 64-bit words that take the value of a symbol, with its line.
    pub(crate) patches: Vec<(usize, usize, String)>,
}

impl DataSection {
    /// Defines a name at the current end.
    pub(crate) fn define(&mut self, line: usize, name: &str) -> Result<(), AsmError> {
        match self.names.insert(name.to_owned(), self.bytes.len() as u64) {
            None => Ok(()),
            Some(_) => Err(AsmError::Duplicate {
                line,
                name: name.to_owned(),
            }),
        }
    }

    /// Takes a data directive.
    pub(crate) fn directive(
        &mut self,
        line: usize,
        word: &str,
        rest: &str,
    ) -> Result<(), AsmError> {
        match word {
            ".hex" => self.bytes.extend(hex(line, rest)?),
            ".ascii" => {
                let (bytes, after) = string(line, rest)?;
                if !after.is_empty() {
                    return Err(expected(line, "one string", rest));
                }
                self.bytes.extend(bytes);
            }
            ".u8" => self.list(line, rest, |line, text| {
                Ok(integer::<u8>(line, text)?.to_le_bytes())
            })?,
            ".u16" => self.list(line, rest, |line, text| {
                Ok(integer::<u16>(line, text)?.to_le_bytes())
            })?,
            ".u32" => self.list(line, rest, |line, text| {
                Ok(integer::<u32>(line, text)?.to_le_bytes())
            })?,
            ".u64" => {
                for text in split_list(rest) {
                    let symbol = text.starts_with('&') || text.get(..1).is_some_and(is_name);
                    let value = if symbol { 0 } else { value64(line, text)? };
                    if symbol {
                        self.patches.push((self.bytes.len(), line, text.to_owned()));
                    }
                    self.bytes.extend(value.to_le_bytes());
                }
            }
            ".zero" => self.extend_to(line, rest, |end, count| end.checked_add(count))?,
            ".align" => {
                self.extend_to(line, rest, |end, unit| end.checked_next_multiple_of(unit))?
            }
            _ => {
                return Err(AsmError::Unknown {
                    line,
                    found: word.to_owned(),
                });
            }
        }
        Ok(())
    }

    fn list<const N: usize>(
        &mut self,
        line: usize,
        rest: &str,
        element: impl Fn(usize, &str) -> Result<[u8; N], AsmError>,
    ) -> Result<(), AsmError> {
        for text in split_list(rest) {
            self.bytes.extend(element(line, text)?);
        }
        Ok(())
    }

    fn extend_to(
        &mut self,
        line: usize,
        rest: &str,
        end: impl Fn(usize, usize) -> Option<usize>,
    ) -> Result<(), AsmError> {
        let amount: u32 = integer(line, rest)?;
        let length = self.bytes.len();
        let end = end(length, amount as usize).filter(|&end| end - length <= DIRECTIVE_LIMIT);
        self.bytes.resize(
            end.ok_or_else(|| expected(line, "a sensible number of bytes", rest))?,
            0,
        );
        Ok(())
    }
}
