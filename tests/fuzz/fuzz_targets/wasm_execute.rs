//! Generated Wasm modules on two settings of the compiler.
#![no_main]
#![allow(dead_code, reason = "the bodies' modules serve other tests too")]

#[path = "../../../plugins/wasm/tests/wasm/fuzz.rs"]
mod fuzz;
#[path = "../../../plugins/wasm/tests/wasm/support.rs"]
mod support;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = fuzz::generate_and_execute(data);
});
