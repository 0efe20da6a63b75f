//! 0x100 P256VERIFY: verifies a signature over the curve secp256r1.
//!
//! Never halts: an input of another length and a signature that does not verify give an empty
//! output at the full price.
//!
//! Spec: EIP-7951.

use crate::{
    Revision,
    big_number::{BigNumber, succeeded},
    halt::Halt,
    words,
};
use aws_lc_sys as ffi;
use std::ptr::NonNull;

/// Price of every call.
const GAS: u64 = 6_900;
/// Digest, `r`, `s`, and the two coordinates of the public key, 32 bytes each.
const INPUT_BYTES: usize = 160;

pub(crate) fn gas(_input: &[u8], _revision: Revision) -> u64 {
    GAS
}

#[allow(clippy::unnecessary_wraps)]
pub(crate) fn run(input: &[u8], _revision: Revision, output: &mut Vec<u8>) -> Result<(), Halt> {
    if let Ok(input) = input.try_into()
        && verify(input).is_some()
    {
        words::push_truth(output, true);
    }
    Ok(())
}

/// Answers `Some` for a valid signature.
fn verify(input: &[u8; INPUT_BYTES]) -> Option<()> {
    let (digest, rest) = input.split_first_chunk::<32>()?;
    let (r, rest) = rest.split_first_chunk::<32>()?;
    let (s, rest) = rest.split_first_chunk::<32>()?;
    let (x, y) = rest.split_first_chunk::<32>()?;

    let key = PublicKey::from_coordinates(x, y)?;
    let signature = Signature::new(r, s)?;
    // SAFETY: the digest is a live array, both handles are live.
    succeeded(unsafe {
        ffi::ECDSA_do_verify(
            digest.as_ptr(),
            digest.len(),
            signature.0.as_ptr(),
            key.0.as_ptr(),
        )
    })
}

/// A point of the curve as a key.
struct PublicKey(NonNull<ffi::EC_KEY>);

impl PublicKey {
    /// Refuses coordinates that are not below the field modulus or not on the curve.
    fn from_coordinates(x: &[u8], y: &[u8]) -> Option<Self> {
        let (x, y) = (
            BigNumber::from_big_endian(x)?,
            BigNumber::from_big_endian(y)?,
        );
        // SAFETY: has no preconditions; the handle returned is ours to free.
        let key = NonNull::new(unsafe { ffi::EC_KEY_new() }).map(Self)?;
        // SAFETY: has no preconditions; the group is a constant of the library.
        let group = unsafe { ffi::EC_group_p256() };
        // SAFETY: the key is live, the group a constant.
        succeeded(unsafe { ffi::EC_KEY_set_group(key.0.as_ptr(), group) })?;
        // SAFETY: all handles are live; the key copies the coordinates.
        succeeded(unsafe {
            ffi::EC_KEY_set_public_key_affine_coordinates(key.0.as_ptr(), x.as_ptr(), y.as_ptr())
        })?;
        Some(key)
    }
}

impl Drop for PublicKey {
    fn drop(&mut self) {
        // SAFETY: the handle came from `EC_KEY_new` and is freed once.
        unsafe { ffi::EC_KEY_free(self.0.as_ptr()) }
    }
}

/// A pair of numbers, in range or not.
struct Signature(NonNull<ffi::ECDSA_SIG>);

impl Signature {
    fn new(r: &[u8], s: &[u8]) -> Option<Self> {
        let (r, s) = (
            BigNumber::from_big_endian(r)?,
            BigNumber::from_big_endian(s)?,
        );
        // SAFETY: has no preconditions; the handle returned is ours to free.
        let signature = NonNull::new(unsafe { ffi::ECDSA_SIG_new() }).map(Self)?;
        // SAFETY: all handles are live; the call cannot fail for handles that are not null, and
        // takes both numbers over.
        succeeded(unsafe {
            ffi::ECDSA_SIG_set0(signature.0.as_ptr(), r.into_raw(), s.into_raw())
        })?;
        Some(signature)
    }
}

impl Drop for Signature {
    fn drop(&mut self) {
        // SAFETY: the handle came from `ECDSA_SIG_new` and is freed once, its numbers with it.
        unsafe { ffi::ECDSA_SIG_free(self.0.as_ptr()) }
    }
}
