//! Reads the pieces of a line: numbers, registers, signatures, strings.

use proz_prozvm_core::{Signature, register_number};

use crate::error::{AsmError, expected};

/// Removes a comment, which begins with `;` or `#` outside of a string.
pub(crate) fn strip_comment(line: &str) -> &str {
    let mut quoted = false;
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ';' | '#' if !quoted => return &line[..at],
            _ => {}
        }
    }
    line
}

/// Splits at commas outside of strings.
pub(crate) fn split_list(text: &str) -> Vec<&str> {
    let (mut pieces, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => {
                pieces.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    let last = text[start..].trim();
    if !last.is_empty() || !pieces.is_empty() {
        pieces.push(last);
    }
    pieces
}

/// Whether a text can name a function, label or datum.
pub(crate) fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    let first = characters
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_' || c == '.');
    first && characters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '$'))
}

/// Reads a number, decimal or `0x…`, with optional sign.
pub(crate) fn number(line: usize, text: &str) -> Result<i128, AsmError> {
    let (negative, digits) = text
        .strip_prefix('-')
        .map_or((false, text), |digits| (true, digits));
    let parsed = match digits.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(&hex.replace('_', ""), 16),
        None => digits.replace('_', "").parse(),
    };
    let signed_twice = digits.trim_start_matches("0x").starts_with(['+', '-']);
    match parsed {
        Ok(value) if !signed_twice => Ok(if negative {
            -i128::from(value)
        } else {
            i128::from(value)
        }),
        _ => Err(expected(line, "a number", text)),
    }
}

/// Reads a number of a certain type.
pub(crate) fn integer<T: TryFrom<i128>>(line: usize, text: &str) -> Result<T, AsmError> {
    let value = number(line, text)?;
    let bits = 8 * size_of::<T>();
    T::try_from(value)
        .map_err(|_| expected(line, format!("a number of {bits} bits in range"), text))
}

/// Reads a 64-bit value, signed or unsigned.
pub(crate) fn value64(line: usize, text: &str) -> Result<u64, AsmError> {
    let value = number(line, text)?;
    let unsigned = u64::try_from(value).ok();
    let value = unsigned.or_else(|| i64::try_from(value).ok().map(|signed| signed as u64));
    value.ok_or_else(|| expected(line, "a number of 64 bits in range", text))
}

/// Reads a register.
pub(crate) fn register(line: usize, text: &str) -> Result<u8, AsmError> {
    register_number(text).ok_or_else(|| expected(line, "a register", text))
}

/// Reads a register in parentheses.
pub(crate) fn address(line: usize, text: &str) -> Result<u8, AsmError> {
    let inner = text
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'));
    register(
        line,
        inner
            .ok_or_else(|| expected(line, "a register in parentheses", text))?
            .trim(),
    )
}

/// Reads `imm(register)`.
pub(crate) fn displaced(line: usize, text: &str) -> Result<(i32, u8), AsmError> {
    let open = text
        .find('(')
        .ok_or_else(|| expected(line, "a displacement and a register in parentheses", text))?;
    let (displacement, base) = text.split_at(open);
    let displacement = displacement.trim();
    let displacement = if displacement.is_empty() {
        0
    } else {
        integer(line, displacement)?
    };
    Ok((displacement, address(line, base)?))
}

/// Reads `(2) -> 1`, `(2)` or `()`.
pub(crate) fn signature(line: usize, text: &str) -> Result<Signature, AsmError> {
    let wrong = || expected(line, "a signature like `(2) -> 1`", text);
    let (parameters, results) = text.split_once("->").map_or((text, "0"), |(p, r)| (p, r));
    let parameters = parameters
        .trim()
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
        .ok_or_else(wrong)?;
    let parameters = if parameters.trim().is_empty() {
        0
    } else {
        integer(line, parameters.trim())?
    };
    Ok(Signature::new(parameters, integer(line, results.trim())?))
}

/// Reads a string in quotes; gives its contents and what follows.
pub(crate) fn string(line: usize, text: &str) -> Result<(Vec<u8>, &str), AsmError> {
    let wrong = || expected(line, "a string in quotes", text);
    let mut bytes = Vec::new();
    let mut rest = text.strip_prefix('"').ok_or_else(wrong)?.char_indices();
    while let Some((at, c)) = rest.next() {
        match c {
            '"' => return Ok((bytes, text[at + 2..].trim())),
            '\\' => match rest.next().ok_or_else(wrong)?.1 {
                'n' => bytes.push(b'\n'),
                't' => bytes.push(b'\t'),
                '0' => bytes.push(0),
                'x' => {
                    let digit = |c: Option<(usize, char)>| c.and_then(|(_, c)| c.to_digit(16));
                    let (high, low) = (
                        digit(rest.next()).ok_or_else(wrong)?,
                        digit(rest.next()).ok_or_else(wrong)?,
                    );
                    bytes.push((16 * high + low) as u8);
                }
                other => bytes.extend(other.encode_utf8(&mut [0; 4]).bytes()),
            },
            other => bytes.extend(other.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
    Err(wrong())
}

/// Reads a string in quotes that must be UTF-8.
pub(crate) fn text_string(line: usize, text: &str) -> Result<(String, &str), AsmError> {
    let (bytes, rest) = string(line, text)?;
    let name = String::from_utf8(bytes).map_err(|_| expected(line, "a string in UTF-8", text))?;
    Ok((name, rest))
}

/// Reads hexadecimal bytes; blanks between them are ignored.
pub(crate) fn hex(line: usize, text: &str) -> Result<Vec<u8>, AsmError> {
    let digits: Option<Vec<u32>> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16))
        .collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2));
    let digits = digits.ok_or_else(|| expected(line, "pairs of hexadecimal digits", text))?;
    Ok(digits
        .chunks_exact(2)
        .map(|pair| (16 * pair[0] + pair[1]) as u8)
        .collect())
}
