//! Reads one argument of a call from text, by the type of its parameter.
//!
//! | type | text |
//! |---|---|
//! | `uintN`, `intN` | as in [`crate::number`] |
//! | `bool` | `true`, `false` |
//! | `address`, `bytesN`, `function` | hexadecimal of the exact size |
//! | `bytes` | hexadecimal, `0x` when empty |
//! | `string` | the text as it is; in a list, or to keep spaces, `"quoted"` with Rust's escapes |
//! | `T[]`, `T[N]` | `[a, b]` |
//! | tuples | `(a, b)` |

use std::fmt;

use alloy_dyn_abi::{DynSolType, DynSolValue};
use alloy_primitives::{Address, B256, Function};

use crate::error::{ArtifactError, excerpt};
use crate::hexadecimal::read_hex;
use crate::number::{NumberError, read_int, read_uint};

/// One argument that does not fit its parameter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ArgumentError {
    /// Which argument, from 1.
    pub index: usize,
    /// The parameter's name, empty when it has none.
    pub name: String,
    /// The parameter's type.
    pub ty: String,
    /// What in it does not fit.
    pub fault: ValueError,
}

impl fmt::Display for ArgumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "argument {}", self.index)?;
        if !self.name.is_empty() {
            write!(f, " `{}`", self.name)?;
        }
        for index in &self.fault.path {
            write!(f, "[{index}]")?;
        }
        let ValueError {
            expected,
            found,
            reason,
            ..
        } = &self.fault;
        write!(
            f,
            ": expected {expected}, found `{}`: {reason}",
            excerpt(found)
        )
    }
}

/// Text that does not fit a type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found `{}`: {reason}", excerpt(found))]
pub struct ValueError {
    /// The element, field of field, at which it does not fit; empty for the whole value.
    pub path: Vec<usize>,
    /// The type of that element.
    pub expected: String,
    /// The text of that element.
    pub found: String,
    /// Why it does not fit.
    pub reason: String,
}

/// Reads a value of a type from text.
///
/// # Errors
///
/// [`ValueError`] with the innermost element that does not fit.
pub fn read_value(ty: &DynSolType, text: &str) -> Result<DynSolValue, ValueError> {
    Reader { path: Vec::new() }.value(ty, text, false)
}

struct Reader {
    path: Vec<usize>,
}

impl Reader {
    fn value(
        &mut self,
        ty: &DynSolType,
        text: &str,
        in_list: bool,
    ) -> Result<DynSolValue, ValueError> {
        let trimmed = text.trim();
        let number = |error: NumberError| self.refuse(ty, text, error.to_string());
        Ok(match ty {
            DynSolType::Bool => match trimmed {
                "true" => DynSolValue::Bool(true),
                "false" => DynSolValue::Bool(false),
                _ => return Err(self.refuse(ty, text, "write `true` or `false`")),
            },
            &DynSolType::Uint(bits) => {
                DynSolValue::Uint(read_uint(trimmed, bits).map_err(number)?, bits)
            }
            &DynSolType::Int(bits) => {
                DynSolValue::Int(read_int(trimmed, bits).map_err(number)?, bits)
            }
            DynSolType::Address => {
                DynSolValue::Address(Address::from_slice(&self.exactly(ty, trimmed, 20)?))
            }
            DynSolType::Function => {
                DynSolValue::Function(Function::from_slice(&self.exactly(ty, trimmed, 24)?))
            }
            &DynSolType::FixedBytes(size) => {
                let bytes = self.exactly(ty, trimmed, size)?;
                DynSolValue::FixedBytes(B256::right_padding_from(&bytes), size)
            }
            DynSolType::Bytes => DynSolValue::Bytes(self.bytes(ty, trimmed)?),
            DynSolType::String => DynSolValue::String(self.string(ty, text, in_list)?),
            DynSolType::Array(inner) => {
                let elements = self.elements(ty, trimmed, ['[', ']'])?;
                DynSolValue::Array(self.values(elements.iter().map(|text| (&**inner, *text)))?)
            }
            DynSolType::FixedArray(inner, size) => {
                let elements = self.elements(ty, trimmed, ['[', ']'])?;
                self.count(ty, text, *size, elements.len())?;
                DynSolValue::FixedArray(self.values(elements.iter().map(|text| (&**inner, *text)))?)
            }
            DynSolType::Tuple(types) => {
                let elements = self.elements(ty, trimmed, ['(', ')'])?;
                self.count(ty, text, types.len(), elements.len())?;
                let typed = types.iter().zip(elements.iter().copied());
                DynSolValue::Tuple(self.values(typed)?)
            }
        })
    }

    fn values<'a>(
        &mut self,
        elements: impl Iterator<Item = (&'a DynSolType, &'a str)>,
    ) -> Result<Vec<DynSolValue>, ValueError> {
        let mut values = Vec::new();
        for (index, (ty, text)) in elements.enumerate() {
            self.path.push(index);
            values.push(self.value(ty, text, true)?);
            self.path.pop();
        }
        Ok(values)
    }

    /// The texts between the brackets, at the commas that stand in no inner bracket or quote.
    fn elements<'a>(
        &self,
        ty: &DynSolType,
        text: &'a str,
        [open, close]: [char; 2],
    ) -> Result<Vec<&'a str>, ValueError> {
        let inner = text
            .strip_prefix(open)
            .and_then(|text| text.strip_suffix(close));
        let Some(inner) = inner else {
            return Err(self.refuse(ty, text, format!("write it as `{open}…, …{close}`")));
        };
        let split = split_list(inner).map_err(|reason| self.refuse(ty, text, reason))?;
        if let Some(position) = split.iter().position(|element| element.trim().is_empty()) {
            let reason = format!("element {position} is empty");
            return Err(self.refuse(ty, text, reason));
        }
        Ok(split)
    }

    fn count(
        &self,
        ty: &DynSolType,
        text: &str,
        expected: usize,
        found: usize,
    ) -> Result<(), ValueError> {
        if expected == found {
            return Ok(());
        }
        let reason = format!("it takes {expected} element(s), there are {found}");
        Err(self.refuse(ty, text, reason))
    }

    fn bytes(&self, ty: &DynSolType, text: &str) -> Result<Vec<u8>, ValueError> {
        if text.is_empty() {
            return Err(self.refuse(ty, text, "write `0x` for no bytes"));
        }
        read_hex(text).map_err(|error| match error {
            ArtifactError::HexDigit { found, .. } => self.refuse(
                ty,
                text,
                format!("`{}` is no hexadecimal digit", found.escape_default()),
            ),
            error => self.refuse(ty, text, error.to_string()),
        })
    }

    fn exactly(&self, ty: &DynSolType, text: &str, size: usize) -> Result<Vec<u8>, ValueError> {
        let bytes = self.bytes(ty, text)?;
        if bytes.len() == size {
            return Ok(bytes);
        }
        Err(self.refuse(
            ty,
            text,
            format!("it takes {size} byte(s), there are {}", bytes.len()),
        ))
    }

    /// Outside a list the text is the string, unless all of it is one quoted string.
    fn string(&self, ty: &DynSolType, text: &str, in_list: bool) -> Result<String, ValueError> {
        let trimmed = text.trim();
        let is_quoted = trimmed.starts_with(['"', '\'']);
        match (is_quoted, unquote(trimmed)) {
            (true, Ok(string)) => Ok(string),
            (true, Err(reason)) if in_list => Err(self.refuse(ty, text, reason)),
            _ if in_list => Ok(trimmed.to_owned()),
            _ => Ok(text.to_owned()),
        }
    }

    fn refuse(&self, ty: &DynSolType, text: &str, reason: impl Into<String>) -> ValueError {
        ValueError {
            path: self.path.clone(),
            expected: ty.sol_type_name().into_owned(),
            found: text.trim().to_owned(),
            reason: reason.into(),
        }
    }
}

/// Splits at the commas outside of brackets and quotes; blank text is an empty list.
fn split_list(text: &str) -> Result<Vec<&str>, String> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let mut elements = Vec::new();
    let mut open = Vec::new();
    let mut quote = None;
    let mut is_escaped = false;
    let mut start = 0;
    // A quote opens a string only where an element begins: `it's` is text.
    let mut at_start = true;
    for (position, found) in text.char_indices() {
        if let Some(delimiter) = quote {
            if is_escaped {
                is_escaped = false;
            } else if found == '\\' {
                is_escaped = true;
            } else if found == delimiter {
                quote = None;
            }
            continue;
        }
        match found {
            '"' | '\'' if at_start => quote = Some(found),
            '[' | '(' => open.push(found),
            ']' | ')' => {
                let opening = if found == ']' { '[' } else { '(' };
                if open.pop() != Some(opening) {
                    return Err(format!("`{found}` closes nothing"));
                }
            }
            ',' if open.is_empty() => {
                elements.push(&text[start..position]);
                start = position + 1;
            }
            _ => {}
        }
        at_start = matches!(found, ',' | '[' | '(') || (at_start && found.is_whitespace());
    }
    match (quote, open.pop()) {
        (Some(quote), _) => return Err(format!("`{quote}` is not closed")),
        (None, Some(bracket)) => return Err(format!("`{bracket}` is not closed")),
        (None, None) => elements.push(&text[start..]),
    }
    Ok(elements)
}

/// Reads a quoted string with the escapes that [`str::escape_debug`] writes.
fn unquote(text: &str) -> Result<String, String> {
    let mut chars = text.chars();
    let Some(quote) = chars.next() else {
        return Err("the string is empty".to_owned());
    };
    let mut string = String::new();
    loop {
        match chars.next() {
            None => return Err(format!("`{quote}` is not closed")),
            Some(found) if found == quote => break,
            Some('\\') => string.push(unescape(&mut chars)?),
            Some(found) => string.push(found),
        }
    }
    match chars.next() {
        None => Ok(string),
        Some(_) => Err("text follows the closing quote".to_owned()),
    }
}

fn unescape(chars: &mut std::str::Chars<'_>) -> Result<char, String> {
    let unknown = |found: &str| format!("`\\{found}` is no escape");
    Ok(match chars.next() {
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('0') => '\0',
        Some(found @ ('\\' | '"' | '\'')) => found,
        Some('u') => {
            let rest = chars.as_str();
            let digits = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
            let Some((digits, rest)) = digits else {
                return Err(unknown("u"));
            };
            *chars = rest.chars();
            let code = u32::from_str_radix(digits, 16)
                .ok()
                .and_then(char::from_u32);
            code.ok_or_else(|| unknown(&format!("u{{{}}}", excerpt(digits))))?
        }
        Some(found) => return Err(unknown(&found.escape_debug().to_string())),
        None => return Err(unknown("")),
    })
}
