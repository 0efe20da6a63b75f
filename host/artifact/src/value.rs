//! Decoded values with the names of their parameters, for people and for programs.
//!
//! Text shows integers in decimal, bytes in hexadecimal, addresses with their checksum and strings
//! quoted and escaped, so that no contract can write control characters to a terminal. JSON holds
//! integers as decimal strings, because its readers lose digits beyond 2^53.

use std::collections::BTreeSet;
use std::fmt;

use alloy_dyn_abi::DynSolValue;
use alloy_json_abi::{EventParam, Param};
use alloy_primitives::{Address, B256, I256, U256, hex};
use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Serialize, Serializer};

use crate::presentation::Presentation;

/// A value of the Solidity ABI.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// `bool`.
    Bool(bool),
    /// `uintN`.
    Uint(U256),
    /// `intN`.
    Int(I256),
    /// `address`.
    Address(Address),
    /// `bytes`, `bytesN` or `function`.
    Bytes(Vec<u8>),
    /// `string`.
    String(String),
    /// `T[]` or `T[N]`.
    List(Vec<Value>),
    /// A tuple or struct.
    Tuple(Vec<NamedValue>),
    /// The hash that stands for an indexed value too long for a topic.
    Hash(B256),
}

/// A value with the name and type of its parameter or field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NamedValue {
    /// The name, empty when the ABI gives none.
    pub name: String,
    /// The canonical type.
    #[serde(rename = "type")]
    pub ty: String,
    /// The value.
    pub value: Value,
}

impl NamedValue {
    /// Names a decoded value after its parameter.
    #[must_use]
    pub fn new(param: &Param, value: &DynSolValue) -> Self {
        Self {
            name: param.name.clone(),
            ty: param.selector_type().into_owned(),
            value: Value::new(value, &param.components),
        }
    }

    /// Names a decoded value after its event parameter.
    #[must_use]
    pub fn of_event(param: &EventParam, value: &DynSolValue) -> Self {
        let ty = param.selector_type().into_owned();
        let is_word =
            |name: &str| !matches!(name, "string" | "bytes") && !name.ends_with([']', ')']);
        let value = match value {
            DynSolValue::FixedBytes(hash, 32) if param.indexed && !is_word(&ty) => {
                Value::Hash(*hash)
            }
            value => Value::new(value, &param.components),
        };
        Self {
            name: param.name.clone(),
            ty,
            value,
        }
    }

    /// Renders `name: value`, or the value alone when it has no name.
    #[must_use]
    pub fn render(&self, presentation: &Presentation<'_>) -> String {
        let value = self.value.render(presentation);
        if self.name.is_empty() {
            value
        } else {
            format!("{}: {value}", self.name)
        }
    }
}

impl Value {
    /// Takes over a decoded value; `components` name the fields of its tuple, however deep in lists.
    #[must_use]
    pub fn new(value: &DynSolValue, components: &[Param]) -> Self {
        match value {
            DynSolValue::Bool(value) => Self::Bool(*value),
            DynSolValue::Int(value, _) => Self::Int(*value),
            DynSolValue::Uint(value, _) => Self::Uint(*value),
            DynSolValue::FixedBytes(word, size) => {
                Self::Bytes(word.iter().take(*size).copied().collect())
            }
            DynSolValue::Address(address) => Self::Address(*address),
            DynSolValue::Function(function) => Self::Bytes(function.to_vec()),
            DynSolValue::Bytes(bytes) => Self::Bytes(bytes.clone()),
            DynSolValue::String(text) => Self::String(text.clone()),
            DynSolValue::Array(values) | DynSolValue::FixedArray(values) => Self::List(
                values
                    .iter()
                    .map(|value| Self::new(value, components))
                    .collect(),
            ),
            DynSolValue::Tuple(values) => {
                let field = |(index, value): (usize, &DynSolValue)| match components.get(index) {
                    Some(param) => NamedValue::new(param, value),
                    None => NamedValue {
                        name: String::new(),
                        ty: value.sol_type_name().unwrap_or_default().into_owned(),
                        value: Self::new(value, &[]),
                    },
                };
                Self::Tuple(values.iter().enumerate().map(field).collect())
            }
        }
    }

    /// Renders the value for people.
    #[must_use]
    pub fn render(&self, presentation: &Presentation<'_>) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text, presentation);
        text
    }

    fn write(&self, out: &mut impl fmt::Write, how: &Presentation<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(out, "{value}"),
            Self::Uint(value) => {
                write!(out, "{value}{}", how.magnitude(*value, ""))
            }
            Self::Int(value) => {
                let sign = if value.is_negative() { "-" } else { "" };
                write!(out, "{value}{}", how.magnitude(value.unsigned_abs(), sign))
            }
            Self::Address(address) => out.write_str(&how.address(*address)),
            Self::Bytes(bytes) => out.write_str(&how.bytes(bytes)),
            Self::String(text) => write!(out, "\"{}\"", text.escape_debug()),
            Self::Hash(hash) => write!(out, "keccak256 {hash}"),
            Self::List(values) => {
                out.write_char('[')?;
                for (index, value) in values.iter().enumerate() {
                    out.write_str(if index == 0 { "" } else { ", " })?;
                    value.write(out, how)?;
                }
                out.write_char(']')
            }
            Self::Tuple(fields) => {
                out.write_char('(')?;
                for (index, field) in fields.iter().enumerate() {
                    out.write_str(if index == 0 { "" } else { ", " })?;
                    if !field.name.is_empty() {
                        write!(out, "{}: ", field.name)?;
                    }
                    field.value.write(out, how)?;
                }
                out.write_char(')')
            }
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, &Presentation::default())
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Uint(value) => serializer.collect_str(value),
            Self::Int(value) => serializer.collect_str(value),
            Self::Address(address) => address.serialize(serializer),
            Self::Bytes(bytes) => serializer.serialize_str(&hex::encode_prefixed(bytes)),
            Self::String(text) => serializer.serialize_str(text),
            Self::Hash(hash) => hash.serialize(serializer),
            Self::List(values) => serializer.collect_seq(values),
            Self::Tuple(fields) => serialize_fields(fields, serializer),
        }
    }
}

/// An object when every field has a name of its own, else an array.
fn serialize_fields<S: Serializer>(
    fields: &[NamedValue],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let names: BTreeSet<_> = fields.iter().map(|field| field.name.as_str()).collect();
    if names.len() == fields.len() && !names.contains("") && !fields.is_empty() {
        let mut object = serializer.serialize_map(Some(fields.len()))?;
        for field in fields {
            object.serialize_entry(&field.name, &field.value)?;
        }
        return object.end();
    }
    let mut array = serializer.serialize_seq(Some(fields.len()))?;
    for field in fields {
        array.serialize_element(&field.value)?;
    }
    array.end()
}

/// Renders values separated by commas, each with its name.
pub(crate) fn render_all(values: &[NamedValue], presentation: &Presentation<'_>) -> String {
    let texts: Vec<_> = values
        .iter()
        .map(|value| value.render(presentation))
        .collect();
    texts.join(", ")
}
