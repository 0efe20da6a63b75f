//! Any bytes as a Wasm module: accepted or refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| proz_wasm::testing::fuzz_validate(data));
