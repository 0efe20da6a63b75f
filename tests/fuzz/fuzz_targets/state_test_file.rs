//! Files of Ethereum's state tests.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| proz_statetest::fuzz_file(data));
