//! Reads hexadecimal text: with or without `0x`, with white space anywhere.

use crate::error::{ArtifactError, Result};

/// Reads hexadecimal text as bytes.
///
/// A leading `0x` is allowed, and white space anywhere.
///
/// # Errors
///
/// [`ArtifactError::HexDigit`] with the first character that is no digit, [`ArtifactError::OddHex`]
/// when half a byte is left.
pub fn read_hex(text: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut digits = 0_usize;
    let mut high = 0_u8;
    let start = prefix_length(text);
    for (position, found) in text.chars().enumerate().skip(start) {
        if found.is_ascii_whitespace() {
            continue;
        }
        let Some(digit) = found
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
        else {
            return Err(ArtifactError::HexDigit { found, position });
        };
        if digits.is_multiple_of(2) {
            high = digit << 4;
        } else {
            bytes.push(high | digit);
        }
        digits += 1;
    }
    if !digits.is_multiple_of(2) {
        return Err(ArtifactError::OddHex { digits });
    }
    Ok(bytes)
}

/// Tells whether every character could be part of hexadecimal text.
pub(crate) fn is_hex(text: &str) -> bool {
    let digits = &text[prefix_length(text)..];
    digits
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit() || byte.is_ascii_whitespace())
}

/// The characters, all ASCII, before the first digit: white space and `0x`.
fn prefix_length(text: &str) -> usize {
    let blank = text.bytes().take_while(u8::is_ascii_whitespace).count();
    match text.as_bytes().get(blank..blank + 2) {
        Some(b"0x" | b"0X") => blank + 2,
        _ => blank,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_hexadecimal_with_and_without_prefix_and_white_space() {
        for text in [
            "0x60016002",
            "60016002",
            "  0X6001\n6002\n",
            "6 0 0 1 6 0 0 2",
            "0x\t60016002",
        ] {
            assert_eq!(read_hex(text).unwrap(), [0x60, 1, 0x60, 2], "{text:?}");
        }
        assert_eq!(read_hex("0x").unwrap(), [0_u8; 0]);
    }

    #[test]
    fn names_the_first_character_that_is_no_digit() {
        let error = read_hex("0x60zz").unwrap_err();
        assert_eq!(
            error.to_string(),
            "expected hexadecimal code, found `z` at character 4"
        );
        let error = read_hex("0x600").unwrap_err();
        assert_eq!(
            error.to_string(),
            "expected an even number of hexadecimal digits, found 3"
        );
        assert!(matches!(
            read_hex("é"),
            Err(ArtifactError::HexDigit {
                found: 'é',
                position: 0
            })
        ));
    }
}
