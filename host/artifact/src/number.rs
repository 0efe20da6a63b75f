//! Reads integers as people write them: `1000`, `1_000`, `0xff`, `1e18`, `1.5ether`, `-3 gwei`.
//!
//! Exact: nothing is rounded, and what does not fit is an error.

use alloy_primitives::{I256, Sign, U256};

/// Ether units and how many decimal digits each is away from wei.
const UNITS: [(&str, i64); 9] = [
    ("wei", 0),
    ("kwei", 3),
    ("mwei", 6),
    ("gwei", 9),
    ("szabo", 12),
    ("finney", 15),
    ("milliether", 15),
    ("ether", 18),
    ("eth", 18),
];

/// Why text is not an integer of the wanted type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NumberError {
    /// There is no digit.
    #[error("expected a number, found nothing")]
    Missing,
    /// A character does not belong.
    #[error("`{}` is no digit", found.escape_default())]
    Digit {
        /// The character.
        found: char,
    },
    /// What follows the digits is not a unit.
    #[error("`{}` is no unit (wei, kwei, mwei, gwei, szabo, finney, ether)", found.escape_debug())]
    Unit {
        /// The text after the digits.
        found: String,
    },
    /// The value is not whole.
    #[error("the value is not a whole number")]
    Fraction,
    /// The value is below zero and the type has no sign.
    #[error("the type has no sign")]
    Negative,
    /// The value does not fit.
    #[error("the value does not fit into {bits} bits")]
    Overflow {
        /// The width of the type.
        bits: usize,
    },
}

/// Reads an unsigned integer of at most `bits` bits.
///
/// # Errors
///
/// See [`NumberError`].
pub fn read_uint(text: &str, bits: usize) -> Result<U256, NumberError> {
    let (sign, magnitude) = read_magnitude(text, bits)?;
    if sign == Sign::Negative && !magnitude.is_zero() {
        return Err(NumberError::Negative);
    }
    if magnitude.bit_len() > bits {
        return Err(NumberError::Overflow { bits });
    }
    Ok(magnitude)
}

/// Reads a signed integer of at most `bits` bits, its sign included.
///
/// # Errors
///
/// See [`NumberError`].
pub fn read_int(text: &str, bits: usize) -> Result<I256, NumberError> {
    let (sign, magnitude) = read_magnitude(text, bits)?;
    let overflow = NumberError::Overflow { bits };
    let value = I256::checked_from_sign_and_abs(sign, magnitude).ok_or(overflow.clone())?;
    let spare = 256_usize.saturating_sub(bits);
    // A value fits if cutting it to the width and extending its sign gives it back.
    let extended = value.checked_shl(spare).map(|shifted| shifted.asr(spare));
    if extended == Some(value) || spare == 0 {
        Ok(value)
    } else {
        Err(overflow)
    }
}

fn read_magnitude(text: &str, bits: usize) -> Result<(Sign, U256), NumberError> {
    let text = text.trim();
    let (sign, unsigned) = match text.as_bytes().first() {
        Some(b'-') => (Sign::Negative, &text[1..]),
        Some(b'+') => (Sign::Positive, &text[1..]),
        _ => (Sign::Positive, text),
    };
    let radix = match unsigned.as_bytes().get(..2) {
        Some(b"0x" | b"0X") => 16,
        Some(b"0o" | b"0O") => 8,
        Some(b"0b" | b"0B") => 2,
        _ => 10,
    };
    let (mantissa, exponent) = if radix == 10 {
        read_decimal(unsigned, bits)?
    } else {
        let (digits, unit) = split_where(&unsigned[2..], |found| {
            !found.is_ascii_alphanumeric() && found != '_'
        });
        (read_digits(digits, radix, bits)?, unit_exponent(unit)?)
    };
    Ok((sign, scale(mantissa, exponent, bits)?))
}

/// Digits, perhaps a fraction, perhaps an exponent, perhaps a unit.
fn read_decimal(text: &str, bits: usize) -> Result<(U256, i64), NumberError> {
    let is_digit = |found: char| found.is_ascii_digit() || found == '_';
    let (whole, rest) = split_where(text, |found| !is_digit(found));
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => split_where(rest, |found| !is_digit(found)),
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(match text.chars().next() {
            Some(found) => NumberError::Digit { found },
            None => NumberError::Missing,
        });
    }
    let (exponent, unit) = read_exponent(rest, bits)?;
    let fraction: String = fraction.chars().filter(|&found| found != '_').collect();
    // Zeros at the end of a fraction carry no value but would count as digits.
    let fraction = fraction.trim_end_matches('0');
    let mantissa = read_digits(&format!("{whole}{fraction}"), 10, bits)?;
    let places = i64::try_from(fraction.len()).map_err(|_| NumberError::Fraction)?;
    let exponent = exponent
        .saturating_add(unit_exponent(unit)?)
        .saturating_sub(places);
    Ok((mantissa, exponent))
}

/// `e18`, `E-3`, or nothing; `ether` is a unit and no exponent.
fn read_exponent(text: &str, bits: usize) -> Result<(i64, &str), NumberError> {
    let Some(rest) = text.strip_prefix(['e', 'E']) else {
        return Ok((0, text));
    };
    let digits_start = usize::from(rest.starts_with(['-', '+']));
    let (digits, unit) = split_where(&rest[digits_start..], |found| !found.is_ascii_digit());
    if digits.is_empty() {
        return Ok((0, text));
    }
    let magnitude: i64 = digits.parse().map_err(|_| NumberError::Overflow { bits })?;
    Ok((
        if rest.starts_with('-') {
            -magnitude
        } else {
            magnitude
        },
        unit,
    ))
}

fn read_digits(digits: &str, radix: u32, bits: usize) -> Result<U256, NumberError> {
    let mut value = U256::ZERO;
    let mut is_empty = true;
    for found in digits.chars().filter(|&found| found != '_') {
        let digit = found.to_digit(radix).ok_or(NumberError::Digit { found })?;
        is_empty = false;
        value = value
            .checked_mul(U256::from(radix))
            .and_then(|value| value.checked_add(U256::from(digit)))
            .ok_or(NumberError::Overflow { bits })?;
    }
    if is_empty {
        Err(NumberError::Missing)
    } else {
        Ok(value)
    }
}

fn unit_exponent(text: &str) -> Result<i64, NumberError> {
    let unit = text.trim();
    if unit.is_empty() {
        return Ok(0);
    }
    let known = UNITS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(unit));
    known
        .map(|&(_, exponent)| exponent)
        .ok_or_else(|| NumberError::Unit {
            found: unit.to_owned(),
        })
}

/// Multiplies by a power of ten, which may be negative as long as the result is whole.
fn scale(mantissa: U256, exponent: i64, bits: usize) -> Result<U256, NumberError> {
    if mantissa.is_zero() {
        return Ok(mantissa);
    }
    // 10^78 is beyond 256 bits, so a larger exponent overflows or leaves a fraction.
    let places = exponent.unsigned_abs();
    if exponent < 0 {
        if places > 77 {
            return Err(NumberError::Fraction);
        }
        let (value, rest) = mantissa.div_rem(U256::from(10).pow(U256::from(places)));
        return if rest.is_zero() {
            Ok(value)
        } else {
            Err(NumberError::Fraction)
        };
    }
    let overflow = NumberError::Overflow { bits };
    if places > 77 {
        return Err(overflow);
    }
    mantissa
        .checked_mul(U256::from(10).pow(U256::from(places)))
        .ok_or(overflow)
}

/// Splits before the first character for which `ends` holds.
fn split_where(text: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_integers_as_people_write_them() {
        let ether = 10_u128.pow(18);
        for (text, value) in [
            ("0", 0),
            ("1_000", 1000),
            ("+7", 7),
            ("-0", 0),
            ("0xff", 255),
            ("0XFF", 255),
            ("0b101", 5),
            ("0o17", 15),
            ("1e18", ether),
            ("1E+2", 100),
            ("1.50e2", 150),
            ("1500e-2", 15),
            ("1ether", ether),
            ("1 ether", ether),
            ("1.5 Ether", ether + ether / 2),
            ("0.000000001gwei", 1),
            ("2e3gwei", 2000 * 10_u128.pow(9)),
            ("0x10 gwei", 16 * 10_u128.pow(9)),
            ("3finney", 3 * 10_u128.pow(15)),
            (".5ether", ether / 2),
            ("0e999999", 0),
        ] {
            assert_eq!(read_uint(text, 256), Ok(U256::from(value)), "{text}");
        }
        assert_eq!(read_uint(&U256::MAX.to_string(), 256), Ok(U256::MAX));
    }

    #[test]
    fn says_what_is_wrong_with_a_number() {
        for (text, expected) in [
            ("", NumberError::Missing),
            ("0x", NumberError::Missing),
            ("-", NumberError::Missing),
            ("abc", NumberError::Digit { found: 'a' }),
            ("0b12", NumberError::Digit { found: '2' }),
            ("0xfg", NumberError::Digit { found: 'g' }),
            ("12x", NumberError::Unit { found: "x".into() }),
            ("1e", NumberError::Unit { found: "e".into() }),
            ("1,5", NumberError::Unit { found: ",5".into() }),
            ("-1", NumberError::Negative),
            ("0.5", NumberError::Fraction),
            ("1e-1", NumberError::Fraction),
            ("1e-99", NumberError::Fraction),
            ("1.5wei", NumberError::Fraction),
            ("256", NumberError::Overflow { bits: 8 }),
            ("1e78", NumberError::Overflow { bits: 8 }),
            ("1e99999999999999999999", NumberError::Overflow { bits: 8 }),
        ] {
            assert_eq!(read_uint(text, 8), Err(expected), "{text}");
        }
    }

    #[test]
    fn keeps_signed_integers_inside_their_width() {
        for (text, bits, fits) in [
            ("127", 8, true),
            ("128", 8, false),
            ("-128", 8, true),
            ("-129", 8, false),
            ("-1", 8, true),
            ("-1 gwei", 256, true),
            (
                "57896044618658097711785492504343953926634992332820282019728792003956564819967",
                256,
                true,
            ),
            (
                "57896044618658097711785492504343953926634992332820282019728792003956564819968",
                256,
                false,
            ),
            (
                "-57896044618658097711785492504343953926634992332820282019728792003956564819968",
                256,
                true,
            ),
        ] {
            assert_eq!(read_int(text, bits).is_ok(), fits, "{text} as int{bits}");
        }
        assert_eq!(read_int("-1 gwei", 64).unwrap().to_string(), "-1000000000");
    }
}
