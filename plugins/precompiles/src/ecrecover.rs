//! 0x01 ECRECOVER: the address whose key signed a digest.
//!
//! Never halts: what cannot be recovered gives an empty output at the full price.
//!
//! Spec: Yellow Paper, appendix E.1 and F. High values of `s` are valid here (EIP-2 bounds
//! transactions only).

use crate::{Revision, halt::Halt, padding, words};
use secp256k1::{
    Message,
    ecdsa::{RecoverableSignature, RecoveryId},
};
use sha3::{Digest, Keccak256};

/// Price of every call.
const GAS: u64 = 3_000;
/// Digest, `v`, `r` and `s`, 32 bytes each; longer input is cut, shorter padded.
const INPUT_BYTES: usize = 128;

pub(crate) fn gas(_input: &[u8], _revision: Revision) -> u64 {
    GAS
}

#[allow(clippy::unnecessary_wraps)]
pub(crate) fn run(input: &[u8], _revision: Revision, output: &mut Vec<u8>) -> Result<(), Halt> {
    if let Some(address) = recover(&padding::first(input)) {
        words::push_short(output, &address);
    }
    Ok(())
}

fn recover(input: &[u8; INPUT_BYTES]) -> Option<[u8; 20]> {
    let (digest, rest) = input.split_first_chunk::<32>()?;
    let (v, signature) = rest.split_first_chunk::<32>()?;
    let recovery_id = match v.split_last()? {
        (27, head) if head == [0; 31] => RecoveryId::Zero,
        (28, head) if head == [0; 31] => RecoveryId::One,
        _ => return None,
    };
    let key = RecoverableSignature::from_compact(signature, recovery_id)
        .ok()?
        .recover_ecdsa(Message::from_digest(*digest))
        .ok()?;
    let hash = Keccak256::digest(&key.serialize_uncompressed()[1..]);
    hash.last_chunk().copied()
}
