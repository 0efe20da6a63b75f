//! Plugin manifests: what is accepted survives a round trip.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| proz_manifest::fuzz_manifest(data));
