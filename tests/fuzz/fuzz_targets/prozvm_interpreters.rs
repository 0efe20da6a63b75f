//! Random verified ProzVM programs on both interpreters.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = proz_prozvm_core::testing::compare_tiers(data);
});
