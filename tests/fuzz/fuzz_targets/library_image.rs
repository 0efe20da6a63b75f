//! Plugin libraries before they are opened: images of three platforms, and the descriptor.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| proz_loader::fuzz_image(data));
