//! The Solidity ABI as far as scripts speak it: selectors, words, and bytes as they are.

use crate::{
    bytes::Bytes,
    word::{Fallible, number},
};
use rhai::{Array, Dynamic};
use ruint::aliases::U256;
use sha3::{Digest, Keccak256};

/// Selector of `Error(string)`.
const ERROR: [u8; 4] = [0x08, 0xc3, 0x79, 0xa0];

pub(crate) fn keccak256(bytes: &[u8]) -> [u8; 32] {
    Keccak256::digest(bytes).into()
}

/// First four bytes of the hash of a signature such as `transfer(address,uint256)`.
pub(crate) fn selector(signature: &str) -> [u8; 4] {
    let [a, b, c, d, ..] = keccak256(signature.as_bytes());
    [a, b, c, d]
}

/// Selector and words.
pub(crate) fn encode_call(signature: &str, arguments: &Array) -> Fallible<Vec<u8>> {
    let mut input = selector(signature).to_vec();
    input.extend(encode_words(arguments)?);
    Ok(input)
}

pub(crate) fn encode_words(values: &Array) -> Fallible<Vec<u8>> {
    let mut words = Vec::with_capacity(values.len() * 32);
    for value in values {
        words.extend(number(value)?.to_be_bytes::<32>());
    }
    Ok(words)
}

/// What a script returns: nothing, one word, a word for each item, or bytes as they are.
pub(crate) fn encode_result(value: Dynamic) -> Fallible<Vec<u8>> {
    if value.is_unit() {
        return Ok(Vec::new());
    }
    if let Some(bytes) = value.clone().try_cast::<Bytes>() {
        return Ok(bytes.as_slice().to_vec());
    }
    if let Some(values) = value.clone().try_cast::<Array>() {
        return encode_words(&values);
    }
    encode_words(&vec![value])
}

/// Data of a revert: bytes as they are, else the text as Solidity's `Error(string)`.
pub(crate) fn encode_revert(thrown: Dynamic) -> Vec<u8> {
    if let Some(bytes) = thrown.clone().try_cast::<Bytes>() {
        return bytes.as_slice().to_vec();
    }
    let text = thrown.to_string();
    let mut data = ERROR.to_vec();
    data.extend(U256::from(32).to_be_bytes::<32>());
    data.extend(U256::from(text.len()).to_be_bytes::<32>());
    data.extend(text.as_bytes());
    data.resize(4 + 64 + text.len().div_ceil(32) * 32, 0);
    data
}
