//! Bytes of any length as a value of the language.
//!
//! Rhai's own blobs are copied whenever a variable is read, and an operation costs the same whatever
//! it copies. These are shared instead, and whoever makes new ones pays for each byte.

use crate::{
    frame::with,
    word::{Fallible, whole},
};
use rhai::Engine;
use ruint::aliases::U256;
use std::sync::Arc;

/// Gas of a byte that comes to be.
const BYTE: u64 = 1;

/// Bytes that do not change.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Bytes(Arc<[u8]>);

impl Bytes {
    /// Makes bytes, which the running frame pays for.
    pub(crate) fn new(parts: &[&[u8]]) -> Fallible<Self> {
        let size: usize = parts.iter().map(|part| part.len()).sum();
        with(|frame| frame.charge(BYTE.saturating_mul(size as u64)))?;
        Ok(Self(parts.concat().into()))
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// The word that begins at a byte, padded with zeros behind the end.
    pub(crate) fn word_at(bytes: &[u8], offset: usize) -> U256 {
        let mut word = [0; 32];
        let there = bytes.get(offset..).unwrap_or_default();
        let length = there.len().min(32);
        word[..length].copy_from_slice(&there[..length]);
        U256::from_be_bytes(word)
    }
}

/// Adds what scripts do with bytes.
pub(crate) fn register(engine: &mut Engine) {
    engine
        .register_type_with_name::<Bytes>("bytes")
        .register_fn("bytes", |word: U256| {
            Bytes::new(&[&word.to_be_bytes::<32>()])
        })
        .register_fn("bytes", |word: i64| {
            Bytes::new(&[&whole(word)?.to_be_bytes::<32>()])
        })
        .register_fn("bytes", || Bytes::new(&[]))
        .register_fn("+", |a: Bytes, b: Bytes| Bytes::new(&[&a.0, &b.0]))
        .register_fn("==", |a: Bytes, b: Bytes| a == b)
        .register_fn("!=", |a: Bytes, b: Bytes| a != b)
        .register_fn("to_string", |bytes: Bytes| {
            format!("{} bytes", bytes.0.len())
        })
        .register_fn("len", |bytes: &mut Bytes| bytes.0.len() as i64)
        .register_fn("word", |bytes: &mut Bytes, index: i64| -> Fallible<U256> {
            Ok(Bytes::word_at(&bytes.0, offset_of_word(index)?))
        })
        .register_fn(
            "from",
            |bytes: &mut Bytes, offset: i64| -> Fallible<Bytes> {
                let offset = usize::try_from(offset).unwrap_or(usize::MAX);
                Bytes::new(&[bytes.0.get(offset..).unwrap_or_default()])
            },
        );
}

/// Where the word of an index begins, in bytes.
pub(crate) fn offset_of_word(index: i64) -> Fallible<usize> {
    usize::try_from(index)
        .ok()
        .and_then(|index| index.checked_mul(32))
        .filter(|offset| *offset < usize::MAX - 64)
        .ok_or_else(|| format!("expected the index of a word, found {index}").into())
}
