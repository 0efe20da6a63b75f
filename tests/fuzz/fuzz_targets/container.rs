//! Code containers: what is accepted is canonical.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| proz_host::fuzz_container(data));
