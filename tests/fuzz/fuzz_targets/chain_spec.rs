//! `chain.toml`: what is accepted survives being written, with the same hash.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| proz_host::fuzz_chain_spec(data));
