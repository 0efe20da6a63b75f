//! Numbers and byte strings as test files write them.
//!
//! Quantities are hexadecimal with any number of digits, or decimal. The official tests also hold
//! numbers that are too large for their field on purpose (`0x:bigint 0x1000…`): a [`Quantity`] keeps
//! the fact, since the transaction around it is then no valid transaction.

use alloy_primitives::{Address, B256, Bytes, U256, hex};
use serde::{
    Deserialize, Deserializer,
    de::{Error, Unexpected, Visitor},
};
use std::{fmt, marker::PhantomData};

/// Mark in front of a number that does not fit its field.
const BIG_NUMBER: &str = "0x:bigint ";

/// A number of at most 256 bits, or the fact that it is larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quantity(Option<U256>);

impl Quantity {
    /// The number, `None` if it has more than 256 bits.
    pub(crate) const fn value(self) -> Option<U256> {
        self.0
    }

    /// The number if it fits `T`.
    pub(crate) fn to<T: TryFrom<U256>>(self) -> Option<T> {
        T::try_from(self.0?).ok()
    }
}

/// A number that must fit 64 bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Number(pub(crate) u64);

/// A number that must fit 256 bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Word(pub(crate) U256);

/// A 32-byte value that may be written shorter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Hash(pub(crate) B256);

/// A byte string.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Data(pub(crate) Bytes);

/// An account, 20 bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Account(pub(crate) Address);

/// The callee of a transaction; empty for a creation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Callee(pub(crate) Option<Address>);

/// What is read from a JSON string in one go, without copying it.
pub(crate) trait Text: Sized {
    /// What is expected, for messages.
    const EXPECTED: &'static str;

    /// Reads the text; `None` if it is malformed.
    fn read(text: &str) -> Option<Self>;

    /// Reads a JSON number; few files have them.
    fn read_number(_number: u64) -> Option<Self> {
        None
    }
}

/// Reads a number, hexadecimal with `0x` and decimal without.
fn digits(text: &str) -> Option<U256> {
    let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) else {
        return decimal(text);
    };
    // The usual case: a number of at most 64 bits.
    if digits.len() <= 16 {
        let mut number = 0u64;
        for digit in digits.bytes() {
            number = number << 4 | u64::from(nibble(digit)?);
        }
        return Some(U256::from(number));
    }
    let mut limbs = [0u64; 4];
    let mut place = 0;
    #[allow(clippy::explicit_counter_loop, reason = "the place also ends the loop")]
    for digit in digits.bytes().rev() {
        let digit = u64::from(nibble(digit)?);
        match limbs.get_mut(place / 16) {
            Some(limb) => *limb |= digit << (place % 16 * 4),
            None if digit == 0 => {}
            None => return None,
        }
        place += 1;
    }
    Some(U256::from_limbs(limbs))
}

fn decimal(text: &str) -> Option<U256> {
    let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit());
    match (is_decimal, text) {
        (true, "") => Some(U256::ZERO),
        (true, _) => U256::from_str_radix(text, 10).ok(),
        (false, _) => None,
    }
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Whether the text is a number at all, however large.
fn is_numeric(text: &str) -> bool {
    match text.strip_prefix("0x") {
        Some(digits) => digits.bytes().all(|digit| nibble(digit).is_some()),
        None => !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit()),
    }
}

impl Text for Quantity {
    const EXPECTED: &'static str = "a number such as `0x1f`";

    fn read(text: &str) -> Option<Self> {
        let text = text.strip_prefix(BIG_NUMBER).unwrap_or(text);
        match digits(text) {
            Some(number) => Some(Self(Some(number))),
            None => is_numeric(text).then_some(Self(None)),
        }
    }

    fn read_number(number: u64) -> Option<Self> {
        Some(Self(Some(U256::from(number))))
    }
}

impl Text for Number {
    const EXPECTED: &'static str = "a number of at most 64 bits such as `0x1f`";

    fn read(text: &str) -> Option<Self> {
        digits(text)?.try_into().ok().map(Self)
    }

    fn read_number(number: u64) -> Option<Self> {
        Some(Self(number))
    }
}

impl Text for Word {
    const EXPECTED: &'static str = "a number of at most 256 bits such as `0x1f`";

    fn read(text: &str) -> Option<Self> {
        digits(text).map(Self)
    }

    fn read_number(number: u64) -> Option<Self> {
        Some(Self(U256::from(number)))
    }
}

impl Text for Hash {
    const EXPECTED: &'static str = "32 hexadecimal bytes";

    fn read(text: &str) -> Option<Self> {
        if text.len() == 66 {
            let mut bytes = B256::ZERO;
            hex::decode_to_slice(text, bytes.as_mut_slice()).ok()?;
            return Some(Self(bytes));
        }
        digits(text).map(|number| Self(number.into()))
    }
}

impl Text for Data {
    const EXPECTED: &'static str = "hexadecimal bytes";

    fn read(text: &str) -> Option<Self> {
        if text.is_empty() || text == "0x" {
            return Some(Self::default());
        }
        hex::decode(text).ok().map(|bytes| Self(bytes.into()))
    }
}

impl Text for Account {
    const EXPECTED: &'static str = "an address of 20 hexadecimal bytes";

    fn read(text: &str) -> Option<Self> {
        let mut address = Address::ZERO;
        hex::decode_to_slice(text, address.as_mut_slice()).ok()?;
        Some(Self(address))
    }
}

impl Text for Callee {
    const EXPECTED: &'static str = "an address of 20 hexadecimal bytes, or nothing for a creation";

    fn read(text: &str) -> Option<Self> {
        if text.is_empty() || text == "0x" {
            return Some(Self(None));
        }
        Account::read(text).map(|account| Self(Some(account.0)))
    }
}

struct TextVisitor<T>(PhantomData<T>);

impl<T: Text> Visitor<'_> for TextVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::read(text).ok_or_else(|| E::invalid_value(Unexpected::Str(shortened(text)), &self))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        T::read_number(number).ok_or_else(|| E::invalid_type(Unexpected::Unsigned(number), &self))
    }
}

/// The beginning of a text that a message quotes; code may have megabytes.
fn shortened(text: &str) -> &str {
    const QUOTED: usize = 80;
    text.char_indices()
        .nth(QUOTED)
        .map_or(text, |(end, _)| &text[..end])
}

macro_rules! deserialize_texts {
    ($($name:ident),*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(TextVisitor(PhantomData))
            }
        }
    )*};
}

deserialize_texts!(Quantity, Number, Word, Hash, Data, Account, Callee);

#[cfg(test)]
mod tests {
    use super::*;

    fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn quantities_may_have_any_number_of_digits() {
        for (json, number) in [
            (r#""0x""#, 0u128),
            (r#""""#, 0),
            (r#""0x0""#, 0),
            (r#""0x001f""#, 31),
            (r#""31""#, 31),
            ("31", 31),
            (r#""0x1312D00""#, 20_000_000),
            (
                r#""0x00000000000000000000ffffffffffffffff1""#,
                (1 << 68) - 15,
            ),
        ] {
            assert_eq!(read(json), Ok(Word(U256::from(number))), "{json}");
        }
        let most = format!(r#""0x{:x}""#, U256::MAX);
        assert_eq!(read(&most), Ok(Word(U256::MAX)));
    }

    #[test]
    fn a_number_that_does_not_fit_is_told_from_no_number() {
        let large =
            r#""0x:bigint 0x10000000000000000000000000000000000000000000000000000000000000001""#;
        let quantity: Quantity = read(large).unwrap();
        assert_eq!(quantity.value(), None);
        assert_eq!(
            read::<Quantity>(r#""0x1ffffffffffffffff""#)
                .unwrap()
                .to::<u64>(),
            None
        );
        for json in [
            r#""0xzz""#,
            r#""ff""#,
            r#""-1""#,
            "true",
            "[]",
            "null",
            "-1",
            "1.5",
        ] {
            assert!(read::<Quantity>(json).is_err(), "{json}");
            assert!(read::<Word>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn messages_say_what_was_expected_and_found() {
        let error = read::<Number>(r#""0x1ffffffffffffffff""#).unwrap_err();
        assert!(
            error.contains("0x1ffffffffffffffff") && error.contains("64 bits"),
            "{error}"
        );
        let long = format!(r#""{}""#, "é".repeat(1_000));
        assert!(read::<Data>(&long).unwrap_err().len() < 300);
    }

    #[test]
    fn an_empty_callee_is_a_creation() {
        assert_eq!(read(r#""""#), Ok(Callee(None)));
        assert_eq!(
            read(r#""0x0e879AE28cdDdEB31A405a9DB5ccCA0F8b7B3B01""#).map(|c: Callee| c.0.is_some()),
            Ok(true)
        );
        assert!(read::<Callee>(r#""0x01""#).is_err());
    }
}
