//! `proz.toml`: read the same way every time.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| proz_host::fuzz_configuration(data));
