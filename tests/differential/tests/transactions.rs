//! A bounded run of the comparison; `examples/campaign.rs` runs as many as one likes.

use proz_differential::{Here, Remains, compare, compare_bytes, compare_steps};
use proz_tests::plugins_dir;

#[test]
fn random_transactions_leave_what_they_leave_on_revm() {
    const COUNT: u64 = 30_000;
    let here = Here::load(&plugins_dir()).expect("the shipped plugins load");
    let mut refused = 0;
    for number in 0..COUNT {
        match compare(&here, number) {
            Ok(Remains::Refused) => refused += 1,
            Ok(Remains::Executed(_)) => {}
            Err(report) => panic!("{report}"),
        }
    }
    println!("{COUNT} random transactions as on revm, {refused} of them refused by both");
    assert!(refused < COUNT / 2, "most scenarios are executed");
}

#[test]
fn bytes_choose_transactions_that_leave_what_they_leave_on_revm() {
    let here = Here::load(&plugins_dir()).expect("the shipped plugins load");
    let mut bytes = Vec::new();
    for number in 0_u32..3_000 {
        // Bytes that a fuzzer might come to: short ones, repetitions, a little noise.
        bytes.resize(number as usize % 300, (number >> 3) as u8);
        let noise = number.wrapping_mul(0x9e37_79b9).to_le_bytes();
        bytes.extend(noise);
        compare_bytes(&here, &bytes).unwrap_or_else(|report| panic!("{bytes:02x?}\n{report}"));
    }
}

/// Program counter, instruction, gas, refund, stack, size of memory and depth of every step are
/// those that revm's inspectors see, so the traces made of them are, too.
#[test]
fn random_transactions_are_traced_as_on_revm() {
    let here = Here::load(&plugins_dir()).expect("the shipped plugins load");
    let mut steps = 0;
    for number in 0..3_000 {
        match compare_steps(&here, number) {
            Ok(count) => steps += count,
            Err(report) => panic!("{report}"),
        }
    }
    println!("{steps} steps as on revm");
    assert!(steps > 100_000, "{steps}");
}
