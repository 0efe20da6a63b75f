//! Precompiles: price, result and length of the output, and both packs alike.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| proz_precompiles::fuzz_packs(data));
