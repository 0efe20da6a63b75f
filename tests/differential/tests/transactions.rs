//! A bounded run of the comparison; `examples/campaign.rs` runs as many as one likes.

use proz_differential::{Here, Remains, compare};
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
