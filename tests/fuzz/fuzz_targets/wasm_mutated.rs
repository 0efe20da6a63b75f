//! Generated Wasm modules with slips.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = proz_wasm::testing::fuzz_mutated(data);
});
