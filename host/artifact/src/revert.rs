//! What a revert says: a message, a panic with its meaning, a custom error, or bytes.

use std::fmt;

use alloy_dyn_abi::JsonAbiExt as _;
use alloy_json_abi::Error as ErrorItem;
use alloy_primitives::{Selector, U256, hex};
use serde::{Serialize, Serializer};

use crate::call::named;
use crate::presentation::Presentation;
use crate::value::{NamedValue, render_all};

/// The selector of `Error(string)`.
pub const ERROR_SELECTOR: [u8; 4] = [0x08, 0xc3, 0x79, 0xa0];
/// The selector of `Panic(uint256)`.
pub const PANIC_SELECTOR: [u8; 4] = [0x4e, 0x48, 0x7b, 0x71];

/// The meaning of each panic code.
///
/// Spec: Solidity, "Panic via `assert` and Error via `require`".
const PANICS: [(u64, &str); 10] = [
    (0x00, "generic compiler panic"),
    (0x01, "assertion failed"),
    (0x11, "arithmetic overflow or underflow"),
    (0x12, "division or modulo by zero"),
    (0x21, "conversion into an enum out of range"),
    (0x22, "incorrectly encoded storage byte array"),
    (0x31, "pop from an empty array"),
    (0x32, "array index out of bounds"),
    (0x41, "too much memory allocated"),
    (0x51, "call of a zero-initialised internal function"),
];

/// What the data of a revert says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RevertReason {
    /// Nothing: there is no data.
    Empty,
    /// `Error(string)`, from `require` and `revert`.
    Message(String),
    /// `Panic(uint256)`, from a check that the compiler put in.
    Panic(U256),
    /// A custom error of the ABI.
    Custom {
        /// Its name.
        name: String,
        /// Its signature.
        signature: String,
        /// Its arguments.
        arguments: Vec<NamedValue>,
    },
    /// Data of no known form.
    Raw(Vec<u8>),
}

impl RevertReason {
    /// Decodes revert data; `errors` are the custom errors to know, the nearest first.
    #[must_use]
    pub fn decode<'a>(data: &[u8], errors: impl IntoIterator<Item = &'a ErrorItem>) -> Self {
        if data.is_empty() {
            return Self::Empty;
        }
        let Some((selector, body)) = data.split_first_chunk::<4>() else {
            return Self::Raw(data.to_vec());
        };
        let standard = match *selector {
            ERROR_SELECTOR => decode_message(body).map(Self::Message),
            PANIC_SELECTOR => <[u8; 32]>::try_from(body)
                .ok()
                .map(|code| Self::Panic(U256::from_be_bytes(code))),
            _ => None,
        };
        standard
            .or_else(|| {
                errors
                    .into_iter()
                    .find_map(|error| Self::custom(error, selector.into(), body))
            })
            .unwrap_or_else(|| Self::Raw(data.to_vec()))
    }

    /// Says what a panic code means.
    #[must_use]
    pub fn panic_meaning(code: U256) -> &'static str {
        let known = PANICS.iter().find(|&&(known, _)| code == U256::from(known));
        known.map_or("unknown panic code", |&(_, meaning)| meaning)
    }

    /// Renders the reason for people.
    #[must_use]
    pub fn render(&self, presentation: &Presentation<'_>) -> String {
        match self {
            Self::Empty => "no reason given".to_owned(),
            Self::Message(text) => text.escape_debug().to_string(),
            Self::Panic(code) => format!("panic 0x{code:02x}: {}", Self::panic_meaning(*code)),
            Self::Custom {
                name, arguments, ..
            } => format!("{name}({})", render_all(arguments, presentation)),
            Self::Raw(data) => presentation.bytes(data),
        }
    }

    fn custom(error: &ErrorItem, selector: Selector, body: &[u8]) -> Option<Self> {
        if error.selector() != selector {
            return None;
        }
        let decoded = error.abi_decode_input(body);
        let arguments = named(&error.inputs, decoded, "revert data", body).ok()?;
        Some(Self::Custom {
            name: error.name.clone(),
            signature: error.signature(),
            arguments,
        })
    }
}

/// The text of `Error(string)`; bytes that are no UTF-8 are replaced.
fn decode_message(body: &[u8]) -> Option<String> {
    let bytes = alloy_dyn_abi::DynSolType::Bytes.abi_decode(body).ok()?;
    Some(String::from_utf8_lossy(bytes.as_bytes()?).into_owned())
}

impl fmt::Display for RevertReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(&Presentation::default()))
    }
}

impl Serialize for RevertReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(tag = "kind", rename_all = "snake_case")]
        enum Form<'a> {
            Empty,
            Message {
                message: &'a str,
            },
            Panic {
                code: String,
                meaning: &'a str,
            },
            Custom {
                name: &'a str,
                signature: &'a str,
                arguments: &'a [NamedValue],
            },
            Raw {
                data: String,
            },
        }
        let form = match self {
            Self::Empty => Form::Empty,
            Self::Message(message) => Form::Message { message },
            Self::Panic(code) => Form::Panic {
                code: format!("{code:#x}"),
                meaning: Self::panic_meaning(*code),
            },
            Self::Custom {
                name,
                signature,
                arguments,
            } => Form::Custom {
                name,
                signature,
                arguments,
            },
            Self::Raw(data) => Form::Raw {
                data: hex::encode_prefixed(data),
            },
        };
        form.serialize(serializer)
    }
}
