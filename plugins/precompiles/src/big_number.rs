//! Owned handles on AWS-LC's integers.
//!
//! Every operation answers `None` when AWS-LC refuses, which it does for arguments outside the
//! stated ranges and when memory is out.

use aws_lc_sys as ffi;
use std::{ffi::c_int, ptr::NonNull};

/// A natural number.
pub(crate) struct BigNumber(NonNull<ffi::BIGNUM>);

/// Scratch memory of operations on numbers.
pub(crate) struct Context(NonNull<ffi::BN_CTX>);

impl Context {
    pub(crate) fn new() -> Option<Self> {
        // SAFETY: has no preconditions; the handle returned is ours to free.
        NonNull::new(unsafe { ffi::BN_CTX_new() }).map(Self)
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the handle came from `BN_CTX_new` and is freed once.
        unsafe { ffi::BN_CTX_free(self.0.as_ptr()) }
    }
}

impl BigNumber {
    fn new() -> Option<Self> {
        // SAFETY: has no preconditions; the handle returned is ours to free.
        NonNull::new(unsafe { ffi::BN_new() }).map(Self)
    }

    pub(crate) fn from_big_endian(bytes: &[u8]) -> Option<Self> {
        // SAFETY: pointer and length are those of one slice; null asks for a new number.
        let number = unsafe { ffi::BN_bin2bn(bytes.as_ptr(), bytes.len(), std::ptr::null_mut()) };
        NonNull::new(number).map(Self)
    }

    pub(crate) fn to_big_endian(&self) -> Option<Vec<u8>> {
        // SAFETY: the handle is live.
        let length = unsafe { ffi::BN_num_bytes(self.0.as_ptr()) };
        let mut bytes = vec![0; usize::try_from(length).ok()?];
        // SAFETY: the buffer has the length that is passed.
        succeeded(unsafe {
            ffi::BN_bn2bin_padded(bytes.as_mut_ptr(), bytes.len(), self.0.as_ptr())
        })?;
        Some(bytes)
    }

    /// Returns the number modulo `modulus`, which is not zero.
    pub(crate) fn reduce(&self, modulus: &Self, context: &Context) -> Option<Self> {
        let result = Self::new()?;
        // SAFETY: all handles are live and distinct.
        succeeded(unsafe {
            ffi::BN_nnmod(
                result.0.as_ptr(),
                self.0.as_ptr(),
                modulus.0.as_ptr(),
                context.0.as_ptr(),
            )
        })?;
        Some(result)
    }

    /// Returns the number to the power of `exponent`; `modulus` is odd and larger than the number.
    pub(crate) fn power_modulo_odd(
        &self,
        exponent: &Self,
        modulus: &Self,
        context: &Context,
    ) -> Option<Self> {
        let result = Self::new()?;
        // SAFETY: all handles are live and distinct; null asks for a Montgomery form of its own.
        succeeded(unsafe {
            ffi::BN_mod_exp_mont(
                result.0.as_ptr(),
                self.0.as_ptr(),
                exponent.0.as_ptr(),
                modulus.0.as_ptr(),
                context.0.as_ptr(),
                std::ptr::null(),
            )
        })?;
        Some(result)
    }

    /// Lends the handle to another part of AWS-LC.
    pub(crate) fn as_ptr(&self) -> *mut ffi::BIGNUM {
        self.0.as_ptr()
    }

    /// Gives the handle away; the receiver frees it.
    pub(crate) fn into_raw(self) -> *mut ffi::BIGNUM {
        let number = self.0.as_ptr();
        std::mem::forget(self);
        number
    }
}

impl Drop for BigNumber {
    fn drop(&mut self) {
        // SAFETY: the handle came from AWS-LC and is freed once.
        unsafe { ffi::BN_free(self.0.as_ptr()) }
    }
}

/// Turns AWS-LC's answer into an option, and forgets the error that it queued for this thread.
pub(crate) fn succeeded(answer: c_int) -> Option<()> {
    if answer == 1 {
        return Some(());
    }
    // SAFETY: has no preconditions.
    unsafe { ffi::ERR_clear_error() };
    None
}
