//! ProzVM programs as bytes: refused, or canonical and equal on both interpreters.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| proz_prozvm_core::testing::decode_and_verify(data));
