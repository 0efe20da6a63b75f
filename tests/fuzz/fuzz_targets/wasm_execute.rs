//! Generated Wasm modules on two settings of the compiler.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = proz_wasm::testing::fuzz_execute(data);
});
