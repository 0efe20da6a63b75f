//! Assembler text: what verifies goes round.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| proz_prozvm_asm::fuzz_text(data, &proz_prozvm_syscalls::CHAIN));
