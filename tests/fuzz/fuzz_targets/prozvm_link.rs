//! Executables: refused, or linked to programs that verify.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let options = proz_prozvm_link::LinkOptions::default();
    let _ = proz_prozvm_link::testing::link_anything(data, &options);
});
